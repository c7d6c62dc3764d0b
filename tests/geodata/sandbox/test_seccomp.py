"""What the filter answers, call by call, on both architectures; read as the kernel reads it."""

from __future__ import annotations

import pytest

from geodata.sandbox.seccomp import ALLOW, NO_SUCH_CALL, REFUSE, instructions
from geodata.sandbox.syscalls import (
    ATTRIBUTES,
    GROUPS,
    MACHINES,
    NEWEST,
    PROCESSES,
    SOCKETS,
    Machine,
)

PID = 4321
X86, ARM = MACHINES["x86_64"], MACHINES["aarch64"]
both = pytest.mark.parametrize("known", [X86, ARM], ids=["x86_64", "aarch64"])

NEEDED = {
    "read": (0, 63), "write": (1, 64), "openat": (257, 56), "close": (3, 57), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "futex": (202, 98),
    "exit_group": (231, 94), "fstat": (5, 80), "lseek": (8, 62), "fcntl": (72, 25),
    "getdents64": (217, 61), "mkdirat": (258, 34), "unlinkat": (263, 35), "getpid": (39, 172),
    "rt_sigaction": (13, 134), "sched_getaffinity": (204, 123), "getrandom": (318, 278),
    "clock_gettime": (228, 113), "sched_yield": (24, 124), "fsync": (74, 82), "pwrite64": (18, 68),
}  # fmt: skip
"""What readers of files cannot do without, by the numbers of x86-64 and arm64."""


def verdict(known: Machine, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter answers: classic BPF in a dozen lines."""
    words = {0: number, 4: known.audit if audit is None else audit}
    for k, argument in enumerate(arguments):
        words[16 + 8 * k] = argument & 0xFFFFFFFF
    program = list(instructions(known, PID))
    at = value = 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            value = words.get(constant, 0)
        elif code == 0x54:
            value &= constant
        elif code == 0x15:
            at += if_true if value == constant else if_false
        elif code == 0x35:
            at += if_true if value >= constant else if_false
        else:
            assert code == 0x06
            return constant


@both
def test_what_readers_need_is_allowed(known: Machine) -> None:
    column = 0 if known is X86 else 1
    for name, numbers in NEEDED.items():
        assert verdict(known, numbers[column]) == ALLOW, name


@both
def test_every_listed_call_is_refused(known: Machine) -> None:
    column = 0 if known is X86 else 1
    assert {"socket", "connect", "sendto"} <= SOCKETS.keys()
    assert {"execve", "ptrace", "unshare"} <= PROCESSES.keys()
    assert {"chmod", "fchown", "utimensat"} <= ATTRIBUTES.keys()
    for group in GROUPS:
        for name, numbers in group.items():
            number = numbers[column]
            if number is not None:
                assert verdict(known, number) == REFUSE, name


@both
def test_signals_and_limits_reach_this_process_alone(known: Machine) -> None:
    for number in (known.kill, known.tgkill, known.rt_sigqueueinfo, known.rt_tgsigqueueinfo):
        assert verdict(known, number, PID) == ALLOW
        for other in (PID + 1, 1, 0, -1, -PID):
            assert verdict(known, number, other) == REFUSE
    assert verdict(known, known.prlimit64, 0) == ALLOW
    assert verdict(known, known.prlimit64, PID + 1) == REFUSE


@both
def test_threads_start_and_processes_and_namespaces_do_not(known: Machine) -> None:
    thread, process, namespace = 0x003D0F00, 0x01200011, 0x003D0F00 | 0x20000000
    assert verdict(known, known.clone, thread) == ALLOW
    assert verdict(known, known.clone, process) == REFUSE
    assert verdict(known, known.clone, namespace) == REFUSE
    assert verdict(known, known.clone3) == NO_SUCH_CALL


@both
def test_memory_is_private_and_the_end_with_the_server_cannot_be_undone(known: Machine) -> None:
    private, shared, file = 0x22, 0x21, 0x01
    assert verdict(known, known.mmap, 0, 0, 0, private) == ALLOW
    assert verdict(known, known.mmap, 0, 0, 0, file) == ALLOW
    assert verdict(known, known.mmap, 0, 0, 0, shared) == REFUSE
    assert verdict(known, known.mmap, 0, 0, 0, 0x23) == REFUSE
    assert verdict(known, known.prctl, 1, 0) == REFUSE
    assert verdict(known, known.prctl, 15) == ALLOW


@both
def test_other_numberings_and_newer_calls_are_not_answered(known: Machine) -> None:
    assert verdict(known, 0, audit=0x40000003) == REFUSE
    assert verdict(known, 0x40000000) == REFUSE
    assert verdict(known, NEWEST + 1) == NO_SUCH_CALL

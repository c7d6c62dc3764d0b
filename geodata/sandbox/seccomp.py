"""A seccomp filter, so that the kernel refuses this process the calls of `syscalls`.

Written as BPF and handed over with ``prctl``: libseccomp may not be installed. A refused call
fails with EPERM, as if the user had no right to it; nothing is killed, so that a library that
merely tries goes on without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator

from geodata.sandbox.syscalls import MACHINES, NEWEST, Machine

PR_SET_PDEATHSIG = 1
PR_GET_SECCOMP, PR_SET_SECCOMP = 21, 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
NO_SUCH_CALL = 0x00050000 | errno.ENOSYS

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, AND, RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
"""Opcodes of classic BPF: load a word, compare, mask, answer (``linux/bpf_common.h``)."""

NUMBER_AT, ARCH_AT, ARGUMENTS_AT = 0, 4, 16
"""Offsets in ``struct seccomp_data``; arguments have eight bytes each, the low word first."""

CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020000
"""All flags of ``clone`` that make a namespace."""

CAPABILITY_VERSION = 0x20080522
FILE_CAPABILITIES = 0b110
"""``CAP_DAC_OVERRIDE`` and ``CAP_DAC_READ_SEARCH``."""

SHARED_ANONYMOUS = 0x21
"""``MAP_SHARED | MAP_ANONYMOUS``: memory that the limit of a process does not count."""

Instruction = tuple[int, int, int, int]
"""Opcode, instructions to skip if true, and if false, and the constant."""


def machine() -> Machine | None:
    """The architecture this process runs on, None where there is no filter for it."""
    if sys.platform != "linux" or sys.maxsize < 2**32 or sys.byteorder != "little":
        return None
    return MACHINES.get(platform.machine())


def has_seccomp() -> bool:
    """Whether the kernel takes filters and we have one for its architecture."""
    if machine() is None:
        return False
    return int(_libc().prctl(PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def filter_calls() -> None:
    """Have the kernel refuse, from now on, what `syscalls` names. Raises `OSError` if it cannot.

    It reaches this thread and those that it starts.
    """
    known = machine()
    if known is None:
        raise OSError(errno.ENOSYS, "no seccomp filter for this machine")
    program = tuple(instructions(known, os.getpid()))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    head = _Program(len(program), ctypes.cast(code, ctypes.c_void_p))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(head))


def drop_capabilities() -> None:
    """Give up what root may beyond other users, but for reading and writing any file.

    What files there are is for Landlock to say; limits of this process may then not be raised.
    """
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    low = (ctypes.c_uint32 * 6)(FILE_CAPABILITIES, FILE_CAPABILITIES, 0, 0, 0, 0)
    if _libc().capset(head, low):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def end_with_parent(signal: int) -> None:
    """Have the kernel send this process ``signal`` when the one that forked it has ended."""
    _prctl(PR_SET_PDEATHSIG, signal)


def instructions(known: Machine, pid: int) -> Iterator[Instruction]:
    """The filter for a machine and the process ``pid``, which may send signals to itself."""
    yield LOAD, 0, 0, ARCH_AT
    yield JUMP_EQUAL, 1, 0, known.audit
    yield RETURN, 0, 0, REFUSE  # calls of another architecture have other numbers
    yield LOAD, 0, 0, NUMBER_AT
    yield JUMP_AT_LEAST, 0, 1, 0x40000000  # the x32 calls of x86-64
    yield RETURN, 0, 0, REFUSE
    yield from _answer(known.clone3, NO_SUCH_CALL)  # no filter sees its flags; libc uses clone
    yield JUMP_AT_LEAST, 0, 1, NEWEST + 1
    yield RETURN, 0, 0, NO_SUCH_CALL
    for number in known.shut:
        yield from _answer(number, REFUSE)
    yield from _unless_masked(known.clone, 0, CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD)
    for number in (known.kill, known.tgkill, known.rt_sigqueueinfo, known.rt_tgsigqueueinfo):
        yield from _unless_equal(number, 0, pid)
    yield from _unless_equal(known.prlimit64, 0, 0)
    yield from _if_masked(known.mmap, 3, SHARED_ANONYMOUS, SHARED_ANONYMOUS)
    yield from _if_masked(known.prctl, 0, 0xFFFFFFFF, PR_SET_PDEATHSIG)
    yield RETURN, 0, 0, ALLOW


def _answer(number: int, answer: int) -> Iterator[Instruction]:
    yield JUMP_EQUAL, 0, 1, number
    yield RETURN, 0, 0, answer


def _unless_equal(number: int, argument: int, value: int) -> Iterator[Instruction]:
    """Refuse a call whose argument, a process id, is another than ``value``."""
    yield from _unless_masked(number, argument, 0xFFFFFFFF, value)


def _unless_masked(number: int, argument: int, mask: int, value: int) -> Iterator[Instruction]:
    yield from _on_argument(number, argument, mask, value, (ALLOW, REFUSE))


def _if_masked(number: int, argument: int, mask: int, value: int) -> Iterator[Instruction]:
    yield from _on_argument(number, argument, mask, value, (REFUSE, ALLOW))


def _on_argument(
    number: int, argument: int, mask: int, value: int, answers: tuple[int, int]
) -> Iterator[Instruction]:
    """Answer a call by the low word of an argument: the first where it is ``value``.

    The kernel takes process ids, flags of ``clone`` and options of ``prctl`` by that word alone.
    """
    yield JUMP_EQUAL, 0, 5, number
    yield LOAD, 0, 0, ARGUMENTS_AT + 8 * argument
    yield AND, 0, 0, mask
    yield JUMP_EQUAL, 0, 1, value
    yield RETURN, 0, 0, answers[0]
    yield RETURN, 0, 0, answers[1]


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("count", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, *values: int) -> None:
    words = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if _libc().prctl(option, *words):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

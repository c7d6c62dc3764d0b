"""A process in a sandbox opens nothing but what it was given, and reaches no other."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from geodata.sandbox import Protection, Sandbox, protection
from geodata.sandbox.seccomp import instructions
from geodata.sandbox.syscalls import MACHINES
from tests.geodata.sandbox import tasks
from tests.geodata.sandbox.conftest import SECRET
from tests.geodata.sandbox.tasks import DONE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")

REFUSED = "PermissionError"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    file = tmp_path / "outside" / "canary.txt"
    file.parent.mkdir()
    file.write_text(SECRET, "utf-8")
    return file


@pytest.mark.usefixtures("shut_files")
def test_a_file_outside_cannot_be_read_or_listed_by_any_path(
    sandbox: Sandbox, canary: Path, tmp_path: Path
) -> None:
    own = tmp_path / "upload"
    own.mkdir()
    (own / "link").symlink_to(canary)
    granted = sandbox.granting(own)
    for path in (str(canary), f"{own}/../outside/canary.txt", f"{own}/link"):
        assert tasks.read(path) == DONE
        assert granted.call(tasks.read, path) == REFUSED
    assert granted.call(tasks.listed, str(canary.parent)) == REFUSED


@pytest.mark.usefixtures("shut_files")
def test_the_folder_of_a_call_is_read_and_written_and_what_is_readable_only_read(
    sandbox: Sandbox, canary: Path, tmp_path: Path
) -> None:
    own = tmp_path / "upload"
    own.mkdir()
    granted = sandbox.granting(own, readable=(canary,))
    assert granted.call(tasks.written, str(own / "a")) == DONE
    assert granted.call(tasks.read, str(own / "a")) == DONE
    assert granted.call(tasks.read, str(canary)) == DONE
    assert granted.call(tasks.written, str(canary)) == REFUSED
    assert canary.read_text("utf-8") == SECRET


@pytest.mark.usefixtures("shut_files")
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/hosts", "/proc/self/environ", str(Path.home())]
)
def test_neither_the_system_nor_the_home_can_be_read(sandbox: Sandbox, path: str) -> None:
    attempt = tasks.listed if Path(path).is_dir() else tasks.read
    assert attempt(path) == DONE
    assert sandbox.call(attempt, path) == REFUSED


@pytest.mark.usefixtures("shut_files")
def test_the_environment_of_the_asking_process_is_neither_passed_on_nor_readable(
    sandbox: Sandbox,
) -> None:
    assert os.environ["PHUSONG_CANARY"] == SECRET
    found = sandbox.call(tasks.variables)
    assert SECRET not in found.values()
    assert {"PATH", "TMPDIR"} <= found.keys()
    server = sandbox.call(os.getppid)
    assert SECRET.encode() not in Path(f"/proc/{server}/environ").read_bytes()
    for pid in (os.getpid(), server):
        assert tasks.read(f"/proc/{pid}/environ") == DONE
        assert sandbox.call(tasks.read, f"/proc/{pid}/environ") == REFUSED


@pytest.mark.usefixtures("shut_files")
def test_the_folder_of_the_program_is_not_readable_beyond_its_packages(sandbox: Sandbox) -> None:
    root = Path(__file__).resolve().parents[3]
    assert sandbox.call(tasks.read, str(root / "pyproject.toml")) == REFUSED
    assert sandbox.call(tasks.listed, str(root)) == REFUSED
    assert sandbox.call(tasks.read, str(root / "geodata" / "errors.py")) == DONE
    assert sandbox.call(tasks.written, str(root / "geodata" / "canary.py")) == REFUSED
    assert sandbox.call(tasks.written, str(root / "coverage" / "__pycache__" / "c.nbc")) == REFUSED


@pytest.mark.usefixtures("shut_files", "shut_calls")
def test_no_link_socket_or_right_is_made_in_the_folder_of_a_call(
    sandbox: Sandbox, canary: Path, tmp_path: Path
) -> None:
    own = tmp_path / "upload"
    own.mkdir()
    (own / "file").write_bytes(b"")
    granted = sandbox.granting(own)
    assert granted.call(tasks.made_link, str(own / "link"), str(canary)) == REFUSED
    assert granted.call(tasks.hard_linked, str(own / "hard"), str(canary)) in (REFUSED, "OSError")
    assert granted.call(tasks.mode_changed, str(own / "file")) == REFUSED
    assert granted.call(tasks.mode_changed, str(canary)) == REFUSED
    assert granted.call(tasks.time_changed, str(canary)) == REFUSED
    assert sorted(p.name for p in own.iterdir()) == ["file"]


@pytest.mark.usefixtures("shut_files")
def test_a_link_is_not_granted_in_place_of_a_folder(
    sandbox: Sandbox, canary: Path, tmp_path: Path
) -> None:
    link = tmp_path / "upload"
    link.symlink_to(canary.parent)
    with pytest.raises(OSError, match="could not be read"):
        sandbox.granting(link).call(tasks.read, str(canary))


@pytest.mark.usefixtures("shut_calls")
def test_no_packet_reaches_a_canary_by_tcp_or_udp(sandbox: Sandbox) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        stream.settimeout(0.5)
        datagrams.bind(("127.0.0.1", 0))
        datagrams.settimeout(0.5)
        ports = stream.getsockname()[1], datagrams.getsockname()[1]
        assert (tasks.tcp(ports[0]), tasks.udp(ports[1])) == (DONE, DONE)
        stream.accept()[0].close()
        assert datagrams.recv(10) == b"canary"
        assert sandbox.call(tasks.tcp, ports[0]) == REFUSED
        assert sandbox.call(tasks.udp, ports[1]) == REFUSED
        assert sandbox.call(tasks.tcp_listening) == REFUSED
        with pytest.raises(TimeoutError):
            stream.accept()
        with pytest.raises(TimeoutError):
            datagrams.recv(10)


@pytest.mark.usefixtures("shut_calls")
def test_no_name_is_looked_up(sandbox: Sandbox) -> None:
    assert tasks.looked_up("localhost") == DONE
    assert sandbox.call(tasks.looked_up, "localhost") == "gaierror"
    assert sandbox.call(tasks.packets) == REFUSED


@pytest.mark.usefixtures("shut_calls")
def test_no_unix_socket_is_reached_by_path_or_abstract_name(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for address in (str(tmp_path / "s"), f"\0canary-{os.getpid()}"):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(address)
            server.listen()
            assert tasks.unix(address) == DONE
            assert sandbox.granting(tmp_path).call(tasks.unix, address) == REFUSED


@pytest.mark.usefixtures("shut_calls")
@pytest.mark.parametrize(
    "attempt", [tasks.executed, tasks.forked, tasks.packets, tasks.shared_memory]
)
def test_nothing_is_executed_forked_or_shared(sandbox: Sandbox, attempt: Callable[[], str]) -> None:
    assert attempt() == DONE
    assert sandbox.call(attempt) == REFUSED


@pytest.mark.usefixtures("shut_calls")
@pytest.mark.parametrize("attempt", [tasks.signalled, tasks.limits_of, tasks.traced])
def test_other_processes_are_out_of_reach(sandbox: Sandbox, attempt: Callable[[int], str]) -> None:
    if attempt is not tasks.traced:
        assert attempt(os.getpid()) == DONE
        assert sandbox.call(attempt, sandbox.call(os.getppid)) == REFUSED
    assert sandbox.call(attempt, os.getpid()) == REFUSED


def test_nothing_is_left_of_what_root_may_but_opening_files(sandbox: Sandbox) -> None:
    assert (tasks.capabilities() != 0) == (os.geteuid() == 0)
    assert sandbox.call(tasks.capabilities) & ~0b110 == 0


@pytest.mark.usefixtures("shut_calls")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86-64")
def test_calls_that_came_later_or_have_another_numbering_are_refused(sandbox: Sandbox) -> None:
    newer, clone3, x32_socket, io_uring = 461, 435, 0x40000000 + 41, 425
    assert sandbox.call(tasks.system_call, newer) == "Function not implemented"
    assert sandbox.call(tasks.system_call, clone3) == "Function not implemented"
    assert sandbox.call(tasks.system_call, x32_socket) == "Operation not permitted"
    assert sandbox.call(tasks.system_call, io_uring) == "Operation not permitted"


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_filter_is_within_what_the_kernel_takes_and_ends_with_an_answer(name: str) -> None:
    program = list(instructions(MACHINES[name], 1234))
    assert len(program) < 4096
    for at, (code, if_true, if_false, _) in enumerate(program):
        if code & 0x07 == 0x05:
            assert at + 1 + max(if_true, if_false) < len(program)
    assert program[-1][0] == 0x06


def test_the_log_says_what_does_not_hold() -> None:
    whole = Protection(files=True, network=True, landlock=7, own_process=True)
    assert whole.is_whole
    assert str(whole) == "Files of strangers are read shut in: by Landlock 7 and seccomp."
    lacking = replace(whole, files=False, landlock=0)
    assert not lacking.is_whole
    assert "no Landlock, so the file system is not shut" in str(lacking)
    assert protection().own_process


def test_the_process_works_in_a_folder_of_its_own_which_is_gone_afterwards(
    sandbox: Sandbox,
) -> None:
    working, temporary = sandbox.call(tasks.place)
    assert working == temporary
    until = time.monotonic() + 10
    while Path(working).exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(working).exists()

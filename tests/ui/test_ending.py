"""`phusong app` ends whole: command, server and the server's processes, sessions told."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests import folder
from tests.e2e.browsing import START_S, free_port
from ui import server
from ui.command import command as command_line

ROOT = Path(__file__).parents[2]
WITHIN_S = 5.0
SLOW = 4
"""What a busy machine may take longer than a free one."""

RESTART = 1012
"""The close code of a WebSocket whose server ends (RFC 6455, its registry)."""


@contextmanager
def serving(study: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``phusong app`` in a process of its own, once it answers."""
    port = free_port()
    words = [sys.executable, "-m", "ui.command", "app", str(study), "--port", str(port), *more]
    with subprocess.Popen(  # noqa: S603  # our own command
        words,
        cwd=ROOT,
        env={**os.environ, "PHUSONG_LANGUAGE": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            _wait(port, command)
            yield command, port
        finally:
            for one in _below(command.pid):
                one.kill()
            command.kill()


def _wait(port: int, command: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert command.poll() is None
        try:
            urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5)  # our own address
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not answer")


def _below(pid: int) -> list[psutil.Process]:
    """The processes under one, its sandboxes too."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _socket(port: int) -> ClientConnection:
    at = f"127.0.0.1:{port}"
    return connect(
        f"ws://{at}/_stcore/stream",
        origin=f"http://{at}",  # type: ignore[arg-type]  # an origin is text
        subprotocols=["streamlit"],  # type: ignore[list-item]  # the same
        max_size=None,
    )


def _closed_with(told: ClientConnection) -> int | None:
    try:
        while True:
            told.recv(WITHIN_S * SLOW)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else None


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder.write(tmp_path_factory.mktemp("ending") / "study").parent


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of processes are not there")


@pytest.mark.heavy
@POSIX
def test_a_stopped_map_closes_its_sockets_and_leaves_no_process(study: Path) -> None:
    """Also where half a request is there, whose other half never comes."""
    with (
        serving(study) as (command, port),
        socket.create_connection(("127.0.0.1", port)) as half,
        _socket(port) as told,
    ):
        half.sendall(HALF_A_REQUEST)
        time.sleep(0.5)
        started = _below(command.pid)
        assert started
        command.send_signal(signal.SIGTERM)
        assert _closed_with(told) == RESTART
        _, alive = psutil.wait_procs(started, timeout=WITHIN_S * SLOW)
        assert not alive
        assert command.wait(WITHIN_S * SLOW) == 0


HALF_A_REQUEST = b"PUT /_stcore/upload_file/x/y HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"


@pytest.mark.heavy
@POSIX
def test_the_server_ends_with_a_command_that_was_killed(study: Path) -> None:
    with serving(study) as (command, port), _socket(port) as told:
        started = _below(command.pid)
        assert started
        command.kill()
        assert _closed_with(told) == RESTART
        _, alive = psutil.wait_procs(started, timeout=WITHIN_S * SLOW)
        assert not alive


STARTS = """
import sys
from pathlib import Path
from ui import server
server.arguments = lambda **_: [sys.executable, "-c", sys.argv[1]]
sys.exit(server.run(Path("."), port=1) % 256)
"""
READS = (
    "import os; print(os.getpid(), flush=True); [None for _ in iter(lambda: os.read(0, 1), b'')]"
)
"""Stands for the server: ends with its standard input."""

DEAF = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
"""A server that hangs: it hears nothing."""


@contextmanager
def started(
    server: str, *, before: str = ""
) -> Iterator[tuple[subprocess.Popen[str], psutil.Process]]:
    """`ui.server.run` in a process of its own, with this as its server."""
    with subprocess.Popen(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", before + STARTS, server],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert command.stdout is not None
        below = psutil.Process(int(command.stdout.readline()))
        try:
            yield command, below
        finally:
            if below.is_running():
                below.kill()
            command.kill()


@POSIX
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL"])
def test_whatever_ends_the_command_ends_the_server(name: str) -> None:
    with started(READS) as (command, below):
        command.send_signal(getattr(signal, name))
        below.wait(WITHIN_S * SLOW)
        assert command.wait(WITHIN_S * SLOW) == (-signal.SIGKILL if name == "SIGKILL" else 0)


@POSIX
def test_a_signal_that_is_ignored_stays_so() -> None:
    """``nohup phusong app`` outlives its terminal."""
    ignored = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with started(READS, before=ignored) as (command, below):
        command.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert below.is_running()
        command.send_signal(signal.SIGTERM)
        below.wait(WITHIN_S * SLOW)
        assert command.wait(WITHIN_S * SLOW) == 0


@POSIX
def test_a_server_that_hangs_is_killed_in_time() -> None:
    with started(DEAF) as (command, below):
        command.send_signal(signal.SIGTERM)
        below.wait(WITHIN_S * SLOW)
        assert command.wait(WITHIN_S * SLOW) == 0


@POSIX
def test_a_terminals_signals_reach_the_command_alone() -> None:
    """Else Ctrl-C would cut the sockets of readers before they are told."""
    with started(READS) as (command, below):
        assert os.getpgid(below.pid) != os.getpgid(command.pid)


@POSIX
def test_a_server_killed_from_outside_is_told(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "run", lambda *_, **__: -9)
    done = CliRunner().invoke(
        command_line, ["app", str(study), "--port", str(free_port())], env={"LANG": "en"}
    )
    assert done.exit_code == 1
    assert done.stderr.startswith("The server was ended from outside (signal 9)")


def test_a_status_of_the_server_is_the_commands() -> None:
    with started("import os; print(os.getpid(), flush=True); raise SystemExit(3)") as (command, _):
        assert command.wait(WITHIN_S * SLOW) == 3


ENDS = """
import signal, time
from ui import ending
ending.GRACE_S = 0.3
def tell(*_):
    print("told", flush=True)
signal.signal(signal.SIGTERM, tell)
with ending.ending_in_time():
    print("ready", flush=True)
    time.sleep(600)
"""


@POSIX
@pytest.mark.parametrize("by", ["SIGTERM", "SIGHUP", "SIGINT", "the pipe's end"])
def test_requests_that_never_end_keep_no_server(by: str) -> None:
    with subprocess.Popen(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", ENDS],
        cwd=ROOT,
        env={**os.environ, "PHUSONG_ENDS_WITH_STDIN": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            if by.startswith("SIG"):
                process.send_signal(getattr(signal, by))
            else:
                process.stdin.close()
            assert process.stdout.readline() == "told\n"
            assert process.wait(WITHIN_S * SLOW) == 0
        finally:
            process.kill()


def test_a_port_that_is_taken_is_told_before_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "run", lambda *_, **__: pytest.fail("it started"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for language, words in (
            ("en", f"port {port} of 127.0.0.1 is taken"),
            ("vi", f"cổng {port}"),
        ):
            done = CliRunner().invoke(
                command_line,
                ["app", str(tmp_path / "nothing"), "--port", str(port)],
                env={"PHUSONG_LANGUAGE": language},
            )
            assert (done.exit_code, done.stdout) == (2, "")
            assert done.stderr.startswith(words)


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        command_line,
        ["app", str(tmp_path), "--address", "192.0.2.1"],
        env={"PHUSONG_LANGUAGE": "en"},
    )
    assert (done.exit_code, done.stdout) == (2, "")
    assert "192.0.2.1 is no address of this machine" in done.stderr

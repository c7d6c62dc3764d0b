"""Processes forked by a clean server, each for one call (Linux)."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from geodata.sandbox.channel import Channel
from geodata.sandbox.limits import Limits
from geodata.sandbox.workers import START_S, Ending, Worker, start_python

SERVE = (
    "from geodata.sandbox.server import serve; serve(int(sys.argv[2]), sys.argv[3], sys.argv[4:])"
)

STATUS_BYTES = 4
NAME_BYTES = 16
"""The length of the name of a call's own folder."""

AT_ONCE_BYTES = 1 << 20
"""So much of an answer may wait to be read."""


class ForkedStarter:
    """Has a clean server fork a process for each call (Linux)."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._home: Path | None = None
        self._is_ready = False

    def warm(self) -> None:
        """Start the server where none runs."""
        with self._lock:
            self._need_server()

    def start(self, limits: Limits) -> Worker:
        """A process forked now."""
        with self._lock:
            was_ready = self._is_ready
            try:
                return self._forked(limits)
            except ConnectionError:
                self._end()
                if not was_ready:
                    raise
                return self._forked(limits)  # it had been killed since, and another takes its place

    def close(self) -> None:
        """End the server, and with it all processes it forked."""
        with self._lock:
            self._end()

    def _forked(self, limits: Limits) -> Worker:
        """Raises `OSError` where the server has ended."""
        link = self._need_server()
        if not self._is_ready:
            link.settimeout(START_S)
            if not link.recv(1):
                raise ConnectionResetError("the server of processes has ended")
            self._is_ready = True
        assert self._home is not None  # noqa: S101  # made with the link
        return ForkedWorker(link, limits, self._home)

    def _need_server(self) -> socket.socket:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._link is None:
            self._home = Path(tempfile.mkdtemp(prefix="sandbox-"))
            self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            with theirs:
                number, home = str(theirs.fileno()), str(self._home)
                self._process = start_python(
                    SERVE, number, home, *self._modules, passed=(theirs.fileno(),)
                )
        return self._link

    def _end(self) -> None:
        if self._link is not None:
            self._link.close()
        if self._process is not None:
            self._process.wait()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)  # where the server could not
        self._link = self._process = self._home = None
        self._is_ready = False


class ForkedWorker:
    """A process that the server forked: a pipe, and sockets for its answer and its end.

    The answer has a socket because one can be shut while it is read from: who waits is free at
    once, whatever becomes of the process.
    """

    def __init__(self, link: socket.socket, limits: Limits, home: Path) -> None:
        name = secrets.token_hex(NAME_BYTES // 2)
        self.folder: Path | None = home / name
        their_requests, our_requests = os.pipe()
        self._answers, their_answers = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        their_answers.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, AT_ONCE_BYTES)
        self.channel = Channel(
            self._answers.makefile("rb"),
            os.fdopen(our_requests, "wb"),
            most_bytes=limits.answer_bytes,
        )
        passed = [their_requests, their_answers.fileno(), theirs.fileno()]
        try:
            socket.send_fds(link, [name.encode()], passed)
        except OSError:
            self.close()
            raise
        finally:
            theirs.close()
            os.close(their_requests)
            their_answers.close()

    def exceeds(self, limits: Limits) -> bool:  # noqa: ARG002  # the kernel holds it to them
        """Never: the kernel refuses it more."""
        return False

    def kill(self) -> None:
        """Have the server kill it."""
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            self._answers.shutdown(socket.SHUT_RD)

    def ending(self) -> Ending:
        """How it ended: without a word of it the server of processes has ended too."""
        self.kill()
        self._control.settimeout(START_S)
        try:
            told = self._control.recv(STATUS_BYTES)
        except OSError:
            return "crashed"
        status = int.from_bytes(told, "big")
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if not told or ended_by == signal.SIGTERM:
            return "stopped"
        return "late" if ended_by == signal.SIGXCPU else "crashed"

    def close(self) -> None:
        """End it."""
        self._control.close()
        self.channel.close()
        self._answers.close()

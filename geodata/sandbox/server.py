"""The clean server of processes: loads the libraries once, then forks a process for each call.

It never holds a secret and never opens a stranger's file. Each call comes as the name of its own
folder with three descriptors: the pipe of its request, the pipe of its answer, and a socket over
which it is told how the process ended. Where the other end of that socket closes, nobody wants
the answer any more and the process is killed; where the server's own closes, all are. Linux only.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import shutil
import signal
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from geodata.sandbox import confine
from geodata.sandbox.channel import Channel
from geodata.sandbox.child import answer_call, be_silent
from geodata.sandbox.forked import NAME_BYTES

READY = b"r"
DESCRIPTORS = 3
MOST_THREADS = max(256, 8 * (os.cpu_count() or 1))
"""A process with more is killed; each library may start one a core.

The kernel's bound (RLIMIT_NPROC) is of all that a user runs, and not of one process.
"""

WATCH_S = 0.1
STATUS = struct.Struct(">i")


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A process at work, and the socket of whoever waits for it."""

    pid: int
    control: socket.socket
    folder: Path


def serve(number: int, home: str, modules: Sequence[str]) -> None:
    """Load modules, say so on the socket with this number, and fork until it closes.

    The folders of calls lie in ``home``, which is removed at the end.
    """
    for module in modules:
        importlib.import_module(module)
    confine.protection()  # loads what confining needs, once for all processes
    be_silent()
    gc.collect()
    gc.freeze()  # the garbage collector of each process lets these pages be shared
    try:
        with socket.socket(fileno=number) as link:
            os.chdir(home)
            _Server(link, Path(home)).run()
    finally:
        shutil.rmtree(home, ignore_errors=True)


class _Server:
    def __init__(self, link: socket.socket, home: Path) -> None:
        self._link = link
        self._home = home
        self._calls: dict[int, _Call] = {}
        self._cleaners: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Until the other side has gone."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._link, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._link.send(READY)
        while True:
            ready = self._selector.select(WATCH_S if self._calls else None)
            self._end_crowded()
            for key, _ in ready:
                if key.fileobj is self._link:
                    if not self._accept():
                        self._end()
                        return
                elif key.fileobj == self._woken:
                    os.read(self._woken, 4096)
                    self._reap()
                else:
                    self._abandoned(key.data)

    def _end_crowded(self) -> None:
        """Kill processes that run too many threads."""
        for pid in self._calls:
            if _threads_of(pid) > MOST_THREADS:
                os.kill(pid, signal.SIGKILL)  # it is a child of ours, not yet waited for

    def _accept(self) -> bool:
        """Start a process for the next call; False where there will be none any more."""
        try:
            data, descriptors, *_ = socket.recv_fds(self._link, NAME_BYTES, DESCRIPTORS)
        except OSError:
            return False
        if not data:
            return False
        requests, answers, control = descriptors
        folder = self._home / data.decode("ascii")
        server = os.getpid()
        try:
            self._home.mkdir(mode=0o700, exist_ok=True)  # what cleans up /tmp may have taken it
            folder.mkdir(mode=0o700)
            pid = os.fork()
        except OSError:  # no room, no memory: whoever asked finds its pipes closed
            for one in descriptors:
                os.close(one)
            return True
        if pid == 0:
            self._work(requests, answers, folder, server)
        os.close(requests)
        os.close(answers)
        call = _Call(pid=pid, control=socket.socket(fileno=control), folder=folder)
        self._calls[pid] = call
        self._selector.register(call.control, selectors.EVENT_READ, call)
        return True

    def _work(self, requests: int, answers: int, folder: Path, server: int) -> NoReturn:
        """In the forked process: keep its two pipes alone, do the call and end."""
        try:
            _leave_server(server, requests, answers)
            with os.fdopen(requests, "rb") as reading, os.fdopen(answers, "wb") as writing:
                answer_call(
                    Channel(reading, writing),
                    lambda grant: confine.confine(replace(grant, temporary=folder)),
                )
        finally:
            os._exit(0)

    def _abandoned(self, call: _Call) -> None:
        """Kill a process for which nobody waits any more."""
        if self._calls.get(call.pid) is not call:  # it has ended meanwhile
            return
        self._selector.unregister(call.control)
        with suppress(ProcessLookupError):
            os.kill(call.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            call = self._calls.pop(pid, None)
            self._cleaners.discard(pid)
            if call is not None:
                self._finish(call, status)

    def _finish(self, call: _Call, status: int) -> None:
        with suppress(KeyError):
            self._selector.unregister(call.control)
        with suppress(OSError):
            call.control.send(STATUS.pack(status))
        call.control.close()
        self._remove(call.folder)

    def _remove(self, folder: Path) -> None:
        """Remove what a process left, in another: it may be much, and nested without end."""
        with suppress(OSError):  # it holds something
            folder.rmdir()
            return
        pid = os.fork()
        if pid:
            self._cleaners.add(pid)
            return
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os._exit(0)

    def _end(self) -> None:
        """Kill all that is at work, and wait for it."""
        for pid in self._calls:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in (*self._calls, *self._cleaners):
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _threads_of(pid: int) -> int:
    """How many threads a process runs; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(x.split()[1]) for x in status.splitlines() if x.startswith("Threads:")), 0)


def _leave_server(server: int, *kept: int) -> None:
    """End with the server, in a session of its own, without its descriptors and handlers."""
    confine.end_with_parent()
    if os.getppid() != server:  # it ended before the kernel was asked
        os._exit(0)
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    low = 3
    for descriptor in (*sorted(kept), os.sysconf("SC_OPEN_MAX")):
        os.closerange(low, descriptor)
        low = descriptor + 1

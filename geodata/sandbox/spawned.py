"""Processes started anew, each for one call, for systems without Landlock and a safe fork."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import psutil

from geodata.sandbox.channel import Channel
from geodata.sandbox.limits import MEGABYTE, Limits
from geodata.sandbox.workers import Ending, Worker, start_python

SERVE = "from geodata.sandbox.child import serve_once; serve_once(sys.argv[2:])"


class SpawnedStarter:
    """Starts a process for each call, one always ahead (systems without Landlock and fork)."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules
        self._lock = Lock()
        self._waiting: SpawnedWorker | None = None

    def warm(self) -> None:
        """Start the next process where none waits."""
        with self._lock:
            if self._waiting is None or self._waiting.has_ended:
                self._waiting = SpawnedWorker(self._modules)

    def start(self, limits: Limits) -> Worker:
        """The process that waits; another is started in its place."""
        with self._lock:
            worker, self._waiting = self._waiting, None
        if worker is None or worker.has_ended:
            worker = SpawnedWorker(self._modules)
        try:
            worker.wait(limits)
        except EOFError as error:
            worker.close()
            raise OSError("the process has ended") from error
        self.warm()
        return worker

    def close(self) -> None:
        """End the process that waits."""
        with self._lock:
            worker, self._waiting = self._waiting, None
        if worker is not None:
            worker.close()


class SpawnedWorker:
    """A process with two pipes, its memory watched from here."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True)
        self.folder: Path | None = Path(self._home.name)
        self._process = start_python(SERVE, *modules, piped=True)
        self._loaded_bytes = 0
        self._open(None)

    def _open(self, most_bytes: int | None) -> None:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for with PIPE
        assert self._process.stdout is not None  # noqa: S101  # the same
        self.channel = Channel(self._process.stdout, self._process.stdin, most_bytes=most_bytes)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def wait(self, limits: Limits) -> None:
        """Wait until it has loaded. Raises `EOFError` where it ends before."""
        self.channel.receive()
        self._open(limits.answer_bytes)
        self._loaded_bytes = self._held_bytes()

    def exceeds(self, limits: Limits) -> bool:
        """Whether it holds more than it had when loaded, and its limit on top."""
        return self._held_bytes() > self._loaded_bytes + limits.megabytes * MEGABYTE

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()

    def ending(self) -> Ending:
        """How it ended; SIGXCPU is not everywhere."""
        self._process.kill()
        ended_by = -self._process.wait()
        if ended_by == signal.SIGTERM:
            return "stopped"
        return "late" if ended_by == getattr(signal, "SIGXCPU", None) else "crashed"

    def close(self) -> None:
        """Kill it and remove its folder."""
        self._process.kill()
        self._process.wait()
        self.channel.close()
        self._home.cleanup()

    def _held_bytes(self) -> int:
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

"""Reading in a process apart: what hangs there, crashes or fills the memory harms nobody here.

`serve` is what that process runs. It takes a function and its arguments, answers with
what the function gives or the error it raises, and waits for the next.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Timer
from types import TracebackType
from typing import IO, Any, ParamSpec, Self, TypeVar

from geodata.errors import GeodataError, UnreadableError

P = ParamSpec("P")
T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[1]
START_S = 120.0
"""So long may a process take to load what reading needs, on a machine that is busy."""

ORPHAN_S = 10.0
GRACE_S = 1.0
"""A process that ends its late calls itself is itself ended so much later."""

FORKS = sys.platform == "linux"
"""Elsewhere a copy of a process that has loaded this much may not work."""

READY = "ready"
SERVE = "import sys; from geodata.apart import serve; serve(float(sys.argv[1]), int(sys.argv[2]))"
_SIZE = struct.Struct(">Q")


class LostError(UnreadableError):
    """Reading took too long, or ended the process it ran in."""


class Apart:
    """One process that reads for this one, a call at a time.

    A call that takes longer than ``seconds`` is ended with its process; one that needs more
    than ``megabytes`` of memory fails, where the system can hold it to that (Linux).
    """

    def __init__(self, *, seconds: float, megabytes: int) -> None:
        self.seconds = seconds
        self.megabytes = megabytes
        self._ready = False
        self._late = False
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            [sys.executable, "-c", SERVE, str(seconds), str(megabytes)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def lost(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What ``function`` gives, or the error of ours that it raises. It must be a module's own.

        Raises `LostError` where it took too long, crashed or needed too much memory; the
        process may be `lost` then. Its sentence calls the first argument the file.
        """
        file = _named(args[0]) if args else ""
        try:
            if not self._ready:
                self._within(START_S, self._answer)
                self._ready = True
            seconds = self.seconds + (GRACE_S if FORKS else 0)
            kind, reply = self._within(seconds, self._asked, (function, args, named))
        except (OSError, EOFError) as error:
            self.close()
            raise self._loss(file, late=self._late) from error
        if kind == "raised":
            raise reply
        if kind == "lost":
            if not FORKS:
                self.close()
            raise self._loss(file, late=reply == "late")
        return reply  # type: ignore[no-any-return]  # what the function gave, sent over

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what was still to be sent has no reader any more
                    continue

    def _loss(self, file: str, *, late: bool) -> LostError:
        if late:
            return LostError(
                "{file} could not be read within {seconds} seconds; if it is large rather than "
                "damaged, name it in a study file and read it from the command line",
                file=file,
                seconds=round(self.seconds),
            )
        return LostError(
            "{file} could not be read: it is damaged, or it needs more than {megabytes} MB of "
            "memory; save it again, or name it in a study file and read it from the command line",
            file=file,
            megabytes=self.megabytes,
        )

    def _within(self, seconds: float, work: Callable[..., Any], *args: object) -> Any:
        timer = Timer(seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            return work(*args)
        finally:
            timer.cancel()

    def _end(self) -> None:
        self._late = True
        self._process.kill()

    def _asked(self, request: object) -> Any:
        assert self._process.stdin is not None  # noqa: S101  # it was asked for with PIPE
        _send(self._process.stdin, request)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101  # it was asked for with PIPE
        return _receive(self._process.stdout)


class Readers:
    """Processes kept ready, for sessions that read at the same time.

    The first call waits until one has loaded; `warm` has it loaded beforehand. A lost process
    is replaced at once.
    """

    def __init__(self, *, seconds: float, megabytes: int, kept: int = 1) -> None:
        self._seconds = seconds
        self._megabytes = megabytes
        self._kept = kept
        self._idle: list[Apart] = []
        self._lock = Lock()

    def warm(self) -> None:
        """Have one process ready. Does not wait for it."""
        with self._lock:
            self._idle = [one for one in self._idle if not one.lost]
            if not self._idle:
                self._idle.append(self._started())

    def call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """As `Apart.call`, on a process that nobody else uses meanwhile."""
        one = self._taken()
        try:
            return one.call(function, *args, **named)
        finally:
            self._given_back(one)

    def close(self) -> None:
        """End all processes that wait."""
        with self._lock:
            waiting, self._idle = self._idle, []
        for one in waiting:
            one.close()

    def _taken(self) -> Apart:
        with self._lock:
            while self._idle:
                one = self._idle.pop()
                if not one.lost:
                    return one
        return self._started()

    def _given_back(self, one: Apart) -> None:
        if one.lost:
            self.warm()
            return
        with self._lock:
            kept = len(self._idle) < self._kept
            if kept:
                self._idle.append(one)
        if not kept:
            one.close()

    def _started(self) -> Apart:
        return Apart(seconds=self._seconds, megabytes=self._megabytes)


def _named(argument: object) -> str:
    name = getattr(argument, "name", argument)
    return str(name)


def _send(stream: IO[bytes], told: object) -> None:
    body = pickle.dumps(told)
    stream.write(_SIZE.pack(len(body)))
    stream.write(body)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """What the other side sent. Raises `EOFError` where it has gone."""
    head = stream.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    (size,) = _SIZE.unpack(head)
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    return pickle.loads(body)  # noqa: S301  # written by ourselves, at the other end of the pipe


def hold_memory(megabytes: int) -> None:
    """Let this process take so much more memory than it has, where the system can do that."""
    try:
        import resource  # noqa: PLC0415  # there is none on Windows
    except ImportError:
        return
    held = _data_bytes() + megabytes * 1_000_000
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (held, held))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):  # macOS refuses what it does not keep to
        return


def _data_bytes() -> int:
    """What this process has of its own now; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 500_000_000
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


def serve(seconds: float, megabytes: int) -> None:
    """Answer calls until the other side has gone. What libraries print goes nowhere."""
    import geodata.understood  # noqa: F401, PLC0415  # loaded now, so that no call waits for it

    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    _send(out, READY)
    while True:
        try:
            request = _receive(sys.stdin.buffer)
        except EOFError:
            return
        if FORKS:
            _send(out, _forked(request, seconds, megabytes))
        else:
            # for when the other side, which ends a call that is late, has gone meanwhile
            faulthandler.dump_traceback_later(seconds + ORPHAN_S, exit=True, file=nowhere)
            _send(out, _done(request))
            faulthandler.cancel_dump_traceback_later()


def _done(request: Any) -> tuple[str, object]:
    function, args, named = request
    try:
        return "given", function(*args, **named)
    except GeodataError as error:
        return "raised", error
    except MemoryError:
        return "lost", ""


def _forked(request: Any, seconds: float, megabytes: int) -> tuple[str, object]:
    """A call done by a copy of this process, so that this one stays, loaded and whole."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            hold_memory(megabytes)
            with os.fdopen(writing, "wb") as answer:
                _send(answer, _done(request))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        try:
            found = _receive(answer)
        except EOFError:
            found = None
    _, status = os.waitpid(child, 0)
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    return found or ("lost", "late" if late else "")

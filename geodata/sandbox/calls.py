"""One call in a sandbox, as its caller sees it: asked, watched, answered or lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from coverage.errors import CoverageError
from geodata.errors import GeodataError
from geodata.sandbox.answers import BadAnswerError, declared_classes, read_answer
from geodata.sandbox.child import Request, pickled
from geodata.sandbox.confine import Grant
from geodata.sandbox.errors import Reason, lost
from geodata.sandbox.workers import Worker
from geodata.sandbox.written import WrittenFiles

LOG = logging.getLogger(__name__)

WATCH_S = 0.1
WRITTEN_S = 0.5
"""No more often are the folders looked at."""

Progress = Callable[[float], object]


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is asked of a process.

    ``file`` is what the sentences of an error call it. ``progress`` is told how far it is, a
    share of 1; an error that it raises ends the call. ``is_wanted`` is asked now and then,
    from another thread: where it gives False the process is ended.
    """

    grant: Grant
    request: Request
    file: str
    progress: Progress | None = None
    is_wanted: Callable[[], bool] | None = None


def answer_from(worker: Worker, call: Call) -> Any:
    """What the function gives, or the error of ours that it raises.

    Raises `LostError` where the process took too long, wrote too much, ended or answered with
    what is no answer.
    """
    written = WrittenFiles(call.grant.folders)
    own = WrittenFiles([worker.folder] if worker.folder is not None else [])
    watch = _Watch(worker, call, (written, own))
    try:
        worker.channel.send("grant", pickled(call.grant))
        worker.channel.send("request", pickled(call.request))
        answer = _received(worker, call)
    except (EOFError, OSError) as error:
        if isinstance(error, GeodataError):
            raise
        reason = watch.reason or worker.ending()
        by_clock = watch.reason == "late"
        raise lost(call.file, reason, call.grant.limits, by_clock=by_clock) from error
    except BadAnswerError as error:
        LOG.warning("An answer from a sandbox was refused: %s", error)
        raise lost(call.file, "crashed", call.grant.limits) from error
    finally:
        watch.end()
        is_full = written.exceeds(call.grant.limits)
        if is_full:
            worker.ending()  # waits for it
            written.remove()
    if is_full:  # before anybody looked
        raise lost(call.file, "full", call.grant.limits)
    return answer


def _received(worker: Worker, call: Call) -> Any:
    while True:
        kind, buffers = worker.channel.receive()
        if kind == "given":
            return read_answer(buffers, declared_classes(call.request.function))
        if kind == "raised":
            raise _error(read_answer(buffers))
        if kind == "progress" and call.progress is not None:
            call.progress(_share(read_answer(buffers)))
        elif kind == "failed":
            LOG.warning("A call in a sandbox failed:\n%s", _printable(buffers))
            raise lost(call.file, "failed", call.grant.limits)
        else:
            raise lost(call.file, "crashed", call.grant.limits)


def _error(value: object) -> Exception:
    if not isinstance(value, GeodataError | CoverageError):
        raise BadAnswerError("no error of ours")
    return value


def _share(value: object) -> float:
    if not isinstance(value, float):
        raise BadAnswerError("no share")
    return min(max(value, 0.0), 1.0)


def _printable(buffers: list[bytearray]) -> str:
    """The text of a failure, without signs that would write elsewhere in a log or terminal."""
    text = b"".join(buffers)[:8_000].decode("utf-8", "replace")
    lines = ("".join(c if c.isprintable() else "?" for c in line) for line in text.splitlines())
    return "\n".join(f"  | {line}" for line in lines)


class _Watch:
    """A thread that kills a process that takes or writes too much, or is not wanted."""

    def __init__(self, worker: Worker, call: Call, written: tuple[WrittenFiles, ...]) -> None:
        self.reason: Reason | None = None
        self._worker = worker
        self._call = call
        self._written = written
        self._looked = time.monotonic()
        self._ended = Event()
        self._deadline = time.monotonic() + call.grant.limits.seconds
        Thread(target=self._run, name="sandbox watch", daemon=True).start()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _run(self) -> None:
        while True:
            left = self._deadline - time.monotonic()
            if self._ended.wait(max(0.0, min(WATCH_S, left))):
                return
            self.reason = self._found()
            if self.reason is not None:
                self._worker.kill()
                return

    def _found(self) -> Reason | None:
        if time.monotonic() >= self._deadline:
            return "late"
        if self._call.is_wanted is not None and not self._call.is_wanted():
            return "stopped"
        if self._worker.exceeds(self._call.grant.limits):
            return "crashed"
        return "full" if self._wrote_too_much() else None

    def _wrote_too_much(self) -> bool:
        now = time.monotonic()
        if now - self._looked < WRITTEN_S:
            return False
        self._looked = now
        return any(one.exceeds(self._call.grant.limits) for one in self._written)

"""Calls in processes shut in, several at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

from geodata.sandbox.calls import Call, Progress, answer_from
from geodata.sandbox.child import Request
from geodata.sandbox.confine import Grant, protection
from geodata.sandbox.errors import lost
from geodata.sandbox.forked import ForkedStarter
from geodata.sandbox.limits import Limits
from geodata.sandbox.spawned import SpawnedStarter
from geodata.sandbox.workers import Starter

P = ParamSpec("P")
T = TypeVar("T")

LOG = logging.getLogger(__name__)


class Sandbox:
    """Runs functions on strangers' files in processes that can open nothing else.

    A process a call, forked from a server that holds no secret and has loaded ``preload``;
    ``forks`` False starts one anew instead, which systems other than Linux need. At most
    ``at_once`` run at a time (one more than there are cores); who waits for that is not late.
    Long calls take `turn`: they leave a place to all others. The server starts with the first
    call, or beforehand with `warm`. ``aside`` is entered by who waits, for a place or an answer.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        preload: Sequence[str] = (),
        at_once: int | None = None,
        forks: bool | None = None,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.limits = limits
        self._aside = aside
        self.protection = protection()
        forks = self.protection.own_process if forks is None else forks
        modules = tuple(preload)
        self._starter: Starter = ForkedStarter(modules) if forks else SpawnedStarter(modules)
        count = at_once or (os.cpu_count() or 1) + 1
        self._slots = BoundedSemaphore(count)
        self._long_slots = BoundedSemaphore(max(1, count - 1))
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._turns_lock = Lock()
        LOG.log(logging.INFO if self.protection.is_whole else logging.WARNING, self.protection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Have the libraries loaded for the next call. Does not wait for it."""
        self._starter.warm()

    def close(self) -> None:
        """End the server and all that it has at work."""
        self._starter.close()

    def call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What ``function`` gives, with no folder to open. See `Granted.call`."""
        return self.granting().call(function, *args, **named)

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Hold this for a call that may last long: others of the same name wait outside.

        Those of other names together take all places but one.
        """
        with self._turns_lock:
            turn = self._turns.get(name)
            if turn is None:
                turn = self._turns[name] = _Turn()
        with ExitStack() as held:
            with self._aside():
                held.enter_context(turn.lock)
                held.enter_context(self._long_slots)
            yield

    def granting(
        self,
        *folders: Path,
        readable: Sequence[Path] = (),
        limits: Limits | None = None,
        file: str = "",
        progress: Progress | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> Granted:
        """Calls that may read and write ``folders`` and read ``readable``, and nothing else.

        ``file`` is what errors call what is read (else the first argument). With ``progress``
        the function is given an argument of that name to tell how far it is. Where ``is_wanted``
        gives False, asked now and then from another thread, the process is ended.
        """
        grant = Grant(
            limits=limits or self.limits,
            folders=tuple(Path(one).absolute() for one in folders),
            readable=tuple(Path(one).absolute() for one in readable),
        )
        return Granted(self, grant, file=file, progress=progress, is_wanted=is_wanted)

    def _run(self, call: Call) -> object:
        with self._aside(), self._slots:
            try:
                worker = self._starter.start(call.grant.limits)
            except OSError as error:
                LOG.warning("No process could be started for a file: %s", error)
                raise lost(call.file, "stopped", call.grant.limits) from error
            try:
                return answer_from(
                    worker, replace(call, grant=replace(call.grant, temporary=worker.folder))
                )
            finally:
                worker.close()


class _Turn:
    """The lock of calls of one name, for as long as any holds it or waits for it."""

    def __init__(self) -> None:
        self.lock = Lock()


class Granted:
    """A sandbox with what its calls may open. Made by `Sandbox.granting`."""

    def __init__(
        self,
        sandbox: Sandbox,
        grant: Grant,
        *,
        file: str,
        progress: Progress | None,
        is_wanted: Callable[[], bool] | None,
    ) -> None:
        self._sandbox = sandbox
        self._grant = grant
        self._file = file
        self._progress = progress
        self._is_wanted = is_wanted

    def call(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What ``function`` gives, or the error of ours that it raises.

        It must be a module's own, and its paths absolute: it works in a folder of its own. It
        may answer with plain values, arrays, tables, shapes and the classes it declares in the
        type of its answer. Raises `LostError` where it took too long, crashed, needed too much
        memory, or was stopped.
        """
        request = Request(
            function=function,
            arguments=args,
            named=named,
            has_progress=self._progress is not None,
        )
        call = Call(
            grant=self._grant,
            request=request,
            file=self._file or (_named(args[0]) if args else ""),
            progress=self._progress,
            is_wanted=self._is_wanted,
        )
        return self._sandbox._run(call)  # type: ignore[return-value]  # noqa: SLF001  # what the function gave, sent over; this is part of that class


def _named(argument: object) -> str:
    return str(getattr(argument, "name", argument))[:200]

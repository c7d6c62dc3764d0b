"""The parts sent out, watched, and taken back: a worker that dies costs time, nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Generic, Protocol, TypeVar, cast
from uuid import uuid4

from distributed import Client, Future, KilledWorker, wait
from distributed.comm.core import CommClosedError

from coverage.errors import CoverageError
from geodata.errors import GeodataError, Phrase
from geodata.study.cluster.errors import ClusterError

RETRIES = 2
"""So often a part that failed is tried again, on any worker."""

AHEAD = 2
"""Parts under way or waiting for each thread of the cluster; the others are not made yet."""

LOOK_S = 2.0
NO_WORKERS_FOR_S = 60.0
"""So long the cluster may be without any worker: one that starts anew needs some seconds."""

Progress = Callable[[float], None]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")


class Parts(Protocol[T_co]):
    """What is to be done, part by part; each is made when it is sent."""

    def __len__(self) -> int: ...

    def task(self, part: int) -> T_co:
        """What is sent out for a part."""
        ...

    def named(self, part: int) -> Phrase:
        """A part, as an error names it."""
        ...


def threads_of(client: Client) -> int:
    """How many parts a cluster does at once."""
    return max(1, int(sum(client.nthreads().values())))


def spread_on(
    client: Client, parts: Parts[T], work: Callable[[T], R], progress: Progress | None = None
) -> list[R]:
    """What ``work`` makes of each part, done by the workers of a cluster, in the parts' order.

    Raises what `coverage` and `geodata` raise there, and `ClusterError`, naming the part, where
    one cannot be done or the cluster is lost.
    """
    run = _Run(client, parts, work, progress)
    try:
        return run.all(ahead=AHEAD * threads_of(client))
    finally:
        if run.waiting and client.status == "running":
            client.cancel(list(run.waiting), force=True)


class _Run(Generic[T, R]):
    """One run: which part each future stands for, and what has come back."""

    def __init__(
        self,
        client: Client,
        parts: Parts[T],
        work: Callable[[T], R],
        progress: Progress | None,
    ) -> None:
        self.client, self.parts, self.work, self.progress = client, parts, work, progress
        self.waiting: dict[Future, int] = {}
        self.found: dict[int, R] = {}
        self._name = f"phusong-{uuid4().hex}"

    def all(self, *, ahead: int) -> list[R]:
        """What came of every part."""
        for part in range(len(self.parts)):
            self._send(part)
            while len(self.waiting) >= ahead:
                self._collect()
        while self.waiting:
            self._collect()
        return [self.found[part] for part in range(len(self.parts))]

    def _send(self, part: int) -> None:
        # the task itself goes along, not a reference to data on a worker: whoever dies, it is there
        future = self.client.submit(
            self.work,
            self.parts.task(part),
            key=f"{self._name}-{part}",
            retries=RETRIES,
            pure=False,
        )
        self.waiting[future] = part

    def _collect(self) -> None:
        """Wait for parts and take those that are done."""
        for future in self._done():
            part = self.waiting.pop(future)
            self.found[part] = self._result(future, part)
            if self.progress:
                self.progress(len(self.found) / len(self.parts))

    def _done(self) -> Sequence[Future]:
        alone_since: float | None = None
        while True:
            try:
                with self.client.as_current():
                    return list(wait(list(self.waiting), LOOK_S, "FIRST_COMPLETED").done)
            except TimeoutError:
                if self.client.nthreads():
                    alone_since = None
                    continue
                alone_since = alone_since or time.monotonic()
                if time.monotonic() - alone_since > NO_WORKERS_FOR_S:
                    raise self._lost() from None
            except (CancelledError, CommClosedError, OSError) as error:
                raise self._lost() from error

    def _result(self, future: Future, part: int) -> R:
        """What a part came to. Raises, naming it, where it came to nothing."""
        error = future.exception()
        if error is None:
            return cast("R", future.result())
        if isinstance(error, CoverageError | GeodataError):
            raise error
        if isinstance(error, CancelledError | CommClosedError):
            raise self._lost() from error
        if isinstance(error, KilledWorker):
            raise ClusterError(
                "{what} ended every worker it was given to, {times} in all; give the workers more "
                "memory",
                what=self.parts.named(part),
                times=error.allowed_failures + 1,
            ) from error
        raise ClusterError(
            "{what} could not be measured: {reason}",
            what=self.parts.named(part),
            reason=f"{type(error).__name__}: {error}".strip(": "),
        ) from error

    def _lost(self) -> ClusterError:
        return ClusterError(
            "the cluster was lost with {done} of {parts} parts measured; start it and assess "
            "again: what was finished before them is kept",
            done=len(self.found),
            parts=len(self.parts),
        )

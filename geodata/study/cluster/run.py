"""The parts sent out, watched, and put together: a worker that dies costs time, nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import cast
from uuid import uuid4

import geopandas as gpd
from distributed import Client, Future, KilledWorker, wait
from distributed.comm.core import CommClosedError

from coverage.apart import Task, measure_part
from coverage.errors import CoverageError
from coverage.joined import joined
from coverage.model import Layer, Measures
from coverage.rings import Ints
from geodata.errors import GeodataError
from geodata.study.cluster.connect import ClusterError
from geodata.study.cluster.parts import Tasks, parts_for

RETRIES = 2
"""So often a part that failed is tried again, on any worker."""

AHEAD = 2
"""Parts under way or waiting for each thread of the cluster; the others are not made yet."""

LOOK_S = 2.0
NO_WORKERS_FOR_S = 60.0
"""So long the cluster may be without any worker: one that starts anew needs some seconds."""

Progress = Callable[[float], None]
Work = Callable[[Task], Measures]


def measured_on(
    client: Client,
    villages: gpd.GeoDataFrame,
    layers: Sequence[Layer],
    *,
    parts: int | None = None,
    work: Work = measure_part,
    progress: Progress | None = None,
) -> Measures:
    """What `coverage.measure` says of villages and layers, measured by the workers of a cluster.

    ``parts``: as many as suit the villages and the cluster. ``work`` is what a worker does with
    a part. Raises what `coverage.measure` raises, and `ClusterError`, naming the part, where one
    cannot be measured or the cluster is lost.
    """
    threads = max(1, sum(client.nthreads().values()))
    tasks = Tasks(villages, layers, parts=parts or parts_for(len(villages), threads))
    run = _Run(client, tasks, work, progress)
    try:
        return joined(run.all(ahead=AHEAD * threads), villages)
    finally:
        if run.waiting and client.status == "running":
            client.cancel(list(run.waiting), force=True)


class _Run:
    """One run: which part each future stands for, and what has come back."""

    def __init__(self, client: Client, tasks: Tasks, work: Work, progress: Progress | None) -> None:
        self.client, self.tasks, self.work, self.progress = client, tasks, work, progress
        self.waiting: dict[Future, int] = {}
        self.found: dict[int, Measures] = {}
        self._name = f"phusong-{uuid4().hex}"

    def all(self, *, ahead: int) -> list[tuple[Ints, Measures]]:
        """Rows and measures of every part."""
        left = iter(range(len(self.tasks)))
        for part in left:
            self._send(part)
            while len(self.waiting) >= ahead:
                self._collect()
        while self.waiting:
            self._collect()
        return [(self.tasks.rows[part], self.found[part]) for part in range(len(self.tasks))]

    def _send(self, part: int) -> None:
        # the task itself goes along, not a reference to data on a worker: whoever dies, it is there
        future = self.client.submit(
            self.work,
            self.tasks.task(part),
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
                self.progress(len(self.found) / len(self.tasks))

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

    def _result(self, future: Future, part: int) -> Measures:
        """What a part came to. Raises, naming it, where it came to nothing."""
        rows = self.tasks.rows[part]
        named = {
            "part": part + 1,
            "parts": len(self.tasks),
            "villages": len(rows),
            "first": self.tasks.villages.index[rows[0]],
        }
        error = future.exception()
        if error is None:
            return cast("Measures", future.result())
        if isinstance(error, CoverageError | GeodataError):
            raise error
        if isinstance(error, CancelledError | CommClosedError):
            raise self._lost() from error
        if isinstance(error, KilledWorker):
            raise ClusterError(
                "part {part} of {parts} ({villages} villages, the first is {first}) ended every "
                "worker it was given to, {times} in all; give the workers more memory",
                times=error.allowed_failures + 1,
                **named,
            ) from error
        raise ClusterError(
            "part {part} of {parts} ({villages} villages, the first is {first}) could not be "
            "measured: {reason}",
            reason=f"{type(error).__name__}: {error}".strip(": "),
            **named,
        ) from error

    def _lost(self) -> ClusterError:
        return ClusterError(
            "the cluster was lost with {done} of {parts} parts measured; nothing was kept, "
            "start it and assess again",
            done=len(self.found),
            parts=len(self.tasks),
        )

"""All kinds of measures over a cluster: of each region of the villages, then put together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import geopandas as gpd
from distributed import Client

from coverage.amounts import NO_AMOUNTS
from coverage.joined import joined, joined_amounts, joined_levels
from coverage.measure import measure_moved
from coverage.model import Amounts, Basis, Layer, Measures, Moved
from coverage.moved import Outlines
from coverage.pixels import AmountSource, AnyLayer, SignalLayer
from coverage.regions import RegionLayer
from coverage.signal import joined as with_spoken
from coverage.weights import WeightsCache
from geodata.study.cluster.connect import connected
from geodata.study.cluster.files import WorkingFiles, working_files
from geodata.study.cluster.outlines import OnWorkers
from geodata.study.cluster.regions import Regions, regions_for
from geodata.study.cluster.run import Progress, spread_on, threads_of
from geodata.study.cluster.tasks import Task, amounts_task, levels_task, measure_task

Work = Callable[[Task], Measures]


def measured_on(  # noqa: PLR0913  # each is a choice of its own, and all but four have a default
    client: Client,
    villages: gpd.GeoDataFrame,
    layers: Sequence[Layer | RegionLayer],
    files: WorkingFiles,
    *,
    amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
    hexes: bool = False,
    regions: int | None = None,
    work: Work = measure_task,
    progress: Progress | None = None,
) -> Measures:
    """What `coverage.measure` says of villages and footprints, measured by a cluster's workers.

    ``files``: where what is in memory is written for them. ``regions``: as many as suit the
    villages and the cluster. ``work`` is what a worker does with a region. Raises what
    `coverage.measure` and `geodata.study.cluster.run.spread_on` raise.
    """
    tasks = Regions(
        villages,
        layers,
        files,
        regions=regions or regions_for(len(villages), threads_of(client)),
        amounts=amounts,
        hexes=hexes,
    )
    found = spread_on(client, tasks, work, progress)
    return joined(list(zip(tasks.rows, found, strict=True)), villages)


class Cluster:
    """A `geodata.study.engine.Engine`: one cluster, connected to once, for as long as it is open.

    That at an address ``scheduler``, at once, so that one which cannot be used is told of even
    where nothing is to be measured; else one of so many ``workers`` on this machine, which are
    started when something is. ``folder``: where what a study has in memory is written for the
    workers to read, as long as the cluster is open; this machine's own for such things if not said.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        *,
        workers: int | None = None,
        folder: Path | None = None,
    ) -> None:
        self._scheduler, self._workers, self._folder = scheduler, workers, folder
        self._open = ExitStack()
        self._client: Client | None = None
        self._files: WorkingFiles | None = None

    def __enter__(self) -> Self:
        if self._scheduler is not None:
            self.client  # noqa: B018  # connects
        return self

    def __exit__(self, *told: object) -> None:
        self._open.close()

    @property
    def client(self) -> Client:
        """The cluster's client."""
        if self._client is None:
            way = connected(self._scheduler, workers=self._workers)
            self._client = self._open.enter_context(way)
        return self._client

    @property
    def files(self) -> WorkingFiles:
        """Where what is in memory is written for the workers."""
        if self._files is None:
            folder = self._folder or Path(tempfile.gettempdir())
            self._files = self._open.enter_context(working_files(folder))
        return self._files

    def _regions(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        amounts: Mapping[Basis, AmountSource],
        *,
        hexes: bool = False,
    ) -> Regions:
        return Regions(
            villages,
            layers,
            self.files,
            regions=regions_for(len(villages), threads_of(self.client)),
            amounts=amounts,
            hexes=hexes,
            limited=False,
        )

    def _measured(
        self, villages: gpd.GeoDataFrame, layers: Sequence[Layer], **options: Any
    ) -> Measures:
        """What `measured_on` measures here."""
        return measured_on(self.client, villages, layers, self.files, **options)

    def areas(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[Layer],
        *,
        progress: Progress | None = None,
    ) -> Measures:
        """The areas of villages by combination of footprints."""
        return measured_on(self.client, villages, layers, self.files, progress=progress)

    def amounts(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        sources: Mapping[Basis, AmountSource],
        *,
        hexes: bool = False,
        progress: Progress | None = None,
    ) -> Mapping[Basis, Amounts]:
        """People, settled places and hexagons by combination of footprints."""
        nothing = villages.geometry.iloc[:0]
        areas = [
            x if isinstance(x, Layer) else Layer(info=x.info, footprint=nothing) for x in layers
        ]
        tasks = self._regions(villages, areas, sources, hexes=hexes)
        found = spread_on(self.client, tasks, amounts_task, progress)
        return joined_amounts(list(zip(tasks.rows, found, strict=True)), len(villages))

    def levels(
        self,
        measures: Measures,
        layers: Sequence[AnyLayer],
        *,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        weights_cache: WeightsCache | None = None,
        progress: Progress | None = None,
    ) -> Measures:
        """The levels of signal layers. Weights of pixels are found anew for every region."""
        del weights_cache
        places = [k for k, layer in enumerate(layers) if isinstance(layer, SignalLayer)]
        tasks = self._regions(measures.villages, [layers[k] for k in places], amounts)
        found = spread_on(self.client, tasks, levels_task, progress)
        rows = list(zip(tasks.rows, found, strict=True))
        return with_spoken(measures, joined_levels(rows, len(measures.villages)), places)

    def moved(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        *,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        hexes: bool = False,
        outlines: Outlines | None = None,
        progress: Progress | None = None,
    ) -> Moved:
        """Areas, and amounts, with footprints drawn in and let out."""
        return measure_moved(
            villages,
            layers,
            amounts=amounts,
            hexes=hexes,
            outlines=outlines,
            mover=OnWorkers(client=self.client, files=self.files),
            measured=self._measured,
            progress=progress,
        )

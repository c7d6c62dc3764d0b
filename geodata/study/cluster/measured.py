"""All kinds of measures over a cluster: of each part of the villages, then put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Self

import geopandas as gpd
from distributed import Client

from coverage.amounts import NO_AMOUNTS, Places, hexagons
from coverage.apart import Task, amounts_part, levels_part, measure_part
from coverage.joined import joined, joined_amounts, joined_levels
from coverage.measure import cells_for, measure_moved, without_limits
from coverage.model import Amounts, Basis, Layer, Measures, Moved
from coverage.moved import Outlines
from coverage.pixels import AmountSource, AnyLayer, SignalLayer
from coverage.signal import joined as with_spoken
from coverage.weights import WeightsCache
from geodata.study.cluster.connect import connected
from geodata.study.cluster.outlines import OnWorkers
from geodata.study.cluster.parts import Tasks
from geodata.study.cluster.run import Progress, spread_on, threads_of

Work = Callable[[Task], Measures]


def measured_on(  # noqa: PLR0913  # each is a choice of its own, and all but three have a default
    client: Client,
    villages: gpd.GeoDataFrame,
    layers: Sequence[Layer],
    *,
    amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
    hexes: Places | bool = False,
    parts: int | None = None,
    work: Work = measure_part,
    progress: Progress | None = None,
) -> Measures:
    """What `coverage.measure` says of villages and footprints, measured by a cluster's workers.

    ``parts``: as many as suit the villages and the cluster. ``work`` is what a worker does with
    a part. Raises what `coverage.measure` and `geodata.study.cluster.run.spread_on` raise.
    """
    # one that stays in its file is read once, for it is looked at more than once
    layers = [Layer(info=x.info, footprint=x.footprint, extent=x.extent) for x in layers]
    tasks = Tasks(
        villages,
        layers,
        threads=threads_of(client),
        parts=parts,
        cells=cells_for(villages, layers),
        amounts=amounts,
        hexes=_places(hexes, villages),
    )
    found = spread_on(client, tasks, work, progress)
    return joined(list(zip(tasks.rows, found, strict=True)), villages)


def _places(hexes: Places | bool, villages: gpd.GeoDataFrame) -> Places | None:  # noqa: FBT001  # as it is asked for
    """The hexagons of villages, where these are asked for."""
    if isinstance(hexes, Places):
        return hexes
    return hexagons(villages) if hexes else None


class Cluster:
    """A `geodata.study.engine.Engine`: one cluster, connected to once, for as long as it is open.

    That at an address ``scheduler``, at once, so that one which cannot be used is told of even
    where nothing is to be measured; else one of so many ``workers`` on this machine, which are
    started when something is.
    """

    def __init__(self, scheduler: str | None = None, *, workers: int | None = None) -> None:
        self._scheduler, self._workers = scheduler, workers
        self._open, self._client = ExitStack(), None

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

    def areas(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[Layer],
        *,
        progress: Progress | None = None,
    ) -> Measures:
        """The areas of villages by combination of footprints."""
        return measured_on(self.client, villages, layers, progress=progress)

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
        tasks = Tasks(
            villages,
            without_limits(layers, villages),
            threads=threads_of(self.client),
            amounts=sources,
            hexes=_places(hexes, villages),
        )
        found = spread_on(self.client, tasks, amounts_part, progress)
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
        """The levels of signal layers. Every part finds the weights of its pixels itself."""
        del weights_cache
        places = [k for k, layer in enumerate(layers) if isinstance(layer, SignalLayer)]
        tasks = Tasks(
            measures.villages,
            [layers[k] for k in places],
            threads=threads_of(self.client),
            amounts=amounts,
        )
        found = spread_on(self.client, tasks, levels_part, progress)
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
            mover=OnWorkers(client=self.client, layers=[layer.info for layer in layers]),
            measured=partial(measured_on, self.client),
            progress=progress,
        )

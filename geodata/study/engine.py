"""What measures a study: this process itself, or others in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from coverage.amounts import NO_AMOUNTS, measure_amounts
from coverage.measure import measure_moved
from coverage.model import Amounts, Basis, Layer, Measures, Moved
from coverage.moved import Outlines
from coverage.part import part_of
from coverage.pixels import AmountSource, AnyLayer
from coverage.signal import with_levels
from coverage.unplaced import (
    amounts_with_unplaced,
    has_place,
    is_placed,
    measured_where_placed,
    moved_with_unplaced,
    with_unplaced,
)
from coverage.weights import WeightsCache
from geodata.study.regional import measure_areas

Progress = Callable[[float], None]


class Engine(Protocol):
    """Four kinds of measures. Whoever measures them, they are the same to 1e-12 of a share."""

    def areas(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[Layer],
        *,
        progress: Progress | None = None,
    ) -> Measures:
        """What `coverage.measure` says of footprints."""
        ...

    def amounts(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        sources: Mapping[Basis, AmountSource],
        *,
        hexes: bool = False,
        progress: Progress | None = None,
    ) -> Mapping[Basis, Amounts]:
        """What `coverage.amounts.measure_amounts` says."""
        ...

    def levels(
        self,
        measures: Measures,
        layers: Sequence[AnyLayer],
        *,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        weights_cache: WeightsCache | None = None,
        progress: Progress | None = None,
    ) -> Measures:
        """What `coverage.signal.with_levels` says; ``weights_cache`` may be left unused."""
        ...

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
        """What `coverage.measure.measure_moved` says."""
        ...


@dataclass(frozen=True)
class Here:
    """The threads of this process."""

    areas = staticmethod(measure_areas)
    amounts = staticmethod(measure_amounts)
    levels = staticmethod(with_levels)
    moved = staticmethod(measure_moved)


HERE = Here()


@dataclass(frozen=True)
class WherePlaced:
    """An engine that is given the villages which have a place, and tells of all of them."""

    engine: Engine

    def areas(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[Layer],
        *,
        progress: Progress | None = None,
    ) -> Measures:
        """See `Engine.areas`."""
        return measured_where_placed(
            villages, lambda some: self.engine.areas(some, layers, progress=progress)
        )

    def amounts(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        sources: Mapping[Basis, AmountSource],
        *,
        hexes: bool = False,
        progress: Progress | None = None,
    ) -> Mapping[Basis, Amounts]:
        """See `Engine.amounts`."""
        placed = has_place(villages.geometry)
        found = self.engine.amounts(
            _some(villages, placed), layers, sources, hexes=hexes, progress=progress
        )
        return amounts_with_unplaced(found, placed)

    def levels(
        self,
        measures: Measures,
        layers: Sequence[AnyLayer],
        *,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        weights_cache: WeightsCache | None = None,
        progress: Progress | None = None,
    ) -> Measures:
        """See `Engine.levels`."""
        placed = is_placed(measures)
        some = measures if placed.all() else part_of(measures, placed, range(len(measures.layers)))
        found = self.engine.levels(
            some, layers, amounts=amounts, weights_cache=weights_cache, progress=progress
        )
        return with_unplaced(found, measures.villages)

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
        """See `Engine.moved`."""
        placed = has_place(villages.geometry)
        found = self.engine.moved(
            _some(villages, placed),
            layers,
            amounts=amounts,
            hexes=hexes,
            outlines=outlines,
            progress=progress,
        )
        return moved_with_unplaced(found, placed)


def _some(villages: gpd.GeoDataFrame, chosen: npt.NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Villages without those not chosen; the very table where all are."""
    return villages if chosen.all() else villages[chosen]

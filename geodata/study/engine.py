"""What measures a study: this process itself, or others in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import geopandas as gpd

from coverage.amounts import NO_AMOUNTS, measure_amounts
from coverage.measure import measure_moved
from coverage.model import Amounts, Basis, Layer, Measures, Moved
from coverage.moved import Outlines
from coverage.pixels import AmountSource, AnyLayer
from coverage.signal import with_levels
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

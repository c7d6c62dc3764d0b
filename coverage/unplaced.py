"""Villages without a place: they are in the measures of all, with nothing in them.

No polygon is known of them, so that `coverage.measure` refuses them. What was measured of the
others is laid out for all villages: a village without a place has area 0, by which
`coverage.judge` calls it unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.joined import joined, joined_amounts, joined_moved
from coverage.model import Amounts, Areas, Basis, Levels, Measures, Moved

Bools = npt.NDArray[np.bool_]


def has_place(geometry: gpd.GeoSeries) -> Bools:
    """Which villages have a geometry; one that is missing or empty is none."""
    shapes = geometry.to_numpy()
    return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))


def is_placed(measures: Measures) -> Bools:
    """Which villages of some measures have a place."""
    placed: Bools = measures.village_area_m2 > 0
    return placed


def measured_where_placed(
    villages: gpd.GeoDataFrame, measured: Callable[[gpd.GeoDataFrame], Measures]
) -> Measures:
    """The measures of ``villages``, by ``measured`` of those that have a place.

    Raises what ``measured`` raises, which is given no village where none has a place.
    """
    placed = has_place(villages.geometry)
    if placed.all():
        return measured(villages)
    return with_unplaced(measured(villages[placed]), villages)


def with_unplaced(found: Measures, villages: gpd.GeoDataFrame) -> Measures:
    """The measures of ``villages`` from those of the ones that have a place, in their order."""
    placed = has_place(villages.geometry)
    if placed.all():
        return replace(found, villages=villages)
    parts = [(np.flatnonzero(placed), found), (np.flatnonzero(~placed), _nothing(found, ~placed))]
    return joined(parts, villages)


def amounts_with_unplaced(found: Mapping[Basis, Amounts], placed: Bools) -> Mapping[Basis, Amounts]:
    """Amounts of all villages from those of the ones marked in ``placed``."""
    if placed.all():
        return found
    nothing = _no_amounts(found, int((~placed).sum()))
    parts = [(np.flatnonzero(placed), found), (np.flatnonzero(~placed), nothing)]
    return joined_amounts(parts, len(placed))


def moved_with_unplaced(found: Moved, placed: Bools) -> Moved:
    """Moved footprints of all villages from those of the ones marked in ``placed``."""
    if placed.all():
        return found
    nothing = _not_moved(found, int((~placed).sum()))
    parts = [(np.flatnonzero(placed), found), (np.flatnonzero(~placed), nothing)]
    return joined_moved(parts, len(placed))


def _nothing(like: Measures, lost: Bools) -> Measures:
    """Measures of the marked villages with nothing in them, of the layers and amounts of others."""
    count, layers = int(lost.sum()), len(like.layers)
    empty = np.empty(0)
    return replace(
        like,
        villages=like.villages.iloc[:0],
        village_area_m2=np.zeros(count),
        village=empty.astype(np.int32),
        combination=empty.astype(np.uint64),
        area_m2=empty,
        centre=np.zeros(count, np.uint64),
        has_centre=np.zeros(count, bool),
        extent_share=np.zeros((count, layers)),
        extent_centre=np.zeros((count, layers), bool),
        amounts=_no_amounts(like.amounts, count),
        levels=tuple(_no_levels(levels, count) for levels in like.levels),
        moved=None if like.moved is None else _not_moved(like.moved, count),
    )


def _no_amounts(like: Mapping[Basis, Amounts], count: int) -> dict[Basis, Amounts]:
    empty = np.empty(0)
    nothing = Amounts(
        village=empty.astype(np.int32),
        combination=empty.astype(np.uint64),
        amount=empty,
        total=np.zeros(count),
    )
    return dict.fromkeys(like, nothing)


def _no_levels(like: Levels, count: int) -> Levels:
    technologies = len(like.technologies)
    return replace(
        like,
        village=np.empty(0, np.int32),
        level=np.empty((0, technologies), np.uint8),
        parts={basis: np.empty(0) for basis in like.parts},
        centre=np.zeros((count, technologies), np.uint8),
    )


def _not_moved(like: Moved, count: int) -> Moved:
    def areas(of: Areas) -> Areas:
        empty = np.empty(0)
        return Areas(
            village=empty.astype(np.int32),
            combination=empty.astype(np.uint64),
            area_m2=empty,
            centre=np.zeros(count, np.uint64),
            amounts=_no_amounts(of.amounts, count),
        )

    return Moved(inward=areas(like.inward), outward=areas(like.outward))

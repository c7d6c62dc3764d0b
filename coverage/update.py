"""Measures brought up to date: only the layers that changed are measured, and only where needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.combinations import sums
from coverage.measure import Measured, measure
from coverage.model import Layer, Measures
from coverage.part import part_of
from coverage.rings import Geometries

Progress = Callable[[float], None]
Bits = npt.NDArray[np.uint64]
Places = Sequence[int | None]
T = TypeVar("T", bound=np.generic)

NOTHING = 1e-14
"""A part of a village no larger than this, of its area, is an edge met by rounding."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Areas (m²) by village and combination of layers, sorted by village."""

    village: npt.NDArray[np.int64]
    combination: Bits
    area_m2: npt.NDArray[np.float64]

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Rows:
        """The rows of the marked villages."""
        return self._at(chosen[self.village])

    def real(self, village_area_m2: npt.NDArray[np.float64]) -> _Rows:
        """Without those that are nothing but rounding, where layers end on a village's border."""
        return self._at(self.area_m2 > NOTHING * village_area_m2[self.village])

    def _at(self, here: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(self.village[here], self.combination[here], self.area_m2[here])


def updated(
    old: Measures,
    villages: gpd.GeoDataFrame,
    layers: Sequence[Layer],
    came_from: Places,
    *,
    measured: Measured = measure,
    progress: Progress | None = None,
) -> Measures:
    """What `coverage.measure` would say of ``villages`` and ``layers``, to 1e-12 of a share.

    ``old`` are measures of the same villages. ``came_from`` has for each layer its place in
    ``old``, or None where it is new or changed: those alone are measured. Layers taken out or
    put in another order need no geometry at all. In a village where either the kept or the
    changed layers serve all of it alike the areas follow; where both vary, it is measured
    again by the layers that vary there. Only the areas, centres and extents are told: what
    else ``old`` has is left out. ``measured`` does what `coverage.measure` does, and raises its
    errors.
    """
    stays = [k for k, place in enumerate(came_from) if place is not None]
    fresh = [k for k, place in enumerate(came_from) if place is None]
    every = np.ones(len(villages), bool)
    bare = replace(old, amounts={}, levels=(), moved=None)
    kept = part_of(bare, every, [place for place in came_from if place is not None])
    kept = replace(kept, villages=villages)
    if not fresh:
        return replace(kept, layers=tuple(layer.info for layer in layers))
    new = measured(villages, [layers[k] for k in fresh], progress=_part_of(progress, 0.0, 0.5))
    rows = _joined(kept, new, (stays, fresh), layers, _Work(measured, progress))
    return Measures(
        villages=villages,
        layers=tuple(layer.info for layer in layers),
        village_area_m2=sums(rows.village.astype(np.int32), rows.area_m2, len(villages)),
        village=rows.village.astype(np.int32),
        combination=rows.combination,
        area_m2=rows.area_m2,
        centre=_placed(kept.centre, stays) | _placed(new.centre, fresh),
        has_centre=new.has_centre,
        extent_share=_columns(kept.extent_share, new.extent_share, (stays, fresh)),
        extent_centre=_columns(kept.extent_centre, new.extent_centre, (stays, fresh)),
    )


@dataclass(frozen=True)
class _Work:
    """How to work: what measures, and whom to tell how far it is."""

    measured: Measured
    progress: Progress | None


def _part_of(progress: Progress | None, begin: float, end: float) -> Progress | None:
    """Progress of one step of the whole."""
    if progress is None:
        return None
    return lambda done: progress(begin + (end - begin) * done)


def _placed(bits: Bits, places: Sequence[int]) -> Bits:
    """Sets of some layers as bits at their places among all."""
    out = np.zeros(len(bits), np.uint64)
    for old, place in enumerate(places):
        out |= ((bits >> np.uint64(old)) & np.uint64(1)) << np.uint64(place)
    return out


def _columns(
    kept: npt.NDArray[T], new: npt.NDArray[T], places: tuple[Sequence[int], Sequence[int]]
) -> npt.NDArray[T]:
    """Columns of two tables, each at its place."""
    out = np.empty((len(new), len(places[0]) + len(places[1])), new.dtype)
    out[:, places[0]] = kept
    out[:, places[1]] = new
    return out


def _joined(
    kept: Measures,
    new: Measures,
    places: tuple[Sequence[int], Sequence[int]],
    layers: Sequence[Layer],
    work: _Work,
) -> _Rows:
    """Areas by combination of all layers, from those of the kept and of the new ones."""
    villages = len(new.villages)
    was = _Rows(kept.village.astype(np.int64), _placed(kept.combination, places[0]), kept.area_m2)
    now = _Rows(new.village.astype(np.int64), _placed(new.combination, places[1]), new.area_m2)
    was, now = was.real(kept.village_area_m2), now.real(new.village_area_m2)
    few_kept = np.bincount(was.village, minlength=villages) == 1
    few_new = np.bincount(now.village, minlength=villages) == 1
    alike_kept = _combined(now.of(few_kept), was.of(few_kept), villages)
    only_new = few_new & ~few_kept
    alike_new = _combined(was.of(only_new), now.of(only_new), villages)
    many_kept = np.bincount(was.village, minlength=villages) > 1
    both = many_kept & ~few_new  # a village without a place has no rows at all
    parts = [alike_kept, alike_new]
    if both.any():
        parts.append(_measured(new.villages, both, was.of(both), layers, (places[1], work)))
    elif work.progress:
        work.progress(1.0)
    village = np.concatenate([part.village for part in parts])
    combination = np.concatenate([part.combination for part in parts])
    area = np.concatenate([part.area_m2 for part in parts])
    order = np.lexsort((combination, village))
    return _Rows(village[order], combination[order], area[order])


def _combined(many: _Rows, one: _Rows, villages: int) -> _Rows:
    """Rows of villages in which the other layers serve all alike: one row of ``one`` each."""
    alike = np.zeros(villages, np.uint64)
    alike[one.village] = one.combination
    return _Rows(many.village, many.combination | alike[many.village], many.area_m2)


def _measured(
    villages: gpd.GeoDataFrame,
    both: npt.NDArray[np.bool_],
    was: _Rows,
    layers: Sequence[Layer],
    new: tuple[Sequence[int], _Work],
) -> _Rows:
    """Villages measured again: by the new layers, and the kept ones that vary in some of them."""
    fresh, work = new
    first = np.flatnonzero(np.diff(was.village, prepend=-1))
    same, some = np.zeros((2, len(villages)), np.uint64)
    same[was.village[first]] = np.bitwise_and.reduceat(was.combination, first)
    some[was.village[first]] = np.bitwise_or.reduceat(was.combination, first)
    varies = int(np.bitwise_or.reduce(some & ~same))
    asked = [k for k in range(len(layers)) if k in fresh or varies >> k & 1]
    some_villages = villages.loc[both, [villages.geometry.name]]
    near = _near(some_villages.geometry.to_numpy())
    found = work.measured(
        some_villages,
        [Layer(info=layers[k].info, footprint=near(layers[k].footprint)) for k in asked],
        progress=_part_of(work.progress, 0.5, 1.0),
    )
    # what does not vary anywhere here is the same all over each village
    told = same & np.uint64(((1 << len(layers)) - 1) & ~sum(1 << k for k in asked))
    village = np.flatnonzero(both)[found.village]
    return _Rows(village, _placed(found.combination, asked) | told[village], found.area_m2)


def _near(villages: Geometries) -> Callable[[gpd.GeoSeries], gpd.GeoSeries]:
    """Of some polygons, those whose box meets the box of any of the villages."""
    tree = shapely.STRtree(np.asarray(shapely.box(*shapely.bounds(villages).T)))

    def near(polygons: gpd.GeoSeries) -> gpd.GeoSeries:
        there = polygons[~(polygons.isna() | polygons.is_empty)]
        boxes = np.asarray(shapely.box(*shapely.bounds(there.to_numpy()).T))
        return there.iloc[np.unique(tree.query(boxes)[0])]

    return near

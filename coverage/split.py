"""Villages split into compact parts, to be measured one after another or in many places."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.errors import CoverageError
from coverage.rings import Floats, Ints

UNEVEN = 0.2
"""A gap between villages is taken where the parts beside it get so much more or less at most."""


def split(villages: gpd.GeoDataFrame, parts: int) -> list[Ints]:
    """Row numbers of ``parts`` spatially compact parts, each ascending, every row in one.

    Halved again and again by a line across the longer side, about as many vertices a part on
    either side; along the widest gap, either way, that leaves the parts about even where there is
    one. The same for the same villages, whatever their order up to rows in one place. Never
    more parts than villages, and none empty. Raises `CoverageError` for fewer than one part and
    for no villages.
    """
    shapes = villages.geometry.to_numpy()
    return split_boxes(shapely.bounds(shapes), shapely.get_num_coordinates(shapes), parts)


def split_boxes(boxes: Floats, vertices: npt.NDArray[np.integer], parts: int) -> list[Ints]:
    """`split` of villages of which only their boxes (n × 4) and numbers of vertices are known."""
    if parts < 1 or len(boxes) == 0:
        raise CoverageError(
            "{villages} villages cannot be split into {parts} parts; give at least one of each",
            villages=len(boxes),
            parts=parts,
        )
    found: list[Ints] = []
    waiting = [(np.arange(len(boxes), dtype=np.int64), min(parts, len(boxes)))]
    load = np.asarray(vertices, np.float64) + 1
    while waiting:
        rows, many = waiting.pop()
        if many == 1:
            found.append(np.sort(rows))
            continue
        cut = _best(boxes[rows], load[rows], many)
        waiting.append((rows[cut.order[cut.at :]], many - cut.parts))
        waiting.append((rows[cut.order[: cut.at]], cut.parts))
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cut:
    """The first ``at`` rows in an ``order`` are for the first ``parts`` parts."""

    order: Ints
    at: int
    parts: int


def _best(boxes: Floats, load: Floats, parts: int) -> _Cut:
    """Along the widest gap of those that leave parts even, or else across the longer side."""
    sides = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    first = int(sides[1] > sides[0])
    gaps = [(axis, *_gap(boxes, load, parts, axis)) for axis in (first, 1 - first)]
    _, wide, cut = max(gaps, key=lambda found: found[1])  # the first where alike
    return cut if wide > 0 else _even(boxes, load, parts, first)


def _gap(boxes: Floats, load: Floats, parts: int, axis: int) -> tuple[float, _Cut]:
    """The widest gap across an axis that leaves parts even, in metres; 0 where there is none."""
    order = _order(boxes, axis)
    end = np.maximum.accumulate(boxes[order, 2 + axis])[:-1]
    begin = np.minimum.accumulate(boxes[order, axis][::-1])[::-1][1:]
    before = np.cumsum(load[order])
    share = before[:-1] / before[-1] * parts
    many = np.clip(np.round(share), 1, parts - 1)
    at = np.arange(1, len(boxes))
    even = (np.abs(share / many - 1) <= UNEVEN) & (at >= many)
    even &= np.abs((parts - share) / (parts - many) - 1) <= UNEVEN
    even &= len(boxes) - at >= parts - many
    wide = np.where(even, begin - end, 0.0)
    best = int(np.argmax(wide))
    return float(wide[best]), _Cut(order=order, at=best + 1, parts=int(many[best]))


def _even(boxes: Floats, load: Floats, parts: int, axis: int) -> _Cut:
    """The cut across an axis that is nearest to even, with a village for each part."""
    order = _order(boxes, axis)
    before = np.cumsum(load[order])
    many = parts // 2
    at = int(np.searchsorted(before, before[-1] * many / parts, side="left")) + 1
    return _Cut(order=order, at=min(max(at, many), len(boxes) - parts + many), parts=many)


def _order(boxes: Floats, axis: int) -> Ints:
    """Rows by the middles of their boxes along an axis, where alike along the other."""
    middle = boxes[:, :2] + boxes[:, 2:]
    return np.lexsort((middle[:, 1 - axis], middle[:, axis])).astype(np.int64)

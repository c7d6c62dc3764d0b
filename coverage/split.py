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
    if min(parts, len(boxes)) == 1:
        return [np.arange(len(boxes), dtype=np.int64)]
    found: list[Ints] = []
    whole = _Part(boxes, np.asarray(vertices, np.float64) + 1, (_order(boxes, 0), _order(boxes, 1)))
    waiting = [(whole, min(parts, len(boxes)))]
    first = np.zeros(len(boxes), bool)
    while waiting:
        part, many = waiting.pop()
        if many == 1:
            found.append(np.sort(part.orders[0]))
            continue
        cut = _best(part, many)
        first[part.orders[cut.axis][: cut.at]] = True
        waiting.append((part.of(~first), many - cut.parts))
        waiting.append((part.of(first), cut.parts))
        first[part.orders[0]] = False
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    """Some rows of a table of boxes, with their load: ``orders`` has them along either axis."""

    boxes: Floats
    load: Floats
    orders: tuple[Ints, Ints]

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Part:
        """Those of its rows that are marked."""
        x, y = (order[chosen[order]] for order in self.orders)
        return _Part(self.boxes, self.load, (x, y))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cut:
    """The first ``at`` rows along an ``axis`` are for the first ``parts`` parts."""

    axis: int
    at: int
    parts: int


def _best(part: _Part, parts: int) -> _Cut:
    """Along the widest gap of those that leave parts even, or else across the longer side."""
    boxes = part.boxes[part.orders[0]]
    sides = boxes[:, 2:].max(axis=0) - boxes[:, :2].min(axis=0)
    first = int(sides[1] > sides[0])
    gaps = [_gap(part, parts, axis) for axis in (first, 1 - first)]
    wide, cut = max(gaps, key=lambda found: found[0])  # the first where alike
    return cut if wide > 0 else _even(part, parts, first)


def _gap(part: _Part, parts: int, axis: int) -> tuple[float, _Cut]:
    """The widest gap across an axis that leaves parts even, in metres; 0 where there is none."""
    order = part.orders[axis]
    end = np.maximum.accumulate(part.boxes[order, 2 + axis])[:-1]
    begin = np.minimum.accumulate(part.boxes[order, axis][::-1])[::-1][1:]
    before = np.cumsum(part.load[order])
    share = before[:-1] / before[-1] * parts
    many = np.clip(np.round(share), 1, parts - 1)
    at = np.arange(1, len(order))
    even = (np.abs(share / many - 1) <= UNEVEN) & (at >= many)
    even &= np.abs((parts - share) / (parts - many) - 1) <= UNEVEN
    even &= len(order) - at >= parts - many
    wide = np.where(even, begin - end, 0.0)
    best = int(np.argmax(wide))
    return float(wide[best]), _Cut(axis=axis, at=best + 1, parts=int(many[best]))


def _even(part: _Part, parts: int, axis: int) -> _Cut:
    """The cut across an axis that is nearest to even, with a village for each part."""
    order = part.orders[axis]
    before = np.cumsum(part.load[order])
    many = parts // 2
    at = int(np.searchsorted(before, before[-1] * many / parts, side="left")) + 1
    return _Cut(axis=axis, at=min(max(at, many), len(order) - parts + many), parts=many)


def _order(boxes: Floats, axis: int) -> Ints:
    """Rows by the middles of their boxes along an axis, where alike along the other."""
    middle = boxes[:, :2] + boxes[:, 2:]
    return np.lexsort((middle[:, 1 - axis], middle[:, axis])).astype(np.int64)

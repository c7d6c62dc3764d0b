"""Exact areas of villages by the combination of layers that serves them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from coverage.errors import CoverageError
from coverage.grid import Grid, Indexed, cell_over, grid_over, index_layers, spread
from coverage.mending import make_valid
from coverage.model import CENTRE_TOLERANCE_M
from coverage.rings import Floats, Geometries, Rings, polygonal, rings_of

MOST_LAYERS = 63
"""A combination is a set of bits in 64."""

VILLAGES_AT_A_TIME = 128
CLOSES_TO = 1e-9
"""The areas of a village's combinations add up to its own, to this part of it."""

Bits = npt.NDArray[np.uint64]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Combinations:
    """Areas (m²) by village and combination, sorted by both; see `coverage.model.Measures`."""

    village: npt.NDArray[np.int32]
    combination: Bits
    area_m2: Floats
    village_area_m2: Floats
    index: Indexed

    def union_m2(self, layers: Bits | int) -> Floats:
        """Area of each village inside the union of the layers whose bits are set."""
        served = (self.combination & np.uint64(layers)) != 0
        weights = np.where(served, self.area_m2, 0.0)
        return sums(self.village, weights, len(self.village_area_m2))

    def centres(self, points: Floats) -> Bits:
        """The layers that serve each point (x, y), the border included within a millimetre."""
        return _near(points, self.index)


def layers_at(footprints: Sequence[Geometries], points: Floats, *, threads: int) -> Bits:
    """The same as `Combinations.centres`, for points (n × 2) alone."""
    if not len(points) or not footprints:
        return np.zeros(len(points), np.uint64)
    areas = [_kept(polygonal(np.asarray(f, dtype=object))) for f in footprints]
    bounds = _bounds(np.concatenate([points.min(axis=0), points.max(axis=0)]), None)
    grid = grid_over(bounds, cell_m=_cell(bounds, len(points), areas))
    return _near(points, index_layers(areas, grid, threads=threads))


def _near(points: Floats, index: Indexed) -> Bits:
    from coverage import kernel

    step, diagonal = CENTRE_TOLERANCE_M, CENTRE_TOLERANCE_M / np.sqrt(2)
    around = [(0.0, 0.0), (step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)]
    around += [(a, b) for a in (diagonal, -diagonal) for b in (diagonal, -diagonal)]
    bits = np.zeros(len(points), np.uint64)
    for shift in around:
        bits |= kernel.points_in(points + shift, index.grid.frame, index.grid.size, index.arrays)
    return bits


def sums(village: npt.NDArray[np.int32], values: Floats, villages: int) -> Floats:
    """Sum of ``values`` for each of ``villages`` villages."""
    return np.bincount(village, weights=values, minlength=villages).astype(np.float64)


def default_threads() -> int:
    """As many as this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def combine(
    villages: Geometries,
    footprints: Sequence[Geometries],
    *,
    centres: Floats | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Combinations:
    """Measure every village against every combination of the layers.

    ``villages``: polygonal geometries, none empty; ``footprints``: those of each layer, of
    any validity, overlapping as they like; ``centres`` only widen the grid. All in one
    projected system, in metres. Raises `CoverageError` for more than 63 layers, for an
    empty village and for coordinates that are not numbers.
    """
    if len(footprints) > MOST_LAYERS:
        raise CoverageError(
            "{found} layers were given, and one study holds at most {most}; leave some out",
            found=len(footprints),
            most=MOST_LAYERS,
        )
    threads = threads or default_threads()
    villages = polygonal(np.asarray(villages, dtype=object))
    areas = [_kept(polygonal(np.asarray(f, dtype=object))) for f in footprints]
    rings = rings_of(villages)
    bounds = _bounds(rings.bounds, centres)
    grid = grid_over(bounds, cell_m=_cell(bounds, len(villages), areas))
    index = index_layers(areas, grid, threads=threads) if areas else no_layers(grid)
    if progress:
        progress(0.5)
    return _measured(villages, rings, index, threads=threads, progress=progress)


def _cell(bounds: Floats, villages: int, areas: Sequence[Geometries]) -> float:
    edges = max((int(shapely.get_num_coordinates(f).sum()) for f in areas), default=0)
    return cell_over(bounds, villages=villages, edges=edges)


def _kept(geometries: Geometries) -> Geometries:
    return geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]


def _bounds(around: Floats, centres: Floats | None) -> Floats:
    """Extent of the villages and their centres, with a little room for the tolerance."""
    low, high = around[:2], around[2:]
    if centres is not None and len(centres):
        low, high = np.minimum(low, centres.min(axis=0)), np.maximum(high, centres.max(axis=0))
    room = 10 * CENTRE_TOLERANCE_M
    return np.concatenate([low - room, high + room])


def no_layers(grid: Grid) -> Indexed:
    """A grid on which nothing is served."""
    cells = grid.columns * grid.rows
    return Indexed(
        grid=grid,
        code=np.zeros((cells, 0), np.int32),
        start=np.zeros(1, np.int64),
        pieces=np.empty((0, 6)),
        area_m2=np.empty(0),
        simple=np.empty(0, bool),
    )


def _measured(
    villages: Geometries,
    rings: Rings,
    index: Indexed,
    *,
    threads: int,
    progress: Progress | None = None,
) -> Combinations:
    """Measure; villages whose parts do not add up to their area are made valid and redone."""
    grid = index.grid
    arrays = (rings.xy, rings.start, rings.sign, rings.first)

    def some(first: int) -> tuple[npt.NDArray[np.int32], Bits, Floats, npt.NDArray[np.bool_]]:
        from coverage import kernel

        chosen = (first, min(first + VILLAGES_AT_A_TIME, len(villages)))
        done = kernel.combine(
            arrays, chosen, grid.frame, grid.size, index.arrays, kernel.UNWEIGHTED
        )
        if progress:
            progress(0.5 + 0.5 * chosen[1] / len(villages))
        return done

    parts = spread(some, range(0, len(villages), VILLAGES_AT_A_TIME), threads=threads)
    village, combination, area = (np.concatenate([p[k] for p in parts]) for k in range(3))
    simple = np.concatenate([p[3] for p in parts])
    own = sums(village, area, len(villages))
    whole = rings.area_m2
    off = ~simple | ~(np.abs(own - whole) <= CLOSES_TO * np.abs(whole))
    if off.any():
        rows = np.flatnonzero(off)
        redone = _repaired(villages[rows], index)
        keep = ~off[village]
        village = np.concatenate([village[keep], rows[redone[0]].astype(np.int32)])
        combination = np.concatenate([combination[keep], redone[1]])
        area = np.concatenate([area[keep], redone[2]])
        order = np.lexsort((combination, village))
        village, combination, area = village[order], combination[order], area[order]
        own = sums(village, area, len(villages))
    return Combinations(
        village=village,
        combination=combination,
        area_m2=area,
        village_area_m2=own,
        index=index,
    )


def _repaired(villages: Geometries, index: Indexed) -> tuple[npt.NDArray[np.int32], Bits, Floats]:
    """The same for villages that are invalid as they stand."""
    from coverage import kernel

    valid = polygonal(make_valid(villages))
    if shapely.is_empty(valid).any():
        raise CoverageError(
            "{count} villages enclose no area once made valid; give them polygons or points",
            count=int(shapely.is_empty(valid).sum()),
        )
    rings = rings_of(valid)
    arrays = (rings.xy, rings.start, rings.sign, rings.first)
    grid = index.grid
    done = kernel.combine(
        arrays, (0, len(valid)), grid.frame, grid.size, index.arrays, kernel.UNWEIGHTED
    )
    return done[0], done[1], done[2]

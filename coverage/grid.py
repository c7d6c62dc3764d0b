"""Layers laid out on one grid of square cells, ready for any number of villages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import shapely

from coverage.mending import MendError, make_valid
from coverage.rings import Floats, Geometries, Ints, rings_of

EDGES_PER_CELL = 1.0
"""Edges of the richest layer for each cell of the grid, roughly."""

LARGEST_GRID = 4_000_000
"""Never more cells than this, whatever the input."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Square cells of ``cell_m`` from a lower left corner, in the study's metres."""

    x: float
    y: float
    cell_m: float
    columns: int
    rows: int

    @property
    def frame(self) -> Floats:
        """Corner and cell size, as the kernel takes them."""
        return np.array([self.x, self.y, self.cell_m])

    @property
    def size(self) -> Ints:
        """Columns and rows."""
        return np.array([self.columns, self.rows])


@dataclass(frozen=True, kw_only=True, eq=False)
class Indexed:
    """Layers on a grid: ``code`` is cells × layers, the rest joins their mixed cells."""

    grid: Grid
    code: npt.NDArray[np.int32]
    start: Ints
    pieces: Floats
    area_m2: Floats
    simple: npt.NDArray[np.bool_]

    @property
    def arrays(self) -> tuple[npt.NDArray[np.int32], Ints, Floats, Floats, npt.NDArray[np.bool_]]:
        """What the kernel takes."""
        return self.code, self.start, self.pieces, self.area_m2, self.simple


def cell_over(bounds: Floats, *, villages: int, edges: int) -> float:
    """Size of the cells for ``villages`` villages within ``bounds`` and up to ``edges`` edges.

    In metres, a power of two: with the grid's corner on a multiple of it, the sides of a cell
    are numbers that a float holds exactly, and the same in every grid of that size. A village
    measured among a few others has then, to the last bit, the areas it has among all.
    """
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    wanted = max(edges / EDGES_PER_CELL, 4 * villages, 1)
    least = max(np.sqrt(width * height / LARGEST_GRID), max(width, height) / 10_000, 1e-3)
    best = max(np.sqrt(width * height / wanted), least)
    return float(2.0 ** max(np.round(np.log2(best)), np.ceil(np.log2(least))))


def grid_over(bounds: Floats, *, cell_m: float) -> Grid:
    """The grid of cells of this size (see `cell_over`) that holds ``bounds``."""
    x, y = (float(np.floor(low / cell_m)) * cell_m for low in bounds[:2])
    return Grid(
        x=x,
        y=y,
        cell_m=cell_m,
        columns=int((bounds[2] - x) // cell_m) + 1,
        rows=int((bounds[3] - y) // cell_m) + 1,
    )


def spread(work: Callable[[T], R], items: Sequence[T], *, threads: int) -> list[R]:
    """Do ``work`` on each item, on our own threads; results in the items' order."""
    if threads == 1 or len(items) == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


@dataclass(frozen=True, kw_only=True, eq=False)
class _One:
    code: npt.NDArray[np.int32]
    start: Ints
    pieces: Floats
    area_m2: Floats
    simple: npt.NDArray[np.bool_]


def _index_one(footprint: Geometries, grid: Grid) -> _One:
    """One layer on the grid. Rows that are invalid in themselves are made valid first.

    GEOS is asked about a row only where the kernel finds a winding other than 0 and 1: of the
    layer where the row is alone in a cell, of each row by itself where several are. Together,
    what one takes away wrongly another would hide. Not noticed: rings of one row that cross
    themselves and whose loops cancel each other to the last point, as a shell and a hole with
    edges in common can.
    """
    from coverage import kernel

    if len(footprint) == 0:
        cells = grid.columns * grid.rows
        return _One(
            code=np.zeros(cells, np.int32),
            start=np.zeros(1, np.int64),
            pieces=np.empty((0, 6)),
            area_m2=np.empty(0),
            simple=np.empty(0, bool),
        )
    rings = rings_of(footprint)
    window = np.array([0, 0, grid.columns, grid.rows])
    arrays = (rings.xy, rings.start, rings.sign, rings.first)
    code, start, pieces, area, owner, wound, shared = kernel.index_layer(arrays, grid.frame, window)
    simple = kernel.simple_cells(start, pieces, area, grid.cell_m)
    rows = np.flatnonzero(wound)
    if not simple.all():
        mixed = np.flatnonzero(code > 0)
        lone = np.zeros(len(simple), bool)
        lone[code[mixed] - 1] = ~shared[mixed]
        suspects = owner[np.repeat(~simple & lone, np.diff(start))]
        rows = np.union1d(rows, np.searchsorted(rings.first, suspects, side="right") - 1)
    repaired = _repaired(footprint, rows)
    if repaired is not footprint:
        return _index_one(repaired, grid)
    return _One(code=code, start=start, pieces=pieces, area_m2=area, simple=simple)


def _repaired(footprint: Geometries, rows: Ints) -> Geometries:
    """The footprint with the invalid ones among ``rows`` made valid, or gone if they are flat."""
    bad = rows[~shapely.is_valid(footprint[rows])]
    if len(bad) == 0:
        return footprint
    repaired = footprint.copy()
    repaired[bad] = make_valid(footprint[bad], rows=bad)
    return repaired[~shapely.is_empty(repaired)]


def index_layers(footprints: Sequence[Geometries], grid: Grid, *, threads: int) -> Indexed:
    """All layers on one grid. ``footprints``: polygons of each layer, at most 63 layers.

    Raises `MendError`, whose ``what`` is the place of the layer.
    """
    from coverage import kernel

    def indexed(k: int) -> _One:
        try:
            return _index_one(footprints[k], grid)
        except MendError as error:
            raise error.of(k) from error

    ones = spread(indexed, range(len(footprints)), threads=threads)
    mixed_before = np.cumsum([0, *(len(one.area_m2) for one in ones)])
    pieces_before = np.cumsum([0, *(len(one.pieces) for one in ones)])
    code = np.empty((grid.columns * grid.rows, len(ones)), np.int32)
    for k, (one, before) in enumerate(zip(ones, mixed_before[:-1], strict=True)):
        kernel.join_codes(one.code, int(before), k, code)
    starts = [one.start[:-1] + before for one, before in zip(ones, pieces_before[:-1], strict=True)]
    return Indexed(
        grid=grid,
        code=code,
        start=np.concatenate([*starts, pieces_before[-1:]]).astype(np.int64),
        pieces=np.concatenate([one.pieces for one in ones]),
        area_m2=np.concatenate([one.area_m2 for one in ones]),
        simple=np.concatenate([one.simple for one in ones]),
    )

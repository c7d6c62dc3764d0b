"""Amounts that come as pixels, spread evenly within each, cut exactly by villages and layers.

The kernel works cell by cell of a square grid. Here its cells *are* the pixels: villages and
footprints are brought to the raster's system and scaled to unit squares, and each cell counts
for the amount in its pixel. So the amount of a village and a combination of layers is
Σ amount(pixel) · area(pixel ∩ village ∩ combination) / area(pixel), exactly, and no pixel is
decided by its centre.

Between two coordinate systems a straight edge is a curve. Edges longer than `STEP_M` get more
corners before they are brought over, and what is left of the bend is below 2 mm where a degree
of longitude and one of latitude are less than 3 : 1 (that is, up to 70° north or south).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from coverage.combinations import no_layers
from coverage.grid import Grid, index_layers, spread
from coverage.mending import make_valid
from coverage.pixels import AmountRaster, PixelGrid, Window
from coverage.rings import Floats, Geometries, polygonal, rings_of
from coverage.transformers import Transformer, transformer

WGS84 = CRS.from_epsg(4326)
STEP_M = 200.0
TILE = (512, 2048)
"""So many rows and columns are looked at at once: wide, as most rasters lie in strips.

Tiles end at multiples of these, or where the villages do. So a village's amounts are the same to
the last bit whichever other villages are measured with it, and a few villages cost little.
"""

VILLAGES_AT_A_TIME = 128

Bits = npt.NDArray[np.uint64]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Spread:
    """Amounts by village and combination of layers, sorted by both, none of them 0."""

    village: npt.NDArray[np.int32]
    combination: Bits
    amount: Floats


def spread_amounts(
    villages: Geometries,
    footprints: Sequence[Geometries],
    source: AmountRaster,
    *,
    crs: CRS,
    threads: int,
    tile: tuple[int, int] = TILE,
    progress: Progress | None = None,
) -> Spread:
    """The amount of every village by the combination of layers that serves it.

    ``villages`` (valid polygons) and ``footprints`` (of any validity) are in ``crs``. What lies
    outside the raster has nothing. The raster is read in windows of ``tile`` (rows, columns),
    and none is read in which there is no village; memory does not grow with it.
    """
    grid = source.grid
    places = _on_pixels(villages, crs, grid)
    areas = [_on_pixels(_kept(footprint), crs, grid) for footprint in footprints]
    boxes, around = _boxes(places), [_boxes(area) for area in areas]
    tiles = list(_tiles(boxes, grid, tile))
    found = []
    for k, window in enumerate(tiles):
        cells = _cells(window, grid)
        here = np.flatnonzero(_meets(boxes, cells))
        amounts = source.amounts(window) if len(here) else np.zeros((0, 0))
        if amounts.any():
            near = [area[_meets(box, cells)] for area, box in zip(areas, around, strict=True)]
            found.append(_in_tile(places[here], here, near, cells, amounts, threads=threads))
        if progress:
            progress((k + 1) / len(tiles))
    return added_up(found)


def added_up(parts: Sequence[tuple[npt.NDArray[np.int32], Bits, Floats]]) -> Spread:
    """Parallel villages, combinations and amounts, in any order, as one table."""
    empty = (np.empty(0, np.int32), np.empty(0, np.uint64), np.empty(0))
    village, bits, amount = (np.concatenate([p[k] for p in [*parts, empty]]) for k in range(3))
    order = np.lexsort((amount, bits, village))
    village, bits, amount = village[order], bits[order], amount[order]
    first = np.ones(len(village), bool)
    first[1:] = (np.diff(village) != 0) | (bits[1:] != bits[:-1])
    if len(amount):
        amount = np.add.reduceat(amount, np.flatnonzero(first))
    some = amount > 0.0
    return Spread(
        village=village[first][some].astype(np.int32),
        combination=bits[first][some],
        amount=amount[some],
    )


def _kept(geometries: Geometries) -> Geometries:
    geometries = polygonal(np.asarray(geometries, dtype=object))
    return geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]


def _on_pixels(geometries: Geometries, crs: CRS, grid: PixelGrid) -> Geometries:
    """Polygons in units of pixels, x to the east from the raster's west, y up from its south."""
    ways = _ways(crs, CRS.from_wkt(grid.crs))
    if ways:
        geometries = shapely.segmentize(geometries, STEP_M)

    def scaled(xy: Floats) -> Floats:
        x, y = xy[:, 0], xy[:, 1]
        for way in ways:
            x, y = way.transform(x, y)
        right, down = (x - grid.x) / grid.step_x, (grid.y - y) / grid.step_y
        return np.column_stack([right, grid.height - down])

    out: Geometries = shapely.transform(geometries, scaled)
    return out


def _ways(crs: CRS, own: CRS) -> list[Transformer]:
    """The steps from one system to another: none, one, or two where neither is on WGS 84."""
    if own.equals(crs, ignore_axis_order=True):
        return []
    direct = WGS84 in (crs.geodetic_crs, own.geodetic_crs) or crs.datum == own.datum
    steps = [crs, own] if direct else [crs, WGS84, own]
    return [transformer(a, b) for a, b in itertools.pairwise(steps)]


def _boxes(geometries: Geometries) -> Floats:
    """Bounds of each (x0, y0, x1, y1), holes that lie outside their shells included."""
    if len(geometries) == 0:
        return np.empty((0, 4))
    xy, of = shapely.get_coordinates(geometries, return_index=True)
    begin = np.flatnonzero(np.diff(of, prepend=-1))
    low, high = np.minimum.reduceat(xy, begin), np.maximum.reduceat(xy, begin)
    return np.concatenate([low, high], axis=1)


def _tiles(boxes: Floats, grid: PixelGrid, tile: tuple[int, int]) -> Iterator[Window]:
    """Windows that together hold all pixels of the raster around the villages, and few others."""
    rows, columns = tile
    size = (grid.width, grid.height)
    low = np.clip(np.floor(boxes[:, :2].min(axis=0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(boxes[:, 2:].max(axis=0)) + 1, 0, size).astype(int)
    left, right = int(low[0]), int(high[0])
    top, bottom = grid.height - int(high[1]), grid.height - int(low[1])
    for row in range(top // rows * rows, bottom, rows):
        for column in range(left // columns * columns, right, columns):
            first, start = max(row, top), max(column, left)
            yield (
                first,
                start,
                min(row + rows, bottom) - first,
                min(column + columns, right) - start,
            )


def _cells(window: Window, grid: PixelGrid) -> Grid:
    """A window as a grid of the kernel, whose rows run northwards."""
    row, column, rows, columns = window
    low = grid.height - row - rows
    return Grid(x=float(column), y=float(low), cell_m=1.0, columns=columns, rows=rows)


def _meets(boxes: Floats, tile: Grid) -> npt.NDArray[np.bool_]:
    inside = (boxes[:, 2] > tile.x) & (boxes[:, 0] < tile.x + tile.columns)
    found: npt.NDArray[np.bool_] = (
        inside & (boxes[:, 3] > tile.y) & (boxes[:, 1] < tile.y + tile.rows)
    )
    return found


def _in_tile(
    villages: Geometries,
    rows: npt.NDArray[np.intp],
    footprints: Sequence[Geometries],
    tile: Grid,
    amounts: npt.NDArray[np.floating],
    *,
    threads: int,
) -> tuple[npt.NDArray[np.int32], Bits, Floats]:
    """Rows of the villages, combinations and amounts of one window."""
    weights = np.ascontiguousarray(amounts[::-1].T, dtype=np.float64).ravel()
    rings = rings_of(villages)
    arrays = (rings.xy, rings.start, rings.sign, rings.first)
    index = index_layers(footprints, tile, threads=threads) if footprints else no_layers(tile)

    def some(first: int) -> tuple[npt.NDArray[np.int32], Bits, Floats]:
        from coverage import kernel

        chosen = (first, min(first + VILLAGES_AT_A_TIME, len(villages)))
        done = kernel.combine(arrays, chosen, tile.frame, tile.size, index.arrays, weights)
        return done[0], done[1], done[2]

    parts = spread(some, range(0, len(villages), VILLAGES_AT_A_TIME), threads=threads)
    village, bits, amount = (np.concatenate([p[k] for p in parts]) for k in range(3))
    return rows[village].astype(np.int32), bits, amount


def valid_villages(villages: Geometries) -> Geometries:
    """The villages' polygons with the invalid ones made valid, as measuring areas does."""
    villages = polygonal(np.asarray(villages, dtype=object))
    bad = ~shapely.is_valid(villages)
    if bad.any():
        villages = villages.copy()
        villages[bad] = polygonal(make_valid(villages[bad]))
    return villages

"""How much of every pixel lies in every village: exact, found once for a grid."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from coverage.errors import CoverageError
from coverage.grid import spread
from coverage.mending import make_valid
from coverage.pixels import PixelGrid, Window
from coverage.places import from_pixels, grid_key, in_pixels, moved, system
from coverage.rings import Floats, Geometries, Ints, polygonal, rings_of

WEIGHTS = 1
"""Goes up with every change that may alter a weight, so that kept ones are found anew."""

AT_ONCE = 64
MOST_CELLS, MOST_PIECES = 2**20, 512
FINE_M = 250.0
"""Edges are cut to this before they go to another system.

A straight edge of 250 m is curved there by less than a millimetre.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class PixelWeights:
    """The pixels of every village on one grid.

    Village ``v`` has the whole pixels ``runs[run_first[v]:run_first[v + 1]]`` (int32: row, first
    column, end) and those at its edge ``edges[edge_first[v]:edge_first[v + 1]]`` (int32: row,
    column), of each of which the ``part`` (0 to 1) lies in it. ``total`` is the village in
    pixels, ``outside`` what of that lies off the grid. ``boxes`` (row, column, end row, end
    column) holds all of its pixels, if not much more.

    The area of a pixel is 1 + ``slope`` · (row, column from ``middle``): it is told in pixels
    of the village's middle, and its slope is zero on a grid in the study's own system.
    """

    run_first: Ints
    runs: npt.NDArray[np.int32]
    edge_first: Ints
    edges: npt.NDArray[np.int32]
    part: Floats
    total: Floats
    outside: Floats
    boxes: npt.NDArray[np.int32]
    middle: Floats
    slope: Floats

    @property
    def box(self) -> Window | None:
        """The window that holds all pixels of all villages, None where there are none."""
        there = self.boxes[(self.boxes[:, 2:] > self.boxes[:, :2]).all(axis=1)]
        if not len(there):
            return None
        (top, left), (bottom, right) = there[:, :2].min(axis=0), there[:, 2:].max(axis=0)
        return int(top), int(left), int(bottom - top), int(right - left)


class WeightsCache(Protocol):
    """Where pixel weights are kept between runs."""

    def load(self, key: str) -> PixelWeights | None:
        """Those of a key, None where they are not kept."""

    def keep(self, key: str, weights: PixelWeights) -> None:
        """Keep those of a key."""


def weights_key(villages: Geometries, grid: PixelGrid, crs: pyproj.CRS) -> str:
    """A key of all that pixel weights depend on."""
    digest = hashlib.sha256(f"weights {WEIGHTS} {grid_key(grid)} {crs.to_wkt()}".encode())
    shell = shapely.get_geometry(villages, 0)
    alone = shapely.get_type_id(shell) == shapely.GeometryType.POLYGON
    alone &= shapely.get_num_geometries(villages) == 1
    alone &= shapely.get_num_interior_rings(shell) == 0
    # one ring is told by its points, in half the time that WKB takes
    digest.update(np.where(alone, shapely.get_num_coordinates(villages), -1).tobytes())
    digest.update(shapely.get_coordinates(shell[alone]).tobytes())
    for wkb in shapely.to_wkb(villages[~alone]):
        digest.update(b"-" if wkb is None else wkb)
    return digest.hexdigest()[:24]


def kept_weights(
    villages: Geometries,
    grid: PixelGrid,
    crs: pyproj.CRS,
    *,
    threads: int,
    cache: WeightsCache | None = None,
) -> PixelWeights:
    """`pixel_weights`, from the cache where it has them, and kept there else."""
    if cache is None:
        return pixel_weights(villages, grid, crs, threads=threads)
    key = weights_key(villages, grid, crs)
    found = cache.load(key)
    if found is None:
        found = pixel_weights(villages, grid, crs, threads=threads)
        cache.keep(key, found)
    return found


def pixel_weights(
    villages: Geometries, grid: PixelGrid, crs: pyproj.CRS, *, threads: int = 1
) -> PixelWeights:
    """The exact pixels of villages, polygons in ``crs``, on any grid.

    On a grid in another system the edges are moved point by point, cut to 250 m first (less
    than a millimetre off), and the area of a pixel is taken to change evenly across a village and
    not at all within itself: together off by less than 1e-6 of a share where pixels are up to
    300 m wide and villages up to 10 km, 3e-6 at 20 km. Invalid villages are made valid
    first. Raises `CoverageError` for a village without area, or without a place on the grid's
    system.
    """
    villages = polygonal(np.asarray(villages, dtype=object))
    found = _laid(villages, grid, crs, threads=threads)
    doubtful = np.flatnonzero(~found.sure)
    bad = doubtful[~shapely.is_valid(villages[doubtful])]
    if len(bad):
        villages = villages.copy()
        villages[bad] = polygonal(make_valid(villages[bad]))
        found = _laid(villages, grid, crs, threads=threads)
    return _weighed(found, villages, grid, crs)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Laid:
    """Villages laid out on pixels; ``bounds`` are theirs, in pixels from the upper left."""

    runs: npt.NDArray[np.int32]
    edges: npt.NDArray[np.int32]
    part: Floats
    counts: Ints
    sure: npt.NDArray[np.bool_]
    total: Floats
    bounds: Floats


def _laid(villages: Geometries, grid: PixelGrid, crs: pyproj.CRS, *, threads: int) -> _Laid:
    own = system(grid.crs)
    if shapely.is_empty(villages).any():
        raise CoverageError(
            "{count} villages enclose no area once made valid; give them polygons or points",
            count=int(shapely.is_empty(villages).sum()),
        )
    if own != crs:
        fine = shapely.segmentize(villages, FINE_M)
        villages = shapely.transform(fine, lambda xy: moved(xy, crs, own))
    flipped = shapely.transform(villages, lambda xy: _upwards(xy, grid))
    rings = rings_of(flipped)
    arrays = (rings.xy, rings.start, rings.sign, rings.first)
    size = np.array([grid.width, grid.height])

    def some(first: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats, Ints,
                                  npt.NDArray[np.bool_]]:  # fmt: skip
        from coverage import kernel

        chosen = (first, min(first + AT_ONCE, len(villages)))
        return kernel.pixel_parts(arrays, chosen, size, (MOST_CELLS, MOST_PIECES))

    done = spread(some, range(0, len(villages), AT_ONCE), threads=threads)
    runs, edges, part, counts, sure = (np.concatenate([d[k] for d in done]) for k in range(5))
    x0, y0, x1, y1 = shapely.bounds(flipped).T
    return _Laid(
        runs=runs,
        edges=edges,
        part=part,
        counts=counts,
        sure=sure,
        total=np.maximum(rings.area_m2, 0.0),
        bounds=np.column_stack([x0, grid.height - y1, x1, grid.height - y0]),
    )


def _upwards(xy: Floats, grid: PixelGrid) -> Floats:
    """Places in pixels from the lower left corner, as the kernel counts."""
    places = in_pixels(xy, grid)
    places[:, 1] = grid.height - places[:, 1]
    return places


def _weighed(found: _Laid, villages: Geometries, grid: PixelGrid, crs: pyproj.CRS) -> PixelWeights:
    first = np.concatenate([np.zeros((1, 2), np.int64), np.cumsum(found.counts, axis=0)])
    run_first, edge_first = np.ascontiguousarray(first[:, 0]), np.ascontiguousarray(first[:, 1])
    size = np.array([grid.width, grid.height])
    x0, y0, x1, y1 = found.bounds.T
    inside = (x0 >= 0) & (y0 >= 0) & (x1 <= size[0]) & (y1 <= size[1])
    middle = np.column_stack([(y0 + y1) / 2, (x0 + x1) / 2])
    slope = np.zeros((len(villages), 2))
    held = _held(found, run_first, edge_first, middle, slope)
    total = found.total
    if system(grid.crs) != crs:
        slope, pixel = _slope(found.bounds, grid, crs)
        held = _held(found, run_first, edge_first, middle, slope)
        total = shapely.area(villages) / pixel
    total = np.where(inside, held, np.maximum(total, held))
    ends = np.column_stack([y0, x0, y1, x1])
    # a pixel more on each side, since a border on a pixel's edge may round to either
    low = np.clip(np.floor(ends[:, :2]) - 1, 0, size[::-1])
    high = np.clip(np.ceil(ends[:, 2:]) + 1, low, size[::-1])
    return PixelWeights(
        run_first=run_first,
        runs=found.runs,
        edge_first=edge_first,
        edges=found.edges,
        part=found.part,
        total=total,
        outside=total - held,
        boxes=np.column_stack([low, high]).astype(np.int32),
        middle=middle,
        slope=slope,
    )


def _held(found: _Laid, run_first: Ints, edge_first: Ints, middle: Floats, slope: Floats) -> Floats:
    """Pixels of each village that lie on the grid, in those of its middle."""
    out = np.zeros(len(middle))
    runs, edges = found.runs.astype(np.float64), found.edges.astype(np.float64)
    length, across = runs[:, 2] - runs[:, 1], (runs[:, 2] + runs[:, 1]) / 2
    for first, row, column, part in (
        (run_first, runs[:, 0] + 0.5, across, length),
        (edge_first, edges[:, 0] + 0.5, edges[:, 1] + 0.5, found.part),
    ):
        of = np.repeat(np.arange(len(out)), np.diff(first))
        bend = slope[of, 0] * (row - middle[of, 0]) + slope[of, 1] * (column - middle[of, 1])
        out += np.bincount(of, weights=part * (1 + bend), minlength=len(out))
    return out


def _slope(bounds: Floats, grid: PixelGrid, crs: pyproj.CRS) -> tuple[Floats, Floats]:
    """How the area of a pixel in ``crs`` changes a row and a column farther, and what it is."""
    x0, y0, x1, y1 = bounds.T
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    across, down = np.maximum((x1 - x0) / 4, 1.0), np.maximum((y1 - y0) / 4, 1.0)
    around = ((-1, 0), (1, 0), (0, 0), (0, -1), (0, 1))
    places = [np.column_stack([x + i * across, y + j * down]) for i, j in around]
    west, east, middle, north, south = np.split(_pixel_area(np.concatenate(places), grid, crs), 5)
    per_row = (south - north) / (2 * down * middle)
    per_column = (east - west) / (2 * across * middle)
    return np.column_stack([per_row, per_column]), middle


def _pixel_area(places: Floats, grid: PixelGrid, crs: pyproj.CRS) -> Floats:
    """Area in ``crs`` of a pixel around each place (in pixels)."""
    steps = ((1, 0), (-1, 0), (0, 1), (0, -1))
    # at once: to find the way from one system to another takes longer than to go it
    every = from_pixels(np.concatenate([places + step for step in steps]), grid)
    ends = np.split(moved(every, system(grid.crs), crs), 4)
    east, north = (ends[0] - ends[1]) / 2, (ends[2] - ends[3]) / 2
    return np.abs(east[:, 0] * north[:, 1] - east[:, 1] * north[:, 0])

"""Pixel weights (how much of each pixel lies in each village): ours, `exactextract`, `geohalo`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import geopandas as gpd
import numpy as np
import pyproj
from scipy.sparse import csr_array

from bench.rasters import grid_over
from bench.spatial_sql import is_there
from coverage.pixels import PixelGrid
from coverage.weights import pixel_weights

PIXEL_M = 100.0
THREADS = 2

Weights = csr_array
Way = Callable[[gpd.GeoDataFrame, PixelGrid], object]


def ours(villages: gpd.GeoDataFrame, grid: PixelGrid) -> object:
    """On two threads."""
    crs = pyproj.CRS.from_user_input(villages.crs)
    return pixel_weights(villages.geometry.to_numpy(), grid, crs, threads=THREADS)


def by_exactextract(villages: gpd.GeoDataFrame, grid: PixelGrid) -> object:
    """One thread: it offers no more."""
    from exactextract import exact_extract  # noqa: PLC0415  # a peer that need not be there
    from exactextract.raster import NumPyRasterSource  # noqa: PLC0415  # the same

    x1, y0 = grid.x + grid.step_x * grid.width, grid.y - grid.step_y * grid.height
    nothing = np.zeros((grid.height, grid.width))
    source = NumPyRasterSource(nothing, grid.x, y0, x1, grid.y, srs_wkt=grid.crs)
    return exact_extract(source, villages[["geometry"]], ["cell_id", "coverage"], output="pandas")


def by_geohalo(villages: gpd.GeoDataFrame, grid: PixelGrid) -> object:
    """One thread. It speaks of degrees, but is as exact in metres where pixels are of one size."""
    from geohalo import Stencil  # noqa: PLC0415  # a peer that need not be there

    y = grid.y - (np.arange(grid.height) + 0.5) * grid.step_y
    x = grid.x + (np.arange(grid.width) + 0.5) * grid.step_x
    shapes = gpd.GeoSeries(villages.geometry.to_numpy())
    return Stencil.compute(y, x, shapes, spherical_correction=False)


def _ours_as_matrix(found: object, grid: PixelGrid) -> Weights:
    """Villages × pixels, by rows from the top."""
    row, first, end = found.runs.T.astype(np.int64)  # type: ignore[attr-defined]  # PixelWeights
    length = end - first
    start = np.repeat(np.cumsum(length) - length, length)
    whole = np.repeat(row * grid.width + first, length) + np.arange(length.sum()) - start
    edge = found.edges.astype(np.int64) @ np.array([grid.width, 1])  # type: ignore[attr-defined]  # the same
    runs = np.repeat(np.arange(len(found.total)), np.diff(found.run_first))  # type: ignore[attr-defined]  # the same
    village = np.concatenate([
        np.repeat(runs, length),
        np.repeat(np.arange(len(found.total)), np.diff(found.edge_first)),  # type: ignore[attr-defined]  # the same
    ])  # fmt: skip
    part = np.concatenate([np.ones(len(whole)), found.part])  # type: ignore[attr-defined]  # the same
    pixel = np.concatenate([whole, edge])
    return csr_array((part, (village, pixel)), shape=(len(found.total), grid.width * grid.height))  # type: ignore[attr-defined]  # the same


def _extract_as_matrix(found: object, grid: PixelGrid) -> Weights:
    cells, parts = found["cell_id"], found["coverage"]  # type: ignore[index]  # a table
    village = np.repeat(np.arange(len(cells)), [len(one) for one in cells])
    shape = (len(cells), grid.width * grid.height)
    return csr_array((np.concatenate(parts), (village, np.concatenate(cells))), shape=shape)


def _halo_as_matrix(found: object, grid: PixelGrid) -> Weights:
    held = found.occupancy_matrix.tocoo()  # type: ignore[attr-defined]  # a Stencil
    row, column = np.divmod(held.col, grid.width)
    pixel = (grid.height - 1 - row) * grid.width + column
    return csr_array((held.data, (held.row, pixel)), shape=held.shape)


WAYS: Mapping[str, tuple[Way, Callable[[object, PixelGrid], Weights]]] = {
    "exactextract": (by_exactextract, _extract_as_matrix),
    "geohalo": (by_geohalo, _halo_as_matrix),
}


def _timed(way: Callable[[], object], repeats: int) -> tuple[float, float, object]:
    """Median seconds and processor seconds of some runs, and what the last one found."""
    wall, used, found = [], [], None
    for _ in range(repeats):
        began, before = time.perf_counter(), time.process_time()
        found = way()
        wall.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
    return statistics.median(wall), statistics.median(used), found


def table(villages: gpd.GeoDataFrame, repeats: int = 3) -> str:
    """The comparison as Markdown."""
    grid = grid_over(villages, PIXEL_M)
    ours(villages.iloc[:9], grid)
    wall, used, found = _timed(lambda: ours(villages, grid), repeats)
    mine = _ours_as_matrix(found, grid)
    lines = [
        (
            f"{len(villages):,} villages on {grid.width:,} × {grid.height:,} pixels of "
            f"{PIXEL_M:.0f} m, {mine.nnz:,} weights; medians of {repeats} runs, ours on {THREADS} "
            "threads, the others on the one that they use. The difference is of one pixel's part."
        ),
        "",
        "| way | seconds | times ours | processor s | times ours | largest difference |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        f"| **coverage.weights** | {wall:.2f} | 1 | {used:.2f} | 1 | – |",
    ]
    for name, (way, as_matrix) in WAYS.items():
        if not is_there(name):
            lines.append(f"| `{name}` | not installed | | | | |")
            continue
        took, theirs, got = _timed(lambda way=way: way(villages, grid), repeats)
        off = abs(as_matrix(got, grid) - mine).max()
        lines.append(
            f"| `{name}` | {took:.2f} | {took / wall:.1f} | {theirs:.2f} | {theirs / used:.1f} "
            f"| {off:.0e} |"
        )
    return "\n".join(lines)

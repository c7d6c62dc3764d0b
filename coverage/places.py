"""Where the pixels of a grid lie, in their own system and in another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import ProjError

from coverage.errors import CoverageError
from coverage.pixels import PixelGrid, Window
from coverage.rings import Floats, Ints
from coverage.transformers import transformer

WGS84 = pyproj.CRS.from_epsg(4326)

STEP = 16
"""Between pixels of two systems every sixteenth place is computed and the rest interpolated.

Across 16 pixels of 100 m the earth bends by 2 cm.
"""

ALIGNED = 256
"""Tiles begin where the blocks of tiled rasters do."""

ALIKE = 1e-8
"""Pixels apart by no more than this part of one are the same: some micrometres."""

Tile = Window


def grid_key(grid: PixelGrid) -> str:
    """A short name of a grid, the same for the same pixels."""
    own = (grid.crs, grid.x, grid.y, grid.step_x, grid.step_y, grid.width, grid.height)
    return hashlib.sha256(repr(own).encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def system(told: str) -> pyproj.CRS:
    """The system of a grid. Kept, since reading it costs more than a look-up of all villages."""
    return pyproj.CRS.from_user_input(told)


def moved(xy: Floats, source: pyproj.CRS, target: pyproj.CRS) -> Floats:
    """Points (n × 2) in another system, by way of WGS 84, whose shifts are the known ones.

    Raises `CoverageError` where some have no place in it.
    """
    if source == target or not len(xy):
        return xy
    x, y = xy[:, 0], xy[:, 1]
    try:
        for a, b in ((source, WGS84), (WGS84, target)):
            if a != b:
                x, y = transformer(a, b).transform(x, y)
    except ProjError as error:
        raise _no_way(source, target) from error
    out = np.column_stack([x, y])
    if not np.isfinite(out).all():
        raise _no_way(source, target)
    return out


def _no_way(source: pyproj.CRS, target: pyproj.CRS) -> CoverageError:
    return CoverageError(
        "places in {source} have no counterpart in {target}; check the raster's coordinate system",
        source=source.name,
        target=target.name,
    )


def in_pixels(xy: Floats, grid: PixelGrid) -> Floats:
    """Points in the grid's system as (column, row), with fractions, from its upper left corner."""
    return np.column_stack([(xy[:, 0] - grid.x) / grid.step_x, (grid.y - xy[:, 1]) / grid.step_y])


def from_pixels(places: Floats, grid: PixelGrid) -> Floats:
    """The reverse of `in_pixels`."""
    x = grid.x + places[:, 0] * grid.step_x
    return np.column_stack([x, grid.y - places[:, 1] * grid.step_y])


def pixels_of(places: Floats, grid: PixelGrid) -> Ints:
    """Row and column (n × 2) of the pixels that places in pixels lie in, −1 outside the grid."""
    inside = (places >= 0).all(axis=1) & (places < (grid.width, grid.height)).all(axis=1)
    out = np.full(places.shape, -1, np.int64)
    out[inside] = np.floor(places[inside][:, ::-1]).astype(np.int64)
    return out


def counterparts(tile: Tile, own: PixelGrid, other: PixelGrid) -> tuple[Ints, Ints]:
    """For each pixel of a tile the row and column of ``other`` that its centre lies in.

    Two arrays that broadcast to rows × columns; −1 where it lies outside.
    """
    top, left, rows, columns = tile
    if system(own.crs) == system(other.crs):
        y = own.y - (np.arange(top, top + rows) + 0.5) * own.step_y
        x = own.x + (np.arange(left, left + columns) + 0.5) * own.step_x
        row = np.floor((other.y - y) / other.step_y)
        column = np.floor((x - other.x) / other.step_x)
    else:
        column, row = _interpolated(tile, own, other)
        row, column = np.floor(row), np.floor(column)
    row = np.where((row >= 0) & (row < other.height), row, -1).astype(np.int64)
    column = np.where((column >= 0) & (column < other.width), column, -1).astype(np.int64)
    return (row, column) if row.ndim == 2 else (row[:, None], column[None, :])


def _interpolated(tile: Tile, own: PixelGrid, other: PixelGrid) -> tuple[Floats, Floats]:
    """Columns and rows of ``other``, with fractions, for the pixel centres of a tile."""
    top, left, rows, columns = tile
    r, c = _nodes(top, rows, own.height), _nodes(left, columns, own.width)
    at_c, at_r = np.meshgrid(c + 0.5, r + 0.5)
    xy = from_pixels(np.column_stack([at_c.ravel(), at_r.ravel()]), own)
    there = in_pixels(moved(xy, system(own.crs), system(other.crs)), other)
    found = []
    for k in (0, 1):
        known = there[:, k].reshape(at_c.shape)
        across = _filled(known, c, left, columns)
        found.append(_filled(across.T, r, top, rows).T)
    return found[0], found[1]


def _nodes(first: int, count: int, size: int) -> npt.NDArray[np.int64]:
    """The places that are computed for ``count`` pixels of a row of ``size`` from the first on.

    They stand still on the grid, so that a pixel has one counterpart whatever tile it is in.
    """
    every = np.arange(first // STEP * STEP, first + count - 1 + STEP, STEP)
    return np.unique(np.minimum(every, size - 1))


def _filled(known: Floats, nodes: npt.NDArray[np.int64], first: int, count: int) -> Floats:
    """Values between nodes along the last axis, linearly, at ``count`` places from the first on."""
    if len(nodes) == 1:
        return np.repeat(known, count, axis=1)
    at = np.arange(first, first + count)
    k = np.clip(np.searchsorted(nodes, at, side="right") - 1, 0, len(nodes) - 2)
    t = (at - nodes[k]) / (nodes[k + 1] - nodes[k])
    return known[:, k] * (1 - t) + known[:, k + 1] * t


def place_in(own: PixelGrid, other: PixelGrid) -> tuple[int, int] | None:
    """Row and column in ``own`` of the first pixel of ``other``, whose pixels are all in it too.

    None where ``other`` has pixels of its own, apart by more than `ALIKE` of one.
    """
    row, column = (own.y - other.y) / own.step_y, (other.x - own.x) / own.step_x
    drift = max(
        abs(row - round(row)) + abs(other.step_y / own.step_y - 1) * other.height,
        abs(column - round(column)) + abs(other.step_x / own.step_x - 1) * other.width,
    )
    top, left = round(row), round(column)
    inside = top >= 0 and left >= 0
    inside &= top + other.height <= own.height and left + other.width <= own.width
    alike = drift <= ALIKE and inside and system(own.crs) == system(other.crs)
    return (top, left) if alike else None


def tiles(box: Window, most: int) -> Iterator[Tile]:
    """Cut a window into tiles of at most ``most`` pixels: whole rows where these fit."""
    top, left, rows, columns = box
    wide = columns if columns <= most else _even(most)
    high = rows if rows * wide <= most else _even(max(1, most // wide))
    for r in range(top, top + rows, high):
        for c in range(left, left + columns, wide):
            yield r, c, min(high, top + rows - r), min(wide, left + columns - c)


def _even(count: int) -> int:
    return count // ALIGNED * ALIGNED if count > ALIGNED else count

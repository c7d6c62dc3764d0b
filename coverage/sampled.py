"""Levels of signal layers where they are asked for: in the pixels of any grid, and at points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyproj

from coverage.errors import CoverageError
from coverage.pixels import LEVELS, UNSAID, AmountRaster, PixelGrid, SignalLayer, Window
from coverage.places import (
    counterparts,
    from_pixels,
    in_pixels,
    moved,
    pixels_of,
    place_in,
    system,
    tiles,
)
from coverage.rings import Floats, Ints

Bytes = npt.NDArray[np.uint8]


def read_levels(layer: SignalLayer, window: Window) -> Bytes:
    """The levels of a window. Raises `CoverageError` for what a reader must not give."""
    found = layer.levels(window)
    if found.shape != (window[2], window[3]) or found.dtype != np.uint8:
        raise CoverageError(
            "layer {layer} gave {found} where {rows} × {columns} levels were asked for; mend its "
            "reader",
            layer=layer.info.title,
            found=f"{found.dtype} {found.shape}",
            rows=window[2],
            columns=window[3],
        )
    if found.max(initial=0) >= LEVELS:
        raise CoverageError(
            "layer {layer} gave level {level}, and the highest is {most}; mend its reader",
            layer=layer.info.title,
            level=int(found.max()),
            most=LEVELS - 1,
        )
    return found


def levels_in(
    layers: Sequence[SignalLayer], grid: PixelGrid, tile: Window, *, more: int = 0
) -> Bytes:
    """Levels of layers (layers × rows × columns) in a tile of a grid, and room for ``more``.

    A layer on another grid has there the level of its pixel that the tile's pixel's centre
    lies in, `UNSAID` where it has none.
    """
    out = np.empty((len(layers) + more, tile[2], tile[3]), np.uint8)
    places: dict[PixelGrid, tuple[Ints, Ints]] = {}
    for k, layer in enumerate(layers):
        if layer.grid == grid:
            out[k] = read_levels(layer, tile)
            continue
        if layer.grid not in places:
            places[layer.grid] = counterparts(tile, grid, layer.grid)
        out[k] = _picked(layer, *places[layer.grid])
    return out


def _picked(layer: SignalLayer, row: Ints, column: Ints) -> Bytes:
    """Levels of a layer at rows and columns that broadcast; `UNSAID` where one is −1."""
    there_row, there_column = row >= 0, column >= 0
    if not there_row.any() or not there_column.any():
        return np.full(np.broadcast_shapes(row.shape, column.shape), UNSAID, np.uint8)
    top, left = int(row[there_row].min()), int(column[there_column].min())
    window = (
        top,
        left,
        int(row.max()) - top + 1,
        int(column.max()) - left + 1,
    )
    held = read_levels(layer, window)
    out = held[np.where(there_row, row - top, 0), np.where(there_column, column - left, 0)]
    out[np.broadcast_to(~(there_row & there_column), out.shape)] = UNSAID
    return out


def finer(own: PixelGrid, other: PixelGrid) -> float:
    """So many pixels of ``other`` lie in a pixel of ``own``, in the middle of it."""
    middle = np.array([[own.width / 2, own.height / 2]])
    ends = np.concatenate([middle, middle + np.eye(2)])
    xy = moved(from_pixels(ends, own), system(own.crs), system(other.crs))
    places = in_pixels(xy, other)
    (a, b), (c, d) = places[1] - places[0], places[2] - places[0]
    return float(abs(a * d - b * c))


def laid_on(grids: Sequence[PixelGrid], raster: AmountRaster) -> AmountRaster:
    """The raster as one on the first of the grids that has all of its pixels; else as it is.

    People are told around the villages alone: a part of the pixels that signals have.
    """
    for grid in grids:
        place = place_in(grid, raster.grid)
        if place is not None:
            return replace(raster, grid=grid, amounts=partial(_amounts_at, raster, place))
    return raster


def _amounts_at(
    raster: AmountRaster, place: tuple[int, int], window: Window
) -> npt.NDArray[np.float64] | npt.NDArray[np.float32]:
    """Amounts of a window of a grid in which the raster begins at a place; nothing around it."""
    row, column, rows, columns = window
    top, left = max(row - place[0], 0), max(column - place[1], 0)
    bottom = min(row - place[0] + rows, raster.grid.height)
    right = min(column - place[1] + columns, raster.grid.width)
    if bottom <= top or right <= left:
        return np.zeros((rows, columns), np.float32)
    found = raster.amounts((top, left, bottom - top, right - left))
    if found.shape != (bottom - top, right - left) or found.shape == (rows, columns):
        return found  # as asked for, or what is refused by who asked
    out = np.zeros((rows, columns), found.dtype)
    at_row, at_column = top + place[0] - row, left + place[1] - column
    out[at_row : at_row + bottom - top, at_column : at_column + right - left] = found
    return out


class Probe:
    """Points looked up in a layer while it is read for something else, so that it is read once.

    ``layer`` is the layer, to be read instead of the one that was given.
    """

    def __init__(self, layer: SignalLayer, pixels: Ints) -> None:
        """``pixels``: rows and columns (n × 2) in the layer's grid, −1 for what is off it."""
        self._given, self._pixels = layer, pixels
        self._level = np.full(len(pixels), UNSAID, np.uint8)
        self._open = np.flatnonzero(pixels[:, 0] >= 0)
        self.layer = replace(layer, levels=self._read)

    def _read(self, window: Window) -> Bytes:
        found = self._given.levels(window)
        if len(self._open) and found.shape == window[2:]:
            at = self._pixels[self._open] - window[:2]
            here = ((at >= 0) & (at < window[2:])).all(axis=1)
            self._level[self._open[here]] = found[at[here, 0], at[here, 1]]
            self._open = self._open[~here]
        return found

    def levels(self, most_pixels: int) -> Bytes:
        """The level at each point, `UNSAID` off the grid.

        What was not met so far is read now, in tiles of ``most_pixels``.
        """
        if len(self._open):
            rest = self._pixels[self._open]
            (top, left), (bottom, right) = rest.min(axis=0), rest.max(axis=0) + 1
            box = (int(top), int(left), int(bottom - top), int(right - left))
            for tile in tiles(box, most_pixels):
                at = self._pixels[self._open] - tile[:2]
                if ((at >= 0) & (at < tile[2:])).all(axis=1).any():
                    read_levels(self.layer, tile)
        return self._level


def probes(layers: Sequence[SignalLayer], xy: Floats, crs: pyproj.CRS) -> list[Probe]:
    """The layers, each to be asked for its levels at points (n × 2) in ``crs``.

    A point whose coordinate is NaN lies in no pixel.
    """
    known = np.isfinite(xy).all(axis=1)
    pixels: dict[PixelGrid, Ints] = {}
    for grid in dict.fromkeys(layer.grid for layer in layers):
        pixels[grid] = np.full((len(xy), 2), -1, np.int64)
        places = in_pixels(moved(xy[known], crs, system(grid.crs)), grid)
        pixels[grid][known] = pixels_of(places, grid)
    return [Probe(layer, pixels[layer.grid]) for layer in layers]

"""Of rasters, the pixels that some villages may be asked about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyproj

from coverage.packed import Held, PackedRaster, PackedSignal
from coverage.pixels import AmountRaster, PixelGrid, SignalLayer, Window
from coverage.places import from_pixels, in_pixels, moved, system
from coverage.rings import Floats
from coverage.sampled import read_levels
from geodata.study.cluster.near import Box

ROOM = 2
"""So many pixels more on every side."""

STEPS = 64
"""A side of a box is brought to another system at so many places. Between them it is less than a
metre off where the box is up to 700 km wide."""


class Windows:
    """The windows of some grids around boxes in ``crs``."""

    def __init__(self, grids: Iterable[PixelGrid], crs: pyproj.CRS) -> None:
        self._grids = tuple(dict.fromkeys(grids))
        self._crs = crs

    def around(self, box: Box) -> dict[PixelGrid, Window]:
        """Of each grid what holds the box, and all that the other grids have around it.

        A pixel of one grid is asked of another at its centre, and pixels are gone through in
        rectangles of their own grid: so the corners of those count too.
        """
        x0, y0, x1, y1 = box
        own = {}
        for grid in self._grids:
            around = moved(_outline((x0, y0), (x1, y1)), self._crs, system(grid.crs))
            own[grid] = _window(around, grid)
        return {grid: self._with_others(grid, own) for grid in self._grids}

    def _with_others(self, grid: PixelGrid, own: dict[PixelGrid, Window]) -> Window:
        found = [own[grid]]
        for other, window in own.items():
            if other != grid and _some(window):
                around = from_pixels(_pixel_outline(window), other)
                found.append(_window(moved(around, system(other.crs), system(grid.crs)), grid))
        return _together(found)


def signal_near(layer: SignalLayer, windows: dict[PixelGrid, Window]) -> PackedSignal:
    """A signal layer's levels in its window, read now. Raises `CoverageError` for a bad reader."""
    window = windows[layer.grid]
    levels = read_levels(layer, window) if _some(window) else _nothing(window, np.uint8)
    return PackedSignal(info=layer.info, grid=layer.grid, held=Held(window=window, values=levels))


def raster_near(raster: AmountRaster, windows: dict[PixelGrid, Window]) -> PackedRaster:
    """The amounts of a raster in its window, read now."""
    window = windows[raster.grid]
    amounts = raster.amounts(window) if _some(window) else _nothing(window, np.float64)
    return PackedRaster(grid=raster.grid, held=Held(window=window, values=amounts))


def _nothing(window: Window, kind: type[np.generic]) -> np.ndarray[tuple[int, int], np.dtype]:
    return np.zeros(window[2:], kind)


def _outline(low: tuple[float, float], high: tuple[float, float]) -> Floats:
    """Places (n × 2) all along the border of a rectangle."""
    t = np.linspace(0.0, 1.0, STEPS + 1)
    x, y = low[0] + t * (high[0] - low[0]), low[1] + t * (high[1] - low[1])
    sides = [(x, np.full_like(t, y[k])) for k in (0, -1)]
    sides += [(np.full_like(t, x[k]), y) for k in (0, -1)]
    return np.concatenate([np.column_stack(side) for side in sides])


def _pixel_outline(window: Window) -> Floats:
    top, left, rows, columns = window
    return _outline((float(left), float(top)), (float(left + columns), float(top + rows)))


def _window(places: Floats, grid: PixelGrid) -> Window:
    """The pixels around places in the grid's system, with room, as far as the grid reaches."""
    pixels = in_pixels(places, grid)
    size = np.array([grid.width, grid.height])
    low = np.clip(np.floor(pixels.min(axis=0)) - ROOM, 0, size).astype(int)
    high = np.clip(np.ceil(pixels.max(axis=0)) + ROOM, low, size).astype(int)
    return int(low[1]), int(low[0]), int(high[1] - low[1]), int(high[0] - low[0])


def _some(window: Window) -> bool:
    """Whether a window holds any pixel."""
    return window[2] > 0 and window[3] > 0


def _together(windows: Sequence[Window]) -> Window:
    """The window that holds all of some windows; the first where none holds a pixel."""
    there = np.array([window for window in windows if _some(window)]).reshape(-1, 4)
    if not len(there):
        return windows[0]
    top, left = there[:, :2].min(axis=0).tolist()
    bottom, right = (there[:, :2] + there[:, 2:]).max(axis=0).tolist()
    return top, left, bottom - top, right - left

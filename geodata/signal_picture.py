"""Signal layers as pictures for the map: classes of dBm in colours, laid out as web maps are.

For drawing only: the nearest pixel is shown, thinned where there are many. Nothing is ever
measured on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from rasterio.io import MemoryFile
from rasterio.transform import array_bounds, from_bounds
from rasterio.warp import Resampling, reproject, transform_bounds

from coverage.pixels import LOW_DBM, LOWEST_LEVEL, PixelGrid, SignalLayer
from geodata.display import Box

WEB_MERCATOR = "EPSG:3857"
MOST_SIDE = 1200
"""Pixels of a picture's longer side: a screen shows no more."""

BAND_PIXELS = 2**22

CLASSES_DBM = (LOW_DBM, -120, -110, -105, -100, -90, -80)
"""From where each class of the legend runs; the last has no end."""

COLOURS = ("#440154", "#443a83", "#31688e", "#21908c", "#35b779", "#8fd744", "#fde725")
"""Dark to light, alike in steps for every kind of colour vision (viridis)."""

Levels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A PNG with transparency, and the rectangle in degrees that it fills in Web Mercator."""

    png: bytes
    box: Box


def signal_picture(layer: SignalLayer) -> Picture:
    """The layer in colours; transparent where there is no signal, or nothing is said."""
    thinned, grid = _thinned(layer)
    width, height = _side(grid)
    # not GDAL's own suggestion, which it makes of a file of its driver VRT: that is left out
    reach = transform_bounds(grid.crs, WEB_MERCATOR, *_bounds(grid), densify_pts=21)
    transform = from_bounds(*reach, width, height)
    drawn = np.zeros((height, width), np.uint8)
    reproject(
        thinned, drawn,
        src_transform=_affine(grid), src_crs=grid.crs,
        dst_transform=transform, dst_crs=WEB_MERCATOR,
        src_nodata=0, dst_nodata=0, resampling=Resampling.nearest,
    )  # fmt: skip
    return Picture(
        png=_png(class_of(drawn), transform), box=_box(array_bounds(height, width, transform))
    )


def class_of(levels: Levels) -> Levels:
    """Class of each level, from 1; 0 for no signal and for nothing said."""
    first = np.array([dbm - LOW_DBM + LOWEST_LEVEL for dbm in CLASSES_DBM])
    return np.searchsorted(first, levels, side="right").astype(np.uint8)


def _thinned(layer: SignalLayer) -> tuple[Levels, PixelGrid]:
    """The levels of every n-th pixel, read in bands of rows, and the grid of those."""
    grid = layer.grid
    step = max(1, math.ceil(max(grid.width, grid.height) / (2 * MOST_SIDE)))
    rows = max(step, BAND_PIXELS // grid.width // step * step)
    bands = [
        layer.levels((top, 0, min(rows, grid.height - top), grid.width))[::step, ::step]
        for top in range(0, grid.height, rows)
    ]
    kept = np.ascontiguousarray(np.concatenate(bands))
    return kept, PixelGrid(
        crs=grid.crs, x=grid.x, y=grid.y,
        step_x=grid.step_x * step, step_y=grid.step_y * step,
        width=kept.shape[1], height=kept.shape[0],
    )  # fmt: skip


def _side(grid: PixelGrid) -> tuple[int, int]:
    """Width and height of the picture: as the raster's, no longer than a screen needs."""
    least = min(1.0, MOST_SIDE / max(grid.width, grid.height))
    return max(1, round(grid.width * least)), max(1, round(grid.height * least))


def _affine(grid: PixelGrid) -> rasterio.Affine:
    return rasterio.Affine(grid.step_x, 0.0, grid.x, 0.0, -grid.step_y, grid.y)


def _bounds(grid: PixelGrid) -> tuple[float, float, float, float]:
    """West, south, east, north in the grid's own system."""
    east, south = grid.x + grid.width * grid.step_x, grid.y - grid.height * grid.step_y
    return grid.x, south, east, grid.y


def _box(bounds: tuple[float, float, float, float]) -> Box:
    to_degrees = pyproj.Transformer.from_crs(WEB_MERCATOR, "EPSG:4326", always_xy=True)
    west, south = to_degrees.transform(bounds[0], bounds[1])
    east, north = to_degrees.transform(bounds[2], bounds[3])
    return Box(west_deg=west, south_deg=south, east_deg=east, north_deg=north)


def _png(classes: Levels, place: rasterio.Affine) -> bytes:
    """Classes as a PNG of a few colours, the first of them transparent."""
    colours = {0: (0, 0, 0, 0)}
    for k, colour in enumerate(COLOURS, 1):
        red, green, blue = bytes.fromhex(colour[1:])
        colours[k] = (red, green, blue, 255)
    height, width = classes.shape
    with MemoryFile() as file:
        with file.open(
            driver="PNG", width=width, height=height, count=1, dtype="uint8", transform=place
        ) as picture:
            picture.write(classes, 1)
            picture.write_colormap(1, colours)
        return bytes(file.read())

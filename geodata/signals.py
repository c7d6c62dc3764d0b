"""Rasters of signal strength as layers: their levels, read window by window."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import shapely
from rasterio.features import geometry_mask

from coverage.model import LayerInfo
from coverage.pixels import (
    HIGH_DBM,
    LOW_DBM,
    LOWEST_LEVEL,
    NO_SIGNAL,
    UNSAID,
    PixelGrid,
    SignalLayer,
    Window,
)
from geodata.errors import DataError
from geodata.fillings import is_dbm
from geodata.laid import Laid, laid
from geodata.parts import digested_parts
from geodata.rasters import Block, Mask, Raster, placed
from geodata.systems import brought

MOST_HELD = 2**28
"""So many pixels of a packed raster may be held in memory, a byte each."""

EDGE_M = 250.0
"""An outline is cut to this before it goes to another system: less than a millimetre off."""

Bytes = npt.NDArray[np.uint8]
Reader = Callable[[Window], Bytes]


@dataclass(frozen=True, kw_only=True)
class RasterLevels:
    """Reads windows of levels from a raster's file, on this machine or on another."""

    how: Laid
    fillings: tuple[float, ...] = ()

    def __call__(self, window: Window) -> Bytes:
        """The levels of a window."""
        return levels_of(self.how.read(window), fillings=self.fillings)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.how.raster.path,)


def signal_layer(
    raster: Raster, info: LayerInfo, *, lasting: bool, fillings: tuple[float, ...] = ()
) -> SignalLayer:
    """A raster of dBm as a layer that is read in windows; ``fillings`` in it are no levels.

    One that is not ``lasting`` (it was unpacked, and will be gone) is held in memory.
    Raises `DataError` for a turned raster, and for a packed one too large to hold.
    """
    how = laid(replace(raster, path=raster.path.absolute()))
    read = RasterLevels(how=how, fillings=fillings)
    levels = read if lasting else _held(read, how.grid, raster.file)
    key = _digest(raster, fillings)
    return SignalLayer(info=info, grid=how.grid, levels=levels, key=key)


def _held(read: Reader, grid: PixelGrid, file: str) -> Reader:
    """A reader of levels that were all read at once."""
    if grid.width * grid.height > MOST_HELD:
        raise DataError(
            "{file} is a raster of {width} × {height} pixels in an archive; unpack it, so that it "
            "can be read piece by piece",
            file=file,
            width=grid.width,
            height=grid.height,
        )
    levels = read((0, 0, grid.height, grid.width))

    def cut(window: Window) -> Bytes:
        top, left, rows, columns = window
        return levels[top : top + rows, left : left + columns]

    return cut


def levels_of(block: Block, *, fillings: tuple[float, ...] = ()) -> Bytes:
    """Levels of pixels in dBm: a decibel wide, from `LOW_DBM` on; what is none is no signal.

    Signals below what handsets report are no signal; those above count as the strongest.
    """
    dbm = block.values
    level = is_level(block, fillings) & (dbm >= LOW_DBM)
    held = np.clip(np.where(level, dbm, LOW_DBM), LOW_DBM, HIGH_DBM)
    out: Bytes = (np.floor(held) - (LOW_DBM - LOWEST_LEVEL)).astype(np.uint8)
    out[~level] = NO_SIGNAL
    return out


def is_level(block: Block, fillings: tuple[float, ...] = ()) -> Mask:
    """Which pixels hold a level in dBm: there, below zero, and no filling."""
    found: Mask = block.there & is_dbm(block.values)
    if fillings:
        found &= ~np.isin(block.values, fillings)
    return found


def _digest(raster: Raster, fillings: tuple[float, ...]) -> str:
    """A digest of the file's bytes, and of how its numbers are read."""
    how = (raster.band, raster.scale, raster.offset, raster.nodata, *fillings)
    digest = hashlib.sha256(f"{placed(raster).to_wkt()} {how}".encode())
    for path in (raster.path, *digested_parts(raster.path).values()):
        with path.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest()[:24]


def limited(layer: SignalLayer, area: gpd.GeoSeries, *, touched: bool = False) -> SignalLayer:
    """The layer as far as it lies in ``area``: `UNSAID` outside.

    A pixel lies in it with its centre, or where ``touched`` with any part of it.
    """
    grid = layer.grid
    fine = shapely.segmentize(area.to_numpy(), EDGE_M)
    inside = brought(gpd.GeoSeries(fine, crs=area.crs), pyproj.CRS.from_wkt(grid.crs))
    shapes = [s for s in inside.to_numpy() if s is not None and not s.is_empty]

    read = LimitedLevels(levels=layer.levels, grid=grid, shapes=tuple(shapes), touched=touched)
    digest = hashlib.sha256(f"{layer.key} {touched}".encode())
    for shape in sorted(shapely.to_wkb(np.array(shapes, dtype=object))):
        digest.update(shape)
    return replace(layer, levels=read, key=digest.hexdigest()[:24])


@dataclass(frozen=True, kw_only=True, eq=False)
class LimitedLevels:
    """Reads windows of levels that are `UNSAID` outside some shapes in the grid's system."""

    levels: Reader
    grid: PixelGrid
    shapes: tuple[shapely.Geometry, ...]
    touched: bool

    def __call__(self, window: Window) -> Bytes:
        """The levels of a window."""
        top, left, rows, columns = window
        if not self.shapes:
            return np.full((rows, columns), UNSAID, np.uint8)
        grid = self.grid
        place = rasterio.Affine(
            grid.step_x, 0.0, grid.x + left * grid.step_x,
            0.0, -grid.step_y, grid.y - top * grid.step_y,
        )  # fmt: skip
        outside = geometry_mask(
            self.shapes, out_shape=(rows, columns), transform=place, all_touched=self.touched
        )
        return np.where(outside, np.uint8(UNSAID), self.levels(window))

    @property
    def files(self) -> tuple[Path, ...] | None:
        """What it reads, None where that is held in memory."""
        return files_read_by(self.levels)


def files_read_by(reader: object) -> tuple[Path, ...] | None:
    """The files that a reader of windows reads, None where it has them in memory."""
    found: tuple[Path, ...] | None = getattr(reader, "files", None)
    return found


def outline_of(layer: SignalLayer, crs: pyproj.CRS) -> shapely.Polygon:
    """The outline of a layer's grid in ``crs``."""
    grid = layer.grid
    box = shapely.box(
        grid.x, grid.y - grid.height * grid.step_y, grid.x + grid.width * grid.step_x, grid.y
    )
    fine = shapely.segmentize(box, box.length / 128)
    found: shapely.Polygon = brought(gpd.GeoSeries([fine], crs=grid.crs), crs).iloc[0]
    return found


def bounds_of(layer: SignalLayer, crs: pyproj.CRS) -> tuple[float, float, float, float]:
    """The bounds of a layer's grid in ``crs``: least x and y, greatest x and y."""
    x0, y0, x1, y1 = outline_of(layer, crs).bounds
    return float(x0), float(y0), float(x1), float(y1)

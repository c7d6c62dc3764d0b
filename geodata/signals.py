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
from rasterio.windows import Window as Part

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
from geodata.parts import digested_parts
from geodata.placing import brought
from geodata.rasters import Pixel, Raster, is_level, placed, read_part, real

MOST_HELD = 2**28
"""So many pixels of a packed raster may be held in memory, a byte each."""

EDGE_M = 250.0
"""An outline is cut to this before it goes to another system: less than a millimetre off."""

Bytes = npt.NDArray[np.uint8]
Reader = Callable[[Window], Bytes]


@dataclass(frozen=True, kw_only=True)
class _Laid:
    """How a file's rows and columns lie on a grid that runs east and south."""

    grid: PixelGrid
    flip_rows: bool
    flip_columns: bool

    def part(self, window: Window) -> Part:
        """The part of the file that holds a window of the grid."""
        top, left, rows, columns = window
        if self.flip_rows:
            top = self.grid.height - top - rows
        if self.flip_columns:
            left = self.grid.width - left - columns
        return Part(left, top, columns, rows)

    def turned(self, values: Pixel) -> Pixel:
        """Values of the file as the grid has them."""
        values = values[::-1] if self.flip_rows else values
        return values[:, ::-1] if self.flip_columns else values


@dataclass(frozen=True, kw_only=True)
class RasterLevels:
    """Reads windows of levels from a raster's file, on this machine or on another."""

    raster: Raster
    how: _Laid

    def __call__(self, window: Window) -> Bytes:
        """The levels of a window."""
        part = read_part(self.raster, self.how.part(window))
        return levels_of(self.raster, self.how.turned(part))

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.raster.path,)


def laid(raster: Raster) -> _Laid:
    """How a raster lies on a grid of pixels. Raises `DataError` for one that is turned."""
    place = raster.transform
    if place.b != 0 or place.d != 0:
        raise DataError(
            "{file} is turned: its rows do not run east; save it north up and send it again",
            file=raster.file,
        )
    return _Laid(
        grid=PixelGrid(
            crs=placed(raster).to_wkt(),
            x=place.c + min(place.a, 0.0) * raster.width,
            y=place.f + max(place.e, 0.0) * raster.height,
            step_x=abs(place.a),
            step_y=abs(place.e),
            width=raster.width,
            height=raster.height,
        ),
        flip_rows=place.e > 0,
        flip_columns=place.a < 0,
    )


def signal_layer(raster: Raster, info: LayerInfo, *, lasting: bool) -> SignalLayer:
    """A raster of dBm as a layer that is read in windows.

    One that is not ``lasting`` (it was unpacked, and will be gone) is held in memory.
    Raises `DataError` for a turned raster, and for a packed one too large to hold.
    """
    how = laid(raster)

    read = RasterLevels(raster=replace(raster, path=raster.path.absolute()), how=how)
    levels = read if lasting else _held(read, how.grid, raster.file)
    return SignalLayer(info=info, grid=how.grid, levels=levels, key=_digest(raster))


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


def levels_of(raster: Raster, values: Pixel) -> Bytes:
    """Levels of raw values: a decibel wide, from `LOW_DBM` on; what is none is no signal.

    Signals below what handsets report are no signal; those above count as the strongest.
    """
    dbm = real(raster, values)
    level = is_level(raster, values) & (dbm >= LOW_DBM)
    held = np.clip(np.where(level, dbm, LOW_DBM), LOW_DBM, HIGH_DBM)
    out: Bytes = (np.floor(held) - (LOW_DBM - LOWEST_LEVEL)).astype(np.uint8)
    out[~level] = NO_SIGNAL
    return out


def _digest(raster: Raster) -> str:
    """A digest of the file's bytes and of what the study says of it."""
    digest = hashlib.sha256(placed(raster).to_wkt().encode())
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


def bounds_of(layer: SignalLayer, crs: pyproj.CRS) -> tuple[float, float, float, float]:
    """The outline of a layer's grid in ``crs``: least x and y, greatest x and y."""
    grid = layer.grid
    box = shapely.box(
        grid.x, grid.y - grid.height * grid.step_y, grid.x + grid.width * grid.step_x, grid.y
    )
    fine = shapely.segmentize(box, box.length / 128)
    x0, y0, x1, y1 = brought(gpd.GeoSeries([fine], crs=grid.crs), crs).total_bounds
    return float(x0), float(y0), float(x1), float(y1)

"""What is measured, as bytes: to be sent to another process or to another machine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.model import Layer, LayerInfo
from coverage.pixels import (
    AmountPoints,
    AmountRaster,
    AmountSource,
    AnyLayer,
    PixelGrid,
    SignalLayer,
    Window,
)
from coverage.rings import Floats, Geometries


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """Geometries as WKB, end to end; number ``k`` ends before ``ends[k]``, an empty one is None."""

    data: bytes
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, geometries: Geometries) -> Packed:
        """Geometries packed."""
        each = [one or b"" for one in shapely.to_wkb(np.asarray(geometries, dtype=object))]
        return cls(data=b"".join(each), ends=np.cumsum([len(one) for one in each], dtype=np.int64))

    def geometries(self) -> Geometries:
        """The same geometries again, to the last bit."""
        ends = [0, *self.ends.tolist()]
        each = [self.data[a:b] or None for a, b in itertools.pairwise(ends)]
        return np.asarray(shapely.from_wkb(np.array(each, dtype=object)), dtype=object)

    @property
    def size(self) -> int:
        """Bytes of geometry."""
        return len(self.data)


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedLayer:
    """What of a layer lies near a part of the villages."""

    info: LayerInfo
    footprint: Packed
    extent: Packed | None

    @property
    def size(self) -> int:
        """Bytes of geometry."""
        return self.footprint.size + (0 if self.extent is None else self.extent.size)

    def layer(self, crs: str) -> AnyLayer:
        """The layer again."""
        extent = None if self.extent is None else _series(self.extent, crs)
        return Layer(info=self.info, footprint=_series(self.footprint, crs), extent=extent)


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """The pixels of one window of a grid (rows × columns)."""

    window: Window
    values: npt.NDArray[Any]

    def part(self, asked: Window) -> npt.NDArray[Any]:
        """Those of a window inside it. Raises `ValueError` for one that reaches beyond."""
        row, column = asked[0] - self.window[0], asked[1] - self.window[1]
        rows, columns = self.values.shape
        if min(row, column) < 0 or row + asked[2] > rows or column + asked[3] > columns:
            raise ValueError(f"pixels {asked} were asked for, and {self.window} were sent")
        return self.values[row : row + asked[2], column : column + asked[3]]

    def padded(self, asked: Window) -> npt.NDArray[Any]:
        """Those of any window, 0 beyond what is held."""
        top, left = max(asked[0], self.window[0]), max(asked[1], self.window[1])
        bottom = min(asked[0] + asked[2], self.window[0] + self.values.shape[0])
        right = min(asked[1] + asked[3], self.window[1] + self.values.shape[1])
        out = np.zeros(asked[2:], self.values.dtype)
        if bottom > top and right > left:
            row, column = top - asked[0], left - asked[1]
            there = (top, left, bottom - top, right - left)
            out[row : row + there[2], column : column + there[3]] = self.part(there)
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedSignal:
    """The levels of a signal layer around a part of the villages."""

    info: LayerInfo
    grid: PixelGrid
    held: Held

    @property
    def size(self) -> int:
        """Bytes of pixels."""
        return self.held.values.nbytes

    def layer(self, crs: str) -> SignalLayer:
        """The layer again, which has no more pixels than were sent."""
        del crs
        return SignalLayer(info=self.info, grid=self.grid, levels=self.held.part, key="")


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedRaster:
    """The amounts of a raster around a part of the villages."""

    grid: PixelGrid
    held: Held

    @property
    def size(self) -> int:
        """Bytes of pixels."""
        return self.held.values.nbytes

    def source(self, crs: str) -> AmountSource:
        """The raster again, with nothing where there is none of these villages."""
        del crs
        return AmountRaster(grid=self.grid, amounts=self.held.padded, key="")


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedPoints:
    """The settled places (n × 2, study metres) of a part of the villages, with their weights."""

    points: Floats
    weight: Floats

    @property
    def size(self) -> int:
        """Bytes of places and weights."""
        return self.points.nbytes + self.weight.nbytes

    def source(self, crs: str) -> AmountSource:
        """The places again."""
        points = gpd.GeoSeries(shapely.points(self.points), crs=crs)
        return AmountPoints(points=points, weight=self.weight, key="")


def _series(packed: Packed, crs: str) -> gpd.GeoSeries:
    return gpd.GeoSeries(packed.geometries(), crs=crs)

"""Rasters of people, or of built-up land: what their pixels count, and how many that makes.

A pixel holds a number of people, or a density per km², and few files say which. It is believed
where the study file says it, or where names or tags of well-known sets do (WorldPop "ppp" and
"pd", GHSL "GHS_POP", GPW "count" and "density"). Else the sums of both are set beside the
villages' own population; where that does not tell them apart the study is asked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import ProjError
from rasterio import Affine
from rasterio.features import rasterize
from rasterio.windows import Window

from coverage.pixels import AmountRaster, PixelGrid
from coverage.pixels import Window as Part
from coverage.transformers import transformer
from geodata.errors import DataError
from geodata.laid import Laid, laid
from geodata.rasters import (
    MOST_PIXELS,
    PIXELS_AT_ONCE,
    Raster,
    sample,
    units_told,
    window_near,
)
from geodata.systems import brought

Unit = Literal["count", "density"]
Floats = npt.NDArray[np.float64]

MOST = 1e9
"""No pixel holds more people, or built-up m²: it is an empty value that nobody declared."""

FACTOR = 3.0
"""Two sums further apart than this are of different things."""

COUNTED = (
    r"(^|[_\W])ppp([_\W]|$)|ghs_pop|population_count|(^|[_\W])pop_\d{4}_(cn|uc)_|landscan|hrsl"
    r"|(people|persons|population|inhabitants|residents)\s*(per|/)\s*(pixel|cell|grid)"
)
DENSE = (
    r"(^|[_\W])pd([_\W]|$)|densit|per_?km|(people|persons|population|inhabitants|residents)\s*"
    r"(per|/)\s*(sq|km|square)"
)
"""How files of counts and of densities are called, or tagged; in lower case."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """What was found while a raster was gone over once, for the villages by pixel centres.

    ``count`` and ``density`` are the sums by village where its values are the one or the other;
    ``odd`` pixels hold less than 0 or more than `MOST`, the most frequent being ``filling``.
    ``key`` is a digest of the values.
    """

    count: Floats
    density: Floats
    odd: int
    filling: float
    key: str


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """A raster brought to the amounts in its pixels, near the villages.

    ``km2``: the area on the ground of a pixel of each row. ``filling``: a number that is none.
    """

    how: Laid
    km2: Floats
    filling: float | None = None

    @property
    def grid(self) -> PixelGrid:
        """Its pixels."""
        return self.how.grid

    def values(self, part: Part) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Values of a part of ``grid``, and where the raster says something."""
        block = self.how.read(part)
        return block.values.astype(np.float64, copy=False), block.there

    def amounts(self, part: Part, unit: Unit) -> Floats | npt.NDArray[np.float32]:
        """What is in each pixel of a part of ``grid``; 0 where there is nothing.

        Counts of a raster of float32 stay that: it is all they were, at half the memory.
        """
        block = self.how.read(part)
        if unit == "count" and block.values.dtype == np.float32:
            there = block.there & (block.values > 0) & (block.values <= MOST)
            return np.where(there, block.values, np.float32(0))
        amount = self.sane(block.values.astype(np.float64, copy=False), block.there)
        if unit == "density":
            row, _, rows, _ = part
            amount *= self.km2[row : row + rows, None]
        return amount

    def sane(self, values: Floats, there: npt.NDArray[np.bool_]) -> Floats:
        """Values that can be amounts, 0 for all others."""
        return np.where(there & ~self.strange(values) & (values > 0), values, 0.0)

    def strange(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Which values are no amounts: below nobody, more than there can be, or the filling."""
        found: npt.NDArray[np.bool_] = (values < 0) | (values > MOST)
        if self.filling is not None:
            found |= values == self.filling
        return found

    def source(self, unit: Unit, key: str) -> AmountRaster:
        """The raster as the engine takes it."""
        return AmountRaster(
            grid=self.grid,
            amounts=PeopleIn(people=self, unit=unit),
            key=hashlib.sha256(f"{self.grid} {unit} {key}".encode()).hexdigest()[:24],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class PeopleIn:
    """Reads windows of amounts from a raster's file, on this machine or on another."""

    people: People
    unit: Unit

    def __call__(self, part: Part) -> Floats | npt.NDArray[np.float32]:
        """The amounts in a window."""
        return self.people.amounts(part, self.unit)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.people.how.raster.path,)


def people_near(raster: Raster, villages: gpd.GeoSeries) -> People:
    """The part of a raster that lies around the villages.

    Raises `DataError` for one that lies elsewhere, stands askew, or is too large there.
    """
    laid(raster)  # a turned one is refused before it is looked for
    bounds = tuple(float(side) for side in villages.total_bounds)
    window = window_near(raster, near=bounds, crs=villages.crs)  # type: ignore[arg-type]  # four
    if window.width * window.height > MOST_PIXELS:
        raise DataError(
            "{file} is a raster of {width} × {height} pixels, too large to be read safely; cut it "
            "to the province, tiled",
            file=raster.file,
            width=int(window.width),
            height=int(window.height),
        )
    how = laid(replace(raster, path=raster.path.absolute()), window)
    km2 = _pixel_km2(how.grid, raster.file)
    return People(how=how, km2=km2, filling=_undeclared(raster, window))


def _undeclared(raster: Raster, window: Window) -> float | None:
    """The greatest whole number of a raster's type, where it stands for nothing; else None.

    It does where no nodata is declared, it is repeated, and all others are less than half of it,
    not all of them 0: a raster of two numbers is one of yes and no.
    """
    dtype = np.dtype(raster.dtype)
    if raster.nodata is not None or dtype.kind not in "ui":
        return None
    found = sample(raster, window)
    most = np.iinfo(dtype).max * raster.scale + raster.offset
    top = found.there & np.isclose(found.values, most, rtol=1e-9)
    rest = found.values[found.there & ~top]
    alone = top.sum() > 1 and rest.size and 0 < 2 * float(rest.max()) < most
    return float(found.values[top][0]) if alone else None


def _pixel_km2(grid: PixelGrid, file: str) -> Floats:
    """Area on the ground (the ellipsoid) of a pixel in each row, at the middle column."""
    crs = pyproj.CRS.from_wkt(grid.crs)
    north = grid.y - grid.step_y * np.arange(grid.height)
    if crs.is_geographic:
        geod = crs.get_geod() or pyproj.Geod(ellps="WGS84")
        lon = (0.0, grid.step_x, grid.step_x, 0.0)
        each = [(y, y, y - grid.step_y, y - grid.step_y) for y in north.tolist()]
        return np.array([abs(geod.polygon_area_perimeter(lon, lat)[0]) / 1e6 for lat in each])
    metre = crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0
    drawn = grid.step_x * grid.step_y * metre**2 / 1e6
    middle = np.full(grid.height, grid.x + grid.step_x * grid.width / 2)
    try:
        lon, lat = transformer(crs, crs.geodetic_crs).transform(
            middle, north - grid.step_y / 2, errcheck=True
        )
        factors = pyproj.Proj(crs).get_factors(lon, lat, errcheck=True)
    except ProjError as error:
        raise DataError(
            "{file}: the size of its pixels on the ground cannot be told in its coordinate system; "
            "save it in degrees or in an equal-area system",
            file=file,
        ) from error
    return np.asarray(drawn / np.asarray(factors.areal_scale), np.float64)


def counted(people: People, villages: gpd.GeoSeries) -> Counted:
    """Go over the raster once: sums by village (in their order), and a digest of its values."""
    grid = people.grid
    shapes = brought(villages, pyproj.CRS.from_wkt(grid.crs)).to_numpy()
    order = np.argsort(villages.index.astype(str).to_numpy(), kind="stable")[::-1]
    sums = np.zeros((2, len(villages) + 1))
    digest, odd, fillings = hashlib.sha256(), 0, dict[float, int]()
    for part in _parts(grid):
        values, there = people.values(part)
        digest.update(np.where(there, values, np.nan).tobytes())
        strange = there & people.strange(values)
        if strange.any():
            odd += int(strange.sum())
            told, counts = np.unique(values[strange], return_counts=True)
            most = int(counts.argmax())
            fillings[float(told[most])] = fillings.get(float(told[most]), 0) + int(counts[most])
        amount = people.sane(values, there)
        row, _, rows, _ = part
        at = _labels(shapes, order, grid, part).ravel()
        dense = (amount * people.km2[row : row + rows, None]).ravel()
        sums[0] += np.bincount(at, weights=amount.ravel(), minlength=sums.shape[1])
        sums[1] += np.bincount(at, weights=dense, minlength=sums.shape[1])
    return Counted(
        count=sums[0, 1:],
        density=sums[1, 1:],
        odd=odd,
        filling=max(fillings, key=lambda one: fillings[one]) if fillings else 0.0,
        key=digest.hexdigest(),
    )


def _parts(grid: PixelGrid) -> Iterator[Part]:
    rows = max(1, PIXELS_AT_ONCE // max(1, grid.width))
    for row in range(0, grid.height, rows):
        yield row, 0, min(rows, grid.height - row), grid.width


def _labels(
    shapes: npt.NDArray[np.object_], order: npt.NDArray[np.intp], grid: PixelGrid, part: Part
) -> npt.NDArray[np.int32]:
    """For each pixel the place of the village its centre lies in, from 1 on; 0 for none.

    Of several it is the last one in ``order``.
    """
    row, _, rows, columns = part
    top = grid.y - row * grid.step_y
    bounds = shapely.bounds(shapes)
    here = (bounds[:, 3] > top - rows * grid.step_y) & (bounds[:, 1] < top)
    near = order[here[order]]
    if not len(near):
        return np.zeros((rows, columns), np.int32)
    labels: npt.NDArray[np.int32] = rasterize(
        ((shapes[k], k + 1) for k in near),
        out_shape=(rows, columns),
        transform=Affine(grid.step_x, 0.0, grid.x, 0.0, -grid.step_y, top),
        dtype="int32",
    )
    return labels


def told_unit(raster: Raster) -> Unit | None:
    """What a raster's name and tags say that its values are; None where they do not, or both."""
    text = f"{raster.file} {units_told(raster)}".lower()
    count, dense = bool(re.search(COUNTED, text)), bool(re.search(DENSE, text))
    if count == dense:
        return None
    return "count" if count else "density"


def fitting_unit(found: Counted, population: Floats) -> Unit | None:
    """Which sum is near the villages' own population (NaN where unknown); None for both or none."""
    known = np.isfinite(population)
    own = float(population[known].sum())
    near = {
        "count": _near(float(found.count[known].sum()), own),
        "density": _near(float(found.density[known].sum()), own),
    }
    if near["count"] == near["density"]:
        return None
    return "count" if near["count"] else "density"


def _near(one: float, other: float) -> bool:
    return min(one, other) > 0 and max(one, other) <= FACTOR * min(one, other)

"""The exact polygons of a raster's pixels, and of its outline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from rasterio.features import shapes
from rasterio.windows import transform as window_transform

from geodata.errors import DataError
from geodata.rasters import Block, Bounds, Mask, Raster, pieces, placed, window_near
from geodata.systems import brought

EDGE_SEGMENTS = 128


def pixel_polygons(
    raster: Raster,
    served: Callable[[Block], Mask],
    *,
    crs: pyproj.CRS,
    near: Bounds | None = None,
) -> gpd.GeoSeries:
    """The area of the pixels for which ``served`` holds, in ``crs``: exact, merged in each piece.

    Outlines are brought to ``crs`` corner by corner of the pixels: a straight row of pixels is
    curved in another system, and without its inner corners it would lie metres off. May be
    empty.
    """
    own = placed(raster)
    found: list[shapely.Geometry] = []
    for window, block in pieces(raster, near=near, crs=crs):
        mask = served(block)
        if mask.any():
            place = window_transform(window, raster.transform)
            outlines = shapes(mask.astype(np.uint8), mask=mask, transform=place)
            found += [_outline(outline, raster.file) for outline, _ in outlines]
    step = max(np.hypot(raster.transform.a, raster.transform.d),
               np.hypot(raster.transform.b, raster.transform.e))  # fmt: skip
    held = np.array(found, dtype=object)
    if own != crs and len(held):
        held = shapely.segmentize(held, step * (1 + 1e-9))
    return brought(gpd.GeoSeries(held, crs=own), crs)


def _outline(told: Any, file: str) -> shapely.Geometry:
    """An outline that GDAL gave. Raises `DataError` for one whose corners are no numbers."""
    try:
        return shapely.geometry.shape(told)
    except shapely.errors.GEOSException as error:
        raise DataError(
            "{file} says places for its pixels that are no numbers; check its georeference and "
            "save it again",
            file=file,
        ) from error


def extent_polygon(raster: Raster, *, crs: pyproj.CRS, near: Bounds | None = None) -> gpd.GeoSeries:
    """The outline of the raster (of what was read of it, where ``near`` cuts it), in ``crs``."""
    own = placed(raster)
    window = window_near(raster, near=near, crs=crs)
    place = window_transform(window, raster.transform)
    pixels = ((0, 0), (window.width, 0), (window.width, window.height), (0, window.height))
    corners = [(place.a * x + place.b * y + place.c, place.d * x + place.e * y + place.f)
               for x, y in pixels]  # fmt: skip
    outline = shapely.Polygon(corners)
    fine = shapely.segmentize(outline, outline.length / (4 * EDGE_SEGMENTS))
    return brought(gpd.GeoSeries([fine], crs=own), crs)

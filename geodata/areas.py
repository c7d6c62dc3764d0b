"""Polygons out of whatever geometry a file holds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from coverage.mending import (
    HARMLESS_VERTICES,
    MOST_CROSSINGS,
    TANGLED,
    MendError,
    is_tangled,
    make_valid,
)
from geodata.columns import row_number
from geodata.errors import DataError, phrase

Shapes = npt.NDArray[np.object_]
POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def polygons_of(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """The polygons of each geometry, flat; None where there is none (a point, a line, nothing)."""
    shapes: Shapes = geometry.to_numpy().copy()
    deep = shapely.get_coordinate_dimension(shapes) > 2
    if deep.any():  # copying the others would take as long as reading them
        shapes[deep] = shapely.force_2d(shapes[deep])
    kinds = shapely.get_type_id(shapes)
    for k in np.flatnonzero(~np.isin(kinds, POLYGONS)):
        shapes[k] = _collected(shapes[k])
    shapes[shapely.is_empty(shapes)] = None
    return gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs)


def valid_polygons(geometry: gpd.GeoSeries, *, file: str = "") -> gpd.GeoSeries:
    """`polygons_of`, the invalid ones repaired as measuring does (`coverage.mending`).

    A bow tie becomes two. Raises `DataError` with ``file`` and row for one that cannot be mended.
    """
    flat = polygons_of(geometry)
    shapes: Shapes = flat.to_numpy().copy()
    bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if not bad.any():
        return flat
    shapes[bad] = mended(shapes[bad], index=geometry.index[bad], file=file)
    return polygons_of(gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs))


def mended(shapes: Shapes, *, index: pd.Index | None = None, file: str = "") -> Shapes:
    """Shapes made valid as measuring does.

    Raises `DataError` with ``file``, and the row by ``index``, for one that cannot be mended.
    """
    try:
        return make_valid(shapes)
    except MendError as error:
        row = error.row + 1 if index is None else row_number(index, error.row)
        raise DataError(
            error.template, what=file or phrase("polygons"), row=row, most=MOST_CROSSINGS
        ) from error


def require_mendable(geometry: gpd.GeoSeries, *, file: str) -> None:
    """Raise `DataError` for the first polygon that crosses itself too often to be mended."""
    shapes = geometry.to_numpy()
    for at in np.flatnonzero(shapely.get_num_coordinates(shapes) > HARMLESS_VERTICES):
        if is_tangled(shapes[at]):
            row = row_number(geometry.index, int(at))
            raise DataError(TANGLED, what=file, row=row, most=MOST_CROSSINGS)


def _collected(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    """The polygons inside a collection, however deep, as one multipolygon."""
    parts: list[shapely.Polygon] = []
    waiting: list[shapely.Geometry | None] = [shape]
    while waiting:
        part = waiting.pop()
        if isinstance(part, shapely.Polygon):
            parts.append(part)
        elif isinstance(part, (shapely.GeometryCollection, shapely.MultiPolygon)):
            waiting.extend(part.geoms)
    return shapely.MultiPolygon(parts) if parts else None

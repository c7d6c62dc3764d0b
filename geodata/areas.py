"""Polygons out of whatever geometry a file holds."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

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


def valid_polygons(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """`polygons_of`, the invalid ones repaired (GEOS make_valid): a bow tie becomes two."""
    flat = polygons_of(geometry)
    shapes: Shapes = flat.to_numpy().copy()
    bad = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if not bad.any():
        return flat
    shapes[bad] = shapely.make_valid(shapes[bad])
    return polygons_of(gpd.GeoSeries(shapes, index=geometry.index, crs=geometry.crs))


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

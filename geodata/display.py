"""Geometry made small enough for a screen.

What leaves here is for drawing only: simplified, in WGS 84 degrees, rounded. Nothing is
ever measured on it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.transformers import to_system

SCALE = 100_000
"""Coordinates are whole steps of 1/100,000 of a degree, about one metre."""

SIMPLIFY_M = 50.0

Ring = list[int]
Shape = list[list[Ring]]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle in degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def corners(self) -> list[list[float]]:
        """South-west and north-east corners as (latitude, longitude), the order of web maps."""
        return [[self.south_deg, self.west_deg], [self.north_deg, self.east_deg]]


def screen_coverage(geometry: gpd.GeoSeries, *, tolerance_m: float = SIMPLIFY_M) -> gpd.GeoSeries:
    """Polygons that share borders, simplified together so that no cracks open; in degrees.

    Polygons that do not form a coverage (overlapping discs) are simplified one by one.
    """
    shapes = np.asarray(geometry.array)
    if shapely.coverage_is_valid(shapes):
        simple = shapely.coverage_simplify(shapes, tolerance_m)
    else:
        simple = shapely.simplify(shapes, tolerance_m)
    return _degrees(simple, geometry)


def screen_area(geometry: gpd.GeoSeries, *, tolerance_m: float = SIMPLIFY_M) -> gpd.GeoSeries:
    """One shape for all the area of ``geometry``, without specks; a series of length one."""
    shapes = np.asarray(geometry.array)
    simple = shapely.make_valid(shapely.simplify(shapes, tolerance_m))
    parts = _polygons(shapely.get_parts(shapely.union_all(simple)))
    large = parts[shapely.area(parts) >= tolerance_m**2]
    whole = shapely.simplify(shapely.multipolygons(large), tolerance_m)
    return _degrees(np.array([whole], dtype=object), geometry.iloc[:1])


def screen_points(points: gpd.GeoSeries, *, areas: gpd.GeoSeries) -> npt.NDArray[np.int64]:
    """Longitude and latitude in screen steps, one row a village.

    Where ``points`` has none, a point inside the village's area stands in.
    """
    missing = np.asarray(points.isna() | points.is_empty)
    inside = shapely.point_on_surface(np.asarray(areas.array))
    chosen = np.where(missing, inside, np.asarray(points.array))
    degrees = to_system(gpd.GeoSeries(chosen, crs=areas.crs), "EPSG:4326")
    xy = np.column_stack([degrees.x.to_numpy(), degrees.y.to_numpy()])
    return np.asarray(np.rint(xy * SCALE), dtype=np.int64)


def encode_shape(shape: shapely.Geometry) -> Shape:
    """Polygons as lists of rings; a ring is x, y of its first corner, then the steps between."""
    parts = _polygons(shapely.get_parts(np.array([shape], dtype=object)))
    encoded = (
        [ring for ring in map(_encode_ring, shapely.get_rings(part)) if ring] for part in parts
    )
    return [rings for rings in encoded if rings]


def encode_shapes(geometry: gpd.GeoSeries) -> list[Shape]:
    """`encode_shape` of every geometry, in order."""
    return [encode_shape(shape) for shape in geometry.array]


def bounds(geometry: gpd.GeoSeries) -> Box:
    """The rectangle around all of ``geometry``, whatever its system, in degrees."""
    west, south, east, north = to_system(geometry, "EPSG:4326").total_bounds
    return Box(
        west_deg=float(west), south_deg=float(south), east_deg=float(east), north_deg=float(north)
    )


def dissolve_by(geometry: gpd.GeoSeries, codes: npt.NDArray[np.object_]) -> gpd.GeoSeries:
    """The area of each code, from the villages that bear it: for studies without boundaries."""
    table = gpd.GeoDataFrame({"code": codes}, geometry=np.asarray(geometry.array), crs=geometry.crs)
    return table.dissolve(by="code").geometry


def compact_json(value: object) -> bytes:
    """``value`` as the shortest JSON, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _degrees(shapes: Objects, like: gpd.GeoSeries) -> gpd.GeoSeries:
    """``shapes``, in the system of ``like``, brought to degrees with its index."""
    return to_system(gpd.GeoSeries(shapes, index=like.index, crs=like.crs), "EPSG:4326")


def _polygons(parts: Objects) -> Objects:
    """Only the polygons: repairs leave points and lines behind."""
    flat = shapely.get_parts(parts)
    return np.asarray(flat[shapely.get_type_id(flat) == shapely.GeometryType.POLYGON])


def _encode_ring(ring: shapely.LinearRing) -> Ring:
    """The ring in screen steps without repeated corners; empty when it has no area left."""
    xy = np.rint(shapely.get_coordinates(ring) * SCALE).astype(np.int64)
    steps = np.diff(xy, axis=0, prepend=0)
    steps = steps[np.r_[True, np.any(steps[1:] != 0, axis=1)]]
    closed = steps[:-1] if len(xy) > 1 else steps
    return [] if len(closed) < 3 else [int(value) for value in closed.ravel()]

"""Long edges cut into short ones, before they go to a system in which they are curved."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from geodata.systems import base_of

EDGE_DEG, EDGE_M = 0.01, 1000.0
"""So long an edge may be in degrees, and in a projection of another kind than the study's."""

FINER = 4
MOST_PIECES = 4_000_000


def densified(shapes: gpd.GeoSeries, crs: pyproj.CRS) -> gpd.GeoSeries:
    """Shapes with points along their long edges, for those to be straight in their own system.

    A line along a parallel is curved in metres: one of 1.2° lies 100 m off where its ends alone
    are brought there. Edges of `EDGE_DEG` are less than a centimetre off, and what is longer is
    cut to a quarter of that, or coarser where there would be more than `MOST_PIECES`.
    """
    step = _longest_edge(shapes.crs, crs)
    if step is None:
        return shapes
    held = shapes.to_numpy()
    at, of = shapely.get_coordinates(held, return_index=True)
    edges = np.abs(np.diff(at, axis=0)).max(axis=1, initial=0.0)
    edges[np.diff(of) != 0] = 0.0
    broken = np.unique(of[~np.isfinite(at).all(axis=1)])
    rows = np.setdiff1d(of[:-1][edges > step], broken)
    if not len(rows):
        return shapes
    length = float(edges[np.isin(of[:-1], rows)].sum())
    piece = max(step / FINER, length / MOST_PIECES)
    out = held.copy()
    out[rows] = shapely.segmentize(held[rows], piece)
    return gpd.GeoSeries(out, index=shapes.index, crs=shapes.crs)


def _longest_edge(own: pyproj.CRS | None, crs: pyproj.CRS) -> float | None:
    """How long an edge may be, in units of its own system; None where all may stay as they are."""
    if own is None or own == crs:
        return None
    base = base_of(own)
    if base.is_geographic:
        return None if crs.is_geographic else EDGE_DEG
    if not base.is_projected or _method(base) == _method(base_of(crs)):
        return None
    return EDGE_M / float(base.axis_info[0].unit_conversion_factor)


def _method(crs: pyproj.CRS) -> str:
    operation = crs.coordinate_operation
    return "" if operation is None else str(operation.method_name)

"""Draws shapes as the files that a map fetches: simplified, in whole steps of the screen, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import shapely

from geodata.display import (
    SCALE,
    bounds,
    compact_json,
    encode_shapes,
    screen_area,
    screen_coverage,
)


def outlines_file(geometry: gpd.GeoSeries, tolerance_m: float) -> bytes:
    """Outlines of villages, in the order given, with borders still shared."""
    simple = screen_coverage(geometry, tolerance_m=tolerance_m)
    return compact_json({"scale": SCALE, "shapes": encode_shapes(simple)})


def chunk_file(geometry: gpd.GeoSeries, rows: Sequence[int], tolerance_m: float) -> bytes:
    """Outlines of some villages with their places in the table of all, -1 for those not in it."""
    simple = screen_coverage(geometry, tolerance_m=tolerance_m)
    return compact_json({"scale": SCALE, "rows": list(rows), "shapes": encode_shapes(simple)})


def areas_file(geometry: gpd.GeoSeries, names: Sequence[str], tolerance_m: float) -> bytes:
    """Areas (indexed by code) with their names and a point inside each for its label."""
    simple = screen_coverage(geometry, tolerance_m=tolerance_m)
    inside = shapely.point_on_surface(np.asarray(simple.array))
    return compact_json(
        {
            "scale": SCALE,
            "bounds": bounds(geometry).corners(),
            "codes": [str(code) for code in geometry.index],
            "names": list(names),
            "labels": np.round(shapely.get_coordinates(inside), 5).tolist(),
            "shapes": encode_shapes(simple),
        }
    )


def shape_file(footprint: gpd.GeoSeries) -> bytes:
    """The area of a layer as one shape."""
    return compact_json({"scale": SCALE, "shapes": encode_shapes(screen_area(footprint))})


def zones_file(geometry: gpd.GeoSeries, texts: Mapping[str, Sequence[str]]) -> bytes:
    """Zones, a shape each, beside columns of texts about them."""
    shapes = [encode_shapes(screen_area(geometry.iloc[[k]]))[0] for k in range(len(geometry))]
    return compact_json({"scale": SCALE, **texts, "shapes": shapes})

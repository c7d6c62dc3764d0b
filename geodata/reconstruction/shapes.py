"""From labels on a raster to polygons that share their borders exactly."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import shapes
from shapely.geometry import shape

from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.grid import Grid, Labels


def outlined(labels: Labels, count: int, grid: Grid) -> gpd.GeoSeries:
    """Polygons of labels 1 … ``count``: a coverage, its steps smoothed away."""
    found: list[list[shapely.Geometry]] = [[] for _ in range(count)]
    for geometry, value in shapes(labels, mask=labels > 0, transform=grid.transform):
        found[int(value) - 1].append(shape(geometry))
    # every pixel corner becomes a vertex, so that neighbours share them where three meet
    whole = [p[0] if len(p) == 1 else shapely.MultiPolygon(p) for p in found]
    dense = shapely.transform(shapely.segmentize(np.array(whole), grid.step_m), np.rint)
    some = ~shapely.is_empty(dense)
    dense[some] = shapely.coverage_simplify(dense[some], 0.75 * grid.step_m)
    return gpd.GeoSeries(dense, crs=CRS)

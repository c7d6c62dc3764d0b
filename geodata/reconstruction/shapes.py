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
    whole = [shapely.multipolygons(p) if len(p) > 1 else p[0] for p in found]
    smooth = shapely.coverage_simplify(np.array(whole), 0.75 * grid.step_m)
    return gpd.GeoSeries(smooth, crs=CRS)

"""Long edges of files in degrees are straight in degrees, as a raster of the same area has them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from shapely import Point, box

from geodata.coordinates import to_study
from geodata.densify import EDGE_DEG, densified
from tests import tiny
from tests.corpus._layers import CRS, read, write_raster

SAID = {"operator": "A", "technology": "4G"}
WEST, SOUTH, EAST, NORTH = 104.4, 18.5, 105.6, 18.8
WHOLE = box(WEST, SOUTH, EAST, NORTH)


@pytest.mark.parametrize("system", ["EPSG:4326", "EPSG:4756", "EPSG:3857", "EPSG:3395"])
def test_polygons_and_a_raster_of_one_area_agree(system: str, tmp_path: Path) -> None:
    degrees = pyproj.CRS(system).is_geographic
    whole = gpd.GeoSeries([WHOLE], crs="EPSG:4326").to_crs(system)
    shape = WHOLE if degrees else box(*whole.total_bounds)
    path = tmp_path / "v.gpkg"
    gpd.GeoDataFrame(geometry=[shape], crs=system).to_file(path)
    drawn = read(path, "", **SAID).layers[0].footprint.union_all()
    x0, y0, x1, _ = shape.bounds
    cell = (x1 - x0) / 240
    rows = round((shape.bounds[3] - y0) / cell)
    raster = write_raster(
        tmp_path / "v.tif", np.ones((rows, 240)).tolist(), dtype="uint8", crs=system,
        origin=(x0, y0 + rows * cell), cell=cell,
    )  # fmt: skip
    pixels = read(raster, "itu_raster", **SAID).layers[0].footprint.union_all()
    box_m = shapely.box(*drawn.buffer(-6000).bounds)
    south = shapely.box(box_m.bounds[0], drawn.bounds[1], box_m.bounds[2], box_m.centroid.y)
    left_over = drawn.symmetric_difference(pixels).intersection(south).area
    assert left_over < 2e-6 * south.area


def test_the_edge_along_a_parallel_lies_on_it() -> None:
    table = gpd.GeoDataFrame(geometry=[WHOLE], crs="EPSG:4326")
    edges = to_study(table, CRS, file="v.gpkg").geometry.iloc[0].boundary
    along = gpd.GeoSeries(gpd.points_from_xy(np.linspace(WEST, EAST, 41), [SOUTH] * 41), crs=4326)
    assert along.to_crs(tiny.CRS).distance(edges).max() < 0.001
    straight = table.to_crs(tiny.CRS).geometry.iloc[0].boundary  # what it was
    assert along.to_crs(tiny.CRS).distance(straight).max() > 100


def test_points_short_edges_and_what_lies_in_metres_stay_as_they_are() -> None:
    small = box(105.0, 18.6, 105.0 + EDGE_DEG / 2, 18.6 + EDGE_DEG / 2)
    shapes = gpd.GeoSeries([small, Point(105, 18), None, shapely.Polygon()], crs="EPSG:4326")
    assert densified(shapes, CRS) is shapes
    metres = gpd.GeoSeries([box(0, 0, 1e5, 1e5)], crs="EPSG:32648")
    assert densified(metres, CRS) is metres
    long = gpd.GeoSeries([small, WHOLE, None], crs="EPSG:4326", index=[5, 7, 9])
    found = densified(long, CRS)
    assert found.index.tolist() == [5, 7, 9]
    assert found.iloc[0] is small or found.iloc[0].equals_exact(small)
    assert 1201 <= shapely.get_num_coordinates(found.iloc[1]) <= 1205
    assert found.iloc[1].equals(WHOLE)


@pytest.mark.parametrize("far", [1e12, np.inf, np.nan])
def test_absurd_coordinates_fill_no_memory(far: float) -> None:
    ring = shapely.linearrings([[0, 0], [far, 0], [far, 1], [0, 1], [0, 0]], handle_nan="allow")
    shapes = gpd.GeoSeries([shapely.polygons(ring)], crs="EPSG:4326")
    assert shapely.get_num_coordinates(densified(shapes, CRS).to_numpy())[0] < 5_000_000

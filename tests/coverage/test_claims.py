"""What layers claim at places, against GEOS."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Point, box

from coverage.claims import NOT_SERVED, PARTLY, SERVED, SILENT, claims_at
from coverage.model import Layer, LayerInfo
from coverage.rules import RULES
from tests import tiny

RULE = RULES["vn-village"]


def layer(*shapes: shapely.Geometry, extent: shapely.Geometry | None = None) -> Layer:
    return Layer(
        info=LayerInfo(operator="Alpha", technology="4G"),
        footprint=gpd.GeoSeries(list(shapes), crs=tiny.CRS),
        extent=None if extent is None else gpd.GeoSeries([extent], crs=tiny.CRS),
    )


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(3))
def test_points_and_tiles_are_where_geos_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y = tiny.X0, tiny.Y0
    layers = []
    for _ in range(4):
        centres = random.uniform((x, y), (x + 9000, y + 9000), (12, 2))
        discs = shapely.buffer(shapely.points(centres), random.uniform(300, 2500, 12))
        layers.append(layer(*discs, box(x, y, x + 1000, y + 1000)))
    xy = random.uniform((x - 500, y - 500), (x + 9500, y + 9500), (300, 2))
    points = shapely.points(xy)
    tiles = shapely.box(*xy.T, *(xy + 600).T)
    places = gpd.GeoSeries(np.concatenate([points, tiles]), crs=tiny.CRS)
    got = claims_at(layers, places, RULE)
    for k, one in enumerate(layers):
        whole = shapely.union_all(one.footprint.to_numpy())
        inside = shapely.contains(whole, points)
        assert (got[:300, k] == np.where(inside, SERVED, NOT_SERVED)).all()
        share = shapely.area(shapely.intersection(tiles, whole)) / 600**2
        wanted = np.select([share > 1 - 1e-6, share < 1e-6], [SERVED, NOT_SERVED], PARTLY)
        assert (got[300:, k] == wanted).all()
        assert {SERVED, NOT_SERVED, PARTLY} <= set(got[:, k])


def test_outside_its_extent_a_layer_is_silent() -> None:
    x, y = tiny.X0, tiny.Y0
    half = layer(box(x, y, x + 500, y + 500), extent=box(x, y, x + 1000, y + 1000))
    places = gpd.GeoSeries(
        [Point(x + 100, y + 100), Point(x + 900, y + 900), Point(x + 1100, y),
         box(x + 600, y + 600, x + 900, y + 900), box(x + 600, y + 600, x + 1100, y + 1100)],
        crs=tiny.CRS,
    )  # fmt: skip
    wanted = [SERVED, NOT_SERVED, SILENT, NOT_SERVED, SILENT]
    assert claims_at([half], places, RULE)[:, 0].tolist() == wanted


def test_no_places_and_no_layers_claim_nothing() -> None:
    nowhere = gpd.GeoSeries([], crs=tiny.CRS)
    assert claims_at(tiny.layers(), nowhere, RULE).shape == (0, 2)
    assert claims_at([], gpd.GeoSeries([Point(0, 0)], crs=tiny.CRS), RULE).shape == (1, 0)
    empty = layer(shapely.MultiPolygon())
    here = gpd.GeoSeries([Point(tiny.X0, tiny.Y0)], crs=tiny.CRS)
    assert claims_at([empty], here, RULE).tolist() == [[NOT_SERVED]]

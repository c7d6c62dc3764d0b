from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geodata.display import SCALE, encode_shape, screen_area, screen_coverage
from tests import tiny
from tests.ui.tiny_run import FORMULA, HOSTILE, tiny_run
from ui.maps.areas import areas_of
from ui.maps.assets import AssetStore
from ui.maps.component import MapChoice, component_data
from ui.maps.feed import make_feed
from ui.texts import translator


@pytest.fixture(scope="module")
def store() -> AssetStore:
    return AssetStore()


@pytest.fixture(scope="module")
def feed(run: Any, store: AssetStore) -> Any:
    return make_feed(run, store)


def _decode(shape: list[list[list[int]]]) -> MultiPolygon:
    def ring(steps: list[int]) -> np.ndarray:
        return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / SCALE

    return MultiPolygon([Polygon(ring(p[0]), [ring(h) for h in p[1:]]) for p in shape])


def test_areas_carry_their_counts_and_shapes(feed: Any) -> None:
    table = json.loads(feed.area_asset.body)
    assert table["codes"] == ["412", "417"]
    assert table["uncovered"] == [2, 1]
    assert table["villages"] == [6, 3]
    assert [len(shape) for shape in table["shapes"]] == [1, 1]
    (south, west), (north, east) = table["bounds"]
    assert south < north
    assert west < east


def test_only_villages_that_are_not_covered_go_first(feed: Any) -> None:
    table = json.loads(feed.points.body)
    assert table["ids"] == ["v3", "v6", "v9"]
    assert table["verdicts"] == ["weak", "weak", "none"]
    assert table["names"][1:] == [FORMULA, HOSTILE]
    assert "\u202e" not in table["names"][0]


def test_covered_villages_and_footprints_wait_until_asked(feed: Any) -> None:
    assert len(json.loads(feed.covered.body)["shapes"]) == 9
    assert [layer.operator for layer in feed.layers] == ["Alpha", "Beta"]
    assert json.loads(feed.layers[0].asset.body)["shapes"][0]
    assert json.loads(feed.zones_5g.body)["shapes"][0]


def test_the_same_run_has_the_same_addresses(run: Any, feed: Any, store: AssetStore) -> None:
    again = make_feed(run, store)
    assert again.points is feed.points
    assert again.covered is feed.covered


def test_what_crosses_on_a_rerun_is_small_and_holds_no_geometry(feed: Any) -> None:
    for language in ("vi", "en"):
        data = component_data(
            feed,
            MapChoice(area="412", village="v3"),
            translator(language),
            address=lambda asset: f"/p/{asset.path}",
            tiles=None,
        )
        assert len(json.dumps(data)) < 6000
        assert data["choice"] == {"area": "412", "village": "v3"}
        assert data["tiles"] is None


def test_area_figures_add_up_to_the_headline(run: Any) -> None:
    areas = areas_of(run)
    whole = run.summary.headline
    parts = [areas.headline(code, whole=whole) for code in areas.names]
    assert sum(part.uncovered for part in parts) == whole.uncovered
    assert sum(part.villages for part in parts) == whole.villages
    assert areas.headline("", whole=whole) == whole


def test_areas_without_boundaries_are_drawn_from_their_villages() -> None:
    run = tiny_run()
    run.study.units = ()
    areas = areas_of(run)
    assert areas.geometry.area.sum() == pytest.approx(9e6)


def test_two_areas_of_one_name_stay_apart(run: Any) -> None:
    run = tiny_run()
    run.summary.by_district["name"] = "Đồng Văn"
    assert list(areas_of(run).names.values()) == ["Đồng Văn (412)", "Đồng Văn (417)"]


def test_shapes_survive_the_way_to_the_screen() -> None:
    hole = box(105.01, 19.01, 105.02, 19.02)
    shape = box(105, 19, 105.1, 19.1).difference(hole).union(box(106, 19, 106.1, 19.1))
    assert _decode(encode_shape(shape)).symmetric_difference(shape).area < 1e-8


@given(st.lists(st.tuples(st.floats(104, 106), st.floats(18, 20)), min_size=3, max_size=12))
def test_any_ring_decodes_to_its_rounded_corners(corners: list[tuple[float, float]]) -> None:
    shape = Polygon(corners)
    for part in encode_shape(shape):
        for ring in part:
            assert len(ring) >= 6
            decoded = np.cumsum(np.array(ring).reshape(-1, 2), axis=0) / SCALE
            assert np.abs(decoded - np.round(decoded, 5)).max() < 1e-9


def test_neighbours_are_simplified_without_cracks() -> None:
    villages = tiny.villages()
    simple = screen_coverage(villages.geometry)
    assert simple.crs.to_epsg() == 4326
    assert simple.union_all().geom_type == "Polygon"
    assert not simple.union_all().interiors


def test_a_footprint_of_overlapping_and_invalid_parts_is_one_clean_shape() -> None:
    bow = Polygon([(0, 0), (2000, 2000), (2000, 0), (0, 2000)])
    parts = gpd.GeoSeries([bow, box(0, 0, 1500, 1500), box(9e5, 2e6, 9e5 + 5, 2e6 + 5)])
    whole = screen_area(parts.set_crs(tiny.CRS))
    assert len(whole) == 1
    assert whole.is_valid.all()
    assert len(encode_shape(whole.iloc[0])) == 1

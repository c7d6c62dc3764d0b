"""What the map is given: tables, shapes, addresses, a few kilobytes a rerun."""

from __future__ import annotations

import base64
import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geodata.display import SCALE, encode_shape, screen_area, screen_coverage
from tests import tiny
from tests.tiny_study import FORMULA, IMAGE
from tests.ui.tiny_run import view_of
from ui.maps import feed as feeds
from ui.maps.assets import AssetStore
from ui.maps.component import component_data, packed
from ui.maps.feed import make_feed
from ui.opened import Opened
from ui.texts import translator
from ui.view import map_state


def _table(asset: Any) -> dict[str, Any]:
    return dict(json.loads(asset.body))


def _decode(shape: list[list[list[int]]]) -> MultiPolygon:
    def ring(steps: list[int]) -> np.ndarray:
        return np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / SCALE

    return MultiPolygon([Polygon(ring(p[0]), [ring(h) for h in p[1:]]) for p in shape])


def test_all_villages_travel_with_a_letter_each(opened: Opened) -> None:
    table = _table(opened.feed.villages)
    assert table["ids"] == [f"v{k}" for k in range(1, 10)]
    assert table["verdicts"] == "ccwccwccn"
    assert table["names"][5] == FORMULA
    assert table["names"][8] == IMAGE
    assert "\u202e" not in table["names"][2]
    assert len(table["points"]) == 18
    assert [table["communes"][k] for k in table["commune"]][:4] == ["Xã 0", "Xã 0", "Xã 0", "Xã 1"]


def test_every_structure_and_level_has_its_areas(opened: Opened) -> None:
    assert set(opened.feed.areas) == {(0, "district"), (0, "commune"), (1, "commune")}
    table = _table(opened.feed.areas[0, "district"])
    assert dict(zip(table["codes"], table["names"], strict=True)) == {
        "417": "Huyện Kỳ Sơn",
        "412": "Thành phố Vinh",
    }
    assert [len(shape) for shape in table["shapes"]] == [1, 1]


def test_outlines_come_far_and_near(opened: Opened) -> None:
    feed = opened.feed
    assert feed.outlines is not None
    assert len(_table(feed.outlines)["shapes"]) == 9
    near = [_table(chunk.asset) for chunk in feed.chunks]
    assert sorted(row for table in near for row in table["rows"]) == list(range(9))
    assert _table(feed.layers[0].asset)["shapes"][0]
    assert feed.zones_5g is not None
    assert _table(feed.zones_5g)["status"] == ["live", "planned"]


def test_above_a_number_of_villages_only_the_uncovered_travel(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_OUTLINES", 5)
    feed = make_feed(opened.run, opened.structures, AssetStore())
    assert list(feed.ids) == ["v3", "v6", "v9"]
    assert feed.outlines is None
    rows = [row for chunk in feed.chunks for row in _table(chunk.asset)["rows"]]
    assert sorted(rows) == [-1] * 6 + [0, 1, 2]


def test_the_same_run_has_the_same_addresses(opened: Opened) -> None:
    store = AssetStore()
    one = make_feed(opened.run, opened.structures, store)
    two = make_feed(opened.run, opened.structures, store)
    assert one.villages is two.villages
    assert one.areas[0, "commune"] is two.areas[0, "commune"]


def test_another_audience_has_another_address(opened: Opened) -> None:
    store = AssetStore()
    public = make_feed(opened.run, opened.structures, store)
    private = make_feed(opened.run, opened.structures, store, audience="x")
    assert public.villages.digest != private.villages.digest
    assert private.villages.audience == "x"


def test_what_crosses_on_a_rerun_is_small_and_holds_no_geometry(opened: Opened) -> None:
    for language in ("vi", "en"):
        view = view_of(opened, district="412", village="v3", operator="Beta")
        data = component_data(
            opened.feed,
            map_state(view, "villages"),
            translator(language),
            address=lambda asset: f"/p/{asset.path}",
            tiles=None,
        )
        assert len(json.dumps(data)) < 7000
        state = data["state"]
        assert isinstance(state, dict)
        assert state["area"] == "412"
        assert state["village"] == "v3"
        assert state["verdicts"] == "nnwnnwnnn"


def test_the_stamp_tells_two_states_apart(opened: Opened) -> None:
    def stamp(**choices: str) -> object:
        state = map_state(view_of(opened, **choices), "villages")
        return component_data(
            opened.feed, state, translator("vi"), address=lambda a: a.path, tiles=None
        )["stamp"]

    assert stamp() == stamp()
    assert len({stamp(), stamp(district="412"), stamp(village="v3"), stamp(name="ky son")}) == 4


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_a_set_of_villages_survives_the_way(bits: list[bool]) -> None:
    ids = pd.Index([f"v{k}" for k in range(len(bits))])
    told = packed(pd.Series(bits, index=ids), ids)
    if all(bits):
        assert told is None
    else:
        assert told is not None
        back = np.unpackbits(np.frombuffer(base64.b64decode(told), np.uint8))[: len(bits)]
        assert back.astype(bool).tolist() == bits


def test_shapes_survive_the_way_to_the_screen() -> None:
    hole = box(105.01, 19.01, 105.02, 19.02)
    shape = box(105, 19, 105.1, 19.1).difference(hole).union(box(106, 19, 106.1, 19.1))
    assert _decode(encode_shape(shape)).symmetric_difference(shape).area < 1e-8


@given(st.lists(st.tuples(st.floats(104, 106), st.floats(18, 20)), min_size=3, max_size=12))
def test_any_ring_decodes_to_its_rounded_corners(corners: list[tuple[float, float]]) -> None:
    rounded = {(round(x * SCALE), round(y * SCALE)) for x, y in corners}
    for part in encode_shape(Polygon(corners)):
        for ring in part:
            assert len(ring) >= 6
            decoded = np.cumsum(np.array(ring).reshape(-1, 2), axis=0)
            assert set(map(tuple, decoded.tolist())) <= rounded
    square = box(104, 18, 104 + 7 / SCALE, 18 + 9 / SCALE)
    ((ring,),) = encode_shape(square)
    assert len(np.unique(np.cumsum(np.array(ring).reshape(-1, 2), axis=0), axis=0)) == 4


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

"""Villages: points become discs, ids are unique, kept and carried forward."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from geodata import DataError
from geodata.coordinates import study_crs
from geodata.identity import FILE, mint_ids
from geodata.villages import indexed, village_table, with_centres
from tests import tiny

CRS = study_crs(tiny.CRS)


def raw() -> gpd.GeoDataFrame:
    return tiny.villages().drop(columns="centre").reset_index()


def made(table: pd.DataFrame, **options: float) -> gpd.GeoDataFrame:
    return village_table(table, crs=CRS, file="v", radius_m=options.get("radius_m", 500.0))[0]


def test_polygons_keep_their_place_and_attributes() -> None:
    table = indexed(made(raw()), file="v")
    assert table.index.tolist() == tiny.villages().index.tolist()
    assert table.loc["v9", ["village", "population", "electrified"]].tolist() == [
        "Xóm 9",
        900,
        False,
    ]
    assert table["centre"].isna().all()


def test_points_become_discs_and_their_own_centres() -> None:
    points = raw().set_geometry(raw().centroid)
    table = made(points, radius_m=300.0)
    assert table.geometry.area.to_numpy() == pytest.approx(np.pi * 300**2, rel=1e-3)
    assert table["centre"].iloc[0] == Point(tiny.X0 + 500, tiny.Y0 + 500)


def test_missing_columns_are_missing_and_not_zero() -> None:
    table = made(raw()[["village_id", "geometry"]])
    assert table["population"].isna().all()
    assert table["electrified"].isna().all()


def test_repeated_ids_are_told_with_their_rows() -> None:
    twice = raw()
    twice.loc[4, "village_id"] = "v1"
    with pytest.raises(DataError, match="v1 occurs in rows 1, 5"):
        indexed(made(twice), file="v")


def test_a_village_without_a_place_is_told() -> None:
    table = raw()
    table.loc[2, "geometry"] = None
    with pytest.raises(DataError, match="row 3: the village has no place"):
        made(table)


def test_minted_ids_do_not_hang_on_the_order_of_rows(tmp_path: Path) -> None:
    table = made(raw().drop(columns="village_id"))
    first = mint_ids(table, tmp_path)
    again = mint_ids(table.iloc[::-1], tmp_path)
    pd.testing.assert_series_equal(again["village_id"].sort_index(), first["village_id"])
    with (tmp_path / FILE).open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 9


def test_minted_ids_survive_a_new_village_and_a_small_move(tmp_path: Path) -> None:
    table = made(raw().drop(columns="village_id"))
    first = mint_ids(table.iloc[:8], tmp_path)
    moved = table.copy()
    moved["geometry"] = table.translate(150, 0)
    again = mint_ids(moved, tmp_path)
    assert again["village_id"].iloc[:8].tolist() == first["village_id"].tolist()
    assert again["village_id"].is_unique


def test_two_villages_of_one_name_get_two_ids(tmp_path: Path) -> None:
    table = made(raw().drop(columns="village_id"))
    table["village"] = "Bản Na"
    assert mint_ids(table, tmp_path)["village_id"].is_unique


def test_centres_are_joined_by_id() -> None:
    villages = indexed(made(raw()), file="v")
    halls = gpd.GeoDataFrame(
        {"village_id": ["v9", "v1"]}, geometry=[Point(9, 9), Point(1, 1)], crs=tiny.CRS
    )
    joined = with_centres(villages, halls, crs=CRS, file="c")
    assert joined.loc["v1", "centre"] == Point(1, 1)
    assert joined["centre"].isna().sum() == 7


@pytest.mark.parametrize(
    ("ids", "sentence"), [(["v1", "v1"], "v1 occurs twice"), (["v1", "zz"], "first: zz")]
)
def test_centres_that_do_not_fit_are_told(ids: list[str], sentence: str) -> None:
    villages = indexed(made(raw()), file="v")
    halls = gpd.GeoDataFrame({"village_id": ids}, geometry=[Point(0, 0)] * 2, crs=tiny.CRS)
    with pytest.raises(DataError, match=sentence):
        with_centres(villages, halls, crs=CRS, file="c")

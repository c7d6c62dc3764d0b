"""Villages: points become discs, ids are unique, kept and carried forward."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon

from geodata import DataError, Units
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
    with pytest.raises(DataError, match=r"1 villages have no place \(rows 3\)"):
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
    halls = gpd.GeoDataFrame({"village_id": ids}, geometry=[Point(1, 1)] * 2, crs=tiny.CRS)
    with pytest.raises(DataError, match=sentence):
        with_centres(villages, halls, crs=CRS, file="c")


def test_centres_without_ids_belong_to_the_village_that_holds_them() -> None:
    villages = indexed(made(raw()), file="v")
    halls = gpd.GeoDataFrame(
        geometry=[Point(tiny.X0 + 2100, tiny.Y0 + 2100), Point(tiny.X0 + 10, tiny.Y0 + 10)],
        crs=tiny.CRS,
    )
    joined = with_centres(villages, halls, crs=CRS, file="c")
    assert joined.index[joined["centre"].notna()].tolist() == ["v1", "v9"]
    with pytest.raises(DataError, match=r"c: village id v9 occurs twice"):
        with_centres(villages, halls.iloc[[0, 0]], crs=CRS, file="c")
    away = gpd.GeoDataFrame(geometry=[Point(tiny.X0 - 10, tiny.Y0)], crs=tiny.CRS)
    with pytest.raises(DataError, match=r"1 centres belong to no village \(first: row 1\)"):
        with_centres(villages, away, crs=CRS, file="c")


def test_a_name_wins_over_the_polygon_a_centre_fell_into() -> None:
    villages = indexed(made(raw()), file="v")
    beyond = Point(tiny.X0 + 1010, tiny.Y0 + 500)  # ten metres into v2
    halls = gpd.GeoDataFrame({"Tên thôn": ["XOM 1", None]}, geometry=[beyond] * 2, crs=tiny.CRS)
    joined = with_centres(villages, halls, crs=CRS, file="c")
    assert joined.index[joined["centre"].notna()].tolist() == ["v1", "v2"]


def test_lines_are_no_villages_and_bow_ties_are_repaired() -> None:
    table = raw()
    x, y = tiny.X0, tiny.Y0
    corners = [(x, y), (x + 1000, y + 1000), (x + 1000, y), (x, y + 1000)]
    table.loc[0, "geometry"] = Polygon(corners)
    done, notes = village_table(table, crs=CRS, file="v", radius_m=500.0)
    assert done.geometry.area.iloc[0] == pytest.approx(500_000)
    assert "v: 1 invalid polygons repaired" in map(str, notes)
    table.loc[3, "geometry"] = LineString(corners)
    with pytest.raises(DataError, match="row 4: the village is a LineString without area"):
        made(table)


def test_units_the_file_leaves_out_come_from_its_names_and_then_its_place() -> None:
    table = raw().drop(columns=["commune_code", "district_code", "district"])
    table.loc[0, "commune"] = "XA 2"  # its place says Xã 0
    table.loc[1, "commune"] = None
    areas = tiny.villages().dissolve("commune_code", aggfunc="first")
    communes = areas[["commune", "district_code", "geometry"]].rename(columns={"commune": "name"})
    districts = tiny.villages().dissolve("district_code", aggfunc="first")
    named = districts[["district", "geometry"]].rename(columns={"district": "name"})
    units = Units(valid_from=date(2023, 1, 1), communes=communes, districts=named)
    table["commune_code"] = [*[None] * 8, "99999"]
    done, notes = village_table(table, crs=CRS, file="v", radius_m=500.0, units=units)
    assert str(notes[-1]).startswith("v: 1 villages have a commune code that is none of the units")
    assert done["commune_code"].tolist() == ["12", "10", "10", *["11"] * 3, *["12"] * 3]
    assert done["commune"].iloc[:2].tolist() == ["XA 2", "Xã 0"]
    assert done["told_commune_code"].iloc[8] == "99999"
    assert done["unit_doubt"].tolist() == [*[""] * 8, "code-foreign"]
    above = ["Huyện Kỳ Sơn", *tiny.villages()["district"].iloc[1:]]  # a commune has its district
    assert done["district"].tolist() == above


def test_kept_ids_are_written_whole_and_only_when_they_change(tmp_path: Path) -> None:
    table = made(raw().drop(columns="village_id"))
    first = mint_ids(table, tmp_path)
    written = (tmp_path / FILE).stat()
    shuffled = mint_ids(table.sample(frac=1, random_state=3), tmp_path)
    assert (tmp_path / FILE).stat().st_mtime_ns == written.st_mtime_ns
    assert shuffled["village_id"].sort_index().tolist() == first["village_id"].tolist()
    mint_ids(table.iloc[:2], tmp_path)
    back = table.copy()
    back["geometry"] = table.translate(150, 0)
    assert mint_ids(back, tmp_path)["village_id"].tolist() == first["village_id"].tolist()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_namesakes_keep_their_ids_by_place_in_any_order(tmp_path: Path) -> None:
    table = made(raw().drop(columns="village_id"))
    table["village"], table["commune_code"] = "Bản Na", "10"
    first = mint_ids(table, tmp_path)
    again = mint_ids(table.iloc[::-1], tmp_path)
    assert again["village_id"].sort_index().tolist() == first["village_id"].tolist()

"""Footprint files become layers, split and united as the study says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
from shapely import GeometryCollection, LineString, Point, box

from coverage.model import Layer
from geodata import DataError
from geodata.containers import Part
from geodata.convention import Candidate
from geodata.coordinates import study_crs
from geodata.filing import Filing
from geodata.filings import layers_in
from geodata.layers import one_spelling, technology_of, united
from geodata.read import Reading
from tests import tiny

CRS = study_crs(tiny.CRS)
FILING = Filing(
    operator="A",
    technology="4G",
    evidence="declared",
    as_of=date(2023, 8, 30),
    source="s",
    columns={},
)
OPEN = Filing(
    operator=None, technology=None, evidence="declared", as_of=None, source="", columns={}
)


def filed(raw: pd.DataFrame, filing: Filing, *, crs: pyproj.CRS, file: str) -> list[Layer]:
    part = Part(name=file, path=Path(file), layer=None, kind="table")
    candidate = Candidate(part=part, file=file, read=Reading(table=raw))
    return list(layers_in(candidate, filing, crs=crs, kind="footprint").layers)


def table(*shapes: object, **columns: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=tiny.CRS)


def test_operator_and_technology_may_stand_in_columns() -> None:
    squares = table(box(0, 0, 1, 1), box(2, 0, 3, 1), box(4, 0, 5, 1),
                    nha_mang=["B", "A", "B"], radio_type=["LTE", "3G", "4g"])  # fmt: skip
    layers = filed(squares, OPEN, crs=CRS, file="f")
    found = {layer.info.title: len(layer.footprint) for layer in united(layers)}
    assert found == {"A 3G": 1, "B 4G": 2}


def test_what_the_study_says_wins_over_columns() -> None:
    layers = filed(table(box(0, 0, 1, 1), operator=["Z"]), FILING, crs=CRS, file="f")
    assert [layer.info.title for layer in layers] == ["A 4G"]


def test_an_operator_nobody_names_is_told() -> None:
    with pytest.raises(DataError, match="no column for the operator"):
        filed(table(box(0, 0, 1, 1)), OPEN, crs=CRS, file="f")
    with pytest.raises(DataError, match="row 2: the operator is missing"):
        filed(table(box(0, 0, 1, 1), box(0, 0, 1, 1), operator=["A", ""], technology=["4G", "4G"]),
              OPEN, crs=CRS, file="f")  # fmt: skip


@pytest.mark.parametrize(
    ("word", "known"), [("lte", "4G"), (" 5g", "5G"), ("3", "3G"), ("NR", "5G")]
)
def test_technologies_by_their_names(word: str, known: str) -> None:
    assert technology_of(word, file="f") == known
    with pytest.raises(DataError, match="technology '6G' is not known"):
        technology_of("6G", file="f")


def test_lines_are_no_footprint_but_collections_may_hold_one() -> None:
    with pytest.raises(DataError, match="holds LineString, Point and no polygons"):
        filed(table(LineString([(0, 0), (1, 1)]), Point(3, 4)), FILING, crs=CRS, file="f")
    mixed = GeometryCollection([box(0, 0, 1, 1), Point(5, 5)])
    layer = filed(table(mixed, Point(0, 0)), FILING, crs=CRS, file="f")[0]
    assert layer.footprint.geom_type.tolist() == ["MultiPolygon"]
    assert layer.footprint.area.tolist() == [1.0]


def test_polygons_without_area_and_operators_without_polygons_are_told() -> None:
    with pytest.raises(DataError, match="f holds polygons without area"):
        filed(table(box(0, 0, 0, 1)), FILING, crs=CRS, file="f")
    rows = table(box(0, 0, 1, 1), Point(0, 0), operator=["A", "B"], technology=["4G", "4G"])
    with pytest.raises(DataError, match="f holds no polygons of B 4G"):
        filed(rows, OPEN, crs=CRS, file="f")


def test_an_operator_has_one_spelling() -> None:
    rows = table(box(0, 0, 1, 1), box(2, 0, 3, 1), box(4, 0, 5, 1),
                 operator=["VIETTEL", "Viettel ", "vnpt"], technology=["4G"] * 3)  # fmt: skip
    layers = united(one_spelling(filed(rows, OPEN, crs=CRS, file="f"), ["Viettel"]))
    assert {layer.info.operator: len(layer.footprint) for layer in layers} == {
        "Viettel": 2, "vnpt": 1,
    }  # fmt: skip


def test_filings_of_two_dates_stay_two_and_an_open_extent_opens_the_whole() -> None:
    first = filed(table(box(0, 0, 1, 1)), FILING, crs=CRS, file="f")[0]
    later = replace(first, info=replace(first.info, as_of=date(2024, 1, 1)))
    assert len(united([first, later])) == 2
    limited = replace(first, extent=first.footprint)
    assert united([limited, limited])[0].extent is not None
    assert united([limited, first])[0].extent is None


def test_a_table_without_geometry_is_no_layer() -> None:
    with pytest.raises(DataError, match="a footprint layer holds polygons"):
        filed(pd.DataFrame({"a": [1]}), FILING, crs=CRS, file="f")


def test_names_of_one_company_are_one_operator_as_the_study_calls_it() -> None:
    """Or a village that VNPT's 3G and VinaPhone's 4G share would be served by neither."""
    rows = gpd.GeoDataFrame(
        {"operator": ["VNPT", "VinaPhone"], "technology": ["3G", "4G"]},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)],
        crs=CRS,
    )
    made = filed(rows, OPEN, crs=CRS, file="f")
    for expected, name in (([], "VNPT"), (["VNPT"], "VNPT"), (["VinaPhone"], "VinaPhone")):
        assert {layer.info.operator for layer in one_spelling(made, expected)} == {name}

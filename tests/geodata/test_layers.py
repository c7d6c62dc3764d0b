"""Footprint files become layers, split and united as the study says."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from shapely import GeometryCollection, LineString, Point, box

from geodata import DataError
from geodata.coordinates import study_crs
from geodata.layers import Filing, filed, technology_of, united
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
        filed(table(LineString([(0, 0), (1, 1)]), Point(0, 0)), FILING, crs=CRS, file="f")
    mixed = GeometryCollection([box(0, 0, 1, 1), Point(5, 5)])
    assert len(filed(table(mixed), FILING, crs=CRS, file="f")) == 1


def test_a_table_without_geometry_is_no_layer() -> None:
    with pytest.raises(DataError, match="a footprint layer holds polygons"):
        filed(pd.DataFrame({"a": [1]}), FILING, crs=CRS, file="f")

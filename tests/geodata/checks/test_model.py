"""What a check is given, and how a finding speaks of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon

from geodata.checks.model import Subject, about_rows
from tests.geodata.checks.subjects import CRS, X, Y, square, subject, together


def test_the_first_fifty_rows_are_named_and_all_are_counted() -> None:
    table = subject("villages", [Point(X + k, Y) for k in range(600)])
    found = about_rows("k", "note", "{count} of {all}", of=table, where=np.arange(600) > 9)
    assert found.rows == tuple(range(11, 61))
    assert (found.count, str(found.sentence)) == (590, "590 of 600")
    assert found.places is not None
    assert len(found.places) == 500
    assert found.places.iloc[0].x == X + 10


def test_rows_are_counted_as_the_file_counts_them_where_it_was_read_so() -> None:
    table = pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 7, name="row"))
    read = Subject(file="a.csv", role="table", table=table)
    assert about_rows("k", "note", "", of=read, where=[False, True]).rows == (6,)


def test_rows_without_a_place_have_none_on_the_map() -> None:
    table = subject("villages", [None, Polygon(), Point(X, Y)])
    assert about_rows("k", "note", "", of=table, where=[True, True, False]).places is None
    found = about_rows("k", "note", "", of=table, where=[True, True, True])
    assert found.places is not None
    assert found.places.index.tolist() == [2]
    assert found.places.crs == CRS
    assert about_rows("k", "note", "", of=table, where=[False] * 3).places is None


def test_an_outline_holds_the_polygons_alone() -> None:
    outline = subject("communes", [square(0, 0), None, LineString([(X, Y), (X, Y + 9)])]).outline
    assert outline is not None
    assert outline.area == pytest.approx(1e6)
    overlap = subject("communes", [square(0, 0), square(500, 0)]).outline
    assert overlap is not None
    assert overlap.area == pytest.approx(1.5e6)
    assert subject("communes", [Point(X, Y)]).outline is None
    assert subject("communes", None, {"commune": ["a"]}).outline is None


def test_a_layer_is_called_by_operator_and_technology_and_else_by_its_file() -> None:
    assert subject("layer", operator="Alpha", technology="4G").title == "Alpha 4G"
    assert subject("layer", operator="Alpha").title == "Alpha"
    assert subject("layer", file="a.gpkg").title == "a.gpkg"


def test_a_study_lies_where_its_units_do_and_without_them_where_its_villages_do() -> None:
    villages, units = subject("villages", [square(0, 0)]), subject("communes", [square(5000, 0)])
    found = together(villages, units).area()
    assert found is not None
    assert found.tolist() == [X + 5000, Y, X + 6000, Y + 1000]
    found = together(villages, subject("communes", [None])).area()
    assert found is not None
    assert found.tolist() == [X, Y, X + 1000, Y + 1000]
    assert together(subject("layer", [square(0, 0)])).area() is None


def test_a_column_is_found_by_our_name_for_it_and_only_where_the_file_has_it() -> None:
    table = subject("villages", None, {"village": ["Xóm 1"]})
    column = table.column("village")
    assert column is not None
    assert column.tolist() == ["Xóm 1"]
    assert table.column("commune") is None
    gone = Subject(file="a", role="villages", table=table.table, columns={"commune": "XA"})
    assert gone.column("commune") is None

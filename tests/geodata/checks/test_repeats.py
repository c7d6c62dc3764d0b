"""Rows, codes and places that stand there twice."""

from __future__ import annotations

import pytest
import shapely
from shapely import Point, Polygon

from geodata.checks.model import Role
from geodata.checks.repeats import same_ids, same_places, same_rows
from tests.geodata.checks.subjects import X, Y, square, subject


def test_a_row_is_repeated_where_all_its_cells_and_its_shape_are() -> None:
    shapes = [square(0, 0), square(0, 0), square(0, 0), square(1000, 0)]
    table = subject("layer", shapes, {"a": [1, 1, 2, 1], "b": ["x", "x", "x", "x"]})
    (one,) = same_rows(table)
    assert (one.kind, one.severity, one.rows) == ("row-repeated", "warning", (2,))


def test_rows_that_differ_in_a_cell_or_in_what_is_missing_are_no_repeats() -> None:
    cells = {"a": [1, "1", None, ""], "b": [[1], [2], [1], [1]]}
    assert list(same_rows(subject("table", None, cells))) == []
    assert len(list(same_rows(subject("table", None, {"a": [[1], [1]]})))) == 1


@pytest.mark.parametrize(
    ("role", "field"),
    [("villages", "village_id"), ("communes", "commune_code"), ("communes", "code"),
     ("districts", "district_code"), ("districts", "code")],
)  # fmt: skip
def test_codes_of_villages_and_units_are_unique_and_each_has_one(role: Role, field: str) -> None:
    table = subject(role, None, {field: ["7", "8", "7", "9", "8", "7", None]})
    repeated, gone = same_ids(table)
    assert (repeated.kind, repeated.severity) == ("id-repeated", "error")
    assert repeated.rows == (1, 2, 3, 5, 6)
    parts = repeated.sentence.parts
    assert (parts["ids"], parts["first"], parts["rows"]) == (2, "7", "1, 3, 6")
    assert (gone.kind, gone.severity, gone.rows) == ("id-missing", "error", (7,))


def test_two_rows_without_a_code_do_not_share_one_and_none_at_all_is_no_column() -> None:
    found = list(same_ids(subject("villages", None, {"village_id": ["1", None, None]})))
    assert [one.kind for one in found] == ["id-missing"]
    assert list(same_ids(subject("villages", None, {"village_id": [None, None]}))) == []
    assert list(same_ids(subject("sites", None, {"code": ["1", "1"]}))) == []


@pytest.mark.parametrize("role", ["villages", "centres", "table"])
def test_places_that_are_shared_are_told_but_for_the_first(role: Role) -> None:
    a, b = Point(X, Y), Point(X + 1, Y)
    (one,) = same_places(subject(role, [a, b, a, None, None, a, b, Polygon(), Polygon()]))
    assert (one.kind, one.severity, one.rows) == ("place-shared", "warning", (3, 6, 7))
    assert (one.sentence.parts["shared"], one.sentence.parts["places"]) == (5, 2)


def test_one_outline_drawn_from_another_corner_is_the_same_place() -> None:
    turned = shapely.Polygon([*square(0, 0).exterior.coords][1:])
    assert len(list(same_places(subject("villages", [square(0, 0), turned])))) == 1


def test_layers_may_hold_one_shape_twice() -> None:
    assert list(same_places(subject("layer", [square(0, 0)] * 2))) == []

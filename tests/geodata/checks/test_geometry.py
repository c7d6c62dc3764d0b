"""Geometry that is missing, broken, flat, or of the wrong kind."""

from __future__ import annotations

import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon

from geodata.checks import geometry
from geodata.checks.geometry import flat_villages, invalid, kinds, missing, reason_told
from geodata.checks.model import Role
from tests.geodata.checks.subjects import X, Y, square, subject

BOW_TIE = Polygon([(X, Y), (X + 1000, Y + 1000), (X + 1000, Y), (X, Y + 1000)])
LINE = LineString([(X, Y), (X + 1000, Y)])
NO_AREA = Polygon([(X, Y), (X + 1000, Y), (X + 500, Y), (X, Y)])


@pytest.mark.parametrize(
    ("role", "severity"),
    [
        ("villages", "error"), ("communes", "error"), ("sites", "warning"),
        ("layer", "warning"), ("extent", "warning"), ("table", "warning"),
    ],
)  # fmt: skip
def test_rows_without_a_place_are_an_error_where_each_row_is_needed(
    role: Role, severity: str
) -> None:
    (one,) = missing(subject(role, [square(0, 0), None, Polygon()]))
    assert (one.kind, one.severity, one.rows) == ("geometry-empty", severity, (2, 3))


def test_where_every_row_has_a_place_none_is_missed() -> None:
    assert list(missing(subject("villages", [square(0, 0), Point(X, Y)]))) == []
    assert list(missing(subject("villages", None, {"village": ["Xóm 1"]}))) == []


def test_a_bow_tie_is_drawn_wrongly_and_a_row_without_a_place_is_not() -> None:
    (one,) = invalid(subject("layer", [square(0, 0), None, BOW_TIE]))
    assert (one.rows, one.count) == ((3,), 1)
    assert "crosses or touches itself" in str(one.sentence)
    assert list(invalid(subject("layer", [square(0, 0), None]))) == []


def test_the_validity_of_more_corners_than_the_limit_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = [BOW_TIE, square(0, 0)]
    corners = int(shapely.get_num_coordinates(shapes).sum())
    monkeypatch.setattr(geometry, "MOST_VERTICES", corners)
    assert len(list(invalid(subject("layer", shapes)))) == 1
    monkeypatch.setattr(geometry, "MOST_VERTICES", corners - 1)
    assert list(invalid(subject("layer", shapes))) == []


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (BOW_TIE, "its border crosses or touches itself"),
        (
            Polygon(square(0, 0).exterior, [square(5000, 0, 10).exterior]),
            "a hole lies outside, or cuts it in two",
        ),
        (MultiPolygon([square(0, 0), square(100, 100, 10)]), "one part lies inside another"),
    ],
)
def test_why_a_shape_is_broken_is_told_in_plain_words(shape: shapely.Geometry, told: str) -> None:
    assert str(reason_told(shapely.is_valid_reason(shape))) == told


def test_too_few_corners_and_a_reason_nobody_foresaw() -> None:
    assert str(reason_told("Too few points in geometry component")) == "it has too few corners"
    assert str(reason_told("Invalid Coordinate")) == "its border is broken"


@pytest.mark.parametrize("role", ["districts", "communes", "layer", "extent", "zones_5g"])
def test_points_and_lines_alone_are_an_error_where_areas_are_needed(role: Role) -> None:
    (one,) = kinds(subject(role, [Point(X, Y), LINE]))
    assert (one.kind, one.severity, one.count) == ("geometry-kind", "error", 2)


def test_a_line_among_areas_is_a_warning_and_rows_without_a_place_are_no_lines() -> None:
    (one,) = kinds(subject("layer", [square(0, 0), LINE, None, Polygon(), Point()]))
    assert (one.severity, one.rows) == ("warning", (2,))


def test_a_collection_of_lines_alone_is_a_warning_for_areas_may_be_lost_in_it() -> None:
    (one,) = kinds(subject("layer", [LINE, GeometryCollection([LINE])]))
    assert one.severity == "warning"


def test_points_are_no_fault_of_villages_and_of_files_of_a_known_convention() -> None:
    assert list(kinds(subject("villages", [Point(X, Y)]))) == []
    assert list(kinds(subject("layer", [Point(X, Y)], convention="opencellid"))) == []
    assert list(kinds(subject("layer", [square(0, 0)]))) == []


def test_a_village_drawn_as_a_line_or_without_size_is_flat_and_a_bow_tie_is_not() -> None:
    shapes = [square(0, 0), LINE, NO_AREA, BOW_TIE, Point(X, Y), None, Polygon()]
    (one,) = flat_villages(subject("villages", shapes))
    assert (one.kind, one.severity, one.rows) == ("geometry-flat", "error", (2, 3))


def test_flat_shapes_are_no_matter_of_other_files() -> None:
    assert list(flat_villages(subject("layer", [LINE]))) == []
    assert list(flat_villages(subject("villages", [square(0, 0), Point(X, Y)]))) == []

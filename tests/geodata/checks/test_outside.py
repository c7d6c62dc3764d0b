"""Files and rows outside the study, and extents that stop before its end."""

from __future__ import annotations

import pytest
from shapely import Point, Polygon

from geodata.checks.model import Role, Subject, Together
from geodata.checks.outside import outside, stops_short
from geodata.findings import Finding
from tests.geodata.checks.subjects import X, Y, square, subject, together

PROVINCE = subject("districts", [square(0, 0, 10_000)])


def found(role: Role, east: list[float | None], *, of: Subject = PROVINCE) -> list[Finding]:
    """What is said of points so many metres east of the province's border."""
    points = [None if x is None else Point(X + 10_000 + x, Y + 5_000) for x in east]
    return list(outside(together(of, subject(role, points))))


@pytest.mark.parametrize(("east", "told"), [(-1.0, 0), (5_000.0, 0), (5_001.0, 1)])
def test_a_place_up_to_five_kilometres_beyond_the_border_is_not_outside(
    east: float, told: int
) -> None:
    assert len(found("villages", [-500.0, east])) == told


def test_a_file_all_of_whose_places_lie_outside_is_told_as_a_whole() -> None:
    (one,) = found("layer", [9_000.0, None, 9_500.0])
    assert (one.kind, one.severity, one.rows) == ("wholly-outside", "error", (1, 3))


@pytest.mark.parametrize(
    ("role", "severity"),
    [("villages", "error"), ("centres", "error"), ("sites", "note"), ("zones_5g", "note")],
)
def test_single_rows_outside_are_an_error_of_villages_and_a_note_of_others(
    role: Role, severity: str
) -> None:
    (one,) = found(role, [9_000.0, *[-500.0] * 99])
    assert (one.kind, one.severity, one.rows) == ("partly-outside", severity, (1,))


def test_of_a_layer_one_part_in_twenty_may_lie_outside() -> None:
    assert found("layer", [9_000.0, *[-500.0] * 19]) == []
    (one,) = found("layer", [9_000.0] * 2 + [-500.0] * 20)
    assert (one.kind, one.severity, one.count) == ("partly-outside", "note", 2)


def test_rows_without_a_place_are_neither_inside_nor_outside() -> None:
    assert found("villages", [None, None]) == []
    (one,) = found("layer", [*[9_000.0] * 1, *[None] * 9, *[-500.0] * 10])
    assert one.kind == "partly-outside"  # one of eleven, not of twenty


def test_where_a_study_has_no_units_its_villages_say_where_it_lies() -> None:
    villages = subject("villages", [square(0, 0, 10_000)])
    assert len(found("layer", [9_000.0], of=villages)) == 1
    assert found("layer", [4_000.0], of=villages) == []
    assert found("layer", [9_000.0], of=subject("sites", [square(0, 0)])) == []


def test_the_area_of_a_study_is_that_of_all_its_units() -> None:
    later = subject("communes", [square(10_000, 0, 10_000)])
    far = subject("layer", [Point(X + 24_000, Y)])
    assert list(outside(together(PROVINCE, later, far))) == []
    assert len(list(outside(together(PROVINCE, far)))) == 1
    empty = subject("communes", [Polygon()])
    assert len(list(outside(together(PROVINCE, empty, far)))) == 1


def _short(missed: int, of: int) -> Together:
    """Villages of which an extent leaves some out."""
    villages = [square(1000 * k, 0) for k in range(of)]
    kept = [square(1000 * k, 0) for k in range(of - missed)]
    return together(subject("villages", villages), subject("extent", kept))


@pytest.mark.parametrize(("missed", "of", "told"), [(0, 5, 0), (1, 50, 0), (1, 49, 1), (2, 50, 1)])
def test_an_extent_may_leave_out_one_village_in_fifty(missed: int, of: int, told: int) -> None:
    found = list(stops_short(_short(missed, of)))
    assert len(found) == told
    assert [one.sentence.parts["count"] for one in found] == [missed] * told


def test_without_places_of_villages_an_extent_leaves_nobody_out() -> None:
    extent = subject("extent", [square(0, 0)])
    assert list(stops_short(together(extent))) == []
    assert list(stops_short(together(subject("villages", None, {"village": ["x"]}), extent))) == []

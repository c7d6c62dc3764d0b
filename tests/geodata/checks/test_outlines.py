"""Two structures of units whose outer borders differ."""

from __future__ import annotations

import pytest
from shapely import LineString, box

from geodata.checks.outlines import outlines
from geodata.findings import Finding
from tests.geodata.checks.subjects import X, Y, square, subject, together


def found(first: list[object], other: list[object]) -> list[Finding]:
    return list(
        outlines(
            together(
                subject("districts", first, file="d.gpkg"),  # type: ignore[arg-type]  # shapes
                subject("communes", other, file="c.gpkg"),  # type: ignore[arg-type]  # shapes
            )
        )
    )


def test_what_the_second_file_leaves_out_and_what_it_adds_are_told_apart() -> None:
    (one,) = found([square(0, 0, 4000)], [box(X + 1000, Y, X + 6000, Y + 4000)])
    assert (one.kind, one.severity, one.file) == ("outline-differs", "note", "c.gpkg")
    assert one.sentence.parts["other"] == "d.gpkg"
    assert str(one.sentence.parts["missing"]) == "4.0 km²"
    assert str(one.sentence.parts["more"]) == "8.0 km²"


def test_the_places_of_a_difference_begin_with_the_largest() -> None:
    (one,) = found([square(0, 0, 4000)], [box(X + 1000, Y, X + 6000, Y + 4000)])
    assert one.places is not None
    largest, smallest = one.places
    assert box(X + 4000, Y, X + 6000, Y + 4000).contains(largest)
    assert box(X, Y, X + 1000, Y + 4000).contains(smallest)


@pytest.mark.parametrize(("east", "told"), [(4000 + 249, 0), (4000 + 250, 1), (4000 - 250, 1)])
def test_less_than_a_square_kilometre_is_how_outlines_are_drawn(east: float, told: int) -> None:
    assert len(found([square(0, 0, 4000)], [box(X, Y, X + east, Y + 4000)])) == told


def test_what_is_missing_and_what_is_added_count_together() -> None:
    assert len(found([square(0, 0, 4000)], [square(150, 0, 4000)])) == 1  # 0.6 km² and 0.6 km²
    assert found([square(0, 0, 4000)], [square(120, 0, 4000)]) == []


def test_one_file_and_files_without_polygons_have_nothing_to_differ_from() -> None:
    assert list(outlines(together(subject("districts", [square(0, 0)])))) == []
    assert found([square(0, 0, 4000)], [LineString([(X, Y), (X + 9000, Y)])]) == []
    villages = subject("villages", [square(0, 0)])
    assert list(outlines(together(villages, subject("communes", [square(9000, 0)])))) == []


def test_units_that_overlap_or_lie_apart_have_an_outline_all_the_same() -> None:
    halves = [box(X, Y, X + 2500, Y + 4000), box(X + 1500, Y, X + 4000, Y + 4000)]
    assert found([square(0, 0, 4000)], halves) == []  # type: ignore[arg-type]  # shapes

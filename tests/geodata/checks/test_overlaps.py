"""Neighbours that overlap, and strips that belong to nobody."""

from __future__ import annotations

import pytest
import shapely
from shapely import box

from geodata.checks import overlaps
from geodata.checks.model import Role
from geodata.checks.overlaps import area_told, neighbours, overlapping
from geodata.findings import Finding
from tests.geodata.checks.subjects import X, Y, square, subject


def found(*shapes: shapely.Geometry | None, role: Role = "villages") -> list[Finding]:
    cells = {"village": [f"Xóm {k + 1}" for k in range(len(shapes))]}
    return list(neighbours(subject(role, shapes, cells)))


def pair(width: float, *, side: float = 1000.0) -> list[Finding]:
    """What is said of two squares that overlap in a strip of some width."""
    return found(square(0, 0, side), square(side - width, 0, side))


def test_neighbours_that_touch_have_nothing_in_common() -> None:
    assert pair(0.0) == []
    assert found(square(0, 0), square(1000, 1000)) == []


@pytest.mark.parametrize(
    ("width", "kind"),
    [(4.0, "village-sliver"), (4.9, "village-sliver"), (5.1, "village-overlap"),
     (300.0, "village-overlap")],
)  # fmt: skip
def test_a_strip_of_five_metres_parts_how_borders_are_drawn_from_a_claim(
    width: float, kind: str
) -> None:
    (one,) = pair(width)
    assert one.kind == kind
    assert one.severity == ("note" if kind == "village-sliver" else "warning")
    assert one.sentence.parts["pairs"] == 1
    assert one.rows == (1, 2)


def test_a_thin_strip_over_a_hundredth_of_the_smaller_village_is_a_claim() -> None:
    assert [one.kind for one in found(square(0, 0), box(X + 996, Y, X + 1000, Y + 500))] == [
        "village-overlap"  # a village that is nothing but the strip
    ]
    assert [one.kind for one in pair(4.0, side=402.0)] == ["village-sliver"]
    assert [one.kind for one in pair(4.0, side=398.0)] == ["village-overlap"]


def test_up_to_a_square_metre_is_how_numbers_are_rounded() -> None:
    assert pair(0.0009) == []  # 0.9 m²
    assert [one.kind for one in pair(0.0012)] == ["village-sliver"]


def test_the_worst_pair_is_named_first_and_all_are_counted() -> None:
    shapes = (square(0, 0), square(950, 0), square(1650, 0), square(9000, 0))
    (one,) = found(*shapes)
    parts = one.sentence.parts
    assert (parts["pairs"], str(parts["area"]), str(parts["most"])) == (2, "35.0 ha", "30.0 ha")
    assert (parts["first"], parts["second"]) == ("Xóm 2", "Xóm 3")
    assert one.rows == (1, 2, 3)
    assert one.places is not None
    assert len(one.places) == 2
    assert box(X + 1650, Y, X + 1950, Y + 1000).contains(one.places.iloc[0])


def test_a_row_without_a_place_keeps_the_numbers_of_the_others() -> None:
    (one,) = found(None, square(0, 0), square(700, 0))
    assert one.rows == (2, 3)


def test_units_are_named_as_units_and_files_of_layers_are_not_compared() -> None:
    two = square(0, 0), square(700, 0)
    assert [one.kind for one in found(*two, role="communes")] == ["unit-overlap"]
    assert [one.kind for one in found(*two, role="districts")] == ["unit-overlap"]
    assert found(*two, role="layer") == []
    assert found(square(0, 0)) == []


def test_rows_without_a_name_are_named_by_their_number() -> None:
    two = subject("districts", [square(0, 0), square(700, 0)], {"name": [None, "Vinh"]})
    (one,) = neighbours(two)
    assert (str(one.sentence.parts["first"]), one.sentence.parts["second"]) == ("row 1", "Vinh")


def hole(width: float, long: float = 600.0) -> list[Finding]:
    """Two halves of a square with a strip left out between them."""
    whole = square(0, 0, 2000)
    strip = box(X + 1000, Y + 700, X + 1000 + width, Y + 700 + long)
    left, right = box(X, Y, X + 1000, Y + 2000), box(X + 1000, Y, X + 2000, Y + 2000)
    assert whole.contains(strip)
    return found(left, right.difference(strip))


@pytest.mark.parametrize(("width", "told"), [(2.0, 1), (4.5, 1), (5.5, 0), (300.0, 0)])
def test_a_gap_thinner_than_five_metres_between_neighbours_is_told(width: float, told: int) -> None:
    gaps = hole(width)
    assert [one.kind for one in gaps] == ["sliver-gap"] * told
    assert [str(one.sentence.parts["area"]) for one in gaps] == [f"{600 * width:.0f} m²"] * told


def test_a_gap_up_to_a_square_metre_is_how_numbers_are_rounded() -> None:
    assert hole(0.1, 9.0) == []
    assert len(hole(0.1, 12.0)) == 1


@pytest.mark.parametrize(
    ("square_metres", "told"),
    [
        (0.2, "1 m²"), (9_999.0, "9999 m²"), (10_000.0, "1.0 ha"), (999_000.0, "99.9 ha"),
        (1_000_000.0, "1.0 km²"), (18_540_000.0, "18.5 km²"),
    ],
)  # fmt: skip
def test_areas_are_told_in_the_unit_people_would_use(square_metres: float, told: str) -> None:
    assert str(area_told(square_metres)) == told


def test_more_shapes_or_corners_than_the_limit_are_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shapes = square(0, 0), square(700, 0)
    monkeypatch.setattr(overlaps, "MOST_SHAPES", 2)
    monkeypatch.setattr(overlaps, "MOST_VERTICES", 10)
    assert [one.kind for one in found(*shapes)] == ["village-overlap"]
    monkeypatch.setattr(overlaps, "MOST_VERTICES", 9)
    assert [one.kind for one in found(*shapes)] == ["overlaps-not-checked"]
    monkeypatch.setattr(overlaps, "MOST_VERTICES", 10)
    monkeypatch.setattr(overlaps, "MOST_SHAPES", 1)
    assert [one.kind for one in found(*shapes)] == ["overlaps-not-checked"]


def test_pairs_are_positions_among_all_shapes_and_each_stands_once() -> None:
    shapes = shapely.box([0, 0, 0, 5], 0, [10, 10, 10, 15], 10)
    shapes[1] = None
    pairs, common = overlapping(shapes)
    assert pairs.tolist() == [[0, 2], [0, 3], [2, 3]]
    assert shapely.area(common).tolist() == [100.0, 50.0, 50.0]

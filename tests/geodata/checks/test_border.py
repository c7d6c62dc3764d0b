"""Layers that end exactly at the province's border."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, box

from geodata.checks.border import border_points, cut_at_border
from geodata.checks.model import Role, Together
from geodata.findings import Finding
from tests.geodata.checks.subjects import X, Y, square, subject, together

SIDE = 20_000.0
PROVINCE = square(0, 0, SIDE)


def study(*layers: shapely.Geometry, unit: shapely.Geometry = PROVINCE) -> Together:
    files = [subject("layer", [layer], operator="Alpha", technology="4G") for layer in layers]
    return together(subject("communes", [unit]), *files)


def found(*layers: shapely.Geometry, unit: shapely.Geometry = PROVINCE) -> list[Finding]:
    return list(cut_at_border(study(*layers, unit=unit)))


SLIT = PROVINCE.difference(box(X + 9_000, Y, X + 9_050, Y + 9_000))
"""An inlet so narrow that sixty metres lead over it."""


@pytest.mark.parametrize("unit", [PROVINCE, SLIT])
def test_places_lie_sixty_metres_inside_and_outside_of_the_border(unit: shapely.Polygon) -> None:
    inside, outside = border_points(study(unit=unit))
    assert len(inside) == len(outside) > 100
    assert shapely.contains_xy(unit, inside).all()
    assert not shapely.contains_xy(unit, outside).any()
    for places in (inside, outside):
        assert PROVINCE.exterior.distance(shapely.points(places)) == pytest.approx(60.0)


@pytest.mark.parametrize(
    ("side", "apart"), [(2_000.0, 40.0), (20_000.0, 400.0), (200_000.0, 1_000.0)]
)
def test_places_are_a_kilometre_apart_and_nearer_around_a_small_area(
    side: float, apart: float
) -> None:
    inside, _ = border_points(study(unit=square(0, 0, side)))
    assert abs(len(inside) - 4 * side / apart) <= 8  # at a corner both may lie on one side


def test_around_a_very_large_area_there_are_no_more_places_than_the_limit() -> None:
    inside, _ = border_points(study(unit=square(0, 0, 2_000_000.0)))
    assert 3_990 <= len(inside) <= 4_000


def test_the_border_is_that_of_the_largest_part_alone() -> None:
    two = MultiPolygon([square(30_000, 0, 2_000), PROVINCE])
    inside, _ = border_points(study(unit=two))
    assert shapely.contains_xy(PROVINCE, inside).all()


def test_a_layer_cut_at_the_border_is_told_with_its_places() -> None:
    (one,) = found(PROVINCE)
    inside, _ = border_points(study())
    assert (one.kind, one.severity) == ("ends-at-border", "note")
    assert str(one.sentence).startswith("Alpha 4G ends exactly")
    assert one.sentence.parts["cut"] == one.sentence.parts["held"] == len(inside)
    assert one.places is not None
    assert len(one.places) == min(len(inside), 500)


def test_a_layer_that_goes_on_beyond_the_border_or_ends_before_it_is_not_cut() -> None:
    assert found(PROVINCE.buffer(100)) == []
    assert found(PROVINCE.buffer(-100)) == []
    assert found(PROVINCE.buffer(30)) != []  # ends within the sixty metres


def test_each_layer_is_looked_at_by_itself() -> None:
    assert len(found(PROVINCE, PROVINCE.buffer(100), PROVINCE)) == 2


@pytest.mark.parametrize(("beyond", "told"), [(0, 1), (2, 1), (3, 0)])
def test_of_ten_places_one_may_have_signal_beyond_and_more_is_no_cut(
    beyond: int, told: int
) -> None:
    inside, outside = border_points(study())
    places = shapely.points([*inside[10:30], *outside[10 : 10 + beyond]])
    assert len(found(shapely.union_all(shapely.buffer(places, 5)))) == told


@pytest.mark.parametrize(("places", "told"), [(9, 0), (10, 1)])
def test_with_signal_at_fewer_than_ten_places_nothing_is_told(places: int, told: int) -> None:
    inside, _ = border_points(study())
    some = shapely.buffer(shapely.points(inside[:places]), 5)
    assert len(found(shapely.union_all(some))) == told


@pytest.mark.parametrize("unit", [Point(X, Y), LineString([(X, Y), (X + 9000, Y)])])
def test_units_without_an_area_have_no_border(unit: shapely.Geometry) -> None:
    inside, outside = border_points(study(unit=unit))
    assert len(inside) == len(outside) == 0
    assert found(PROVINCE, unit=unit) == []


@pytest.mark.parametrize("role", ["villages", "extent", "sites"])
def test_of_files_other_than_layers_no_border_is_asked(role: Role) -> None:
    whole = together(subject("communes", [PROVINCE]), subject(role, [PROVINCE]))
    assert list(cut_at_border(whole)) == []


def test_a_layer_of_many_parts_covers_what_any_of_them_covers() -> None:
    halves = [box(X, Y, X + SIDE / 2, Y + SIDE), box(X + SIDE / 2, Y, X + SIDE, Y + SIDE)]
    layer = subject("layer", [None, *halves])
    (one,) = cut_at_border(together(subject("districts", [PROVINCE]), layer))
    inside, _ = border_points(study())
    assert int(np.asarray(one.sentence.parts["held"])) >= len(inside) - 2

"""Coordinates rounded to a minute of arc."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import Point

from geodata.checks.model import Role, Subject
from geodata.checks.precision import rounded
from tests.geodata.checks.subjects import CRS, square, subject


def places(minutes: list[tuple[float, float] | None], role: Role = "villages") -> Subject:
    """Points at minutes east of 105° and north of 18°; None is an area and no point."""
    degrees = [Point(0, 0) if m is None else Point(105 + m[0] / 60, 18 + m[1] / 60)
               for m in minutes]  # fmt: skip
    points = gpd.GeoSeries(degrees, crs=4326).to_crs(CRS)
    shapes = [square(0, 0) if m is None else p for m, p in zip(minutes, points, strict=True)]
    return subject(role, shapes)


WHOLE = [(37.0, 40.0), (38.0, 41.0), (39.0, 42.0)]


def fine(count: int) -> list[tuple[float, float] | None]:
    return [(37.0 + 0.013 * k + 0.006, 40.217) for k in range(count)]


@pytest.mark.parametrize("role", ["villages", "centres", "sites", "settled", "table"])
def test_places_at_whole_minutes_are_told(role: Role) -> None:
    (one,) = rounded(places([*fine(2), *WHOLE], role))
    assert (one.kind, one.severity, one.rows) == ("place-rounded", "warning", (3, 4, 5))
    assert one.sentence.parts["percent"] == 60


def test_two_whole_minutes_are_chance_and_three_are_not() -> None:
    assert list(rounded(places([*fine(2), *WHOLE[:2]]))) == []
    assert list(rounded(places(WHOLE[:2]))) == []
    assert len(list(rounded(places(WHOLE)))) == 1


def test_one_place_in_twenty_is_no_chance_and_fewer_are() -> None:
    assert len(list(rounded(places([*fine(57), *WHOLE])))) == 1  # 3 of 60
    assert list(rounded(places([*fine(58), *WHOLE]))) == []


@pytest.mark.parametrize(("off", "told"), [(0.003, 1), (-0.003, 1), (0.004, 0), (-0.004, 0)])
def test_four_decimals_of_a_degree_are_near_enough_to_a_whole_minute(off: float, told: int) -> None:
    moved = [(east + off, north) for east, north in WHOLE]
    assert len(list(rounded(places(moved)))) == told


def test_a_whole_minute_one_way_alone_is_no_rounding() -> None:
    assert list(rounded(places([(37.0, 40.3), (38.0, 41.3), (39.0, 42.3)]))) == []
    assert list(rounded(places([(37.3, 40.0), (38.3, 41.0), (39.3, 42.0)]))) == []


def test_areas_are_not_asked_and_do_not_hide_the_points_among_them() -> None:
    (one,) = rounded(places([None, None, *WHOLE]))
    assert one.rows == (3, 4, 5)
    assert list(rounded(places([None] * 5))) == []
    assert list(rounded(places(WHOLE, "layer"))) == []

"""Villages split into parts, measured apart and joined: the same as all at once."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import coverage
from coverage.joined import joined
from coverage.model import Amounts, Areas, Layer, Levels, Measures, Moved
from coverage.part import part_of
from coverage.pixels import AmountPoints
from coverage.split import split, split_boxes
from tests import tiny
from tests.coverage.test_measure import ragged
from tests.laws import examples


def same(one: Measures, other: Measures) -> None:
    """Every number alike to 1e-12, absent rows standing for nothing."""
    np.testing.assert_allclose(one.village_area_m2, other.village_area_m2, rtol=1e-12)
    places = [
        {
            (int(v), int(c)): float(a / m.village_area_m2[v])
            for v, c, a in zip(m.village, m.combination, m.area_m2, strict=True)
        }
        for m in (one, other)
    ]
    for key in places[0].keys() | places[1].keys():
        assert places[0].get(key, 0.0) == pytest.approx(places[1].get(key, 0.0), abs=1e-12)
    np.testing.assert_array_equal(one.centre, other.centre)
    np.testing.assert_array_equal(one.has_centre, other.has_centre)
    np.testing.assert_allclose(one.extent_share, other.extent_share, atol=1e-12)
    np.testing.assert_array_equal(one.extent_centre, other.extent_centre)


@pytest.mark.parametrize("parts", [1, 2, 4, 9, 50])
def test_every_village_is_in_one_part_and_none_is_empty(parts: int) -> None:
    found = split(tiny.villages(), parts)
    assert len(found) == min(parts, 9)
    assert all(len(rows) for rows in found)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(9))
    assert all((np.diff(rows) > 0).all() for rows in found)


def test_parts_are_compact() -> None:
    squares = [box(x, y, x + 1, y + 1) for x in range(16) for y in range(16)]
    villages = gpd.GeoDataFrame(geometry=squares, crs=tiny.CRS)
    for rows in split(villages, 4):
        x0, y0, x1, y1 = villages.iloc[rows].total_bounds
        assert (x1 - x0) * (y1 - y0) == 64


def test_parts_end_where_there_is_a_gap() -> None:
    """Islands of unlike numbers of villages, of which no part takes two halves."""
    rng = np.random.default_rng(11)
    at = [(x, y) for x in (0, 100, 200, 300, 400) for y in (0, 70, 140)]
    squares = [
        box(x0, y0, x0 + 4, y0 + 4)
        for x, y in at
        for x0, y0 in rng.uniform((x, y), (x + 40, y + 40), (rng.integers(38, 43), 2))
    ]
    villages = gpd.GeoDataFrame(geometry=squares, crs=tiny.CRS)
    found = split(villages, len(at))
    assert len(found) == len(at)
    for rows in found:
        x0, y0, x1, y1 = villages.iloc[rows].total_bounds
        assert max(x1 - x0, y1 - y0) <= 44


def test_a_gap_that_would_leave_parts_uneven_is_not_taken() -> None:
    squares = [box(x, 0, x + 1, 1) for x in range(100)] + [box(500, 0, 501, 1)]
    villages = gpd.GeoDataFrame(geometry=squares, crs=tiny.CRS)
    assert sorted(len(rows) for rows in split(villages, 2)) == [50, 51]


@given(seed=st.integers(0, 2**32 - 1), many=st.integers(1, 40), parts=st.integers(1, 45))
@settings(max_examples=examples(50), deadline=None)
def test_parts_are_a_partition(seed: int, many: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, (many, 2)) * 10.0  # many in one place, gaps between
    boxes = np.concatenate([low, low + rng.uniform(0, 12, (many, 2))], axis=1)
    found = split_boxes(boxes, rng.integers(0, 3000, many), parts)
    assert len(found) == min(parts, many)
    assert all(len(rows) for rows in found)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(many))


def test_the_order_of_the_villages_does_not_matter() -> None:
    villages = gpd.GeoDataFrame(geometry=ragged(40, reach_m=500, seed=3))
    other = villages.iloc[np.random.default_rng(0).permutation(40)]
    plain = [set(villages.index[rows]) for rows in split(villages, 5)]
    assert [set(other.index[rows]) for rows in split(other, 5)] == plain


def test_one_village_with_most_vertices_still_leaves_no_part_empty() -> None:
    shapes = [*(box(k, 0, k + 1, 1) for k in range(4)), shapely.Point(2, 0).buffer(9, 4000)]
    for order in (shapes, shapes[::-1]):
        villages = gpd.GeoDataFrame(geometry=order, crs=tiny.CRS)
        assert [len(rows) > 0 for rows in split(villages, 4)] == [True] * 4


@pytest.mark.parametrize(("villages", "parts"), [(9, 0), (0, 3)])
def test_nothing_to_split_raises(villages: int, parts: int) -> None:
    with pytest.raises(coverage.CoverageError, match=f"{villages} villages cannot be split"):
        split(tiny.villages().iloc[:villages], parts)


@pytest.mark.heavy
@given(seed=st.integers(0, 2**32 - 1), parts=st.integers(1, 7))
@settings(max_examples=examples(20), deadline=None)
def test_joined_parts_are_the_whole(seed: int, parts: int) -> None:
    shapes = ragged(12, reach_m=3000, seed=seed)
    villages = gpd.GeoDataFrame({"centre": shapes.centroid}, geometry=shapes)
    extents = (None, ragged(3, reach_m=9000, seed=seed + 1))
    layers = [
        replace(one, footprint=ragged(9, reach_m=6000, seed=seed + 2 + k), extent=extent)
        for k, (one, extent) in enumerate(zip(tiny.layers(), extents, strict=True))
    ]
    found = [
        (rows, coverage.measure(villages.iloc[rows], layers)) for rows in split(villages, parts)
    ]
    same(joined(found, villages), coverage.measure(villages, layers))


def everything() -> Measures:
    """The nine villages with people, hexes, made-up levels and moved footprints."""
    villages, layers = tiny.villages(), tiny.layers()
    people = AmountPoints(
        points=villages["centre"].set_crs(tiny.CRS), weight=np.arange(1.0, 10.0), key="people"
    )
    measured = coverage.measure(villages, layers, amounts={"settled": people}, hexes=True)
    areas = Areas(
        village=measured.village,
        combination=measured.combination,
        area_m2=measured.area_m2,
        centre=measured.centre,
    )
    village = np.repeat(np.arange(9, dtype=np.int32), 2)
    levels = Levels(
        operator="Alpha",
        evidence="modelled",
        technologies=("3G", "4G"),
        village=village,
        level=np.arange(36, dtype=np.uint8).reshape(18, 2),
        parts={"area": np.tile([0.25, 0.75], 9)},
        centre=np.arange(18, dtype=np.uint8).reshape(9, 2),
    )
    outward = replace(areas, area_m2=areas.area_m2 * 2)
    return replace(measured, levels=(levels,), moved=Moved(inward=areas, outward=outward))


def parted(whole: Measures, parts: int) -> list[tuple[npt.NDArray[np.int64], Measures]]:
    """The same cut into parts, without measuring."""
    found = []
    for rows in split(whole.villages, parts):
        marked = np.zeros(len(whole.villages), bool)
        marked[rows] = True
        found.append((rows, part_of(whole, marked, range(len(whole.layers)))))
    return found


def test_amounts_levels_and_moved_areas_are_joined_too() -> None:
    whole = everything()
    again = joined(parted(whole, 4), whole.villages)
    same(again, whole)
    for basis, amounts in whole.amounts.items():
        _equal(again.amounts[basis], amounts, "village", "combination", "amount", "total")
    _equal(again.levels[0], whole.levels[0], "village", "level", "centre")
    np.testing.assert_array_equal(again.levels[0].parts["area"], whole.levels[0].parts["area"])
    assert again.moved is not None
    assert whole.moved is not None
    _equal(again.moved.inward, whole.moved.inward, "village", "combination", "area_m2", "centre")
    _equal(again.moved.outward, whole.moved.outward, "village", "combination", "area_m2", "centre")


def _equal(one: Amounts | Levels | Areas, other: Amounts | Levels | Areas, *names: str) -> None:
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_a_village_in_no_part_or_in_two_raises() -> None:
    whole = everything()
    parts = parted(whole, 3)
    for wrong in (parts[1:], [*parts, parts[0]], []):
        with pytest.raises(coverage.CoverageError, match="not each of the 9 once"):
            joined(wrong, whole.villages)


def test_parts_measured_unlike_raise() -> None:
    whole = everything()
    first, *others = parted(whole, 3)
    alpha: list[Layer] = [tiny.layers()[0]]
    bare = coverage.measure(whole.villages.iloc[first[0]], alpha)
    for other in (bare, replace(first[1], moved=None), replace(first[1], levels=())):
        with pytest.raises(coverage.CoverageError, match="measured alike"):
            joined([(first[0], other), *others], whole.villages)

"""Measures brought up to date are those of a full measurement, whatever changed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import coverage
from coverage.model import Layer, LayerInfo, Measures
from coverage.update import updated
from tests import tiny
from tests.laws import examples

X, Y = tiny.X0, tiny.Y0


def layer(*boxes: tuple[float, float, float, float], extent: bool = False) -> Layer:
    """A layer of boxes given in kilometres from the corner of the nine villages."""
    shapes = [box(X + 1e3 * a, Y + 1e3 * b, X + 1e3 * c, Y + 1e3 * d) for a, b, c, d in boxes]
    footprint = gpd.GeoSeries(shapes, crs=tiny.CRS)
    return Layer(
        info=LayerInfo(operator=f"O{len(boxes)}", technology="4G"),
        footprint=footprint,
        extent=gpd.GeoSeries([box(X, Y, X + 1500, Y + 9000)], crs=tiny.CRS) if extent else None,
    )


def assert_same(found: Measures, full: Measures) -> None:
    """Every share within 1e-12; rows that only rounding makes count for nothing."""
    size = full.village_area_m2
    assert found.layers == full.layers
    np.testing.assert_allclose(found.village_area_m2, size, rtol=1e-12)
    table = np.zeros((len(size), 1 << len(full.layers)))
    np.add.at(table, (full.village, full.combination.astype(np.int64)), full.area_m2)
    np.subtract.at(table, (found.village, found.combination.astype(np.int64)), found.area_m2)
    assert np.abs(table / size[:, None]).max() <= 1e-12
    assert (found.centre == full.centre).all()
    assert (found.has_centre == full.has_centre).all()
    np.testing.assert_allclose(found.extent_share, full.extent_share, atol=1e-12)
    assert (found.extent_centre == full.extent_centre).all()
    order = np.lexsort((found.combination, found.village))
    assert (order == np.arange(len(order))).all()


def test_one_changed_layer_of_the_nine_villages_by_hand() -> None:
    villages, (alpha, beta) = tiny.villages(), tiny.layers()
    old = coverage.measure(villages, [alpha, beta])
    moved = replace(beta, footprint=beta.footprint.translate(-1000, 0))  # onto half served villages
    found = updated(old, villages, [alpha, moved], [0, None])
    of_v2 = {int(c): a for v, c, a in zip(*rows(found), strict=True) if v == 1}
    assert of_v2 == pytest.approx({0: 350_000, 1: 350_000, 2: 150_000, 3: 150_000}, rel=1e-12)
    of_v3 = {int(c): a for v, c, a in zip(*rows(found), strict=True) if v == 2 and a > 0}
    assert of_v3 == pytest.approx({0: 1_000_000}, rel=1e-12)
    assert_same(found, coverage.measure(villages, [alpha, moved]))


def rows(m: Measures) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return m.village, m.combination, m.area_m2


def test_layers_taken_out_or_put_in_another_order_need_no_geometry() -> None:
    villages, (alpha, beta) = tiny.villages(), tiny.layers()
    third = layer((0.2, 0.2, 2.7, 2.7), extent=True)
    old = coverage.measure(villages, [alpha, beta, third])
    swapped = coverage.measure(villages, [third, alpha])
    twice = coverage.measure(villages, [beta, alpha, beta])

    def refuse(*_: object, **__: object) -> Measures:
        raise AssertionError

    assert_same(updated(old, villages, [third, alpha], [2, 0], measured=refuse), swapped)
    assert_same(updated(old, villages, [beta, alpha, beta], [1, 0, 1], measured=refuse), twice)


def test_only_villages_in_which_both_vary_are_measured_again() -> None:
    villages, (alpha, beta) = tiny.villages(), tiny.layers()
    far = layer((0, 0, 1, 1), (2, 2, 3, 3))  # whole villages that no layer cuts
    old = coverage.measure(villages, [alpha, beta, far])
    asked: list[tuple[int, list[int]]] = []

    def watched(some: gpd.GeoDataFrame, of: list[Layer], **more: object) -> Measures:
        asked.append((len(some), [len(one.footprint) for one in of]))
        return coverage.measure(some, of, **more)  # type: ignore[arg-type]

    new = layer((1, 0, 1.2, 0.5), (1.9, 2.5, 2.2, 2.6))  # cuts v2, v8 and v9; v9 nothing cuts
    found = updated(old, villages, [alpha, beta, far, new], [0, 1, 2, None], measured=watched)
    assert asked == [(9, [2]), (2, [1, 2])]  # v2 and v8, by Alpha and the new layer alone
    assert_same(found, coverage.measure(villages, [alpha, beta, far, new]))


@pytest.mark.parametrize("corners", [[(0, 0)], [(1, 1)], [(2, 1), (0, 2)], [(0, 0), (1, 0)]])
def test_a_village_wholly_under_kept_layers_keeps_them_where_two_others_cut_it(
    corners: list[tuple[int, int]],
) -> None:
    """In the first row of the table, in another, in two apart, and in two that follow."""
    villages = tiny.villages()
    whole = layer(*[(x, y, x + 1, y + 1) for x, y in corners])
    cut = layer(*[(x + 0.75, y, x + 1, y + 1) for x, y in corners])
    new = layer(*[(x, y + 0.25, x + 1, y + 0.75) for x, y in corners])
    wide = layer((-1, -1, 4, 4))
    old = coverage.measure(villages, [whole, cut, wide])
    asked: list[tuple[list[str], int]] = []

    def watched(some: gpd.GeoDataFrame, of: list[Layer], **more: object) -> Measures:
        asked.append(([str(key) for key in some.index], len(of)))
        return coverage.measure(some, of, **more)  # type: ignore[arg-type]

    found = updated(old, villages, [whole, cut, wide, new], [0, 1, 2, None], measured=watched)
    rows_cut = sorted(x + 3 * y for x, y in corners)
    assert asked[1] == ([f"v{row + 1}" for row in rows_cut], 2)  # the cut and the new one alone
    for row in range(9):
        parts = {int(c): a for v, c, a in zip(*rows(found), strict=True) if v == row}
        by_hand = {0b0101: 375_000, 0b0111: 125_000, 0b1101: 375_000, 0b1111: 125_000}
        wanted = by_hand if row in rows_cut else {0b0100: 1_000_000}
        assert parts == pytest.approx(wanted, rel=1e-12)
    assert_same(found, coverage.measure(villages, [whole, cut, wide, new]))


def test_a_village_far_smaller_than_a_cell_is_measured_again_with_the_others() -> None:
    side = 2.0**-14  # metres: 1e-14 of the grid's cells of 512 m
    villages = tiny.villages()
    villages.loc["v5", "geometry"] = box(X, Y, X + side, Y + side)
    old = layer((-1, -1, side / 2000, 2), (1.5, 0.5, 2.5, 1.5))
    new = layer((-1, -1, 3, side / 2000), (1.7, 0.2, 2.2, 2.2))
    kept = coverage.measure(villages, [old])
    found = updated(kept, villages, [old, new], [0, None])
    full = coverage.measure(villages, [old, new])
    for m in (found, full):
        parts = m.area_m2[m.village == 4] / side**2
        assert parts == pytest.approx([0.25] * 4, rel=1e-6)
    others = found.village != 4, full.village != 4
    np.testing.assert_array_equal(found.village[others[0]], full.village[others[1]])
    np.testing.assert_allclose(found.area_m2[others[0]], full.area_m2[others[1]], rtol=1e-9)


def test_progress_goes_from_nothing_to_all() -> None:
    villages, (alpha, beta) = tiny.villages(), tiny.layers()
    old = coverage.measure(villages, [alpha])
    told: list[float] = []
    updated(old, villages, [alpha, layer((0.5, 0.5, 2.5, 2.5))], [0, None], progress=told.append)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] == 1
    told.clear()
    updated(old, villages, [alpha, beta], [0, None], progress=told.append)
    assert told[-1] == 1  # also where no village is measured twice


corner = st.tuples(*[st.integers(0, 12).map(lambda n: n / 4)] * 2)
boxes = st.tuples(corner, corner).map(
    lambda ends: (*np.minimum(*ends), *(np.maximum(*ends) + 0.17))
)
some_layers = st.lists(
    st.builds(
        lambda shapes, extent: layer(*shapes, extent=extent),
        st.lists(boxes, min_size=0, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.heavy
@settings(max_examples=examples(60), deadline=None)
@given(some_layers, some_layers, st.data())
def test_updated_measures_are_those_of_a_full_measurement(
    before: list[Layer], new: list[Layer], data: st.DataObject
) -> None:
    villages = tiny.villages()
    villages.loc["v5", "centre"] = None
    kept = data.draw(st.permutations(range(len(before))))[: data.draw(st.integers(0, len(before)))]
    mixed = data.draw(st.permutations([(k, before[k]) for k in kept] + [(None, x) for x in new]))
    layers = [one for _, one in mixed]
    old = coverage.measure(villages, before)
    found = updated(old, villages, layers, [place for place, _ in mixed])
    assert_same(found, coverage.measure(villages, layers))

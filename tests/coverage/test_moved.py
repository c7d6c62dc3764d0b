"""Footprints drawn in and let out: by hand, against GEOS, and what must hold of any."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

import coverage
from coverage.combinations import combine, sums
from coverage.measure import measure_moved
from coverage.model import Areas, Basis, Layer, LayerInfo, Moved
from coverage.moved import DEFAULT_ACCURACY_M, SEAM_M, moved_footprint
from coverage.pixels import AmountPoints
from tests import tiny
from tests.coverage.shapes import X, Y, moved, polygons, true_union
from tests.laws import examples


def shares(areas: Areas, bits: int, villages: int = 9) -> np.ndarray:
    served = np.where((areas.combination & np.uint64(bits)) != 0, areas.area_m2, 0.0)
    return sums(areas.village, served, villages) / 1e6


def of(layers: list[Layer]) -> Moved:
    found = coverage.measure(tiny.villages(), layers, moved=True).moved
    assert found is not None
    return found


def test_the_default_is_a_hundred_metres_and_shares_are_so_by_hand() -> None:
    assert DEFAULT_ACCURACY_M == 100.0
    found = of(list(tiny.layers()))
    # Alpha reaches 1500 m eastwards, and half a kilometre beyond the villages elsewhere
    np.testing.assert_allclose(shares(found.inward, 1), [1, 0.4, 0] * 3, atol=1e-5)
    np.testing.assert_allclose(shares(found.outward, 1), [1, 0.6, 0] * 3, atol=1e-9)
    # Beta's strip of 300 m shrinks to 100 m, 100 m from its ends; its strip of 100 m is gone
    np.testing.assert_allclose(shares(found.inward, 2)[[2, 5, 8]], [0.08, 0, 0], atol=1e-5)
    assert shares(found.outward, 2)[2] == pytest.approx(0.4 + 0.1, abs=1e-9)


def test_each_layer_moves_by_its_own_accuracy() -> None:
    alpha, beta = tiny.layers()
    near = replace(alpha, info=replace(alpha.info, accuracy_m=10.0))
    found = of([near, beta])
    assert shares(found.inward, 1)[1] == pytest.approx(0.49, abs=1e-5)
    assert shares(found.outward, 1)[1] == pytest.approx(0.51, abs=1e-9)


def test_centres_move_in_and_out_with_the_outline() -> None:
    edge = tiny.X0 + 1500
    villages = tiny.villages()
    places = [Point(edge + s, tiny.Y0 + 500) for s in (-101, -97, 97, 101)]
    villages["centre"] = gpd.GeoSeries([*places, *[None] * 5], index=villages.index, crs=tiny.CRS)
    found = coverage.measure(villages, tiny.layers()[:1], moved=True).moved
    assert found is not None
    assert found.inward.centre.tolist() == [1, 0, 0, 0] + [0] * 5
    assert found.outward.centre.tolist() == [1, 1, 1, 0] + [0] * 5


def _layer(*shapes: shapely.Geometry) -> Layer:
    info = LayerInfo(operator="Alpha", technology="4G")
    return Layer(info=info, footprint=gpd.GeoSeries(list(shapes), crs=tiny.CRS))


WEST = box(tiny.X0 - 500, tiny.Y0 - 500, tiny.X0 + 500, tiny.Y0 + 3500)
EAST = box(tiny.X0 + 500, tiny.Y0 - 500, tiny.X0 + 3500, tiny.Y0 + 3500)


@pytest.mark.parametrize(
    "parts",
    [
        (WEST, EAST),
        (WEST, shapely.segmentize(EAST, 33.0)),
        (shapely.transform(WEST, lambda xy: np.add(xy, (1e-6, 0))), EAST),
        (
            shapely.transform(WEST, lambda xy: np.add(xy, (-1e-6, 0))),
            shapely.segmentize(EAST, 333.0),
        ),
        (shapely.MultiPolygon([WEST, EAST]),),
    ],
    ids=["touch", "other vertices", "overlap", "hairline", "one row"],
)
def test_parts_that_touch_have_no_seam(parts: tuple[shapely.Geometry, ...]) -> None:
    found = of([_layer(*parts)])
    np.testing.assert_allclose(shares(found.inward, 1), 1.0, atol=1e-5)


def test_no_layers_and_empty_ones_are_nothing_served() -> None:
    assert set(of([]).outward.combination.tolist()) == {0}
    far = _layer(box(0, 0, 10, 10))
    assert set(of([far]).outward.combination.tolist()) == {0}


def test_people_and_places_are_told_of_moved_footprints_too() -> None:
    villages = tiny.villages()
    edge = tiny.X0 + 1500
    spots = shapely.points([[edge + s, tiny.Y0 + 400] for s in (-150, -50, 50, 150)])
    places = AmountPoints(
        points=gpd.GeoSeries(spots, crs=tiny.CRS), weight=np.array([1.0, 2.0, 4.0, 8.0]), key="p"
    )
    amounts: dict[Basis, AmountPoints] = {"settled": places}
    m = coverage.measure(villages, tiny.layers()[:1], amounts=amounts, moved=True)
    assert m.moved is not None
    told = [m.moved.inward.amounts, m.amounts, m.moved.outward.amounts]
    served = [x["settled"].amount[x["settled"].combination == 1].sum() for x in told]
    assert served == [1.0, 3.0, 7.0]


def test_small_holes_close_and_large_ones_shrink() -> None:
    around = box(tiny.X0 - 500, tiny.Y0 - 500, tiny.X0 + 3500, tiny.Y0 + 3500)
    small = Point(tiny.X0 + 500, tiny.Y0 + 500).buffer(60)
    large = box(tiny.X0 + 2100, tiny.Y0 + 100, tiny.X0 + 2900, tiny.Y0 + 900)
    found = of([_layer(around.difference(small).difference(large))])
    out, back = shares(found.outward, 1), shares(found.inward, 1)
    assert out[0] == pytest.approx(1.0, abs=1e-12)
    assert out[2] == pytest.approx(1 - 0.6**2, abs=1e-9)
    assert back[0] == pytest.approx(1 - np.pi * 0.16**2, abs=0.002)


def by_shapes(
    villages: np.ndarray, footprints: list[np.ndarray], accuracy_m: list[float | None]
) -> Moved:
    """Villages and footprints of any shapes, measured moved."""
    layers = [
        Layer(
            info=LayerInfo(operator=f"O{k}", technology="4G", accuracy_m=accuracy),
            footprint=gpd.GeoSeries(footprint, crs=tiny.CRS),
        )
        for k, (footprint, accuracy) in enumerate(zip(footprints, accuracy_m, strict=True))
    ]
    return measure_moved(gpd.GeoDataFrame(geometry=villages, crs=tiny.CRS), layers)


villages_of = st.lists(polygons(), min_size=1, max_size=2)
rows = st.lists(polygons(), min_size=1, max_size=4)


@settings(max_examples=examples(40))
@given(villages=villages_of, first=rows, second=rows, accuracy=st.sampled_from([0.5, 37.0, 99.0]))
def test_drawn_in_lies_in_the_footprint_and_that_in_the_one_let_out(
    villages: list[shapely.Geometry],
    first: list[shapely.Geometry],
    second: list[shapely.Geometry],
    accuracy: float,
) -> None:
    whole = np.array([true_union([v]) for v in villages], dtype=object)
    whole = whole[shapely.area(whole) > 1.0]
    if len(whole) == 0:
        return
    layers = [np.array(x, dtype=object) for x in (first, second)]
    plain = combine(whole, layers)
    found = by_shapes(whole, layers, [accuracy, None])
    room = 1e-5 * plain.village_area_m2 + 2e-3 * shapely.length(whole)
    for bits in (1, 2, 3):
        drawn, let = (shares(a, bits, len(whole)) * 1e6 for a in (found.inward, found.outward))
        as_it_is = plain.union_m2(bits)
        assert (drawn <= as_it_is + room).all()
        assert (as_it_is <= let + room).all()


@settings(max_examples=examples(40))
@given(
    footprint=rows, distance=st.sampled_from([9.0, 37.0, 99.0]), tiles=st.sampled_from([40, 4000])
)
def test_against_geos_whatever_the_tiles(
    footprint: list[shapely.Geometry], distance: float, tiles: int
) -> None:
    area = moved(box(-900, -900, 2500, 2500))
    seen = shapely.STRtree([area])
    whole = np.array(footprint, dtype=object)
    inward, outward = moved_footprint(whole, distance, seen=seen, most_vertices=tiles)
    union = true_union(footprint)
    closed = shapely.buffer(union, SEAM_M, join_style="mitre")
    references = (
        (inward, [(union, -distance), (closed, -distance - SEAM_M)]),  # narrow gaps may be closed
        (outward, [(union, distance)]),
    )
    for found, moves in references:
        area_found = float(shapely.area(found).sum())
        united = shapely.union_all([*found, shapely.Polygon()])
        assert united.area == pytest.approx(area_found, abs=1e-3)  # parts do not overlap
        assert any(_alike(united, shapely.buffer(*move, quad_segs=32), distance) for move in moves)


def _alike(one: shapely.Geometry, other: shapely.Geometry, distance: float) -> bool:
    """Whether two areas with corners of this radius differ along their edges alone."""
    outline = shapely.length(one) + shapely.length(other)
    off: float = shapely.symmetric_difference(one, other).area
    return off <= outline * (0.02 * distance + 3e-3) + 1e-3


def test_a_gap_of_a_millimetre_is_no_edge_to_draw_in_from() -> None:
    """Parts that should touch often do not: they are drawn in as one (`coverage.moved.SEAM_M`)."""
    parts = np.array([box(0, 0, 100, 100), box(100.001, 0, 300, 100)], dtype=object)
    seen = shapely.STRtree([box(-900, -900, 2500, 2500)])
    inward, _ = moved_footprint(parts, 9.0, seen=seen, most_vertices=40)
    assert shapely.area(inward).sum() == pytest.approx((300 - 18) * (100 - 18), abs=1.0)
    parts[1] = box(100.003, 0, 300, 100)
    inward, _ = moved_footprint(parts, 9.0, seen=seen, most_vertices=40)
    assert shapely.area(inward).sum() == pytest.approx((300 - 36) * (100 - 18), abs=1.0)


def test_tiles_stand_still() -> None:
    rng = np.random.default_rng(3)
    spots = shapely.points(np.add(rng.uniform(0, 9000, (60, 2)), (X, Y)))
    footprint = np.asarray(shapely.buffer(spots, rng.uniform(50, 900, 60)))
    places = [box(X + a, Y + b, X + a + 1500, Y + b + 1500) for a in (0, 3000) for b in (0, 3000)]
    villages = np.array(places, dtype=object)
    together = by_shapes(villages, [footprint], [None])
    apart = [by_shapes(villages[k : k + 1], [footprint], [None]) for k in range(4)]
    for areas in ("inward", "outward"):
        one = shares(getattr(together, areas), 1, 4)
        others = [shares(getattr(each, areas), 1, 1)[0] for each in apart]
        np.testing.assert_allclose(others, one, rtol=0, atol=1e-12)

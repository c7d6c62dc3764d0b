"""Exact shares: by hand, against GEOS on hostile polygons, and the laws of a share."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

import coverage
from coverage.combinations import combine
from tests.coverage.shapes import X, Y, moved, polygons, tangled, true_union
from tests.laws import examples

CRS = "EPSG:9208"


def series(*geometries: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(geometries), crs=CRS)


def share(village: shapely.Geometry, *footprint: shapely.Geometry) -> float:
    return float(coverage.area_share(series(village), series(*footprint)).iloc[0])


UNIT = box(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("footprint", "expected"),
    [
        ([box(0, 0, 0.5, 1)], 0.5),
        ([box(-5, -5, 5, 5)], 1.0),
        ([box(7, 7, 8, 8)], 0.0),
        ([UNIT], 1.0),
        ([box(1, 0, 2, 1)], 0.0),
        ([box(0, 0, 0.5, 1), box(0.25, 0, 0.75, 1)], 0.75),
        ([box(0, 0, 0.5, 1), box(0, 0, 0.5, 1)], 0.5),
        ([box(0, 0, 1, 1).difference(box(0.25, 0.25, 0.75, 0.75))], 0.75),
        (
            [box(0, 0, 1, 1).difference(box(0.25, 0.25, 0.75, 0.75)), box(0.25, 0.25, 0.75, 0.75)],
            1.0,
        ),
        ([Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], 0.5),
        ([Polygon([(0, 0), (0, 1), (1, 1), (1, 0)])], 1.0),
        ([Polygon([(0, 0), (2, 0), (0, 2)])], 1.0),
        ([Polygon([(0, 0), (1, 0), (0, 1)])], 0.5),
        ([Polygon(), None], 0.0),
        ([shapely.GeometryCollection([box(0, 0, 0.5, 1), shapely.Point(0.9, 0.9)])], 0.5),
    ],
    ids=[
        "half",
        "all around",
        "elsewhere",
        "the same",
        "beside",
        "overlapping",
        "twice",
        "hole",
        "hole filled",
        "bowtie",
        "clockwise",
        "corner cut off",
        "triangle",
        "empty",
        "collection",
    ],
)
def test_a_unit_square_by_hand(footprint: list[shapely.Geometry], expected: float) -> None:
    assert share(UNIT, *footprint) == pytest.approx(expected, abs=1e-14)


def test_a_village_with_a_hole_and_parts() -> None:
    village = MultiPolygon([box(0, 0, 3, 3).difference(box(1, 1, 2, 2)), box(10, 0, 11, 1)])
    assert share(village, box(0, 0, 3, 1.5)) == pytest.approx((4.5 - 0.5) / 9, abs=1e-14)


def test_an_invalid_village_counts_what_it_encloses() -> None:
    bowtie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert share(bowtie, box(0, 0, 1, 2)) == pytest.approx(0.5, abs=1e-14)


def test_a_fifty_metre_village_at_real_coordinates() -> None:
    village = box(X, Y, X + 50, Y + 50)
    assert share(village, box(X, Y, X + 17, Y + 90)) == pytest.approx(0.34, abs=1e-12)


@pytest.mark.parametrize(
    "bad",
    [
        Polygon([(0, 0), (1, 0), (1, 1), (0, 1)], [[(2, 0), (3, 0), (3, 1), (2, 1)]]),
        Polygon([(0, 0), (2.5, 0), (2.5, 1), (0, 1)], [[(2, 0), (3, 0), (3, 1), (2, 1)]]),
        Polygon([(0, 1), (2, 1), (2, 0), (3, 0), (3, 1), (2.5, 1), (2.5, 2), (0, 2)]),
        Polygon([(1, 0), (2, 1), (3, 1), (3, 0), (2, 0), (1, 1)]),
    ],
    ids=["hole outside", "hole sticking out", "touching itself", "bow tie"],
)
def test_what_one_row_takes_away_wrongly_another_row_does_not_lose(bad: Polygon) -> None:
    village, beside = box(0, 0, 4, 2), box(2, 0, 3, 1)
    expected = true_union([bad, beside]).area / 8
    assert share(village, bad, beside) == pytest.approx(expected, abs=1e-12)
    assert share(village, beside, bad) == pytest.approx(expected, abs=1e-12)


def test_a_loop_that_runs_the_wrong_way_round_everything_still_counts() -> None:
    # none of its edges are in any cell of the village: only what passes above tells of it
    tie = Polygon([(-9, -9), (9, 9), (9, -9), (-60, 60), (-60, -60)])
    small = Polygon([(9, 9), (9, -9), (0, 0)])
    village = box(5, -1, 6, 1)
    assert small.contains(village)
    assert share(village, tie) == pytest.approx(1.0, abs=1e-12)
    assert share(village, tie, box(0, -30, 30, 30)) == pytest.approx(1.0, abs=1e-12)
    assert share(village, box(-30, -30, 30, 0), tie) == pytest.approx(1.0, abs=1e-12)


def test_rows_over_each_other_in_one_cell_and_alone_in_the_next_are_each_looked_at() -> None:
    # wound the wrong way only where the big one lies over it, far from where its shell is
    hole = [(40, 40), (60, 40), (60, 60), (40, 60)]
    bad = Polygon([(0, 0), (30, 0), (30, 30), (0, 30)], [hole])
    village, over = box(0, 0, 100, 100), box(35, 35, 99, 99)
    cells = [box(x, y, x + 1, y + 1) for x in range(0, 100, 9) for y in range(0, 30, 9)]
    expected = true_union([bad, over, *cells]).area / 1e4
    assert share(village, bad, over, *cells) == pytest.approx(expected, abs=1e-12)
    assert share(village, *cells, over, bad) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=examples(150), deadline=None)
@given(footprint=st.lists(tangled(), min_size=2, max_size=4))
def test_tangled_rows_over_each_other_agree_with_geos(footprint: list[shapely.Geometry]) -> None:
    village = moved(box(100, 100, 1100, 1100))
    expected = shapely.intersection(village, true_union(footprint)).area / village.area
    assert share(village, *footprint) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=examples(300), deadline=None)
@given(village=polygons(), footprint=st.lists(polygons(), max_size=6))
def test_it_agrees_with_geos(village: shapely.Geometry, footprint: list[shapely.Geometry]) -> None:
    true_village = true_union([village])
    assume(true_village.area > 25)
    expected = shapely.intersection(true_village, true_union(footprint)).area / true_village.area
    assert share(village, *footprint) == pytest.approx(expected, abs=1e-7)


@settings(max_examples=examples(100), deadline=None)
@given(footprints=st.lists(st.lists(polygons(), max_size=4), min_size=2, max_size=4))
def test_every_union_of_layers_agrees_with_geos(footprints: list[list[shapely.Geometry]]) -> None:
    village = moved(box(130, 170, 930, 1010))
    found = combine(
        np.array([village]), [np.array([*f, Polygon()], dtype=object) for f in footprints]
    )
    for bits in range(1, 1 << len(footprints)):
        chosen = [g for k, f in enumerate(footprints) if bits >> k & 1 for g in f]
        expected = shapely.intersection(village, true_union(chosen)).area
        assert found.union_m2(bits)[0] / village.area == pytest.approx(
            expected / village.area, abs=1e-7
        )


def _voronoi(seed: int, count: int) -> np.ndarray:
    """Villages that share their edges, in a square of 6 km."""
    rng = np.random.default_rng(seed)
    points = shapely.MultiPoint(rng.uniform(0, 6000, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=box(0, 0, 6000, 6000)))
    inside = shapely.intersection(cells, box(0, 0, 6000, 6000))
    return np.array([moved(cell) for cell in shapely.segmentize(inside, 120.0)])


def test_a_layer_made_of_whole_villages_coincides_exactly() -> None:
    villages = _voronoi(1, 80)
    chosen = np.arange(0, 80, 3)
    found = coverage.area_share(series(*villages), series(*villages[chosen]))
    expected = np.zeros(80)
    expected[chosen] = 1.0
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_layer_of_united_villages_coincides_exactly() -> None:
    villages = _voronoi(2, 80)
    union = shapely.union_all(villages[::2])
    expected = shapely.area(shapely.intersection(villages, union)) / shapely.area(villages)
    np.testing.assert_allclose(
        coverage.area_share(series(*villages), series(union)), expected, atol=1e-9
    )


def test_snapped_grids_coincide_exactly() -> None:
    cells = [
        moved(box(x, y, x + 100, y + 100)) for x in range(0, 1000, 100) for y in range(0, 1000, 100)
    ]
    village = moved(box(200, 300, 700, 600))
    assert share(village, *cells[::2]) == pytest.approx(1 / 3, abs=1e-11)  # one row in three


def test_cutting_a_layer_into_a_thousand_pieces_changes_nothing() -> None:
    villages = _voronoi(3, 60)
    layer = moved(shapely.Point(3000, 3000).buffer(2100, quad_segs=50))
    cuts = [
        shapely.intersection(layer, moved(box(x, y, x + 190, y + 190)))
        for x in range(0, 6080, 190)
        for y in range(0, 6080, 190)
    ]
    pieces = [c for c in cuts if not c.is_empty]
    whole = coverage.area_share(series(*villages), series(layer))
    np.testing.assert_allclose(
        coverage.area_share(series(*villages), series(*pieces)), whole, atol=1e-9
    )


@settings(max_examples=examples(50), deadline=None)
@given(footprint=st.lists(polygons(), min_size=1, max_size=5), more=polygons())
def test_more_footprint_never_covers_less(
    footprint: list[shapely.Geometry], more: shapely.Geometry
) -> None:
    village = moved(box(100, 100, 900, 900))
    before, after = share(village, *footprint), share(village, *footprint, more)
    assert 0.0 <= before <= after + 1e-12 <= 1.0 + 1e-12


def test_the_index_and_order_of_the_villages_are_kept() -> None:
    villages = gpd.GeoSeries({"b": box(0, 0, 2, 1), "a": box(5, 0, 6, 1)}, crs=CRS)
    found = coverage.area_share(villages, series(box(0, 0, 1, 1)))
    pd.testing.assert_series_equal(found, pd.Series({"b": 0.5, "a": 0.0}, name="share"))


@pytest.mark.heavy
def test_the_number_of_threads_does_not_matter() -> None:
    villages = _voronoi(4, 300)
    layers = [np.array([moved(shapely.Point(x, 3000).buffer(1500))]) for x in (1500, 2500, 4000)]
    one, two = (combine(villages, layers, threads=t) for t in (1, 2))
    np.testing.assert_array_equal(one.area_m2, two.area_m2)
    np.testing.assert_array_equal(one.combination, two.combination)


@pytest.mark.parametrize(
    ("villages", "footprint", "sentence"),
    [
        (gpd.GeoSeries([], crs=CRS), series(UNIT), "there are no villages"),
        (series(Polygon()), series(UNIT), "1 villages have no polygon, the first is 0"),
        (series(shapely.Point(0, 0)), series(UNIT), "have no polygon"),
        (series(UNIT).set_crs("EPSG:4326", allow_override=True), series(UNIT), "projected system"),
        (series(UNIT), series(UNIT).set_crs("EPSG:3405", allow_override=True), "EPSG:3405"),
        (gpd.GeoSeries([UNIT]), series(UNIT), "no coordinate system"),
    ],
)
def test_what_cannot_be_measured_raises_and_says_why(
    villages: gpd.GeoSeries, footprint: gpd.GeoSeries, sentence: str
) -> None:
    with pytest.raises(coverage.CoverageError, match=sentence):
        coverage.area_share(villages, footprint)


def test_a_coordinate_that_is_not_a_number_raises() -> None:
    broken = Polygon([(0, 0), (1, 0), (1, np.inf)])
    with pytest.raises(coverage.CoverageError, match="not a number"):
        coverage.area_share(series(UNIT), series(broken))

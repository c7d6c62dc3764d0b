"""Measures of the nine-village study by hand, and what must not change them."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Point, box

import coverage
from coverage.model import Layer
from coverage.shares import centre_served, union_share
from tests import tiny


def test_shares_and_centres_by_hand() -> None:
    measures = coverage.measure(tiny.villages(), tiny.layers())
    np.testing.assert_allclose(union_share(measures, 1), [1, 0.5, 0] * 3, atol=1e-12)
    beta = [0, 0, 0.3, 0, 0, 0.1, 0, 0, 0]
    np.testing.assert_allclose(union_share(measures, 2), beta, atol=1e-12)
    both = np.add([1, 0.5, 0] * 3, beta)
    np.testing.assert_allclose(union_share(measures, 3), both, atol=1e-12)
    np.testing.assert_array_equal(centre_served(measures, 1), [True, True, False] * 3)
    assert not centre_served(measures, 2).any()


def test_the_areas_of_a_village_add_up_to_it() -> None:
    measures = coverage.measure(tiny.villages(), tiny.layers())
    total = np.bincount(measures.village, weights=measures.area_m2)
    np.testing.assert_allclose(total, 1e6, rtol=1e-12)
    np.testing.assert_allclose(measures.village_area_m2, 1e6, rtol=1e-12)


def test_a_centre_on_the_border_is_served_and_one_beyond_a_millimetre_is_not() -> None:
    villages = tiny.villages()
    edge = tiny.X0 + 1500
    shifts = [0.0, 0.0005, 0.0015, -0.0005]
    villages["centre"] = gpd.GeoSeries(
        [Point(edge + s, tiny.Y0 + 500) for s in shifts] + [Point(tiny.X0, tiny.Y0)] * 5,
        index=villages.index,
        crs=tiny.CRS,
    )
    served = centre_served(coverage.measure(villages, tiny.layers()), 1)
    np.testing.assert_array_equal(served[:4], [True, True, False, True])


def test_without_centres_nothing_is_said_of_them() -> None:
    villages = tiny.villages().drop(columns="centre")
    measures = coverage.measure(villages, tiny.layers())
    assert not measures.has_centre.any()
    assert not centre_served(measures, 3).any()


def test_a_missing_centre_is_not_a_centre_elsewhere() -> None:
    villages = tiny.villages()
    villages["centre"] = [None if i == "v1" else c for i, c in villages["centre"].items()]
    measures = coverage.measure(villages.set_geometry("geometry"), tiny.layers())
    assert measures.has_centre.tolist() == [False] + [True] * 8
    assert not centre_served(measures, 1)[0]


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3405", "EPSG:32648"])
def test_the_system_the_files_came_in_does_not_matter(crs: str) -> None:
    plain = coverage.measure(tiny.villages(), tiny.layers())
    villages = tiny.villages().to_crs(crs).to_crs(tiny.CRS)
    villages["centre"] = tiny.villages()["centre"].to_crs(crs).to_crs(tiny.CRS)
    layers = [replace(x, footprint=x.footprint.to_crs(crs).to_crs(tiny.CRS)) for x in tiny.layers()]
    other = coverage.measure(villages, layers)
    for bits in (1, 2, 3):
        np.testing.assert_allclose(union_share(other, bits), union_share(plain, bits), atol=1e-6)
    np.testing.assert_array_equal(other.centre, plain.centre)


def test_the_order_of_rows_does_not_matter() -> None:
    villages = tiny.villages()
    shuffled = villages.iloc[np.random.default_rng(5).permutation(9)]
    plain = coverage.measure(villages, tiny.layers())
    other = coverage.measure(shuffled, tiny.layers())
    place = shuffled.index.get_indexer(villages.index)
    np.testing.assert_allclose(union_share(other, 3)[place], union_share(plain, 3), atol=1e-12)


def test_no_layers_leave_everything_unserved() -> None:
    measures = coverage.measure(tiny.villages(), [])
    assert set(measures.combination.tolist()) == {0}
    np.testing.assert_allclose(measures.area_m2, 1e6, rtol=1e-12)


def test_an_extent_says_where_a_filing_speaks() -> None:
    alpha, beta = tiny.layers()
    west = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 2250, tiny.Y0 + 3000)], crs=tiny.CRS)
    measures = coverage.measure(tiny.villages(), [alpha, replace(beta, extent=west)])
    np.testing.assert_allclose(measures.extent_share[:, 0], 1.0)
    np.testing.assert_allclose(measures.extent_share[:, 1], [1, 1, 0.25] * 3, atol=1e-12)
    np.testing.assert_array_equal(measures.extent_centre[:, 1], [True, True, False] * 3)


def test_progress_runs_to_the_end() -> None:
    told: list[float] = []
    coverage.measure(tiny.villages(), tiny.layers(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_village_id_that_occurs_twice_raises() -> None:
    villages = tiny.villages().rename(index={"v2": "v1"})
    with pytest.raises(coverage.CoverageError, match="v1 occurs twice"):
        coverage.measure(villages, tiny.layers())


def test_a_layer_in_another_system_raises() -> None:
    alpha, _ = tiny.layers()
    wrong = replace(alpha, footprint=alpha.footprint.to_crs("EPSG:4326"))
    with pytest.raises(coverage.CoverageError, match="EPSG:4326"):
        coverage.measure(tiny.villages(), [wrong])


def test_more_layers_than_bits_raises() -> None:
    alpha, _ = tiny.layers()
    many: list[Layer] = [alpha] * 64
    with pytest.raises(coverage.CoverageError, match="64 layers"):
        coverage.measure(tiny.villages(), many)


def test_nothing_handed_in_is_changed() -> None:
    villages, layers = tiny.villages(), tiny.layers()
    before = shapely.to_wkb(villages.geometry.to_numpy()).tolist()
    coverage.measure(villages, layers)
    assert shapely.to_wkb(villages.geometry.to_numpy()).tolist() == before
    assert list(villages.columns) == list(tiny.villages().columns)


def ragged(count: int, *, reach_m: float, seed: int) -> gpd.GeoSeries:
    """Stars of some twenty vertices, strewn over 30 km, over each other as it comes."""
    dice = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    far = reach_m * (0.5 + dice.random((count, 20)))
    x, y = 30_000 * dice.random((2, count, 1)) + np.array([[[tiny.X0]], [[tiny.Y0]]])
    rings = np.stack([x + far * np.cos(angle), y + far * np.sin(angle)], axis=-1)
    return gpd.GeoSeries(shapely.polygons(rings), crs=tiny.CRS)


@pytest.mark.heavy
def test_villages_measured_apart_have_the_same_areas() -> None:
    shapes = ragged(60, reach_m=600, seed=1)
    villages = gpd.GeoDataFrame({"centre": shapes.centroid}, geometry=shapes)
    layers = [
        replace(one, footprint=ragged(80, reach_m=2500, seed=k), extent=extent)
        for k, (one, extent) in enumerate(
            zip(tiny.layers(), (None, ragged(9, reach_m=9000, seed=7)), strict=True)
        )
    ]
    whole = coverage.measure(villages, layers)
    for rows in (np.arange(60)[::3], np.arange(5), np.array([59])):
        part = coverage.measure(villages.iloc[rows], layers)
        of_whole = np.isin(whole.village, rows)
        np.testing.assert_array_equal(rows[part.village], whole.village[of_whole])
        np.testing.assert_array_equal(part.combination, whole.combination[of_whole])
        shares = [
            area / m.village_area_m2[village]
            for area, m, village in (
                (part.area_m2, part, part.village),
                (whole.area_m2[of_whole], whole, whole.village[of_whole]),
            )
        ]
        np.testing.assert_allclose(*shares, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(part.centre, whole.centre[rows])
        np.testing.assert_allclose(part.extent_share, whole.extent_share[rows], atol=1e-12)
        np.testing.assert_array_equal(part.extent_centre, whole.extent_centre[rows])

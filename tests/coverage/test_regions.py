"""Measured region by region: the same as at once, and no layer is asked for more than a region."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

import coverage
from coverage.regions import Bounds, RegionLayer, in_memory, measure_in_regions
from tests import tiny
from tests.coverage.test_joined import same
from tests.coverage.test_measure import ragged
from tests.laws import examples


@pytest.mark.heavy
@given(seed=st.integers(0, 2**32 - 1), regions=st.integers(1, 6))
@settings(max_examples=examples(15), deadline=None)
def test_regions_are_the_whole(seed: int, regions: int) -> None:
    shapes = ragged(12, reach_m=4000, seed=seed)  # large: each reaches into its neighbours' regions
    villages = gpd.GeoDataFrame({"centre": shapes.centroid}, geometry=shapes)
    extents = (None, ragged(3, reach_m=9000, seed=seed + 1))
    layers = [
        replace(one, footprint=ragged(9, reach_m=3000, seed=seed + 2 + k), extent=extent)
        for k, (one, extent) in enumerate(zip(tiny.layers(), extents, strict=True))
    ]
    found = measure_in_regions(villages, [in_memory(x) for x in layers], regions=regions)
    same(found, coverage.measure(villages, layers))


def test_a_region_without_any_footprint_is_unserved() -> None:
    corner = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 900, tiny.Y0 + 900)], crs=tiny.CRS)
    layers = [replace(tiny.layers()[0], footprint=corner)]
    found = measure_in_regions(tiny.villages(), [in_memory(x) for x in layers], regions=9)
    same(found, coverage.measure(tiny.villages(), layers))


def test_a_centre_far_from_its_village_is_still_served() -> None:
    villages = tiny.villages()
    far = Point(tiny.X0 - 400, tiny.Y0 - 400)
    villages["centre"] = gpd.GeoSeries([far] * 9, index=villages.index, crs=tiny.CRS)
    found = measure_in_regions(villages, [in_memory(x) for x in tiny.layers()], regions=3)
    assert (found.centre == 1).all()


def test_a_layer_is_asked_only_for_the_box_of_each_region() -> None:
    asked: list[Bounds] = []
    alpha = in_memory(tiny.layers()[0])

    def footprint_in(bounds: Bounds) -> gpd.GeoSeries:
        asked.append(bounds)
        return alpha.footprint_in(bounds)

    told: list[float] = []
    layer = RegionLayer(info=alpha.info, footprint_in=footprint_in)
    measure_in_regions(tiny.villages(), [layer], regions=9, progress=told.append)
    sides = np.array(asked)[:, 2:] - np.array(asked)[:, :2]
    np.testing.assert_allclose(sides, 1000, atol=0.1)
    assert told == pytest.approx(np.arange(1, 10) / 9)


def test_one_region_tells_how_far_it_is() -> None:
    told: list[float] = []
    layers = [in_memory(layer) for layer in tiny.layers()]
    measure_in_regions(tiny.villages(), layers, regions=1, progress=told.append)
    assert 0 < told[0] < told[-1] == 1
    assert told == sorted(told)


def test_the_last_regions_get_the_threads_that_others_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[int] = []

    def noted(*given: object, threads: int, **more: object) -> coverage.Measures:
        used.append(threads)
        return coverage.measure(*given, threads=threads, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("coverage.regions.measure", noted)
    layers = [in_memory(layer) for layer in tiny.layers()]
    for regions in (1, 2, 5, 9):
        measure_in_regions(tiny.villages(), layers, regions=regions, threads=4)
    assert sorted(used) == sorted([4, 2, 2, 1, 1, 1, 1, 4, *[1] * 8, 4])


def test_a_village_id_in_two_regions_raises() -> None:
    villages = tiny.villages().rename(index={"v9": "v1"})
    with pytest.raises(coverage.CoverageError, match="v1 occurs twice"):
        measure_in_regions(villages, [in_memory(x) for x in tiny.layers()], regions=9)

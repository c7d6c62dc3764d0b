"""Signal layers on several grids, their progress, and readers that give what they must not."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
from shapely import Point

import coverage
from coverage.errors import CoverageError
from coverage.pixels import (
    LEVELS,
    NO_SIGNAL,
    UNSAID,
    AmountPoints,
    AmountRaster,
    PixelGrid,
    SignalLayer,
    Window,
)
from coverage.sampled import finer, laid_on, probes, read_levels
from coverage.signal import histogram, measure_levels
from tests import tiny, tiny_signal
from tests.coverage.test_signal import level, random_levels, table_of
from tests.coverage.test_weights import METRES

COARSE = PixelGrid(
    crs=tiny_signal.WKT, x=tiny.X0 - 500, y=tiny.Y0 + 3500, step_x=500.0, step_y=1000.0,
    width=8, height=4,
)  # fmt: skip


def even(operator: str, dbm: int, grid: PixelGrid = tiny_signal.GRID) -> SignalLayer:
    return tiny_signal.layer(
        operator, "4G", np.full((grid.height, grid.width), level(dbm), np.uint8), grid=grid
    )


@pytest.mark.parametrize("at", [(5, 5), (34, 34), (17, 13)])
@pytest.mark.parametrize("bad", [LEVELS, 255])
def test_one_bad_level_among_good_ones_is_refused(at: tuple[int, int], bad: int) -> None:
    values = np.full((40, 40), level(-90), np.uint8)
    values[at] = bad
    wrong = tiny_signal.layer("Gamma", "4G", values)
    told = f"Gamma 4G gave level {bad}, and the highest is {LEVELS - 1}; mend its reader"
    with pytest.raises(CoverageError, match=told):
        coverage.measure(tiny.villages(), [wrong])


def test_the_highest_level_is_a_level() -> None:
    values = np.full((40, 40), LEVELS - 1, np.uint8)
    found = coverage.measure(tiny.villages(), [tiny_signal.layer("Gamma", "4G", values)])
    assert histogram(found.levels[0], "4G", 9)[:, LEVELS - 1].tolist() == pytest.approx([1.0] * 9)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.zeros((3, 2), np.uint8), r"gave uint8 \(3, 2\) where 2 × 3 levels"),
        (np.zeros((2, 3), np.int16), r"gave int16 \(2, 3\) where 2 × 3 levels"),
        (np.zeros((2, 3)), r"gave float64 \(2, 3\) where 2 × 3 levels"),
    ],
)
def test_a_reader_gives_the_rows_and_columns_asked_for_as_bytes(
    given: npt.NDArray[np.uint8], told: str
) -> None:
    wrong = replace(tiny_signal.layers()[0], levels=lambda _: given)
    with pytest.raises(CoverageError, match=told):
        read_levels(wrong, (0, 0, 2, 3))


def test_progress_is_told_grid_by_grid_and_ends_at_all() -> None:
    told: list[float] = []
    layers = [even("Gamma", -90), even("Delta", -95, COARSE)]
    measure_levels(tiny.villages(), layers, progress=told.append)
    assert told == pytest.approx([0.3, 0.65, 1.0])
    told.clear()
    measure_levels(tiny.villages(), layers[:1], progress=told.append)
    assert told == pytest.approx([0.3, 1.0])


def test_each_operator_has_its_own_pixels_and_all_together_the_finest() -> None:
    wide = np.full((4, 8), NO_SIGNAL, np.uint8)
    wide[3, 1:3] = level(-80)  # v1
    wide[2, 1] = level(-85)  # the north-west of v1, the south-west of v4
    layers = [
        tiny_signal.layer("Delta", "4G", wide, grid=COARSE),
        tiny_signal.layers()[0],  # Gamma 4G, -95 and -100 dBm in the first column
    ]
    found = measure_levels(tiny.villages(), layers)
    assert [x.operator for x in found.levels] == ["", "Delta", "Gamma"]
    every, delta, gamma = found.levels
    assert every.grid == gamma.grid != delta.grid
    told = histogram(delta, "4G", 9)
    assert told[0, level(-80)] == pytest.approx(0.5)  # a pixel reaches 500 m south of v1
    assert told[3, level(-85)] == pytest.approx(0.25)
    told = histogram(every, "4G", 9)
    at = [level(-80), level(-85), level(-100)]  # Gamma alone has the north-east of v1
    assert told[0, at].tolist() == pytest.approx([0.5, 0.25, 0.25])
    np.testing.assert_allclose(found.extent_share, 1.0)


def test_each_layer_speaks_as_far_as_its_own_raster_does() -> None:
    half = replace(tiny_signal.GRID, width=20)  # ends in the middle of the second column
    low = replace(COARSE, y=COARSE.y - 2000, height=2)  # begins in the middle of the second row
    layers = [even("Gamma", -90, half), even("Delta", -90, low), even("Zeta", -90)]
    villages = tiny.villages()
    villages.loc["v9", "centre"] = None
    found = measure_levels(villages, layers)
    np.testing.assert_allclose(found.extent_share[:, 0], [1, 0.5, 0] * 3, atol=1e-12)
    np.testing.assert_allclose(found.extent_share[:, 1], [1] * 3 + [0.5] * 3 + [0] * 3, atol=1e-12)
    np.testing.assert_allclose(found.extent_share[:, 2], 1.0)
    assert found.extent_centre[:, 0].tolist() == [True, False, False] * 2 + [True, False, True]
    assert found.extent_centre[8].all()  # no centre is known, so none is missed
    for operator, share in (("Gamma", 0), ("Delta", 1), ("Zeta", 2)):
        away = histogram(table_of(found.levels, operator), "4G", 9)[:, UNSAID]
        np.testing.assert_allclose(away, 1 - found.extent_share[:, share], atol=1e-12)
    centre = {x.operator: x.centre[:, 0].tolist() for x in found.levels}
    assert centre["Zeta"] == [level(-90)] * 8 + [UNSAID]


def test_where_one_raster_ends_the_table_of_all_has_the_others_alone() -> None:
    quiet = tiny_signal.layer("Gamma", "4G", np.full((40, 40), NO_SIGNAL, np.uint8))
    corner = replace(COARSE, y=COARSE.y - 2000, width=4, height=2)  # 1.5 km of the south-west
    found = measure_levels(tiny.villages(), [quiet, even("Delta", -80, corner)])
    told = histogram(table_of(found.levels, ""), "4G", 9)
    share = [1, 0.5, 0, 0.5, 0.25, 0, 0, 0, 0]
    assert told[:, level(-80)].tolist() == pytest.approx(share, abs=1e-12)
    assert told[:, NO_SIGNAL].tolist() == pytest.approx([1 - s for s in share], abs=1e-12)


@pytest.mark.parametrize(("east", "north"), [(0, 50_000), (50_000, 0), (-50_000, -50_000)])
def test_a_raster_beside_all_villages_adds_nothing_to_the_table_of_all(
    east: float, north: float
) -> None:
    away = replace(COARSE, x=COARSE.x + east, y=COARSE.y + north)
    found = measure_levels(tiny.villages(), [even("Gamma", -95), even("Delta", -80, away)])
    told = histogram(table_of(found.levels, ""), "4G", 9)
    assert told[:, level(-95)].tolist() == pytest.approx([1] * 9)
    assert found.extent_share[:, 1].tolist() == [0] * 9


def test_no_signal_at_a_centre_is_something_said_of_it() -> None:
    quiet = tiny_signal.layer("Gamma", "4G", np.full((40, 40), NO_SIGNAL, np.uint8))
    assert measure_levels(tiny.villages(), [quiet]).extent_centre.all()


def test_people_and_places_each_keep_their_own_column() -> None:
    amount = np.zeros((40, 40))
    amount[34, 5], amount[34, 14] = 30.0, 10.0  # v1 at -95 and at -100 dBm
    points = [Point(tiny.X0 + 900, tiny.Y0 + 100), Point(tiny.X0 + 100, tiny.Y0 + 100),
              Point(tiny.X0 - 900, tiny.Y0), Point(tiny.X0 + 2100, tiny.Y0 + 2900)]  # fmt: skip
    places = AmountPoints(
        points=gpd.GeoSeries(points, crs=tiny.CRS), weight=np.array([3.0, 1, 50, 2]), key="places"
    )
    people = tiny_signal.people(amount)
    for sources in (
        {"people": people, "settled": places, "households": places},
        {"settled": places, "households": places, "people": people},
        {"households": places, "people": people, "settled": places},
    ):
        found = measure_levels(tiny.villages(), tiny_signal.layers(), amounts=sources)  # type: ignore[arg-type]  # as measure takes them
        gamma = table_of(found.levels, "Gamma")
        at = [level(-95), level(-100)]
        assert histogram(gamma, "4G", 9, "area")[0, at].tolist() == pytest.approx([0.5, 0.5])
        for basis, wanted in (
            ("people", [0.75, 0.25]), ("settled", [0.25, 0.75]), ("households", [0.25, 0.75]),
        ):  # fmt: skip
            told = histogram(gamma, "4G", 9, basis)  # type: ignore[arg-type]
            assert told[0, at].tolist() == pytest.approx(wanted)
        settled = histogram(gamma, "4G", 9, "settled")
        assert settled[8, level(-115)] == 1.0
        assert settled.sum(axis=1).tolist() == pytest.approx([1] + [0] * 7 + [1])


def test_people_lie_on_the_first_grid_that_has_their_pixels() -> None:
    amounts = np.arange(12.0).reshape(3, 4)
    part = replace(
        tiny_signal.GRID, x=tiny_signal.GRID.x + 200, y=tiny_signal.GRID.y - 500, width=4, height=3
    )
    raster: AmountRaster = tiny_signal.people(amounts, grid=part)
    laid = laid_on([COARSE, tiny_signal.GRID], raster)
    assert laid.grid == tiny_signal.GRID
    whole = np.zeros((40, 40))
    whole[5:8, 2:6] = amounts
    for window in ((0, 0, 40, 40), (5, 2, 3, 4), (6, 3, 1, 1), (0, 0, 6, 3), (7, 5, 9, 9),
                   (0, 0, 5, 40), (8, 0, 4, 4), (5, 6, 3, 2), (5, 0, 3, 2)):  # fmt: skip
        top, left, rows, columns = window
        right = whole[top : top + rows, left : left + columns]
        np.testing.assert_array_equal(laid.amounts(window), right)
    assert laid_on([COARSE], raster) is raster


def test_how_many_pixels_of_one_grid_lie_in_one_of_another() -> None:
    assert finer(COARSE, tiny_signal.GRID) == pytest.approx(50)
    assert finer(tiny_signal.GRID, COARSE) == pytest.approx(1 / 50)
    in_degrees = PixelGrid(
        crs="EPSG:4326", x=105.9, y=18.7, step_x=0.001, step_y=0.001, width=40, height=40
    )
    assert finer(COARSE, in_degrees) == pytest.approx(500 * 1000 / (105.4 * 110.7), rel=0.01)


def test_points_have_the_level_of_their_pixel_whatever_windows_were_read_before() -> None:
    values = random_levels(9, tiny_signal.GRID)
    read: list[Window] = []

    def noted(window: Window) -> npt.NDArray[np.uint8]:
        read.append(window)
        top, left, rows, columns = window
        return values[top : top + rows, left : left + columns]

    layer = replace(tiny_signal.layer("Gamma", "4G", values), levels=noted)
    pixel = np.array([(3, 2), (3, 30), (20, 11), (39, 39), (0, 0)])  # row, column
    xy = np.column_stack([
        tiny_signal.GRID.x + 100 * pixel[:, 1] + 99.0, tiny_signal.GRID.y - 100 * pixel[:, 0] - 1.0
    ])  # fmt: skip
    xy = np.concatenate([xy, [[np.nan, np.nan], [tiny_signal.GRID.x - 1, tiny.Y0]]])
    right = [*values[tuple(pixel.T)].tolist(), UNSAID, UNSAID]
    for most in (1600, 40, 7):
        (probe,) = probes([layer], xy, METRES)
        probe.layer.levels((0, 0, 10, 10))  # holds two of them
        read.clear()
        assert probe.levels(most).tolist() == right
        assert sum(w[2] * w[3] for w in read) <= 1600
        read.clear()
        assert probe.levels(most).tolist() == right
        assert read == []

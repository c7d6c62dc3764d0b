"""Signal layers: by hand on the nine villages, against exactextract, and what must always hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

import coverage
from coverage import tabled
from coverage.errors import CoverageError
from coverage.model import Basis, Levels, Measures, Rule, Technology
from coverage.pixels import (
    LEVELS,
    LOW_DBM,
    LOWEST_LEVEL,
    NO_SIGNAL,
    UNSAID,
    AmountPoints,
    PixelGrid,
    Window,
)
from coverage.places import _interpolated as places_between
from coverage.shares import MOST_KEPT, NEVER, centre_by, share_by, signal_share
from coverage.signal import histogram, measure_levels
from coverage.weights import PixelWeights
from tests import tiny, tiny_signal
from tests.coverage.shapes import X, Y, polygons
from tests.laws import examples

Bytes = npt.NDArray[np.uint8]
BOTH: tuple[Basis, ...] = ("area", "people")
RULE = replace(coverage.RULES["vn-village"], centre=False)


def level(dbm: int) -> int:
    return dbm - LOW_DBM + LOWEST_LEVEL


def table_of(levels: tuple[Levels, ...], operator: str) -> Levels:
    return next(one for one in levels if one.operator == operator)


def share(measures: Measures, rule: Rule, *titles: str) -> list[float]:
    chosen = [layer.title in titles for layer in measures.layers]
    return share_by(measures, rule, chosen).round(12).tolist()


def test_shares_by_hand() -> None:
    measures = coverage.measure(tiny.villages(), tiny_signal.layers())
    # Gamma 4G is -95 and -100 dBm in the first column, -105 and -110 in the second
    assert share(measures, RULE, "Gamma 4G") == [1, 0.5, 0] * 3
    strict = replace(RULE, min_dbm_4g=-99)
    assert share(measures, strict, "Gamma 4G") == [0.5, 0, 0] * 3
    assert share(measures, strict, "Gamma 3G") == [1, 1, 1] + [0] * 6
    assert share(measures, strict, "Gamma 3G", "Gamma 4G") == [1, 1, 1, 0.5, 0, 0, 0.5, 0, 0]
    assert share(measures, RULE, "Delta 4G") == [1, 1] + [0] * 7
    assert share(measures, RULE, "Gamma 4G", "Delta 4G") == [1, 1, 0, 1, 0.5, 0, 1, 0.5, 0]


def test_centres_and_extents_by_hand() -> None:
    measures = coverage.measure(tiny.villages(), tiny_signal.layers())
    at = table_of(measures.levels, "Gamma")
    assert at.technologies == ("3G", "4G")
    assert at.centre[:3].tolist() == [[level(-90), level(dbm)] for dbm in (-100, -110, -120)]
    assert at.centre[3].tolist() == [NO_SIGNAL, level(-100)]
    chosen = [layer.title == "Gamma 4G" for layer in measures.layers]
    assert centre_by(measures, RULE, chosen).tolist() == [True, False, False] * 3
    assert measures.extent_share.round(12).tolist() == [[1.0] * 3] * 9
    assert measures.extent_centre.all()


def test_outside_the_raster_is_unknown_and_nodata_inside_is_no_signal() -> None:
    half = replace(tiny_signal.GRID, width=20)  # ends in the middle of the second column
    values = np.full((40, 20), NO_SIGNAL, np.uint8)
    found = coverage.measure(tiny.villages(), [tiny_signal.layer("Gamma", "4G", values, grid=half)])
    assert found.extent_share[:, 0].round(12).tolist() == [1, 0.5, 0] * 3
    assert found.extent_centre[:, 0].tolist() == [True, False, False] * 3
    told = histogram(found.levels[0], "4G", 9)
    assert told[:, UNSAID].round(12).tolist() == [0, 0.5, 1] * 3
    assert told[:, NO_SIGNAL].round(12).tolist() == [1, 0.5, 0] * 3


def test_people_are_where_they_live() -> None:
    amount = np.zeros((40, 40))
    amount[34, 5] = 30.0  # the south-west corner of v1, at -95 dBm
    amount[34, 14] = 10.0  # its south-east corner, at -100 dBm
    found = coverage.measure(
        tiny.villages(), tiny_signal.layers(), amounts={"people": tiny_signal.people(amount)}
    )
    strict = replace(RULE, min_dbm_4g=-99, basis="people")
    assert share(found, strict, "Gamma 4G")[:3] == [0.75, 0, 0]
    # v4 has nobody, so its area tells
    assert share(found, strict, "Gamma 4G")[3] == 0.5


def test_people_in_other_pixels_have_the_level_their_centre_lies_in() -> None:
    grid = PixelGrid(
        crs=tiny_signal.WKT, x=tiny.X0, y=tiny.Y0 + 3000, step_x=250.0, step_y=250.0,
        width=12, height=12,
    )  # fmt: skip
    amount = np.zeros((12, 12))
    amount[11, :4] = [1.0, 2.0, 4.0, 8.0]  # v1: -95 dBm at 125 and 375 m, -100 dBm beyond
    found = coverage.measure(
        tiny.villages(),
        tiny_signal.layers(),
        amounts={"people": tiny_signal.people(amount, grid=grid)},
    )
    strict = replace(RULE, min_dbm_4g=-99, basis="people")
    assert share(found, strict, "Gamma 4G")[0] == round(3 / 15, 12)


def test_settled_places_are_points() -> None:
    points = gpd.GeoSeries(
        [Point(tiny.X0 + 100, tiny.Y0 + 100), Point(tiny.X0 + 900, tiny.Y0 + 100)], crs=tiny.CRS
    )
    places = AmountPoints(points=points, weight=np.array([1.0, 3.0]), key="places")
    found = coverage.measure(tiny.villages(), tiny_signal.layers(), amounts={"settled": places})
    assert share(found, replace(RULE, min_dbm_4g=-99), "Gamma 4G")[0] == 0.25


@pytest.mark.parametrize("count", [1, 2, 3])
def test_pixels_of_people_with_nobody_make_no_rows(count: int) -> None:
    grid = PixelGrid(
        crs=tiny_signal.WKT, x=tiny.X0, y=tiny.Y0 + 3000, step_x=250.0, step_y=250.0,
        width=12, height=12,
    )  # fmt: skip
    amount = np.zeros((12, 12))
    amount[11, :4] = [1.0, 2.0, 4.0, 8.0]
    technologies: tuple[Technology, ...] = ("3G", "4G", "5G")
    layers = [
        tiny_signal.layer("Gamma", t, random_levels(seed, tiny_signal.GRID))
        for seed, t in enumerate(technologies[:count])
    ]
    people = {"people": tiny_signal.people(amount, grid=grid)}
    table = measure_levels(tiny.villages(), layers, amounts=people).levels[0]
    assert (np.max([*table.parts.values()], axis=0) > 0).all()


def test_an_operator_on_two_grids_has_them_apart_and_together() -> None:
    coarse = PixelGrid(
        crs=tiny_signal.WKT, x=tiny.X0 - 500, y=tiny.Y0 + 3500, step_x=1000.0, step_y=1000.0,
        width=4, height=4,
    )  # fmt: skip
    wide = np.full((4, 4), NO_SIGNAL, np.uint8)
    wide[3, 1] = level(-90)  # from 500 m to 1.5 km east, the southern half of v1 and v2
    layers = [
        tiny_signal.layers()[0],
        tiny_signal.layer("Gamma", "3G", wide, grid=coarse),
    ]
    found = coverage.measure(tiny.villages(), layers)
    assert sorted(one.technologies for one in found.levels) == [("3G",), ("3G", "4G")]
    assert share(found, RULE, "Gamma 3G")[:2] == [0.25, 0.25]
    strict = replace(RULE, min_dbm_4g=-99)
    assert share(found, strict, "Gamma 3G", "Gamma 4G")[:2] == [0.75, 0.25]


def test_the_best_of_two_layers_of_one_kind_counts() -> None:
    weak = np.full((40, 40), level(-120), np.uint8)
    strong = np.full((40, 40), NO_SIGNAL, np.uint8)
    strong[:, :10] = level(-80)
    layers = [tiny_signal.layer("Gamma", "4G", one) for one in (weak, strong)]
    found = coverage.measure(tiny.villages(), layers)
    told = histogram(found.levels[0], "4G", 9)
    assert told[0, [level(-80), level(-120)]].round(12).tolist() == [0.5, 0.5]


def test_a_reader_that_gives_another_shape_is_refused() -> None:
    wrong = replace(tiny_signal.layers()[0], levels=lambda _: np.zeros((3, 3), np.uint8))
    with pytest.raises(CoverageError, match=r"Gamma 4G gave uint8 \(3, 3\) where"):
        coverage.measure(tiny.villages(), [wrong])


GRID = PixelGrid(
    crs=tiny_signal.WKT, x=X - 137.0, y=Y + 2411.0, step_x=97.0, step_y=113.0, width=31, height=27
)


def random_levels(seed: int, grid: PixelGrid = GRID) -> Bytes:
    rng = np.random.default_rng(seed)
    some = rng.integers(0, 12, (grid.height, grid.width)).astype(np.uint8)
    return np.where(some > 2, some + 30, some).astype(np.uint8)


def table_for(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    index = [f"v{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame(geometry=shapes, index=index, crs=tiny.CRS)


def valid(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.make_valid(shape, method="structure", keep_collapsed=False)


def by_geos(shape: shapely.Geometry, values: Bytes, grid: PixelGrid) -> npt.NDArray[np.float64]:
    """Share of a shape with each level, pixel by pixel."""
    out = np.zeros(LEVELS)
    row, column = np.indices(values.shape)
    x, y = grid.x + column * grid.step_x, grid.y - row * grid.step_y
    pixels = shapely.box(x, y - grid.step_y, x + grid.step_x, y)
    area = shapely.area(shapely.intersection(pixels, valid(shape)))
    np.add.at(out, values.ravel(), area.ravel())
    out[UNSAID] += valid(shape).area - area.sum()
    return out / valid(shape).area


@settings(max_examples=examples(40), deadline=None)
@given(shape=polygons(), seed=st.integers(0, 5))
def test_any_polygon_has_the_histogram_that_geos_finds(shape: Polygon, seed: int) -> None:
    if valid(shape).area < 1000.0:  # smaller than a tenth of a pixel, GEOS rounds more than we do
        return
    values = random_levels(seed)
    found = measure_levels(
        table_for([shape]), [tiny_signal.layer("Gamma", "4G", values, grid=GRID)]
    )
    told = histogram(found.levels[0], "4G", 1)
    np.testing.assert_allclose(told[0], by_geos(shape, values, GRID), atol=1e-9)
    assert told.sum() == pytest.approx(1.0, abs=1e-12)


def test_shares_are_those_of_exactextract() -> None:
    rng = np.random.default_rng(7)
    centres = rng.uniform((X + 300, Y + 300), (X + 2300, Y + 1900), (25, 2))
    shapes = [Point(*c).buffer(rng.uniform(80, 260), quad_segs=5) for c in centres]
    villages = table_for(shapes)
    values = random_levels(3)
    found = measure_levels(villages, [tiny_signal.layer("Gamma", "4G", values, grid=GRID)])
    ours = signal_share(found.levels[0], np.array([36], np.uint8), "area", len(shapes))
    source = NumPyRasterSource(
        (values >= 36).astype(np.float64), GRID.x, GRID.y - GRID.height * GRID.step_y,
        GRID.x + GRID.width * GRID.step_x, GRID.y, srs_wkt=GRID.crs,
    )  # fmt: skip
    theirs = exact_extract(source, villages, ["mean"], output="pandas")["mean"].to_numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-8)  # it keeps parts of pixels in 32 bits
    exact = [by_geos(s, values, GRID)[36:].sum() for s in shapes]
    np.testing.assert_allclose(ours, exact, atol=1e-9)


def test_a_raster_in_degrees_has_the_shares_of_its_pixels_on_the_ground() -> None:
    grid = PixelGrid(
        crs="EPSG:4326", x=105.68, y=18.72, step_x=0.0031, step_y=0.0029, width=14, height=14
    )
    values = random_levels(11, grid)
    villages = tiny.villages()
    found = measure_levels(villages, [tiny_signal.layer("Gamma", "4G", values, grid=grid)])
    told = histogram(found.levels[0], "4G", 9)
    row, column = np.indices(values.shape)
    x, y = grid.x + column * grid.step_x, grid.y - row * grid.step_y
    pixels = shapely.segmentize(shapely.box(x, y - grid.step_y, x + grid.step_x, y).ravel(), 0.0001)
    ground = gpd.GeoSeries(pixels, crs=4326).to_crs(tiny.CRS).to_numpy()
    for k, shape in enumerate(villages.geometry):
        area = shapely.area(shapely.intersection(ground, shape))
        expected = np.bincount(values.ravel(), weights=area, minlength=LEVELS) / shape.area
        expected[UNSAID] += 1 - expected.sum()
        np.testing.assert_allclose(told[k], expected, atol=1e-6)


def test_an_invalid_village_is_made_valid_first() -> None:
    bow = Polygon([(X, Y), (X + 1000, Y + 1000), (X + 1000, Y), (X, Y + 1000)])
    values = random_levels(1)
    layer = tiny_signal.layer("Gamma", "4G", values, grid=GRID)
    told = histogram(measure_levels(table_for([bow]), [layer]).levels[0], "4G", 1)
    np.testing.assert_allclose(told[0], by_geos(bow, values, GRID), atol=1e-9)


@pytest.mark.heavy
@pytest.mark.parametrize("rows_at_once", [3, 2**19])
def test_a_village_in_small_windows_is_the_same(
    rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabled, "ROWS_AT_ONCE", rows_at_once)
    villages = tiny.villages()
    layers = tiny_signal.layers()
    amounts = {"people": tiny_signal.people(np.arange(1600.0).reshape(40, 40))}
    whole = measure_levels(villages, layers, amounts=amounts)
    parts = measure_levels(villages, layers, amounts=amounts, memory=11 * 17)
    np.testing.assert_array_equal(whole.extent_centre, parts.extent_centre)
    np.testing.assert_allclose(whole.extent_share, parts.extent_share, atol=1e-12)
    for one, other in zip(whole.levels, parts.levels, strict=True):
        np.testing.assert_array_equal(one.centre, other.centre)
        for basis in ("area", "people"):
            for technology in one.technologies:
                np.testing.assert_allclose(
                    histogram(one, technology, 9, basis),
                    histogram(other, technology, 9, basis),
                    atol=1e-12,
                )
        assert len(one.village) == len(other.village)


def summed(table: Levels, least: Sequence[int], basis: Basis) -> list[float]:
    """Shares that reach some levels, row by row, by numpy alone."""
    reached = (table.level >= np.array(least)).any(axis=1)
    out = np.zeros((2, 9))
    for k, part in enumerate((table.parts[basis], table.parts["area"])):
        np.add.at(out[k], table.village[reached], part[reached])
    total = np.zeros(9)
    np.add.at(total, table.village, table.parts[basis])
    return [float(v) for v in np.where(total > 0, out[0], out[1])]


def test_one_two_and_three_technologies_have_the_same_levels() -> None:
    technologies: tuple[Technology, ...] = ("3G", "4G", "5G")
    values = [random_levels(seed, tiny_signal.GRID) for seed in range(3)]
    amount = np.random.default_rng(4).gamma(0.3, 8.0, (40, 40))
    amount[:, :15] = 0.0  # nobody in the western column
    tables = {}
    for operator, count in (("One", 1), ("Two", 2), ("Three", 3)):
        layers = [
            tiny_signal.layer(operator, t, v)
            for t, v in zip(technologies[:count], values[:count], strict=True)
        ]
        people = {"people": tiny_signal.people(amount)}
        tables[count] = measure_levels(tiny.villages(), layers, amounts=people).levels[0]
    for basis in BOTH:
        for k in range(3):
            wide = histogram(tables[3], technologies[k], 9, basis)
            for count in range(k + 1, 3):
                one = histogram(tables[count], technologies[k], 9, basis)
                np.testing.assert_allclose(one, wide, atol=1e-12)


def test_a_source_of_two_names_is_read_once_and_tells_for_both() -> None:
    amount = np.random.default_rng(4).gamma(0.3, 8.0, (40, 40))
    source, read = tiny_signal.people(amount), []

    def noted(window: Window) -> npt.NDArray[np.float32]:
        read.append(window)
        return source.amounts(window).astype(np.float32)

    one, two = replace(source, amounts=noted), replace(source, amounts=noted)
    layers = tiny_signal.layers()
    same = measure_levels(tiny.villages(), layers, amounts={"people": one, "households": one})
    assert len(read) == 1
    apart = measure_levels(tiny.villages(), layers, amounts={"people": one, "households": two})
    assert len(read) == 3
    for table, other in zip(same.levels, apart.levels, strict=True):
        assert list(table.parts) == list(other.parts) == ["area", "people", "households"]
        for k, technology in enumerate(table.technologies):
            told = histogram(table, technology, 9, "people")
            np.testing.assert_array_equal(histogram(table, technology, 9, "households"), told)
            np.testing.assert_allclose(histogram(other, technology, 9, "households"), told)
            wide = [histogram(x, technology, 9, "area") for x in (table, other)]
            np.testing.assert_array_equal(table.centre[:, k], other.centre[:, k])
            np.testing.assert_allclose(*wide)


@pytest.mark.heavy
def test_people_in_a_part_of_the_same_pixels_are_counted_in_the_same_pass() -> None:
    amount = np.zeros((40, 40))
    amount[3:33, 7:37] = np.random.default_rng(5).gamma(0.3, 8.0, (30, 30))
    part = replace(
        tiny_signal.GRID, x=tiny_signal.GRID.x + 7 * tiny_signal.GRID.step_x,
        y=tiny_signal.GRID.y - 3 * tiny_signal.GRID.step_y, width=30, height=30,
    )  # fmt: skip
    kept = Kept()
    layers = tiny_signal.layers()
    sources = (
        tiny_signal.people(amount),
        tiny_signal.people(amount[3:33, 7:37], grid=part),
        tiny_signal.people(amount[3:33, 7:37], grid=replace(part, x=part.x + 1e-3)),
    )
    whole, same, beside = (
        measure_levels(
            tiny.villages(), layers, amounts={"people": of}, weights_cache=kept, memory=memory
        )
        for of, memory in zip(sources, (2**20, 11 * 17, 2**20), strict=True)
    )
    assert len(kept) == 2  # weights of the signals' pixels, and of those a millimetre beside
    for one, other, moved in zip(whole.levels, same.levels, beside.levels, strict=True):
        for technology in one.technologies:
            for basis in BOTH:
                told = histogram(one, technology, 9, basis)
                np.testing.assert_allclose(histogram(other, technology, 9, basis), told, atol=1e-12)
                np.testing.assert_allclose(histogram(moved, technology, 9, basis), told, atol=1e-4)


def test_a_layer_is_read_once_also_for_centres() -> None:
    read = []
    layer = tiny_signal.layers()[0]

    def noted(window: Window) -> Bytes:
        read.append(window)
        return layer.levels(window)

    villages = tiny.villages()
    measure_levels(villages, [replace(layer, levels=noted)])
    assert len(read) == 1
    read.clear()
    away = villages.set_geometry(villages.geometry.translate(-900.0, 0.0))  # no centre in pixels of
    found = measure_levels(away.iloc[:1], [replace(layer, levels=noted)])  # the village itself
    centre = measure_levels(villages.iloc[:1], [layer]).levels[0].centre
    assert len(read) == 2
    np.testing.assert_array_equal(found.levels[0].centre, centre)


@pytest.mark.parametrize("basis", BOTH)
def test_shares_that_are_kept_are_those_of_the_rows(basis: Basis) -> None:
    amount = np.random.default_rng(4).gamma(0.3, 8.0, (40, 40))
    amount[:, :15] = 0.0  # nobody in the western column, which is told by its area
    layers = [
        tiny_signal.layer("Gamma", "3G", random_levels(0, tiny_signal.GRID)),
        tiny_signal.layer("Gamma", "4G", random_levels(1, tiny_signal.GRID)),
    ]
    people = {"people": tiny_signal.people(amount)}
    table = measure_levels(tiny.villages(), layers, amounts=people).levels[0]
    asked = [(a, b) for a in (2, 33, 36, 40, 200, NEVER) for b in (1, 34, 41, LEVELS - 1, NEVER)]
    for least in asked * 2:  # more than are kept, and each again
        found = signal_share(table, np.array(least, np.uint8), basis, 9)
        expected = summed(table, [x if x < NEVER else 1000 for x in least], basis)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    assert sum(key[0] == "share" for key in table.sums) == MOST_KEPT  # type: ignore[index]  # tuples
    with pytest.raises(ValueError, match="read-only"):
        signal_share(table, np.array([36, 36], np.uint8), basis, 9)[0] = 1.0


class Kept(dict[str, PixelWeights]):
    def load(self, key: str) -> PixelWeights | None:
        return self.get(key)

    def keep(self, key: str, weights: PixelWeights) -> None:
        self[key] = weights


def test_weights_are_found_once_for_a_grid_and_anew_for_other_villages() -> None:
    kept = Kept()
    villages, layers = tiny.villages(), tiny_signal.layers()
    first = measure_levels(villages, layers, weights_cache=kept)
    assert len(kept) == 1
    again = measure_levels(villages, layers, weights_cache=kept)
    assert len(kept) == 1
    np.testing.assert_array_equal(first.levels[0].level, again.levels[0].level)
    moved = villages.set_geometry(villages.geometry.translate(1.0, 0.0))
    measure_levels(moved, layers, weights_cache=kept)
    assert len(kept) == 2


rasters = st.lists(st.integers(0, 50), min_size=3, max_size=3)
titles = (("Alpha", "3G"), ("Alpha", "4G"), ("Beta", "4G"))


@pytest.mark.heavy
@settings(max_examples=examples(25), deadline=None)
@given(
    seeds=rasters, shapes=st.lists(polygons(), min_size=1, max_size=4), by=st.integers(-110, -95)
)
def test_what_always_holds(seeds: list[int], shapes: list[Polygon], by: int) -> None:
    shapes = [s for s in shapes if valid(s).area > 1.0]
    if not shapes:
        return
    villages = table_for(shapes)
    layers = [
        tiny_signal.layer(o, t, random_levels(seed), grid=GRID)  # type: ignore[arg-type]  # as titled
        for (o, t), seed in zip(titles, seeds, strict=True)
    ]
    measures = coverage.measure(villages, layers)
    rule = replace(RULE, min_dbm_3g=by, min_dbm_4g=by)
    every = [True] * 3
    union = share_by(measures, rule, every)
    assert ((union >= 0) & (union <= 1)).all()
    each = [share_by(measures, rule, [x == k for x in range(3)]) for k in range(3)]
    alpha = share_by(measures, rule, [True, True, False])
    assert (union >= np.max([*each, alpha], axis=0) - 1e-12).all()
    assert (alpha >= np.maximum(each[0], each[1]) - 1e-12).all()
    higher = share_by(measures, replace(rule, min_dbm_3g=by + 1, min_dbm_4g=by + 1), every)
    assert (higher <= union + 1e-12).all()
    for table in measures.levels:
        for technology in table.technologies:
            told = histogram(table, technology, len(shapes))
            np.testing.assert_allclose(told.sum(axis=1), 1.0, atol=1e-12)
    fewer = coverage.measure(villages, layers[:2])
    assert (share_by(fewer, rule, [True] * 2) <= union + 1e-12).all()
    back = coverage.measure(villages.iloc[::-1], layers[::-1])
    np.testing.assert_allclose(share_by(back, rule, every)[::-1], union, atol=1e-12)


def test_footprints_and_signals_keep_their_places() -> None:
    alpha, beta = tiny.layers()
    gamma = tiny_signal.layers()[0]
    measures = coverage.measure(tiny.villages(), [alpha, gamma, beta])
    assert [layer.kind for layer in measures.layers] == ["footprint", "signal", "footprint"]
    assert int(np.bitwise_or.reduce(measures.combination)) == 0b101
    apart = coverage.measure(tiny.villages(), [alpha, beta])
    np.testing.assert_allclose(measures.area_m2, apart.area_m2)
    assert share(measures, RULE, "Beta 3G") == [0, 0, 0.3, 0, 0, 0.1, 0, 0, 0]
    judged = coverage.judge(measures, coverage.RULES["vn-village"])
    assert judged.verdicts["verdict"].tolist()[:3] == ["covered", "covered", "weak"]


def test_a_village_off_the_raster_is_unknown_all_over() -> None:
    far = table_for([box(X + 90_000, Y, X + 91_000, Y + 1000)])
    layer = tiny_signal.layer("Gamma", "4G", random_levels(2), grid=GRID)
    found = measure_levels(far, [layer])
    assert histogram(found.levels[0], "4G", 1)[0, UNSAID] == 1.0
    assert found.extent_share.tolist() == [[0.0]]


def test_a_pixel_has_one_counterpart_in_another_system_whatever_its_tile() -> None:
    own = PixelGrid(
        crs="EPSG:4326", x=105.0, y=19.0, step_x=0.001, step_y=0.001, width=90, height=77
    )
    other = replace(tiny_signal.GRID, step_x=0.001, step_y=0.001)  # so fine that no bit is lost
    places = places_between((0, 0, 77, 90), own, other)
    for tile in ((0, 0, 1, 1), (7, 5, 30, 61), (16, 48, 17, 16), (64, 80, 13, 10), (76, 89, 1, 1)):
        part = places_between(tile, own, other)
        for one, whole in zip(part, places, strict=True):
            here = whole[tile[0] : tile[0] + tile[2], tile[1] : tile[1] + tile[3]]
            np.testing.assert_array_equal(one, here)

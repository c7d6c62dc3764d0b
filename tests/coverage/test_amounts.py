"""People, settled places and hexagons: by hand, against GEOS, and laws."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import h3
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from shapely import Point, box

import coverage
from coverage.amounts import hexagons
from coverage.measure import measure
from coverage.model import Amounts, Layer, LayerInfo, Measures
from coverage.pixels import AmountPoints, AmountRaster, PixelGrid, Window
from coverage.shares import union_share
from coverage.spread import spread_amounts
from tests import tiny
from tests.coverage.shapes import X, Y, polygons, true_union
from tests.laws import examples

Floats = npt.NDArray[np.float64]
METRES = CRS.from_user_input(tiny.CRS)


def raster(counts: Floats, *, x: float, y: float, step: float, crs: CRS = METRES) -> AmountRaster:
    """A raster of ``counts`` (the northern row first) whose upper left corner is (x, y)."""
    rows, columns = counts.shape
    grid = PixelGrid(
        crs=crs.to_wkt(), x=x, y=y, step_x=step, step_y=step, width=columns, height=rows
    )

    def amounts(window: Window) -> Floats:
        row, column, height, width = window
        assert row >= 0
        assert column >= 0
        assert row + height <= rows
        assert column + width <= columns
        return counts[row : row + height, column : column + width]

    return AmountRaster(grid=grid, amounts=amounts, key="by hand")


def over_tiny(counts: Floats, step: float) -> AmountRaster:
    """A raster over the nine villages, from their north-west corner on."""
    return raster(counts, x=tiny.X0, y=tiny.Y0 + 3000, step=step)


def with_people(source: AmountRaster | AmountPoints, *, hexes: bool = False) -> Measures:
    return measure(tiny.villages(), tiny.layers(), amounts={"people": source}, hexes=hexes)


def test_a_pixel_is_shared_by_area_and_not_by_its_centre() -> None:
    counts = np.zeros((3, 3))
    counts[2, 1] = 80.0  # the pixel of v2, whose western half Alpha serves
    found = with_people(over_tiny(counts, 1000.0)).amounts["people"]
    np.testing.assert_allclose(found.total, [0, 80, 0, 0, 0, 0, 0, 0, 0], atol=1e-9)
    assert found.village.tolist() == [1, 1]
    assert found.combination.tolist() == [0, 1]
    np.testing.assert_allclose(found.amount, [40, 40], rtol=1e-12)


def test_people_live_where_the_raster_says_and_the_share_follows_them() -> None:
    counts = np.zeros((6, 6))
    counts[4, 2], counts[4, 3] = 30.0, 10.0  # v2's upper left and upper right quarters
    measures = with_people(over_tiny(counts, 500.0))
    assert union_share(measures, 1, "people")[1] == pytest.approx(0.75, abs=1e-12)
    assert union_share(measures, 1)[1] == pytest.approx(0.5, abs=1e-12)
    assert union_share(measures, 1, "people")[0] == 1.0  # nobody lives in v1: by its area
    assert measures.amounts["people"].total[0] == 0.0


def test_one_pixel_over_many_villages_is_cut_exactly() -> None:
    found = with_people(raster(np.array([[900.0]]), x=tiny.X0, y=tiny.Y0 + 3000, step=3000.0))
    np.testing.assert_allclose(found.amounts["people"].total, 100.0, rtol=1e-12)


def test_what_lies_outside_the_raster_has_nobody() -> None:
    counts = np.full((1, 2), 7.0)
    found = with_people(over_tiny(counts, 1000.0)).amounts["people"]
    np.testing.assert_allclose(found.total, [0, 0, 0, 0, 0, 0, 7, 7, 0], atol=1e-9)
    away = raster(counts, x=tiny.X0 + 50_000, y=tiny.Y0, step=1000.0)
    assert not with_people(away).amounts["people"].total.any()


def _by_geos(
    village: shapely.Geometry, layers: list[shapely.Geometry], counts: Floats, step: float
) -> dict[int, float]:
    """Σ counts · area(pixel ∩ village ∩ combination) / area(pixel), by GEOS."""
    found: dict[int, float] = {}
    rows, columns = counts.shape
    for bits in range(2 ** len(layers)):
        part = village
        for k, layer in enumerate(layers):
            inside = bits >> k & 1
            part = part.intersection(layer) if inside else part.difference(layer)
        pixels = np.array(
            [
                box(
                    X + c * step, Y + 1200 - (r + 1) * step, X + (c + 1) * step, Y + 1200 - r * step
                )
                for r in range(rows)
                for c in range(columns)
            ]
        )
        areas = shapely.area(shapely.intersection(pixels, part))
        found[bits] = float((areas * counts.ravel()).sum() / step**2)
    return found


@settings(max_examples=examples(40), deadline=None)
@given(
    village=polygons(),
    footprints=st.lists(st.lists(polygons(), max_size=2), min_size=1, max_size=2),
    seed=st.integers(0, 99),
    step=st.sampled_from([100.0, 150.0, 600.0]),
    tile=st.sampled_from([(1, 3), (4, 5), (512, 2048)]),
)
def test_amounts_are_those_of_geos(
    village: shapely.Geometry,
    footprints: list[list[shapely.Geometry]],
    seed: int,
    step: float,
    tile: tuple[int, int],
) -> None:
    village = shapely.make_valid(village, method="structure", keep_collapsed=False)
    if village.is_empty or village.area < 1.0:
        return
    size = int(1200 / step)
    counts = np.random.default_rng(seed).poisson(3.0, (size, size)).astype(float)
    source = raster(counts, x=X, y=Y + 1200, step=step)
    rows = [np.array([*f], dtype=object) for f in footprints]
    found = spread_amounts(np.array([village]), rows, source, crs=METRES, threads=1, tile=tile)
    told = dict(zip(found.combination.tolist(), found.amount, strict=True))
    right = _by_geos(village, [true_union(f) for f in footprints], counts, step)
    for bits, amount in right.items():
        assert told.get(bits, 0.0) == pytest.approx(amount, abs=1e-8)


@pytest.mark.heavy
def test_windows_of_any_size_give_the_same() -> None:
    counts = np.random.default_rng(3).poisson(5.0, (31, 31)).astype(float)
    source = over_tiny(counts, 100.0)
    shapes = tiny.villages().geometry.to_numpy()
    rows = [layer.footprint.to_numpy() for layer in tiny.layers()]
    whole, *others = (
        spread_amounts(shapes, rows, source, crs=METRES, threads=2, tile=tile)
        for tile in ((512, 2048), (7, 31), (11, 3), (1, 1))
    )
    for other in others:
        np.testing.assert_array_equal(other.village, whole.village)
        np.testing.assert_array_equal(other.combination, whole.combination)
        np.testing.assert_allclose(other.amount, whole.amount, rtol=1e-12)


def test_a_window_without_a_village_is_never_read() -> None:
    read: list[Window] = []
    grid = PixelGrid(
        crs=METRES.to_wkt(),
        x=tiny.X0 - 5e6,
        y=tiny.Y0 + 5e6,
        step_x=100.0,
        step_y=100.0,
        width=100_000,
        height=100_000,
    )

    def amounts(window: Window) -> Floats:
        read.append(window)
        return np.ones(window[2:])

    source = AmountRaster(grid=grid, amounts=amounts, key="wide")
    found = with_people(source).amounts["people"]
    assert sum(w[2] * w[3] for w in read) <= 4 * 512 * 2048
    np.testing.assert_allclose(found.total, 100.0, rtol=1e-9)


@pytest.mark.heavy
def test_uniform_people_have_the_shares_of_the_area() -> None:
    measures = with_people(over_tiny(np.ones((300, 300)), 10.0))
    for bits in (1, 2, 3):
        np.testing.assert_allclose(
            union_share(measures, bits, "people"), union_share(measures, bits), atol=1e-9
        )


def test_a_raster_in_degrees_finds_the_same_people() -> None:
    x, y = Transformer.from_crs(METRES, 4326, always_xy=True).transform(tiny.X0, tiny.Y0 + 3000)
    counts = np.random.default_rng(8).poisson(9.0, (60, 60)).astype(float)
    source = raster(counts, x=x - 0.005, y=y + 0.005, step=0.001, crs=CRS.from_epsg(4326))
    found = with_people(source)
    total = found.amounts["people"].total
    forth = Transformer.from_crs(4326, METRES, always_xy=True)
    expected = np.zeros(9)
    villages = tiny.villages().geometry.to_numpy()
    for r in range(60):
        for c in range(60):
            west, north = x - 0.005 + 0.001 * c, y + 0.005 - 0.001 * r
            ring = shapely.segmentize(box(west, north - 0.001, west + 0.001, north), 0.0002)
            pixel = shapely.transform(ring, lambda at: np.c_[forth.transform(at[:, 0], at[:, 1])])
            expected += (
                counts[r, c] * shapely.area(shapely.intersection(villages, pixel)) / (pixel.area)
            )
    np.testing.assert_allclose(total, expected, rtol=2e-6)


@pytest.mark.heavy
@settings(max_examples=examples(15), deadline=None)
@given(
    seed=st.integers(0, 999),
    footprints=st.lists(st.lists(polygons(), min_size=1, max_size=2), min_size=2, max_size=3),
)
def test_laws_of_amounts(seed: int, footprints: list[list[shapely.Geometry]]) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(2.0, (12, 12)).astype(float)
    source = raster(counts, x=X, y=Y + 1200, step=100.0)
    squares = [box(X + 300 * i, Y + 300 * j, X + 300 * (i + 1), Y + 300 * (j + 1))
               for i in range(4) for j in range(4)]  # fmt: skip
    villages = gpd.GeoDataFrame(
        geometry=squares, crs=METRES, index=[f"v{k:02}" for k in range(len(squares))]
    )
    layers = [
        Layer(
            info=LayerInfo(operator=f"O{k}", technology="4G"),
            footprint=gpd.GeoSeries(footprint, crs=METRES),
        )
        for k, footprint in enumerate(footprints)
    ]
    measures = measure(villages, layers, amounts={"people": source})
    people = measures.amounts["people"]
    assert people.amount.sum() == pytest.approx(counts.sum(), rel=1e-9)
    assert people.total.sum() == pytest.approx(counts.sum(), rel=1e-9)
    each = [union_share(measures, 1 << k, "people") for k in range(len(layers))]
    union = union_share(measures, (1 << len(layers)) - 1, "people")
    assert all((share >= 0).all() and (share <= 1).all() for share in each)
    assert (union >= np.max(each, axis=0) - 1e-9).all()
    order = rng.permutation(len(villages))
    other = measure(villages.iloc[order], layers, amounts={"people": source}).amounts["people"]
    np.testing.assert_allclose(other.total, people.total[order], rtol=1e-9, atol=1e-9)


def places(points: list[Point], weight: list[float]) -> AmountPoints:
    return AmountPoints(
        points=gpd.GeoSeries(points, crs=METRES), weight=np.array(weight), key="by hand"
    )


def test_settled_places_count_by_their_points() -> None:
    x, y = tiny.X0, tiny.Y0
    at = [Point(x + 1400, y + 100), Point(x + 1900, y + 100), Point(x + 1500.0005, y + 700)]
    measures = measure(
        tiny.villages(), tiny.layers(), amounts={"settled": places(at, [30.0, 10.0, 2.0])}
    )
    found = measures.amounts["settled"]
    assert found.total.tolist() == [0, 42, 0, 0, 0, 0, 0, 0, 0]
    assert found.combination.tolist() == [0, 1]
    assert found.amount.tolist() == [10, 32]  # the third lies on the border, within a millimetre


def test_a_place_on_a_border_is_in_one_village_whatever_the_order() -> None:
    corner = [Point(tiny.X0 + 1000, tiny.Y0 + 1000), Point(tiny.X0 - 1, tiny.Y0)]
    source = places(corner, [5.0, 9.0])
    for villages in (tiny.villages(), tiny.villages().iloc[::-1]):
        found = measure(villages, tiny.layers(), amounts={"settled": source}).amounts["settled"]
        assert villages.index[found.total > 0].tolist() == ["v1"]
        assert found.total.sum() == 5.0


def test_settled_places_stand_for_the_area_and_households_follow_the_same_points() -> None:
    at = [Point(tiny.X0 + 1900, tiny.Y0 + 100)]  # all of v2 lives in its unserved east
    source = places(at, [25.0])
    measures = measure(
        tiny.villages(), tiny.layers(), amounts={"settled": source, "households": source}
    )
    assert measures.amounts["settled"] is measures.amounts["households"]
    rule = replace(coverage.RULES["vn-village"], centre=False)
    verdicts = coverage.judge(measures, rule).verdicts["verdict"]
    assert verdicts["v2"] == "none"
    by_area = coverage.judge(measures, replace(rule, settled_first=False)).verdicts["verdict"]
    assert by_area["v2"] == "covered"


def test_hexagons_are_those_whose_centre_lies_in_the_village() -> None:
    found = hexagons(tiny.villages())
    assert np.bincount(found.village, minlength=9).min() >= 5
    back = Transformer.from_crs(METRES, 4326, always_xy=True)
    for row, village in enumerate(tiny.villages().geometry):
        ring = shapely.segmentize(village, 50.0)
        lon, lat = back.transform(*shapely.get_coordinates(ring).T)
        right = h3.polygon_to_cells(h3.LatLngPoly(list(zip(lat, lon, strict=True))), 9)
        mine = found.points[found.village == row]
        lon, lat = back.transform(*mine.T)
        assert {h3.latlng_to_cell(a, b, 9) for a, b in zip(lat, lon, strict=True)} == set(right)


def test_a_village_too_small_for_a_hexagon_counts_by_the_one_it_lies_in() -> None:
    villages = tiny.villages()
    x, y = tiny.X0 - 300, tiny.Y0 - 300  # beyond all the others, inside Alpha
    villages.loc["v9", "geometry"] = box(x, y, x + 5, y + 5)
    villages.loc["v9", "centre"] = Point(x + 2, y + 2)
    measures = measure(villages, tiny.layers(), hexes=True)
    assert measures.amounts["hexes"].total[8] == 1.0
    cell = h3.latlng_to_cell(
        *Transformer.from_crs(METRES, 4326, always_xy=True).transform(x + 2, y + 2)[::-1], 9
    )
    lat, lon = h3.cell_to_latlng(cell)
    at = Point(*Transformer.from_crs(4326, METRES, always_xy=True).transform(lon, lat))
    inside = tiny.layers()[0].footprint[0].contains(at)
    assert union_share(measures, 1, "hexes")[8] == float(inside)


def test_hexagons_are_measured_only_when_asked() -> None:
    assert "hexes" not in measure(tiny.villages(), tiny.layers()).amounts
    found = measure(tiny.villages(), tiny.layers(), hexes=True).amounts["hexes"]
    assert isinstance(found, Amounts)
    assert set(np.unique(found.amount % 1)) == {0.0}


def test_a_village_measured_apart_has_the_same_people_to_the_last_bit() -> None:
    counts = np.random.default_rng(5).poisson(4.0, (40, 40)).astype(float)
    source = over_tiny(counts, 75.0)
    shapes = tiny.villages().geometry.to_numpy()
    rows = [layer.footprint.to_numpy() for layer in tiny.layers()]
    whole = spread_amounts(shapes, rows, source, crs=METRES, threads=1, tile=(8, 16))
    for k in range(9):
        own = spread_amounts(shapes[k : k + 1], rows, source, crs=METRES, threads=1, tile=(8, 16))
        assert own.amount.tolist() == whole.amount[whole.village == k].tolist()


def test_people_of_villages_are_those_of_exactextract() -> None:
    counts = np.random.default_rng(11).poisson(6.0, (43, 43)).astype(float)
    rng = np.random.default_rng(12)
    x, y = tiny.X0 + 3000 * rng.random(30), tiny.Y0 + 3000 * rng.random(30)
    villages = gpd.GeoSeries.from_xy(x, y, crs=METRES).buffer(300 * rng.random(30) + 20)
    low, side = (tiny.X0 - 400.0, tiny.Y0 - 400.0), 43 * 89.0
    raster_ = NumPyRasterSource(
        counts, xmin=low[0], ymin=low[1], xmax=low[0] + side, ymax=low[1] + side,
        srs_wkt=METRES.to_wkt(),
    )  # fmt: skip
    table = gpd.GeoDataFrame(geometry=villages)
    right = exact_extract(raster_, table, ["sum"], output="pandas")["sum"].to_numpy()
    source = raster(counts, x=low[0], y=low[1] + side, step=89.0)
    found = spread_amounts(villages.to_numpy(), [], source, crs=METRES, threads=1)
    np.testing.assert_array_equal(found.village, np.arange(30))
    # exactextract keeps parts of pixels in 32 bits; GEOS, above, is followed further
    np.testing.assert_allclose(found.amount, right, rtol=1e-7)

"""Amounts at the edges: rows without a polygon, pixels of nothing, hexagons where patches meet."""

from __future__ import annotations

import geopandas as gpd
import h3.api.numpy_int as h3
import numpy as np
import pytest
import shapely
from numpy.typing import ArrayLike
from pyproj import CRS, Transformer
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from coverage.hexes import PATCH_DEG, hexagons_near
from coverage.measure import measure
from coverage.model import Layer, LayerInfo
from coverage.pixels import AmountRaster
from coverage.spread import spread_amounts
from tests import tiny
from tests.coverage.test_amounts import METRES, Floats, over_tiny, places, raster

DEGREES = CRS.from_epsg(4326)
NOTHING = (None, Polygon(), MultiPolygon())


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_rows_of_a_footprint_without_a_polygon_hold_nobody(
    nothing: Polygon | None, place: int
) -> None:
    x, y = tiny.X0, tiny.Y0
    served = [box(x, y, x + 300, y + 1000), box(x + 1000, y, x + 1500, y + 1000)]
    rows = [*served[:place], nothing, *served[place:]]
    source = over_tiny(np.full((3, 3), 10.0), 1000.0)
    layer = Layer(
        info=LayerInfo(operator="A", technology="4G"), footprint=gpd.GeoSeries(rows, crs=tiny.CRS)
    )
    found = measure(tiny.villages(), [layer], amounts={"people": source}).amounts["people"]
    served_there = found.amount[found.combination == 1]
    assert found.village[found.combination == 1].tolist() == [0, 1]
    assert served_there.tolist() == pytest.approx([3, 5])
    np.testing.assert_allclose(found.total, 10.0)


def test_a_footprint_of_nothing_but_missing_rows_serves_nobody() -> None:
    source = over_tiny(np.full((3, 3), 10.0), 1000.0)
    shapes = tiny.villages().geometry.to_numpy()
    for rows in ([], [None], [*NOTHING]):
        footprints = [np.array(rows, dtype=object)]
        found = spread_amounts(shapes, footprints, source, crs=METRES, threads=1)
        assert found.combination.tolist() == [0] * 9
        assert found.amount.tolist() == pytest.approx([10] * 9)


def test_one_pixel_of_people_among_many_of_nobody_is_found() -> None:
    counts = np.zeros((30, 30))
    counts[3, 27] = 7.0  # the northern row comes first: in v9
    found = measure(tiny.villages(), tiny.layers(), amounts={"people": over_tiny(counts, 100.0)})
    people = found.amounts["people"]
    assert (people.village.tolist(), people.combination.tolist()) == ([8], [0])
    assert people.amount.tolist() == pytest.approx([7.0])


def test_nobody_at_all_makes_no_rows() -> None:
    found = measure(
        tiny.villages(), tiny.layers(), amounts={"people": over_tiny(np.zeros((3, 3)), 1000.0)}
    ).amounts["people"]
    assert (len(found.village), found.total.tolist()) == (0, [0.0] * 9)


@pytest.mark.parametrize("tile", [(1, 1), (2, 3), (512, 2048)])
def test_villages_that_fill_their_pixels_exactly_lose_none_at_a_windows_edge(
    tile: tuple[int, int],
) -> None:
    counts = np.arange(1.0, 10.0).reshape(3, 3)
    shapes = tiny.villages().geometry.to_numpy()
    west = np.array([box(tiny.X0, tiny.Y0, tiny.X0 + 1000, tiny.Y0 + 3000)], dtype=object)
    found = spread_amounts(
        shapes, [west], over_tiny(counts, 1000.0), crs=METRES, threads=1, tile=tile
    )
    assert found.village.tolist() == list(range(9))
    assert found.combination.tolist() == [1, 0, 0] * 3
    assert found.amount.tolist() == pytest.approx([7, 8, 9, 4, 5, 6, 1, 2, 3])


def test_progress_of_people_runs_through_its_windows() -> None:
    told: list[float] = []
    shapes = tiny.villages().geometry.to_numpy()
    source: AmountRaster = over_tiny(np.ones((3, 3)), 1000.0)
    spread_amounts(shapes, [], source, crs=METRES, threads=1, tile=(1, 3), progress=told.append)
    assert told == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_long_straight_border_is_a_curve_between_two_systems() -> None:
    x, y = tiny.X0, tiny.Y0
    village = box(x, y, x + 20_000, y + 2_000)  # its middle lies 2.5 m off the chord in degrees
    step = 0.004
    (west, north), = _degrees([[x - 500, y + 2_600]])  # fmt: skip
    counts = np.random.default_rng(3).poisson(40.0, (9, 55)).astype(float)
    source = raster(counts, x=west, y=north, step=step, crs=DEGREES)
    found = spread_amounts(np.array([village]), [], source, crs=METRES, threads=1)
    fine = shapely.transform(shapely.segmentize(village, 50.0), _degrees)
    row, column = np.indices(counts.shape)
    corner = west + column * step, north - row * step
    pixels = shapely.box(corner[0], corner[1] - step, corner[0] + step, corner[1])
    right = (shapely.area(shapely.intersection(pixels, fine)) / step**2 * counts).sum()
    assert found.amount.tolist() == pytest.approx([right], rel=1e-7)


def _degrees(xy: ArrayLike) -> Floats:
    x, y = np.asarray(xy, dtype=float).T
    there = Transformer.from_crs(METRES, DEGREES, always_xy=True).transform(x, y)
    return np.column_stack(there)


def test_a_row_of_a_polygon_and_a_line_counts_by_its_polygon() -> None:
    x, y = tiny.X0, tiny.Y0
    line = LineString([(x, y), (x + 3000, y + 3000)])
    mixed = GeometryCollection([box(x, y, x + 300, y + 1000), line])
    footprints = [np.array([mixed, line], dtype=object)]
    shapes = tiny.villages().geometry.to_numpy()
    source = over_tiny(np.full((3, 3), 10.0), 1000.0)
    found = spread_amounts(shapes, footprints, source, crs=METRES, threads=1)
    served = found.combination == 1
    assert found.village[served].tolist() == [0]
    assert found.amount[served].tolist() == pytest.approx([3])


ON_AN_EDGE = {
    "west": (0x89414424613FFFF, 106.9, None),
    "east": (0x89414CC5C67FFFF, 104.6, None),
    "south": (0x8941400C08FFFFF, None, 19.7),
    "north": (0x89414DC2253FFFF, None, 18.8),
}
"""Hexagons whose centre lies 2 to 5 cm from where two patches meet: east of it, west, …"""


def hexagon(side: str) -> tuple[float, float, float, float]:
    """Longitude and latitude of a hexagon's centre, and of where its patch ends."""
    cell, lon, lat = ON_AN_EDGE[side]
    y, x = h3.cell_to_latlng(cell)
    assert 0 < abs(x - lon if lon else y - lat) < 5e-7
    return x, y, lon or x, lat or y


@pytest.mark.parametrize("side", ON_AN_EDGE)
def test_a_village_that_ends_where_patches_meet_keeps_the_hexagon_at_its_edge(side: str) -> None:
    x, y, edge_x, edge_y = hexagon(side)
    low, high = np.array([x - 0.001, y - 0.001]), np.array([x + 0.001, y + 0.001])
    if side in ("west", "south"):
        low = np.where([side == "west", side == "south"], [edge_x, edge_y], low) + 1e-8
    else:
        high = np.where([side == "east", side == "north"], [edge_x, edge_y], high) - 1e-8
    village = np.array([box(*low, *high)])
    found = hexagons_near(village, DEGREES)
    inside = shapely.contains(village[0], shapely.points(found))
    assert found[inside].tolist() == [pytest.approx([x, y], abs=1e-12)]


@pytest.mark.parametrize("side", ON_AN_EDGE)
def test_a_hexagon_that_two_patches_hold_is_found_once(side: str) -> None:
    x, y, *_ = hexagon(side)
    both = np.array([box(x - 0.004, y - 0.004, x + 0.004, y + 0.004)])
    found = hexagons_near(both, DEGREES)
    assert len(np.unique(found, axis=0)) == len(found)
    assert np.isclose(found, (x, y), atol=1e-12).all(axis=1).sum() == 1


def test_a_village_over_several_patches_has_the_hexagons_of_each() -> None:
    lon, lat = 105.6, 19.2
    wide = box(lon - 0.11, lat - 0.11, lon + 0.11, lat + 0.11)
    found = hexagons_near(np.array([wide]), DEGREES)
    corners = [(b, a) for a, b in wide.exterior.coords]
    cells = h3.polygon_to_cells(h3.LatLngPoly(corners), 9)
    right = {tuple(np.round(h3.cell_to_latlng(cell)[::-1], 9)) for cell in cells}
    got = {tuple(row) for row in np.round(found, 9)}
    assert right <= got
    # and of no patch that it does not meet
    assert (np.abs(found - (lon, lat)) <= 2 * PATCH_DEG + 1e-5).all()


def test_a_place_of_no_weight_and_one_off_all_villages_count_for_nothing() -> None:
    at = [Point(tiny.X0 + 500, tiny.Y0 + 500), Point(tiny.X0 - 500, tiny.Y0)]
    source = places(at, [0.0, 4.0])
    found = measure(tiny.villages(), tiny.layers(), amounts={"settled": source}).amounts["settled"]
    assert (len(found.village), found.total.tolist()) == (0, [0.0] * 9)

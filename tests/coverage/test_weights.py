"""Pixels of villages on grids in degrees, whose area changes from row to row."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from coverage.errors import CoverageError
from coverage.pixels import PixelGrid
from coverage.places import moved, system
from coverage.weights import PixelWeights, kept_weights, pixel_weights, weights_key
from tests import tiny, tiny_signal

METRES = pyproj.CRS.from_user_input(tiny.CRS)
Floats = npt.NDArray[np.float64]


def degrees(step_x: float, step_y: float, width: int, height: int) -> PixelGrid:
    """A grid whose upper left corner lies 500 m north-west of the villages' corner."""
    corner = np.array([[tiny.X0 - 500.0, tiny.Y0 + 12_500.0]])
    (x, y), = moved(corner, METRES, system("EPSG:4326"))  # fmt: skip
    return PixelGrid(
        crs="EPSG:4326", x=float(x), y=float(y), step_x=step_x, step_y=step_y,
        width=width, height=height,
    )  # fmt: skip


def on_the_ground(grid: PixelGrid) -> npt.NDArray[np.object_]:
    """The pixels as polygons in metres (rows × columns)."""
    row, column = np.indices((grid.height, grid.width))
    x, y = grid.x + column * grid.step_x, grid.y - row * grid.step_y
    rings = shapely.segmentize(shapely.box(x, y - grid.step_y, x + grid.step_x, y), 1e-4)
    return shapely.transform(rings, lambda xy: moved(xy, system(grid.crs), METRES))


def shares(found: PixelWeights, village: int, grid: PixelGrid) -> Floats:
    """Share of a village in each pixel, as the tables of levels have it."""
    out = np.zeros((grid.height, grid.width))
    for row, first, end in found.runs[found.run_first[village] : found.run_first[village + 1]]:
        out[row, first:end] = 1.0
    edges = slice(*found.edge_first[village : village + 2])
    out[tuple(found.edges[edges].T)] = found.part[edges]
    row, column = np.indices(out.shape) + 0.5
    bend = found.slope[village, 0] * (row - found.middle[village, 0])
    bend += found.slope[village, 1] * (column - found.middle[village, 1])
    return np.asarray(out * (1 + bend) / found.total[village])


HIGH = box(tiny.X0, tiny.Y0, tiny.X0 + 1500, tiny.Y0 + 11_000)
WIDE = box(tiny.X0, tiny.Y0 + 9000, tiny.X0 + 11_000, tiny.Y0 + 10_500)


@pytest.mark.parametrize("village", [HIGH, WIDE], ids=["high", "wide"])
@pytest.mark.parametrize("step", [0.0027, 0.0019])
def test_a_village_of_many_pixels_in_degrees_has_each_by_its_area_on_the_ground(
    village: Polygon, step: float
) -> None:
    grid = degrees(step, 0.8 * step, 60, 80)
    found = pixel_weights(np.array([village]), grid, METRES)
    told = shares(found, 0, grid)
    right = shapely.area(shapely.intersection(on_the_ground(grid), village)) / village.area
    assert found.outside[0] == pytest.approx(0, abs=1e-9)
    assert told.sum() == pytest.approx(1, abs=1e-12)
    # the halves of the village, where what one row or column is off by adds up
    for axis in (0, 1):
        np.testing.assert_allclose(
            np.cumsum(told.sum(axis=axis)), np.cumsum(right.sum(axis=axis)), atol=1e-6
        )


def test_a_pixel_farther_south_is_larger_and_by_how_much() -> None:
    grid = degrees(0.002, 0.002, 60, 60)
    villages = np.array([HIGH, WIDE])
    found = pixel_weights(villages, grid, METRES)
    radius = 6_371_000.0
    latitude = np.radians(moved(np.array([[tiny.X0, tiny.Y0 + 5500]]), METRES,
                                system("EPSG:4326"))[0, 1])  # fmt: skip
    by_sphere = np.tan(latitude) * np.radians(grid.step_y)
    assert found.slope[:, 0] == pytest.approx([by_sphere] * 2, rel=0.04)
    # the scale of the projection grows eastwards, and pixels with it: by 2 · x / R² a metre
    east = (tiny.X0 - 500_000 + np.array([750, 5500])) * 2 / radius**2
    width = np.radians(grid.step_x) * radius * np.cos(latitude)
    assert found.slope[:, 1] == pytest.approx(east * width, rel=0.05)


def test_on_its_own_grid_a_village_has_whole_pixels_and_parts_by_hand() -> None:
    grid = tiny_signal.GRID  # pixels of 100 m, 500 m around the nine villages
    x, y = tiny.X0, tiny.Y0
    village = box(x + 25, y + 50, x + 350, y + 300)
    off = box(x - 700, y, x - 300, y + 100)  # half of it west of the grid
    found = pixel_weights(np.array([village, off]), grid, METRES)
    told = shares(found, 0, grid) * 8.125
    assert found.total.tolist() == pytest.approx([8.125, 4])
    assert found.outside.tolist() == pytest.approx([0, 2])
    wanted = np.zeros((40, 40))
    wanted[32:35, 5:9] = np.outer([1, 1, 0.5], [0.75, 1, 1, 0.5])
    np.testing.assert_allclose(told, wanted, atol=1e-9)
    assert not found.slope.any()


@pytest.mark.parametrize("side", ["west", "east", "south", "north"])
@pytest.mark.parametrize("crs", ["metres", "degrees"])
def test_what_lies_off_the_grid_is_outside_on_every_side(side: str, crs: str) -> None:
    grid = tiny_signal.GRID if crs == "metres" else degrees(0.001, 0.001, 38, 121)
    east, south = grid.x + grid.width * grid.step_x, grid.y - grid.height * grid.step_y
    around = gpd.GeoSeries([box(grid.x, south, east, grid.y)], crs=grid.crs)
    fine = around.segmentize(grid.step_x / 5).to_crs(tiny.CRS).iloc[0]
    x0, y0, x1, y1 = fine.bounds
    x, y = {"west": (x0, (y0 + y1) / 2), "east": (x1, (y0 + y1) / 2),
            "south": ((x0 + x1) / 2, y0), "north": ((x0 + x1) / 2, y1)}[side]  # fmt: skip
    village = box(x - 600, y - 600, x + 600, y + 600)
    found = pixel_weights(np.array([village]), grid, METRES)
    part = 1 - shapely.intersection(village, fine).area / village.area
    assert 0.2 < part < 0.8
    assert found.outside[0] / found.total[0] == pytest.approx(part, abs=2e-6)


def test_a_village_that_fills_the_grid_to_its_edges_has_nothing_outside() -> None:
    g = tiny_signal.GRID
    whole = box(g.x, g.y - 4000, g.x + 4000, g.y)
    found = pixel_weights(np.array([whole]), g, METRES)
    assert found.outside.tolist() == [0.0]
    assert found.total.tolist() == [1600.0]
    assert found.box == (0, 0, 40, 40)


def test_the_window_of_villages_holds_them_and_is_none_off_the_grid() -> None:
    g = tiny_signal.GRID
    one = box(tiny.X0 + 10, tiny.Y0 + 10, tiny.X0 + 90, tiny.Y0 + 90)
    far = box(g.x + 90_000, g.y, g.x + 91_000, g.y + 1000)
    found = pixel_weights(np.array([one, far]), g, METRES)
    assert found.box is not None
    top, left, rows, columns = found.box
    assert (top <= 34 < top + rows, left <= 5 < left + columns) == (True, True)
    assert max(rows, columns) <= 3
    assert pixel_weights(np.array([far]), g, METRES).box is None


def test_a_village_without_area_is_refused() -> None:
    with pytest.raises(CoverageError, match="1 villages enclose no area"):
        pixel_weights(np.array([HIGH, Polygon()]), tiny_signal.GRID, METRES)


def test_the_key_of_weights_changes_with_all_they_depend_on() -> None:
    """With holes and parts too, whose points alone would not tell them apart."""
    x, y = tiny.X0, tiny.Y0
    big, small = box(x, y, x + 900, y + 900), box(x + 100, y + 100, x + 200, y + 200)
    beside = box(x + 1000, y, x + 1900, y + 900)
    told = [
        [big], [small], [big, small], [small, big],
        [Polygon(big.exterior, [small.exterior])],
        [MultiPolygon([big, beside])], [MultiPolygon([beside, big])],
        [MultiPolygon([big, box(x + 1000, y, x + 1900, y + 901)])],
        [Polygon(big.exterior, [box(x + 100, y + 100, x + 200, y + 201).exterior])],
        [shapely.box(x, y, x + 900, y + 900, ccw=False)], [None],
    ]  # fmt: skip
    grid = tiny_signal.GRID
    keys = [weights_key(np.array(shapes, dtype=object), grid, METRES) for shapes in told]
    keys.append(weights_key(np.array([big]), degrees(0.001, 0.001, 9, 9), METRES))
    keys.append(weights_key(np.array([big]), grid, pyproj.CRS.from_epsg(3405)))
    assert len(set(keys)) == len(keys)
    for same in (big, MultiPolygon([big])):
        assert weights_key(np.array([same]), grid, METRES) == keys[0]


def test_weights_are_found_without_a_cache_and_once_with_one() -> None:
    kept: dict[str, PixelWeights] = {}

    class Cache:
        def load(self, key: str) -> PixelWeights | None:
            return kept.get(key)

        def keep(self, key: str, weights: PixelWeights) -> None:
            kept[key] = weights

    villages = np.array([HIGH])
    bare = kept_weights(villages, tiny_signal.GRID, METRES, threads=1)
    first = kept_weights(villages, tiny_signal.GRID, METRES, threads=1, cache=Cache())
    again = kept_weights(villages, tiny_signal.GRID, METRES, threads=1, cache=Cache())
    assert first is again
    assert bare is not first
    np.testing.assert_array_equal(bare.part, first.part)

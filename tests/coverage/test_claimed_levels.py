"""What signal layers claim at points and tiles, where no two pixels beside each other are alike."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from shapely import Point, box

from coverage.claims import BLOCK, NOT_SERVED, PARTLY, SERVED, SILENT, claims_at
from coverage.combinations import MOST_LAYERS
from coverage.model import Layer
from coverage.pixels import LOW_DBM, LOWEST_LEVEL, NO_SIGNAL, UNSAID, PixelGrid, Window
from coverage.rules import RULES
from tests import tiny, tiny_signal

RULE = RULES["vn-village"]
LEAST = -105 - LOW_DBM + LOWEST_LEVEL
"""From this level 4G serves by the rule."""

KINDS = np.array([UNSAID, NO_SIGNAL, LEAST - 1, LEAST, LEAST + 1], np.uint8)
CLAIMED = np.array([SILENT, NOT_SERVED, NOT_SERVED, SERVED, SERVED])

GRID = PixelGrid(
    crs=tiny_signal.WKT, x=tiny.X0 - 13.0, y=tiny.Y0 + 41.0, step_x=30.0, step_y=50.0,
    width=2 * BLOCK + 7, height=BLOCK + 3,
)  # fmt: skip


def kinds() -> npt.NDArray[np.int64]:
    """The kind of every pixel: no two beside each other, nor diagonally, are of one kind."""
    row, column = np.indices((GRID.height, GRID.width))
    return (row * 2 + column) % len(KINDS)


def places(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> gpd.GeoSeries:
    """Points at (columns, rows) of the grid, with fractions."""
    return gpd.GeoSeries(
        shapely.points(GRID.x + x * GRID.step_x, GRID.y - y * GRID.step_y), crs=tiny.CRS
    )


def test_a_point_has_the_level_of_its_own_pixel_and_of_no_neighbour() -> None:
    layer = tiny_signal.layer("Gamma", "4G", KINDS[kinds()], grid=GRID)
    # the corners of the raster, both sides of where blocks meet, and some between
    column = [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, GRID.width - 1, 100]
    row = [0, 1, BLOCK - 1, BLOCK, GRID.height - 1, 77]
    at = np.array([(c, r) for c in column for r in row])
    for dx, dy in ((0.5, 0.5), (0.02, 0.02), (0.98, 0.98), (0.02, 0.98), (0.6, 0.4)):
        got = claims_at([layer], places(at[:, 0] + dx, at[:, 1] + dy), RULE)[:, 0]
        np.testing.assert_array_equal(got, CLAIMED[kinds()[at[:, 1], at[:, 0]]])


def test_just_outside_the_raster_nothing_is_claimed() -> None:
    served = np.full((GRID.height, GRID.width), LEAST, np.uint8)
    layer = tiny_signal.layer("Gamma", "4G", served, grid=GRID)
    x, y = np.array([-0.02, 0.02, 5, 5]), np.array([5, 5, -0.02, 0.02])
    right, low = GRID.width - x, GRID.height - y
    for across, down in ((x, y), (right, low)):
        got = claims_at([layer], places(across, down), RULE)[:, 0]
        assert got.tolist() == [SILENT, SERVED, SILENT, SERVED]


def test_only_blocks_that_hold_points_are_read_and_each_once() -> None:
    values, read = KINDS[kinds()], []

    def noted(window: Window) -> npt.NDArray[np.uint8]:
        read.append(window)
        top, left, rows, columns = window
        return values[top : top + rows, left : left + columns]

    layer = replace(tiny_signal.layer("Gamma", "4G", values, grid=GRID), levels=noted)
    at = np.array([(2 * BLOCK + 1, 2), (3, BLOCK + 1), (2 * BLOCK + 3, 9), (5, BLOCK + 2)]) + 0.5
    claims_at([layer], places(at[:, 0], at[:, 1]), RULE)
    assert read == [(0, 2 * BLOCK, BLOCK, 7), (BLOCK, 0, 3, BLOCK)]


def one_tile(levels: npt.NDArray[np.uint8]) -> int:
    """What is claimed of a tile of 5 × 5 pixels of 100 m, of which each has one point."""
    grid = replace(tiny_signal.GRID, x=tiny.X0, y=tiny.Y0 + 500, width=5, height=5)
    tile = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 500, tiny.Y0 + 500)], crs=tiny.CRS)
    layer = tiny_signal.layer("Gamma", "4G", levels, grid=grid)
    return int(claims_at([layer], tile, RULE)[0, 0])


@pytest.mark.parametrize("at", [(0, 0), (4, 4), (0, 4), (2, 2)])
@pytest.mark.parametrize(
    ("most", "one", "claimed"),
    [
        (LEAST, LEAST, SERVED),
        (LEAST, LEAST - 1, PARTLY),
        (LEAST, UNSAID, PARTLY),
        (NO_SIGNAL, LEAST, PARTLY),
        (UNSAID, LEAST, PARTLY),
        (NO_SIGNAL, UNSAID, SILENT),
        (UNSAID, NO_SIGNAL, SILENT),
        (NO_SIGNAL, LEAST - 1, NOT_SERVED),
        (UNSAID, UNSAID, SILENT),
    ],
)
def test_one_pixel_of_a_tile_that_differs(
    at: tuple[int, int], most: int, one: int, claimed: int
) -> None:
    levels = np.full((5, 5), most, np.uint8)
    levels[at] = one
    assert one_tile(levels) == claimed


def test_what_a_footprint_holds_partly_outside_its_extent_is_partly_served() -> None:
    x, y = tiny.X0, tiny.Y0
    half = Layer(
        info=tiny.layers()[0].info,
        footprint=gpd.GeoSeries([box(x, y, x + 500, y + 500)], crs=tiny.CRS),
        extent=gpd.GeoSeries([box(x, y, x + 600, y + 600)], crs=tiny.CRS),
    )
    wide = replace(half, footprint=half.footprint.translate(400, 0))
    tiles = gpd.GeoSeries([box(x + 400, y, x + 700, y + 100)], crs=tiny.CRS)
    assert claims_at([half, wide], tiles, RULE).tolist() == [[PARTLY, SERVED]]


def test_more_layers_than_bits_claim_each_for_itself() -> None:
    x, y = tiny.X0, tiny.Y0
    count = MOST_LAYERS + 2
    layers = [
        Layer(
            info=tiny.layers()[0].info,
            footprint=gpd.GeoSeries([box(x + 10 * k, y, x + 10 * k + 10, y + 10)], crs=tiny.CRS),
        )
        for k in range(count)
    ]
    places = [Point(x + 10 * k + 5, y + 5) for k in range(count)]
    tiles = [box(x + 10 * k + 2, y + 2, x + 10 * k + 8, y + 8) for k in range(count)]
    for shapes in (places, tiles):
        got = claims_at(layers, gpd.GeoSeries(shapes, crs=tiny.CRS), RULE)
        np.testing.assert_array_equal(got == SERVED, np.eye(count, dtype=bool))

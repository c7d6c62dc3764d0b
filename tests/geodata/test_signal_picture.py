"""Signal on the map: the right colour at the right place, whatever the raster's system and size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyproj
import pytest
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from coverage.model import LayerInfo
from coverage.pixels import LEVELS, NO_SIGNAL, UNSAID, PixelGrid, SignalLayer, Window
from geodata.signal_picture import (
    CLASSES_DBM,
    COLOURS,
    MOST_SIDE,
    WEB_MERCATOR,
    class_of,
    signal_picture,
)

INFO = LayerInfo(operator="A", technology="4G", kind="signal")
VN_2000 = pyproj.CRS("EPSG:9208").to_wkt()
DEGREES = pyproj.CRS("EPSG:4326").to_wkt()


def layer(
    levels: npt.NDArray[np.uint8], *, crs: str, x: float, y: float, step: float
) -> SignalLayer:
    height, width = levels.shape

    def read(window: Window) -> npt.NDArray[np.uint8]:
        row, column, rows, columns = window
        return levels[row : row + rows, column : column + columns]

    grid = PixelGrid(crs=crs, x=x, y=y, step_x=step, step_y=step, width=width, height=height)
    return SignalLayer(info=INFO, grid=grid, levels=read, key="k")


def drawn(made: SignalLayer) -> tuple[npt.NDArray[np.uint8], tuple[float, float, float, float]]:
    """The picture's classes, and its rectangle in Web Mercator metres."""
    picture = signal_picture(made)
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", WEB_MERCATOR, always_xy=True)
    box = picture.box
    west, south = to_metres.transform(box.west_deg, box.south_deg)
    east, north = to_metres.transform(box.east_deg, box.north_deg)
    with MemoryFile(picture.png) as file:
        with pytest.warns(NotGeoreferencedWarning):  # a PNG has no place of its own
            png = file.open()
        assert png.colormap(1)[0][3] == 0
        assert png.colormap(1)[len(COLOURS)][:3] == tuple(bytes.fromhex(COLOURS[-1][1:]))
        return png.read(1), (west, south, east, north)


@pytest.mark.parametrize(
    ("crs", "x", "y", "step"),
    [(VN_2000, 500_000.0, 2_100_000.0, 100.0), (DEGREES, 104.0, 19.5, 0.001)],
    ids=["VN-2000", "degrees"],
)
def test_each_place_has_the_class_of_its_pixel(crs: str, x: float, y: float, step: float) -> None:
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, LEVELS, (8, 10)).astype(np.uint8)
    levels = np.kron(coarse, np.ones((20, 20), np.uint8))
    classes, (west, south, east, north) = drawn(layer(levels, crs=crs, x=x, y=y, step=step))
    rows, columns = np.mgrid[0:8, 0:10]
    middles = x + (columns.ravel() * 20 + 10) * step, y - (rows.ravel() * 20 + 10) * step
    mx, my = pyproj.Transformer.from_crs(crs, WEB_MERCATOR, always_xy=True).transform(*middles)
    height, width = classes.shape
    at = (
        ((north - my) / (north - south) * height).astype(int),
        ((mx - west) / (east - west) * width).astype(int),
    )
    np.testing.assert_array_equal(classes[at], class_of(coarse).ravel())


def test_what_is_not_said_and_what_has_no_signal_is_transparent() -> None:
    levels = np.full((30, 30), NO_SIGNAL, np.uint8)
    levels[:15] = UNSAID
    classes, _ = drawn(layer(levels, crs=VN_2000, x=500_000, y=2_100_000, step=100))
    assert not classes.any()


def test_a_class_begins_at_its_level() -> None:
    dbm = np.array(CLASSES_DBM)
    assert class_of((dbm + 142).astype(np.uint8)).tolist() == list(range(1, len(dbm) + 1))
    assert class_of((dbm[1:] + 141).astype(np.uint8)).tolist() == list(range(1, len(dbm)))


def test_a_large_raster_is_read_in_bands_and_drawn_small() -> None:
    asked: list[int] = []
    height, width = 9_000, 4_000

    def read(window: Window) -> npt.NDArray[np.uint8]:
        asked.append(window[2] * window[3])
        return np.full(window[2:], 60, np.uint8)

    grid = PixelGrid(crs=VN_2000, x=450_000, y=2_200_000, step_x=20, step_y=20,
                     width=width, height=height)  # fmt: skip
    classes, _ = drawn(SignalLayer(info=INFO, grid=grid, levels=read, key="k"))
    assert max(asked) <= 2**22
    assert sum(asked) == height * width
    assert max(classes.shape) <= MOST_SIDE * 1.2

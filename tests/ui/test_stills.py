"""Shapes of a map in whole steps of one plane, each by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from geodata.map_stills import (
    COARSE_ZOOM,
    FINE_ZOOM,
    _limits,
    _path,
    _size,
    _steps,
    _trace,
)
from ui.opened import Opened

SIDE = 256 * 2**COARSE_ZOOM


def steps(*corners: tuple[int, int]) -> np.ndarray:
    """Corners of a ring."""
    return np.array(corners, dtype=np.int64).reshape(-1, 2)


def test_the_plane_is_that_of_web_maps() -> None:
    top = math.degrees(math.atan(math.sinh(math.pi)))
    found = _steps(np.array([[-180.0, top], [0.0, 0.0], [180.0, -top], [105.0, 19.0]]), COARSE_ZOOM)
    lat = math.radians(19)
    y = (1 - math.asinh(math.tan(lat)) / math.pi) / 2 * SIDE
    assert found.tolist() == [
        [0, 0], [SIDE // 2, SIDE // 2], [SIDE, SIDE], [round(285 / 360 * SIDE), round(y)]
    ]  # fmt: skip
    fine = _steps(np.array([[0.0, 0.0]]), FINE_ZOOM)
    assert fine.tolist() == [[256 * 2**12, 256 * 2**12]]


def test_limits_are_west_north_east_south_and_never_empty() -> None:
    mid = SIDE / 2
    one = 360 / SIDE
    assert _limits([[0, 0], [0, 0]], COARSE_ZOOM) == (mid, mid, mid + 1, mid + 1)
    wide = _limits([[-10 * one, -20 * one], [10 * one, 30 * one]], COARSE_ZOOM)
    assert wide == (mid - 20, mid - 10, mid + 30, mid + 10)


SQUARE = steps((0, 0), (4, 0), (4, 4), (0, 4))


def test_the_size_of_a_polygon_is_without_its_holes() -> None:
    assert _size([SQUARE]) == 16
    assert _size([SQUARE + 1000, steps((1, 1), (1, 3), (3, 3), (3, 1))]) == 12
    assert _size([]) == 0


def test_a_ring_is_a_path_of_steps() -> None:
    assert _path(SQUARE) == "M0 0l4 0 0 4-4 0z"
    assert _path(steps((5, 6), (5, 6), (4, 8), (4, 8))) == "M5 6l-1 2z"
    assert _path(steps((5, 6), (5, 6))) == ""


def test_shapes_are_traced_with_boxes_and_what_is_known_of_them() -> None:
    one = 360 / SIDE
    ring = [0, 0, 10 * one, 0, 0, 10 * one, -10 * one, 0]
    hole = [2 * one, 2 * one, 2 * one, 0, 0, 2 * one]
    table = {"scale": 1.0, "codes": ["a", "b"], "shapes": [[[ring, hole], [ring]], []]}
    traced = _trace(table, COARSE_ZOOM)
    mid = SIDE // 2
    outer = f"M{mid} {mid}l10 0 0-10-10 0z"
    assert traced.paths == [f"{outer}M{mid + 2} {mid - 2}l2 0 0-2z{outer}", ""]
    assert traced.boxes.tolist() == [[mid, mid - 10, mid + 10, mid], [0, 0, 0, 0]]
    assert traced.size == 198
    assert traced.about == {"scale": 1.0, "codes": ["a", "b"]}


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_a_still_has_the_villages_and_areas_of_the_map(uneven: Opened, name: str) -> None:
    still = getattr(uneven.stills(), name)
    table = json.loads(uneven.feed.villages.body)
    assert still.zoom == {"coarse": 10, "fine": 13}[name]
    assert still.letters == table["verdicts"] == "ccwcwnuuu"
    assert still.places == {f"v{k + 1}": k for k in range(9)}
    assert set(still.areas) == set(uneven.feed.areas)
    assert len(still.outlines.paths) == 9
    degrees = np.array(table["points"]).reshape(-1, 2) / table["scale"]
    assert still.points.tolist() == still.at(degrees).tolist()
    assert still.limits == still.limits_of(table["bounds"])
    west, north, east, south = still.limits
    assert (still.points[:, 0] > west).all()
    assert (still.points[:, 0] < east).all()
    assert (still.points[:, 1] > north).all()
    assert (still.points[:, 1] < south).all()

"""Transformation in any thread: the numbers of the main thread, without making PROJ ready anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import geopandas as gpd
import pyproj
import pytest
from shapely import Point

from coverage.transformers import to_system, transformer

HERE = pyproj.CRS("EPSG:9208")
WGS84 = pyproj.CRS("EPSG:4326")
T = TypeVar("T")


def in_new_thread(work: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


def test_another_thread_has_the_same_numbers() -> None:
    x, y = [590_000.0, 600_000.0], [2_060_000.0, 2_070_000.0]
    plain = pyproj.Transformer.from_crs(HERE, WGS84, always_xy=True)
    way = transformer(HERE, WGS84)
    assert in_new_thread(lambda: way.transform(x, y)) == plain.transform(x, y)
    box = (x[0], y[0], x[1], y[1])
    assert in_new_thread(lambda: way.transform_bounds(*box)) == plain.transform_bounds(*box)
    shapes = gpd.GeoSeries([Point(x[0], y[0]), None, Point()], crs=HERE)
    moved = in_new_thread(lambda: to_system(shapes, WGS84))
    assert moved.geom_equals_exact(shapes.to_crs(WGS84), 0).tolist() == [True, False, True]
    assert moved.isna().tolist() == [False, True, False]
    assert moved.crs == WGS84


def test_an_error_comes_out_of_the_thread() -> None:
    shapes = gpd.GeoSeries([Point(0, 0)])
    with pytest.raises(ValueError, match="set a crs"):
        in_new_thread(lambda: to_system(shapes, WGS84))


def test_threads_that_come_and_go_leave_the_work_to_those_that_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: set[str] = set()
    plain = pyproj.Transformer.transform

    def seeing(self: pyproj.Transformer, *args: object, **options: object) -> object:
        seen.add(threading.current_thread().name.rpartition("_")[0])
        return plain(self, *args, **options)  # type: ignore[call-overload]  # handed on as it came

    monkeypatch.setattr(pyproj.Transformer, "transform", seeing)
    way = transformer(HERE, WGS84)
    for _ in range(3):
        in_new_thread(lambda: way.transform(5e5, 2e6))
    assert seen == {"transformers"}
    way.transform(5e5, 2e6)
    assert seen == {"transformers", ""}

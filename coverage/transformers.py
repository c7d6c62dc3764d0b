"""Transformation between coordinate systems, in threads that keep what PROJ has made ready.

pyproj makes every transformer anew in each thread that uses it, which takes PROJ up to 40 ms, and
a server answers each visitor in a new thread. Outside the main thread the work is therefore handed
to a few threads that stay.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any, ParamSpec, TypeVar

import geopandas as gpd
import pyproj

P = ParamSpec("P")
T = TypeVar("T")


class Transformer:
    """From one system to another, x east and y north in both, usable in any thread."""

    def __init__(self, source: pyproj.CRS, target: pyproj.CRS) -> None:
        self._transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def transform(self, x: Any, y: Any, **options: Any) -> tuple[Any, Any]:
        """As `pyproj.Transformer.transform`."""
        work: Callable[..., tuple[Any, Any]] = self._transformer.transform
        return _kept(work, x, y, **options)

    def transform_bounds(
        self, left: float, bottom: float, right: float, top: float
    ) -> tuple[float, float, float, float]:
        """As `pyproj.Transformer.transform_bounds`."""
        return _kept(self._transformer.transform_bounds, left, bottom, right, top)


@lru_cache(maxsize=128)
def transformer(source: pyproj.CRS, target: pyproj.CRS) -> Transformer:
    """The transformer from one system to another, made once."""
    return Transformer(source, target)


def to_system(shapes: gpd.GeoSeries, crs: pyproj.CRS | str) -> gpd.GeoSeries:
    """Shapes in another system, as `geopandas.GeoSeries.to_crs` gives them."""
    return _kept(shapes.to_crs, crs)


def _kept(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` gives, done by a thread that stays."""
    if threading.current_thread() is threading.main_thread():
        return work(*args, **kwargs)
    return _threads().submit(work, *args, **kwargs).result()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="transformers")


if hasattr(os, "register_at_fork"):  # a forked process has none of these threads
    os.register_at_fork(after_in_child=_threads.cache_clear)

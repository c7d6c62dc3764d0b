"""Transformers between coordinate systems, kept: PROJ takes milliseconds to make one."""

from __future__ import annotations

from functools import lru_cache

import pyproj


@lru_cache(maxsize=128)
def transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """From one system to another, x east and y north in both. It may be used in any thread."""
    return pyproj.Transformer.from_crs(source, target, always_xy=True)

"""Compiles and caches the kernels that measure, before a sandbox needs them.

A process in a sandbox reads numba's cache and writes none, so that no stranger's file plants
code there: without the cache it would compile anew at each call, beyond its time.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import rasterio
from shapely import box

from geodata.study.assess import assess_study
from geodata.study.open import open_study

CRS = "EPSG:32648"
X, Y, SIDE_M = 500_000.0, 2_000_000.0, 1_000.0

STUDY = f"""\
schema = 1
name = "kernels"
as_of = 2023-08-30
crs = "{CRS}"
rule = "vn-village"

[villages]
path = "villages.gpkg"

[[layers]]
operator = "A"
technology = "4G"
path = "footprint.gpkg"

[[layers]]
operator = "B"
technology = "4G"
kind = "signal"
path = "signal.tif"
evidence = "modelled"

[[layers]]
operator = "C"
technology = "4G"
kind = "signal"
path = "signal.tif"
evidence = "modelled"

[[layers]]
operator = "B"
technology = "3G"
kind = "signal"
path = "signal.tif"
evidence = "modelled"
"""
"""One operator with two technologies, whose signals are counted jointly, and one with one."""


@cache
def prepare_kernels() -> None:
    """Measure two villages under a footprint and a signal, once in this process.

    Takes a second where the kernels are in numba's cache, and a minute where they are not.
    """
    with TemporaryDirectory(prefix="phusong-") as made:
        folder = Path(made)
        _write(folder)
        assess_study(open_study(folder))


def _write(folder: Path) -> None:
    squares = [box(X + k * SIDE_M, Y, X + (k + 1) * SIDE_M, Y + SIDE_M) for k in range(2)]
    villages = {"village_id": ["1", "2"], "village": ["1", "2"], "population": [9, 9]}
    gpd.GeoDataFrame(villages, geometry=squares, crs=CRS).to_file(folder / "villages.gpkg")
    half = box(X, Y, X + SIDE_M * 0.7, Y + SIDE_M)
    gpd.GeoDataFrame(geometry=[half], crs=CRS).to_file(folder / "footprint.gpkg")
    with rasterio.open(
        folder / "signal.tif", "w", driver="GTiff", width=20, height=10, count=1,
        dtype="float32", crs=CRS, nodata=-9999.0,
        transform=rasterio.Affine(100, 0, X, 0, -100, Y + SIDE_M),
    ) as raster:  # fmt: skip
        raster.write(np.full((10, 20), -95.0, np.float32), 1)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")

"""The ground: a synthetic terrain that fits the kinds of land, or a real one resampled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
from rasterio.warp import Resampling, reproject
from rasterio.windows import transform as window_transform
from scipy import ndimage
from scipy.spatial import cKDTree

from geodata.errors import DataError
from geodata.rasters import MOST_PIXELS, opened, placed, read_part, window_near
from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.grid import Bools, Floats, Grid, Labels, fractal

BASE_M = {"city": 4.0, "coast": 6.0, "lowland": 14.0, "mountain": 120.0, "high mountain": 620.0}
RELIEF = {"city": 0.2, "coast": 3.0, "lowland": 8.0, "mountain": 95.0, "high mountain": 520.0}
TOP_M = 2_700.0
LOWEST_M, HIGHEST_M = -500.0, 9_000.0
"""No ground lies lower or higher: such a number is a filling."""

LAM_RIVER = ("16681", "17950", "17713", "17710", "17329", "17254", "16876", "16813")
"""Communes the Lam (Cả) passes, from the sea at Vinh up to Mường Xén."""

NAM_NON = ("16876", "16885", "16882", "16816")
"""Communes of its northern arm, up to Mỹ Lý."""

HIEU_RIVER = ("17710", "17266", "16939", "17035", "16777", "16738")
"""Communes of the Hiếu, from its mouth up by Thái Hòa, Quỳ Hợp and Quỳ Châu to Kim Sơn."""


def synthetic_terrain(
    districts: pd.DataFrame,
    labels: Labels,
    communes: pd.DataFrame,
    *,
    grid: Grid,
    on: Grid,
    seed: int,
) -> Floats:
    """Metres above the sea on ``on``: high in the west, a plain on the coast, the Lam between.

    ``labels`` are the districts on ``grid``. Ridged noise gives crests and side valleys some
    kilometres apart; the rivers of the gazetteer cut through.
    """
    land, base, relief = _levels(districts, labels, grid, on)
    west = np.clip((520_000 - on.xs()) / 110_000, 0, 1)[None, :]
    crest = 1 - np.abs(fractal(on, 13_000, seed + 21, octaves=5))
    swell = fractal(on, 40_000, seed + 22, octaves=3)
    height = base * (1 + 0.35 * west) + relief * (0.75 * crest + 0.45 * swell + 0.35 * west)
    x, y = np.meshgrid(on.xs(), on.ys())
    for river in (LAM_RIVER, NAM_NON, HIEU_RIVER):
        height = _carved(height, river, communes, x, y, seed)
    height = np.clip(height, 1.0, None)
    high = height > 1_500
    height[high] = 1_500 + (TOP_M - 1_500) * np.tanh((height[high] - 1_500) / 1_300)
    return np.where(land, height, 0.0)


def _levels(
    districts: pd.DataFrame, labels: Labels, grid: Grid, on: Grid
) -> tuple[Bools, Floats, Floats]:
    """Where there is land, its base height and its relief, smooth across district borders."""
    x, y = np.meshgrid(on.xs(), on.ys())
    here = labels[grid.pixel(x, y)]
    outside = (x < grid.left_m) | (y > grid.top_m) | (x > grid.xs()[-1]) | (y < grid.ys()[-1])
    here = np.where(outside, 0, here)
    away, near = ndimage.distance_transform_edt(here == 0, return_indices=True)
    kinds = districts["land"].to_numpy()[here[tuple(near)] - 1]
    sea = (here == 0) & np.isin(kinds, ["coast", "city"]) & (away * on.step_m > 900)
    sea = ndimage.binary_propagation(sea & (x == x.max()), mask=sea | ((here == 0) & (x > 6.1e5)))
    base = np.vectorize(BASE_M.get)(kinds).astype(float)
    relief = np.vectorize(RELIEF.get)(kinds).astype(float)
    wide = 7_000 / on.step_m
    return ~sea, ndimage.gaussian_filter(base, wide), ndimage.gaussian_filter(relief, wide)


def _carved(
    height: Floats, river: tuple[str, ...], communes: pd.DataFrame, x: Floats, y: Floats, seed: int
) -> Floats:
    """The valley of a river through the communes it passes: a floor that rises upstream."""
    seeds = communes.reindex(list(river))[["x", "y"]].dropna().to_numpy(float)
    along = np.linspace(0, len(seeds) - 1, 60 * len(seeds))
    line = np.stack([np.interp(along, np.arange(len(seeds)), seeds[:, k]) for k in (0, 1)], axis=1)
    rng = np.random.default_rng(seed + 23)
    wander = ndimage.gaussian_filter1d(rng.standard_normal(line.shape), 12, axis=0)
    line = line + 1_500 * wander / wander.std()
    away, nearest = cKDTree(line).query(np.stack([x.ravel(), y.ravel()], axis=1))
    west = np.clip((575_000 - line[:, 0]) / 150_000, 0, 1)
    floor = 4 + 330 * west**1.5
    away_m = away.reshape(x.shape)
    cut = floor[nearest].reshape(x.shape) + 0.16 * np.clip(away_m - 500, 0, None)
    return np.minimum(height, np.where(away_m < 12_000, cut, np.inf))


def real_terrain(path: Path, *, on: Grid) -> Floats:
    """A raster of heights in metres, brought to the grid; 0 where it has none.

    Raises `DataError` for one that lies elsewhere, or does not say its coordinate system.
    """
    found = np.full(on.shape, np.nan)
    raster = opened(path, file=path.name, whole=False)
    right, bottom = on.left_m + on.step_m * on.width, on.top_m - on.step_m * on.height
    crs = pyproj.CRS(CRS)
    near = window_near(raster, near=(on.left_m, bottom, right, on.top_m), crs=crs)
    if near.width * near.height > MOST_PIXELS:
        raise DataError(
            "{file} is a raster of {width} × {height} pixels, too large to be read safely; cut it "
            "to the province, tiled",
            file=raster.file,
            width=int(near.width),
            height=int(near.height),
        )
    block = read_part(raster, near)
    height = block.values.astype(np.float64)
    height[~block.there | (height < LOWEST_M) | (height > HIGHEST_M)] = np.nan
    reproject(
        height,
        found,
        src_transform=window_transform(near, raster.transform),
        src_crs=placed(raster).to_wkt(),
        src_nodata=np.nan,
        dst_transform=on.transform,
        dst_crs=CRS,
        resampling=Resampling.bilinear,
        dst_nodata=np.nan,
    )
    ground: Floats = np.clip(np.nan_to_num(found), 0, HIGHEST_M)
    return ground

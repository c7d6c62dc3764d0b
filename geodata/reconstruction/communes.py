"""Communes inside their district: seeds where the gazetteer has them, placed where it has not."""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import ndimage
from scipy.spatial import cKDTree

from geodata.reconstruction.gazetteer import Gazetteer
from geodata.reconstruction.grid import Bools, Floats, Grid, Labels, fractal, tidy
from geodata.reconstruction.outline import filled_extents

WARP_M = 350.0
THINNED = 9
"""One of so many pixels is looked at where a seed has to be chosen."""
ROUNDS = 12
CORE_M = 450.0
"""This near to a commune's seed is the commune's, whatever the weights say."""


def windows(labels: Labels) -> Iterator[tuple[int, tuple[slice, slice]]]:
    """Each label (from 1) with the rows and columns that hold it."""
    for k, window in enumerate(ndimage.find_objects(labels)):
        if window is not None:
            yield k + 1, window


def place_communes(gazetteer: Gazetteer, districts: Labels, grid: Grid) -> pd.DataFrame:
    """The communes with a seed each, inside their district.

    A position that is missing, or falls outside its district by more than a little, is
    chosen: the farthest place from the other seeds and the border. Such a one is flagged
    ``position_estimated``.
    """
    table = filled_extents(gazetteer)
    codes = list(gazetteer.districts.index)
    for k, window in windows(districts):
        inside = districts[window] == k
        mine = table.index[table["district_code"] == codes[k - 1]]
        x, y, estimated = _seeds(table.loc[mine], inside, grid, window)
        table.loc[mine, ["x", "y", "middle_x", "middle_y"]] = np.stack([x, y, x, y], axis=1)
        table.loc[mine, "position_estimated"] = estimated
    return table


def _seeds(
    communes: pd.DataFrame, inside: Bools, grid: Grid, window: tuple[slice, slice]
) -> tuple[Floats, Floats, Bools]:
    """Positions of one district's communes, and which had to be chosen."""
    x = communes[["x", "middle_x"]].mean(axis=1).to_numpy(float)
    y = communes[["y", "middle_y"]].mean(axis=1).to_numpy(float)
    ys, xs = np.meshgrid(grid.ys()[window[0]], grid.xs()[window[1]], indexing="ij")
    pixels = np.stack([xs[inside], ys[inside]], axis=1)
    known = ~communes["position_estimated"].to_numpy(bool)
    away, nearest = cKDTree(pixels).query(np.stack([np.nan_to_num(x), np.nan_to_num(y)], axis=1))
    known &= away < 4_000
    deep = pixels[ndimage.distance_transform_edt(inside)[inside] * grid.step_m >= 300][::THINNED]
    at = np.where((away > 0)[:, None], pixels[nearest], np.stack([x, y], axis=1))
    for i in np.flatnonzero(known & (away > 0)):
        others = at[known & (np.arange(len(at)) != i)]
        free = deep if not len(others) else deep[cKDTree(others).query(deep)[0] > 2 * CORE_M]
        free = free if len(free) else deep
        at[i] = free[np.hypot(*(free - at[i]).T).argmin()]
    rim = pixels[_rim(inside)[inside]]
    free = np.minimum(cKDTree(rim).query(deep)[0] * 1.6, 1e9)
    taken = free if not known.any() else np.minimum(free, cKDTree(at[known]).query(deep)[0])
    for i in np.flatnonzero(~known):
        at[i] = deep[taken.argmax()]
        taken = np.minimum(taken, np.hypot(*(deep - at[i]).T))
    return at[:, 0], at[:, 1], ~known


def _rim(inside: Bools) -> Bools:
    found: Bools = inside & ~ndimage.binary_erosion(inside)
    return found


def commune_labels(
    communes: pd.DataFrame, districts: Labels, codes: list[str], grid: Grid, *, seed: int
) -> Labels:
    """Position in ``communes`` plus one; each in one piece inside its district."""
    found = np.zeros(grid.shape, np.int32)
    bent = bend(grid, WARP_M, seed)
    position = pd.Series(np.arange(len(communes)) + 1, index=communes.index)
    for k, window in windows(districts):
        inside = districts[window] == k
        mine = communes[communes["district_code"] == codes[k - 1]]
        y, x = np.meshgrid(grid.ys()[window[0]], grid.xs()[window[1]], indexing="ij")
        grown = _grown(mine, x + bent[0][window], y + bent[1][window], inside)
        labels = np.concatenate([[0], position[mine.index].to_numpy()])[grown]
        found[window] += np.where(inside, labels, 0).astype(np.int32)
    return found


def bend(grid: Grid, metres: float, seed: int) -> tuple[Floats, Floats]:
    """Displacements in x and y of every pixel, computed on coarser pixels."""
    coarse = Grid(
        left_m=grid.left_m,
        top_m=grid.top_m,
        step_m=grid.step_m * 2,
        width=-(-grid.width // 2),
        height=-(-grid.height // 2),
    )
    both = (fractal(coarse, 4_000, seed + k, octaves=4) * metres for k in (11, 12))
    fine = [np.kron(b, np.ones((2, 2)))[: grid.height, : grid.width] for b in both]
    return np.asarray(fine[0], np.float64), np.asarray(fine[1], np.float64)


def _grown(communes: pd.DataFrame, x: Floats, y: Floats, inside: Bools) -> Labels:
    """Nearest seed in units of each commune's half extents, none left too small."""
    half = communes[["half_x_m", "half_y_m"]].to_numpy(float)
    half = np.clip(half, 0.45 * half.mean(), 2.2 * half.mean())
    wanted = half.prod(axis=1) / half.prod(axis=1).sum()
    weight = np.ones(len(communes))
    seeds = communes[["x", "y"]].to_numpy(float)
    px, py = x[inside], y[inside]
    away = np.stack(
        [
            np.hypot((px - sx) / a, (py - sy) / b)
            for (sx, sy), (a, b) in zip(seeds, half, strict=True)
        ]
    )
    for _ in range(ROUNDS):
        best = (away / weight[:, None]).argmin(axis=0)
        held = np.bincount(best, minlength=len(weight)) / len(best)
        weight *= np.clip(wanted / np.maximum(held, 1e-6), 0.3, 3.0) ** 0.25
    labels = np.zeros(inside.shape, np.int32)
    labels[inside] = (away / weight[:, None]).argmin(axis=0) + 1
    core, own = cKDTree(seeds).query(np.stack([px, py], axis=1), distance_upper_bound=CORE_M)
    near = np.isfinite(core)
    labels[inside] = np.where(near, own + 1, labels[inside])
    return tidy(labels, inside)


def real_places(gazetteer: Gazetteer, shapes: gpd.GeoSeries) -> pd.DataFrame:
    """The communes with a seed each in the middle of their real shape."""
    table = filled_extents(gazetteer)
    at = shapes.representative_point()
    for axis, values in (("x", at.x), ("y", at.y)):
        table[axis] = table[f"middle_{axis}"] = values.to_numpy(float)
    table["position_estimated"] = False
    return table

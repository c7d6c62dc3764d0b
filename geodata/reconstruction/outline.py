"""The province and its districts as labels on a raster, from the communes' bounding boxes.

Each district claims a pixel by how deep the pixel lies in the boxes of its communes; who
claims most gets it, and where nobody claims enough is outside. The claims are weighted until
every district has its area. Real shapes, where given, are simply drawn.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from rasterio.features import rasterize
from scipy import ndimage

from geodata.reconstruction.gazetteer import Gazetteer
from geodata.reconstruction.grid import Bools, Floats, Grid, Labels, fractal, tidy

COARSE = 5
"""The districts are balanced on pixels this many times larger than those they are drawn on."""

ROUNDS = 24
WARP_M = 1300.0
FRAY_M = 600.0
CLOSING_M = 4_500.0
FAR = 99.0


def typical_half_m(gazetteer: Gazetteer) -> pd.Series[float]:
    """Half the side of a square of a commune's mean area, by district."""
    counts = gazetteer.communes.groupby("district_code").size()
    return (gazetteer.districts["area_km2"] / counts).pow(0.5) * 500


def filled_extents(gazetteer: Gazetteer) -> pd.DataFrame:
    """The communes, those without a known extent given a typical one."""
    table = gazetteer.communes.copy()
    typical = table["district_code"].map(typical_half_m(gazetteer))
    for column in ("half_x_m", "half_y_m"):
        table[column] = table[column].fillna(typical)
    for axis in ("x", "y"):
        table[f"middle_{axis}"] = table[f"middle_{axis}"].fillna(table[axis])
    return table


def depth(
    x: Floats, y: Floats, commune: pd.Series[float], *, middle: tuple[float, float] | None = None
) -> Floats:
    """0 in the middle of a commune's box, 1 on the ellipse that touches its sides."""
    at = middle or (commune["middle_x"], commune["middle_y"])
    across = (x - at[0]) / commune["half_x_m"]
    along = (y - at[1]) / commune["half_y_m"]
    found: Floats = np.hypot(across, along)
    return found


def district_labels(gazetteer: Gazetteer, grid: Grid, *, seed: int) -> Labels:
    """Position in ``gazetteer.districts`` plus one, 0 outside, every district in one piece."""
    coarse = Grid(
        left_m=grid.left_m,
        top_m=grid.top_m,
        step_m=grid.step_m * COARSE,
        width=grid.width // COARSE,
        height=grid.height // COARSE,
    )
    claims = _claims(gazetteer, coarse, seed)
    wanted = gazetteer.districts["area_km2"].to_numpy(float)
    weights = _balanced(claims, wanted, coarse, start=np.ones(len(claims)), rounds=ROUNDS)
    labels = _fine_labels(claims / weights[:, None, None], grid, seed)
    # what the fine borders took from small districts is asked back once
    held = np.bincount(labels.ravel(), minlength=len(wanted) + 1)[1:] * (grid.step_m / 1000) ** 2
    asked = wanted * np.clip((wanted / np.maximum(held, 1)) ** 0.7, 0.8, 1.5)
    weights = _balanced(claims, asked, coarse, start=weights, rounds=ROUNDS // 2)
    return _fine_labels(claims / weights[:, None, None], grid, seed)


def _fine_labels(claims: Floats, grid: Grid, seed: int) -> Labels:
    """Weighed claims on coarse pixels as labels on fine ones, their borders frayed."""
    best = np.ones(grid.shape, np.float32)
    labels = np.zeros(grid.shape, np.int32)
    for k, claim in enumerate(claims.astype(np.float32)):
        near = ndimage.find_objects(ndimage.binary_dilation(claim <= 1, iterations=2).astype(int))
        part = ndimage.zoom(claim[near[0]], COARSE, order=1, grid_mode=True, mode="nearest")
        window = tuple(slice(s.start * COARSE, s.stop * COARSE) for s in near[0])
        mine = part <= best[window]
        best[window][mine] = part[mine]
        labels[window][mine] = k + 1
    frayed = _frayed(tidy(labels, _solid(labels > 0, grid.step_m)), grid, seed)
    return tidy(frayed, frayed > 0)


def drawn_labels(shapes: gpd.GeoSeries, grid: Grid) -> Labels:
    """Real shapes drawn on the raster: position plus one, 0 outside."""
    pairs = [(shape, k + 1) for k, shape in enumerate(shapes)]
    found: Labels = rasterize(
        pairs, out_shape=grid.shape, transform=grid.transform, dtype="int32", fill=0
    )
    return found


def _claims(gazetteer: Gazetteer, grid: Grid, seed: int) -> Floats:
    """The least depth in any commune, by district; bent, so that no edge is straight."""
    x, y = np.meshgrid(grid.xs(), grid.ys())
    x = x + WARP_M * fractal(grid, 14_000, seed + 1, octaves=5)
    y = y + WARP_M * fractal(grid, 14_000, seed + 2, octaves=5)
    claims = np.full((len(gazetteer.districts), *grid.shape), FAR)
    codes = list(gazetteer.districts.index)
    table = filled_extents(gazetteer)
    for _, commune in table[table["x"].notna()].iterrows():
        k = codes.index(commune["district_code"])
        reach = 3.0 * max(commune["half_x_m"], commune["half_y_m"]) + 3 * WARP_M
        rows, columns = _window(grid, commune, reach)
        part = claims[k, rows, columns]
        np.minimum(part, depth(x[rows, columns], y[rows, columns], commune), out=part)
    claims += FAR * _beyond_boxes(gazetteer, x, y)
    return np.stack([ndimage.gaussian_filter(np.minimum(c, 4.0), 1.2) for c in claims])


def _window(grid: Grid, commune: pd.Series[float], reach: float) -> tuple[slice, slice]:
    x, y = commune["middle_x"], commune["middle_y"]
    rows, columns = grid.pixel(np.array([x - reach, x + reach]), np.array([y + reach, y - reach]))
    return slice(rows[0], rows[1] + 1), slice(columns[0], columns[1] + 1)


def _winners(claims: Floats) -> Labels:
    best = claims.argmin(axis=0)
    return np.where(claims.min(axis=0) <= 1, best + 1, 0).astype(np.int32)


def _beyond_boxes(gazetteer: Gazetteer, x: Floats, y: Floats) -> Bools:
    """Where each district cannot be, since its bounding box ends before."""
    sides = gazetteer.districts[["west_m", "south_m", "east_m", "north_m"]].to_numpy(float)
    return np.stack(
        [(x < w) | (y < s) | (x > e) | (y > n) for w, s, e, n in sides],
    )


def _solid(mask: Bools, step_m: float) -> Bools:
    """The largest piece of a mask, its bays closed and smoothed and its holes filled."""
    radius = CLOSING_M / step_m
    near = ndimage.distance_transform_edt(~np.pad(mask, int(radius) + 2)) <= radius
    closed = ndimage.distance_transform_edt(near) > radius
    inside = (slice(int(radius) + 2, -int(radius) - 2),) * 2
    smooth = ndimage.gaussian_filter(closed[inside].astype(np.float32), 600 / step_m) > 0.5
    pieces, count = ndimage.label(ndimage.binary_fill_holes(smooth))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    found: Bools = pieces == sizes.argmax()
    return found


def _frayed(labels: Labels, grid: Grid, seed: int) -> Labels:
    """Labels seen through a bent glass: every border gets turns of some hundred metres."""
    half = replace(grid, step_m=grid.step_m * 2, width=grid.width // 2, height=grid.height // 2)
    shifts = [
        np.kron(fractal(half, 5_000, seed + k, octaves=5) * FRAY_M / grid.step_m, np.ones((2, 2)))
        for k in (3, 4)
    ]
    rows, columns = np.indices(grid.shape)
    rows = np.clip(np.rint(rows + shifts[0]), 0, grid.height - 1).astype(np.intp)
    columns = np.clip(np.rint(columns + shifts[1]), 0, grid.width - 1).astype(np.intp)
    found: Labels = labels[rows, columns]
    return found


def _balanced(
    claims: Floats, area_km2: Floats, grid: Grid, *, start: Floats, rounds: int
) -> Floats:
    """Weights under which each district holds its area."""
    weights = start.copy()
    pixel_km2 = (grid.step_m / 1000) ** 2
    for _ in range(rounds):
        weighed = claims / weights[:, None, None]
        inside = _solid(weighed.min(axis=0) <= 1, grid.step_m)
        best = weighed.argmin(axis=0)[inside]
        held = np.bincount(best, minlength=len(claims)) * pixel_km2
        weights *= (area_km2 / np.maximum(held, 1.0)) ** 0.25
    return weights

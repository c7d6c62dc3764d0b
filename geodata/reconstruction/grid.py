"""The raster every shape of the reconstruction is grown on, and noise to grow it with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from affine import Affine
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Square pixels, north up. ``left_m`` and ``top_m`` are the outer corner."""

    left_m: float
    top_m: float
    step_m: float
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def transform(self) -> Affine:
        """From column and row to x and y."""
        return Affine(self.step_m, 0, self.left_m, 0, -self.step_m, self.top_m)

    def xs(self) -> Floats:
        """Coordinate x of the pixel centres, by column."""
        return np.asarray(self.left_m + (np.arange(self.width) + 0.5) * self.step_m, np.float64)

    def ys(self) -> Floats:
        """Coordinate y of the pixel centres, by row."""
        return np.asarray(self.top_m - (np.arange(self.height) + 0.5) * self.step_m, np.float64)

    def pixel(self, x: Floats, y: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Row and column of the pixel that holds each point, clipped to the grid."""
        row = np.clip(np.floor((self.top_m - y) / self.step_m), 0, self.height - 1)
        column = np.clip(np.floor((x - self.left_m) / self.step_m), 0, self.width - 1)
        return row.astype(np.intp), column.astype(np.intp)

    def sample(self, raster: npt.NDArray[np.floating], x: Floats, y: Floats) -> Floats:
        """Bilinear value of a raster at points; the border value beyond the border."""
        row = (self.top_m - y) / self.step_m - 0.5
        column = (x - self.left_m) / self.step_m - 0.5
        found: Floats = ndimage.map_coordinates(
            raster, np.stack([row, column]), order=1, mode="nearest", output=np.float64
        )
        return found


PROVINCE_GRID = Grid(left_m=402_000, top_m=2_218_000, step_m=100, width=2140, height=1720)
"""Villages, communes and districts: a hectare a pixel."""

COARSE_GRID = Grid(left_m=402_000, top_m=2_218_000, step_m=200, width=1070, height=860)
"""The same where villages are few and large."""

TERRAIN_GRID = Grid(left_m=396_000, top_m=2_224_000, step_m=500, width=452, height=368)
"""The terrain, some kilometres past the province on every side."""


def fractal(grid: Grid, wavelength_m: float, seed: int, *, octaves: int = 4) -> Floats:
    """Smooth noise of about unit variance: each octave half as wide and half as strong."""
    rng = np.random.default_rng(seed)
    total = np.zeros(grid.shape)
    for octave in range(octaves):
        cell = max(wavelength_m / 2**octave / grid.step_m, 1.0)
        rows, columns = (int(n / cell) + 4 for n in grid.shape)
        coarse = rng.standard_normal((rows, columns))
        at = np.meshgrid(
            np.arange(grid.height) / cell + 1, np.arange(grid.width) / cell + 1, indexing="ij"
        )
        total += ndimage.map_coordinates(coarse, at, order=2, mode="nearest") / 2**octave
    return np.asarray(total / total.std(), np.float64)


def tidy(labels: Labels, within: Bools) -> Labels:
    """Labels with each in one piece: lesser pieces, and unlabelled pixels, join the nearest.

    Label 0 means none. Pixels outside ``within`` stay 0.
    """
    pieces, sizes, owner = _pieces(labels)
    best = np.zeros(labels.max(initial=0) + 1, np.intp)
    order = np.argsort(sizes, kind="stable")
    best[owner[order]] = order
    keep = np.zeros(len(sizes), bool)
    keep[best] = True
    keep[0] = False
    kept = np.where(keep[pieces], labels, 0)
    near = ndimage.distance_transform_edt(kept == 0, return_distances=False, return_indices=True)
    return np.where(within, kept[tuple(near)], 0).astype(np.int32)


def _pieces(labels: Labels) -> tuple[Labels, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Connected pieces of equal label: their raster, sizes, and each piece's label."""
    # rows of equal pixels are joined, not pixels: there are many times fewer
    begins = np.ones(labels.shape, bool)
    begins[:, 1:] = labels[:, 1:] != labels[:, :-1]
    run = np.cumsum(begins, dtype=np.int32).reshape(labels.shape) - 1
    joins = labels[1:] == labels[:-1]
    joins[:, 1:] &= begins[1:, 1:] | begins[:-1, 1:] | ~joins[:, :-1]  # each pair of rows once
    a, b = run[:-1][joins], run[1:][joins]
    runs = int(run[-1, -1]) + 1
    graph = coo_array((np.ones(len(a), bool), (a, b)), shape=(runs, runs))
    count, found = connected_components(graph, directed=False)
    pieces = np.where(labels > 0, found[run] + 1, 0)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    owner = np.zeros(count + 1, np.intp)
    owner[pieces.ravel()] = labels.ravel()
    sizes[0] = 0
    return pieces.astype(np.int32), sizes, owner

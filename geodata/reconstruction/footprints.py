"""What a site serves: as far as it sees, ray by ray, ragged, with holes where hills stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy import ndimage

from geodata.reconstruction.grid import Bools, Floats, Grid

RAYS = 180
STEP_M = 200.0
MAST_M = 42.0
HANDSET_M = 1.5
CURVATURE_M = 2 * 4 / 3 * 6_371_000
"""Twice the effective earth radius (4/3): a ray bends down by d² over this."""

SLACK_M = 12.0
"""How far the ground may rise into the line of sight: waves bend over rounded crests."""

LEAST_M = 350.0
SPIKE_RAYS = 5
"""A view along fewer rays than half of this is no service."""

HOLE_RAYS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Views:
    """What each of many sites sees (site × ray × step), from `STEP_M` outwards."""

    x: Floats
    y: Floats
    seen: Bools


def look(x: Floats, y: Floats, terrain: Floats, grid: Grid, *, reach_m: float) -> Views:
    """Line of sight from a mast at each point to a handset along every ray."""
    steps = np.arange(1, int(reach_m / STEP_M) + 2) * STEP_M
    angle = np.arange(RAYS) * 2 * np.pi / RAYS
    seen = np.empty((len(x), RAYS, len(steps)), bool)
    eye = grid.sample(terrain, x, y) + MAST_M
    for part in np.array_split(np.arange(len(x)), max(1, len(x) // 250)):
        px = x[part, None, None] + np.cos(angle)[None, :, None] * steps
        py = y[part, None, None] + np.sin(angle)[None, :, None] * steps
        ground = grid.sample(terrain, px.ravel(), py.ravel()).reshape(px.shape)
        ground -= steps**2 / CURVATURE_M
        rise = ground - eye[part, None, None]
        crest = np.maximum.accumulate((rise - SLACK_M) / steps, axis=2)
        before = np.concatenate([np.full((*crest.shape[:2], 1), -np.inf), crest[:, :, :-1]], axis=2)
        seen[part] = (rise + HANDSET_M) / steps >= before
    return Views(x=x, y=y, seen=seen)


def ragged_reach(views: Views, reach_m: Floats, *, seed: int) -> Floats:
    """How far each site serves along each ray: a wavering range, cut where it sees no more."""
    rng = np.random.default_rng(seed)
    count = len(views.x)
    waver = ndimage.gaussian_filter1d(rng.standard_normal((count, RAYS)), 3, axis=1, mode="wrap")
    waver = 0.16 * waver / waver.std() + 0.05 * rng.standard_normal((count, RAYS))
    wanted = reach_m[:, None] * np.clip(1 + waver, 0.45, 1.5)
    steps = (np.arange(views.seen.shape[2]) + 1) * STEP_M
    visible = views.seen & (steps[None, None, :] <= wanted[:, :, None])
    farthest = np.where(visible, steps, 0.0).max(axis=2)
    farthest = ndimage.median_filter(farthest, size=(1, SPIKE_RAYS), mode="wrap")
    beyond = farthest + STEP_M * rng.uniform(0, 0.9, farthest.shape)
    found: Floats = np.clip(np.minimum(wanted, beyond), LEAST_M, None)
    return found


def polygons(views: Views, reach: Floats, chosen: npt.NDArray[np.intp]) -> list[shapely.Polygon]:
    """The served area of each chosen site."""
    angle = np.arange(RAYS) * 2 * np.pi / RAYS
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    found = []
    for i in chosen.tolist():
        at = np.array([views.x[i], views.y[i]])
        holes = _holes(views.seen[i], reach[i], at, unit)
        found.append(shapely.Polygon(at + unit * reach[i][:, None], holes))
    return found


def _holes(seen: Bools, reach: Floats, at: Floats, unit: Floats) -> list[Floats]:
    """Shadows inside a footprint, over at least `HOLE_RAYS` neighbouring rays."""
    steps = (np.arange(seen.shape[1]) + 1) * STEP_M
    inside = (steps[None, :] < 0.88 * reach[:, None]) & (steps[None, :] > 2.5 * STEP_M)
    dark = ~seen & inside
    first = np.where(dark, steps, np.inf).min(axis=1)
    last = np.where(dark, steps, 0).max(axis=1)
    deep = last - first >= 2 * STEP_M
    pieces, count = ndimage.label(deep)
    rings = []
    for k in range(1, count + 1):
        rays = np.flatnonzero(pieces == k)
        if HOLE_RAYS <= len(rays) < RAYS // 2:
            near = at + unit[rays] * (first[rays, None] - 60)
            far = at + unit[rays] * np.minimum(last[rays] + 60, 0.93 * reach[rays])[:, None]
            rings.append(np.concatenate([near, far[::-1]]))
    return rings

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
    past = visible[:, :, ::-1].argmax(axis=2)  # steps beyond the last that is visible
    farthest = np.where(visible.any(axis=2), steps[-1 - past], 0.0)
    farthest = ndimage.median_filter(farthest, size=(1, SPIKE_RAYS), mode="wrap")
    beyond = farthest + STEP_M * rng.uniform(0, 0.9, farthest.shape)
    found: Floats = np.clip(np.minimum(wanted, beyond), LEAST_M, None)
    return found


def polygons(views: Views, reach: Floats, chosen: npt.NDArray[np.intp]) -> list[shapely.Polygon]:
    """The served area of each chosen site."""
    angle = np.arange(RAYS) * 2 * np.pi / RAYS
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings: list[Floats] = []
    owner: list[int] = []
    for part in np.array_split(chosen, len(chosen) // 250 + 1):
        shadows = zip(part.tolist(), *_shadows(views.seen[part], reach[part]), strict=True)
        for i, first, last in shadows:
            at = np.array([views.x[i], views.y[i]])
            holes = _holes(first, last, reach[i], at, unit) if np.isfinite(first).any() else []
            rings += [at + unit * reach[i][:, None], *holes]
            owner += [owner[-1] + 1 if owner else 0] * (1 + len(holes))
    if not rings:
        return []
    of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    made = np.asarray(shapely.linearrings(np.concatenate(rings), indices=of), dtype=object)
    first_is_outline = shapely.polygons(made, indices=owner)
    return list(np.asarray(first_is_outline, dtype=object))


def _shadows(seen: Bools, reach: Floats) -> tuple[Floats, Floats]:
    """Where shadows inside a footprint begin and end (site × ray); ∞ and 0 where is none."""
    steps = (np.arange(seen.shape[2]) + 1) * STEP_M
    dark = ~seen & (steps < 0.88 * reach[:, :, None]) & (steps > 2.5 * STEP_M)
    some = dark.any(axis=2)
    first = np.where(some, steps[dark.argmax(axis=2)], np.inf)
    last = np.where(some, steps[-1 - dark[:, :, ::-1].argmax(axis=2)], 0.0)
    return first, last


def _holes(first: Floats, last: Floats, reach: Floats, at: Floats, unit: Floats) -> list[Floats]:
    """Shadows of one site, over at least `HOLE_RAYS` neighbouring rays."""
    deep = np.concatenate([[False], last - first >= 2 * STEP_M, [False]])
    rings = []
    for begin, end in np.flatnonzero(deep[1:] != deep[:-1]).reshape(-1, 2).tolist():
        rays = np.arange(begin, end)
        if HOLE_RAYS <= len(rays) < RAYS // 2:
            near = at + unit[rays] * (first[rays, None] - 60)
            far = at + unit[rays] * np.minimum(last[rays] + 60, 0.93 * reach[rays])[:, None]
            rings.append(np.concatenate([near, far[::-1]]))
    return rings

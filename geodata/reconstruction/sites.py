"""Who may build where: the operators, and the places a mast could stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geodata.reconstruction.grid import Floats, Grid

MOST_M = 7_500.0
"""The farthest any site of the reconstruction serves."""

REACH_M = {
    "city": 1000.0,
    "coast": 2300.0,
    "lowland": 2500.0,
    "mountain": 4300.0,
    "high mountain": 4800.0,
}


@dataclass(frozen=True, kw_only=True)
class Operator:
    """How an operator builds. ``budget``: the share of people it wants to reach.

    ``reach``: its range against the usual one; ``share_3g``: sites that carry 3G too;
    ``farther_3g``: the range of 3G (900 MHz) against that of 4G;
    ``density``: the share of villages outside the high mountains with a site of their own.
    """

    name: str
    slug: str
    budget: float
    reach: float
    share_3g: float
    farther_3g: float
    density: float


OPERATORS: tuple[Operator, ...] = (
    Operator(
        name="Viettel",
        slug="viettel",
        budget=1.0,
        reach=1.06,
        share_3g=0.8,
        farther_3g=1.08,
        density=0.45,
    ),
    Operator(
        name="VinaPhone",
        slug="vinaphone",
        budget=0.965,
        reach=1.0,
        share_3g=0.85,
        farther_3g=1.10,
        density=0.36,
    ),
    Operator(
        name="MobiFone",
        slug="mobifone",
        budget=0.91,
        reach=0.98,
        share_3g=0.85,
        farther_3g=1.08,
        density=0.26,
    ),
    Operator(
        name="Vietnamobile",
        slug="vietnamobile",
        budget=0.55,
        reach=0.9,
        share_3g=0.95,
        farther_3g=1.04,
        density=0.08,
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where masts could stand: near each village, on the higher ground there."""

    x: Floats
    y: Floats
    land: npt.NDArray[np.object_]


def candidate_places(
    x: Floats, y: Floats, land: npt.NDArray[np.object_], terrain: Floats, grid: Grid, *, seed: int
) -> Places:
    """One place a village: of a few tried near its hall, the one that stands highest."""
    rng = np.random.default_rng(seed + 51)
    tries = 6
    radius = rng.uniform(120, 700, (len(x), tries))
    angle = rng.uniform(0, 2 * np.pi, (len(x), tries))
    px, py = x[:, None] + radius * np.cos(angle), y[:, None] + radius * np.sin(angle)
    height = grid.sample(terrain, px.ravel(), py.ravel()).reshape(px.shape)
    best = (height - 0.02 * radius).argmax(axis=1)
    rows = np.arange(len(x))
    return Places(x=px[rows, best], y=py[rows, best], land=land)


def reach_m(places: Places, operator: Operator) -> Floats:
    """The range of 4G at each place."""
    found: Floats = np.array([REACH_M[kind] for kind in places.land]) * operator.reach
    return found


def halls_near(places: Places, x: Floats, y: Floats, reach: Floats) -> list[npt.NDArray[np.intp]]:
    """For each place the halls within its range."""
    tree = cKDTree(np.stack([x, y], axis=1))
    at = np.stack([places.x, places.y], axis=1)
    return [np.array(hit, np.intp) for hit in tree.query_ball_point(at, reach)]

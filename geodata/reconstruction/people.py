"""People: how many live in each commune and village, and what else is said of a village.

The province's total is the census of 2019. Its split is estimated, from densities by kind of
land (ours), and every file that carries it says so.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

POPULATION = 3_327_791
"""Census of 1 April 2019."""

DENSITY_PER_KM2 = {
    "city": 3000.0,
    "coast": 900.0,
    "lowland": 690.0,
    "mountain": 165.0,
    "high mountain": 38.0,
}
PEOPLE_A_VILLAGE = {
    "city": 1350.0,
    "coast": 1250.0,
    "lowland": 1000.0,
    "mountain": 720.0,
    "high mountain": 430.0,
}
HOUSEHOLD = {"city": 3.6, "coast": 3.7, "lowland": 3.6, "mountain": 3.9, "high mountain": 4.5}
TOWN_FACTOR = {"xa": 1.0, "phuong": 1.5, "thi-tran": 2.2}
OFF_GRID_SHARE = 70 / 3806
"""More than 60 villages had no grid power at the end of 2024."""


def apportioned(total: int, weights: Floats, *, least: int = 0) -> Counts:
    """Whole numbers that add up to ``total``, in proportion to weights (largest remainder).

    None is below ``least``, as long as the total allows it.
    """
    least = min(least, total // max(len(weights), 1))
    rest = total - least * len(weights)
    exact = rest * weights / weights.sum()
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: rest - int(whole.sum())]] += 1
    return np.asarray(whole + least, np.int64)


def commune_people(
    communes: pd.DataFrame, land: pd.Series[str], area_km2: Floats, *, seed: int
) -> Floats:
    """Estimated inhabitants by commune: the density of its land, more in towns."""
    rng = np.random.default_rng(seed + 31)
    density = land.map(DENSITY_PER_KM2).to_numpy(float)
    district_area = pd.Series(area_km2).groupby(communes["district_code"].to_numpy())
    evened = area_km2**0.6 * communes["kind"].map(TOWN_FACTOR).to_numpy(float)
    evened = evened * rng.lognormal(0, 0.18, len(communes))
    shares = pd.Series(evened).groupby(communes["district_code"].to_numpy()).transform("sum")
    people = evened / shares.to_numpy() * density * district_area.transform("sum").to_numpy()
    return np.asarray(people * POPULATION / people.sum(), np.float64)


def village_counts(people: Floats, land: pd.Series[str], room: Floats, total: int) -> Counts:
    """How many villages each commune has, at least one, no more than its ``room`` allows."""
    wanted = people / land.map(PEOPLE_A_VILLAGE).to_numpy(float)
    counts = apportioned(total, wanted, least=1)
    limit = np.maximum(room.astype(np.int64), 1)
    while (over := np.maximum(counts - limit, 0)).any():
        spare = np.where(counts < limit, wanted, 0.0)
        if not spare.any():
            break
        counts = counts - over + apportioned(int(over.sum()), spare)
    return counts


def describe(
    villages: pd.DataFrame, commune_people: Floats, land: npt.NDArray[np.object_], *, seed: int
) -> pd.DataFrame:
    """Population, households, electrified and fund_eligible of each village.

    ``villages`` has ``commune`` (position), ``kind``, ``height_m`` and ``town_m`` (distance to
    the nearest town). The most remote villages of the high mountains have no grid power.
    """
    rng = np.random.default_rng(seed + 32)
    inside = rng.lognormal(0, 0.35, len(villages))
    sums = pd.Series(inside).groupby(villages["commune"].to_numpy()).transform("sum").to_numpy()
    people = apportioned(
        POPULATION, inside / sums * commune_people[villages["commune"].to_numpy()], least=30
    )
    size = np.array([HOUSEHOLD[kind] for kind in land]) * rng.normal(1, 0.05, len(villages))
    high = land == "high mountain"
    remote = villages["town_m"].to_numpy() / 12_000 + villages["height_m"].to_numpy() / 500
    remote = np.where(high, remote + 0.8 * rng.standard_normal(len(villages)), -np.inf)
    off = np.zeros(len(villages), bool)
    off[np.argsort(-remote, kind="stable")[: round(OFF_GRID_SHARE * len(villages))]] = True
    return pd.DataFrame(
        {
            "population": people,
            "households": np.maximum(np.rint(people / size), 1).astype(np.int64),
            "electrified": ~(off & high),
            "fund_eligible": high & (villages["kind"] == "xa").to_numpy(),
        },
        index=villages.index,
    )

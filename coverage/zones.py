"""Zones by the share that is served: by area, people and households, for each layer.

As the Belgian regulator (BIPT) publishes it: every zone has its percentage, 0 to 100, for each
operator and technology, and no threshold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from coverage.model import TECHNOLOGIES, Assessment
from coverage.reach import both_within
from coverage.shares import Floats, share_by
from coverage.unplaced import is_placed

Level = Literal["village", "commune", "district"]

COLUMNS = (
    "code", "name", "operator", "technology", "area_share", "population_share",
    "households_share", "area_km2", "population", "households",
)  # fmt: skip


def zone_shares(
    assessment: Assessment, level: Level, *, places: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What share of every zone each operator's technology serves, one row a zone and layer.

    ``places`` says in which units the villages lie, by ``village_id`` (``commune_code``,
    ``commune`` and so on); without it the village table does. Villages whose unit is not known
    stand under the code "". Shares are 0 to 1, by the levels of the rule for signal layers;
    ``population_share`` and ``households_share`` are NaN where it is not known how many live in
    some village of the zone, or nobody does. ``population`` and ``households`` are as many. Shares
    are of those villages of a zone that have a place.
    """
    m = assessment.measures
    people, households = both_within(assessment)
    by_area = replace(assessment.rule, basis="area", settled_first=False)
    code, name = _zones(assessment, level, places)
    zones, of = np.unique(code, return_inverse=True)
    named = pd.Series(name).groupby(of).first().reindex(range(len(zones))).to_numpy(object)
    weights = [m.village_area_m2 / 1e6, people.number, households.number]
    totals = [_sum(of, weight, len(zones)) for weight in weights]
    known = [_sum(of, np.where(is_placed(m), weight, 0.0), len(zones)) for weight in weights]
    found = []
    for operator in people.operators:
        for technology in TECHNOLOGIES:
            chosen = [
                a and b
                for a, b in zip(
                    people.of_operator(operator), people.of_technology(technology), strict=True
                )
            ]
            if not any(chosen):
                continue
            shares = [share_by(m, by_area, chosen), people.share(chosen), households.share(chosen)]
            served = [
                _sum(of, share * weight, len(zones))
                for share, weight in zip(shares, weights, strict=True)
            ]
            parts = [_part(a, b) for a, b in zip(served, known, strict=True)]
            row = (zones, named, operator, technology, *parts, *totals)
            found.append(pd.DataFrame(dict(zip(COLUMNS, row, strict=True))))
    if not found:
        return pd.DataFrame({column: [] for column in COLUMNS})
    out = pd.concat(found, ignore_index=True)
    return out.sort_values("code", kind="stable").reset_index(drop=True)


def _zones(
    assessment: Assessment, level: Level, places: pd.DataFrame | None
) -> tuple[np.ndarray[tuple[int], np.dtype[np.str_]], np.ndarray[tuple[int], np.dtype[np.object_]]]:
    """Code and name of the zone of every village."""
    villages = assessment.measures.villages
    if level == "village":
        return villages.index.astype(str).to_numpy(str), villages["village"].to_numpy(object)
    table = villages if places is None else places.loc[villages.index]
    code = table[f"{level}_code"].fillna("").astype(str).to_numpy(str)
    return code, table[level].to_numpy(object)


def _sum(of: np.ndarray[tuple[int], np.dtype[np.intp]], weight: Floats, zones: int) -> Floats:
    return np.bincount(of, weights=weight, minlength=zones).astype(np.float64)


def _part(served: Floats, total: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, served / total, np.nan)
    return np.asarray(np.clip(share, 0.0, 1.0), np.float64)

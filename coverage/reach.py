"""People and households within reach of a signal: shares of villages, times who lives there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from coverage.judge import admitted_operators
from coverage.model import TECHNOLOGIES, Assessment, Measures, Reach, Rule
from coverage.shares import Floats, dwellers, share_by
from coverage.unplaced import is_placed

Who = Literal["people", "households"]
COUNTED: dict[Who, str] = {"people": "population", "households": "households"}
"""Who is counted → the column of a village table that counts them."""


class Within:
    """How many live within reach of some layers, by one rule's levels and technologies.

    How many live in a village is what the village table says; where it does not, what the raster
    of people, or the settled places with their households, hold there. Where in it they live is
    told by `coverage.shares.dwellers`: without a raster or settled places they are spread evenly.
    The basis of the rule does not matter here.
    """

    def __init__(self, assessment: Assessment, who: Who = "people") -> None:
        m = assessment.measures
        self._measures: Measures = m
        self._rule: Rule = replace(assessment.rule, basis=who, settled_first=False)
        self._shares: dict[tuple[bool, ...], Floats] = {}
        self.basis = dwellers(m, who)
        self.number = _number(m, who)
        self.operators = admitted_operators(m, assessment.rule)

    def share(self, chosen: Sequence[bool]) -> Floats:
        """Share (0 to 1) of each village's people that the chosen layers together reach."""
        key = tuple(chosen)
        if key not in self._shares:
            self._shares[key] = share_by(self._measures, self._rule, chosen)
        return self._shares[key]

    def beside(self, other: Within) -> Within:
        """The same; what is found for one is found for both where they live in the same places."""
        if self.basis == other.basis:
            self._shares = other._shares
        return self

    def reached(self, chosen: Sequence[bool]) -> Floats:
        """People of each village that the chosen layers together reach; NaN where unknown."""
        return self.number * self.share(chosen)

    @property
    def counts(self) -> list[bool]:
        """Which layers can make a village covered."""
        rule = self._rule
        return [rule.admits(x) and rule.worth(x) == "covered" for x in self._measures.layers]

    def of_operator(self, operator: str) -> list[bool]:
        """Those of one operator."""
        layers = self._measures.layers
        return [yes and x.operator == operator for yes, x in zip(self.counts, layers, strict=True)]

    def of_technology(self, technology: str) -> list[bool]:
        """Those of one technology, of whatever operator."""
        layers = self._measures.layers
        return [
            yes and x.technology == technology for yes, x in zip(self.counts, layers, strict=True)
        ]


def _number(m: Measures, who: Who) -> Floats:
    told = pd.to_numeric(m.villages[COUNTED[who]], errors="coerce")
    number = told.to_numpy(np.float64, na_value=np.nan)
    if who in m.amounts:
        known = np.isfinite(number) | ~is_placed(m)  # no raster tells who lives nowhere
        number = np.where(known, number, m.amounts[who].total)
    return number


def both_within(assessment: Assessment) -> tuple[Within, Within]:
    """People and households."""
    people = Within(assessment)
    return people, Within(assessment, "households").beside(people)


def reach_of(within: Within) -> Reach | None:
    """Within reach of the operator that reaches most, and of all together.

    None where it is not known of every village how many live there, or nobody does.
    """
    total = float(within.number.sum())
    if not total > 0 or not within.operators:
        return None
    each = {o: float(within.reached(within.of_operator(o)).sum()) for o in within.operators}
    best = max(each, key=lambda operator: each[operator])
    return Reach(
        total=total,
        operator=best,
        max_operator=each[best],
        union=float(within.reached(within.counts).sum()),
    )


def reach_by_operator(both: tuple[Within, Within]) -> pd.DataFrame:
    """People and households that each operator reaches.

    Columns: ``population_served``, ``population_share``, ``households_served`` and
    ``households_share``; NaN where it is not known how many live in some village.
    """
    return _table(both, {o: both[0].of_operator(o) for o in both[0].operators}, "operator")


def reach_by_technology(both: tuple[Within, Within]) -> pd.DataFrame:
    """People and households that each technology reaches, of any operator; as by operator."""
    chosen = {t: both[0].of_technology(t) for t in TECHNOLOGIES}
    return _table(both, {str(t): c for t, c in chosen.items() if any(c)}, "technology")


def _table(both: tuple[Within, Within], chosen: dict[str, list[bool]], name: str) -> pd.DataFrame:
    out = pd.DataFrame(index=pd.Index(list(chosen), name=name, dtype="object"))
    for within, what in zip(both, COUNTED.values(), strict=True):
        total = float(within.number.sum())
        served = [float(within.reached(layers).sum()) for layers in chosen.values()]
        out[f"{what}_served"] = np.array(served, np.float64)
        out[f"{what}_share"] = out[f"{what}_served"] / total if total > 0 else np.nan
    return out

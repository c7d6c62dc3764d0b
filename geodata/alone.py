"""Figures of one operator alone, for its own people: of the others one bit a village."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

import coverage
from coverage.model import (
    Amounts,
    Areas,
    Assessment,
    Expected,
    LayerInfo,
    Measures,
    Moved,
    Rule,
)

LAST_DIGIT = 3
"""Decimals of areas (m²) and amounts that an operator's people are given."""


def judged_alone(
    whole: Assessment,
    measures: Measures,
    rule: Rule,
    *,
    operator: str,
    rows: npt.NDArray[np.bool_],
) -> Assessment:
    """An operator's own ``measures`` judged by ``rule`` (see `rule_alone`), as if alone.

    ``rows`` are those of ``whole`` that they are of. The verdicts gain ``served_by_others``,
    the one thing in them that is of others' layers.
    """
    expected = Expected(
        operators=tuple(o for o in whole.expected.operators if o == operator),
        technologies=whole.expected.technologies,
    )
    own = coverage.judge(measures, rule, expected=expected)
    others = _by_others(whole, operator)[rows]
    return replace(own, verdicts=own.verdicts.assign(served_by_others=others))


def rule_alone(rule: Rule, operator: str, *, judged: bool) -> Rule:
    """The rule for one operator alone, under its name.

    One operator cannot be several: ``min_operators`` is 1. Not ``judged``: an operator
    without a layer cannot be named by a rule.
    """
    return replace(
        rule,
        name=f"{rule.name} {operator}",
        operators=(operator,) if judged else (),
        min_operators=1,
        unite=False,
    )


def _by_others(whole: Assessment, operator: str) -> pd.Series[bool]:
    """Whether the other operators cover each village by the rule, were they alone."""
    layers: tuple[LayerInfo, ...] = whole.measures.layers
    others = dict.fromkeys(x.operator for x in layers if x.operator != operator)
    counted = tuple(o for o in others if not whole.rule.operators or o in whole.rule.operators)
    if not counted:
        return pd.Series(data=False, index=whole.verdicts.index)
    rule = replace(whole.rule, operators=counted, min_operators=1)
    found: pd.Series[bool] = coverage.judge(whole.measures, rule).verdicts["verdict"] == "covered"
    return found


def calm(m: Measures) -> Measures:
    """The measures without the last digits, which are of how others' layers cut the villages.

    Areas are sums over combinations of all layers; rounded, and without those that are then
    nothing, they are the same whatever the other layers were. A thousandth of a square metre
    moves no share that anybody sees.
    """
    some = _rounded(m.area_m2) > 0
    moved = m.moved and Moved(inward=_areas(m.moved.inward), outward=_areas(m.moved.outward))
    return replace(
        m,
        village_area_m2=_rounded(m.village_area_m2),
        village=m.village[some],
        combination=m.combination[some],
        area_m2=_rounded(m.area_m2[some]),
        amounts={name: _amounts(of) for name, of in m.amounts.items()},
        moved=moved,
    )


def _areas(of: Areas) -> Areas:
    some = _rounded(of.area_m2) > 0
    return replace(
        of,
        village=of.village[some],
        combination=of.combination[some],
        area_m2=_rounded(of.area_m2[some]),
        amounts={name: _amounts(each) for name, each in of.amounts.items()},
    )


def _amounts(of: Amounts) -> Amounts:
    some = _rounded(of.amount) > 0
    return replace(
        of,
        village=of.village[some],
        combination=of.combination[some],
        amount=_rounded(of.amount[some]),
        total=_rounded(of.total),
    )


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.round(values, LAST_DIGIT)

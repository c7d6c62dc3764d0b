"""Why a village is what it is: what each layer and each operator gives it, and whose duty it is."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.errors import CoverageError
from coverage.judge import admitted_operators, layer_bits
from coverage.model import SHARE_TOLERANCE, Assessment, Measures, Rule

NO_POWER = "no_power"
FUND = "fund"
OPERATOR = "operator"
UNKNOWN = "unknown"


def responsibility(villages: pd.DataFrame) -> pd.Series[str]:
    """Whose duty a village without service is, by the split of Decision 1110/QĐ-BTTTT.

    ``villages`` has ``electrified`` and ``fund_eligible`` (bool, NA where not known). Gives
    "no_power" (power comes first), "fund" (powered, and the public-utility telecom fund may
    pay), "operator" (powered, the operators' own duty) or "unknown", with the input's index.
    """
    power, fund = villages["electrified"], villages["fund_eligible"]
    known = power.notna() & (fund.notna() | power.eq(other=False).fillna(value=False))
    out = np.select(
        [
            ~known.to_numpy(bool),
            ~power.fillna(value=False).to_numpy(bool),
            fund.fillna(value=False).to_numpy(bool),
        ],
        [UNKNOWN, NO_POWER, FUND],
        OPERATOR,
    )
    return pd.Series(out, index=villages.index, name="responsibility", dtype="str")


def layer_reasons(assessment: Assessment, village_id: Hashable) -> pd.DataFrame:
    """Every layer tried for one village, one row a layer, in the layers' order.

    Columns: ``operator``, ``technology``, ``evidence``, ``as_of``, ``source``, ``admitted``
    (the rule counts it), ``share`` (0 to 1 of the village's area), ``centre`` (bool, NA where
    no centre is known), ``margin`` (``share`` less the covered threshold), ``serves`` (alone
    covers by the rule) and ``speaks`` (the filing says something here). Raises `CoverageError`
    for a village the assessment does not have.
    """
    m, rule, row = assessment.measures, assessment.rule, _row(assessment, village_id)
    combination, share_of = _village(m, row)
    share = [
        float(min(1.0, share_of[(combination >> np.uint64(k)) & np.uint64(1) == 1].sum()))
        for k in range(len(m.layers))
    ]
    out = pd.DataFrame(
        {
            "operator": [layer.operator for layer in m.layers],
            "technology": [layer.technology for layer in m.layers],
            "evidence": [layer.evidence for layer in m.layers],
            "as_of": [layer.as_of for layer in m.layers],
            "source": [layer.source for layer in m.layers],
            "admitted": [rule.admits(layer) for layer in m.layers],
            "share": share,
            "centre": _centres(m, row, [1 << k for k in range(len(m.layers))]),
            "speaks": m.extent_centre[row]
            & (m.extent_share[row] >= rule.speaks_share - SHARE_TOLERANCE),
        }
    )
    return _judged(out, rule)


def operator_reasons(assessment: Assessment, village_id: Hashable) -> pd.DataFrame:
    """Every operator for one village: its admitted layers together, best first.

    Columns: ``operator``, ``share``, ``centre``, ``margin``, ``serves``, as `layer_reasons`.
    """
    m, rule, row = assessment.measures, assessment.rule, _row(assessment, village_id)
    operators = admitted_operators(m, rule)
    bits = [
        layer_bits(m.layers, [rule.admits(x) and x.operator == operator for x in m.layers])
        for operator in operators
    ]
    combination, share_of = _village(m, row)
    out = pd.DataFrame(
        {
            "operator": operators,
            "admitted": True,
            "share": [
                float(min(1.0, share_of[(combination & np.uint64(b)) != 0].sum())) for b in bits
            ],
            "centre": _centres(m, row, bits),
        }
    )
    return _judged(out, rule).sort_values(["serves", "share"], ascending=False, kind="stable")


def _row(assessment: Assessment, village_id: Hashable) -> int:
    found = assessment.verdicts.index.get_indexer(pd.Index([village_id]))[0]
    if found < 0:
        raise CoverageError(
            "village {village} is not one of the {count} assessed; check its id",
            village=village_id,
            count=len(assessment.verdicts),
        )
    return int(found)


def _village(m: Measures, row: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.float64]]:
    """Combinations of layers in one village, and the share of its area that each serves."""
    first, last = np.searchsorted(m.village, [row, row + 1])
    return m.combination[first:last], m.area_m2[first:last] / m.village_area_m2[row]


def _centres(m: Measures, row: int, bits: list[int]) -> pd.api.extensions.ExtensionArray:
    if not m.has_centre[row]:
        return pd.array([pd.NA] * len(bits), dtype="boolean")
    return pd.array([bool(int(m.centre[row]) & b) for b in bits], dtype="boolean")


def _judged(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The table with ``margin`` and ``serves`` by the rule."""
    by_area = table["share"] >= rule.covered_share - SHARE_TOLERANCE
    by_centre = table["centre"].fillna(value=False).astype(bool) & rule.centre
    return table.assign(
        margin=table["share"] - rule.covered_share,
        serves=(by_area | by_centre) & table["admitted"],
    )

"""Why a village is what it is: what each layer and each operator gives it, and whose duty it is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from coverage.errors import CoverageError
from coverage.judge import admitted_operators
from coverage.model import SHARE_TOLERANCE, Assessment, LayerInfo, Measures, Rule
from coverage.part import part_of
from coverage.pixels import LOW_DBM, LOWEST_LEVEL
from coverage.shares import centre_by, share_by

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

    Columns: ``operator``, ``technology``, ``kind``, ``evidence``, ``as_of``, ``source``,
    ``admitted`` (the rule counts it), ``share`` (0 to 1 of what the rule counts), ``centre``
    (bool, NA where no centre is known), ``dbm`` and ``least_dbm`` (of a signal layer: the level
    at the centre, and the least that serves), ``margin`` (``share`` less the covered
    threshold), ``serves`` (alone covers by the rule) and ``speaks`` (the filing says something
    here). Raises `CoverageError`
    for a village the assessment does not have.
    """
    rule, m = assessment.rule, _one(assessment, village_id)
    each = [[j == k for j in range(len(m.layers))] for k in range(len(m.layers))]
    out = pd.DataFrame(
        {
            "operator": [layer.operator for layer in m.layers],
            "technology": [layer.technology for layer in m.layers],
            "kind": [layer.kind for layer in m.layers],
            "evidence": [layer.evidence for layer in m.layers],
            "as_of": [layer.as_of for layer in m.layers],
            "source": [layer.source for layer in m.layers],
            "admitted": [rule.admits(layer) for layer in m.layers],
            "share": [float(share_by(m, rule, only)[0]) for only in each],
            "centre": _centres(m, rule, each),
            "dbm": [_dbm(m, layer) for layer in m.layers],
            "least_dbm": [_least_dbm(rule, layer) for layer in m.layers],
            "speaks": m.extent_centre[0]
            & (m.extent_share[0] >= rule.speaks_share - SHARE_TOLERANCE),
        }
    )
    return _judged(out, rule)


def operator_reasons(assessment: Assessment, village_id: Hashable) -> pd.DataFrame:
    """Every operator for one village: its admitted layers together, best first.

    Columns: ``operator``, ``share``, ``centre``, ``margin``, ``serves``, as `layer_reasons`.
    """
    rule, m = assessment.rule, _one(assessment, village_id)
    operators = admitted_operators(m, rule)
    each = [[rule.admits(x) and x.operator == operator for x in m.layers] for operator in operators]
    out = pd.DataFrame(
        {
            "operator": operators,
            "admitted": True,
            "share": [float(share_by(m, rule, theirs)[0]) for theirs in each],
            "centre": _centres(m, rule, each),
        }
    )
    return _judged(out, rule).sort_values(["serves", "share"], ascending=False, kind="stable")


def _one(assessment: Assessment, village_id: Hashable) -> Measures:
    """The measures of one village alone."""
    rows = np.zeros(len(assessment.verdicts), bool)
    rows[_row(assessment, village_id)] = True
    m = assessment.measures
    return part_of(m, rows, range(len(m.layers)))


def _row(assessment: Assessment, village_id: Hashable) -> int:
    found = assessment.verdicts.index.get_indexer(pd.Index([village_id]))[0]
    if found < 0:
        raise CoverageError(
            "village {village} is not one of the {count} assessed; check its id",
            village=village_id,
            count=len(assessment.verdicts),
        )
    return int(found)


def _centres(
    m: Measures, rule: Rule, each: Sequence[Sequence[bool]]
) -> pd.api.extensions.ExtensionArray:
    """Whether each set of layers serves the one village's centre; NA where none is known."""
    if not m.has_centre[0]:
        return pd.array([pd.NA] * len(each), dtype="boolean")
    return pd.array([bool(centre_by(m, rule, some)[0]) for some in each], dtype="boolean")


def _dbm(m: Measures, layer: LayerInfo) -> int | None:
    """Level at the one village's centre, in dBm; None where the layer tells none.

    A footprint tells none, also beside signal layers of its operator.
    """
    for levels in m.levels if layer.kind == "signal" else ():
        if levels.operator == layer.operator and levels.evidence == layer.evidence:
            level = int(levels.centre[0, levels.technologies.index(layer.technology)])
            return level - LOWEST_LEVEL + LOW_DBM if level >= LOWEST_LEVEL else None
    return None


def _least_dbm(rule: Rule, layer: LayerInfo) -> int | None:
    """From how many dBm the rule lets a signal layer serve."""
    return rule.min_dbm(layer.technology) if layer.kind == "signal" else None


def _judged(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The table with ``margin`` and ``serves`` by the rule."""
    by_area = table["share"] >= rule.covered_share - SHARE_TOLERANCE
    by_centre = table["centre"].fillna(value=False).astype(bool) & rule.centre
    return table.assign(
        margin=table["share"] - rule.covered_share,
        serves=(by_area | by_centre) & table["admitted"],
    )

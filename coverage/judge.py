"""Judging: measures and a rule in, a verdict and its reasons for every village out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.model import NO_PLACE, SHARE_TOLERANCE, Assessment, Expected, Measures, Rule, Verdict
from coverage.rule_check import require_applicable
from coverage.shares import Bools, Floats, centre_by, share_by, technologies_in, unjudged
from coverage.unplaced import is_placed

Words = pd.api.extensions.ExtensionArray
NOBODY = Expected()
JUDGING = 2
"""Raised where the same measures and rule get another verdict: kept runs say which made theirs."""
COVERED, WEAK, NONE, UNKNOWN = range(4)
CODES = np.array(
    [v.value for v in (Verdict.COVERED, Verdict.WEAK, Verdict.NONE, Verdict.UNKNOWN)], dtype=object
)
"""Verdicts by the number that `Decided.code` has for them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """What a rule makes of every village, as arrays (villages, or villages × operators).

    ``share``, ``centre`` and ``covers`` are by the layers whose evidence can make a village
    covered; ``union`` and ``union_centre`` by all operators' such layers together. ``some`` is
    each operator's share by all layers that count for anything. ``code`` indexes `CODES`.
    """

    operators: tuple[str, ...]
    share: Floats
    some: Floats
    centre: Bools
    covers: Bools
    union: Floats
    union_centre: Bools
    missing: npt.NDArray[np.object_]
    code: npt.NDArray[np.int8]


def admitted_operators(measures: Measures, rule: Rule) -> list[str]:
    """The operators a rule looks at, in the order of their layers."""
    everyone = dict.fromkeys(layer.operator for layer in measures.layers)
    return [name for name in everyone if not rule.operators or name in rule.operators]


def decide(measures: Measures, rule: Rule, *, expected: Expected = NOBODY) -> Decided:
    """The bare decision, without its words. Raises `CoverageError` as `judge` does."""
    require_applicable(rule, measures, expected)
    operators = admitted_operators(measures, rule)
    layers = measures.layers
    some = [rule.admits(layer) for layer in layers]
    full = [a and rule.worth(x) == "covered" for a, x in zip(some, layers, strict=True)]
    of = [[x.operator == operator for x in layers] for operator in operators]
    villages = len(measures.villages)
    share, least = np.zeros((villages, len(of))), np.zeros((villages, len(of)))
    centre = np.zeros((villages, len(of)), bool)
    for k, theirs in enumerate(of):
        chosen = _both(full, theirs)
        share[:, k] = share_by(measures, rule, chosen)
        centre[:, k] = centre_by(measures, rule, chosen)
        least[:, k] = share[:, k] if full == some else share_by(measures, rule, _both(some, theirs))
    union, union_centre = share_by(measures, rule, full), centre_by(measures, rule, full)
    covers = enough(rule, share, centre)
    placed = is_placed(measures)
    missing = _missing(measures, rule, expected)
    missing[~placed] = ""
    together = enough(rule, union, union_centre) if rule.unite else np.zeros(villages, bool)
    covered = (count_of(covers) >= rule.min_operators) | together
    best = np.maximum(best_of(least), union) if rule.unite else best_of(least)
    weak = best >= rule.weak_share - SHARE_TOLERANCE
    if rule.min_operators > 1:
        weak |= covers.any(axis=1)
    weak |= _weakly_centred(measures, rule, some, full)
    code = np.select(
        [~placed, covered, missing != "", weak], [UNKNOWN, COVERED, UNKNOWN, WEAK], NONE
    )
    return Decided(
        operators=tuple(operators),
        share=share,
        some=least,
        centre=centre,
        covers=covers,
        union=union,
        union_centre=union_centre,
        missing=missing,
        code=code.astype(np.int8),
    )


def _both(one: Sequence[bool], other: Sequence[bool]) -> list[bool]:
    return [a and b for a, b in zip(one, other, strict=True)]


def _weakly_centred(
    measures: Measures, rule: Rule, some: Sequence[bool], full: Sequence[bool]
) -> Bools:
    """Centres that only evidence of lesser worth serves: such a village is weak, not none."""
    if not rule.centre or some == full:
        return np.zeros(len(measures.villages), bool)
    return centre_by(measures, rule, some)


def enough(rule: Rule, share: Floats, centre: Bools) -> Bools:
    """Whether a share, or a served centre where the rule asks for it, is enough to be covered."""
    covers: Bools = share >= rule.covered_share - SHARE_TOLERANCE
    return covers | centre if rule.centre else covers


def serves(measures: Measures, rule: Rule, chosen: Sequence[bool]) -> Bools:
    """Whether some layers together, and nothing else, cover each village by the rule."""
    return enough(rule, share_by(measures, rule, chosen), centre_by(measures, rule, chosen))


def judge(measures: Measures, rule: Rule, *, expected: Expected = NOBODY) -> Assessment:
    """Apply a rule. Milliseconds: no geometry is looked at again.

    A village is unknown when it is not covered and an expected operator (with every expected
    technology the rule admits, where technologies are named) has no layer that speaks there.
    A signal layer for which the rule names no level speaks nowhere, and its operator is expected.
    A village without a place (of no area) is unknown whatever was filed.
    Raises `CoverageError` on a rule whose numbers are not set, on thresholds that are not
    shares, in that order, on a technology nobody knows, on a rule that admits none, and on an
    operator without a layer.
    """
    found = decide(measures, rule, expected=expected)
    ids = measures.villages.index
    shares = pd.DataFrame(found.share, index=ids, columns=list(found.operators))
    served_by = _served_by(measures, rule, found.operators)
    return Assessment(
        measures=measures,
        rule=rule,
        expected=expected,
        verdicts=_verdicts(measures, rule, found, served_by),
        operator_shares=shares,
        served_by=served_by,
    )


def _served_by(measures: Measures, rule: Rule, operators: Sequence[str]) -> pd.DataFrame:
    """Whether each operator's technology alone covers each village, by layer title."""
    titles: dict[str, list[bool]] = {}
    for layer in measures.layers:
        if layer.operator in operators:
            titles[layer.title] = [
                other.title == layer.title and rule.admits(other) and rule.worth(other) == "covered"
                for other in measures.layers
            ]
    return pd.DataFrame(
        {title: serves(measures, rule, chosen) for title, chosen in titles.items()},
        index=measures.villages.index,
    )


def _missing(measures: Measures, rule: Rule, expected: Expected) -> npt.NDArray[np.object_]:
    """Expected filings that do not speak for each village, comma-separated."""
    speaks = measures.extent_centre & (measures.extent_share >= rule.speaks_share - SHARE_TOLERANCE)
    wanted: list[str] = [t for t in expected.technologies if t in rule.technologies]
    text = np.full(len(measures.villages), "", dtype=object)
    silenced = [layer.operator for layer in unjudged(measures.layers, rule)]
    for operator in dict.fromkeys((*expected.operators, *silenced)):
        if rule.operators and operator not in rule.operators:
            continue
        for technology in wanted or [""]:
            columns = [
                layer.operator == operator
                and layer.technology in ((technology,) if technology else rule.technologies)
                and rule.worth(layer) != "nothing"
                and rule.judges(layer)
                for layer in measures.layers
            ]
            silent = ~speaks[:, columns].any(axis=1)
            name = f"{operator} {technology}".strip()
            text[silent] = [f"{t}, {name}" if t else name for t in text[silent]]
    return text


def _verdicts(
    measures: Measures, rule: Rule, found: Decided, served_by: pd.DataFrame
) -> pd.DataFrame:
    """The table of an assessment: verdict, what decided it, the best operator, who serves."""
    of = found.some if found.some.shape[1] else np.zeros((len(found.code), 1))
    best, best_share = of.argmax(axis=1), best_of(of)
    covered, unknown = found.code == COVERED, found.code == UNKNOWN
    centre = (count_of(found.centre) >= rule.min_operators) & rule.centre
    if rule.unite:
        centre |= found.union_centre & rule.centre
    decided = np.where(unknown, 2, np.where(covered & centre, 1, 0))
    placed = is_placed(measures)
    decided = np.where(placed, decided, 3)
    measured = found.union if rule.unite else best_of(found.share)
    return pd.DataFrame(
        {
            "verdict": _words(CODES.tolist(), found.code),
            "decided_by": _words(["area", "centre", "missing", NO_PLACE], decided),
            "best_operator": _words(["", *found.operators], np.where(best_share > 0, best + 1, 0)),
            "best_share": np.where(placed, best_share, np.nan),
            "margin": np.where(placed, measured - rule.covered_share, np.nan),
            "centre_served": found.union_centre,
            "n_operators": count_of(found.covers),
            "missing": _texts(found.missing),
            "any_share": np.where(placed, found.union, np.nan),
            "operators": listed(found.covers, found.operators),
            "technologies": _technologies(measures, served_by),
        },
        index=measures.villages.index,
    )


def _words(words: Sequence[str], at: npt.NDArray[np.integer]) -> Words:
    """One of some words a row. Looked up by number: pandas reads thousands of texts slowly."""
    return pd.array(list(words), dtype="str").take(at.astype(np.intp))


def _texts(texts: npt.NDArray[np.object_]) -> Words:
    """A text a row, most of them empty."""
    if (texts == "").all():
        return _words([""], np.zeros(len(texts), np.intp))
    return pd.array(texts, dtype="str")


def best_of(table: Floats) -> Floats:
    """The greatest of each row, 0 where there is no column."""
    out = np.zeros(len(table))
    for column in table.T:  # numpy takes far longer for rows of so few
        np.maximum(out, column, out=out)
    return out


def count_of(table: Bools) -> npt.NDArray[np.int64]:
    """How many are True in each row."""
    out = np.zeros(len(table), np.int64)
    for column in table.T:
        out += column
    return out


def listed(yes: Bools, names: Sequence[str]) -> Words:
    """For each row the names whose column is True, comma-separated."""
    sets = np.zeros(len(yes), np.int64)
    for k, column in enumerate(yes.T):
        sets |= column.astype(np.int64) << k
    found, of = np.unique(sets, return_inverse=True)
    told = [", ".join(n for k, n in enumerate(names) if one >> k & 1) for one in found.tolist()]
    return _words(told, of)


def _technologies(measures: Measures, served_by: pd.DataFrame) -> Words:
    """Technologies of which some single layer serves each village."""
    found = technologies_in(measures.layers)
    titles = dict.fromkeys(
        (layer.title, layer.technology) for layer in measures.layers if layer.title in served_by
    )
    of = np.array([technology for _, technology in titles])
    table = served_by.to_numpy(bool)
    if not found:
        return _words([""], np.zeros(len(table), np.intp))
    return listed(np.stack([table[:, of == t].any(axis=1) for t in found], axis=1), found)

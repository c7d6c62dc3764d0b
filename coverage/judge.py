"""Judging: measures and a rule in, a verdict and its reasons for every village out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.combinations import sums
from coverage.errors import CoverageError
from coverage.model import (
    SHARE_TOLERANCE,
    TECHNOLOGIES,
    Assessment,
    Expected,
    LayerInfo,
    Measures,
    Rule,
    Verdict,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
NOBODY = Expected()


def layer_bits(layers: Sequence[LayerInfo], chosen: Sequence[bool]) -> int:
    """The set of the chosen layers, as bits."""
    return sum(1 << k for k, (_, yes) in enumerate(zip(layers, chosen, strict=True)) if yes)


def union_share(measures: Measures, bits: int) -> Floats:
    """Share (0 to 1) of each village inside the union of the layers in ``bits``."""
    served = (measures.combination & np.uint64(bits)) != 0
    weights = np.where(served, measures.area_m2, 0.0)
    area = sums(measures.village, weights, len(measures.village_area_m2))
    return np.clip(area / measures.village_area_m2, 0.0, 1.0)


def centre_served(measures: Measures, bits: int) -> Bools:
    """Whether any layer in ``bits`` serves each village's centre; False without a centre."""
    served: Bools = (measures.centre & np.uint64(bits)) != 0
    return served


def admitted_operators(measures: Measures, rule: Rule) -> list[str]:
    """The operators a rule looks at, in the order of their layers."""
    everyone = dict.fromkeys(layer.operator for layer in measures.layers)
    return [name for name in everyone if not rule.operators or name in rule.operators]


def judge(measures: Measures, rule: Rule, *, expected: Expected = NOBODY) -> Assessment:
    """Apply a rule. Milliseconds: no geometry is looked at again.

    A village is unknown when it is not covered and an expected operator (with every expected
    technology the rule admits, where technologies are named) has no layer that speaks there.
    Raises `CoverageError` on thresholds that are not shares, in that order, on a
    technology nobody knows, on a rule that admits none, and on an operator without a layer.
    """
    _check(rule)
    _check_operators(rule, measures, expected)
    ids = measures.villages.index
    operators = admitted_operators(measures, rule)
    admitted = [rule.admits(layer) for layer in measures.layers]
    sets = {
        operator: layer_bits(
            measures.layers,
            [a and x.operator == operator for a, x in zip(admitted, measures.layers, strict=True)],
        )
        for operator in operators
    }
    shares = pd.DataFrame({o: union_share(measures, bits) for o, bits in sets.items()}, index=ids)
    centres = pd.DataFrame({o: centre_served(measures, b) for o, b in sets.items()}, index=ids)
    by_area = shares.to_numpy(float) >= rule.covered_share - SHARE_TOLERANCE
    by_centre = centres.to_numpy(bool) & rule.centre
    covers = by_area | by_centre
    titles: dict[str, int] = {}
    for k, layer in enumerate(measures.layers):
        if layer.operator not in operators:
            continue
        titles[layer.title] = titles.get(layer.title, 0) | (1 << k if admitted[k] else 0)
    served_by = pd.DataFrame(
        {title: _serves(measures, rule, bits) for title, bits in titles.items()}, index=ids
    )
    verdicts = _verdicts(
        measures, rule, shares, centres, covers, _missing(measures, rule, expected)
    )
    verdicts["any_share"] = union_share(measures, layer_bits(measures.layers, admitted))
    verdicts["operators"] = _listed(covers, operators)
    verdicts["technologies"] = _technologies(measures, served_by)
    return Assessment(
        measures=measures,
        rule=rule,
        expected=expected,
        verdicts=verdicts,
        operator_shares=shares,
        served_by=served_by,
    )


def _check(rule: Rule) -> None:
    ordered = 0.0 <= rule.weak_share <= rule.covered_share <= 1.0 and rule.covered_share > 0.0
    if not ordered or not 0.0 <= rule.speaks_share <= 1.0:
        raise CoverageError(
            "rule {rule}: shares must run from 0 to 1, weak ({weak}) not above covered ({covered}) "
            "and covered above 0; speaks is {speaks}",
            rule=rule.name,
            weak=rule.weak_share,
            covered=rule.covered_share,
            speaks=rule.speaks_share,
        )
    if not rule.technologies or not set(rule.technologies) <= set(TECHNOLOGIES):
        raise CoverageError(
            "rule {rule}: technologies are {found}; name at least one of {known}",
            rule=rule.name,
            found=", ".join(rule.technologies) or "none",
            known=", ".join(TECHNOLOGIES),
        )
    if rule.min_operators < 1:
        raise CoverageError(
            "rule {rule}: min_operators is {found}; it must be 1 or more",
            rule=rule.name,
            found=rule.min_operators,
        )


def _check_operators(rule: Rule, measures: Measures, expected: Expected) -> None:
    known = {layer.operator for layer in measures.layers} | set(expected.operators)
    unknown = [name for name in rule.operators if name not in known]
    if unknown:
        raise CoverageError(
            "rule {rule}: operator {found} has no layer; expected one of {known}",
            rule=rule.name,
            found=", ".join(unknown),
            known=", ".join(sorted(known)),
        )


def _serves(measures: Measures, rule: Rule, bits: int) -> Bools:
    """Whether the union of the layers in ``bits`` alone covers each village by the rule."""
    by_area: Bools = union_share(measures, bits) >= rule.covered_share - SHARE_TOLERANCE
    return by_area | (centre_served(measures, bits) & rule.centre)


def _missing(measures: Measures, rule: Rule, expected: Expected) -> pd.Series[str]:
    """Expected filings that do not speak for each village, comma-separated."""
    speaks = measures.extent_centre & (measures.extent_share >= rule.speaks_share - SHARE_TOLERANCE)
    wanted: list[str] = [t for t in expected.technologies if t in rule.technologies]
    text = np.full(len(measures.villages), "", dtype=object)
    for operator in expected.operators:
        if rule.operators and operator not in rule.operators:
            continue
        for technology in wanted or [""]:
            columns = [
                layer.operator == operator
                and layer.technology in ((technology,) if technology else rule.technologies)
                for layer in measures.layers
            ]
            silent = ~speaks[:, columns].any(axis=1)
            name = f"{operator} {technology}".strip()
            text[silent] = [f"{t}, {name}" if t else name for t in text[silent]]
    return pd.Series(text, index=measures.villages.index, dtype="str")


def _verdicts(
    measures: Measures,
    rule: Rule,
    shares: pd.DataFrame,
    centres: pd.DataFrame,
    covers: Bools,
    missing: pd.Series[str],
) -> pd.DataFrame:
    """Verdict, what decided it, and the best single operator."""
    of = shares.to_numpy(float)
    if not of.shape[1]:
        of = np.zeros((len(shares), 1))
    best = of.argmax(axis=1)
    best_share = of.max(axis=1)
    enough = rule.min_operators
    n_operators = covers.sum(axis=1)
    covered = n_operators >= enough
    weak = best_share >= rule.weak_share - SHARE_TOLERANCE
    if enough > 1:
        weak |= n_operators > 0
    unknown = ~covered & (missing != "").to_numpy()
    centre = (centres.to_numpy(bool).sum(axis=1) >= enough) & rule.centre
    names = np.array([*shares.columns, ""], dtype=object)
    verdict = np.select(
        [covered, unknown, weak],
        [Verdict.COVERED.value, Verdict.UNKNOWN.value, Verdict.WEAK.value],
        Verdict.NONE.value,
    )
    return pd.DataFrame(
        {
            "verdict": verdict,
            "decided_by": np.select(
                [unknown, covered & centre, covered], ["missing", "centre", "area"], "area"
            ),
            "best_operator": np.where(best_share > 0, names[best], ""),
            "best_share": best_share,
            "margin": best_share - rule.covered_share,
            "centre_served": centres.to_numpy(bool).any(axis=1),
            "n_operators": n_operators,
            "missing": missing,
        },
        index=measures.villages.index,
    )


def _listed(yes: Bools, names: Sequence[str]) -> list[str]:
    """For each row the names whose column is True, comma-separated."""
    return [", ".join(n for n, y in zip(names, row, strict=True) if y) for row in yes.tolist()]


def _technologies(measures: Measures, served_by: pd.DataFrame) -> list[str]:
    """Technologies of which some single layer serves each village."""
    found = [t for t in TECHNOLOGIES if any(x.technology == t for x in measures.layers)]
    titles = dict.fromkeys(
        (layer.title, layer.technology) for layer in measures.layers if layer.title in served_by
    )
    of = np.array([technology for _, technology in titles])
    table = served_by.to_numpy(bool)
    if not found:
        return [""] * len(served_by)
    return _listed(np.stack([table[:, of == t].any(axis=1) for t in found], axis=1), found)

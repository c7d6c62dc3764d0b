"""Summaries of an assessment: headline, units, operators, technologies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from coverage.judge import admitted_operators, serves
from coverage.model import (
    NO_PLACE,
    TECHNOLOGIES,
    Assessment,
    Comparison,
    Headline,
    LayerInfo,
    Published,
    Summary,
    Verdict,
)
from coverage.reach import both_within, reach_by_operator, reach_by_technology, reach_of


def summarise(assessment: Assessment, *, published: Sequence[Published] = ()) -> Summary:
    """Every table the faces show, from one assessment.

    ``published`` figures are set beside ours; one for another number of villages is not
    comparable. Population sums are missing (None or NA) where any village's is.
    """
    table = assessment.measures.villages.drop(columns=["geometry", "centre"], errors="ignore")
    table = pd.DataFrame(table).join(assessment.verdicts)
    headline = headline_of(table)
    both = people, households = both_within(assessment)
    table["population_served"] = people.reached(people.counts)
    return Summary(
        headline=headline,
        comparisons=tuple(_compare(figure, headline) for figure in published),
        by_district=by_unit(table, "district"),
        by_commune=by_unit(table, "commune"),
        by_operator=_by_operator(assessment).join(reach_by_operator(both)),
        by_technology=_by_technology(assessment).join(reach_by_technology(both)),
        by_layer=by_layer(assessment),
        by_number_of_operators=_by_number(assessment),
        people=reach_of(people),
        households=reach_of(households),
    )


def headline_of(table: pd.DataFrame) -> Headline:
    """The headline of a table with ``verdict`` and ``population``, one row a village.

    Where it has ``decided_by``, those without a place are counted too.
    """
    verdict = table["verdict"].to_numpy(object)
    counts = {v: int((verdict == v.value).sum()) for v in Verdict}
    uncovered = (verdict == Verdict.WEAK.value) | (verdict == Verdict.NONE.value)
    people = _people(table["population"])
    return Headline(
        villages=len(table),
        covered=counts[Verdict.COVERED],
        weak=counts[Verdict.WEAK],
        none=counts[Verdict.NONE],
        unknown=counts[Verdict.UNKNOWN],
        population=people,
        population_uncovered=_people(table["population"][uncovered])
        if people is not None
        else None,
        unplaced=int((table["decided_by"] == NO_PLACE).sum()) if "decided_by" in table else 0,
    )


def villages_to_target(headline: Headline, share: float) -> int:
    """How many more villages must be covered until ``share`` (0 to 1) of them is."""
    return max(0, math.ceil(share * headline.villages - 1e-9) - headline.covered)


def _people(population: pd.Series) -> int | None:
    """Sum of a population column, or None where any of it is missing."""
    return None if population.isna().any() else round(float(population.sum()))


def _compare(figure: Published, headline: Headline) -> Comparison:
    comparable = figure.of == headline.villages
    return Comparison(
        published=figure,
        covered=headline.covered,
        comparable=comparable,
        agrees=comparable and figure.value == headline.covered,
    )


def by_unit(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """Counts by ``level`` ("district" or "commune"), indexed by code.

    ``table`` needs ``<level>_code``, ``<level>``, ``verdict`` and ``population``; where it has
    ``population_served`` that is added up too. Sums of people are missing where any village's
    people are. Villages whose unit is not known stand under the code "".
    """
    code = table[f"{level}_code"].fillna("").astype(str)
    unit, codes = pd.factorize(code, sort=True)  # once: pandas would for each count
    codes = pd.Index(codes, name="code")
    out: dict[str, Any] = {"name": _first(table[level], unit, codes)}
    if level == "commune":
        out["district_code"] = _first(table["district_code"], unit, codes)
    out["villages"] = np.bincount(unit, minlength=len(codes))
    verdict = table["verdict"].to_numpy(object)
    for one in Verdict:
        out[one.value] = np.bincount(unit[verdict == one.value], minlength=len(codes))
    out["uncovered"] = out["weak"] + out["none"]
    out["share"] = out["covered"] / out["villages"]
    people = _people_of(table, uncovered=(verdict == Verdict.WEAK) | (verdict == Verdict.NONE))
    sums = pd.DataFrame(people).groupby(unit).sum()
    for name, column in people.items():
        missing = np.bincount(unit[column.isna().to_numpy()], minlength=len(codes)) > 0
        if name == "population_uncovered":
            missing |= out["population"].isna()
        out[name] = sums[name].mask(missing).array
    return pd.DataFrame(out, index=codes)


def _first(names: pd.Series, unit: np.ndarray, codes: pd.Index) -> pd.Series:
    """The first that is known of each unit, indexed by code; "" where none is."""
    known = np.flatnonzero(names.notna().to_numpy())
    units_known, first = np.unique(unit[known], return_index=True)
    found = names.iloc[known[first]].set_axis(units_known)
    return found.reindex(range(len(codes)), fill_value="").astype(names.dtype).set_axis(codes)


def _people_of(table: pd.DataFrame, *, uncovered: np.ndarray) -> dict[str, pd.Series]:
    """Who is added up by unit: all people, those of uncovered villages, and those served."""
    people = {
        "population": table["population"],
        "population_uncovered": table["population"].where(uncovered, 0),
    }
    if "population_served" in table:
        people["population_served"] = table["population_served"]
    return people


def _served(assessment: Assessment, chosen: Sequence[LayerInfo]) -> int:
    """Villages that the union of some layers covers by the rule."""
    m = assessment.measures
    return int(serves(m, assessment.rule, [layer in chosen for layer in m.layers]).sum())


def _counted(served: dict[str, int], villages: int, name: str) -> pd.DataFrame:
    out = pd.DataFrame({"villages_served": pd.Series(served, dtype="int64")})
    out["share"] = out["villages_served"] / villages
    out.index.name = name
    return out


def _by_operator(assessment: Assessment) -> pd.DataFrame:
    m, rule = assessment.measures, assessment.rule
    served = {
        operator: _served(
            assessment,
            [x for x in m.layers if x.operator == operator and rule.admits(x)],
        )
        for operator in admitted_operators(m, rule)
    }
    return _counted(served, len(m.villages), "operator")


def _by_technology(assessment: Assessment) -> pd.DataFrame:
    """Villages that some single operator covers with this technology alone."""
    m, rule = assessment.measures, assessment.rule
    served = {}
    for technology in TECHNOLOGIES:
        titles = list(
            dict.fromkeys(
                layer.title
                for layer in m.layers
                if layer.technology == technology and rule.admits(layer)
            )
        )
        if titles:
            served[str(technology)] = int(assessment.served_by[titles].any(axis=1).sum())
    return _counted(served, len(m.villages), "technology")


def operator_technology_matrix(assessment: Assessment) -> pd.DataFrame:
    """Villages that each operator (row) covers with each technology (column) alone.

    NaN where there is no such layer, or the rule does not count it.
    """
    m, rule = assessment.measures, assessment.rule
    found: dict[str, dict[str, float]] = {}
    for operator in admitted_operators(m, rule):
        layers = [x for x in m.layers if x.operator == operator and rule.admits(x)]
        found[operator] = {
            str(t): float(_served(assessment, [x for x in layers if x.technology == t]))
            for t in dict.fromkeys(x.technology for x in layers)
        }
    columns = [t for t in TECHNOLOGIES if any(t in row for row in found.values())]
    return pd.DataFrame.from_dict(found, orient="index").reindex(columns=columns)


def by_layer(assessment: Assessment) -> pd.DataFrame:
    """How many villages each layer serves alone; one row a layer, in the measures' order.

    Columns: ``operator``, ``technology``, ``as_of``, ``villages_served`` and ``share`` (0 to 1).
    """
    m = assessment.measures
    return pd.DataFrame(
        {
            "operator": [layer.operator for layer in m.layers],
            "technology": [layer.technology for layer in m.layers],
            "as_of": [layer.as_of for layer in m.layers],
            "villages_served": [_served(assessment, [layer]) for layer in m.layers],
        }
    ).assign(share=lambda t: t["villages_served"] / len(m.villages))


def _by_number(assessment: Assessment) -> pd.Series[int]:
    """Villages that exactly 0, 1, 2 … operators cover."""
    most = assessment.operator_shares.shape[1]
    counts = assessment.verdicts["n_operators"].value_counts()
    series = counts.reindex(range(most + 1), fill_value=0).astype("int64")
    series.index.name = "operators"
    series.name = "villages"
    return series

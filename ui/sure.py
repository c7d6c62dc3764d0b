"""How sure the figures and the verdicts are, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage.sure import DEFINITIONS, SIGNAL_DB, Between, Scenario, Sureness
from ui.texts import Translator


def scenario_words(scenario: Scenario, t: Translator) -> str:
    """A scenario as people read it, after "uncovered …" or "covered …"."""
    return {
        Scenario.BASE: t("by the rule as it is"),
        Scenario.DBM_PLUS: t("if signals had to be {db} dB stronger", db=SIGNAL_DB),
        Scenario.DBM_MINUS: t("if signals might be {db} dB weaker", db=SIGNAL_DB),
        Scenario.SHARE_10: t("if a tenth were enough"),
        Scenario.SHARE_50: t("if a half were enough"),
        Scenario.SHARE_90: t("if nine tenths were asked for"),
        Scenario.INWARD: t("if footprints end short of where they are drawn"),
        Scenario.OUTWARD: t("if footprints reach beyond where they are drawn"),
    }[scenario]


def range_text(between: Between, t: Translator) -> str:
    """Between what the data leave the number of uncovered villages; "" where it is one number."""
    if not between.is_computed:
        return t("no range computed")
    if between.low == between.high:
        return ""
    low, high = t.number(between.low), t.number(between.high)
    return t("between {low} and {high}", low=low, high=high)


def range_told(sureness: Sureness, keep: npt.NDArray[np.bool_], t: Translator) -> str:
    """What the range of some villages comes from, by the data alone."""
    between = sureness.among(keep)
    if not between.is_computed:
        return not_computed_text(t)
    if between.low == between.high:
        return t(
            "How sure: the number of uncovered villages stays the same with every error of the "
            "data that was tried."
        )
    return t(
        "How sure: {low} uncovered {low_by}; {high} {high_by}. So much the data leave open.",
        low=t.number(between.low),
        low_by=scenario_words(between.low_by, t),
        high=t.number(between.high),
        high_by=scenario_words(between.high_by, t),
    )


def not_computed_text(t: Translator) -> str:
    """That there is no range, and why."""
    return t(
        "How sure: no range was computed, since the study is too large for the outlines of its "
        "coverage to be moved."
    )


def definitions_told(sureness: Sureness, keep: npt.NDArray[np.bool_], t: Translator) -> str:
    """How many villages other definitions would call uncovered, of the same data."""
    counts = sureness.counts(keep)
    ten, half, ninety = (t.number(counts[one]) for one in DEFINITIONS)
    return t(
        "The same data by another definition: if a tenth of a village were enough, {ten} villages "
        "would be uncovered; if a half, {half}; if nine tenths were asked for, {ninety}. That is "
        "another question, and no error of the data.",
        ten=ten,
        half=half,
        ninety=ninety,
    )


def village_told(found: Sureness, village: str, t: Translator) -> str:
    """How sure one village's verdict is, in one sentence."""
    row: Mapping[Any, Any] = found.villages.loc[village].to_dict()
    if row["firm"]:
        return t("Firm: it stays so with every threshold and outline that was tried.")
    turned = "; ".join(
        scenario_words(Scenario(one), t) for one in str(row["turned_by"]).split(", ")
    )
    told = t("Near a threshold: it would turn {scenarios}.", scenarios=turned)
    moved = float(row["moved_m"])
    if not math.isnan(moved):
        told += " " + t("Outlines are taken to be right to {n} m.", n=t.number(round(moved)))
    return told

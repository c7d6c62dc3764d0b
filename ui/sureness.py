"""How sure the figures and the verdicts are, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from coverage.sure import SIGNAL_DB, Between, Scenario, Sureness
from ui.texts import Translator


def range_text(between: Between, t: Translator) -> str:
    """Between what the number of uncovered villages lies; "" where it is the same throughout."""
    if between.low == between.high:
        return ""
    low, high = t.number(between.low), t.number(between.high)
    return t("between {low} and {high}", low=low, high=high)


def range_told(between: Between, borderline: int, t: Translator) -> str:
    """What the range comes from, and how many villages stand near a threshold."""
    if between.low == between.high:
        return t(
            "How sure: the number of uncovered villages stays the same with every threshold and "
            "outline that was tried."
        )
    return t(
        "How sure: {low} ({low_by}) to {high} ({high_by}) uncovered villages; {count} stand near "
        "a threshold.",
        low=t.number(between.low),
        low_by=scenario_name(between.low_by, t),
        high=t.number(between.high),
        high_by=scenario_name(between.high_by, t),
        count=t.number(borderline),
    )


def scenario_name(scenario: Scenario | str, t: Translator) -> str:
    """What is changed in a scenario, within a sentence."""
    return {
        Scenario.BASE: t("by the rule itself"),
        Scenario.DBM_PLUS: t("if signals had to be {n} dB stronger", n=t.number(SIGNAL_DB)),
        Scenario.DBM_MINUS: t("if signals {n} dB weaker were enough", n=t.number(SIGNAL_DB)),
        Scenario.SHARE_10: t("if {share} were enough", share=t.percent(0.1, digits=0)),
        Scenario.SHARE_50: t("if {share} were asked for", share=t.percent(0.5, digits=0)),
        Scenario.SHARE_90: t("if {share} were asked for", share=t.percent(0.9, digits=0)),
        Scenario.INWARD: t("if outlines were drawn in by their accuracy"),
        Scenario.OUTWARD: t("if outlines were let out by their accuracy"),
    }[Scenario(scenario)]


def village_told(found: Sureness, village: str, t: Translator) -> str:
    """How sure one village's verdict is, in one sentence."""
    row: Mapping[Any, Any] = found.villages.loc[village].to_dict()
    if row["firm"]:
        return t("Firm: it stays so with every threshold and outline that was tried.")
    turned = "; ".join(scenario_name(one, t) for one in str(row["turned_by"]).split(", "))
    told = t("Near a threshold: it would turn {scenarios}.", scenarios=turned)
    moved = float(row["moved_m"])
    if not math.isnan(moved):
        told += " " + t("Outlines are taken to be right to {n} m.", n=t.number(round(moved)))
    return told

"""How sure the figures and the verdicts are, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage.sure import SIGNAL_DB, Between, Scenario, Sureness
from ui.texts import Translator

MOVED = (Scenario.INWARD, Scenario.OUTWARD)


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
    """Between what the number of uncovered villages lies; "" where it is the same throughout."""
    if between.low == between.high:
        return ""
    low, high = t.number(between.low), t.number(between.high)
    return t("between {low} and {high}", low=low, high=high)


def range_told(sureness: Sureness, keep: npt.NDArray[np.bool_], t: Translator) -> str:
    """What the range of some villages comes from, and how many stand near a threshold."""
    between = sureness.among(keep)
    if between.low == between.high:
        return t(
            "How sure: the number of uncovered villages stays the same with every threshold and "
            "outline that was tried."
        )
    told = t(
        "How sure: {low} uncovered {low_by}; {high} {high_by}. {count} villages stand near a "
        "threshold.",
        low=t.number(between.low),
        low_by=scenario_words(between.low_by, t),
        high=t.number(between.high),
        high_by=scenario_words(between.high_by, t),
        count=t.number(int((~sureness.villages["firm"].to_numpy(bool) & keep).sum())),
    )
    moved = [int((sureness.marked[one] & keep).sum()) for one in MOVED if one in sureness.marked]
    if len(moved) < len(MOVED):
        return told
    low, high = (t.number(n) for n in sorted(moved))
    return told + " " + t("Outlines alone: {low} to {high}.", low=low, high=high)


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

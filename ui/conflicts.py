"""Words for a conflict between measurements and a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ui.plain import plain
from ui.texts import Translator

Row = Mapping[Any, Any]


def subject_of(row: Row, t: Translator) -> str:
    """Whose layers, and of which technology: "Viettel 4G"; "all operators" where none is told."""
    operator = plain(row["operator"]) or t("all operators")
    return f"{operator} {row['technology']}".strip()


def place_of(row: Row) -> str:
    """The village with its commune and district."""
    names = [row["village"], row["commune"], row["district"]]
    return ", ".join(plain(name) for name in names if name is not None and not pd.isna(name))


def claim_sentence(row: Row, t: Translator) -> str:
    """What is claimed, what was measured, and how sure that is, in one sentence."""
    told = {
        "below": t.number(int(row["below"])),
        "good": t.number(int(row["samples"] - row["below"])),
        "samples": t.number(int(row["samples"])),
        "share": t.percent(row["share_below"], digits=0),
        "low": t.percent(row["low"], digits=0),
        "high": t.percent(row["high"], digits=0),
        "days": _days(row, t),
    }
    if row["evidence"] == "modelled" and row["claimed"]:
        text = t(
            "modelled as served; {below} of {samples} samples below, {share} (interval {low} "
            "to {high}){days}",
            **told,
        )
    elif row["claimed"]:
        text = t(
            "declared served; {below} of {samples} samples below, {share} (interval {low} "
            "to {high}){days}",
            **told,
        )
    elif row["evidence"] == "modelled":
        text = t(
            "modelled as not served; {good} of {samples} samples good; {share} below "
            "(interval {low} to {high}){days}",
            **told,
        )
    else:
        text = t(
            "declared not served; {good} of {samples} samples good; {share} below "
            "(interval {low} to {high}){days}",
            **told,
        )
    return f"{text}. {t('The verdict hangs on it.')}" if row["hangs"] else f"{text}."


def _days(row: Row, t: Translator) -> str:
    """When it was measured, as the end of a sentence; "" where nobody says."""
    first: Any = row["first"]
    last: Any = row["last"]
    if pd.isna(first):
        return ""
    if first == last:
        return t(", measured on {day}", day=t.date(first.date()))
    return t(", measured from {first} to {last}", first=t.date(first.date()),
             last=t.date(last.date()))  # fmt: skip

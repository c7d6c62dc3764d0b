"""The tables a page shows, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from coverage.model import Verdict
from ui.plain import plain

if TYPE_CHECKING:
    from geodata.study.results import Run
from ui.texts import Translator

VERDICT_ORDER = (Verdict.NONE, Verdict.WEAK, Verdict.UNKNOWN, Verdict.COVERED)

VERDICT_TEXTS = {
    Verdict.COVERED.value: "covered",
    Verdict.WEAK.value: "weak signal",
    Verdict.NONE.value: "no signal",
    Verdict.UNKNOWN.value: "missing data",
}
"""The catalogue's words for the verdicts."""


@dataclass(frozen=True, kw_only=True, eq=False)
class VillageList:
    """A list for the screen: ``rows`` in the reader's language, ``ids`` in the same order."""

    ids: tuple[str, ...]
    rows: pd.DataFrame


def gap_list(run: Run, translate: Translator, *, level: str, area: str = "") -> VillageList:
    """The uncovered villages of an area (empty: all), none before weak, by area and name."""
    verdicts = run.assessment.verdicts
    chosen = verdicts[verdicts["verdict"].isin([Verdict.WEAK.value, Verdict.NONE.value])]
    villages = run.study.villages.drop(columns=["geometry", "centre"])
    table = villages.join(chosen, how="inner")
    if area:
        table = table[table[f"{level}_code"] == area]
    order = {verdict.value: place for place, verdict in enumerate(VERDICT_ORDER)}
    table = table.assign(order=table["verdict"].map(order)).sort_values(
        ["order", "district", "commune", "village"], kind="stable"
    )
    return VillageList(
        ids=tuple(str(key) for key in table.index), rows=_gap_columns(table, translate)
    )


def _gap_columns(table: pd.DataFrame, t: Translator) -> pd.DataFrame:
    """The columns an official reads, under translated heads."""
    electrified = {True: t("yes"), False: t("no")}
    columns = {
        t("Village"): table["village"].map(_cell),
        t("Commune"): table["commune"].map(_cell),
        t("District"): table["district"].map(_cell),
        t("Signal"): table["verdict"].map(lambda v: t(VERDICT_TEXTS[str(v)])),
        t("People"): table["population"],
        t("Grid power"): table["electrified"].map(electrified.get),
        t("Best operator"): table["best_operator"].map(_cell),
        t("Area served (%)"): (pd.to_numeric(table["best_share"]) * 100).round(1),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _cell(value: object) -> str:
    """A name as a cell shows it; empty where there is none."""
    return "" if pd.isna(value) else plain(value)  # type: ignore[call-overload]  # any cell

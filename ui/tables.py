"""The tables a page shows, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coverage.model import Verdict
from geodata.study.results import Run
from ui.plain import plain
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


def village_lines(run: Run, village: str, t: Translator) -> list[str]:
    """What there is to say of one village, line by line; nothing for an unknown id."""
    if village not in run.assessment.verdicts.index:
        return []
    facts: Mapping[Any, Any] = run.study.villages.loc[village].to_dict()
    found: Mapping[Any, Any] = run.assessment.verdicts.loc[village].to_dict()
    verdict = t(VERDICT_TEXTS[str(found["verdict"])])
    lines = [
        t("{name}: {verdict}", name=_cell(facts["village"]) or village, verdict=verdict),
        ", ".join(filter(None, (_cell(facts["commune"]), _cell(facts["district"])))),
    ]
    if found["best_share"] > 0:
        share = t.percent(found["best_share"], digits=1)
        operator = _cell(found["best_operator"])
        lines.append(t("{operator} serves {share} of its area", operator=operator, share=share))
    if not pd.isna(facts["population"]):
        lines.append(t("{people} people", people=t.number(int(facts["population"]))))
    if not pd.isna(facts["electrified"]):
        lines.append(t("Has grid power") if facts["electrified"] else t("No grid power"))
    return [line for line in lines if line]


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

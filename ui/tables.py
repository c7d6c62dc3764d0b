"""The tables a page shows, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from coverage.filings import filings
from coverage.model import NO_PLACE, Assessment, Verdict
from geodata.followup import shown
from ui.plain import escaped, html_safe, plain
from ui.texts import Translator, as_wide
from ui.texts import marked as _
from ui.view import View

EMPTY = ' class="empty"'

MOST_ROWS = 5000
"""So many villages are listed in the page; a file has them all."""

MOST_DRAWN = 20_000
"""So many rows a table of a page has at most: more than a country has communes."""

VERDICT_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        Verdict.COVERED.value: _("covered"),
        Verdict.WEAK.value: _("weak signal"),
        Verdict.NONE.value: _("no signal"),
        Verdict.UNKNOWN.value: _("missing data"),
    }
)
"""The catalogue's words for the verdicts."""

VERDICT_MARKS: Mapping[str, str] = MappingProxyType(
    {
        Verdict.COVERED.value: "✓",
        Verdict.WEAK.value: "▲",
        Verdict.NONE.value: "●",
        Verdict.UNKNOWN.value: "□",
    }
)
"""A sign for each verdict, the same shapes as on the map: colour is never alone."""

DUTIES: Mapping[str, str] = MappingProxyType(
    {
        "no_power": _("Grid power first"),
        "fund": _("Public-utility telecom fund"),
        "operator": _("The operators' own duty"),
        "unknown": _("Not known: power or fund data missing"),
    }
)
"""Who is responsible, by the split of Decision 1110/QĐ-BTTTT."""

EVIDENCE: Mapping[str, str] = MappingProxyType(
    {"declared": _("declared"), "modelled": _("modelled"), "measured": _("measured")}
)

KINDS: Mapping[str, str] = MappingProxyType(
    {"footprint": _("footprint"), "signal": _("signal strength"), "sites": _("discs around sites")}
)
"""What a layer is made of."""

FOLLOW_UP: Mapping[str, str] = {
    "confirmed": _("Field confirmation"),
    "confirmed_by": _("Confirmed by"),
    "confirmed_on": _("Confirmed on"),
    "operator": _("Operator in charge"),
    "promised_on": _("Promised on-air date"),
    "letter": _("Letter number"),
    "note": _("Note"),
}
"""What the follow-up sheet holds of a village, and its names."""


@dataclass(frozen=True, kw_only=True, eq=False)
class VillageList:
    """A list for the screen: ``rows`` in the reader's language, ``ids`` in the same order."""

    ids: tuple[str, ...]
    rows: pd.DataFrame


def verdict_text(verdict: str, t: Translator) -> str:
    """The verdict's sign and word."""
    return f"{VERDICT_MARKS[verdict]} {t(VERDICT_TEXTS[verdict])}"


def village_list(view: View) -> VillageList:
    """The villages that the filters leave, the worst first, then by unit and name."""
    ordered = view.opened.ordered(view.seen.rule, view.position)
    table = ordered.villages
    kept = np.flatnonzero(view.keep.reindex(table.index).to_numpy(bool))
    ids, listed = tuple(table.index[kept]), kept[:MOST_ROWS]
    if len(table) <= MOST_ROWS:  # told once for everybody: no choice waits for it
        if view.t.language not in ordered.told:
            ordered.told[view.t.language] = _columns(table, view.t, view.structure.levels)
        rows = ordered.told[view.t.language].iloc[listed]
    else:
        rows = _columns(table.iloc[listed], view.t, view.structure.levels)
    rows = rows.reset_index(drop=True)
    for name in (view.t("People"), view.t("Area served (%)")):
        rows[name] = as_wide(rows[name].tolist())
    follow_up = view.opened.follow_up()
    if not follow_up.empty:
        rows = rows.assign(**_follow_up(follow_up.reindex(list(ids[: len(rows)])), view.t))
    return VillageList(ids=ids, rows=rows)


def _columns(table: pd.DataFrame, t: Translator, levels: tuple[str, ...]) -> pd.DataFrame:
    """The columns an official reads, under translated heads; figures are not yet aligned."""
    yes_no = {True: t("yes"), False: t("no")}
    verdicts = {verdict: verdict_text(verdict, t) for verdict in VERDICT_TEXTS}
    duties = {duty: t(told) for duty, told in DUTIES.items()}
    of = {name: table[name].tolist() for name in table}  # a choice waits for this: no Series a cell
    told = cache(cell)  # the same name is one text, however many rows have it
    shares = pd.to_numeric(table["best_share"]) * 100
    columns: dict[str, Sequence[str | None]] = {
        t("Village"): [told(name) for name in of["village"]],
        t("Signal"): [
            verdicts[verdict]
            if by != NO_PLACE
            else f"{verdicts[verdict]}: {t('no place in the file')}"
            for verdict, by in zip(of["verdict"], of["decided_by"], strict=True)
        ],
        t("Commune"): [told(name) for name in of["commune"]],
        t("District"): [told(name) for name in of["district"]],
        t("People"): t.figures(of["population"]),
        t("Grid power"): [yes_no.get(power) for power in of["electrified"]],
        t("Responsible"): [duties[duty] for duty in of["duty"]],
        t("Best operator"): [told(name) for name in of["best_operator"]],
        t("Area served (%)"): t.figures(shares.tolist(), digits=1),
    }
    if "served_by_others" in table:
        columns[t("Served by others")] = [yes_no[served] for served in of["served_by_others"]]
    if "district" not in levels:
        del columns[t("District")]
    return pd.DataFrame(columns, dtype=object)


def _follow_up(table: pd.DataFrame, t: Translator) -> dict[str, list[str]]:
    """What has come back of any of the villages; it never changes a verdict."""
    told = {
        t(label): [plain(shown(name, str(value), t.language)) for value in table[name].fillna("")]
        for name, label in FOLLOW_UP.items()
        if name in table
    }
    return {label: values for label, values in told.items() if any(values)}


def unit_list(view: View, figures: pd.DataFrame, names: Mapping[str, str], by: str) -> VillageList:
    """Units ranked by ``by``: "uncovered", "share" or "people"; those without gaps last."""
    t = view.t
    table = figures.reindex(list(names)).dropna(subset="villages")
    table = table.assign(shown=[names[str(code)] for code in table.index])
    keys = {"uncovered": "uncovered", "share": "share", "people": "population_uncovered"}
    ranked = table.sort_values(
        [keys[by], "uncovered"], ascending=[by == "share", False], kind="stable"
    )
    rows = pd.DataFrame(
        {
            t("Unit"): ranked["shown"].map(plain),
            t("Uncovered"): t.column(ranked["uncovered"]),
            t("No signal"): t.column(ranked["none"]),
            t("Weak"): t.column(ranked["weak"]),
            t("Missing data"): t.column(ranked["unknown"]),
            t("Covered (%)"): t.column(ranked["share"] * 100, digits=2),
            t("People in gaps"): t.column(ranked["population_uncovered"]),
        }
    )
    if not ranked["unknown"].any():  # a column of noughts would push the last one out of sight
        del rows[t("Missing data")]
    return VillageList(
        ids=tuple(str(key) for key in ranked.index), rows=rows.reset_index(drop=True)
    )


def draw_table(rows: pd.DataFrame, t: Translator, **options: Any) -> None:
    """Draw ``rows`` as `st.dataframe` does, the first `MOST_DRAWN` of them.

    The only way to such a table: Streamlit leaves one of more than 150,000 rows on the server,
    and sends parts of it over the socket without asking who may still see it.
    """
    st.dataframe(rows.head(MOST_DRAWN), **options)
    if len(rows) > MOST_DRAWN:
        st.caption(t("The first {count} are listed.", count=t.number(MOST_DRAWN)))


def figures_right(rows: pd.DataFrame, t: Translator) -> dict[str, Any]:
    """How `st.dataframe` shows the columns of figures: to the right, as numbers stand."""
    names = [
        *(t("Uncovered"), t("No signal"), t("Weak"), t("Missing data"), t("Villages")),
        *(t("Covered (%)"), t("People in gaps"), t("People"), t("Area served (%)")),
    ]
    right = st.column_config.TextColumn(alignment="right")
    named = rows.columns[1:]  # the first has the names, under a word that may be the same
    return {name: right for name in names if name in named}


def cards(columns: Mapping[str, Sequence[str]], *, number: str) -> str:
    """A numbered table as HTML that a narrow screen shows as cards, each cell with its label."""
    heads = "".join(f'<th scope="col">{html_safe(label)}</th>' for label in (number, *columns))
    rows = [
        f'<tr><th scope="row" data-label="{html_safe(number)}">{k}</th>'
        + "".join(
            f'<td data-label="{html_safe(label)}"{"" if text else EMPTY}>{html_safe(text)}</td>'
            for label, text in zip(columns, cells, strict=True)
        )
        + "</tr>"
        for k, cells in enumerate(zip(*columns.values(), strict=True), 1)
    ]
    return (
        f'<table class="phusong-cards"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def matrix_rows(matrix: pd.DataFrame, t: Translator) -> pd.DataFrame:
    """Operators by technologies: villages served, a dash where there is no layer."""
    shown = matrix.map(lambda n: t.number(None if pd.isna(n) else int(n)))
    shown.index = pd.Index([escaped(name) for name in matrix.index], name=t("Operator"))
    return shown


def number_rows(counts: pd.Series[int], villages: int, t: Translator) -> pd.DataFrame:
    """Villages by how many operators cover them."""
    return pd.DataFrame(
        {
            t("Operators"): [t.number(int(k)) for k in counts.index],
            t("Villages"): [t.number(int(n)) for n in counts],
            t("Share"): [t.percent(n / villages if villages else None) for n in counts],
        }
    ).set_index(t("Operators"))


def filing_rows(assessment: Assessment, t: Translator) -> pd.DataFrame:
    """The filings with their dates, and those that are missing, by name."""
    table = filings(assessment)
    title = [
        escaped(f"{o} {k}".strip())
        for o, k in zip(table["operator"], table["technology"], strict=True)
    ]
    return pd.DataFrame(
        {
            t("Layer"): title,
            t("Filed"): [
                t.date(day) if filed else t("missing")
                for day, filed in zip(table["as_of"], table["filed"], strict=True)
            ],
            t("Evidence"): [t(EVIDENCE[kind]) if kind else "–" for kind in table["evidence"]],
            t("Villages served"): [
                t.number(None if pd.isna(n) else int(n)) for n in table["villages_served"]
            ],
            t("Counted"): [t("yes") if yes else t("no") for yes in table["admitted"]],
        }
    ).set_index(t("Layer"))


def cell(value: object) -> str:
    """A name as a cell shows it; empty where there is none."""
    return "" if value is None or pd.isna(value) else plain(value)  # type: ignore[call-overload]  # any cell

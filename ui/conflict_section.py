"""Where measurements contradict what is declared: a list below the villages, lines on the card."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from geodata.export.conflicts import conflict_bytes
from geodata.export.naming import file_name
from ui import choices
from ui.conflicts import claim_sentence, subject_of
from ui.controls import select_rows
from ui.delivery import claim_of, download_button
from ui.downloads import FORMATS
from ui.plain import escaped
from ui.tables import cell, draw_table
from ui.texts import Translator, phrase_text
from ui.texts import marked as _
from ui.view import View

SHOWN = 300
"""So many conflicts are listed in the page; a file has them all."""

KINDS = {
    "overclaims": _("declared served, measured below"),
    "underclaims": _("declared not served, measured good"),
    "agrees": _("no conflict"),
    "too_few": _("too few samples to say"),
}


def conflict_section(view: View) -> None:
    """The ranked list for the area looked at; nothing where nothing was measured."""
    t, found = view.t, view.opened.conflicts()
    if not found.given:
        return
    ids = view.in_area.index[view.in_area]
    table = found.table[found.table["village_id"].isin(ids) & _looked_at(view, found.table)]
    ranked = table[table["rank"].notna()]
    with st.expander(
        t("Measured against what is declared: {count} conflicts", count=t.number(len(ranked))),
        icon=":material/network_check:",
        expanded=bool(len(ranked)) and not view.village,
        key="conflicts",
    ):
        told = t("No verdict is changed by measurements; they show which claims to look into.")
        left_out = [phrase_text(one.sentence, t.language) for one in found.findings]
        st.caption(" ".join([told, *(f"{escaped(one)}." for one in left_out)]))
        if len(ranked):
            _list(view, ranked)
        else:
            st.info(t("No measurement here contradicts what is declared."))
        if len(table):
            _downloads(view, table)


def _looked_at(view: View, table: pd.DataFrame) -> pd.Series[bool]:
    """The rows of the operator and technology that are looked at alone, if any is."""
    keep = pd.Series(data=True, index=table.index)
    for name, chosen in (
        ("operator", view.choices.operator),
        ("technology", view.choices.technology),
    ):
        if view.is_narrowed and chosen:
            keep &= table[name].isin(["", chosen])
    return keep


def _list(view: View, ranked: pd.DataFrame) -> None:
    """The conflicts; choosing a row opens its village."""
    t, shown = view.t, ranked.head(SHOWN)
    ids = tuple(str(one) for one in shown["village_id"])
    key = f"conflicts {t.language} {hash(ids)}"
    row = ids.index(view.village) if view.village in ids else None
    select_rows(key, [] if row is None else [row])

    def react() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        choices.choose(village=ids[rows[0]] if rows else "")

    columns = _columns(shown, t)
    draw_table(
        columns,
        t,
        key=key,
        hide_index=True,
        on_select=react,
        selection_mode="single-row",
        height=min(38 + 35 * len(ids), 330),
        placeholder="–",
        alt=t("List of conflicts between measurements and layers"),
    )
    if len(shown) < len(ranked):
        st.caption(
            t("The first {count} are listed; a file has them all.", count=t.number(len(shown)))
        )


def _columns(shown: pd.DataFrame, t: Translator) -> pd.DataFrame:
    yes_no = {True: t("yes"), False: t("no")}
    return pd.DataFrame(
        {
            t("Rank"): t.column(shown["rank"].astype(float)),
            t("Village"): shown["village"].map(cell),
            t("Commune"): shown["commune"].map(cell),
            t("Layer"): [subject_of(row, t) for row in shown.to_dict("records")],
            t("Conflict"): shown["kind"].map({kind: t(text) for kind, text in KINDS.items()}),
            t("Samples"): t.column(shown["samples"]),
            t("Below (%)"): t.column(shown["share_below"] * 100),
            t("Interval (%)"): [
                f"{t.number(round(low * 100))}–{t.number(round(high * 100))}"
                for low, high in zip(shown["low"], shown["high"], strict=True)
            ],
            t("Verdict hangs on it"): shown["hangs"].map(yes_no),
        }
    ).reset_index(drop=True)


def _downloads(view: View, table: pd.DataFrame) -> None:
    """Everything compared in the area, as a workbook or as text."""
    t = view.t
    what = "do-kiem-mau-thuan" if t.language == "vi" else "conflicts"
    claim = claim_of(view.rights.to_look, study=view.opened.slug)
    with st.container(horizontal=True, key="conflict files"):
        for ending in ("xlsx", "csv"):
            label, mime = FORMATS[ending]
            download_button(
                label,
                partial(conflict_bytes, table, ending, run=view.opened.run, language=t.language),
                file_name=file_name(
                    view.opened.run, ending, place=view.area_name, what=what, language=t.language
                ),
                mime=mime,
                icon=":material/download:",
                claim=claim,
                key=f"download conflicts {ending}",
            )


def measured_here(view: View) -> None:
    """What was measured in the chosen village, beside what its layers say."""
    t, table = view.t, view.opened.conflicts().table
    rows = table[table["village_id"] == view.village]
    if rows.empty:
        return
    lines = [
        f"{'⚠ ' if pd.notna(row['rank']) else ''}{escaped(subject_of(row, t))}, "
        f"**{t(KINDS[str(row['kind'])])}**: {escaped(claim_sentence(row, t))}"
        for row in rows.to_dict("records")
    ]
    st.markdown(f"**{t('Measured here')}**  \n" + "  \n".join(lines))

"""Overview: the headline, progress, units as a map and ranked, operators, filings."""

from __future__ import annotations

import streamlit as st

from coverage.summarise import operator_technology_matrix
from geodata.study.places import Level
from ui import choices, studies
from ui.access import addresses
from ui.controls import choice_box, choose_area, select_rows, units_box
from ui.figures import (
    agreement,
    figures_told,
    headline_split,
    leader_sentence,
    no_units_text,
    progress,
    unjudged_text,
)
from ui.maps.component import draw_map
from ui.plain import escaped
from ui.tables import (
    MOST_DRAWN,
    VillageList,
    draw_table,
    figures_right,
    filing_rows,
    matrix_rows,
    number_rows,
    unit_list,
)
from ui.texts import marked as _
from ui.view import View, map_state

RANKINGS = {
    "uncovered": _("by uncovered villages"),
    "share": _("by share covered"),
    "people": _("by people uncovered"),
}
LONG_NAME, WIDEST_NAME, TALL_ROW = 22, 170, 50
"""A name of more letters than that has two lines, in a column so many pixels wide."""

LEVELS: dict[str, str] = {"district": _("Districts"), "commune": _("Communes")}


def show(view: View) -> None:
    """Draw the page."""
    t, run = view.t, view.run
    headline = view.headline()
    st.subheader(escaped(leader_sentence(headline, run, t, place=view.area_name)), anchor=False)
    with st.container(horizontal=True, key="figures"):
        between, others = view.between(view.in_area), view.others(view.in_area)
        for label, value, note in headline_split(headline, t, between=between, others=others):
            st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True)
    st.caption(figures_told(headline, view.sureness, view.in_area.to_numpy(bool), t))
    silenced = unjudged_text(view.seen, t)
    if silenced:
        st.warning(escaped(silenced), icon=":material/warning:")
    with st.container(key="reconciled"):
        if not view.area:
            _reconciled(view)
    missing = run.summary.headline.unknown > 0  # so that all columns of the ranking fit
    pictured, listed = st.columns([3, 5] if missing else [10, 13], gap="medium")
    with listed:
        level = _level(view)
    units = ranked_units(view, level)
    with pictured:
        draw_map(
            view.opened.feed,
            map_state(view, "areas", level=level),
            t,
            address=addresses(),
            on_pick={
                "area": lambda code: choose_area(view, level, code),
                "village": lambda village: choices.choose(village=village),
            },
            tiles=studies.tile_address(),
        )
    with listed:
        _ranked(view, units, level)
    _operators(view)


def _reconciled(view: View) -> None:
    """The published figures beside ours, and the way to the target."""
    t, headline = view.t, view.headline()
    for line in agreement(view.run.summary.comparisons, t):
        st.markdown(line)
    reached = progress(headline, view.run, t)
    if reached is not None:
        st.progress(reached[0], text=reached[1])


def level_of(view: View) -> Level:
    """The level of the units drawn and ranked."""
    levels = view.structure.levels
    return next((level for level in levels if level == view.choices.level), levels[0])


def _level(view: View) -> Level:
    """Let the reader choose the level of the units drawn and ranked."""
    t, levels, found = view.t, view.structure.levels, level_of(view)
    with st.container(horizontal=True, vertical_alignment="bottom", key="unit choice"):
        units_box(view)
        if len(levels) > 1:
            choice_box(t("Show"), "level", {level: t(LEVELS[level]) for level in levels}, found)
        rankings = {key: t(text) for key, text in RANKINGS.items()}
        choice_box(t("Rank"), "ranking", rankings, ranking_of(view))
    return found


def ranked_units(view: View, level: Level) -> VillageList:
    """The units of a level in the order asked for."""
    figures = view.opened.figures(view.seen.rule, view.position, level)
    return unit_list(view, figures, view.structure.units(level), ranking_of(view))


def ranking_of(view: View) -> str:
    """What the units are ranked by."""
    asked = view.choices.ranking
    return asked if asked in RANKINGS else next(iter(RANKINGS))


def _ranked(view: View, units: VillageList, level: Level) -> None:
    """The units in their order; choosing one moves figures and map."""
    t = view.t
    if view.structure.is_empty:
        st.info(no_units_text(t), icon=":material/info:")
        return
    key = f"units {level} {t.language} {ranking_of(view)} {view.position}"
    ids, drawn = units.ids, units.ids[:MOST_DRAWN]
    select_rows(key, [drawn.index(view.area)] if view.area in drawn else [])
    long = units.rows[t("Unit")].str.len().max() > LONG_NAME

    def react() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        choose_area(view, level, ids[rows[0]] if rows else "")

    draw_table(
        units.rows,
        t,
        key=key,
        hide_index=True,
        on_select=react,
        selection_mode="single-row",
        height=560,
        row_height=TALL_ROW if long else None,
        placeholder="–",
        alt=t("Units ranked by uncovered villages"),
        column_config={
            **figures_right(units.rows, t),
            **({t("Unit"): st.column_config.TextColumn(width=WIDEST_NAME)} if long else {}),
        },
    )


def _operators(view: View) -> None:
    """How many operators, which technologies, and the filings behind it all."""
    t, run = view.t, view.run
    if view.area:
        st.caption(t("The tables below are of the whole study, whatever area is chosen."))
    first, second = st.columns(2, gap="medium")
    if view.rights.operator:  # how many of the others serve a village is not for them
        second = first
    else:
        with first:
            st.subheader(t("Villages by number of operators"), anchor=False)
            summary = run.summary
            st.table(number_rows(summary.by_number_of_operators, summary.headline.villages, t))
    with second:
        st.subheader(t("Villages served, by operator and technology"), anchor=False)
        st.table(matrix_rows(operator_technology_matrix(view.whole), t))
    st.subheader(t("The filings behind these figures"), anchor=False)
    st.table(filing_rows(view.whole, t))

"""My area: one district or commune on one page, for paper and a phone."""

from __future__ import annotations

import base64
from dataclasses import replace
from html import escape

import streamlit as st

from geodata.columns import plain as bare
from geodata.export.sheet import AreaSheet
from geodata.study.places import Structure, structure_on, unchanged
from ui import choices
from ui.access import current_owner, key_of
from ui.controls import text_box
from ui.downloads import sheet_downloads
from ui.figures import headline_split, leader_sentence, no_units_text
from ui.plain import escaped, plain
from ui.sheets import sheet_of
from ui.tables import VERDICT_MARKS, cards, unit_list
from ui.text_page import text_address
from ui.view import View, make_view

MOST_FOUND = 400
MOST_IN_NEED = 15


def show(view: View) -> View:
    """Draw the page; gives the view in the units it is drawn in."""
    view = todays(view)
    t = view.t
    st.subheader(t("One district or commune on one page"), anchor=False)
    if view.structure.is_empty:
        st.info(no_units_text(t), icon=":material/info:")
        return view
    options = units_by_name(view)
    with st.container(horizontal=True, vertical_alignment="bottom", key="unit choice"):
        text_box(
            t("Look for a commune, ward or district, by its old or new name"),
            "name",
            view.choices.name,
            placeholder=t("with or without marks"),
        )
        _unit_box(view, options)
    if not view.area:
        st.info(t("Choose your commune or district above."), icon=":material/home_pin:")
        _most_in_need(view)
        return view
    sheet = sheet_of(view)
    headline = view.headline()
    st.subheader(
        escaped(leader_sentence(headline, view.run, t, place=view.area_name)), anchor=False
    )
    with st.container(horizontal=True, key="figures"):
        between, others = view.between(view.in_area), view.others(view.in_area)
        for label, value, note in headline_split(headline, t, between=between, others=others):
            st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True)
    st.markdown(escaped(sheet.change))
    sheet_downloads(view, sheet)
    words = t("This page as text alone, for very slow lines")
    st.markdown(f"[{words}]({text_address(view, key=key_of(current_owner()))})")
    pictured, listed = st.columns([2, 3], gap="medium")
    with pictured:
        st.html(picture(sheet))
    with listed:
        _list(view, sheet)
    return view


def _most_in_need(view: View) -> None:
    """The communes with most uncovered villages, to start from."""
    t, structure = view.t, view.structure
    level = structure.levels[-1]
    found = in_need(view)
    if not found:
        return
    st.markdown(f"**{t('Where most villages have no signal')}**")
    day = structure.valid_from.isoformat()
    with st.container(key="in need", gap="small"):
        for code, name, told in found:
            st.button(
                f"**{escaped(name)}**  \n{escaped(told)}",
                key=f"in need {code}",
                width="stretch",
                on_click=choices.choose,
                kwargs={"units": day, level: code},
            )


def in_need(view: View) -> list[tuple[str, str, str]]:
    """The smallest units with most uncovered villages: code, name, and their figures in words."""
    structure = view.structure
    level = structure.levels[-1]
    figures = view.opened.figures(view.seen.rule, view.position, level)
    units = unit_list(view, figures[figures["uncovered"] > 0], structure.units(level), "uncovered")
    cells = {str(head): units.rows[head].tolist() for head in units.rows}
    names = cells.pop(view.t("Unit"))
    return [
        (code, names[k], " · ".join(f"{head}: {cells[head][k]}" for head in cells))
        for k, code in enumerate(units.ids[:MOST_IN_NEED])
    ]


def picture(sheet: AreaSheet) -> str:
    """The map of the sheet as a picture with its words for who cannot see it."""
    body = base64.b64encode(sheet.svg.encode()).decode()
    told = escape(f"{sheet.words['map']}: {sheet.headline}", quote=True)
    return f'<img class="area-picture" alt="{told}" src="data:image/svg+xml;base64,{body}">'


def todays(view: View) -> View:
    """The view in today's units, unless the address asks for others or names an older unit."""
    opened, choice = view.opened, view.choices
    if choice.units or choice.district or choice.commune:
        return view
    newest = opened.structures[-1].valid_from.isoformat()
    return make_view(opened, replace(choice, units=newest))


def units_by_name(view: View) -> dict[str, str]:
    """Units that bear the name looked for, now or before: "day level code" → what is shown."""
    t, found = view.t, {}
    asked = bare(view.choices.name).split()
    structures = view.opened.structures
    for place, structure in reversed(list(enumerate(structures))):
        for level in reversed(structure.levels):
            between = 0 < place < len(structures) - 1
            again = unchanged(structures[place - 1], structure, level) if between else frozenset()
            for code, name in structure.units(level).items():
                if code in again:  # it stands there once, from the day it first held
                    continue
                label = _label(view, structure, level, code, name)
                words = f" {bare(label)}"
                if all(f" {word}" in words for word in asked):
                    found[f"{structure.valid_from.isoformat()} {level} {code}"] = label
        if len(found) > MOST_FOUND and not asked:
            break
    if not found and asked:
        st.warning(t("No unit bears the name {name}.", name=escaped(view.choices.name)))
    return found


def _label(view: View, structure: Structure, level: str, code: str, name: str) -> str:
    """A unit with what it was before: its former communes and district, or its day."""
    t, opened = view.t, view.opened
    inside = structure.places[f"{level}_code"] == code
    current = structure is opened.structures[-1]
    if not current:
        return t("{unit} (units from {date})", unit=plain(name), date=t.date(structure.valid_from))
    before = structure_on(opened.structures, opened.run.study.as_of)
    if before is structure:
        return plain(name)
    old = before.places[inside]
    told = [*dict.fromkeys(old["commune"]), *dict.fromkeys(old["district"])]
    return t("{unit} (before: {old})", unit=plain(name), old=", ".join(plain(n) for n in told if n))


def _unit_box(view: View, options: dict[str, str]) -> None:
    """The units found; the chosen one stays in the list even where the search misses it."""
    t = view.t
    chosen = f"{view.structure.valid_from.isoformat()} {view.area_level} {view.area}"
    shown = dict(options)
    if view.area and chosen not in shown:
        shown = {chosen: plain(view.area_name), **shown}
    key = "my unit"
    st.session_state[key] = chosen if view.area else ""

    def react() -> None:
        told = str(st.session_state[key])
        if not told:
            choices.choose(units="", district="", commune="")
            return
        day, level, code = told.split(" ", 2)
        where = {"district": code} if level == "district" else {"commune": code}
        choices.choose(**{"units": day, "district": "", "commune": "", **where})

    st.selectbox(
        t("My unit"),
        ["", *shown],
        key=key,
        format_func=lambda one: shown.get(one, t("– choose –")),
        on_change=react,
    )


def _list(view: View, sheet: AreaSheet) -> None:
    """The villages that are not covered, as a plain table that every phone shows."""
    t, words = view.t, sheet.words
    if not sheet.rows:
        st.success(words["nothing"], icon=":material/check_circle:")
        return
    st.html(village_cards(view, sheet))
    st.caption(t("Uncovered and unknown villages, the worst first."))


def village_cards(view: View, sheet: AreaSheet) -> str:
    """The villages of a sheet as HTML, without the columns that have nothing to say."""
    words = sheet.words
    columns = {
        words["village"]: [row.village for row in sheet.rows],
        words["verdict"]: [f"{VERDICT_MARKS[row.kind]} {row.verdict}" for row in sheet.rows],
        words["unit"]: [row.unit for row in sheet.rows],
        words["former"]: [row.former for row in sheet.rows],
        words["people"]: [row.people for row in sheet.rows],
        words["power"]: [row.power for row in sheet.rows],
        words["duty"]: [row.duty for row in sheet.rows],
        words["note"]: [row.note for row in sheet.rows],
    }
    if view.area_level == "commune":  # the one unit that stands above all of them
        del columns[words["unit"]]
    kept = {label: cells for label, cells in columns.items() if any(cells)}
    return cards(kept, number=words["stt"])

"""The controls that pages share. Each writes into the address, and shows what stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from geodata.study.places import Level, structure_on
from ui import choices
from ui.plain import escaped, plain
from ui.texts import Translator
from ui.texts import marked as _
from ui.view import View

POWERS: Mapping[str, str] = {
    "yes": _("with grid power"),
    "no": _("no grid power"),
    "missing": _("power not known"),
}
SERVED: Mapping[str, str] = {
    "others": _("served only by others"),
    "one": _("by one operator only"),
    "powered": _("powered and nobody"),
}


def choice_box(
    label: str,
    field: str,
    options: Mapping[str, str],
    value: str,
    *,
    everything: str | None = None,
    then: Callable[[str], None] | None = None,
    **more: Any,
) -> None:
    """A list to choose one of; ``everything`` names the empty choice, where there is one."""
    key = f"choose {field}"
    first = [] if everything is None else [""]
    known = [*first, *options]
    st.session_state[key] = value if value in known else (known[0] if known else None)

    def react() -> None:
        chosen = st.session_state[key] or ""
        if then is None:
            choices.choose(**{field: chosen})
        else:
            then(chosen)

    st.selectbox(
        label,
        known,
        key=key,
        format_func=lambda code: plain(options.get(code, everything or "")),
        on_change=react,
        **more,
    )


def several(label: str, field: str, options: Mapping[str, str], value: Sequence[str]) -> None:
    """Pills of which any number can be on; they stand in the address with commas."""
    key = f"choose {field}"
    st.session_state[key] = [one for one in options if one in value]

    def react() -> None:
        chosen = [one for one in options if one in st.session_state[key]]
        choices.choose(**{field: ",".join(chosen)})

    st.pills(
        label,
        list(options),
        key=key,
        selection_mode="multi",
        format_func=lambda one: escaped(options[one]),
        on_change=react,
    )


def select_rows(key: str, rows: list[int]) -> None:
    """Show rows of the list with ``key`` as chosen.

    Only where they are others: a state that is set counts as a choice of the reader, and its
    reaction would run with the next choice made anywhere on the page.
    """
    state = st.session_state.get(key)
    if state is None or state["selection"]["rows"] != rows:
        st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}


def text_box(label: str, field: str, value: str, **more: Any) -> None:
    """A line of text to look for."""
    key = f"choose {field}"
    st.session_state[key] = value
    st.text_input(
        label,
        key=key,
        on_change=lambda: choices.choose(**{field: st.session_state[key].strip()}),
        **more,
    )


def units_box(view: View) -> None:
    """Which structure of units the villages are grouped by; nothing where there is one only."""
    options = structure_options(view)
    if len(options) > 1:
        day = view.structure.valid_from.isoformat()
        choice_box(view.t("Administrative units"), "units", options, day)


def structure_options(view: View) -> dict[str, str]:
    """The structures of units by the day that each holds from."""
    t = view.t
    return {
        s.valid_from.isoformat(): t("Units from {date}", date=t.date(s.valid_from))
        for s in view.opened.structures
    }


def area_boxes(view: View) -> None:
    """District, then commune, in the structure chosen."""
    t, structure = view.t, view.structure
    district = view.choices.district if "district" in structure.levels else ""
    if "district" in structure.levels:
        choice_box(
            t("District"),
            "district",
            structure.units("district"),
            district,
            everything=t("Whole area"),
            then=lambda code: choose_area(view, "district", code),
        )
    if "commune" in structure.levels and not structure.is_empty:
        options = structure.units("commune", within=district)
        commune = view.area if view.area_level == "commune" else ""
        choice_box(
            t("Commune"),
            "commune",
            options,
            commune,
            everything=t("All communes"),
            then=lambda code: choose_area(view, "commune", code, district=district),
        )


def choose_area(view: View, level: Level, code: str, *, district: str | None = None) -> None:
    """Look at one unit, as `area_chosen` has it."""
    choices.choose(**area_chosen(view, level, code, district=district))


def area_chosen(
    view: View, level: Level, code: str, *, district: str | None = None
) -> dict[str, str]:
    """What looking at one unit changes; the empty code goes back to ``district``, or to all.

    The structure's day goes into the address too: a code alone is another area in another
    structure. Where nothing is chosen any more, the usual structure needs no day.
    """
    above = view.choices.district if district is None else district
    chosen = {"district": code} if level == "district" else {"district": above, "commune": code}
    usual = view.structure is structure_on(view.opened.structures, view.run.study.as_of)
    day = "" if usual and not any(chosen.values()) else view.structure.valid_from.isoformat()
    return {"units": day, **chosen}


def people_boxes(view: View) -> None:
    """Least and most people of a village."""
    t = view.t
    least, most = choices.people_range(view.choices.people)
    for label, key, value in (
        (t("People from"), "people from", least),
        (t("People to"), "people to", most),
    ):
        st.session_state[key] = value
        st.number_input(label, min_value=0, step=50, key=key, on_change=_people, placeholder="–")


def _people() -> None:
    least, most = st.session_state["people from"], st.session_state["people to"]
    told = "" if least is None and most is None else f"{_whole(least)}-{_whole(most)}"
    choices.choose(people=told)


def _whole(value: float | None) -> str:
    return "" if value is None else str(int(value))


def page_language(t: Translator) -> str:
    """The language's code for the browser."""
    return t.language

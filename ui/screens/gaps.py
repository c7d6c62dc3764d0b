"""Villages without signal: filters, map, list and the card that says why."""

from __future__ import annotations

import streamlit as st

from geodata.study.places import structure_on
from ui import choices, studies
from ui.access import addresses
from ui.card import why_card
from ui.conflict_section import conflict_section
from ui.controls import (
    POWERS,
    SERVED,
    area_boxes,
    choice_box,
    choose_area,
    people_boxes,
    select_rows,
    several,
    text_box,
    units_box,
)
from ui.downloads import list_downloads
from ui.figures import split_text
from ui.maps.component import draw_map
from ui.opened import VERDICT_ORDER
from ui.plain import escaped
from ui.tables import (
    VERDICT_TEXTS,
    VillageList,
    draw_table,
    figures_right,
    verdict_text,
    village_list,
)
from ui.texts import Translator
from ui.view import View, map_state, operators_of, technologies_of


def above(view: View) -> None:
    """Which area, and the name looked for.

    The list of all communes is what costs a browser most: it is left alone by other filters.
    """
    t = view.t
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        area_boxes(view)
        text_box(
            t("Name of a village, commune or district"),
            "name",
            view.choices.name,
            placeholder=t("with or without marks"),
        )


def show(view: View) -> None:
    """Draw the page."""
    told = st.container(key="above the map")  # whatever comes and goes here, the map stays put
    pictured, beside = st.columns([3, 2], gap="medium")
    with pictured:
        draw_map(
            view.opened.feed,
            map_state(view, "villages"),
            view.t,
            address=addresses(),
            on_pick={
                "village": lambda village: choices.choose(village=village),
                "area": lambda code: _choose_area(view, code),
                "layers": lambda layers: choices.choose(layers=layers),
            },
            tiles=studies.tile_address(),
        )
    with told:  # after the map, which takes the browser longest
        _filters(view)
        _figures(view)
    listed = village_list(view)
    with beside:
        if view.village:
            why_card(view)
        else:
            _list(view, listed)
    if view.village:
        _list(view, listed)
    list_downloads(view, listed.ids)
    conflict_section(view)


def _filters(view: View) -> None:
    """What else narrows the list; the rarer filters fold away."""
    t, choice = view.t, view.choices
    with st.container(horizontal=True, vertical_alignment="center", key="filter feet"):
        verdicts = {v.value: verdict_text(v.value, t) for v in VERDICT_ORDER}
        several(t("Signal"), "verdicts", verdicts, choice.chosen_verdicts or tuple(VERDICT_TEXTS))
        unusual = rare_filters(view)
        label = t("More filters") + (f" ({unusual})" if unusual else "")
        with st.popover(label, icon=":material/filter_alt:", key="more filters"):
            _rarer(view)
        if choice != unfiltered(view):
            st.button(
                t("Clear the filters"), on_click=lambda: _clear(view), icon=":material/close:"
            )


def _rarer(view: View) -> None:
    """The filters that are needed less often."""
    t, choice = view.t, view.choices
    units_box(view)
    _operator_boxes(view)
    powers = {key: t(text) for key, text in POWERS.items()}
    several(t("Grid power"), "power", powers, choice.power.split(","))
    people_boxes(view)
    served = {
        k: t(v)
        for k, v in SERVED.items()
        if k != "others" or choice.operator or view.rights.operator
    }
    choice_box(t("Served"), "served", served, choice.served, everything=t("no matter by whom"))


def rare_filters(view: View) -> int:
    """How many of the rarer filters are set."""
    choice = view.choices
    usual = structure_on(view.opened.structures, view.run.study.as_of)
    rare = (
        view.structure is not usual,
        choice.operator,
        choice.technology,
        choice.power,
        choice.people,
    )
    return sum(bool(one) for one in (*rare, choice.served))


def unfiltered(view: View) -> choices.Choices:
    """The choices without any filter."""
    choice = view.choices
    return choices.Choices(
        language=choice.language,
        study=choice.study,
        variant=choice.variant,
        village=choice.village,
        layers=choice.layers,
    )


def _clear(view: View) -> None:
    st.query_params.from_dict(unfiltered(view).query())


def _operator_boxes(view: View) -> None:
    """Looking at one operator or one technology alone."""
    t, choice = view.t, view.choices
    operators = operators_of(view.opened, view.rule)
    technologies = technologies_of(view.opened, view.rule)
    choice_box(
        t("Operator"),
        "operator",
        {name: name for name in operators},
        choice.operator,
        everything=t("all operators together"),
    )
    choice_box(
        t("Technology"),
        "technology",
        {name: name for name in technologies},
        choice.technology,
        everything=t("all that count"),
    )


def _figures(view: View) -> None:
    """How many villages are listed, with their split, and through whose eyes."""
    st.markdown(f"##### {listed_text(view)}")
    if view.is_narrowed:
        st.info(
            looked_through_text(escaped(view.looked_through), view.t), icon=":material/visibility:"
        )


def listed_text(view: View) -> str:
    """How many villages the filters leave, with their split; no word in it is a stranger's."""
    t, headline = view.t, view.kept_headline()
    told = t.plural(
        "{count} village listed",
        "{count} villages listed",
        headline.villages,
        count=t.number(headline.villages),
    )
    split = split_text(headline, t, view.kept_between())
    people = t("{people} people", people=t.number(headline.population))
    covered = (
        " · " + t("{covered} covered", covered=t.number(headline.covered))
        if headline.covered
        else ""
    )
    others = view.others(view.keep)
    if others is not None:
        covered += " · " + t("{count} of them served by others", count=t.number(others))
    return f"{told}: {split}{covered} · {people}"


def looked_through_text(alone: str, t: Translator) -> str:
    """Through whose eyes alone the villages are seen; ``alone`` is harmless where it is shown."""
    return t(
        "Seen through {alone} alone: a village that only others serve counts as uncovered here.",
        alone=alone,
    )


def _list(view: View, listed: VillageList) -> None:
    """The villages that the filters leave; choosing a row shows it on the map."""
    t, ids = view.t, listed.ids
    if not ids:
        st.info(t("No village fits these filters."), icon=":material/filter_alt_off:")
        return
    key = f"list {t.language} {len(ids)} {hash(ids)}"
    shown = ids[: len(listed.rows)]
    rows = [shown.index(view.village)] if view.village in shown else []
    select_rows(key, rows)

    def react() -> None:  # kept as long as the session: of what is listed it holds the ids alone
        rows = st.session_state[key]["selection"]["rows"]
        choices.choose(village=ids[rows[0]] if rows else "")

    draw_table(
        listed.rows,
        t,
        key=key,
        hide_index=True,
        on_select=react,
        selection_mode="single-row",
        height=min(38 + 35 * len(ids), 330 if view.village else 560),
        placeholder="–",
        alt=t("List of villages"),
        column_config=figures_right(listed.rows, t),
    )
    if len(shown) < len(ids):
        told = t("The first {count} are listed; a file has them all.", count=t.number(len(shown)))
        st.caption(told)


def _choose_area(view: View, code: str) -> None:
    """A click on an area: the commune where communes are drawn, else the district."""
    drawn = view.area or "district" not in view.structure.levels
    choose_area(view, "commune" if drawn else "district", code)

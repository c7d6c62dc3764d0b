"""5G: the rollout zones on the map and in figures, beside the 5G layers."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from ui import choices, studies
from ui.access import addresses
from ui.controls import units_box
from ui.maps.component import draw_map
from ui.plain import escaped
from ui.tables import cell
from ui.texts import Translator
from ui.texts import marked as _
from ui.view import View, map_state

STATUSES = {"live": _("live"), "building": _("building"), "planned": _("planned")}


def show(view: View) -> None:
    """Draw the page."""
    t = view.t
    figures = view.opened.zones(view.rule, view.position)
    if figures is None:
        st.info(
            t("This study has no 5G rollout zones: its study file names none under zones_5g."),
            icon=":material/info:",
        )
        return
    st.subheader(_sentence(view, figures.zones, figures.by_phase), anchor=False)
    units_box(view)
    pictured, beside = st.columns([3, 2], gap="medium")
    with pictured:
        draw_map(
            view.opened.feed,
            map_state(view, "zones"),
            t,
            address=addresses(),
            on_pick={
                "zone": lambda zone: choices.choose(zone=zone),
                "layers": lambda layers: choices.choose(layers=layers),
            },
            tiles=studies.tile_address(),
        )
    with beside:
        st.markdown(f"**{t('By phase')}**")
        st.table(_phases(figures.by_phase, t))
        st.markdown(f"**{t('Zones')}**")
        st.table(_zones(figures.zones, t))
    st.subheader(
        t("By district") if "district" in view.structure.levels else t("By commune"), anchor=False
    )
    chosen = figures.by_district
    zones = set(chosen["zone"])
    if view.choices.zone in zones:
        chosen = chosen[chosen["zone"] == view.choices.zone]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(t("Only zone {zone}", zone=escaped(view.choices.zone)))
            st.button(t("Show all zones"), on_click=lambda: choices.choose(zone=""))
    st.table(_units(chosen, t))
    for source in dict.fromkeys(cell(source) for source in figures.zones["source"]):
        if source:
            st.caption(t("Source: {source}", source=escaped(source)))


def _sentence(view: View, zones: pd.DataFrame, phases: pd.DataFrame) -> str:
    """What is in the zones, read aloud."""
    t = view.t
    told = t(
        "{zones} rollout zones in {phases} phases; villages with 5G inside them today: {count}",
        zones=t.number(zones["zone"].nunique()),
        phases=t.number(len(phases)),
        count=t.number(int(phases["villages_5g"].sum())),
    )
    if not view.rights.operator:
        return told
    own = t(
        "Counted here: zones and 5G of {operator} alone.", operator=escaped(view.rights.operator)
    )
    return f"{told}. {own}"


def _phases(table: pd.DataFrame, t: Translator) -> pd.DataFrame:
    told = {
        t("Phase"): [escaped(phase) or "–" for phase in table["phase"]],
        t("Zones"): [escaped(zones) for zones in table["zones"]],
        **_figures(table, t),
    }
    return pd.DataFrame(told).set_index(t("Phase"))


def _zones(table: pd.DataFrame, t: Translator) -> pd.DataFrame:
    told = {
        t("Zone"): [escaped(cell(zone)) for zone in table["zone"]],
        t("Operator"): [escaped(cell(operator)) for operator in table["operator"]],
        t("Status"): [
            t(STATUSES[status]) if status in STATUSES else escaped(cell(status)) or "–"
            for status in table["status"].fillna("")
        ],
        t("Start"): [_start(start, t) for start in table["start"]],
        **_figures(table, t),
    }
    return pd.DataFrame(told).set_index(t("Zone"))


def _start(start: object, t: Translator) -> str:
    """A day in the reader's way; a quarter or a year as the file has it."""
    told = cell(start)
    try:
        return t.date(date.fromisoformat(told))
    except ValueError:
        return escaped(told) or "–"


def _units(table: pd.DataFrame, t: Translator) -> pd.DataFrame:
    told = {
        t("Zone"): [escaped(zone) for zone in table["zone"]],
        t("Unit"): [escaped(unit) for unit in table["unit"]],
        **_figures(table, t),
    }
    return pd.DataFrame(told).set_index(t("Zone"))


def _figures(table: pd.DataFrame, t: Translator) -> dict[str, list[str]]:
    """Villages, people, area and villages with 5G, in the reader's numbers."""

    def whole(name: str) -> list[str]:
        return [t.number(None if pd.isna(n) else int(n)) for n in table[name]]

    return {
        t("Villages"): whole("villages"),
        t("With 5G"): whole("villages_5g"),
        t("People"): whole("people"),
        t("km²"): [
            t.number(None if pd.isna(area) else round(float(area), 1)) for area in table["area_km2"]
        ],
    }

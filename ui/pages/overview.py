"""The one page so far: the figures, the map, the list of villages without coverage."""

from __future__ import annotations

from functools import partial

import streamlit as st

from coverage import CoverageError
from coverage.model import Headline
from geodata.errors import GeodataError
from ui import choices, downloads, studies
from ui.figures import agreement, basis, headline_sentence, headline_split
from ui.maps.component import MapChoice, draw_map, picked
from ui.plain import escaped
from ui.studies import Opened
from ui.tables import VillageList, gap_list, village_lines
from ui.texts import LANGUAGES, Translator, error_text, translator

LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}


def show() -> None:
    """Draw the page for the choices in the address."""
    choice = choices.current()
    t = translator(choice.language)
    _top(t)
    try:
        with st.spinner(t("Opening the study. The first time takes a minute…")):
            opened = studies.open_study()
    except (GeodataError, CoverageError) as error:
        st.error(escaped(error_text(error, choice.language)))
        return
    _body(opened, choice, t)


def _body(opened: Opened, choice: choices.Choices, t: Translator) -> None:
    """Everything below the title, once a run is there."""
    run, areas = opened.run, opened.feed.areas
    area = choice.area if choice.area in areas.figures.index else ""
    gaps = gap_list(run, t, level=areas.level, area=area)
    if run.study.reconstruction is not None:
        st.warning(
            t(
                "Reconstruction: villages, sites and coverage are simulated from public facts. "
                "They say nothing about any real village."
            ),
            icon=":material/science:",
        )
    beside, pictured = st.columns([2, 3], gap="medium")
    with beside:
        _area_filter(areas.names, areas.level, area, t)
        _figures(areas.headline(area, whole=run.summary.headline), t)
        for line in agreement(run.summary.comparisons, t) if not area else ():
            st.markdown(line)
        _village(village_lines(run, choice.village, t))
    with pictured:
        draw_map(
            opened.feed,
            MapChoice(area=area, village=choice.village),
            t,
            on_village=_village_from_map,
            on_area=_area_from_map,
            tiles=studies.tile_address(),
        )
    _list(gaps, choice.village, t)
    _downloads(opened, area, t)
    st.caption(basis(run, t))


def _top(t: Translator) -> None:
    """Title and language switch."""
    with st.container(horizontal=True, vertical_alignment="center", key="top"):
        st.header(t("Mobile coverage of villages"), anchor=False)
        key = "language"
        st.session_state[key] = t.language
        st.segmented_control(
            t("Language"),
            LANGUAGES,
            key=key,
            format_func=LANGUAGE_NAMES.__getitem__,
            label_visibility="collapsed",
            required=True,
            on_change=lambda: choices.choose("lang", st.session_state[key]),
        )


def _area_filter(names: dict[str, str], level: str, area: str, t: Translator) -> None:
    """The one filter: it moves figures, map and list together."""
    key = "area"
    everywhere = t("Whole area")
    st.session_state[key] = area
    st.selectbox(
        t("District") if level == "district" else t("Commune"),
        ["", *names],
        key=key,
        format_func=lambda code: names.get(code, everywhere),
        on_change=lambda: choices.choose_area(st.session_state[key]),
    )


def _figures(headline: Headline, t: Translator) -> None:
    """The headline in words, and as cards."""
    st.subheader(headline_sentence(headline, t), anchor=False)
    with st.container(horizontal=True, key="figures"):
        for label, value, note in headline_split(headline, t):
            st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True)


def _village(lines: list[str]) -> None:
    """The chosen village, if there is one."""
    if not lines:
        return
    with st.container(border=True, key="village"):
        st.markdown(f"**{escaped(lines[0])}**")
        st.markdown(escaped(" · ".join(lines[1:])))


def _list(gaps: VillageList, village: str, t: Translator) -> None:
    """The villages without coverage; choosing a row shows it on the map."""
    count = t.number(len(gaps.ids))
    st.subheader(f"{t('Villages without coverage')} ({count})", anchor=False)
    if not gaps.ids:
        st.info(t("Every village here is covered, or its data is missing."))
        return
    key = f"list {t.language} {len(gaps.ids)} {gaps.ids[0]}"
    row = gaps.ids.index(village) if village in gaps.ids else None
    st.session_state[key] = {"selection": {"rows": [] if row is None else [row]}}
    st.dataframe(
        gaps.rows,
        key=key,
        hide_index=True,
        on_select=partial(_village_from_list, key, gaps.ids),
        selection_mode="single-row",
        height=min(38 + 35 * len(gaps.ids), 458),
        placeholder="–",
        column_config={
            t("People"): st.column_config.NumberColumn(format="%d"),
            t("Area served (%)"): st.column_config.NumberColumn(format="%.1f"),
        },
    )


def _downloads(opened: Opened, area: str, t: Translator) -> None:
    """The list as files, made when asked for."""
    with st.container(horizontal=True):
        for ending, label in (("xlsx", t("Download Excel")), ("csv", t("Download CSV"))):
            st.download_button(
                label,
                partial(downloads.list_file, opened, ending, area=area, language=t.language),
                file_name=downloads.file_name(opened.run, ending, area=area),
                mime=downloads.MIME_TYPES[ending],
                icon=":material/download:",
                on_click="ignore",
                key=f"download {ending}",
            )


def _village_from_list(key: str, ids: tuple[str, ...]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    choices.choose("village", ids[rows[0]] if rows else "")


def _village_from_map() -> None:
    choices.choose("village", picked("village") or "")


def _area_from_map() -> None:
    choices.choose_area(picked("area") or "")

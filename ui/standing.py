"""Says with the headline why a run is not what its study would give now, and asks what to do."""

from __future__ import annotations

import streamlit as st

from coverage import CoverageError
from geodata.access import Rights
from geodata.errors import GeodataError, KeptResultError
from geodata.export.standing import standing_text
from ui import studies
from ui.access import still_has
from ui.opened import Opened
from ui.plain import escaped
from ui.texts import Translator
from ui.troubles import show_trouble


def standing_told(opened: Opened, t: Translator) -> str:
    """The sentence, with who can have it assessed anew where the reader cannot; "" without need."""
    told = standing_text(opened.run, t.language)
    if not told or _may_publish(opened.rights):
        return told
    return f"{told} {_who_can(t)}"


def standing_notice(opened: Opened, t: Translator) -> None:
    """The sentence on a page, and for those who may publish the button."""
    told, outdated = standing_told(opened, t), opened.run.outdated
    if not told or outdated is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="standing notice"):
        st.warning(escaped(told), icon=":material/history:")
        if _may_publish(opened.rights) and st.button(
            t("Assess anew"), icon=":material/refresh:", key="assess anew"
        ):
            _assess(opened, t)


def offer_anew(error: Exception, rights: Rights | None, slug: str, t: Translator) -> None:
    """Where what is kept of a study cannot be read: the button, or who has it."""
    if not isinstance(error, KeptResultError) or rights is None:
        return
    if not _may_publish(rights):
        st.caption(_who_can(t))
    elif st.button(t("Assess anew"), icon=":material/refresh:", key="assess anew") and still_has(
        rights, study=slug
    ):
        with st.spinner(t("Measuring")):
            studies.assess_anew(slug)
        st.rerun()


def _assess(opened: Opened, t: Translator) -> None:
    """Assess anew by what is there now, publish it, and show it."""
    outdated = opened.run.outdated
    if outdated is None or not still_has(opened.rights, study=opened.slug):
        return
    try:
        with st.spinner(t("Measuring")):
            opened.publish(outdated.rule)
    except (CoverageError, OSError, GeodataError) as error:
        show_trouble(error, t.language)
        return
    st.rerun()


def _may_publish(rights: Rights) -> bool:
    """As on the page of the rule: an operator's people see a part that nobody publishes."""
    return rights.may_change_rules and not rights.operator


def _who_can(t: Translator) -> str:
    return t("Whoever may publish here can have it assessed anew.")

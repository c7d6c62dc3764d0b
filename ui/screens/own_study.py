"""A study of one's own on the page Data: its name, who may open it, and its end."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from geodata.errors import GeodataError
from ui import choices, sharing
from ui.access import current_owner
from ui.plain import escaped
from ui.sharing import Sharing
from ui.shown import shown
from ui.texts import Translator, page_error_text
from ui.texts import marked as _
from ui.view import View
from ui.visitor import current_visitor

AUDIENCES = {
    "me": _("only I"),
    "people": _("people I name"),
    "all": _("everybody who may open this server"),
}
TROUBLE = "own study trouble"


def own_study(view: View) -> None:
    """The controls for who made the open study; nothing for anybody else."""
    slug, visitor = view.choices.study, current_visitor()
    held = sharing.owned(slug, visitor)
    if held is None:
        return
    t, name = view.t, view.opened.run.study.name
    title = (
        t("A study without an owner: name, sharing, deleting")
        if held.owner != visitor.name
        else t("Your study: name, sharing, deleting")
    )
    with st.expander(title, key="own study"):
        _trouble(t)
        _name_form(slug, name, t)
        _sharing_form(slug, held, t, signs_in=visitor.name.startswith("email:"))
        with st.popover(t("Delete this study…"), icon=":material/delete:"):
            st.markdown(
                t("“{name}” goes with its files and results, for everybody.", name=escaped(name))
            )
            st.button(t("Delete now"), type="primary", on_click=lambda: _delete(slug))


def _name_form(slug: str, name: str, t: Translator) -> None:
    with st.form("own study name", border=False):
        told = st.text_input(t("Name of the study"), value=name, max_chars=160)
        if st.form_submit_button(t("Rename")):
            _change(lambda: sharing.rename(slug, current_visitor(), told))
            st.rerun()


def _sharing_form(slug: str, held: Sharing, t: Translator, *, signs_in: bool) -> None:
    """Who may open it; people can be named only where they sign in."""
    offered = [key for key in AUDIENCES if signs_in or key != "people"]
    now = "all" if held.everybody else "people" if held.people and signs_in else "me"
    with st.form("own study sharing", border=False):
        audience = st.radio(
            t("Who may open it"),
            offered,
            index=offered.index(now),
            format_func=lambda key: t(AUDIENCES[key]),
        )
        told = ", ".join(held.people)
        if signs_in:
            told = st.text_input(t("E-mail addresses, with commas"), value=told)
        if st.form_submit_button(t("Save who may open it")):
            people = tuple(told.split(",")) if audience == "people" else ()
            _change(
                lambda: sharing.share(
                    slug, current_visitor(), people=people, everybody=audience == "all"
                )
            )
            st.rerun()


def _delete(slug: str) -> None:
    if _change(lambda: sharing.delete(slug, current_visitor())):
        shown().discard(current_owner(), slug)  # who deletes it need not be told that it is gone
        st.query_params.from_dict(choices.Choices(language=choices.current().language).query())


def _change(change: Callable[[], None]) -> bool:
    """Change something; what is wrong is told with the next run."""
    try:
        change()
    except GeodataError as error:
        st.session_state[TROUBLE] = error
        return False
    return True


def _trouble(t: Translator) -> None:
    error = st.session_state.pop(TROUBLE, None)
    if error is not None:
        st.error(escaped(page_error_text(error, t.language)))

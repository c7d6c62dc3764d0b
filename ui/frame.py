"""The frame of every page: title, pages, language, what is special about the figures, basis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st

from coverage import CoverageError
from geodata.access import Rights
from geodata.errors import GeodataError
from ui import choices, studies
from ui.access import current_owner, current_rights, require, sign_in_page, sign_out_button
from ui.choices import Choices
from ui.figures import basis
from ui.making import making
from ui.opened import Opened
from ui.plain import escaped
from ui.sharing import open_slug
from ui.shown import shown
from ui.standing import offer_anew, standing_notice
from ui.texts import LANGUAGES, Translator, page_error_text, translator
from ui.troubles import show_trouble
from ui.turns import turns
from ui.view import View, make_view
from ui.visitor import current_visitor

FRAMED = "framed"
"""In a session that has a head already."""

TOLD_EVERY_S = 0.3
"""How often a page tells how far the reconstruction is."""

LANGUAGE_NAMES = {"vi": "Tiếng Việt", "en": "English"}


@dataclass(frozen=True, kw_only=True)
class PageEntry:
    """A page of the navigation; ``aside`` ones are for analysts and stand behind "More".

    ``show`` may give back another view, if it is that which it has shown. ``above`` are
    controls that a choice made below them leaves alone; they show ``above_fields``.
    """

    path: str
    title: str
    icon: str
    show: Callable[[View], View | None]
    aside: bool = False
    narrows: bool = False
    above: Callable[[View], None] | None = None
    above_fields: tuple[str, ...] = ()


@contextmanager
def head(
    entries: Mapping[str, Any], titles: Mapping[str, PageEntry], current: str
) -> Iterator[None]:
    """The title, the language switch and the links to the pages, choices taken along.

    It stands above what is drawn meanwhile. A session's first page begins with it, since that
    page may take long to open; later it goes out last, for it is not what a choice is made for.
    """
    top, pages = (
        st.container(horizontal=True, vertical_alignment="center", key=key)
        for key in ("top", "pages")
    )

    def fill() -> None:
        choice = choices.current()
        t = translator(choice.language)
        with top:
            st.header(t("Mobile coverage of villages"), anchor=False)
            _language(choice, t)
        with pages:
            _links(entries, titles, current, choice, t)

    if not st.session_state.get(FRAMED):
        st.session_state[FRAMED] = True
        fill()
        yield
        return
    try:
        yield
    finally:  # a page that fails leaves the way to others
        fill()


def _links(
    entries: Mapping[str, Any],
    titles: Mapping[str, PageEntry],
    current: str,
    choice: Choices,
    t: Translator,
) -> None:
    """The ways to the other pages, and out."""
    for path, entry in titles.items():
        if not entry.aside:
            _link(entries[path], entry, choice, t, current=path == current)
    with st.popover(t("More"), key="more pages"):
        for path, entry in titles.items():
            if entry.aside:
                _link(entries[path], entry, choice, t, current=path == current)
    sign_out_button(t)


def _link(page: Any, entry: PageEntry, choice: Choices, t: Translator, *, current: bool) -> None:
    with st.container(key=f"page {entry.path or 'overview'}{' current' if current else ''}"):
        st.page_link(
            page, label=t(entry.title), icon=entry.icon, query_params=choice.query(across=True)
        )


def _language(choice: Choices, t: Translator) -> None:
    key = "language"
    st.session_state[key] = choice.language
    st.segmented_control(
        t("Language"),
        list(LANGUAGES),
        key=key,
        format_func=LANGUAGE_NAMES.__getitem__,
        label_visibility="collapsed",
        on_change=lambda: choices.choose(language=st.session_state[key] or choice.language),
    )


def page(entry: PageEntry) -> Callable[[], None]:
    """A page's body with all that stands on every page around it.

    Only pages that narrow say through whose eyes they look; on all others an address cannot
    ask for it.
    """

    def run() -> None:
        choice = choices.current()
        t = translator(choice.language)
        _while_made(t)
        with turns().turn():
            with st.spinner(t("Opening the study. The first time takes a minute…")):
                view = _view(entry, choice)
            if view is None:
                return
            with st.container(key="notices"):  # whatever comes and goes here, the map stays put
                notices(view)
            if entry.above is not None:
                entry.above(view)
            _body(entry, _Framed(view=view, choice=choice))

    run.__name__ = entry.show.__module__.rpartition(".")[2]
    return run


@dataclass
class _Framed:
    """What the frame around a body shows; ``is_new`` until the frame's own run has drawn it."""

    view: View
    choice: Choices
    is_new: bool = True


@st.fragment
def _body(entry: PageEntry, framed: _Framed) -> None:
    """All of a page that is run alone, unless what stands around it tells of the choice too.

    Then the choice is another than the frame's, and who may see what is asked again.
    """
    with turns().turn():
        _show(entry, framed)


def _show(entry: PageEntry, framed: _Framed) -> None:
    view: View | None = framed.view
    if not framed.is_new:
        choice = choices.current()
        if not _same_choices(entry, choice, framed.choice):
            st.rerun()  # and only then open what may be another study
        view = _view(entry, choice)
    framed.is_new = False
    if view is None or not _same_frame(view, framed.view):
        st.rerun()
    try:
        view = entry.show(view) or view
    except (CoverageError, OSError, GeodataError) as error:
        show_trouble(error, view.t.language)
    st.caption(basis(view.run, view.t, units=view.structure.valid_from))


def _same_choices(entry: PageEntry, one: Choices, other: Choices) -> bool:
    """Whether the head's links and the controls above the body tell the same of both."""
    fields = (*choices.ACROSS_PAGES, *entry.above_fields)
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _same_frame(one: View, other: View) -> bool:
    """Whether the notices say the same of both: a variant may be kept, changed or forgotten."""
    return (
        one.opened is other.opened
        and one.rule == other.rule
        and str(one.trouble) == str(other.trouble)
    )


def _view(entry: PageEntry, choice: Choices) -> View | None:
    """The view of a choice; None, and why on the page, where there is none."""
    t = translator(choice.language)
    rights, slug = None, ""
    try:
        rights = current_rights()
        if rights is None:
            sign_in_page(t)
            return None
        slug = open_slug(choice.study, current_visitor()) if choice.study else ""
        opened = _opened(slug, rights)
        return make_view(opened, choice if entry.narrows else choice.of_everybody)
    except (CoverageError, OSError, GeodataError) as error:
        show_trouble(error, choice.language)
        offer_anew(error, rights, slug, t)
        return None


def _opened(slug: str, rights: Rights) -> Opened:
    """A study that is open to this session, also once it has been opened: a minute later.

    Raises `NotAllowedError` where one made in the browser is not.
    """
    if not slug:
        return studies.open_study(rights=rights)
    owner = current_owner()
    if not rights.public:  # nobody who does not sign in has a grant that could end
        shown().add(owner, slug)
    opened = studies.open_study(slug, rights=rights)
    require(rights, owner=owner, study=slug)
    return opened


def _while_made(t: Translator) -> None:
    """How far the reconstruction is, for as long as it is being made."""
    if making().part is None:
        return
    place = st.empty()
    while (part := making().part) is not None:
        text = t(
            "The province is being reconstructed and measured on this machine, once: {percent} %",
            percent=t.number(int(100 * part)),
        )
        place.progress(part, text=text)
        time.sleep(TOLD_EVERY_S)
    place.empty()


def notices(view: View) -> None:
    """What nobody may overlook: a reconstruction, figures of before, a variant of the rule."""
    t = view.t
    if view.reconstruction:
        st.warning(simulated_text(t), icon=":material/science:")
    standing_notice(view.opened, t)
    if view.rights.operator:
        st.info(
            t(
                "These figures are of the layers of {operator} alone. Of other operators you see "
                "only whether they serve a village.",
                operator=escaped(view.run.alone),
            ),
            icon=":material/visibility:",
        )
    if view.is_variant:
        with st.container(horizontal=True, vertical_alignment="center", key="variant notice"):
            st.info(variant_text(escaped(view.rule.title), t), icon=":material/experiment:")
            st.button(
                t("Back to the published figures"), on_click=lambda: choices.choose(variant="")
            )
    if view.trouble is not None:
        told = escaped(page_error_text(view.trouble, view.t.language))
        st.warning(f"{told} {t('Shown are the published figures.')}", icon=":material/help:")
    elif view.choices.variant and not view.is_variant and not view.rights.operator:
        st.warning(
            t("There is no variant {name} any more.", name=escaped(view.choices.variant)),
            icon=":material/help:",
        )


def simulated_text(t: Translator) -> str:
    """That all of this is a reconstruction."""
    return t(
        "Reconstruction: villages, sites and coverage are simulated from public facts. "
        "They say nothing about any real village."
    )


def variant_text(name: str, t: Translator) -> str:
    """That the figures are of a variant of the rule; ``name`` is harmless where it is shown."""
    return t("Variant “{name}”: these figures are a what-if and are not published.", name=name)

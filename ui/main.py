"""The page frame: what `streamlit` and AppTest open. Pages are in ``ui/screens``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import choices
from ui.frame import PageEntry, head, page
from ui.screens import area, data, five_g, gaps, method, overview, rule
from ui.texts import marked as _
from ui.texts import translator

FOLDER = Path(__file__).parent

# the pages by their paths in the address, in the order of the navigation
PAGES = (
    PageEntry(path="", title=_("Overview"), icon=":material/dashboard:", show=overview.show),
    PageEntry(
        path="gaps",
        title=_("Villages without signal"),
        icon=":material/signal_cellular_off:",
        show=gaps.show,
        narrows=True,
    ),
    PageEntry(path="area", title=_("My area"), icon=":material/home_pin:", show=area.show),
    PageEntry(path="5g", title=_("5G"), icon=":material/5g:", show=five_g.show),
    PageEntry(path="rule", title=_("Rule"), icon=":material/tune:", show=rule.show, aside=True),
    PageEntry(
        path="data", title=_("Data"), icon=":material/upload_file:", show=data.show, aside=True
    ),
    PageEntry(
        path="method", title=_("Method"), icon=":material/menu_book:", show=method.show, aside=True
    ),
)


def main() -> None:
    """Set the frame and run the chosen page."""
    translate = translator(choices.current().language)
    st.set_page_config(
        page_title=translate("Mobile coverage of villages"),
        page_icon=str(FOLDER / "icon.svg"),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    st.html(FOLDER / "page.css")
    entries = {
        entry.path: st.Page(
            page(entry.show, narrows=entry.narrows),
            title=translate(entry.title),
            url_path=entry.path or None,
            default=not entry.path,
        )
        for entry in PAGES
    }
    chosen = st.navigation(list(entries.values()), position="hidden")
    head(entries, {entry.path: entry for entry in PAGES}, chosen.url_path)
    chosen.run()


main()

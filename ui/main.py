"""The page frame: what `streamlit` and AppTest open. Pages are in ``ui/screens``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import choices
from ui.frame import head, page
from ui.navigation import PAGES
from ui.texts import translator

FOLDER = Path(__file__).parent


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
            page(entry),
            title=translate(entry.title),
            url_path=entry.path or None,
            default=not entry.path,
        )
        for entry in PAGES
    }
    chosen = st.navigation(list(entries.values()), position="hidden")
    with head(entries, {entry.path: entry for entry in PAGES}, chosen.url_path):
        chosen.run()


main()

"""The page frame: what `streamlit` and AppTest open. Pages are in ``ui/pages``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import choices
from ui.pages import overview
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
    page = st.Page(overview.show, title=translate("Overview"), url_path="map", default=True)
    st.navigation([page], position="hidden").run()


main()

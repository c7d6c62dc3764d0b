"""The server: the Streamlit pages and, beside them, the route that serves map data.

``phusong app`` and ``streamlit run app.py`` both start it.
"""

from pathlib import Path

import streamlit as st

from ui.maps.assets import asset_store
from ui.maps.routes import map_routes

app = st.App(
    Path(__file__).parent / "ui" / "main.py",
    routes=map_routes(
        asset_store(), base_path=lambda: str(st.get_option("server.baseUrlPath") or "")
    ),
)

"""The server: the Streamlit pages and, beside them, the routes that serve map data and plain text.

``phusong app`` and ``streamlit run app.py`` both start it.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

gc.set_threshold(100_000, 20, 50)  # `ui.ahead` sets it back: what loads and is opened stays

from ui.access import may_read
from ui.ahead import opening_ahead
from ui.compress import CompressedStatic
from ui.delivery import digest_of
from ui.ending import ending_in_time
from ui.first.paint import FirstPaint
from ui.gone import freeing_sessions
from ui.headers import SecurityHeaders
from ui.maps.assets import asset_store
from ui.maps.routes import map_routes
from ui.prompt import Prompt
from ui.sign_in.gate import AccessGate
from ui.sockets import MessageBound, PongWait, SocketGuard, logging_frames
from ui.studies import tile_address
from ui.text_page import text_routes
from ui.troubles import fault_answer, on_page_error
from ui.upload_limits import UploadGuard, freeing_uploads
from ui.visitor import BrowserCookie

ICON = (Path(__file__).parent / "ui" / "icon.svg").read_bytes()
"""What a browser shows beside the title: for everybody."""


def base_path() -> str:
    """The path that the server is reached under."""
    return str(st.get_option("server.baseUrlPath") or "")


@asynccontextmanager
async def lifespan(server: st.App) -> AsyncIterator[None]:
    """What runs beside the server for as long as it does."""
    with ending_in_time(), logging_frames():
        async with freeing_sessions(), opening_ahead(server), freeing_uploads():
            yield


app = st.App(
    Path(__file__).parent / "ui" / "main.py",
    lifespan=lifespan,
    on_script_error=on_page_error,
    exception_handlers={Exception: fault_answer},
    routes=[
        *map_routes(asset_store(), base_path=base_path, may_read=may_read),
        *text_routes(base_path=base_path),
    ],
    middleware=[
        Middleware(Prompt),
        Middleware(SecurityHeaders, tiles=tile_address),
        Middleware(MessageBound),
        Middleware(PongWait),
        Middleware(AccessGate, base_path=base_path, public=frozenset({digest_of(ICON)})),
        Middleware(SocketGuard),
        Middleware(UploadGuard),
        Middleware(BrowserCookie),
        Middleware(CompressedStatic),
        Middleware(FirstPaint, base_path=base_path),
    ],
)

"""The server's own study, opened while the server starts: its first visitor need not wait."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from streamlit.web.server.starlette.starlette_app import App

from coverage import CoverageError
from geodata.errors import GeodataError
from ui import studies
from ui.access import access
from ui.commands import machine_translator, say_where_code_is_kept
from ui.making import making

COLLECTED_AFTER = (700, 10, 10)
"""How many new objects Python makes before it looks for unreachable ones, unless told otherwise."""


@asynccontextmanager
async def opening_ahead(app: App) -> AsyncIterator[None]:  # noqa: ARG001  # as Starlette has it
    """Start to open the study beside the server's own start.

    The sandbox is made, not started: the log says what holds for the files of strangers.
    """
    studies.sandbox()
    if studies.named_study() is None:  # a named one's command has said it
        say_where_code_is_kept(machine_translator())
    if access() is None and studies.is_unmade():
        making().start()
    Thread(target=open_ahead, daemon=True).start()
    yield


def open_ahead() -> None:
    """Open the study, so that its first view is made.

    Where access is limited each reader's part is opened when they come; a study that cannot be
    made or opened is left to the page, which says so.
    """
    try:
        making().wait()
        if access() is not None or not studies.is_there():
            return
        studies.open_study()
        studies.open_study()  # where nothing was measured yet, results are there now: it is another
    except (CoverageError, GeodataError):
        return
    finally:
        gc.set_threshold(*COLLECTED_AFTER)

"""The server's own study, opened while the server starts: its first visitor need not wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from streamlit.web.server.starlette.starlette_app import App

from coverage import CoverageError
from geodata.errors import GeodataError
from ui import studies
from ui.access import access


@asynccontextmanager
async def opening_ahead(app: App) -> AsyncIterator[None]:  # noqa: ARG001  # as Starlette has it
    """Start to open the study beside the server's own start.

    The sandbox is made, not started: the log says what holds for the files of strangers.
    """
    studies.sandbox()
    Thread(target=open_ahead, daemon=True).start()
    yield


def open_ahead() -> None:
    """Open the study, so that its first view is made.

    Where access is limited each reader's part is opened when they come; a study that has to be
    made, or cannot be opened, is left to the page, which says so.
    """
    try:
        if access() is not None or not studies.is_there():
            return
        studies.open_study()
        studies.open_study()  # where nothing was measured yet, results are there now: it is another
    except (CoverageError, GeodataError):
        return

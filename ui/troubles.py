"""What went wrong on a page: a sentence to the reader, everything else to the server's log."""

from __future__ import annotations

import logging

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from coverage import CoverageError
from geodata.errors import GeodataError
from ui import choices
from ui.headers import security_headers
from ui.plain import escaped
from ui.studies import tile_address
from ui.texts import language_of, page_error_text, translator
from ui.texts import marked as _

LOG = logging.getLogger(__name__)

NO_FILE = _(
    "this server could not read or write a file; try again, and if it stays so, ask who runs it"
)
NO_PAGE = _(
    "this page could not be shown, by a fault of this program; whoever runs the server finds more "
    "in its log"
)


def show_trouble(error: Exception, language: str) -> None:
    """Say on the page what went wrong; what no sentence of ours says goes to the log."""
    log_trouble(error)
    st.error(escaped(trouble_text(error, language)))


def log_trouble(error: Exception) -> None:
    """Write what no sentence of ours says to the log."""
    if not isinstance(error, GeodataError | CoverageError):
        LOG.error("A page could not be shown", exc_info=error)


def trouble_text(error: Exception, language: str) -> str:
    """One sentence without a path of the server, whatever went wrong."""
    if isinstance(error, GeodataError | CoverageError):
        return page_error_text(error, language)
    return translator(language)(NO_FILE if isinstance(error, OSError) else NO_PAGE)


def fault_answer(request: Request, error: Exception) -> Response:
    """The answer where no route has caught what went wrong; the server logs it after that."""
    language = language_of(request.query_params.get("lang", ""))
    headers = {**security_headers(tile_address()), "Cache-Control": "no-store"}
    return PlainTextResponse(trouble_text(error, language), status_code=503, headers=headers)


def on_page_error(error: Exception) -> bool:
    """Say what no page has caught, in the place of Streamlit's own box; it has logged it by now."""
    st.error(escaped(trouble_text(error, choices.current().language)))
    return True

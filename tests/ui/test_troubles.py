"""Whatever goes wrong on a page is a sentence to the reader; the rest is in the server's log."""

from __future__ import annotations

import logging

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from geodata.errors import DataError
from geodata.study.results import Run
from tests.ui.asgi import ran
from tests.ui.tiny_run import open_page
from ui import frame, troubles
from ui.choices import Choices
from ui.screens import method
from ui.troubles import fault_answer, on_page_error, trouble_text

HIDDEN = "/srv/song/study.toml"
ERRORS = [
    PermissionError(13, "Permission denied", HIDDEN),
    OSError(28, "No space left on device", HIDDEN),
    KeyError(HIDDEN),
]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("error", ERRORS, ids=["rights", "disk", "fault"])
def test_no_error_tells_of_the_server(error: Exception, language: str) -> None:
    told = trouble_text(error, language)
    assert "srv" not in told
    assert "study.toml" not in told
    assert type(error).__name__ not in told
    assert ("máy chủ" if language == "vi" else "server") in told


def test_an_error_of_ours_is_its_own_sentence() -> None:
    assert trouble_text(DataError("{a} is odd", a="x"), "en") == "x is odd"


def test_what_no_page_has_caught_takes_the_place_of_streamlits_box(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(troubles.st, "error", told.append)
    monkeypatch.setattr(troubles.choices, "current", lambda: Choices(language="en"))
    assert on_page_error(ERRORS[0])
    assert on_page_error(ERRORS[2])
    assert len(told) == 2
    assert "srv" not in "".join(told)


def test_the_server_has_it_say_so() -> None:
    from app import app  # noqa: PLC0415  # a server of its own

    assert app._on_script_error is on_page_error


def _page(monkeypatch: pytest.MonkeyPatch, run: Run, error: Exception, *, where: str) -> AppTest:
    def fail(*_: object, **__: object) -> None:
        raise error

    if where == "opening":
        page = open_page(monkeypatch, run, "method", lang="en")
        monkeypatch.setattr(frame.studies, "open_study", fail)
        return page.run()
    monkeypatch.setattr(method, "st", Failing(fail))
    return open_page(monkeypatch, run, "method", lang="en")


class Failing:
    """A Streamlit that draws nothing."""

    def __init__(self, fail: object) -> None:
        self._fail = fail

    def __getattr__(self, name: str) -> object:
        return self._fail


@pytest.mark.parametrize("where", ["opening", "drawing"])
@pytest.mark.parametrize("error", ERRORS[:2], ids=["rights", "disk"])
def test_a_file_that_a_page_cannot_read_is_a_sentence_and_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    where: str,
) -> None:
    with caplog.at_level(logging.ERROR):
        app = _page(monkeypatch, run, error, where=where)
    assert not app.exception
    assert [one.value for one in app.error] == [
        "this server could not read or write a file; try again, and if it stays so, ask who runs it"
    ]
    assert HIDDEN in caplog.text


def test_what_no_route_has_caught_is_a_sentence_with_all_headers() -> None:
    from app import app  # noqa: PLC0415  # a server of its own

    handler = app._exception_handlers[Exception]
    assert handler is fault_answer

    def fail(_: Request) -> Response:
        raise ERRORS[2]

    site = Starlette(routes=[Route("/x", fail)], exception_handlers={Exception: handler})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(site, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            return await client.get("/x?lang=en")

    answer = ran(ask())
    assert answer.status_code == 503
    assert answer.text.startswith("this page could not be shown")
    assert "srv" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"

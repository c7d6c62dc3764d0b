"""Who asks, by the cookies of a request."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from tests.ui.asgi import get
from tests.ui.signing import begin, cookie
from ui.sign_in.cookies import VISITOR
from ui.sign_in.register import FOLDER_VARIABLE
from ui.variables import SETTINGS_VARIABLE
from ui.visitor import NOBODY, BrowserCookie, browser_name, cookies_of, visitor_of

SETTINGS = f"""
[access]
secret = "{"s" * 32}"
[[access.people]]
email = "planner@example.org"
districts = ["*"]
may_change_data = true
[[access.people]]
email = "reader@example.org"
districts = ["417"]
"""


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS, "utf-8")
    monkeypatch.setenv(SETTINGS_VARIABLE, str(settings))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "sign-ins"))
    return settings


def _cookies(email: str, *, hours: float = 1, recorded: bool = True) -> dict[str, str]:
    claims: dict[str, object] = {"email": email, "iat": int(time.time() - hours * 3600)}
    if recorded:
        begin({**claims, "is_logged_in": True})
    return {USER_COOKIE_NAME: cookie(claims)}


@pytest.mark.usefixtures("guarded")
def test_somebody_is_known_by_a_sign_in_that_is_signed_and_not_over() -> None:
    planner = visitor_of(_cookies("Planner@example.org"))
    assert (planner.name, planner.may_send_files) == ("email:planner@example.org", True)
    reader = visitor_of(_cookies("reader@example.org"))
    assert (reader.name, reader.may_send_files) == ("email:reader@example.org", False)
    for cookies in (
        {},
        {USER_COOKIE_NAME: "nonsense"},
        {VISITOR: "a" * 64},
        _cookies("planner@example.org", hours=2, recorded=False),
        _cookies("planner@example.org", hours=13),
        _cookies("stranger@example.org"),
    ):
        assert visitor_of(cookies) == NOBODY


def test_settings_that_cannot_be_read_let_nobody_in(guarded: Path) -> None:
    guarded.write_text("[acce", "utf-8")
    assert visitor_of(_cookies("planner@example.org")) == NOBODY
    guarded.unlink()
    assert visitor_of(_cookies("planner@example.org")) == NOBODY


def test_where_nobody_signs_in_a_browser_has_a_name_that_gives_its_token_away_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(SETTINGS_VARIABLE, raising=False)
    token = "0123456789abcdef" * 4
    found = visitor_of({VISITOR: token})
    assert found.may_send_files
    assert found.name == browser_name({VISITOR: token})
    assert found.name.startswith("browser:")
    assert token not in found.name
    assert visitor_of({}).name == ""
    assert browser_name({VISITOR: "short"}) == ""


def _app() -> Starlette:
    def page(request: Request) -> Response:  # noqa: ARG001  # as Starlette calls it
        return HTMLResponse("<body>")

    def file(request: Request) -> Response:  # noqa: ARG001  # as Starlette calls it
        return PlainTextResponse("x")

    routes = [Route("/", page), Route("/file", file)]
    return Starlette(routes=routes, middleware=[Middleware(BrowserCookie)])


def test_a_page_brings_a_cookie_that_no_script_reads_and_a_file_brings_none() -> None:
    page = get(_app(), "/")
    assert page.headers["cache-control"] == "private, no-cache"
    told = page.headers["set-cookie"]
    assert told.startswith(f"{VISITOR}=")
    assert "HttpOnly; SameSite=Lax" in told
    assert browser_name({VISITOR: told.partition("=")[2].partition(";")[0]})
    assert get(_app(), "/").headers["set-cookie"] != told
    assert "set-cookie" not in get(_app(), "/file").headers


def test_cookies_are_read_from_the_headers_of_a_request_or_a_socket() -> None:
    scope = {"type": "websocket", "headers": [(b"cookie", b'a=1; b="2|3"'), (b"cookie", b"c=x=y")]}
    assert cookies_of(scope) == {"a": "1", "b": "2|3", "c": "x=y"}

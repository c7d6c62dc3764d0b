"""The headers of every response, and what of Streamlit's own addresses is closed."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.ui.asgi import get
from ui.headers import INDEX, SecurityHeaders, content_policy, security_headers, tile_source


def _app(tiles: str | None = None, headers: dict[str, str] | None = None) -> Starlette:
    def answer(request: Request) -> Response:  # noqa: ARG001  # as Starlette calls it
        return PlainTextResponse("reached", headers=headers)

    routes = [Route("/{path:path}", answer)]
    return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders, tiles=lambda: tiles)])


def test_every_response_has_them_and_keeps_its_own() -> None:
    headers = get(_app(), "/x").headers
    policy = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert "unsafe" not in policy["script-src"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    own = get(_app(headers={"Referrer-Policy": "no-referrer"}), "/x").headers
    assert own["referrer-policy"] == "no-referrer"


def test_the_tile_server_is_allowed_where_one_is_set() -> None:
    headers = get(_app("https://{s}.tiles.example/{z}/{x}/{y}.png"), "/x").headers
    assert (
        "img-src 'self' data: blob: https://*.tiles.example;"
        in (headers["content-security-policy"])
    )
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    "pattern", [None, "", "/tiles/{z}/{x}/{y}.png", "javascript:x", "https://a; script-src *"]
)
def test_nothing_else_gets_into_the_policy(pattern: str | None) -> None:
    assert tile_source(pattern) == ""
    assert content_policy(tile_source(pattern)) == content_policy("")


@pytest.mark.parametrize("base", ["", "/base"])
@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/metrics/", "/_stcore/agent/interact", "/_stcore/agent"]
)
def test_counts_and_the_interface_for_programs_are_closed(base: str, path: str) -> None:
    answer = get(_app(), base + path)
    assert (answer.status, answer.content) == (404, b"Not found")
    assert "content-security-policy" in answer.headers
    assert get(_app(), f"{base}/_stcore/host-config").content == b"reached"


def test_scripts_in_the_page_are_allowed_by_their_digests() -> None:
    scripts = re.findall(r"<script>(.*?)</script>", INDEX.read_text("utf-8"), re.DOTALL)
    assert scripts
    policy = security_headers(None)["Content-Security-Policy"]
    assert policy.count("'sha256-") == len(scripts) + 1  # that of the first view

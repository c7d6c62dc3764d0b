"""The page that Streamlit's scripts start from, with the first view already in it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cache, partial
from html import escape
from pathlib import Path
from re import DOTALL, sub

from anyio import move_on_after
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coverage import CoverageError
from geodata.errors import GeodataError
from ui import choices, studies
from ui.access import access
from ui.choices import Choices
from ui.first.page import FIRST_VIEWS, first_view
from ui.maps.routes import prefix
from ui.once import Once, ReaderGoneError
from ui.texts import translator

FOLDER = Path(__file__).parent

PATIENCE_S, THREADS = 1.0, 2
"""A first view that takes longer is left, and so many are made at once."""


NOT_PASSED_ON = (b"if-none-match", b"if-modified-since", b"range", b"accept-encoding")
"""What a request says of a page that it has: with a first view in it, it is another page."""

NOT_KEPT = ("content-length", "etag", "last-modified", "accept-ranges")


class FirstPaint:
    """Puts the first view into the pages that have one; everything else passes by.

    A reader sees figures and map as soon as the page is there, and Streamlit's own takes their
    place when its map is drawn. Where access is limited nobody is known yet, so there is none;
    nor is there one of a study that has yet to be opened.
    """

    def __init__(self, app: ASGIApp, base_path: Callable[[], str]) -> None:
        self.app = app
        self.base_path = base_path
        # by threads of their own: files are not to wait for first views
        self._once = Once[str | None](at_once=THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the first view in the page, or hand the request on."""
        path = self._page_of(scope)
        if path is None:
            await self.app(scope, receive, send)
            return
        choice = choices.read(dict(QueryParams(scope["query_string"])))
        base = prefix(self.base_path())
        asked = Request(scope, receive)
        view = await self._soon(asked, (path, choice, base), partial(_view, path, choice, base))
        if view is None:
            await self.app(scope, receive, send)
            return
        answer = await _asked(self.app, scope, receive)
        if answer.status_code == 200 and b"<body>" in answer.body:
            zipped = "gzip" in Headers(scope=scope).get("accept-encoding", "")
            answer = await run_in_threadpool(_with_view, answer, view, choice, zipped=zipped)
        await answer(scope, receive, send)

    async def _soon(
        self, asked: Request, key: Hashable, make: Callable[[], str | None]
    ) -> str | None:
        """A first view that is there at once, or none: the page itself never waits for it."""
        with suppress(ReaderGoneError), move_on_after(PATIENCE_S):
            return await self._once.get(asked, key, make)
        return None

    def _page_of(self, scope: Scope) -> str | None:
        """The page with a first view that is asked for, None where something else is."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        base = prefix(self.base_path())
        path = scope["path"]
        page = path.removeprefix(base).strip("/") if path.startswith(f"{base}/") else None
        return page if page in FIRST_VIEWS else None


def _view(path: str, choice: Choices, base: str) -> str | None:
    """The first view of a page; None where nobody may have one, or it cannot be made."""
    try:
        if access() is not None:
            return None
        if studies.made_folder(choice.study) is not None:
            return None  # whose it is, the page asks
        opened = studies.at_hand(choice.study)
        return None if opened is None else first_view(opened, choice, path, base=base)
    except (CoverageError, GeodataError):  # the page says what is wrong
        return None


async def _asked(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """What ``app`` answers, whole, to somebody who has nothing of it yet."""
    told: list[Message] = []

    async def keep(message: Message) -> None:
        told.append(message)

    headers = [pair for pair in scope["headers"] if pair[0].lower() not in NOT_PASSED_ON]
    await app({**scope, "headers": headers}, receive, keep)
    start = told[0]
    body = b"".join(message.get("body", b"") for message in told[1:])
    answer = Response(body, status_code=start["status"])
    answer.raw_headers = list(start.get("headers", ()))
    return answer


def _with_view(answer: Response, view: str, choice: Choices, *, zipped: bool) -> Response:
    """The page with a first view in its body, and its looks and language in its head."""
    t = translator(choice.language)
    page = bytes(answer.body).decode("utf-8")
    page = sub(r"<noscript>.*?</noscript>", "", page, flags=DOTALL)  # the view needs no scripts
    page = sub(r'<html lang="\w+">', f'<html lang="{t.language}">', page)
    title = escape(t("Mobile coverage of villages"))
    page = sub(r"<title>.*?</title>", lambda _: f"<title>{title}</title>", page)
    page = page.replace("</head>", f"<style>{_asset('first.css')}</style></head>", 1)
    first = f'<div id="phusong-first">{view}</div>'
    script = f"<script>{_asset('first.js')}</script>"
    page = page.replace("</body>", f"{first}{script}</body>", 1)
    body = page.encode()
    headers = MutableHeaders(raw=list(answer.raw_headers))
    for name in NOT_KEPT:
        if name in headers:
            del headers[name]
    headers["cache-control"] = "private, no-cache"
    headers.add_vary_header("Accept-Encoding")
    if zipped:
        body = gzip.compress(body, compresslevel=4, mtime=0)
        headers["content-encoding"] = "gzip"
    whole = Response(body)
    whole.raw_headers = [*headers.raw, (b"content-length", str(len(body)).encode())]
    return whole


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")

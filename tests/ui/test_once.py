"""Answers are computed once for all who ask at once, and not begun for who has gone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Message

from tests.ui.asgi import get, ran
from ui import text_page
from ui.maps.assets import AssetStore
from ui.maps.routes import map_routes
from ui.once import Once, ReaderGoneError

REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}


def _request(gone: asyncio.Event) -> Request:
    told = iter([REQUEST])

    async def receive() -> Message:
        for message in told:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "headers": [], "query_string": b""}, receive)


def test_equal_requests_are_computed_once() -> None:
    made: list[int] = []

    def make() -> int:
        time.sleep(0.1)
        made.append(1)
        return 7

    async def ask() -> list[int]:
        once, stays = Once[int](), asyncio.Event()
        return await asyncio.gather(*(once.get(_request(stays), "key", make) for _ in range(300)))

    assert ran(ask()) == [7] * 300
    assert made == [1]


def test_what_nobody_waits_for_is_not_begun_and_the_next_is_served_at_once() -> None:
    made: list[int] = []
    ends = threading.Event()

    def slow(k: int) -> int:
        made.append(k)
        assert ends.wait(60)
        return k

    async def ask() -> None:
        once, gone, stays = Once[int](at_once=2), asyncio.Event(), asyncio.Event()
        asked = [
            asyncio.create_task(once.get(_request(gone), k, lambda k=k: slow(k)))  # type: ignore[misc]  # a default binds the loop's value
            for k in range(300)
        ]
        await asyncio.sleep(0.02)
        gone.set()
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(one, ReaderGoneError) for one in found)
        ends.set()
        assert await once.get(_request(stays), "next", lambda: 7) == 7

    ran(ask())
    assert len(made) <= 2


def test_a_fault_is_told_to_all_who_asked() -> None:
    def fail() -> int:
        time.sleep(0.05)
        raise KeyError("x")

    async def ask() -> list[Any]:
        once, stays = Once[int](), asyncio.Event()
        asked = (once.get(_request(stays), "key", fail) for _ in range(3))
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(one) for one in ran(ask())] == [KeyError] * 3


def test_who_goes_first_takes_nothing_from_who_stays() -> None:
    async def ask() -> int:
        once, gone, stays = Once[int](), asyncio.Event(), asyncio.Event()

        def make() -> int:
            time.sleep(0.2)
            return 7

        first = asyncio.create_task(once.get(_request(gone), "key", make))
        second = asyncio.create_task(once.get(_request(stays), "key", make))
        await asyncio.sleep(0.05)
        gone.set()
        with pytest.raises(ReaderGoneError):
            await first
        return await second

    assert ran(ask()) == 7


async def _closed_at_once(app: Starlette, path: str, query: Callable[[int], str]) -> None:
    """300 requests whose reader is gone before the answer is there."""

    async def one(k: int) -> None:
        told = iter([REQUEST, {"type": "http.disconnect"}])

        async def receive() -> Message:
            await asyncio.sleep(0)
            return next(told)

        async def send(_: Message) -> None:
            return

        scope = {
            "type": "http", "method": "GET", "path": path, "headers": [], "root_path": "",
            "query_string": query(k).encode(),
        }  # fmt: skip
        await app(scope, receive, send)

    await asyncio.gather(*map(one, range(300)))


def test_300_text_pages_closed_at_once_are_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def answer(_: Request) -> tuple[int, str]:
        made.append(1)
        time.sleep(0.1)
        return 200, "page"

    monkeypatch.setattr(text_page, "_answer", answer)
    app = Starlette(routes=text_page.text_routes(base_path=lambda: ""))
    began = time.monotonic()
    ran(_closed_at_once(app, "/text", lambda k: f"name={k}"))
    assert time.monotonic() - began < 5
    assert len(made) <= 8
    assert get(app, "/text").body == b"page"


def test_300_map_files_closed_at_once_leave_threads_to_others() -> None:
    store, made = AssetStore(), list[int]()

    def draw() -> bytes:
        made.append(1)
        time.sleep(0.2)
        return b"{}"

    asset = store.publish("a.json", made_of=[b"x"], make=draw)
    app = Starlette(routes=map_routes(store, base_path=lambda: "", may_read=lambda *_: True))
    ran(_closed_at_once(app, f"/{asset.path}", lambda _: ""))
    assert get(app, f"/{asset.path}").content == b"{}"
    assert made == [1]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyError("rule")])
def test_the_text_page_of_a_broken_study_is_a_sentence(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(text_page.studies, "open_study", broken)
    monkeypatch.setattr(text_page, "open_slug", lambda *_: "")
    app = Starlette(routes=text_page.text_routes(base_path=lambda: ""))
    answer = get(app, "/text", query="lang=en")
    assert answer.status == 503
    assert b"this " in answer.body
    assert "A page could not be shown" in caplog.text

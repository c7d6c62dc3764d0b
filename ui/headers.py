"""Headers of every response, and the addresses of Streamlit that nobody here needs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CLOSED = re.compile(r"/_stcore/(metrics|agent(/.*)?)/*$")
"""Counts of sessions and memory, and Streamlit's interface for programs."""

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
FIRST_SCRIPT = Path(__file__).parent / "first" / "first.js"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SecurityHeaders:
    """Adds a Content-Security-Policy and its like to all responses; answers 404 for `CLOSED`.

    ``tiles`` tells the address pattern of online map tiles, or None.
    """

    def __init__(self, app: ASGIApp, tiles: Callable[[], str | None]) -> None:
        self.app = app
        self.tiles = tiles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers; what an inner response set itself stays."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in security_headers(self.tiles()).items():
                    headers.setdefault(name, value)
            await send(message)

        if CLOSED.search(scope["path"]):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


@lru_cache(4)
def security_headers(tiles: str | None) -> dict[str, str]:
    """The headers, by name.

    To other hosts no path is told: addresses may hold keys. Tile servers ask for the origin.
    """
    return {
        "Content-Security-Policy": content_policy(tile_source(tiles)),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin" if tiles else "same-origin",
    }


def content_policy(tiles: str) -> str:
    """A Content-Security-Policy that allows this host, inline styles and ``tiles``.

    ``blob:`` is what Streamlit imports the script of a component from.
    """
    scripts = " ".join(f"'sha256-{one}'" for one in inline_scripts())
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: {scripts}",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {tiles}".rstrip(),
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


@lru_cache(1)
def inline_scripts() -> tuple[str, ...]:
    """SHA-256 in base 64 of each script that stands in the page itself."""
    scripts = [*_SCRIPT.findall(INDEX.read_text("utf-8")), FIRST_SCRIPT.read_text("utf-8")]
    return tuple(
        base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts
    )


def tile_source(pattern: str | None) -> str:
    """The host of an address pattern of tiles as a policy names it; "" where there is none.

    >>> tile_source("https://{s}.tile.example:8080/{z}/{x}/{y}.png")
    'https://*.tile.example:8080'
    """
    parts = urlsplit(pattern or "")
    if parts.scheme not in ("http", "https"):
        return ""
    host = re.sub(r"^\{\w+\}", "*", parts.netloc)
    return f"{parts.scheme}://{host}" if re.fullmatch(r"[\w.*:\[\]-]+", host) else ""

"""Streamlit's own scripts, compressed: they are most of a first visit, and go out as they are."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

STATIC = Path(streamlit.__file__).parent / "static" / "static"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"
MARK = "/static/"


class CompressedStatic:
    """Answers for Streamlit's hashed files, gzipped once; everything else passes by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for one of Streamlit's files, or hand the request on."""
        body = None
        if scope["type"] == "http" and scope["method"] == "GET" and MARK in scope["path"]:
            zipped = "gzip" in Headers(scope=scope).get("accept-encoding", "")
            body = compressed(scope["path"].partition(MARK)[2]) if zipped else None
        if body is None:
            await self.app(scope, receive, send)
            return
        answer = Response(
            body,
            media_type=TYPES[Path(scope["path"]).suffix],
            headers={
                "Content-Encoding": "gzip",
                "Cache-Control": FOREVER,
                "Vary": "Accept-Encoding",
                "X-Content-Type-Options": "nosniff",
            },
        )
        await answer(scope, receive, send)


@lru_cache(1024)
def compressed(name: str) -> bytes | None:
    """One of Streamlit's files gzipped; None for what is not one of them."""
    path = (STATIC / name).resolve()
    if path.suffix not in TYPES or not path.is_relative_to(STATIC) or not path.is_file():
        return None
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)

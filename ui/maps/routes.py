"""The route that serves map data: by hash, compressed, never to be asked for twice."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from geodata.errors import GeodataError
from ui.maps.assets import ROUTE, Asset, AssetStore

FOREVER = "public, max-age=31536000, immutable"
PRIVATE = "private, max-age=900"
"""What one audience is served stays in its browser for a while, and in no proxy."""

LOG = logging.getLogger(__name__)

REFUSED = {"Cache-Control": "no-store"}

MayRead = Callable[[Request, str], bool]
"""Whether whoever asks belongs to an audience."""


def map_routes(
    store: AssetStore, *, base_path: Callable[[], str], may_read: MayRead
) -> list[Route]:
    """The routes to hand to the server; ``base_path`` tells the prefix it is served under.

    An asset with an audience is served where ``may_read`` says so; these routes are outside
    every session, so nobody else asks.

    The prefix is ours to add: the server does not, and answers an unknown path with
    its front page. It is asked for on each request, as it may be set after the routes.
    """

    def serve(request: Request) -> Response:
        asked = f"/{request.path_params.get('base', '')}".rstrip("/")
        asset = store.find(request.path_params["digest"], request.path_params["name"])
        if asset is None or asked != prefix(base_path()):
            return PlainTextResponse("Not found", status_code=404)
        try:
            if asset.audience and not may_read(request, asset.audience):
                told = "Not allowed, or no longer"
                return PlainTextResponse(told, status_code=403, headers=REFUSED)
            return _answer(asset, zipped="gzip" in request.headers.get("accept-encoding", ""))
        except GeodataError as error:
            LOG.warning("%s could not be drawn: %s", asset.name, error)
            return PlainTextResponse("Could not be drawn", status_code=503, headers=REFUSED)

    below = f"{ROUTE}/{{digest}}/{{name:path}}"
    return [Route(f"/{below}", serve), Route(f"/{{base:path}}/{below}", serve)]


def _answer(asset: Asset, *, zipped: bool) -> Response:
    """The asset's bytes, with the promise that under this address they never change."""
    headers = {
        "Cache-Control": PRIVATE if asset.audience else FOREVER,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **({"Content-Encoding": "gzip"} if zipped else {}),
    }
    body = asset.compressed if zipped else asset.body
    return Response(body, media_type=asset.media_type, headers=headers)


def prefix(base_path: str) -> str:
    """``base_path`` as the start of an address: "" or "/name"."""
    inner = base_path.strip("/")
    return f"/{inner}" if inner else ""

"""The route that serves map data: by hash, compressed, never to be asked for twice."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from geodata.errors import GeodataError
from ui.maps.assets import ROUTE, Asset, AssetStore
from ui.once import Once, ReaderGoneError

FOREVER = "public, max-age=31536000, immutable"
PRIVATE = "private, max-age=900"
"""What one audience is served stays in its browser for a while, and in no proxy."""

LOG = logging.getLogger(__name__)

REFUSED = {"Cache-Control": "no-store"}

MayRead = Callable[[Request, Asset], bool]
"""Whether whoever asks may have a file that is not for everybody."""


def map_routes(
    store: AssetStore, *, base_path: Callable[[], str], may_read: MayRead
) -> list[Route]:
    """The routes to hand to the server; ``base_path`` tells the prefix it is served under.

    An asset that is not for everybody is served where ``may_read`` says so; these routes are
    outside every session, so nobody else asks.

    The prefix is ours to add: the server does not, and answers an unknown path with
    its front page. It is asked for on each request, as it may be set after the routes.
    """
    once = Once[bytes]()

    async def allowed(request: Request, asset: Asset) -> bool:
        return asset.is_public or await run_in_threadpool(may_read, request, asset)

    async def serve(request: Request) -> Response:
        asked = f"/{request.path_params.get('base', '')}".rstrip("/")
        asset = store.find(request.path_params["digest"], request.path_params["name"])
        if asset is None or asked != prefix(base_path()):
            return PlainTextResponse("Not found", status_code=404)
        try:
            if not await allowed(request, asset):
                return _refusal()
            zipped = "gzip" in request.headers.get("accept-encoding", "")
            make = partial(_body, asset, zipped=zipped)
            body = await once.get(request, (asset.path, zipped), make)
            is_allowed = await allowed(request, asset)  # drawing takes a while
            return _answer(asset, body, zipped=zipped) if is_allowed else _refusal()
        except ReaderGoneError:
            return _refusal()
        except GeodataError as error:
            LOG.warning("%s could not be drawn: %s", asset.name, error)
            return PlainTextResponse("Could not be drawn", status_code=503, headers=REFUSED)

    below = f"{ROUTE}/{{digest}}/{{name:path}}"
    return [Route(f"/{below}", serve), Route(f"/{{base:path}}/{below}", serve)]


def _refusal() -> Response:
    """What who may not have a file is told."""
    return PlainTextResponse("Not allowed, or no longer", status_code=403, headers=REFUSED)


def _body(asset: Asset, *, zipped: bool) -> bytes:
    return asset.compressed if zipped else asset.body


def _answer(asset: Asset, body: bytes, *, zipped: bool) -> Response:
    """The asset's bytes, with the promise that under this address they never change."""
    headers = {
        "Cache-Control": FOREVER if asset.is_public else PRIVATE,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **({"Content-Encoding": "gzip"} if zipped else {}),
    }
    return Response(body, media_type=asset.media_type, headers=headers)


def prefix(base_path: str) -> str:
    """``base_path`` as the start of an address: "" or "/name"."""
    inner = base_path.strip("/")
    return f"/{inner}" if inner else ""

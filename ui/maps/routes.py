"""The route that serves map data: by hash, compressed, never to be asked for twice."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.maps.assets import ROUTE, AssetStore

FOREVER = "public, max-age=31536000, immutable"


def map_routes(store: AssetStore, *, base_path: str = "") -> list[Route]:
    """The routes to hand to the server; ``base_path`` is the prefix it is served under.

    The prefix is ours to add: the server does not, and answers an unknown path with
    its front page.
    """

    def serve(request: Request) -> Response:
        asset = store.find(request.path_params["digest"], request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not found", status_code=404)
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            "Cache-Control": FOREVER,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if zipped:
            headers["Content-Encoding"] = "gzip"
        body = asset.compressed if zipped else asset.body
        return Response(body, media_type=asset.media_type, headers=headers)

    return [Route(f"{prefix(base_path)}/{ROUTE}/{{digest}}/{{name:path}}", serve)]


def prefix(base_path: str) -> str:
    """``base_path`` as the start of an address: "" or "/name"."""
    inner = base_path.strip("/")
    return f"/{inner}" if inner else ""

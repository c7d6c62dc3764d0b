"""WebSockets: from our own pages alone, and of their messages only what our pages need."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # no stubs
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from geodata.errors import GeodataError
from ui.access import access
from ui.visitor import Visitor, cookies_of, visitor_of

DOWNLOAD: Literal["deferred_file"] = "deferred_file"
"""What our pages ask the server for besides runs; no table of theirs is so long (`MOST_DRAWN` of
`ui.tables`) that they ask for its rows."""

MOST_BYTES_UNKNOWN = 65_536
"""The largest message before sign-in."""

MOST_BYTES = 8 * 1024 * 1024
"""The largest message of our pages: one run names each of 2,000 dropped files."""

REFUSED = 1008
"""A WebSocket's close code for a violated policy (RFC 6455, 7.4.1)."""

PROTOCOL_ERROR, UNSUPPORTED = 1002, 1003
"""Close codes for a message that cannot be read, and for one of a kind that is not taken."""

BROKEN = (PROTOCOL_ERROR, 1007, 1009)
"""Close codes for frames that are none, for text that is not UTF-8, for a message too long."""

NOT_TEXT = "Invalid UTF-8 sequence received from client."
"""What uvicorn logs, with a traceback, before a socket ends with 1007."""

PONG_S = 120.0
"""So long may a browser take to answer a ping: one on a busy machine takes a minute and more.

Streamlit's 30 s would end its session; pings are sent as often as before, for the proxies between.
"""

ABORT_S = 5.0
"""So long what was sent before may still be taken once a socket is closed for want of an answer."""

MAIN = "main.py"
"""The file of our pages' program, whose whole path Streamlit tells each browser."""

LOG = logging.getLogger(__name__)

VisitorOf = Callable[[Mapping[str, str]], Visitor]


class SocketGuard:
    """Refuses WebSockets of other origins, and drops messages that no page of ours sends."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        visitor: VisitorOf = visitor_of,
        origin: Callable[[], str] | None = None,
    ) -> None:
        self.app = app
        self.visitor = visitor
        self.origin = origin or public_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the connection on with its messages filtered."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked, host = headers.get("origin", ""), headers.get("host", "")
        if not is_own_origin(asked, host=host, public=self.origin()):
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": REFUSED})
            return
        cookies = cookies_of(scope)

        async def receive_allowed() -> Message:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect" and message.get("code") in BROKEN:
                    LOG.warning(
                        "A WebSocket was closed: its frames are broken (%d)", message["code"]
                    )
                broken = broken_frame(message)
                if broken:
                    LOG.warning("A WebSocket was closed: its message %s", broken)
                    end = {"code": UNSUPPORTED if message.get("bytes") is None else PROTOCOL_ERROR}
                    await send({"type": "websocket.close", **end})
                    return {"type": "websocket.disconnect", **end}
                if is_allowed(message, self.visitor(cookies)):
                    return message

        async def send_without_path(message: Message) -> None:
            await send(without_path(message))

        host_told = _with_host(scope, urlsplit(asked).netloc)
        await self.app(host_told, receive_allowed, send_without_path)


class MessageBound:
    """Bounds how long a message of a WebSocket may be, by whether somebody is known.

    It stands before all that hands on a ``receive`` of its own.
    """

    def __init__(self, app: ASGIApp, *, visitor: VisitorOf = visitor_of) -> None:
        self.app = app
        self.visitor = visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the connection on, bounded."""
        if scope["type"] == "websocket":
            visitor = await run_in_threadpool(self.visitor, cookies_of(scope))
            most = MOST_BYTES_UNKNOWN if visitor.rights is None else MOST_BYTES
            bound_messages(receive, most)
        await self.app(scope, receive, send)


def bound_messages(receive: Receive, most: int) -> bool:
    """Have a WebSocket closed (1009) once a message is longer than ``most`` bytes.

    The server would hold 200 MB of one until its end has come, on each socket. ``receive`` is
    uvicorn's own: a method of the object that holds the connection. False is returned where it
    is another's.
    """
    protocol: Any = getattr(getattr(receive, "__self__", None), "conn", None)
    if getattr(protocol, "max_message_size", None) is None:
        return False
    protocol.max_message_size = most
    return True


class PongWait:
    """Lets browsers take `PONG_S` to answer a ping. It stands where `MessageBound` does."""

    def __init__(self, app: ASGIApp, *, seconds: float = PONG_S) -> None:
        self.app = app
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the connection on, with more time for its answers."""
        if scope["type"] == "websocket":
            wait_for_pongs(receive, self.seconds)
        await self.app(scope, receive, send)


def wait_for_pongs(receive: Receive, seconds: float) -> bool:
    """Have a WebSocket closed only where a ping has had no answer for so many ``seconds``.

    Streamlit sets one number for how often to ping and for how long to wait. ``receive`` is
    uvicorn's own, as for `bound_messages`; False is returned where it is another's. What a reader
    has not taken by then is dropped: uvicorn would hold it, and the session, until it is taken.
    """
    protocol: Any = getattr(receive, "__self__", None)
    close = getattr(protocol, "keepalive_timeout", None)
    if close is None or protocol.ping_timeout is None:
        return False

    def close_whole() -> None:
        close()
        protocol.disconnected = True  # else what is sent meanwhile is a traceback in the log
        protocol.loop.call_later(ABORT_S, protocol.transport.abort)

    protocol.ping_timeout = seconds
    protocol.keepalive_timeout = close_whole
    return True


class _NotText(logging.Filter):
    """Leaves out what `SocketGuard` says in one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.msg != NOT_TEXT


@contextmanager
def logging_frames() -> Iterator[None]:
    """While the server runs, have a broken frame leave one line in the log, and no traceback."""
    logger, leave_out = logging.getLogger("uvicorn.error"), _NotText()
    logger.addFilter(leave_out)
    try:
        yield
    finally:
        logger.removeFilter(leave_out)


def public_origin() -> str:
    """The origin that browsers reach this server under, as the settings say; "" where unset.

    Settings that cannot be read let nobody in, and the page has to say so.
    """
    try:
        settings = access()
    except (GeodataError, OSError):
        return ""
    return "" if settings is None else settings.public_origin


def is_own_origin(origin: str, *, host: str, public: str) -> bool:
    """Whether a page of this server asks: by the public origin if set, else by ``host``.

    A browser always tells the origin of a WebSocket (RFC 6455, 4.1); without one it is none.
    """
    if public:
        return origin.rstrip("/").lower() == public.rstrip("/").lower()
    try:
        parts = urlsplit(origin)
    except ValueError:  # no address at all
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc == host


def broken_frame(message: Message) -> str:
    """What is wrong with a message that no page can have sent; "" where nothing is.

    Streamlit closes the socket for it too, and leaves a traceback in the log.
    """
    if message["type"] != "websocket.receive":
        return ""
    body = message.get("bytes")
    if body is None:
        return "is text"
    try:
        BackMsg().ParseFromString(body)
    except DecodeError:
        return f"of {len(body)} bytes is none of Streamlit's"
    return ""


def without_path(message: Message) -> Message:
    """A message to a browser that names the pages' program by its file alone, not by its folder."""
    body = message.get("bytes") or b""
    if MAIN.encode() not in body:
        return message
    content = ForwardMsg()
    content.ParseFromString(body)
    if content.WhichOneof("type") != "new_session":
        return message
    content.new_session.main_script_path = MAIN
    return {**message, "bytes": content.SerializeToString()}


def is_allowed(message: Message, visitor: Visitor) -> bool:
    """Whether a message may reach Streamlit; before sign-in that is a page's own run alone."""
    body = message.get("bytes")
    if message["type"] != "websocket.receive" or body is None:
        return True  # connecting, closing, or text, for which Streamlit closes the connection
    if visitor.rights is None and len(body) > MOST_BYTES_UNKNOWN:
        return False
    told = BackMsg()
    try:
        told.ParseFromString(body)
    except DecodeError:
        return True  # Streamlit closes the connection
    return _is_needed(told, visitor)


def _is_needed(told: BackMsg, visitor: Visitor) -> bool:
    known = visitor.rights is not None
    match told.WhichOneof("type"):
        case "rerun_script":
            return known or not told.rerun_script.fragment_id
        case "backend_operation_request":
            return known and told.backend_operation_request.HasField(DOWNLOAD)
        case "file_urls_request":
            return visitor.may_send_files
        case _:
            return False


def _with_host(scope: Scope, host: str) -> Scope:
    """The scope with the host that the page was opened under: a proxy may have changed it."""
    changed = {**scope, "headers": list(scope["headers"])}
    MutableHeaders(scope=changed)["host"] = host
    return changed

"""The whole app in this process: requests and sockets handed to it as a server would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message as Proto  # type: ignore[import-untyped]  # no stubs
from starlette.types import ASGIApp, Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME

from tests.ui.asgi import Answer

HOST = "localhost"
WAIT_S = 600
TOKEN = generate_xsrf_token_string()


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """Start what the app starts with its server, and stop it again."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(_call(app, scope, told, heard))
    await told.put({"type": "lifespan.startup"})
    started = await asyncio.wait_for(heard.get(), WAIT_S)
    assert started["type"] == "lifespan.startup.complete", started
    try:
        yield
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(heard.get(), WAIT_S)
        task.cancel()


async def request(
    app: ASGIApp, path: str, *, cookies: str = "", method: str = "GET", file: bytes = b""
) -> Answer:
    """The answer to a request; with ``file`` it brings one, as a browser's form does."""
    path, _, query = path.partition("?")
    headers = {"host": HOST, "cookie": _cookies(cookies), "x-xsrftoken": TOKEN}
    body = b""
    if file:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = head + file + b"\r\n--x--\r\n"
        headers |= {"content-type": "multipart/form-data; boundary=x"}
        headers |= {"content-length": str(len(body))}
    scope = _scope("http", path, query, headers) | {"method": method, "scheme": "http"}
    told: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    await told.put({"type": "http.request", "body": body, "more_body": False})
    await asyncio.wait_for(_call(app, scope, told, heard), WAIT_S)
    start, *parts = [heard.get_nowait() for _ in range(heard.qsize())]
    return Answer(
        status=int(start["status"]),
        headers={key.decode().lower(): value.decode() for key, value in start["headers"]},
        body=b"".join(part.get("body", b"") for part in parts),
    )


@dataclass(kw_only=True)
class OpenPage:
    """A page that a browser has open: its socket, and all that it was sent."""

    app: ASGIApp
    cookies: str
    session: str = ""
    sent: list[bytes] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """The number of each file on offer, by the key of its button."""
    closed: bool = False
    _told: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    _heard: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    _task: asyncio.Task[None] | None = None

    async def open(self, page: str, query: str) -> None:
        """Connect, ask for the page's run, and wait until it is drawn."""
        headers = {
            "host": HOST,
            "origin": f"http://{HOST}",
            "cookie": _cookies(self.cookies),
            "sec-websocket-protocol": f"streamlit,{TOKEN}",
        }
        scope = _scope("websocket", "/_stcore/stream", "", headers)
        scope |= {"scheme": "ws", "subprotocols": ["streamlit", TOKEN]}
        self._task = asyncio.create_task(_call(self.app, scope, self._told, self._heard))
        await self._told.put({"type": "websocket.connect"})
        asked = BackMsg()
        asked.rerun_script.page_name = page
        asked.rerun_script.query_string = query
        await self._send(asked)
        while (message := await self._next()) is not None:
            if message.WhichOneof("type") == "new_session":
                self.session = message.new_session.initialize.session_id or self.session
            self._find_files(message)
            finished = ForwardMsg.FINISHED_SUCCESSFULLY
            if message.WhichOneof("type") == "script_finished" and (
                message.script_finished == finished
            ):
                return

    async def make(self, key: str) -> str:
        """Press a button; gives the address of the file, or "" where none is made."""
        if self.closed:
            return ""
        asked = BackMsg()
        asked.backend_operation_request.request_id = key
        asked.backend_operation_request.session_id = self.session
        asked.backend_operation_request.deferred_file.file_id = self.files[key]
        await self._send(asked)
        while (message := await self._next()) is not None:
            answer = message.backend_operation_response
            if answer.request_id == key:
                return str(answer.deferred_file.url)
        return ""

    async def close(self) -> None:
        """Close the socket, as a browser does with its tab."""
        await self._told.put({"type": "websocket.disconnect", "code": 1001})
        if self._task is not None:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._task, WAIT_S)

    async def _send(self, message: Proto) -> None:
        content = message.SerializeToString()
        await self._told.put({"type": "websocket.receive", "bytes": content})

    async def _next(self) -> Any:
        """The next message of the server; None once it has closed the socket."""
        while True:
            message = await asyncio.wait_for(self._heard.get(), WAIT_S)
            if message["type"] == "websocket.close":
                self.closed = True
                return None
            if message["type"] == "websocket.send":
                self.sent.append(message["bytes"])
                content = ForwardMsg()
                content.ParseFromString(message["bytes"])
                return content

    def _find_files(self, message: Any) -> None:
        if message.WhichOneof("type") != "delta":
            return
        element = message.delta.new_element
        if element.WhichOneof("type") == "download_button":
            button = element.download_button
            self.files[button.id.split("-", 2)[2]] = button.deferred_file_id  # $$ID-hash-key


def _cookies(cookies: str) -> str:
    return "; ".join(one for one in (f"{XSRF_COOKIE_NAME}={TOKEN}", cookies) if one)


def _scope(kind: str, path: str, query: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": kind,
        "http_version": "1.1",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 80),
    }


async def _call(
    app: ASGIApp,
    scope: dict[str, Any],
    told: asyncio.Queue[Message],
    heard: asyncio.Queue[Message],
) -> None:
    await app(scope, told.get, heard.put)

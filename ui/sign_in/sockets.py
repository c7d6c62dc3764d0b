"""Open sockets, each closed within seconds of the end of the sign-in it was opened with."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from urllib.parse import parse_qs

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it has no types
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import BackendOperationResponse, ForwardMsg

from geodata.errors import GeodataError
from ui.access import ENDED, NotAllowedError, grant_of, rights_of
from ui.texts import Language, language_of, page_error_text

LOG = logging.getLogger(__name__)

PERIOD_S = 1.0
"""So often it is asked which sign-ins have ended."""

POLICY_VIOLATION = 1008

RESUMED_S = 600.0
"""So long after its grant has ended no session of a sign-in is taken up again."""

ASKED = "backend_operation_request"
"""The message by which a browser asks for a file."""


@dataclass(eq=False, kw_only=True)
class Socket:
    """A socket, the sign-in it is of ("" for none), and the grant that it was opened under."""

    owner: str
    grant: str
    query: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def receiver(self, receive: Receive, send: Send) -> Receive:
        """``receive`` as the application should hear it: it ends when the sign-in does."""

        async def received() -> Message:
            if not self.ended.is_set():
                message = asyncio.ensure_future(receive())
                end = asyncio.ensure_future(self.ended.wait())
                await asyncio.wait({message, end}, return_when=asyncio.FIRST_COMPLETED)
                end.cancel()
                if not self.ended.is_set():
                    return await message
                message.cancel()
            await send(_reload(self.query))
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}

        return received

    def sender(self, send: Send) -> Send:
        """``send`` as the application may use it: nothing leaves after the end."""

        async def sent(message: Message) -> None:
            if not self.ended.is_set():
                await send(message)

        return sent


@dataclass(kw_only=True)
class _Seen:
    """The grant of a sign-in as it was seen last, when that was, and when it changed."""

    grant: str
    at: float
    changed: float = -inf


class Sockets:
    """The open sockets of a server, and the task that closes those whose grant has ended.

    ``grants`` gives the grants of sign-ins at the moment it is called; None where nobody can tell.
    """

    def __init__(self, *, grants: Callable[[Collection[str]], dict[str, str] | None]) -> None:
        self._grants = grants
        self._open: set[Socket] = set()
        self._seen: dict[str, _Seen] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: Socket) -> None:
        """Watch over a socket."""
        self._open.add(socket)
        self._see(socket.owner, socket.grant)

    def discard(self, socket: Socket) -> None:
        """Watch over a socket no longer."""
        self._open.discard(socket)

    def has_changed(self, owner: str, grant: str) -> bool:
        """Whether the rights of a sign-in changed lately: what was drawn before is not for it."""
        seen = self._seen.get(owner)
        if seen is None:
            return False
        return seen.grant != grant or seen.changed > time.monotonic() - RESUMED_S

    def _see(self, owner: str, grant: str) -> None:
        """Remember the grant of a sign-in, and when it changed."""
        now = time.monotonic()
        seen = self._seen.setdefault(owner, _Seen(grant=grant, at=now))
        if seen.grant != grant:
            seen.grant, seen.changed = grant, now
        seen.at = now

    def _end(self, sockets: Collection[Socket], grants: Mapping[str, str]) -> None:
        """End the sockets, opened before ``grants`` were asked for, whose grant is another now."""
        for owner, grant in grants.items():
            self._see(owner, grant)
        for socket in sockets:
            if grants[socket.owner] != socket.grant:
                socket.ended.set()
        since = time.monotonic() - RESUMED_S
        self._seen = {owner: seen for owner, seen in self._seen.items() if seen.at > since}

    async def _ask(self) -> None:
        """Ask for the grants of open sockets, and end those that have another.

        A socket that is opened meanwhile is left for the next time: its grant may be newer than
        the answer.
        """
        sockets = [socket for socket in self._open if socket.owner]
        owners = {socket.owner for socket in sockets}
        try:
            grants = await run_in_threadpool(self._grants, owners)
        except (OSError, GeodataError) as error:
            LOG.warning("The sign-ins could not be looked at: %s", error)
            return
        if grants is not None:  # None: nobody can tell; whatever is asked for is refused
            self._end(sockets, grants)

    def watch(self) -> None:
        """Start to ask, once, in the running event loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="phusong sign-ins")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            await self._ask()


def checked(socket: Socket, receive: Receive, send: Send) -> Receive:
    """``receive`` that asks anew for the rights whenever a file is wanted.

    Every other message ends in a run of the page, which asks by itself.
    """

    async def received() -> Message:
        while True:
            message = await receive()
            asked = _asked(socket, message)
            if asked is None:
                return message
            try:
                same = await run_in_threadpool(_has_grant, socket)
            except GeodataError as error:
                await send(_failed(asked, page_error_text(error, _language(socket))))
                continue
            if same:
                return message
            socket.ended.set()  # the page is drawn anew, and says why

    return received


def _asked(socket: Socket, message: Message) -> str | None:
    """The number of a request for data; None for any other message."""
    content = BackMsg()
    try:
        content.ParseFromString(message.get("bytes") or b"")
    except DecodeError:  # Streamlit closes the socket
        return None
    if content.WhichOneof("type") == "rerun_script":
        socket.query = content.rerun_script.query_string.removeprefix("?")
    is_request = content.WhichOneof("type") == ASKED
    return content.backend_operation_request.request_id if is_request else None


def _has_grant(socket: Socket) -> bool:
    """Whether the rights are those that a socket was opened with; raises `GeodataError`."""
    if rights_of(socket.owner) is None:
        raise NotAllowedError(ENDED)
    return grant_of(socket.owner) == socket.grant


def _language(socket: Socket) -> Language:
    """The language of the page that a socket is of."""
    return language_of(parse_qs(socket.query).get("lang", [""])[0])


def _reload(query: str) -> Message:
    """Have the browser load its page anew, as Streamlit does when somebody signs out.

    It would connect again by itself, and go on showing what it shows.
    """
    content = ForwardMsg()
    content.auth_redirect.url = f"?{query}"
    return {"type": "websocket.send", "bytes": content.SerializeToString()}


def _failed(request_id: str, text: str) -> Message:
    """The answer to a request for data that says why there is none."""
    response = BackendOperationResponse(request_id=request_id, error_msg=text)
    content = ForwardMsg(backend_operation_response=response).SerializeToString()
    return {"type": "websocket.send", "bytes": content}


def without_session(scope: Scope) -> Scope:
    """A socket's request that asks for a session of its own, not for one it had before."""
    protocol = b"sec-websocket-protocol"
    headers = [
        (name, b",".join(value.split(b",")[:2]) if name.lower() == protocol else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}

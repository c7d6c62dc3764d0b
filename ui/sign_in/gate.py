"""Middleware that lets files, sockets and sign-ins through by the rights of this moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from geodata.errors import GeodataError, UnreadableError
from ui.access import settings_path
from ui.delivery import digest_of, ledger
from ui.maps.routes import prefix
from ui.sign_in.cookies import harden, is_https, without_sign_in
from ui.sign_in.requests import admitted, asking_owner, refused, sign_in, sign_in_seconds, sign_out
from ui.sign_in.sockets import Socket, Sockets, checked, without_session
from ui.sign_in.sweep import Sweep
from ui.texts import marked as _

LOG = logging.getLogger(__name__)

MEDIA, CALLBACK, SIGN_OUT = "media", "oauth2callback", "auth/logout"
"""Streamlit's paths of files, of the way back from the sign-in server, and of signing out."""

UNREADABLE = _("this server cannot read what was asked for; ask who runs it")
NOT_RECORDED = _("this server could not record the sign-in; ask who runs it")


class AccessGate:
    """Asks for the rights of this moment before anything made for somebody leaves the server.

    ``public`` are digests of the files that everybody may have.
    """

    def __init__(
        self, app: ASGIApp, base_path: Callable[[], str], *, public: frozenset[str] = frozenset()
    ) -> None:
        self.app = app
        self.base_path = base_path
        self.public = public
        self._sockets = Sockets(grants=Sweep().grants)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on if its rights allow."""
        if scope["type"] == "websocket":
            self._sockets.watch()
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            self._sockets.watch()
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = PurePosixPath(scope["path"].removeprefix(prefix(self.base_path())).strip("/"))
        if name.parts[:1] == (MEDIA,):
            refusal = await run_in_threadpool(self._file_refusal, scope, name.stem)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        response = _Response(scope=scope, signs_in=str(name) == CALLBACK)
        try:
            if str(name) == SIGN_OUT:
                try:
                    await run_in_threadpool(sign_out, scope)
                except GeodataError as error:
                    await refused(error, scope)(scope, receive, send)
                    return
            await self.app(scope, receive, response.sender(receive, send))
        except OSError as error:
            if response.started:
                raise
            LOG.warning("%s could not be answered: %s", name, error)
            await refused(UnreadableError(UNREADABLE), scope)(scope, receive, send)

    def _file_refusal(self, scope: Scope, file_id: str) -> PlainTextResponse | None:
        """Why a file is not served; None where it may be, or there is none."""
        file = runtime.get_instance().media_file_mgr.read_file(file_id)
        if file is None or digest_of(file.content) in self.public:
            return None
        try:
            ledger().require(file.content, owner=asking_owner(scope))
        except GeodataError as error:
            return refused(error, scope)
        return None

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A socket that is of a sign-in that has not ended, or of none."""
        if settings_path() is None:
            await self.app(scope, receive, send)
            return
        owner, grant = await run_in_threadpool(admitted, scope)
        if not owner:
            scope = without_sign_in(scope)
        if self._sockets.has_changed(owner, grant):
            scope = without_session(scope)
        socket = Socket(owner=owner, grant=grant)
        self._sockets.add(socket)
        receiving = checked(socket, socket.receiver(receive, send), send)
        try:
            await self.app(scope, receiving, socket.sender(send))
        finally:
            self._sockets.discard(socket)


@dataclass(kw_only=True)
class _Response:
    """The response to a request, which records a sign-in and sets cookies as they should be."""

    scope: Scope
    signs_in: bool
    started: bool = False
    failed: bool = False

    def sender(self, receive: Receive, send: Send) -> Send:
        """``send`` for the application."""

        async def sent(message: Message) -> None:
            self.started = True
            if message["type"] == "http.response.start":
                await self._start(MutableHeaders(scope=message), receive, send)
            if not self.failed:
                await send(message)

        return sent

    async def _start(self, headers: MutableHeaders, receive: Receive, send: Send) -> None:
        if self.signs_in:
            try:
                await run_in_threadpool(sign_in, headers)
            except (OSError, GeodataError) as error:
                LOG.warning("A sign-in could not be recorded: %s", error)
                self.failed = True
                await refused(UnreadableError(NOT_RECORDED), self.scope)(self.scope, receive, send)
        if "set-cookie" in headers:
            harden(headers, secure=is_https(self.scope), sign_in_s=sign_in_seconds())

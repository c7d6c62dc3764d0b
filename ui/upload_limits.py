"""Uploads: whose are taken, how much is held for one person and for all, and when it is freed."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from geodata.incoming import MOST_MB
from ui.access import NotAllowedError
from ui.client_address import client_address
from ui.sign_in.requests import refused
from ui.texts import marked as _
from ui.upload_pace import SlowError, paced
from ui.visitor import Visitor, cookies_of, current_visitor, visitor_of

ADDRESS = re.compile(r"/_stcore/upload_file/(?P<session>[^/]+)/[^/]+/*$")
MEGABYTE = 1024 * 1024
FRAME_BYTES = 65_536
"""What a form adds to a file: names and boundaries."""

MOST_BYTES = MOST_MB * MEGABYTE + FRAME_BYTES
MOST_MB_EACH = 2 * MOST_MB
"""So much is held for one person at once, in all their tabs."""

MOST_MB_ADDRESS = 3 * MOST_MB
"""So much for all browsers of one network address, where nobody signs in: one that throws its
cookies away is another person each time, and leaves room for others all the same."""

MOST_MB_ALL = 5 * MOST_MB
"""So much is held for all."""

MOST_FILES_EACH = 128
"""So many files may arrive at once from one person: a browser sends all that are dropped
together, six at a time by HTTP/1.1, a hundred by HTTP/2 through a proxy."""

MOST_FILES_ADDRESS = 2 * MOST_FILES_EACH
"""So many from all browsers of one address, where nobody signs in."""

NAMELESS = _(
    "This browser keeps no cookies, so files from it would be nobody's; allow them for this page "
    "and load it anew."
)

GRACE_S = 60
"""A session whose connection broke may come back within this time and find its files."""

SWEEP_S = 5


@dataclass
class _Session:
    person: str
    address: str = ""
    folders: list[Path] = field(default_factory=list)
    gone_since: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrival:
    """A file that is about to arrive; ``address`` is "" where it is not counted by address."""

    session: str
    person: str
    address: str
    size: int


class Uploads:
    """The sessions that may send files, and the bytes that are held for each person.

    ``stored`` tells the bytes of the files that Streamlit holds, by session.
    """

    def __init__(
        self,
        stored: Callable[[], Mapping[str, int]],
        *,
        most_each: int = MOST_MB_EACH * MEGABYTE,
        most_address: int = MOST_MB_ADDRESS * MEGABYTE,
        most_all: int = MOST_MB_ALL * MEGABYTE,
    ) -> None:
        self._stored = stored
        self._most_each = most_each
        self._most_address = most_address
        self._most_all = most_all
        self._sessions: dict[str, _Session] = {}
        self._arriving: set[Arrival] = set()
        self._lock = Lock()

    def permit(self, session: str, person: str) -> None:
        """Take files of a session from now on: its page shows where to drop them."""
        with self._lock:
            self._sessions.setdefault(session, _Session(person)).person = person

    def is_permitted(self, session: str, person: str) -> bool:
        """Whether files of a session are taken, and from this person."""
        with self._lock:
            held = self._sessions.get(session)
        return held is not None and held.person == person

    def reserve(self, new: Arrival) -> bool:
        """Count a file that is about to arrive; False where it would be too much, or too many."""
        with self._lock:
            if not self._fits(new):
                return False
            self._arriving.add(new)
            held = self._sessions.get(new.session)
            if held is not None:
                held.address = new.address
            return True

    def release(self, arrival: Arrival) -> None:
        """Count a file as arriving no longer."""
        with self._lock:
            self._arriving.discard(arrival)

    def arriving(self, person: str) -> int:
        """How many files of a person arrive at this moment."""
        with self._lock:
            return sum(one.person == person for one in self._arriving)

    def _fits(self, new: Arrival) -> bool:
        """Whether a file keeps within the bounds of its person, its address, and of all."""
        each, address = Counter[str](), Counter[str]()
        files, files_of = Counter[str](), Counter[str]()
        for one in (*self._arriving, new):
            each[one.person] += one.size
            address[one.address] += one.size
            files[one.person] += 1
            files_of[one.address] += 1
        for session, stored in self._stored().items():
            known = self._sessions.get(session, _Session(""))
            each[known.person] += stored
            address[known.address] += stored
        return (
            each[new.person] <= self._most_each
            and files[new.person] <= MOST_FILES_EACH
            and each.total() <= self._most_all
            and (
                not new.address
                or (
                    address[new.address] <= self._most_address
                    and files_of[new.address] <= MOST_FILES_ADDRESS
                )
            )
        )

    def keep_folder(self, session: str, folder: Path) -> None:
        """Remove ``folder`` with the session, and those that it had before now."""
        with self._lock:
            held = self._sessions.get(session)
            old = [] if held is None else held.folders
            if held is not None:
                held.folders = [folder]
        _remove(old)

    def ended(self, is_active: Callable[[str], bool], *, now: float) -> list[str]:
        """Forget the sessions that are gone for `GRACE_S`, with their folders; gives their ids."""
        gone: dict[str, _Session] = {}
        with self._lock:
            for session, held in self._sessions.items():
                if is_active(session):
                    held.gone_since = None
                elif held.gone_since is None:
                    held.gone_since = now
                elif now - held.gone_since >= GRACE_S:
                    gone[session] = held
            for session in gone:
                del self._sessions[session]
        _remove(folder for held in gone.values() for folder in held.folders)
        return list(gone)


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(RecursionError):  # folders in folders without end
            shutil.rmtree(folder, ignore_errors=True)


@cache
def uploads() -> Uploads:
    """The uploads of this process."""
    return Uploads(_stored)


def _manager() -> MemoryUploadedFileManager:
    return cast("MemoryUploadedFileManager", runtime.get_instance().uploaded_file_mgr)


def _stored() -> dict[str, int]:
    """The bytes of the files that Streamlit holds, by session."""
    held = list(_manager().file_storage.items())
    return {session: sum(len(one.data) for one in list(files.values())) for session, files in held}


def permit_uploads() -> bool:
    """Take files of this session: its page shows where to drop them, to who may change data.

    Gives False for a browser without a name, one that keeps no cookies: its files are refused.
    """
    context, visitor = get_script_run_ctx(), current_visitor()
    if context is None or not visitor.may_send_files:
        return True
    if visitor.name:
        uploads().permit(context.session_id, visitor.name)
    return bool(visitor.name)


def keep_with_session(folder: Path) -> None:
    """Remove a folder of dropped files when this session ends, or drops others."""
    context = get_script_run_ctx()
    if context is not None:
        uploads().keep_folder(context.session_id, folder)


@asynccontextmanager
async def freeing_uploads() -> AsyncIterator[None]:
    """While the server runs, free what ended sessions have sent."""
    task = asyncio.create_task(_free_for_ever())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _free_for_ever() -> None:
    server = runtime.get_instance()
    while True:
        await asyncio.sleep(SWEEP_S)
        ended = await asyncio.to_thread(
            uploads().ended, server.is_active_session, now=time.monotonic()
        )
        for session in ended:
            server.close_session(session)  # what it holds of the files goes too
            _manager().remove_session_files(session)


class UploadGuard:
    """Refuses a file before its body is read, unless this person may send it and it fits."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        visitor: Callable[[Mapping[str, str]], Visitor] = visitor_of,
        held: Callable[[], Uploads] = uploads,
    ) -> None:
        self.app = app
        self.visitor = visitor
        self.held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a file on whose room is reserved; answer for any other."""
        asked = ADDRESS.search(scope["path"]) if scope["type"] == "http" else None
        if asked is None or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        visitor = await run_in_threadpool(self.visitor, cookies_of(scope))
        held = self.held()
        if not visitor.name and visitor.may_send_files:
            await _close(refused(NotAllowedError(NAMELESS), scope))(scope, receive, send)
        elif not visitor.may_send_files or not held.is_permitted(asked["session"], visitor.name):
            await _refuse(403, "Not allowed to send files here")(scope, receive, send)
        elif scope["method"] == "PUT":
            await self._take(asked["session"], visitor, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _take(
        self, session: str, visitor: Visitor, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand on a file whose size is told and whose room is reserved, as long as it comes."""
        size = _size_told(Headers(scope=scope))
        if size is None:
            await _refuse(411, "The size of the file is not told")(scope, receive, send)
            return
        held, address = self.held(), "" if visitor.is_signed_in else client_address(scope)
        arrival = Arrival(session=session, person=visitor.name, address=address, size=size)
        if size > MOST_BYTES or not held.reserve(arrival):
            await _refuse(413, "More than is taken at once")(scope, receive, send)
            return
        try:
            await self.app(scope, paced(receive, lambda: held.arriving(visitor.name)), send)
        except SlowError:
            await _refuse(408, "The file came too slowly")(scope, receive, send)
        finally:
            held.release(arrival)


def _size_told(headers: Headers) -> int | None:
    """The bytes of a body; None where it may be of any size, as one in chunks.

    No more than these are read: what follows them is the next request (RFC 9112, 6.3).
    """
    length = headers.get("content-length", "")
    is_number = length.isascii() and length.isdecimal() and len(length) < 20
    return int(length) if is_number and "transfer-encoding" not in headers else None


def _refuse(status: int, why: str) -> PlainTextResponse:
    return _close(PlainTextResponse(why, status_code=status))


def _close(answer: PlainTextResponse) -> PlainTextResponse:
    """An answer after which the connection is closed: the body that follows is not read."""
    answer.headers["Connection"] = "close"
    return answer

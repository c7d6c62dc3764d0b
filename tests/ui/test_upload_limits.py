"""Files are refused before their body is read, bounded for one person and all, and freed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from geodata.access import EVERYTHING, Rights
from tests.ui.asgi import ran
from ui import upload_limits
from ui.client_address import client_address
from ui.upload_limits import (
    GRACE_S,
    MOST_BYTES,
    MOST_FILES_ADDRESS,
    MOST_FILES_EACH,
    Arrival,
    UploadGuard,
    Uploads,
)
from ui.visitor import NOBODY, Visitor

PLANNER = Visitor(name="email:a", rights=EVERYTHING)
OTHER = Visitor(name="email:c", rights=EVERYTHING)
READER = Visitor(name="email:b", rights=Rights(may_change_data=False))


class _Server:
    """Takes files as Streamlit does, and counts what it has read."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.read += len(body)
        session = scope["path"].split("/")[-2]
        self.stored[session] = self.stored.get(session, 0) + len(body)
        await PlainTextResponse("", status_code=204)(scope, receive, send)


def _arrival(person: str, size: int, *, address: str = "") -> Arrival:
    return Arrival(session=person, person=person, address=address, size=size)


def _send(
    server: _Server,
    uploads: Uploads,
    visitor: Visitor,
    size: int,
    *,
    session: str = "s",
    told: str | None = None,
    method: str = "PUT",
    more: tuple[tuple[bytes, bytes], ...] = (),
    client: str = "127.0.0.1",
) -> int:
    length = str(size) if told is None else told
    headers = [(b"content-length", length.encode())] if length else []
    headers += more
    path = f"/base/_stcore/upload_file/{session}/f"
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": headers,
        "client": (client, 5000),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * size, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    guard = UploadGuard(server, visitor=lambda _: visitor, held=lambda: uploads)
    ran(guard(scope, receive, send))
    return int(sent[0]["status"])


@pytest.fixture
def server() -> _Server:
    return _Server()


@pytest.fixture
def uploads(server: _Server) -> Uploads:
    made = Uploads(lambda: server.stored, most_each=100, most_address=120, most_all=150)
    for session, visitor in (("s", PLANNER), ("s2", PLANNER), ("t", OTHER)):
        made.permit(session, visitor.name)
    return made


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
@pytest.mark.parametrize(
    ("visitor", "session"), [(NOBODY, "s"), (READER, "s"), (PLANNER, "unknown"), (OTHER, "s")]
)
def test_who_may_not_send_files_is_refused_unread(
    server: _Server, uploads: Uploads, visitor: Visitor, session: str, method: str
) -> None:
    assert _send(server, uploads, visitor, 10, session=session, method=method) == 403
    assert server.read == 0


@pytest.mark.parametrize(
    ("told", "status"), [("", 411), ("-1", 411), ("²", 411), (str(MOST_BYTES + 1), 413)]
)
def test_a_file_whose_size_is_not_told_or_too_large_is_refused_unread(
    server: _Server, uploads: Uploads, told: str, status: int
) -> None:
    assert _send(server, uploads, PLANNER, 10, told=told) == status
    assert server.read == 0


def test_a_file_in_chunks_may_be_larger_than_it_says_and_is_refused_unread(
    server: _Server, uploads: Uploads
) -> None:
    chunked = ((b"transfer-encoding", b"chunked"),)
    assert _send(server, uploads, PLANNER, 10, told="1", more=chunked) == 411
    assert server.read == 0


def test_one_person_and_all_have_a_bound_in_all_their_sessions(
    server: _Server, uploads: Uploads
) -> None:
    assert _send(server, uploads, PLANNER, 60) == 204
    assert _send(server, uploads, PLANNER, 60, session="s2") == 413
    assert _send(server, uploads, PLANNER, 40, session="s2") == 204
    assert _send(server, uploads, OTHER, 60, session="t") == 413
    assert _send(server, uploads, OTHER, 50, session="t") == 204
    assert server.read == 150


def test_what_arrives_at_the_same_time_counts(uploads: Uploads) -> None:
    first = _arrival("a", 60)
    assert uploads.reserve(first)
    assert not uploads.reserve(_arrival("a", 60))
    assert uploads.reserve(_arrival("b", 90))
    assert not uploads.reserve(_arrival("c", 1))
    uploads.release(first)
    assert uploads.reserve(_arrival("c", 60))


def test_so_many_files_of_one_person_arrive_at_once_and_no_more(uploads: Uploads) -> None:
    held = [_arrival("a", 0) for _ in range(MOST_FILES_EACH)]
    assert all(uploads.reserve(one) for one in held)
    assert uploads.arriving("a") == MOST_FILES_EACH
    assert not uploads.reserve(_arrival("a", 0))
    assert uploads.reserve(_arrival("b", 0))
    uploads.release(held[0])
    assert uploads.reserve(_arrival("a", 0))


def test_browsers_of_one_address_leave_room_for_others(server: _Server, uploads: Uploads) -> None:
    here, there = "203.0.113.9", "198.51.100.1"
    for name in ("b1", "b2", "b3"):
        uploads.permit(name, f"browser:{name}")
    first, second, third = (Visitor(name=f"browser:b{k}", rights=EVERYTHING) for k in (1, 2, 3))
    assert _send(server, uploads, first, 70, session="b1", client=here) == 204
    assert _send(server, uploads, second, 60, session="b2", client=here) == 413
    assert _send(server, uploads, second, 50, session="b2", client=here) == 204
    assert _send(server, uploads, third, 1, session="b3", client=here) == 413
    assert _send(server, uploads, third, 20, session="b3", client=there) == 204


def test_so_many_files_of_one_address_arrive_at_once_and_no_more(uploads: Uploads) -> None:
    for k in range(MOST_FILES_ADDRESS):
        assert uploads.reserve(_arrival(f"browser:{k}", 0, address="203.0.113.9"))
    assert not uploads.reserve(_arrival("browser:x", 0, address="203.0.113.9"))
    assert uploads.reserve(_arrival("browser:x", 0, address="198.51.100.1"))


def test_people_who_signed_in_may_share_an_address(server: _Server, uploads: Uploads) -> None:
    here = "203.0.113.9"
    assert _send(server, uploads, PLANNER, 90, client=here) == 204
    assert _send(server, uploads, OTHER, 50, session="t", client=here) == 204


def test_files_of_a_browser_without_cookies_are_refused_with_a_sentence(
    server: _Server, uploads: Uploads
) -> None:
    uploads.permit("n", "")
    nameless = Visitor(name="", rights=EVERYTHING)
    assert _send(server, uploads, nameless, 10, session="n") == 403
    assert server.read == 0


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("::ffff:203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:0:1:2:3:4:5", 1), "2001:db8:0:1::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("127.0.0.1", 1), ""),
        (("::1", 1), ""),
        (("::ffff:127.0.0.1", 1), ""),
        (("", 0), ""),
        (None, ""),
    ],
)
def test_an_address_tells_machines_apart_where_it_can(
    client: tuple[str, int] | None, address: str
) -> None:
    assert client_address({"type": "http", "client": client}) == address


def test_files_of_a_session_are_freed_when_it_ends(uploads: Uploads, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        uploads.keep_folder("s", folder)
    assert (first.exists(), second.exists()) == (False, True)
    active = {"s2", "t"}
    assert uploads.ended(active.__contains__, now=0) == []
    active.add("s")
    assert uploads.ended(active.__contains__, now=GRACE_S) == []
    active.remove("s")
    assert uploads.ended(active.__contains__, now=100) == []
    assert uploads.ended(active.__contains__, now=100 + GRACE_S) == ["s"]
    assert not second.exists()
    assert not uploads.is_permitted("s", PLANNER.name)
    assert uploads.is_permitted("s2", PLANNER.name)


@pytest.mark.parametrize(
    ("visitor", "named"),
    [(Visitor(name="", rights=EVERYTHING), False), (PLANNER, True), (NOBODY, True)],
)
def test_a_page_knows_of_a_browser_without_a_name(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, visitor: Visitor, *, named: bool
) -> None:
    context = SimpleNamespace(session_id="new")
    monkeypatch.setattr(upload_limits, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(upload_limits, "current_visitor", lambda: visitor)
    monkeypatch.setattr(upload_limits, "uploads", lambda: uploads)
    assert upload_limits.permit_uploads() is named
    assert uploads.is_permitted("new", visitor.name) is (visitor is PLANNER)

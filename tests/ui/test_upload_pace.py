"""A body that stops, trickles or goes on beyond its told size is cut off, on a real socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from geodata.access import EVERYTHING
from geodata.incoming import MOST_MB
from ui import upload_pace
from ui.upload_limits import MEGABYTE, MOST_FILES_EACH, Arrival, UploadGuard, Uploads
from ui.upload_pace import LEAST_BYTES_S, PAUSE_S, START_S, Pace
from ui.visitor import Visitor

NAME = "browser:a"
PATH = "/_stcore/upload_file/s/f"


class Server:
    """The guard before an application that keeps what it reads, on a port of this machine."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.clients: list[str] = []
        self.visitor = Visitor(name=NAME, rights=EVERYTHING)
        self.uploads = Uploads(dict)
        self.uploads.permit("s", NAME)
        self.port = 0

    async def take(self, request: Request) -> Response:
        """Keep a body as Streamlit does: whole, or not at all."""
        assert request.client is not None
        self.clients.append(request.client.host)
        self.bodies.append(await request.body())
        return PlainTextResponse("taken")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the end of the block."""
        guard = Middleware(UploadGuard, visitor=lambda _: self.visitor, held=lambda: self.uploads)
        site = Starlette(routes=[Route(PATH, self.take, methods=["PUT"])], middleware=[guard])
        bound = socket.create_server(("127.0.0.1", 0))
        self.port = bound.getsockname()[1]
        running = uvicorn.Server(uvicorn.Config(site, log_level="error", lifespan="off"))
        thread = Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            while not running.started:
                time.sleep(0.01)
            yield
        finally:
            running.should_exit = True
            thread.join()

    @contextmanager
    def sending(self, told: int, *more: str) -> Iterator[socket.socket]:
        """A connection that has told the size of a file."""
        lines = [f"PUT {PATH} HTTP/1.1", "Host: a.example", f"Content-Length: {told}", *more]
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.sendall("\r\n".join([*lines, "", ""]).encode())
            yield link


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with made.running():
        yield made


def _all(link: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    found = b""
    try:
        while piece := link.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return found


def test_a_body_longer_than_it_was_told_is_cut_off_there(server: Server) -> None:
    with server.sending(5) as link:
        link.sendall(b"12345" + b"x" * 100_000)
        answer = _all(link)
    assert server.bodies == [b"12345"]
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 400" in answer, "what follows is no request"


def test_a_body_that_stops_gives_its_room_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pace, "PAUSE_S", 0.3)
    with server.sending(100_000) as link:
        link.sendall(b"x")
        answer = _all(link)
    assert answer.startswith(b"HTTP/1.1 408")
    assert server.bodies == []
    assert server.uploads.arriving(NAME) == 0


def test_a_body_that_trickles_is_cut_off_and_one_that_comes_steadily_is_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pace, "START_S", 0.4)
    monkeypatch.setattr(upload_pace, "LEAST_BYTES_S", 1_000)
    for piece, status in ((b"x", b"408"), (b"x" * 500, b"200")):
        with server.sending(10 * len(piece)) as link:
            for _ in range(10):
                link.sendall(piece)
                if select([link], [], [], 0.1)[0]:
                    break
            assert link.recv(12) == b"HTTP/1.1 " + status
    assert server.bodies == [b"x" * 5_000]


def test_a_browser_without_cookies_reads_a_sentence(server: Server) -> None:
    server.visitor = Visitor(name="", rights=EVERYTHING)
    server.uploads.permit("s", "")
    with server.sending(1_000, "Referer: http://a.example/data?lang=en") as link:
        answer = _all(link).decode()
    assert answer.startswith("HTTP/1.1 403")
    assert "This browser keeps no cookies" in answer
    assert server.bodies == []


def test_a_proxy_on_this_machine_tells_whose_file_it_is_by_the_last_address(
    server: Server,
) -> None:
    with server.sending(1, "X-Forwarded-For: 192.0.2.1, 203.0.113.9") as link:
        link.sendall(b"x")
        assert link.recv(12) == b"HTTP/1.1 200"
    assert server.clients == ["203.0.113.9"]


def _arrives(line_bytes_s: float, size: int, *, sharing: int, piece: int = 16_384) -> bool:
    """Whether a file comes whole from a line that others share."""
    pace, now, left = Pace(START_S), 0.0, size
    while left > 0:
        wait, took = pace.wait_s(now), min(piece, left) * sharing / line_bytes_s
        if took > wait:
            return False
        now += took
        pace.came(min(piece, left), sharing=sharing)
        left -= piece
    return True


@pytest.mark.parametrize("sharing", [1, 6, 30])
@pytest.mark.parametrize("kbit_s", [65, 128, 256, 1_000, 100_000])
def test_the_largest_file_comes_by_a_line_of_a_village(kbit_s: int, sharing: int) -> None:
    assert _arrives(kbit_s * 1000 / 8 * 1.024, MOST_MB * MEGABYTE, sharing=sharing)


def test_a_line_below_the_least_rate_is_cut_off_and_none_holds_room_for_long() -> None:
    assert not _arrives(LEAST_BYTES_S * 0.9, MOST_MB * MEGABYTE, sharing=1)
    longest = START_S + MOST_MB * MEGABYTE / LEAST_BYTES_S
    assert longest < 7.2 * 3600
    assert Pace(1e9).wait_s(0.0) == PAUSE_S


def test_no_more_files_share_a_line_than_may_arrive_at_once() -> None:
    uploads = Uploads(dict)
    for _ in range(2 * MOST_FILES_EACH):
        uploads.reserve(Arrival(session="s", person=NAME, address="", size=0))
    assert uploads.arriving(NAME) == MOST_FILES_EACH

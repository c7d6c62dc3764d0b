"""Sockets come from our own pages, and bring only what our pages send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from socket import AF_INET, SOCK_STREAM, create_connection, socket
from threading import Event, Thread
from time import sleep
from types import MethodType
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.runtime_util import get_max_message_size_bytes
from websockets import Origin
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from geodata.access import EVERYTHING, Rights
from tests.ui.asgi import ran
from ui import sockets
from ui.sign_in.gate import AccessGate
from ui.sockets import (
    MOST_BYTES,
    MOST_BYTES_UNKNOWN,
    PONG_S,
    MessageBound,
    PongWait,
    SocketGuard,
    is_allowed,
    is_own_origin,
    logging_frames,
    wait_for_pongs,
)
from ui.visitor import NOBODY, Visitor

PLANNER = Visitor(name="email:a", rights=EVERYTHING)
READER = Visitor(name="email:b", rights=Rights(may_change_data=False, may_change_rules=False))


def _message(**told: object) -> Message:
    body = BackMsg()
    for name, value in told.items():
        if isinstance(value, bool):
            setattr(body, name, value)
        else:
            getattr(body, name).SetInParent()
    return {"type": "websocket.receive", "bytes": body.SerializeToString()}


def _operation(name: str) -> Message:
    body = BackMsg()
    getattr(body.backend_operation_request, name).SetInParent()
    return {"type": "websocket.receive", "bytes": body.SerializeToString()}


@pytest.mark.parametrize(
    "name",
    ["clear_cache", "set_run_on_save", "stop_script", "load_git_info", "app_heartbeat",
     "debug_disconnect_websocket", "debug_shutdown_runtime"],
)  # fmt: skip
def test_streamlits_own_messages_reach_nobody(name: str) -> None:
    for visitor in (PLANNER, READER, NOBODY):
        assert not is_allowed(_message(**{name: True}), visitor)


def test_runs_downloads_and_files_are_for_who_may() -> None:
    asked = {
        "run": _message(rerun_script=None),
        "download": _operation("deferred_file"),
        "rows": _operation("dataframe_chunk"),
        "skills": _operation("install_skills"),
        "files": _message(file_urls_request=None),
        "nothing": _message(),
    }

    def reaching(visitor: Visitor) -> list[str]:
        return [name for name, message in asked.items() if is_allowed(message, visitor)]

    assert reaching(PLANNER) == ["run", "download", "files"]
    assert reaching(READER) == ["run", "download"]
    assert reaching(NOBODY) == ["run"]


def test_before_sign_in_there_is_the_pages_own_run_alone() -> None:
    part, large = BackMsg(), BackMsg()
    part.rerun_script.fragment_id = "a"
    large.rerun_script.query_string = "a" * MOST_BYTES_UNKNOWN
    for body in (part, large):
        message = {"type": "websocket.receive", "bytes": body.SerializeToString()}
        assert is_allowed(message, PLANNER)
        assert not is_allowed(message, NOBODY)


@pytest.mark.parametrize(
    ("origin", "host", "public", "own"),
    [
        ("http://a.example:8501", "a.example:8501", "", True),
        ("https://a.example", "a.example", "", True),
        ("http://b.example", "a.example", "", False),
        ("http://a.example:1", "a.example:2", "", False),
        ("http://localhost:8501", "a.example", "", False),
        ("", "a.example", "", False),
        ("null", "a.example", "", False),
        ("", "", "", False),
        ("http://[x", "a.example", "", False),
        ("https://a.example", "inner:8501", "https://a.example/", True),
        ("http://a.example", "a.example", "https://a.example", False),
        ("https://inner", "inner", "https://a.example", False),
    ],
)
def test_only_pages_of_this_server_open_a_socket(
    origin: str, host: str, public: str, own: bool
) -> None:
    assert is_own_origin(origin, host=host, public=public) is own


@pytest.mark.parametrize(
    ("broken", "code"), [({"bytes": b"\xff\xff"}, 1002), ({"text": "hello"}, 1003)]
)
def test_a_broken_message_closes_the_socket_and_leaves_one_line_in_the_log(
    broken: Mapping[str, object], code: int, caplog: pytest.LogCaptureFixture
) -> None:
    message = {"type": "websocket.receive", **broken}
    inner, sent, _ = _connect([message, _message(rerun_script=None)], origin="http://a.example")
    assert [message["type"] for message in inner.received] == ["websocket.connect"]
    assert sent == [{"type": "websocket.close", "code": code}]
    assert [record.exc_info for record in caplog.records] == [None]


class _Inner:
    """Receives until the connection closes."""

    def __init__(self, answers: Sequence[Message] = ()) -> None:
        self.answers = answers
        self.received: list[Message] = []
        self.host = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.host = dict(scope["headers"])[b"host"].decode()
        while (message := await receive())["type"] != "websocket.disconnect":
            self.received.append(message)
        for answer in self.answers:
            await send(answer)


def _connect(
    messages: list[Message],
    *,
    origin: str,
    cookie: str = "",
    public: str = "",
    answers: Sequence[Message] = (),
) -> tuple[_Inner, list[Message], list[Mapping[str, str]]]:
    inner, sent, asked = _Inner(answers), [], []
    told = iter([{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect"}])

    async def receive() -> Message:
        return next(told)

    async def send(message: Message) -> None:
        sent.append(message)

    def visitor(cookies: Mapping[str, str]) -> Visitor:
        asked.append(cookies)
        return PLANNER if cookies.get("who") == "planner" else NOBODY

    headers = [(b"host", b"a.example"), (b"origin", origin.encode()), (b"cookie", cookie.encode())]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
    guard = SocketGuard(inner, visitor=visitor, origin=lambda: public)
    ran(guard(scope, receive, send))
    return inner, sent, asked


def test_what_is_dropped_does_not_end_the_connection() -> None:
    run, clear = _message(rerun_script=None), _message(clear_cache=True)
    inner, sent, asked = _connect(
        [run, clear, run], origin="http://a.example", cookie="x=1; who=planner"
    )
    assert [message.get("bytes") for message in inner.received[1:]] == [run["bytes"]] * 2
    assert sent == []
    assert asked[0] == {"x": "1", "who": "planner"}


def test_no_browser_is_told_the_folder_of_the_program() -> None:
    start, text = ForwardMsg(hash="h"), ForwardMsg()
    start.new_session.main_script_path = "/srv/phusong/ui/main.py"
    start.new_session.initialize.session_id = "s"
    text.delta.new_element.text.body = "main.py"
    inner, sent, _ = _connect(
        [],
        origin="http://a.example",
        answers=[
            {"type": "websocket.send", "bytes": one.SerializeToString()} for one in (start, text)
        ],
    )
    assert inner.received
    told, same = (message["bytes"] for message in sent)
    assert same == text.SerializeToString()
    start.new_session.main_script_path = "main.py"
    assert told == start.SerializeToString()


def test_a_page_of_another_server_is_refused_before_anything_is_read() -> None:
    inner, sent, _ = _connect([_message(rerun_script=None)], origin="http://b.example")
    assert inner.received == []
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_behind_a_proxy_the_server_sees_the_host_that_was_asked_for() -> None:
    inner, _, _ = _connect([], origin="https://p.example", public="https://p.example")
    assert inner.host == "p.example"


@contextmanager
def _served() -> Iterator[str]:
    """A server that hears messages and answers none, as Streamlit starts it."""

    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": str(len(message["bytes"]))})

    def visitor(cookies: Mapping[str, str]) -> Visitor:
        return PLANNER if cookies.get("who") == "planner" else NOBODY

    guard = MessageBound(quiet, visitor=visitor)
    with _running(guard, ws_max_size=get_max_message_size_bytes()) as port:
        yield f"ws://127.0.0.1:{port}/_stcore/stream"


@contextmanager
def _running(app: ASGIApp, **told: Any) -> Iterator[int]:
    """A server of an application in a thread; gives its port."""
    config = uvicorn.Config(app, lifespan="off", log_level="error", log_config=None, **told)
    server = uvicorn.Server(config)
    with socket(AF_INET, SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                sleep(0.01)
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.mark.parametrize(
    ("cookie", "most"), [("", MOST_BYTES_UNKNOWN), ("who=planner", MOST_BYTES)]
)
def test_a_message_longer_than_our_pages_send_is_cut_off_before_it_is_held(
    cookie: str, most: int
) -> None:
    run = BackMsg()
    run.rerun_script.query_string = "a" * (most - 100)
    whole = run.SerializeToString()
    run.rerun_script.query_string = "a" * most
    with (
        _served() as url,
        connect(url, origin=Origin("http://a.example"), additional_headers={"Cookie": cookie}) as c,
    ):
        c.send(whole)
        assert c.recv(30) == str(len(whole))
        c.send(run.SerializeToString())
        with pytest.raises(ConnectionClosedError) as closed:
            c.recv(30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_the_server_hands_its_own_connections_to_the_guard_of_sockets() -> None:
    from app import app  # noqa: PLC0415  # a server of its own

    kinds = [one.cls for one in app._user_middleware]
    assert kinds.index(MessageBound) < kinds.index(AccessGate), "which wraps what it hands on"
    assert kinds.index(PongWait) < kinds.index(AccessGate)


PING_S = 0.2


class _Sending:
    """An application that says one thing of some length, and notes when the connection ends."""

    def __init__(self, size: int = 0) -> None:
        self.size = size
        self.ended = Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # as ASGI has it
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": bytes(self.size)})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.ended.set()


@contextmanager
def _pinging(app: ASGIApp) -> Iterator[socket]:
    """A WebSocket that answers nothing, of a server that pings as Streamlit's does, but sooner."""
    key = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key += "Origin: http://a\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    key += "Sec-WebSocket-Version: 13\r\n\r\n"
    told = {"ws": "websockets-sansio", "ws_ping_interval": PING_S, "ws_ping_timeout": PING_S}
    with _running(app, **told) as port, create_connection(("127.0.0.1", port)) as client:
        client.sendall(key.encode())
        client.settimeout(30)
        assert client.recv(12) == b"HTTP/1.1 101"
        yield client


def _closes_within(client: socket, seconds: float) -> bool:
    client.settimeout(seconds)
    try:
        while client.recv(65_536):
            pass
    except TimeoutError:
        return False
    return True


def test_a_browser_may_take_two_minutes_to_answer_a_ping() -> None:
    assert PONG_S >= 60 + 30, "a minute of a busy processor, and what comes after it"
    with _pinging(_Sending()) as client:
        assert _closes_within(client, 30), "so it is without us"
    with _pinging(PongWait(_Sending())) as client:
        assert not _closes_within(client, 8 * PING_S)
    with _pinging(PongWait(_Sending(), seconds=PING_S)) as client:
        assert _closes_within(client, 30), "whoever is gone is let go in the end"


def test_what_a_reader_who_answers_no_more_has_not_taken_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "ABORT_S", PING_S)
    app = _Sending(64 * 2**20)
    with _pinging(PongWait(app, seconds=PING_S)):
        assert app.ended.wait(30), "though its other end is open"


def test_what_is_sent_after_that_is_no_fault_of_the_server() -> None:
    """uvicorn raises what it has for who has gone, as soon as it says that it has closed."""
    protocol = Mock(ping_timeout=30.0, disconnected=False)
    close, transport = protocol.keepalive_timeout, protocol.transport
    assert wait_for_pongs(MethodType(lambda _: None, protocol), 60.0)
    assert protocol.ping_timeout == 60.0
    protocol.keepalive_timeout()
    close.assert_called_once_with()
    assert protocol.disconnected
    protocol.loop.call_later.assert_called_once_with(sockets.ABORT_S, transport.abort)
    assert not wait_for_pongs(MethodType(lambda _: None, object()), 60.0)


@pytest.mark.parametrize("frame", [b"\x81\x82abcd\x9e\x9d", b"\x83\x80abcd", b"\x82\x01a"])
def test_a_broken_frame_leaves_one_line_in_the_log_and_no_traceback(
    frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Text that is not UTF-8, a kind of frame that there is not, one that is not masked."""
    app = _Sending()
    guard = SocketGuard(app, origin=lambda: "")
    with logging_frames(), _pinging(guard) as client:
        client.sendall(frame)
        assert app.ended.wait(30)
    assert [record.exc_info for record in caplog.records] == [None]
    assert caplog.messages[0].startswith("A WebSocket was closed: its frames are broken (10")

"""What a stranger without a browser may send to a running server."""

from __future__ import annotations

from socket import SHUT_RDWR
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

WAIT_S = 60


def _socket(address: str, origin: str | None, *, session: str = "") -> ClientConnection:
    """A socket, and where it broke before that of the same ``session``, as the page asks."""
    url = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    named = ["streamlit", *(["x", session] if session else [])]
    return connect(url, origin=origin, subprotocols=named, max_size=None)  # type: ignore[arg-type]  # an origin is text


def _next(socket: ClientConnection, kind: str) -> ForwardMsg:
    """The next message of a kind."""
    while True:
        message = ForwardMsg()
        message.ParseFromString(socket.recv(WAIT_S))
        if message.WhichOneof("type") == kind:
            return message


@pytest.mark.parametrize("origin", ["http://b.example", None, "null", "http://localhost:3000"])
def test_a_page_of_another_server_opens_no_socket(address: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        _socket(address, origin)


def test_a_session_that_was_shown_no_place_for_files_may_send_none(address: str) -> None:
    run = BackMsg()
    run.rerun_script.query_string = ""
    with _socket(address, address.rstrip("/")) as socket:
        socket.send(run.SerializeToString())
        session = _next(socket, "new_session").new_session.initialize.session_id
        where = f"{address}_stcore/upload_file/{session}/f"
        asked = Request(where, b"x" * 1000, method="PUT")  # noqa: S310  # our own address
        with pytest.raises(HTTPError, match="403"):
            urlopen(asked, timeout=WAIT_S)  # noqa: S310  # the same


def test_emptying_the_cache_and_other_messages_of_developers_are_not_heard(address: str) -> None:
    run = BackMsg()
    run.rerun_script.query_string = ""
    with _socket(address, address.rstrip("/")) as socket:
        for name in ("clear_cache", "load_git_info", "debug_shutdown_runtime"):
            message = BackMsg()
            setattr(message, name, True)
            socket.send(message.SerializeToString())
        socket.send(run.SerializeToString())
        _next(socket, "script_finished")
    assert urlopen(f"{address}_stcore/health", timeout=WAIT_S).status == 200  # noqa: S310  # our own address


def test_a_session_whose_connection_broke_comes_back(address: str) -> None:
    run, ids = BackMsg(), list[str]()
    run.rerun_script.query_string = ""
    for _ in range(2):
        with _socket(address, address.rstrip("/"), session=ids[0] if ids else "") as socket:
            socket.send(run.SerializeToString())
            ids.append(_next(socket, "new_session").new_session.initialize.session_id)
            if len(ids) == 1:
                socket.socket.shutdown(SHUT_RDWR)
    assert ids[0] == ids[1]

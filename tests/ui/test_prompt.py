"""Small answers leave at once, on the server that Streamlit really starts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from tests.ui.asgi import get
from ui.prompt import Prompt, send_at_once


def _nodelay(receive: Any) -> int:
    connection = receive.__self__.transport.get_extra_info("socket")
    return int(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


async def _tell(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # as ASGI has it
    """Say whether the connection that asked waits for confirmations."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(_nodelay(receive)).encode()})


@pytest.fixture(params=[True, False], ids=["prompt", "plain"])
def told(request: pytest.FixtureRequest) -> Iterator[tuple[bool, str]]:
    """Whether a server is prompt, and its address; its socket is bound as Streamlit binds it."""
    listening = socket.socket(family=socket.AF_INET)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    app = Starlette(middleware=[Middleware(Prompt)] if request.param else [])
    app.mount("/", _tell)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield request.param, f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(10)


def test_a_connection_waits_for_no_confirmation(told: tuple[bool, str]) -> None:
    prompt, address = told
    with urlopen(address, timeout=10) as answer:  # noqa: S310  # our own address
        waits_not = answer.read() != b"0"
    assert waits_not == prompt, "the plain server shows whether the middleware is still needed"


def test_a_server_without_a_connection_to_set_is_left_alone() -> None:
    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    assert send_at_once(receive) is False
    assert get(Starlette(middleware=[Middleware(Prompt)]), "/nowhere").status == 404

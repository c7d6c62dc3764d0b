"""Who keeps a server busy without being served: half-open sockets, slow readers, broken uploads."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import socket
import struct
import time
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.sessions import WAIT_S, Plan, opened_socket

SIPS_BYTES = 1024
"""What a slow reader takes a second."""

UPLOAD_BYTES, PART_BYTES = 20 * 2**20, 2 * 2**20
"""What is told of an upload, and what of it comes."""

HALF = b"GET /text HTTP/1.1\r\nHost: a\r\nAccept: text"


async def half_open(plan: Plan, kind: int, seen: Counter[str], *, until: float) -> None:
    """Hold a socket that says nothing, half a request, or a WebSocket that answers no ping.

    Where the server lets go of it, it comes again.
    """
    while time.monotonic() < until:
        with suppress(OSError), await _connected(plan) as client:
            if kind % 4 == 0:
                await _opened(plan, client)
            elif kind % 4 < 3:
                await _sent(client, HALF)
            seen["half-open sockets"] += 1
            while time.monotonic() < until and await _taken(client, 65_536, wait_s=5) != b"":
                await asyncio.sleep(0.1)


async def slow_reader(plan: Plan, kind: int, seen: Counter[str], *, until: float) -> None:
    """Ask for a page and take a kilobyte of it a second: by WebSocket, or of the text page."""
    while time.monotonic() < until:
        with suppress(OSError), await _connected(plan) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if kind % 2:
                await _opened(plan, client)
            seen["slow readers"] += 1
            while time.monotonic() < until:
                ask = _masked(_page("gaps")) if kind % 2 else _asked(plan, "/text?lang=en")
                await _sent(client, ask)
                for _ in range(30):
                    if time.monotonic() > until or await _taken(client, SIPS_BYTES) == b"":
                        break
                    await asyncio.sleep(1)
                else:
                    continue
                break


async def broken_upload(plan: Plan, kind: int, seen: Counter[str], *, until: float) -> None:
    """Open the page of data, begin to send a file that never is whole, and go away."""
    cookie = f"phusong_visitor={secrets.token_hex(32)}"
    while time.monotonic() < until:
        with suppress(OSError, TimeoutError):
            async with opened_socket(plan, cookie=cookie) as connection:
                await connection.send(_page("data"))
                session = ""
                while True:
                    received = await asyncio.wait_for(connection.recv(), WAIT_S)
                    answer = ForwardMsg.FromString(bytes(received))
                    told = answer.new_session.initialize.session_id
                    session = told or session
                    if answer.WhichOneof("type") == "script_finished":
                        break
                await _half_sent(plan, f"/_stcore/upload_file/{session}/{kind}", cookie, kind)
                seen["broken uploads"] += 1
        await asyncio.sleep(2)


async def _half_sent(plan: Plan, path: str, cookie: str, kind: int) -> None:
    """Send a part of a file, then reset the connection, close it, or say no more for 20 s."""
    with await _connected(plan) as client:
        head = f"PUT {path} HTTP/1.1\r\nHost: {_host(plan)}\r\nCookie: {cookie}\r\n"
        head += f"Content-Length: {UPLOAD_BYTES}\r\n"
        head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        part = '--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n'
        await _sent(client, (head + part).encode() + bytes(PART_BYTES))
        if kind % 3 == 0:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif kind % 3 == 1:
            await asyncio.sleep(20)


def _host(plan: Plan) -> str:
    return urlsplit(plan.address).netloc


async def _connected(plan: Plan) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)  # noqa: FBT003  # as socket has it
    parts = urlsplit(plan.address)
    await asyncio.get_running_loop().sock_connect(client, (parts.hostname, parts.port))
    return client


async def _sent(client: socket.socket, body: bytes) -> None:
    """Send what is taken within half a minute."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.get_running_loop().sock_sendall(client, body), 30)


async def _taken(client: socket.socket, most: int, *, wait_s: float = 1.0) -> bytes | None:
    """What came; None where nothing did, b"" where the server has closed."""
    try:
        return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, most), wait_s)
    except TimeoutError:
        return None


def _asked(plan: Plan, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {_host(plan)}\r\n\r\n".encode()


async def _opened(plan: Plan, client: socket.socket) -> None:
    """Shake hands for a WebSocket."""
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {_host(plan)}",
        f"Origin: {plan.address.rstrip('/')}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: streamlit",
    ]
    await _sent(client, "\r\n".join([*lines, "", ""]).encode())
    await _taken(client, SIPS_BYTES, wait_s=WAIT_S)


def _page(name: str) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = "lang=en"
    message.rerun_script.page_name = name
    return message.SerializeToString()


def _masked(body: bytes) -> bytes:
    """A frame of a browser around a short message; its mask changes nothing."""
    return bytes([0x82, 0x80 | len(body), 0, 0, 0, 0]) + body

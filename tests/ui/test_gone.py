"""What sessions of people who have gone hold is freed though nobody comes after them."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from tests.ui.asgi import ran
from ui import gone
from ui.gone import forget_old, freeing_sessions


def _server(ttl_seconds: float) -> SimpleNamespace:
    """Streamlit's own keeping of sessions, with two that are gone."""
    storage = MemorySessionStorage(ttl_seconds=ttl_seconds)  # type: ignore[arg-type]  # seconds may be parts
    for name in "ab":
        storage.save(SimpleNamespace(session=SimpleNamespace(id=name)))  # type: ignore[arg-type]  # one of ours
    manager = WebsocketSessionManager(storage, None, None, None)  # type: ignore[arg-type]  # not asked
    return SimpleNamespace(_session_mgr=manager)


def _held(server: SimpleNamespace) -> int:
    return len(server._session_mgr._session_storage._cache._data)


def test_sessions_whose_time_is_over_are_let_go_and_no_others() -> None:
    over, going = _server(0.01), _server(100)
    time.sleep(0.02)
    assert (_held(over), forget_old(over), _held(over)) == (2, 2, 0)
    assert (forget_old(going), _held(going)) == (0, 2)
    assert forget_old(SimpleNamespace()) == 0


def test_they_go_while_the_server_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    server, given = _server(0.01), list[int]()
    monkeypatch.setattr(gone.runtime, "get_instance", lambda: server)
    monkeypatch.setattr(gone, "give_back", lambda: given.append(1))

    async def run() -> None:
        async with freeing_sessions(every_s=0.01):
            await asyncio.sleep(0.2)

    ran(run())
    assert (_held(server), given) == (0, [1])


def test_memory_is_given_back_on_any_system() -> None:
    gone.give_back()


HEAPS = """
import ctypes, sys, threading
from ui.gone import share_heaps
if "shared" in sys.argv:
    share_heaps()
glibc = ctypes.CDLL(None)
glibc.malloc.restype = glibc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(40)
def work():
    glibc.malloc(100_000)
    together.wait()
threads = [threading.Thread(target=work) for _ in range(40)]
for one in threads: one.start()
for one in threads: one.join()
file = ctypes.c_void_p(glibc.fopen(sys.argv[1].encode(), b"w"))
glibc.malloc_info(0, file)
glibc.fclose(file)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_many_threads_share_heaps_one_a_core(tmp_path: Path) -> None:
    def heaps(*how: str) -> int:
        command = [sys.executable, "-c", HEAPS, str(tmp_path / "told"), *how]
        subprocess.run(command, check=True)  # noqa: S603  # our own words
        return (tmp_path / "told").read_text().count("<heap nr=")

    cores = os.cpu_count() or 1
    assert heaps("shared") <= max(2, cores) < heaps()

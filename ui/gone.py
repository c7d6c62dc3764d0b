"""Frees what the sessions of people who have gone hold, once nobody can come back to them.

Streamlit keeps a session for two minutes after its connection broke. It looks for those that are
older only when another breaks: after the last of many had gone, all would stay for ever.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pyarrow as pa
from streamlit import runtime

SWEEP_S = 30
ARENAS_SET = -8
"""glibc's `M_ARENA_MAX`, as malloc.h has it."""


@asynccontextmanager
async def freeing_sessions(*, every_s: float = SWEEP_S) -> AsyncIterator[None]:
    """While the server runs, forget the sessions that nobody can come back to."""
    share_heaps()
    task = asyncio.create_task(_free_for_ever(every_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _free_for_ever(every_s: float) -> None:
    server = runtime.get_instance()
    while True:
        await asyncio.sleep(every_s)
        # in this thread: the server's own, which alone changes what it keeps
        if forget_old(server):
            await asyncio.to_thread(give_back)


def forget_old(server: Any) -> int:
    """Let go of the kept sessions whose time is over; gives how many there were."""
    try:
        kept = server._session_mgr._session_storage._cache  # noqa: SLF001  # nothing public does it
        return len(kept.expire())
    except AttributeError:  # of another version: they go when others come
        return 0


def give_back() -> None:
    """Collect what is left of ended sessions, and give the memory back to the system.

    Arrow, which tables are sent as, keeps what was freed until it is told, and so does the C
    library, of which only glibc can be.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    _ask_glibc("malloc_trim", 0)


def share_heaps() -> None:
    """Let threads share heaps of the C library, one a core and at least two.

    glibc begins up to eight a core, and each keeps pieces of what the pages it served took.
    """
    _ask_glibc("mallopt", ARENAS_SET, max(2, os.cpu_count() or 1))


def _ask_glibc(function: str, *numbers: int) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            getattr(ctypes.CDLL(None), function)(*numbers)

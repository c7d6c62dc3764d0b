"""Answers that are computed once for all who ask at the same time, and not for nobody.

What the server draws of a study keeps a processor busy. A few threads of their own do it; who
waits for one and goes away (a tab closed, a link that was lost) gives the place up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

AT_ONCE = 4
"""So many answers are computed side by side."""

T = TypeVar("T")


class ReaderGoneError(Exception):
    """Whoever asked is no longer there to be answered."""


@dataclass(eq=False)
class _Going(Generic[T]):
    """An answer that is waited for or computed, and how many wait for it."""

    task: asyncio.Task[T]
    readers: int = 0


class Once(Generic[T]):
    """Computes answers by their keys in threads, ``at_once`` side by side.

    A key must hold all that an answer depends on. Nothing is kept: who asks later, asks anew.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._limiter = CapacityLimiter(at_once)
        self._going: dict[Hashable, _Going[T]] = {}

    async def get(self, request: Request, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, or gives another who asked for the same; raises as it does.

        Raises `ReaderGoneError` where the reader goes away first. What no reader waits for any
        more is not begun; a thread that has begun ends its work.
        """
        going = self._going.get(key)
        if going is None:
            going = self._going[key] = _Going(asyncio.create_task(self._made(key, make)))
            going.task.add_done_callback(_noticed)
        going.readers += 1
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait({going.task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not going.task.done():
                raise ReaderGoneError
            return going.task.result()
        finally:
            going.readers -= 1
            gone.cancel()
            if not going.readers and not going.task.done():
                self._forget(key, going)
                going.task.cancel()

    async def _made(self, key: Hashable, make: Callable[[], T]) -> T:
        going = self._going[key]
        try:
            return await to_thread.run_sync(make, limiter=self._limiter)
        finally:
            self._forget(key, going)

    def _forget(self, key: Hashable, going: _Going[T]) -> None:
        if self._going.get(key) is going:
            del self._going[key]


def _noticed(task: asyncio.Task[T]) -> None:
    """Take note of what went wrong for nobody; it would stand in the log as never looked at."""
    if not task.cancelled():
        task.exception()


async def _gone(request: Request) -> None:
    """Return once the reader has gone away; never where the server does not tell of it."""
    ended = False
    with suppress(RuntimeError):  # the connection is closed already
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                return
            if ended:  # a request has one end: this server tells it again and again
                await asyncio.Event().wait()
            ended = not message.get("more_body", False)

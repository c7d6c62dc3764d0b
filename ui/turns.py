"""So many pages are worked out at once; others wait for their turn, holding nothing.

All threads of Python share one interpreter: a hundred pages side by side end no sooner than one
after another, and each keeps what it works with until its end. That memory comes back to the
system in part only (`bench.load`), and requests for files and text find no room between them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Semaphore, local

AT_ONCE = (os.cpu_count() or 1) + 2


class Turns:
    """Turns of threads, ``at_once`` side by side.

    Who waits for something else meanwhile steps `aside`, and goes on without a turn where none
    is free then: nobody who holds one waits for somebody who needs one.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._room = Semaphore(at_once)
        self._mine = local()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it; within one, another is the same."""
        if self._holds:
            yield
            return
        self._room.acquire()
        self._holds = True
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others go on while this thread waits for what is done elsewhere."""
        held = self._holds
        self._leave()
        try:
            yield
        finally:
            self._holds = held and self._room.acquire(blocking=False)

    def _leave(self) -> None:
        if self._holds:
            self._holds = False
            self._room.release()

    @property
    def _holds(self) -> bool:
        return getattr(self._mine, "holds", False)

    @_holds.setter
    def _holds(self, holds: bool) -> None:
        self._mine.holds = holds


@cache
def turns() -> Turns:
    """The turns of this server's pages."""
    return Turns()

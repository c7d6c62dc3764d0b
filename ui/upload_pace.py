"""How slowly a body may arrive: one that stops or trickles is cut off, and holds no room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Message, Receive

LEAST_BYTES_S = 8 * 1024
"""The slowest line that is waited for, 64 kbit/s: 200 MB may take 7 hours."""

START_S = 60.0
"""So long a body may be behind that rate."""

PAUSE_S = 60.0
"""So long nothing of a body need come."""


class SlowError(TimeoutError):
    """A body that stopped, or came more slowly than `LEAST_BYTES_S`.

    An `OSError`: then Starlette closes the file that the body went to.
    """


@dataclass
class Pace:
    """Until when a body must be whole; what comes of it puts that off."""

    until_s: float

    def wait_s(self, now_s: float) -> float:
        """So long its next piece is waited for; 0 where it is too late."""
        return max(0.0, min(PAUSE_S, self.until_s - now_s))

    def came(self, size: int, *, sharing: int) -> None:
        """Count a piece of ``size`` bytes, from a line that ``sharing`` bodies share."""
        self.until_s += size * sharing / LEAST_BYTES_S


def paced(receive: Receive, sharing: Callable[[], int]) -> Receive:
    """``receive`` that raises `SlowError` where the body stops or comes too slowly.

    ``sharing`` tells how many bodies come from the same line at that moment.
    """
    pace, whole = Pace(time.monotonic() + START_S), False

    async def received() -> Message:
        nonlocal whole
        if whole:  # now the application waits for the end of the connection
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), pace.wait_s(time.monotonic()))
        except TimeoutError as error:
            raise SlowError from error
        whole = not message.get("more_body")
        pace.came(len(message.get("body", b"")), sharing=sharing())
        return message

    return received

"""Messages over a pipe: a kind, how many buffers, how long each is, then the buffers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import IO, Literal, get_args

from geodata.sandbox.answers.base import Buffer

Kind = Literal["grant", "request", "ready", "progress", "given", "raised", "memory", "failed"]
"""What a message is: the first two go to the process that reads, the others come back.

``given`` is what the function gives, ``raised`` an error of ours, ``memory`` that it needed too
much, ``failed`` the text of an error that nobody foresaw.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
HEAD = struct.Struct(">BI")
LENGTH = struct.Struct(">Q")
MOST_BUFFERS = 1_000_000


class Channel:
    """One end of two pipes. ``most_bytes`` is all that may be received, None for no bound."""

    def __init__(
        self, reading: IO[bytes], writing: IO[bytes], *, most_bytes: int | None = None
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._left = most_bytes

    def send(self, kind: Kind, buffers: Sequence[Buffer] = ()) -> None:
        """Send a message. Raises `OSError` where nobody reads."""
        self._writing.write(HEAD.pack(KINDS.index(kind), len(buffers)))
        self._writing.write(b"".join(LENGTH.pack(len(one)) for one in buffers))
        for buffer in buffers:
            self._writing.write(buffer)
        self._writing.flush()

    def receive(self) -> tuple[Kind, list[bytearray]]:
        """The next message. Raises `EOFError` where the other side is gone, or sends too much."""
        number, count = HEAD.unpack(self._exactly(HEAD.size))
        if number >= len(KINDS) or count > MOST_BUFFERS:
            raise EOFError("no message")
        lengths = self._exactly(count * LENGTH.size)
        sizes = [size for (size,) in LENGTH.iter_unpack(lengths)]
        return KINDS[number], [self._exactly(size) for size in sizes]

    def close(self) -> None:
        """Close both pipes."""
        for stream in (self._writing, self._reading):
            try:
                stream.close()
            except OSError:  # what was still to be sent has no reader any more
                continue

    def _exactly(self, size: int) -> bytearray:
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                raise EOFError("an answer beyond its bound")
        out = bytearray(size)
        view = memoryview(out)
        while view:
            count = self._reading.readinto(view)  # type: ignore[attr-defined]  # a file of bytes
            if not count:
                raise EOFError("the other side has gone")
            view = view[count:]
        return out

"""Values to bytes and back, by a table of the types that may travel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgpack

from geodata.sandbox.answers import arrays, geometries, own, plain, tables
from geodata.sandbox.answers.base import Buffer, Codec

SAME = 100
"""The code of an object that was there before: one table in two places stays one table."""

DEEPEST = 64
"""Values in values in values: each level takes stack of this process, which has an end."""

CODECS: tuple[Codec, ...] = (
    *plain.CODECS,
    *arrays.CODECS,
    *tables.CODECS,
    *geometries.CODECS,
    *own.CODECS,
)
"""Their places are their codes: both ends are of one program."""


class BadAnswerError(Exception):
    """The bytes are no answer that may be believed; the text says why, for the log."""


def write_answer(value: object) -> list[Buffer]:
    """A value as buffers: its structure, then the numbers of its arrays as they lie in memory.

    Raises `TypeError` for what has no codec.
    """
    writer = _Writer()
    body = writer.pack(value)
    return [body, *writer.buffers]


def read_answer(buffers: Sequence[Buffer], classes: Iterable[type] = ()) -> Any:
    """The value that was written, with no class of ours but ``classes`` and sentences.

    Raises `BadAnswerError` for anything else.
    """
    known = {(one.__module__, one.__qualname__): one for one in (*classes, *own.always())}
    try:
        return _Reader(buffers[1:], known).unpack(buffers[0])
    except Exception as error:  # whatever a hostile answer provokes, it is refused
        raise BadAnswerError(f"{type(error).__name__}: {str(error)[:200]!r}") from error


class _Writer:
    """Writes one answer."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self._written: list[object] = []
        self._numbers: dict[int, int] = {}
        self._codes: dict[type, int] = {}

    def add_buffer(self, buffer: Buffer) -> int:
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def pack(self, value: object) -> bytes:
        packed = msgpack.packb(
            value, default=self._extension, strict_types=True, unicode_errors="surrogatepass"
        )
        return bytes(packed)

    def _extension(self, value: object) -> msgpack.ExtType:
        number = self._numbers.get(id(value))
        if number is not None:
            return msgpack.ExtType(SAME, self.pack(number))
        code = self._code_of(type(value))
        codec = CODECS[code]
        data = self.pack(codec.pack(value, self))
        if codec.is_shared:
            self._numbers[id(value)] = len(self._written)
            self._written.append(value)  # held, so that no other object gets its id
        return msgpack.ExtType(code, data)

    def _code_of(self, kind: type) -> int:
        if kind not in self._codes:
            taking = (code for code, codec in enumerate(CODECS) if codec.takes(kind))
            self._codes[kind] = next(taking, -1)
        if self._codes[kind] < 0:
            raise TypeError(f"{kind.__module__}.{kind.__qualname__} cannot leave a sandbox")
        return self._codes[kind]


class _Reader:
    """Reads one answer."""

    def __init__(self, buffers: Sequence[Buffer], classes: dict[tuple[str, str], type]) -> None:
        self._buffers = buffers
        self._classes = classes
        self._read: list[object] = []
        self._depth = 0

    def buffer(self, number: int) -> Buffer:
        if not 0 <= number < len(self._buffers):
            raise ValueError("no such buffer")
        return self._buffers[number]

    def find_class(self, module: str, name: str) -> type:
        found = self._classes.get((module, name))
        if found is None:
            raise ValueError(f"{module}.{name} is not declared")
        return found

    def unpack(self, data: Buffer) -> Any:
        return msgpack.unpackb(
            data, ext_hook=self._value, strict_map_key=False, unicode_errors="surrogatepass"
        )

    def _value(self, code: int, data: bytes) -> object:
        if self._depth == DEEPEST:
            raise ValueError("values in values without end")
        self._depth += 1
        packed = self.unpack(data)
        self._depth -= 1
        if code == SAME:
            return self._read[packed]
        codec = CODECS[code]
        value = codec.unpack(packed, self)
        if codec.is_shared:
            self._read.append(value)
        return value

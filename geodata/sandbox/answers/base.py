"""How one type of value is taken apart for an answer, and put together again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Buffer = bytes | bytearray | memoryview


class Writer(Protocol):
    """What a codec may ask for while it writes."""

    def add_buffer(self, buffer: Buffer) -> int:
        """Send the bytes of an array beside the structure; gives their number."""


class Reader(Protocol):
    """What a codec may ask for while it reads."""

    def buffer(self, number: int) -> Buffer:
        """The bytes of an array. Raises `ValueError` where there are none of that number."""

    def find_class(self, module: str, name: str) -> type:
        """A class of ours. Raises `ValueError` for one that was not declared."""


@dataclass(frozen=True, kw_only=True)
class Codec:
    """``takes`` tells of a type whether this codec is for it.

    ``pack`` gives simpler values in place of one; ``unpack`` makes it of them, and raises where
    they are not what ``pack`` gives: they may come from anybody. An ``is_shared`` object that
    stands in several places is written once.
    """

    takes: Callable[[type], bool]
    pack: Callable[[Any, Writer], object]
    unpack: Callable[[Any, Reader], object]
    is_shared: bool = False


def exactly(*kinds: type) -> Callable[[type], bool]:
    """For these types and none derived from them."""
    return lambda kind: kind in kinds


def below(*kinds: type) -> Callable[[type], bool]:
    """For these types and all that are derived from them."""
    return lambda kind: issubclass(kind, kinds)

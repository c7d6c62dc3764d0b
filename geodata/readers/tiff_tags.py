"""Tags in the head of a TIFF file, read without opening it as a raster.

TIFF 6.0 (Adobe, 1992), section 2, and BigTIFF: a directory of tags begins where the header
says, and names the next one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

IMAGE_WIDTH, IMAGE_HEIGHT = 256, 257

GDAL_METADATA = 42112
GEO_ASCII = 34737
"""Tags that hold text: GDAL's own metadata (XML) and names of coordinate systems."""

WIDTHS = {1: 1, 2: 1, 6: 1, 7: 1, 3: 2, 8: 2, 4: 4, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value, by type. Libraries take text that is kept as any of these numbers."""

MOST_DIRECTORIES = 64
MOST_TAGS = 4096
MOST_BYTES = 16_000_000
"""Of a text; one that is longer cannot be looked through."""


class LongTextError(ValueError):
    """A text of more than `MOST_BYTES`."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Tag and text for each of those tags. What is cut short or no TIFF gives nothing more.

    Raises `LongTextError`.
    """
    with path.open("rb") as stream:
        try:
            yield from _texts(stream)
        except (struct.error, OverflowError, OSError):
            return


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height of the first image, None for what is no TIFF or does not say them."""
    with path.open("rb") as stream:
        try:
            head = stream.read(16)
            order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
            if not order:
                return None
            big = struct.unpack(order + "H", head[2:4]) == (43,)
            place = head[8:16] if big else head[4:8]
            entries, _ = _directory(
                stream, struct.unpack(order + ("Q" if big else "I"), place)[0], order, big=big
            )
        except (struct.error, OverflowError, OSError):
            return None
    numbers = {3: "H", 4: "I", 16: "Q"}
    found = {
        tag: int(struct.unpack_from(order + numbers[kind], value)[0])
        for tag, kind, _, value in entries
        if tag in (IMAGE_WIDTH, IMAGE_HEIGHT) and kind in numbers
    }
    return (found[IMAGE_WIDTH], found[IMAGE_HEIGHT]) if len(found) == 2 else None


def is_tiff(path: Path) -> bool:
    """Whether a file begins as a TIFF does."""
    with path.open("rb") as stream:
        return stream.read(4) in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def _texts(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    order, big, at = _head(stream)
    seen: set[int] = set()
    while at and at not in seen and len(seen) < MOST_DIRECTORIES:
        seen.add(at)
        entries, at = _directory(stream, at, order, big=big)
        for tag, kind, count, value in entries:
            width = WIDTHS.get(kind, 0)
            if tag in (GDAL_METADATA, GEO_ASCII) and width:
                if count * width > MOST_BYTES:
                    raise LongTextError
                body = _value(stream, count * width, value, order, big=big)
                letters = body[::width] if order == "<" else body[width - 1 :: width]
                yield tag, letters.rstrip(b"\0").decode("utf-8", "replace")


Tag = tuple[int, int, int, bytes]


@dataclass(frozen=True, kw_only=True)
class Directory:
    """The tags of one image of a TIFF: tag, type, count, and value or its place."""

    path: Path
    order: str
    big: bool
    entries: tuple[Tag, ...]

    def values(self, tag: int, layouts: Mapping[int, str]) -> npt.NDArray[Any]:
        """The values of a tag, ``layouts`` being numpy's names of types. Raises `ValueError`."""
        _, kind, count, value = next(one for one in self.entries if one[0] == tag)
        layout = np.dtype(self.order + layouts[kind])
        size = count * layout.itemsize
        if size > self.path.stat().st_size:
            raise ValueError(tag)
        with self.path.open("rb") as stream:
            body = _value(stream, size, value, self.order, big=self.big)
        return np.frombuffer(body, layout, count)


def directories(path: Path) -> Iterator[Directory]:
    """The images of a TIFF. Raises `struct.error` where it is cut short or none."""
    with path.open("rb") as stream:
        order, big, at = _head(stream)
        seen: set[int] = set()
        while at and at not in seen and len(seen) < MOST_DIRECTORIES:
            seen.add(at)
            entries, at = _directory(stream, at, order, big=big)
            yield Directory(path=path, order=order, big=big, entries=tuple(entries))


def _head(stream: BinaryIO) -> tuple[str, bool, int]:
    """Order of bytes, whether it is BigTIFF, and where the first directory begins."""
    head = stream.read(16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    if not order:
        return "", False, 0
    big = struct.unpack(order + "H", head[2:4]) == (43,)
    (at,) = struct.unpack(order + "Q", head[8:16]) if big else struct.unpack(order + "I", head[4:8])
    return order, big, at


def _directory(stream: BinaryIO, at: int, order: str, *, big: bool) -> tuple[list[Tag], int]:
    """The tags of a directory (tag, type, count, value or its place), and where the next begins."""
    stream.seek(at)
    width, size = ("Q", 8) if big else ("H", 2)
    (count,) = struct.unpack(order + width, stream.read(size))
    entry = struct.Struct(order + ("HHQ8s" if big else "HHI4s"))
    body = stream.read(entry.size * min(count, MOST_TAGS))
    found = [entry.unpack_from(body, k) for k in range(0, len(body) - entry.size + 1, entry.size)]
    if count > MOST_TAGS:
        return found, 0
    after = stream.read(8 if big else 4)
    return found, int(struct.unpack(order + ("Q" if big else "I"), after)[0])


def _value(stream: BinaryIO, size: int, value: bytes, order: str, *, big: bool) -> bytes:
    """The bytes of a tag, which stand in it where they fit, else at the place it names."""
    if size <= len(value):
        return value[:size]
    stream.seek(struct.unpack(order + ("Q" if big else "I"), value)[0])
    return stream.read(size)

"""Counts the entries of a ZIP's directory before anything is made of them.

APPNOTE.TXT 6.3.10 (PKWARE), 4.3.12 to 4.3.16: the end record says where the directory lies and
how long it is, in ZIP64 a second one does. What it says of the count may lie: headers are counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from geodata.errors import DataError

MOST_ENTRIES = 10_000
"""More parts no workbook has; what an archive may hold is `geodata.archives.Limits`."""

END, END_64, LOCATOR_64, HEADER = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
END_BYTES, END_64_BYTES, LOCATOR_64_BYTES, HEADER_BYTES = 22, 56, 20, 46
COMMENT_BYTES = 65_536


def require_few_entries(path: Path, *, name: str, most: int = MOST_ENTRIES) -> None:
    """Refuse a ZIP of more entries than ``most``. Raises `DataError`.

    A directory that is not found is left to `zipfile` to say so.
    """
    with path.open("rb") as stream:
        counts = [_counted(stream, end - size, size, most=most) for end, size in _ends(stream)]
    if max(counts, default=0) > most:
        raise DataError(
            "{file} is an archive of more than {most} entries; send one of the files that are "
            "needed",
            file=name,
            most=most,
        )


def _ends(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """Where the directory may end, and its size; nothing where there is no end record.

    It lies right before the end records, also where something stands before the archive. Of
    several readings of the records `zipfile` takes one, by its version.
    """
    length = stream.seek(0, 2)
    first = max(0, length - END_BYTES - COMMENT_BYTES)
    stream.seek(first)
    tail = stream.read()
    bare = tail[-END_BYTES : -END_BYTES + 4] == END and tail[-2:] == b"\0\0"
    at = len(tail) - END_BYTES if bare else tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        return
    end = first + at
    yield end, struct.unpack_from("<I", tail, at + 12)[0]
    locator = _at(stream, end - LOCATOR_64_BYTES, LOCATOR_64_BYTES)
    if locator[:4] == LOCATOR_64:
        said = struct.unpack_from("<Q", locator, 8)[0]
        for place in {said, end - LOCATOR_64_BYTES - END_64_BYTES}:
            record = _at(stream, place, END_64_BYTES)
            if record[:4] == END_64:
                yield place, struct.unpack_from("<Q", record, 40)[0]


def _at(stream: BinaryIO, place: int, size: int) -> bytes:
    """So many bytes from a place; none where the file is shorter."""
    length = stream.seek(0, 2)
    if not 0 <= place <= length - size:
        return b""
    stream.seek(place)
    return stream.read(size)


def _counted(stream: BinaryIO, start: int, size: int, *, most: int) -> int:
    """How many headers follow each other, up to one more than ``most``."""
    start = max(0, start)
    at, count = start, 0
    while at - start < size and count <= most:
        stream.seek(at)
        header = stream.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or header[:4] != HEADER:
            break
        at += HEADER_BYTES + sum(struct.unpack_from("<HHH", header, 28))
        count += 1
    return count

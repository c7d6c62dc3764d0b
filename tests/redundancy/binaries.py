"""What shapefiles and TIFFs say twice, by the places of their bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

HEAD = 100
CLOSE = 1e-9
"""Boxes that differ by less, of a coordinate, are alike: millimetres."""

Spans = list[tuple[int, int]]
"""Places of bytes, from … to before …."""


def any_breach(sound: bytes, damaged: bytes) -> str:
    """Every byte of an index repeats what stands in the file."""
    return "index" if sound != damaged else ""


def _touched(sound: bytes, damaged: bytes, spans: Spans) -> bool:
    return any(sound[a:b] != damaged[a:b] for a, b in spans)


def shp_breach(sound: bytes, damaged: bytes) -> str:
    """Head, numbers, lengths, types, boxes and counts of records; corners outside of a box."""
    if len(sound) != len(damaged):
        return "length of the file"
    if _touched(sound, damaged, [(0, 4), (24, HEAD)]):
        return "head of the file"
    at = HEAD
    while at + 12 <= len(sound):
        length = 2 * int.from_bytes(sound[at + 4 : at + 8], "big")
        kind = int.from_bytes(sound[at + 8 : at + 12], "little")
        end = at + 8 + length
        if kind in (3, 5):
            parts, _ = struct.unpack_from("<2i", sound, at + 44)
            first = at + 52 + 4 * parts
            if _touched(sound, damaged, [(at, first)]):
                return "head of a record"
            if _outside(sound[at:end], damaged[at:end], first - at):
                return "corners against their box"
        elif _touched(sound, damaged, [(at, at + 12)]):
            return "head of a record"
        at = end
    return _points_breach(sound, damaged)


def _outside(sound: bytes, damaged: bytes, first: int) -> bool:
    """Whether the corners of a record fill its box no longer, or a ring no longer closes."""
    before, after = (np.frombuffer(one[first:], "<f8").reshape(-1, 2) for one in (sound, damaged))
    parts = np.frombuffer(sound[52:first], "<i4")
    ends = np.append(parts[1:], len(before)) - 1
    if int.from_bytes(sound[8:12], "little") == 5 and (after[parts] != after[ends]).any():
        return True
    return not np.allclose(_box(before), _box(after), rtol=CLOSE, atol=0)


def _box(corners: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _points_breach(sound: bytes, damaged: bytes) -> str:
    """Points that fill the box of the file no longer."""
    if int.from_bytes(sound[32:36], "little") != 1 or (len(sound) - HEAD) % 28:
        return ""
    box, found = np.frombuffer(damaged[36:68], "<f8"), _box(_points(damaged))
    is_inside = (found[:2] >= box[:2]).all() and (found[2:] <= box[2:]).all()
    return "" if is_inside else "points against the box of the file"


def _points(body: bytes) -> np.ndarray:
    records = range(HEAD, len(body), 28)
    return np.stack([np.frombuffer(body[at + 12 : at + 28], "<f8") for at in records])


def dbf_breach(sound: bytes, damaged: bytes) -> str:
    """Counts and lengths, fields' types and lengths, marks of deletion, numbers that are none."""
    rows, first, width = struct.unpack("<IHH", sound[4:12])
    if len(damaged) < first + rows * width:
        return "length of the file"
    if _touched(sound, damaged, [(0, 1), (4, 12)]):
        return "counts of the head"
    ends = sound.index(b"\r", 32)
    spans: Spans = [(ends, ends + 1)]
    numeric: Spans = []
    at = 1
    for k in range(32, ends, 32):
        spans.append((k + 11, k + 12))
        spans.append((k + 16, k + 18))
        size = sound[k + 16]
        if sound[k + 11 : k + 12] in (b"N", b"F", b"D"):
            numeric.append((at, at + size))
        at += size
    if _touched(sound, damaged, spans):
        return "types or lengths of fields"
    for row in range(rows):
        start = first + row * width
        if damaged[start : start + 1] != sound[start : start + 1]:
            return "mark of deletion"
        for a, b in numeric:
            cell = damaged[start + a : start + b]
            if cell != sound[start + a : start + b] and not _is_number(cell):
                return "number that is none"
    return ""


def _is_number(cell: bytes) -> bool:
    text = cell.strip(b" ")
    try:
        return not text.strip(b"*") or float(text) is not None
    except ValueError:
        return False


STRUCTURE = {254, 256, 257, 258, 259, 273, 277, 278, 279, 284, 322, 323, 324, 325}
"""Tags that say where pixels lie in the file, and how many bits they have."""

BIG = 43
"""The number in the head of a BigTIFF."""

WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 11: 4, 12: 8, 13: 4, 16: 8}


def tiff_breach(sound: bytes, damaged: bytes) -> str:
    """Directories, and tags that say how pixels lie in the file."""
    if len(damaged) < len(sound):
        return "length of the file"
    order = "<" if sound[:2] == b"II" else ">"
    for span in _tags(sound, order):
        if _touched(sound, damaged, [span]):
            return "tags that say how pixels lie"
    return ""


def _tags(sound: bytes, order: str) -> Iterator[tuple[int, int]]:
    """Places of what says where pixels lie: of TIFF and of BigTIFF."""
    big = struct.unpack_from(order + "H", sound, 2)[0] == BIG
    wide, room = ("Q", 8) if big else ("I", 4)
    count_of, entry = ("Q", 20) if big else ("H", 12)
    yield 0, 16 if big else 8
    (at,) = struct.unpack_from(order + wide, sound, 8 if big else 4)
    while at:
        (count,) = struct.unpack_from(order + count_of, sound, at)
        first = at + struct.calcsize("<" + count_of)
        end = first + entry * count
        yield at, first
        for k in range(first, end, entry):
            tag, kind, number = struct.unpack_from(order + "HH" + wide, sound, k)
            size = WIDTHS.get(kind, 1) * number
            value = k + 4 + room
            if size > room:
                yield k, value + room
                (place,) = struct.unpack_from(order + wide, sound, value)
            else:
                yield k, value
                place = value
            if tag in STRUCTURE:
                yield place, place + size
        yield end, end + room
        (at,) = struct.unpack_from(order + wide, sound, end)

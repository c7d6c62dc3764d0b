"""Cells of a binary Excel workbook of before 2007 that calamine leaves empty.

The records of each sheet (MS-XLS, 2.4) lie in one stream of a compound file (MS-CFB, 2). Errors
are BoolErr records (2.4.24) or results of Formula records (2.5.133).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path

from geodata.readers.cells import ERRORS, Cells

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STREAMS = ("workbook", "book")
LARGEST_SECTOR = 0xFFFFFFFA
"""Numbers of sectors beyond it are marks: the end of a chain, or none."""

ENTRY = 128
BOUND_SHEET, BOUND_END, FORMULA, BOOL_ERROR, RECALC_ID = 0x85, 0x0A, 0x06, 0x205, 0x1C1
CELLS = frozenset((0x01, 0x02, 0x03, 0x04, 0x06, 0xD6, 0xFD, 0x27E, 0x203, 0x204, 0x205, 0xBD))
"""Records of cells that hold something; of several (0xBD) the first is counted."""

NO_NUMBER = 0xFFFF
IS_ERROR, IS_BLANK = 2, 3


def xls_cells(path: Path) -> Mapping[str, Cells]:
    """What each sheet holds, by its name; none for what is no compound file with a workbook."""
    body = path.read_bytes()
    if not body.startswith(SIGNATURE):
        return {}
    try:
        stream = _workbook(body)
    except (struct.error, IndexError):  # torn: calamine refuses it
        return {}
    found: dict[str, Cells] = {}
    recalculated = False
    starts: list[tuple[int, str]] = []
    wide = True
    for kind, data in _records(stream):
        if kind == 0x809 and len(data) >= 2:
            wide = struct.unpack_from("<H", data)[0] >= 0x600
        elif kind == RECALC_ID:
            recalculated = True
        elif kind == BOUND_SHEET and len(data) >= 8:
            starts.append((struct.unpack_from("<I", data)[0], _name(data, wide=wide)))
    ends = sorted({start for start, _ in starts} | {len(stream)})
    for start, name in dict(starts).items():  # each byte is looked at once
        end = next((one for one in ends[bisect_right(ends, start) :]), len(stream))
        found[name] = _sheet(stream[start:end], recalculated=recalculated)
    return found


def _workbook(body: bytes) -> bytes:
    """The stream with the records, "" where there is none."""
    size = 1 << struct.unpack_from("<H", body, 30)[0]
    cutoff = struct.unpack_from("<I", body, 56)[0]
    table = _allocation(body, size)
    folder = _chain(body, struct.unpack_from("<I", body, 48)[0], table, size, first=1)
    for at in range(0, len(folder) - ENTRY + 1, ENTRY):
        length = struct.unpack_from("<H", folder, at + 64)[0]
        name = folder[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        if name.casefold() not in STREAMS:
            continue
        start, total = struct.unpack_from("<II", folder, at + 116)
        if total >= cutoff:
            return _chain(body, start, table, size, first=1)[:total]
        root = struct.unpack_from("<I", folder, 116)[0]
        small = _chain(body, root, table, size, first=1)
        first = struct.unpack_from("<I", body, 60)[0]
        raw = _chain(body, first, table, size, first=1)
        minis = struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
        return _chain(small, start, minis, 64, first=0)[:total]
    return b""


def _allocation(body: bytes, size: int) -> tuple[int, ...]:
    """Which sector follows each."""
    sectors = list(struct.unpack_from("<109I", body, 76))
    more, seen = struct.unpack_from("<I", body, 68)[0], 0
    while more < LARGEST_SECTOR and seen * size < len(body):
        held = struct.unpack_from(f"<{size // 4}I", body, (more + 1) * size)
        sectors += held[:-1]
        more, seen = held[-1], seen + 1
    found: list[int] = []
    for one in sectors:
        if one < LARGEST_SECTOR and len(found) * size <= 4 * len(body):
            found += struct.unpack_from(f"<{size // 4}I", body, (one + 1) * size)
    return tuple(found)


def _chain(body: bytes, start: int, following: tuple[int, ...], size: int, *, first: int) -> bytes:
    """The sectors that follow one another from ``start`` on; no more than the file has."""
    out: list[bytes] = []
    at = start
    while at < len(following) and len(out) * size < len(body):
        out.append(body[(at + first) * size : (at + first + 1) * size])
        at = following[at]
    return b"".join(out)


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each record up to the one that ends its sheet."""
    at, end = 0, len(stream)
    while at + 4 <= end:
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == BOUND_END:
            return
        at += 4 + length


def _name(data: bytes, *, wide: bool) -> str:
    """The name of a sheet; of before 1997 it is of single bytes."""
    count = data[6]
    if not wide:
        return data[7 : 7 + count].decode("cp1252", "replace")
    if data[7] & 1:
        return data[8 : 8 + 2 * count].decode("utf-16-le", "replace")
    return data[8 : 8 + count].decode("latin-1")


def _sheet(stream: bytes, *, recalculated: bool) -> Cells:
    """The cells of one sheet: errors, and formulas whose value no program has computed.

    A program that computes nothing writes an empty text or 0 for all of them. Excel says in the
    workbook that it has computed (``recalculated``).
    """
    cells = Cells()
    blank: list[tuple[int, int]] = []
    for kind, data in _records(stream):
        if kind not in CELLS or len(data) < 6:
            continue
        row, column = struct.unpack_from("<HH", data)
        at = (row + 1, column + 1)
        cells.filled += 1
        cells.rows, cells.columns = max(cells.rows, at[0]), max(cells.columns, at[1])
        if kind == BOOL_ERROR and len(data) >= 8 and data[7]:
            cells.errors[at] = ERRORS.get(data[6], "#N/A")
        elif kind == FORMULA and len(data) >= 14:
            _formula(cells, blank, at, data[6:14])
    if not cells.computed and not recalculated:
        cells.uncomputed += sorted((*blank, *cells.zeros))
    return cells


def _formula(cells: Cells, blank: list[tuple[int, int]], at: tuple[int, int], value: bytes) -> None:
    """Count one formula by the value kept of it."""
    if struct.unpack_from("<H", value, 6)[0] != NO_NUMBER:
        if struct.unpack("<d", value)[0] == 0:
            cells.zeros.append(at)
        else:
            cells.computed += 1
    elif value[0] == IS_ERROR:
        cells.errors[at] = ERRORS.get(value[2], "#N/A")
        cells.computed += 1
    elif value[0] == IS_BLANK:
        blank.append(at)
    else:
        cells.computed += 1

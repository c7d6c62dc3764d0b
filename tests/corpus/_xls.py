"""A binary Excel workbook of one sheet, record by record (MS-XLS, in a compound file)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
END, FREE, OWN = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
SMALLEST_STREAM = 4096


@dataclass(frozen=True)
class Formula:
    """A formula by the value kept of it: a number, an error's code, or "" for none."""

    value: float | str
    error: int | None = None


@dataclass(frozen=True)
class Error:
    """A cell that holds an error by its code."""

    code: int


Cell = str | float | Formula | Error | None


def write_xls(path: Path, rows: Sequence[Sequence[Cell]], *, computed: bool = True) -> Path:
    """Write the rows; ``computed`` says, as Excel does, that formulas were."""
    bof = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 6)
    known = _record(0x1C1, bytes(8)) if computed else b""
    name = "Danh sách"
    bound = struct.pack("<IHBB", 0, 0, len(name), 1) + name.encode("utf-16-le")
    start = len(_record(0x809, bof) + known + _record(0x85, bound) + _record(0x0A, b""))
    bound = struct.pack("<I", start) + bound[4:]
    stream = _record(0x809, bof) + known + _record(0x85, bound) + _record(0x0A, b"")
    stream += _record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 6))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            stream += _cell(struct.pack("<HHH", row, column, 0), cell)
    stream += _record(0x0A, b"")
    path.write_bytes(_compound(stream))
    return path


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _cell(place: bytes, cell: Cell) -> bytes:
    if cell is None:
        return b""
    if isinstance(cell, str):
        text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
        return _record(0x204, place + text)
    if isinstance(cell, Error):
        return _record(0x205, place + bytes((cell.code, 1)))
    if isinstance(cell, Formula):
        value = struct.pack("<d", cell.value) if isinstance(cell.value, (int, float)) else b""
        if cell.error is not None:
            value = bytes((2, 0, cell.error, 0, 0, 0, 255, 255))
        value = value or bytes((3, 0, 0, 0, 0, 0, 255, 255))
        number = struct.pack("<HBH", 3, 0x1E, 7)  # the formula "=7"
        return _record(0x06, place + value + bytes(6) + number)
    return _record(0x203, place + struct.pack("<d", cell))


def _compound(stream: bytes) -> bytes:
    """A compound file: its head, its allocation table, its folder, and the stream."""
    body = stream.ljust(max(SMALLEST_STREAM, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(body) // SECTOR
    table = [OWN, END, *range(3, 2 + count), END]
    table += [FREE] * (SECTOR // 4 - len(table))
    assert len(table) == SECTOR // 4
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    head += struct.pack("<IIIIIII", 1, 1, 0, SMALLEST_STREAM, END, 0, END)
    head += struct.pack("<II", 0, 0) + struct.pack("<I", FREE) * 108
    folder = _entry("Root Entry", 5, END, 0, child=1) + _entry("Workbook", 2, 2, len(body))
    folder += bytes(2 * 128)
    return head[:SECTOR] + struct.pack(f"<{SECTOR // 4}I", *table) + folder + body


def _entry(name: str, kind: int, start: int, size: int, *, child: int = FREE) -> bytes:
    text = name.encode("utf-16-le")
    out = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1)
    out += struct.pack("<III", FREE, FREE, child) + bytes(36)
    return out + struct.pack("<III", start, size, 0)

"""Head, fields and cells of a dBASE table, as far as they say things twice.

dBASE III head: rows in bytes 4-7, its own length in 8-9, the length of a row in 10-11, then
32 bytes a field (type in 11, length in 16) up to a byte 13. Each row begins with a blank, or
with an asterisk where it is deleted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

HEAD = 32
FIELD = 32
END = 0x0D
FIXED = {
    "D": (8,), "L": (1,), "I": (4,), "+": (4,), "B": (8, 10), "O": (8,), "T": (8,), "@": (8,),
    "Y": (8,),
}  # fmt: skip
"""Types whose fields have one length, or one of two."""

TYPES = frozenset("CNFMGPQVWX0") | FIXED.keys()
NUMBERS = "NF"
LIVE, DELETED = 0x20, 0x2A
ROWS_AT_ONCE = 1 << 16

Mask = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column: its type's letter and its place in a row."""

    name: str
    letter: str
    start: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Dbf:
    """What the head of a .dbf declares."""

    path: Path
    rows: int
    first: int
    width: int
    fields: tuple[Field, ...]

    def blocks(self) -> Iterator[Bytes]:
        """The rows as bytes (rows × width), some at a time."""
        if not self.rows or not self.width:
            return
        body = np.memmap(self.path, np.uint8, "r", self.first, (self.rows, self.width))
        for at in range(0, self.rows, ROWS_AT_ONCE):
            yield body[at : at + ROWS_AT_ONCE]

    def marks(self) -> Bytes:
        """The first byte of each row: whether it is deleted."""
        marks = [np.array(block[:, 0]) for block in self.blocks()]
        return np.concatenate(marks) if marks else np.empty(0, np.uint8)


def dbf_of(path: Path) -> Dbf | None:
    """The head of a .dbf; None where its counts, lengths and types do not fit each other."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        if len(head) < HEAD:
            return None
        rows, first, width = struct.unpack("<IHH", head[4:12])
        told = stream.read(max(0, first - HEAD))
    for wide in (False, True):
        fields = _fields(told, wide=wide)
        if fields is None or told[len(fields) * FIELD :][:1] != bytes([END]):
            return None
        if 1 + sum(field.size for field in fields) == width:
            break
    else:
        return None
    if first + rows * width > path.stat().st_size:
        return None
    return Dbf(path=path, rows=rows, first=first, width=width, fields=fields)


def _fields(told: bytes, *, wide: bool) -> tuple[Field, ...] | None:
    """The fields that a head tells, None where one is of no known type or of a wrong length.

    ``wide``: texts have a length of two bytes, as Clipper writes it; others may put anything there.
    """
    fields, at = [], 1
    for k in range(0, len(told) - FIELD + 1, FIELD):
        if told[k] == END:
            break
        field = told[k : k + FIELD]
        letter, size = chr(field[11]), field[16]
        if letter == "C" and wide:
            size += field[17] << 8
        if letter not in TYPES or size not in FIXED.get(letter, (size,)):
            return None
        if letter in NUMBERS and field[17] > size:
            return None
        name = field[:11].split(b"\0")[0].decode("latin-1")
        fields.append(Field(name=name, letter=letter, start=at, size=size))
        at += size
    return tuple(fields)


def no_numbers(dbf: Dbf) -> Iterator[tuple[int, str]]:
    """Row (from 0) and column of cells that should be numbers and are none."""
    columns = [field for field in dbf.fields if field.letter in NUMBERS or field.letter == "D"]
    for number, block in enumerate(dbf.blocks()):
        for field in columns:
            cells = block[:, field.start : field.start + field.size]
            doubted = np.flatnonzero(~_plain(cells))
            for row in doubted[_odd(cells[doubted])]:
                yield number * ROWS_AT_ONCE + int(row), field.name


BLANK, DIGIT, OTHER = 0, 1, 2
KINDS = np.full(256, OTHER, np.uint8)
KINDS[[0, LIVE]] = BLANK
KINDS[ord("0") : ord("9") + 1] = DIGIT


def _plain(cells: Bytes) -> Mask:
    """Which cells (rows × letters) are blanks, then digits to the end, as nearly all are."""
    kinds = KINDS[cells]
    plain: Mask = (kinds[:, -1] == DIGIT) & (kinds[:, 1:] >= kinds[:, :-1]).all(axis=1)
    return plain


def _odd(cells: Bytes) -> Mask:
    """Which cells (rows × letters) are no number; blank ones and those of asterisks may be."""
    filled = (cells != LIVE) & (cells != 0)
    digit = (cells >= ord("0")) & (cells <= ord("9"))
    sign = (cells == ord("+")) | (cells == ord("-"))
    dot, power = cells == ord("."), (cells | 0x20) == ord("e")
    before = np.zeros_like(filled)
    before[:, 1:] = filled[:, :-1]
    after_power = np.zeros_like(power)
    after_power[:, 1:] = power[:, :-1]
    starts = filled & ~before
    odd: Mask = (
        (filled & ~(digit | sign | dot | power)).any(axis=1)
        | (starts.sum(axis=1) > 1)
        | (dot.sum(axis=1) > 1)
        | (power.sum(axis=1) > 1)
        | (sign & ~starts & ~after_power).any(axis=1)
        | (filled.any(axis=1) & ~digit.any(axis=1))
    )
    stars: Mask = (~filled | (cells == DELETED)).all(axis=1)
    odd &= ~stars
    return odd

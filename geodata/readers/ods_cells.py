"""Cells of an OpenDocument sheet, counted with their repetitions before they are laid out.

A cell or a row may say that it stands a million times over (ODF 1.3, 19.675 and 19.679).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import IO

from geodata.errors import DataError
from geodata.readers.cells import CHUNK, LONGEST_ROW, Cells

ROW_END = re.compile(rb"</table:table-row>")
PIECE = re.compile(
    rb"<(table:table|table:table-row|table:table-cell|table:covered-table-cell)"
    rb"((?:\s[^>]{0,4000})?)>"
)
NAME = re.compile(rb"\btable:name=\"([^\"]{0,300})\"")
COLUMNS_REPEATED = re.compile(rb"\btable:number-columns-repeated=\"(\d{1,9})\"")
ROWS_REPEATED = re.compile(rb"\btable:number-rows-repeated=\"(\d{1,9})\"")
TYPED = re.compile(rb"\b(?:office|calcext):value-type=\"(\w+)\"")
FAILED = b'calcext:value-type="error"'
TEXT = re.compile(rb"<text:p\b[^>]{0,1000}>([^<]{1,100})")


def sheets_of(stream: IO[bytes], *, name: str) -> dict[str, Cells]:
    """What each sheet of a ``content.xml`` holds, by its name."""
    found: dict[str, Cells] = {}
    state = _State()
    for body in _some_rows(stream, name):
        matches = list(PIECE.finditer(body))
        for k, match in enumerate(matches):
            end = matches[k + 1].start() if k + 1 < len(matches) else len(body)
            state.take(match, body[match.end() : end], found)
    return found


class _State:
    """The sheet, the row and the column that the tags have come to."""

    def __init__(self) -> None:
        self.cells = Cells()
        self.row, self.column, self.times = 0, 0, 1

    def take(self, match: re.Match[bytes], inside: bytes, found: dict[str, Cells]) -> None:
        """Take one tag and what stands behind it, up to the next."""
        tag, about = match[1], match[2]
        if tag == b"table:table":
            self.cells, self.row, self.times = Cells(), 0, 1
            told = NAME.search(about)
            found[unescape(told[1].decode("utf-8", "replace")) if told else ""] = self.cells
        elif tag == b"table:table-row":
            self.row += self.times if self.row else 1
            self.times, self.column = _repeated(ROWS_REPEATED, about), 0
        else:
            self._cell(about, inside)

    def _cell(self, about: bytes, inside: bytes) -> None:
        times = _repeated(COLUMNS_REPEATED, about)
        first, self.column = self.column + 1, self.column + times
        text = TEXT.search(inside)
        if not TYPED.search(about) and text is None:
            if b"table:formula=" in about:
                self.cells.uncomputed.append((self.row, first))
            return
        cells = self.cells
        cells.rows = max(cells.rows, self.row + self.times - 1)
        cells.columns = max(cells.columns, self.column)
        cells.filled += times * self.times
        if FAILED in about:
            told = unescape(text[1].decode("utf-8", "replace")) if text else "#N/A"
            cells.errors[(self.row, first)] = told


def _repeated(pattern: re.Pattern[bytes], about: bytes) -> int:
    told = pattern.search(about)
    return max(1, int(told[1])) if told else 1


def _some_rows(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """The text, cut behind ends of rows."""
    kept = b""
    while block := stream.read(CHUNK):
        body = kept + block
        ends = [match.end() for match in ROW_END.finditer(body)][-1:]
        cut = ends[0] if ends else 0
        yield body[:cut]
        kept = body[cut:]
        if len(kept) > LONGEST_ROW:
            raise DataError(
                "{file} has a row of more than {most} MB, which no table has; save it again from "
                "a spreadsheet",
                file=name,
                most=LONGEST_ROW >> 20,
            )
    yield kept

"""Cells of a workbook looked at before calamine lays its sheets out in memory.

Calamine makes room for every cell between the first and the last that is filled, and gives
errors and formulas that nobody has computed as empty cells. Here an .xlsx is read as text
(ECMA-376, 18.3.1.4), an .xlsb as records (MS-XLSB, 2.1.4), an .ods as text (ODF 1.3, 9.1).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import IO

from geodata.errors import DataError
from geodata.readers.cells import CHUNK, ERRORS, LONGEST_ROW, Cells
from geodata.readers.ods_cells import sheets_of
from geodata.readers.xls_cells import xls_cells

MOST_CELLS = 60_000_000
"""Of a sheet, empty ones among them: 2 GB as calamine lays them out."""

MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14
"""Of a sheet, in every spreadsheet."""

SPARSE_FROM = 8_000_000
SPARSE = 8
"""A sheet of more cells than that, of which not one in eight is filled, is refused."""

HEAD_BYTES = 1 << 24
SHEETS = re.compile(rb"<(?:\w{1,20}:)?sheet\b([^>]{0,2000})>")
RELATION = re.compile(rb"<(?:\w{1,20}:)?Relationship\b([^>]{0,2000})>")
ROW_END = re.compile(rb"</(?:\w{1,20}:)?row>")
REFERENCE = re.compile(rb"<(?:\w{1,20}:)?c\s[^>]{0,300}?\br=[\"']([A-Za-z]{1,3})\d")
ROW = re.compile(rb"<(?:\w{1,20}:)?row\s[^>]{0,300}?\br=[\"'](\d{1,9})[\"']")
CELL = re.compile(rb"<(?:\w{1,20}:)?c\s")
FIRST = re.compile(rb'<c r="([A-Z]{1,3})')
"""Cells as nearly all programs write them: found in a third of the time."""

PLACE = re.compile(rb"\br=[\"']([A-Za-z]{1,3})(\d{1,9})[\"']")
ERROR = re.compile(rb"\bt=[\"']e[\"']")
VALUE = re.compile(rb"<(?:\w{1,20}:)?v\b[^>]{0,100}>([^<]*)</")
FORMULA = re.compile(rb"<(?:\w{1,20}:)?f\b")
TEXT = re.compile(rb"\bt=[\"']str[\"']")
RECALCULATED = re.compile(rb"\bfullCalcOnLoad=[\"'](1|true)[\"']")


def cells_of(path: Path, *, name: str) -> Mapping[str, Cells]:
    """What each sheet of a workbook holds, by its name.

    Raises `DataError` for a sheet that reaches too far to be laid out.
    """
    about = path.stat()
    return _known(path, name, about.st_size, about.st_mtime_ns, about.st_ino)


@lru_cache(maxsize=4)
def _known(path: Path, name: str, size: int, mtime_ns: int, inode: int) -> Mapping[str, Cells]:  # noqa: ARG001  # of the key
    """The same of a file as it is: it is asked for more than once while it is read."""
    if not zipfile.is_zipfile(path):
        return xls_cells(path)  # at most 65,536 rows of 256 columns
    found: dict[str, Cells] = {}
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "content.xml" in names and "xl/workbook.xml" not in names:
            with archive.open("content.xml") as stream:
                found = sheets_of(stream, name=name)
        for sheet, part in _sheets(archive):
            if part in names:
                with archive.open(part) as stream:
                    binary = part.endswith(".bin")
                    found[sheet] = _in_records(stream) if binary else _in_text(stream, name)
        book = _head(archive, "xl/workbook.xml")
    for sheet, cells in found.items():
        _require_bounded(cells, sheet, name)
        if RECALCULATED.search(book) and not cells.computed:
            cells.uncomputed += cells.zeros  # what xlsxwriter puts where it computes nothing
    return found


def _require_bounded(cells: Cells, sheet: str, name: str) -> None:
    size = cells.rows * cells.columns
    beyond = cells.rows > MOST_ROWS or cells.columns > MOST_COLUMNS
    if beyond or size > MOST_CELLS or (size > SPARSE_FROM and size > SPARSE * cells.filled):
        raise DataError(
            "{file}: the sheet {sheet} reaches to the cell {cell}, though only {count} cells are "
            "filled; delete what stands far from the table (its rows and columns, not only their "
            "contents), and save it again",
            file=name,
            sheet=repr(sheet),
            cell=cells.last,
            count=cells.filled,
        )


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each sheet; those of an .xlsb by their place, as their names are binary."""
    names = archive.namelist()
    if "xl/workbook.xml" not in names:
        parts = sorted(n for n in names if re.fullmatch(r"xl/worksheets/[^/]+\.bin", n))
        yield from ((part, part) for part in parts)
        return
    relations = "xl/_rels/workbook.xml.rels"
    parts_by_id = {
        _attribute(one, b"Id"): _attribute(one, b"Target")
        for one in RELATION.findall(_head(archive, relations))
    }
    for one in SHEETS.findall(_head(archive, "xl/workbook.xml")):
        target = parts_by_id.get(_attribute(one, rb"(?:\w+:)?id"), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        yield unescape(_attribute(one, b"name")), part


def _head(archive: zipfile.ZipFile, part: str) -> bytes:
    """The beginning of a part, which holds all of an honest one; nothing where there is none."""
    if part not in archive.namelist():
        return b""
    with archive.open(part) as stream:
        return stream.read(HEAD_BYTES)


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"(?:^|\s)" + name + rb"=[\"']([^\"']*)[\"']", tag)
    return found[1].decode("utf-8", "replace") if found else ""


def _in_text(stream: IO[bytes], name: str) -> Cells:
    """A sheet of an .xlsx, some rows at a time."""
    cells, kept = Cells(), b""
    while block := stream.read(CHUNK):
        body = kept + block
        ends = [match.end() for match in ROW_END.finditer(body)][-1:]
        cut = ends[0] if ends else 0
        _look(body[:cut], cells)
        kept = body[cut:]
        if len(kept) > LONGEST_ROW:
            raise DataError(
                "{file} has a row of more than {most} MB, which no table has; save it again from "
                "a spreadsheet",
                file=name,
                most=LONGEST_ROW >> 20,
            )
    _look(kept, cells)
    return cells


def _look(body: bytes, cells: Cells) -> None:
    """Count the cells of some rows, and keep errors and formulas without a value."""
    found = FIRST.findall(body)
    if body.count(b"<c ") != len(found) or b":c " in body:
        found = REFERENCE.findall(body)
    cells.filled += len(found)
    cells.columns = max([cells.columns, *map(_column, set(found))])
    cells.rows = max([cells.rows, *map(int, ROW.findall(body))])
    if not ERROR.search(body) and not FORMULA.search(body):
        return
    for piece in CELL.split(body)[1:]:
        about, _, inside = piece.partition(b">")
        place = PLACE.search(about)
        if place is None:
            continue
        at = (int(place[2]), _column(place[1]))
        cells.rows, cells.columns = max(cells.rows, at[0]), max(cells.columns, at[1])
        value = VALUE.search(inside)
        if ERROR.search(about):
            cells.errors[at] = unescape(value[1].decode("utf-8", "replace")) if value else "#N/A"
        elif FORMULA.search(inside):
            told = value[1].strip() if value else b""
            if not told and not TEXT.search(about) and b"<is" not in inside:
                cells.uncomputed.append(at)
            elif told == b"0":
                cells.zeros.append(at)
            else:
                cells.computed += 1


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


ROW_RECORD = 0
CELL_RECORDS = range(1, 12)
ERROR_RECORDS = {3: 8, 11: 8}
"""Of an .xlsb: a row, its cells, and those that hold an error, with the place of its code."""


def _in_records(stream: IO[bytes]) -> Cells:
    """A sheet of an .xlsb: records of a type, a length and as many bytes."""
    cells, row = Cells(), 0
    while (kind := _number(stream, 2)) is not None:
        length = _number(stream, 4) or 0
        body = stream.read(length)
        if kind == ROW_RECORD and length >= 4:
            row = int.from_bytes(body[:4], "little") + 1
        elif kind in CELL_RECORDS and length >= 8:
            column = int.from_bytes(body[:4], "little") + 1
            cells.filled += 1
            cells.rows, cells.columns = max(cells.rows, row), max(cells.columns, column)
            if kind in ERROR_RECORDS and length > ERROR_RECORDS[kind]:
                cells.errors[(row, column)] = ERRORS.get(body[ERROR_RECORDS[kind]], "#N/A")
    return cells


def _number(stream: IO[bytes], most: int) -> int | None:
    """A number of at most so many bytes, seven bits in each; None at the end."""
    number = 0
    for k in range(most):
        one = stream.read(1)
        if not one:
            return None
        number |= (one[0] & 0x7F) << 7 * k
        if not one[0] & 0x80:
            break
    return number

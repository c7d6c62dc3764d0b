"""Lines of a MapInfo MIF and its MID, as far as they count themselves.

MapInfo Interchange Format (MapInfo Professional Reference, appendix J): a head up to the line
``Data`` with as many columns as declared, then objects with as many rings and corners as declared;
in the .mid a line an object, with a cell a column. GDAL reads past what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from geodata.errors import UnreadableError

NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")
DATA = re.compile(rb"(?im)^[ \t]*data[ \t]*\r?$\n?")
COLUMNS = re.compile(rb"(?i)columns[ \t]+(\d{1,6})[ \t]*$")
COLUMN = re.compile(
    rb"(?i)(?:\"[^\"]*\"|\S+)[ \t]+(char|integer|smallint|largeint|decimal|float|date|logical|time"
    rb"|datetime)"
    rb"[ \t]*(\([ \t\d,]*\))?[ \t]*$"
)
HEAD = re.compile(
    rb"(?i)(version|charset|delimiter|unique|index|coordsys|transform|bounds|affine)\b"
    rb"|(begin|end)_metadata|\""
)
ONCE = (b"version", b"charset", b"delimiter", b"coordsys", b"columns")
NUMBER = rb"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
CORNERS = re.compile(rb"(?:[ \t]*" + NUMBER + rb"[ \t,]+" + NUMBER + rb"[ \t]*\r?\n)*")
COUNT = re.compile(rb"\s*(\d{1,10})[ \t]*\r?\n")
LINE = re.compile(rb"[ \t]*([^\r\n]*?)[ \t]*(?:\r\n|\n|\r)")
NUMBERS = re.compile(NUMBER + rb"(?:[ \t,]+" + NUMBER + rb")*[ \t]*$")
STYLES = (b"pen", b"brush", b"symbol", b"center", b"smooth", b"font", b"spacing", b"justify",
          b"angle", b"label", b"none", b"collection")  # fmt: skip
INLINE = {b"point": 2, b"line": 4}
LOOSE = (b"text", b"arc", b"rect", b"roundrect", b"ellipse")
"""Objects that are no areas, and go on in lines of numbers or letters."""


def require_whole_mif(path: Path, parts: Mapping[str, Path], *, name: str) -> None:
    """Refuse a MIF or MID with lines that are none of the format's, or other counts than declared.

    Raises `UnreadableError` that names the line.
    """
    body = path.read_bytes() + b"\n"
    odd = NO_TEXT.search(body)
    at, columns, delimiter = (odd.start(), 0, b"") if odd else _head(body)
    if not odd and at >= 0:
        at = _objects(body, at)
    if at < len(body):
        raise _damaged(name, ".mif", body.count(b"\n", 0, at if at >= 0 else -1 - at) + 1)
    row = _wrong_row(parts[".mid"].read_bytes(), columns, delimiter)
    if row:
        raise _damaged(name, ".mid", row)


def _damaged(name: str, part: str, row: int) -> UnreadableError:
    return UnreadableError(
        "{file} cannot be read: line {row} of its {part} is not as the format asks for (a count, a "
        "number or a word is damaged); save the layer again and send all files of that name "
        "together",
        file=name,
        part=part,
        row=row,
    )


def _head(body: bytes) -> tuple[int, int, bytes]:
    """Where the objects begin, the number of columns, the delimiter of the .mid.

    Where a line is wrong, a place in the head, less than 0 at its very beginning.
    """
    data = DATA.search(body)
    delimiter, left, columns, at = b"\t", -1, 0, 0
    seen: set[bytes] = set()
    if data is None:
        return -1, 0, delimiter
    for line in body[: data.start()].splitlines(keepends=True):
        words = line.strip()
        first = words.split(b" ")[0].lower()
        if (first in ONCE and first in seen) or words.count(b'"') % 2:
            return -1 - at, 0, delimiter
        seen.add(first)
        declared = COLUMNS.match(words)
        if declared and left < 0:
            left = columns = int(declared[1])
        elif left > 0 and words:
            left -= 1
            if not COLUMN.match(words):
                return -1 - at, 0, delimiter
        elif words and not HEAD.match(words) and not NUMBERS.match(words):
            return -1 - at, 0, delimiter
        if words[:9].lower() == b"delimiter":
            delimiter = words[9:].strip().strip(b'"') or delimiter
        at += len(line)
    return (data.end() if left == 0 else -1 - at), columns, delimiter


def _objects(body: bytes, at: int) -> int:
    """Where the first wrong line is; the length of the text where none is."""
    loose = False
    while at < len(body):
        line = LINE.match(body, at)
        if line is None:
            return at
        words = line[1].lower().split()
        if not words or words[0] in STYLES:
            at = line.end()
        elif words[0] in INLINE:
            loose = False
            if len(words) != 1 + INLINE[words[0]] or not NUMBERS.match(b" ".join(words[1:])):
                return at
            at = line.end()
        elif words[0] in (b"region", b"pline", b"multipoint"):
            loose = False
            end = _rings(body, words, line.end())
            if end < 0:
                return at
            at = end
        elif words[0] in LOOSE or (loose and (NUMBERS.match(line[1]) or line[1][:1] == b'"')):
            loose, at = True, line.end()
        else:
            return at
    return at


def _rings(body: bytes, words: list[bytes], at: int) -> int:
    """Where the corners of an object end, -1 where they are not as many as declared."""
    told = [int(word) for word in words[1:] if word.isdigit()]
    if words[0] == b"region" or words[1:2] == [b"multiple"]:
        rings, counts = (told[0] if len(told) == 1 else 0), []
    else:
        rings, counts = 1, told[:1]
    if not rings:
        return -1
    for _ in range(rings):
        if not counts:
            count = COUNT.match(body, at)
            if count is None:
                return -1
            at, declared = count.end(), int(count[1])
        elif len(words) != 2:
            return -1
        else:
            declared = counts.pop()
        corners = CORNERS.match(body, at)
        if corners is None or body.count(b"\n", at, corners.end()) != declared:
            return -1
        at = corners.end()
    return at


def _wrong_row(body: bytes, columns: int, delimiter: bytes) -> int:
    """The first line of a .mid with another number of cells, an open quotation mark or no text."""
    odd = NO_TEXT.search(body)
    if odd:
        return body.count(b"\n", 0, odd.start()) + 1
    for row, line in enumerate(body.rstrip(b"\x1a").splitlines(), 1):
        if not line.strip():
            continue
        if line.count(b'"') % 2:
            return row
        cells = line.count(delimiter) + 1
        if cells != columns and b'"' in line:
            cells = re.sub(rb'"[^"]*"', b"", line).count(delimiter) + 1
        if cells != columns:
            return row
    return 0

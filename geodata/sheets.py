"""Tables of cells, CSV and Excel: what is the header, what are the rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pandas as pd
import python_calamine

from geodata.codepages import as_western
from geodata.columns import ALIASES, plain
from geodata.csv_checks import DELIMITERS, NO_TEXT, CsvTable
from geodata.errors import CallError, DataError, UnreadableError
from geodata.readers.cells import Cells, name_of
from geodata.readers.workbook_cells import cells_of

HEADER_WITHIN = 20
"""Rows in which the header is looked for: official lists begin with titles."""

MOST_COLUMNS = 4096

MOST_LETTERS = 10_000_000
"""Of a cell: the outline of a large footprint as WKT. Python's own limit is 131,072 letters."""

LONG_CELL = 131_072
"""A cell that is longer and has line breaks is what follows a quotation mark left open."""

FIELD_SIZE_LOCK = Lock()

SUMS = frozenset({"tong", "tong so", "tong cong", "total"})
"""Lower headings that mean their group's whole."""

NAMES = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
"""Lower headings that need no group, in `plain` form."""

Cell = str | float | None
"""Excel's numbers stay numbers, since a text "1.234" may mean a thousand or little over one."""


def csv_table(path: Path) -> CsvTable:
    """A CSV file, its delimiter found, all its cells text.

    What is not is read byte by byte, as `geodata.encodings` takes it. Raises `DataError`
    without rows, `UnreadableError` where the file is no text at all.
    """
    text, is_unicode = _decoded(path)
    if not text.strip():
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    delimiter = _delimiter(text)
    rows, quoted = _rows(text, delimiter, path)
    cells: list[list[Cell]] = [[cell.strip() or None for cell in row] for row in rows]
    table, width, above = _headed(cells, path)
    odd = NO_TEXT.search(text)
    return CsvTable(
        table=table,
        is_unicode=is_unicode,
        width=width,
        widths=[len(rows[row - 1]) for row in table.index],
        above=[k + 1 for k in range(above) if any(cell is not None for cell in cells[k])],
        is_ended=text[-1] in "\r\n\x1a\0",
        quoted=quoted,
        coded=text.count("\n", 0, odd.start()) + 1 if odd else 0,
    )


@contextmanager
def long_cells() -> Iterator[None]:
    """Let Python read cells of `MOST_LETTERS`; its limit is of the process, and put back."""
    with FIELD_SIZE_LOCK:
        before = csv.field_size_limit(MOST_LETTERS)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _rows(text: str, delimiter: str, path: Path) -> tuple[list[list[str]], int]:
    """The cells of a CSV, and the first row with a stray quotation mark (0: none has one).

    Raises `UnreadableError` for cells that no table has.
    """
    rows: list[list[str]] = []
    stray = 0
    try:
        with long_cells():
            try:
                for row in csv.reader(
                    io.StringIO(text, newline=""), delimiter=delimiter, strict=True
                ):
                    rows.append(row)  # noqa: PERF402  # those before an error count
            except csv.Error as error:
                if str(error).startswith("field larger"):
                    raise
                stray = len(rows) + 1
                rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        if not str(error).startswith("field larger"):
            raise
        raise UnreadableError(
            "{file} has a cell of more than {most} letters, which no table has; look for a "
            "quotation mark that nothing closes",
            file=path.name,
            most=MOST_LETTERS,
        ) from error
    width = max(map(len, rows[:HEADER_WITHIN]), default=0)
    short = 0
    for k, row in enumerate(rows, 1):
        if any(
            "\n" in cell and _swallows(row, at, width, delimiter) for at, cell in enumerate(row)
        ):
            raise _left_open(path, k)
        short += len(row) < width and any(delimiter in cell for cell in row)
    in_header = len(rows) < 2 and len(text.splitlines()) > 1
    if short or in_header:
        _require_closed(text, delimiter, path)
    return rows, stray


def _left_open(path: Path, row: int) -> UnreadableError:
    return UnreadableError(
        "{file} has a cell of many lines in row {row}; look there for a quotation mark that "
        "nothing closes",
        file=path.name,
        row=row,
    )


def _require_closed(text: str, delimiter: str, path: Path) -> None:
    """Refuse a quotation mark that is open at the end of the file, which may be in its last row."""
    row = 0
    try:
        with long_cells():
            for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
                row += 1
    except csv.Error as error:
        if "end of data" in str(error):
            raise _left_open(path, row + 1) from error


def _swallows(row: list[str], at: int, width: int, delimiter: str) -> bool:
    """Whether a cell of several lines holds rows, as one does after a quotation mark left open.

    Its first line then ends the row it began in, or a line in it is a whole row, or it goes on
    behind the mark that closes it at last.
    """
    cell = row[at]
    lines = [line for line in cell.splitlines() if line.strip()]
    if len(cell) > LONG_CELL:
        return True
    if width < 3 or len(lines) < 2:
        return False
    signs = [line.count(delimiter) for line in lines]
    rest = width - 1 - at
    ends_row = signs[0] == rest > 0 and (signs[-1] == at or len(row) < width)
    return ends_row or any(count >= width - 1 for count in signs[1:])


def _decoded(path: Path) -> tuple[str, bool]:
    """The text of a file, and whether it is Unicode; else each byte as Windows-1252 has it."""
    raw = path.read_bytes()
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig"), True
    except UnicodeDecodeError as error:
        text = as_western(raw.decode("latin-1"))
        if wide or NO_TEXT.search(text):
            raise UnreadableError(
                "{file} is not text (byte {at}); save it as CSV UTF-8",
                file=path.name,
                at=error.start + 1,
            ) from error
        return text, False


def _delimiter(text: str) -> str:
    """The sign that splits most of the first lines into equally many cells."""
    lines = [line for line in text.splitlines()[:HEADER_WITHIN] if line.strip()]

    def agreement(sign: str) -> tuple[int, int]:
        counts = [line.count(sign) for line in lines]
        most = max(set(counts), key=counts.count, default=0)
        return (counts.count(most) if most else 0, most)

    return max(DELIMITERS, key=agreement)


def excel_table(path: Path, sheet: str | None) -> pd.DataFrame:
    """A workbook's sheet: the one named, or the only one that holds anything.

    Cells that show an error (#N/A) hold it as text. Raises `DataError` for formulas that no
    program has computed, and for a sheet that reaches too far.
    """
    looked_at = cells_of(path, name=path.name)
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    if sheet is not None and sheet not in book.sheet_names:
        raise CallError(
            "{file} has no layer {layer}; it has {names}",
            file=path.name,
            layer=sheet,
            names=", ".join(book.sheet_names),
        )
    wanted = [sheet] if sheet else book.sheet_names
    filled = {name: _cells(book, name, looked_at) for name in wanted}
    filled = {name: rows for name, rows in filled.items() if any(any(row) for row in rows)}
    if len(filled) > 1:
        raise CallError(
            "{file} has {count} layers ({names}); say which with layer = …",
            file=path.name,
            count=len(filled),
            names=", ".join(list(filled)[:8]),
        )
    for name in filled:
        _require_computed(looked_at.get(name, Cells()), path)
    return _headed(next(iter(filled.values()), []), path)[0]


def _require_computed(cells: Cells, path: Path) -> None:
    """Raise `DataError` for formulas whose values nobody has computed."""
    if cells.uncomputed:
        raise DataError(
            "{file}, row {row}: {count} cells hold formulas that no spreadsheet has computed "
            "(first: {cell}); open the file in Excel or LibreOffice, save it, and send it again",
            file=path.name,
            row=cells.uncomputed[0][0],
            count=len(cells.uncomputed),
            cell=name_of(*cells.uncomputed[0]),
        )


def _cells(
    book: python_calamine.CalamineWorkbook, name: str, looked_at: Mapping[str, Cells]
) -> list[list[Cell]]:
    read = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    rows = [[_cell(cell) for cell in row] for row in read]
    for (row, column), error in looked_at.get(name, Cells()).errors.items():
        if row > len(rows):  # a sheet that ends in errors alone
            rows += [[] for _ in range(row - len(rows))]
        cells = rows[row - 1]
        cells += [None] * (column - len(cells))
        cells[column - 1] = error
    return rows


def _cell(cell: object) -> Cell:
    """Whole numbers and words as text, other numbers as they are, nothing as None."""
    if isinstance(cell, float) and not cell.is_integer():
        return cell
    if isinstance(cell, float):
        return str(int(cell))
    return str(cell).strip() or None


def _headed(rows: list[list[Cell]], path: Path) -> tuple[pd.DataFrame, int, int]:
    """The table under its header, the wordiest of the first rows. Indexed by the sheet's row.

    With it the cells of the header, and how many rows stand above it.
    """
    if not rows:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    wordy = [sum(_is_word(cell) for cell in row) for row in rows[:HEADER_WITHIN]]
    at = wordy.index(max(wordy)) if wordy else 0
    header, last = _whole_header(rows, at)
    body = {
        k + 1: row for k, row in enumerate(rows) if k > last and any(c is not None for c in row)
    }
    if not body:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    width = max(len(row) for row in (header, *body.values()))
    if width > MOST_COLUMNS:
        raise DataError(
            "{file} has {count} columns; at most {most} are read, so send those that are needed",
            file=path.name,
            count=width,
            most=MOST_COLUMNS,
        )
    names = _unique([*header, *[None] * (width - len(header))])
    filled = [row + [None] * (width - len(row)) for row in body.values()]
    table = pd.DataFrame(
        filled, columns=names, index=pd.Index(list(body), name="row"), dtype="object"
    )
    return table, len(header), at - _is_lower(rows, at)


def _whole_header(rows: list[list[Cell]], at: int) -> tuple[list[Cell], int]:
    """The header of merged cells as one row, and the last row it stands in.

    Above a heading may stand that of its group ("Dân số" over "Số hộ" and "Nhân khẩu"); cells
    merged downwards are empty in the lower row. The wordiest row may be either of the two.
    """
    if _is_lower(rows, at):
        return _joined(rows[at - 1], rows[at]), at
    if at + 1 < len(rows) and _is_lower(rows, at + 1):
        return _joined(rows[at], rows[at + 1]), at + 1
    return rows[at], at


def _is_lower(rows: list[list[Cell]], at: int) -> bool:
    """Whether a row holds the lower headings of the one above.

    It is of words alone, some right of a group's heading, and leaves other headings whole.
    """
    if at < 1:
        return False
    upper, lower = rows[at - 1], rows[at]
    own = [k for k, cell in enumerate(lower) if cell is not None]
    above = [k for k, cell in enumerate(upper) if cell is not None]
    if len(above) < 2 or not own or not all(_is_word(lower[k]) for k in own):
        return False
    whole = [k for k in above if k >= len(lower) or lower[k] is None]
    spans = any(k >= len(upper) or upper[k] is None for k in own)
    inside = all(k > above[0] for k in own)
    return bool(whole) and spans and inside and all(_is_word(upper[k]) for k in above)


def _joined(upper: list[Cell], lower: list[Cell]) -> list[Cell]:
    """Headings of two rows as one: the lower one, with its group where it says too little."""
    names: list[Cell] = []
    group: Cell = None
    for k in range(max(len(upper), len(lower))):
        over = upper[k] if k < len(upper) else None
        under = lower[k] if k < len(lower) else None
        group = over if over is not None else (group if under is not None else None)
        if under is None or group is None:
            names.append(under if over is None else over)
        elif plain(str(under)) in SUMS:
            names.append(group)
        else:
            names.append(under if plain(str(under)) in NAMES else f"{group} {under}")
    return names


def _unique(header: list[Cell]) -> list[str]:
    """Column names: "column N" where there is none, numbered where one stands twice."""
    names: dict[str, None] = {}
    turns: dict[str, int] = {}
    for k, cell in enumerate(header):
        base = str(cell) if cell is not None else f"column {k + 1}"
        name = base
        while name in names:
            turns[base] = turns.get(base, 1) + 1
            name = f"{base} {turns[base]}"
        names[name] = None
    return list(names)


def _is_word(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.translate(_NUMERIC).isdigit()


_NUMERIC = str.maketrans("", "", ".,- \u00a0()")

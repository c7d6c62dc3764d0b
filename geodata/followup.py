"""The follow-up sheet: what the field says of a village, filled in by hand, keyed by its id.

It never touches a verdict: it stands beside it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import python_calamine

from geodata.columns import plain
from geodata.errors import CallError, DataError, Phrase, phrase
from geodata.export.safe import without_controls
from geodata.files import whole_file
from geodata.sheets import long_cells
from geodata.write_errors import writing

FILE = "followup.csv"
FOLDER = "followup"
MOST_LETTERS = 10_000
"""A note longer than this is none."""
LOCK = ".followup-lock"
LOCK_S = 20.0

FIELDS = (
    "confirmed",
    "confirmed_by",
    "confirmed_on",
    "operator",
    "promised_on",
    "letter",
    "note",
)
"""What the sheet holds of a village, in its order."""

DATES = ("confirmed_on", "promised_on")

FREE = ("confirmed_by", "letter", "note")
"""Those that hold any words at all."""

HEADINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "village_id": "Mã thôn",
            "confirmed": "Xác nhận thực địa",
            "confirmed_by": "Người xác nhận",
            "confirmed_on": "Ngày xác nhận",
            "operator": "Nhà mạng phụ trách",
            "promised_on": "Ngày hẹn phát sóng",
            "letter": "Số văn bản",
            "note": "Ghi chú",
        },
        "en": {
            "village_id": "Village id",
            "confirmed": "Field confirmation",
            "confirmed_by": "Confirmed by",
            "confirmed_on": "Confirmed on",
            "operator": "Operator in charge",
            "promised_on": "Promised on-air date",
            "letter": "Letter number",
            "note": "Note",
        },
    }
)
"""Headings of the sheet by language; either is read back, with or without marks."""

CONFIRMED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "signal": ("Có sóng", "Has signal"),
        "weak": ("Sóng yếu", "Weak signal"),
        "none": ("Không có sóng", "No signal"),
        "unclear": ("Chưa rõ", "Not clear"),
    }
)
"""What a visit can confirm: value → what is written in Vietnamese and in English."""

CLEAR = frozenset({"-", "–", "xoa", "clear"})
"""A cell with one of these empties what was there; an empty cell leaves it."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A row that was not taken over: its number as Excel shows it, and why."""

    row: int
    village_id: str
    reason: Phrase


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A sheet that came back.

    ``rows`` are taken over (indexed by village id, "" for empty, "-" for emptied on purpose),
    ``rejected`` are not.
    """

    rows: pd.DataFrame
    rejected: tuple[Rejection, ...]


def empty() -> pd.DataFrame:
    """A follow-up without any village."""
    return _empty().copy()


@cache
def _empty() -> pd.DataFrame:
    index = pd.Index([], name="village_id", dtype=object)
    return pd.DataFrame({name: pd.Series(dtype=object) for name in FIELDS}, index=index)


def load_follow_up(folder: Path) -> pd.DataFrame:
    """The follow-up kept with a study; texts, "" where nothing is known. Empty where none is."""
    path = folder / FILE
    if not path.exists():
        return empty()
    with path.open(encoding="utf-8-sig", newline="") as file, long_cells():
        rows = {row.pop("village_id"): row for row in csv.DictReader(file) if "village_id" in row}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(FIELDS)).fillna("")
    return table.rename_axis("village_id")


def read_follow_up(body: bytes, known: Sequence[str], *, file: str) -> Reading:
    """Read a sheet that was filled in: Excel of any age, OpenDocument or CSV.

    ``known`` are the study's village ids. The header may stand below a title, columns may be
    added or moved, rows sorted or removed. Raises `DataError` where there is no column of
    village ids.
    """
    grid = _grid(body, file)
    at, columns = _header(grid, file)
    wanted = {_bare_id(one): one for one in known}
    rows: dict[str, dict[str, str]] = {}
    rejected: list[Rejection] = []
    for k, cells in enumerate(grid[at + 1 :], at + 2):
        told = {name: cells[c] if c < len(cells) else "" for name, c in columns.items()}
        values, village, reason = _one_row(told, wanted, rows)
        if reason is not None:
            rejected.append(Rejection(row=k, village_id=village, reason=reason))
        elif values:
            rows[village] = values
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(FIELDS))
    return Reading(rows=table.fillna("").rename_axis("village_id"), rejected=tuple(rejected))


def keep_follow_up(folder: Path, reading: Reading, *, at: datetime) -> pd.DataFrame:
    """Take a reading over into the study's follow-up and give what is kept now.

    A filled cell replaces, an empty one leaves, one of `CLEAR` empties. Every import is also
    kept as it came, under ``followup/``. Two imports at once both count.
    """
    made = folder / FOLDER, folder / LOCK
    with writing(folder / FILE, *made), _locked(folder):
        merged = load_follow_up(folder).to_dict("index")
        for village, row in reading.rows.iterrows():
            held = merged.setdefault(village, dict.fromkeys(FIELDS, ""))
            for name in FIELDS:
                value = str(row[name])
                if value:
                    held[name] = "" if _is_clear(value) else value
        kept = {v: row for v, row in merged.items() if any(row.values())}
        table = pd.DataFrame.from_dict(kept, orient="index", columns=list(FIELDS))
        table = table.fillna("").rename_axis("village_id").sort_index()
        text = _csv(reading.rows)
        name = f"{at:%Y%m%dT%H%M%S}_{hashlib.sha256(text.encode()).hexdigest()[:10]}.csv"
        (folder / FOLDER).mkdir(exist_ok=True)
        with whole_file(folder / FOLDER / name) as path:
            path.write_text(text, encoding="utf-8-sig", newline="")
        with whole_file(folder / FILE) as path:
            path.write_text(_csv(table), encoding="utf-8-sig", newline="")
    return table


def shown(field: str, value: str, language: str) -> str:
    """A kept value as a reader of ``language`` writes it."""
    if field == "confirmed" and value in CONFIRMED:
        return CONFIRMED[value][0 if language == "vi" else 1]
    if field in DATES and value:
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return f"{day:%d/%m/%Y}"
    return value


def _one_row(
    told: Mapping[str, object],
    wanted: Mapping[str, str],
    taken: Mapping[str, object],
) -> tuple[dict[str, str], str, Phrase | None]:
    """The values of a row, its village, and why it is rejected if it is."""
    village = _text(told["village_id"])
    cells = {name: told.get(name, "") for name in FIELDS}
    if not any(_text(cell) for cell in cells.values()):
        return {}, village, None
    if not village:
        return {}, "", phrase("the row has no village id; copy it from the sheet that went out")
    known = wanted.get(_bare_id(village))
    if known is None:
        return {}, village, phrase("no village of this study has this id; check it")
    if known in taken:
        return {}, known, phrase("the village stands in the file twice; the first row counts")
    values: dict[str, str] = {}
    for name, cell in cells.items():
        value = _value(name, cell)
        if value is None:
            return {}, known, _why(name, cell)
        values[name] = value
    return values, known, None


def _value(name: str, cell: object) -> str | None:
    """A cell as it is kept; None where it is not what it should be."""
    text = _text(cell)
    if not text or _is_clear(text):
        return "-" if text else ""
    if name == "confirmed":
        bare = plain(text)
        return next(
            (key for key, words in CONFIRMED.items() if bare in (key, *map(plain, words))), None
        )
    if name in DATES:
        return _day(cell)
    return text if len(text) <= MOST_LETTERS else None


def _why(name: str, cell: object) -> Phrase:
    if len(_text(cell)) > MOST_LETTERS:
        return phrase("a cell has more than {most} letters; shorten it", most=MOST_LETTERS)
    if name == "confirmed":
        choices = ", ".join(words[0] for words in CONFIRMED.values())
        return phrase(
            "field confirmation is {found}; choose one of {known}",
            found=repr(_text(cell)),
            known=choices,
        )
    return phrase(
        "{field} is {found}, which is no day; write it as 31/12/2025",
        field=phrase("the day of confirmation" if name == "confirmed_on" else "the promised day"),
        found=repr(_text(cell)),
    )


def _day(cell: object) -> str | None:
    """A day as 2025-12-31; days are written before months. None where it is none."""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    text = _text(cell)
    match = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?", text)
    if match:
        parts = match.groups()
    else:
        match = re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})", text)
        if not match:
            return None
        day, month, year = match.groups()
        parts = (f"20{year}" if len(year) == 2 else year, month, day)
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return None


def _text(cell: object) -> str:
    """A cell as one line of text, without characters no file may hold."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(without_controls(str(cell))).split())


def _is_clear(text: str) -> bool:
    return text in CLEAR or plain(text) in CLEAR


def _bare_id(text: object) -> str:
    """An id for comparing: Excel makes a number of 0123, and people add spaces."""
    bare = _text(text).casefold()
    return bare.lstrip("0") or bare


def _grid(body: bytes, file: str) -> list[list[object]]:
    """All cells of the first sheet that has a village id; text files too."""
    if body[:2] != b"PK" and body[:4] != b"\xd0\xcf\x11\xe0":
        return _text_grid(body, file)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        sheets = [
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        ]
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(
            "{file} cannot be read as a sheet: {reason}; save it as xlsx and try again",
            file=file,
            reason=str(error),
        ) from error
    found = next((one for one in sheets if _columns_of(one)), sheets[0] if sheets else [])
    return [list(row) for row in found]


def _text_grid(body: bytes, file: str) -> list[list[object]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            "{file} is neither a workbook nor text in UTF-8; save it as xlsx and try again",
            file=file,
        ) from error
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter=separator)]
    except csv.Error as error:
        raise DataError(
            "{file} cannot be read as a sheet: {reason}; save it as xlsx and try again",
            file=file,
            reason=str(error),
        ) from error


def _columns_of(grid: Sequence[Sequence[object]]) -> tuple[int, dict[str, int]] | None:
    """The header's row and the columns of our fields, where there is a village id."""
    names = {plain(text): field for words in HEADINGS.values() for field, text in words.items()}
    for at, cells in enumerate(grid[:30]):
        found: dict[str, int] = {}
        for c, cell in enumerate(cells):
            bare = plain(_text(cell))
            field = names.get(bare) or (bare.replace(" ", "_") if bare else "")
            if field in ("village_id", *FIELDS) and field not in found:
                found[field] = c
        if "village_id" in found:
            return at, found
    return None


def _header(grid: Sequence[Sequence[object]], file: str) -> tuple[int, dict[str, int]]:
    found = _columns_of(grid)
    if found is None:
        raise DataError(
            "{file} has no column of village ids among its first rows; expected {heading}, as in "
            "the sheet that went out",
            file=file,
            heading=f"{HEADINGS['vi']['village_id']} / {HEADINGS['en']['village_id']}",
        )
    return found


def _csv(table: pd.DataFrame) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["village_id", *FIELDS])
    for village, row in table.iterrows():
        writer.writerow([village, *(row[name] for name in FIELDS)])
    return out.getvalue()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One import at a time; a lock left by a crash is taken over after a while."""
    lock = folder / LOCK
    deadline = time.monotonic() + LOCK_S
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                age = time.time() - lock.stat().st_mtime if lock.exists() else LOCK_S
                if age < LOCK_S:
                    raise CallError(
                        "somebody else is taking over a follow-up sheet; try again"
                    ) from None
                lock.unlink(missing_ok=True)
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)

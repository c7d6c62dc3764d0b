"""Official lists of villages, as offices keep them: titles, section rows, merged cells, totals."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.columns import columns_told, find_columns, numbers, plain, text, truths
from geodata.conventions.vietnamese_list import TOTAL
from geodata.encodings import Told
from geodata.errors import DataError, Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding
from geodata.read import read
from geodata.reviewed import is_reviewed, reviewed_list

UNITS = ("province", "district", "commune")
FIELDS = (
    "village_id", "village", *UNITS, "population", "households", "electrified", "fund_eligible",
)  # fmt: skip
TRUTHS = ("electrified", "fund_eligible")

WORDS: Mapping[str, frozenset[str]] = {
    "village": frozenset(["thon", "ban", "xom", "khoi", "lang", "ap", "buon", "khu", "tdp"]),
    "commune": frozenset(["xa", "phuong"]),
    "district": frozenset(["huyen", "quan"]),
    "province": frozenset({"tinh"}),
}
"""One of these words makes a heading that of a field, when all its others are `BESIDES`."""

BESIDES = frozenset(
    ["ten", "dan", "pho", "to", "thi", "tran", "thanh", "tx", "tt", "tp", "don", "vi", "hanh",
     "chinh", "cap", "hoac", "va"]
)  # fmt: skip

SECTIONS: Mapping[str, re.Pattern[str]] = {
    "province": re.compile(r"(tỉnh|tinh) \w"),
    "district": re.compile(r"(huyện|huyen|quận|quan|thành phố|thanh pho|thị xã|thi xa) \w"),
    "commune": re.compile(r"(xã|xa|phường|phuong|thị trấn|thi tran) \w"),
}
"""How a row begins that is the heading of the villages below it."""

NUMERAL = re.compile(r"[\divxlc]+[.)]?|[a-z][.)]", re.IGNORECASE)
LED = re.compile(r"^([\divxlc]+|[a-z])[.)]\s+", re.IGNORECASE)


def read_list(
    path: Path,
    *,
    layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: Told | None = None,
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """A list of villages without places: `FIELDS`, and ``chosen`` where a person reviewed it.

    Indexed by the ``row`` of the file. Raises `DataError` for a list without a column of
    villages or without any village, and whatever is wrong with the file.
    """
    if is_reviewed(path):
        return reviewed_list(path), ()
    reading = read(path, layer=layer, encoding=encoding)
    table, more = official_list(reading.table, file=path.name, columns=columns)
    return table, (*reading.findings, *more)


def official_list(
    raw: pd.DataFrame, *, file: str, columns: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The villages of a table that was read, one a row, and what was made of the other rows.

    A unit that stands once above its villages, in merged cells or as a row of its own, is given
    to each of them. Rows of totals and of column numbers are left out.
    """
    flat = pd.DataFrame(raw.drop(columns=raw.geometry.name) if _placed(raw) else raw)
    flat = flat.rename(columns={name: str(name) for name in flat.columns})
    found = _fields(flat, dict(columns or {}), file)
    if "village" not in found:
        raise DataError(
            "{file} has no column of villages; found {names}; name it with list_columns = "
            '{{ village = "…" }}',
            file=file,
            names=columns_told(flat.columns),
        )
    texts = {f: text(flat[c]).astype(object) for f, c in found.items() if f in (*UNITS, "village")}
    read_rows = _Rows()
    for at, row in enumerate(flat.index.tolist()):
        cells = [str(cell).strip() for cell in flat.iloc[at].tolist() if not _is_nothing(cell)]
        own = {
            f: None if _is_nothing(column.iloc[at]) else str(column.iloc[at])
            for f, column in texts.items()
        }
        read_rows.take(row, cells, own)
    if not read_rows.villages:
        raise DataError("{file} lists no villages; a list with at least one is needed", file=file)
    kept = pd.Index(read_rows.villages, name="row")
    out = pd.DataFrame(list(read_rows.villages.values()), index=kept, dtype="string")
    out = out.reindex(columns=["village", *UNITS]).astype("string")
    for name in ("village_id", "population", "households", *TRUTHS):
        out[name] = _field(flat.loc[kept], found.get(name), name, file)
    return out[list(FIELDS)], tuple(read_rows.findings(file))


@dataclass
class _Rows:
    """The rows of a list, taken one by one from the top: each unit holds until the next."""

    villages: dict[int, dict[str, str | None]] = dataclasses.field(default_factory=dict)
    held: dict[str, str | None] = dataclasses.field(default_factory=dict)
    inherited: list[int] = dataclasses.field(default_factory=list)
    headings: list[int] = dataclasses.field(default_factory=list)
    left_out: list[int] = dataclasses.field(default_factory=list)

    def take(self, row: int, cells: Sequence[str], own: Mapping[str, str | None]) -> None:
        """Take one row: ``cells`` as written, ``own`` what stands in the columns we know."""
        words = [LED.sub("", cell) for cell in cells if not NUMERAL.fullmatch(cell)]
        words = [word for word in words if re.search(r"[^\W\d_]", word)]
        if not words or TOTAL.match(plain(words[0])):
            self.left_out.append(row)
            return
        level = _heading(words[0]) if len(words) == 1 else None
        if level is not None and own.get(level) is None:
            self._hold({level: words[0]})
            self.headings.append(row)
            return
        units = {f: value for f, value in own.items() if f in UNITS and value is not None}
        self._hold(units)
        village = own.get("village")
        if village is None:
            (self.headings if units else self.left_out).append(row)
            return
        self.villages[row] = {**self.held, "village": village}
        if any(self.held.get(f) and own.get(f) is None for f in UNITS):
            self.inherited.append(row)

    def _hold(self, units: Mapping[str, str]) -> None:
        """Units hold for what follows; a new one ends those below it."""
        for at, level in enumerate(UNITS):
            if level in units:
                if units[level] != self.held.get(level):
                    self.held.update(dict.fromkeys(UNITS[at + 1 :]))
                self.held[level] = units[level]

    def findings(self, file: str) -> Iterator[Finding]:
        """Notes on rows that are not simply a village with its units."""
        if self.inherited:
            yield _note(
                "list-inherited",
                phrase(
                    "{file}: {count} villages take their unit from a cell or a heading above them",
                    file=file,
                    count=len(self.inherited),
                ),
                self.inherited,
            )
        if self.left_out:
            yield _note(
                "list-left-out",
                phrase(
                    "{file}: {count} rows are totals, column numbers or have no village, and "
                    "are left out",
                    file=file,
                    count=len(self.left_out),
                ),
                self.left_out,
            )


def _note(kind: str, sentence: Phrase, rows: Sequence[int]) -> Finding:
    return Finding(
        kind=kind,
        severity="note",
        sentence=sentence,
        file=str(sentence.parts["file"]),
        rows=tuple(rows[:ROWS_KEPT]),
        count=len(rows),
    )


def _heading(told: str) -> str | None:
    """The level of the unit that a row is the heading of."""
    low = unicodedata.normalize("NFC", told).lower()
    return next((level for level, begins in SECTIONS.items() if begins.match(low)), None)


def _is_nothing(cell: object) -> bool:
    return cell is None or cell is pd.NA or cell != cell or not str(cell).strip()  # noqa: PLR0124  # NaN is the one value unlike itself


def _placed(raw: pd.DataFrame) -> bool:
    return isinstance(raw, gpd.GeoDataFrame)


def _fields(flat: pd.DataFrame, given: dict[str, str], file: str) -> dict[str, str]:
    """Field → column, by the names we know, else by what the words of a heading are."""
    found = find_columns(flat.columns, FIELDS, given=given, file=file)
    for column in flat.columns:
        words = set(plain(column).split())
        for name, telling in WORDS.items():
            rest = words - telling
            if words & telling and rest <= BESIDES and column not in found.values():
                found.setdefault(name, column)
    return found


def _field(raw: pd.DataFrame, column: str | None, field: str, file: str) -> pd.Series:
    """One of the other fields of a list; missing where the list has no such column."""
    if column is None:
        return pd.Series(pd.NA, index=raw.index, dtype="object")
    if field in TRUTHS:
        return truths(raw[column], field=field, file=file)
    if field == "village_id":
        return text(raw[column])
    return numbers(raw[column], field=field, file=file)

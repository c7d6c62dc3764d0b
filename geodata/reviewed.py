"""The workbook of matches, read back with what a person chose in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import python_calamine

from geodata.columns import numbers, text, truths
from geodata.errors import DataError
from geodata.kinds import recognise
from geodata.refusal import refused

SHEETS: Mapping[str, str] = MappingProxyType(
    {
        "matched": "Đã khớp - Matched",
        "ambiguous": "Cần chọn - Ambiguous",
        "unmatched": "Chưa khớp - Unmatched",
    }
)
"""Sheets of the workbook, in both languages at once, since it is read back in either."""

LISTED: Mapping[str, str] = MappingProxyType(
    {
        "row": "Dòng / Row",
        "province": "Tỉnh / Province",
        "district": "Huyện / District",
        "commune": "Xã / Commune",
        "village": "Thôn, bản / Village",
        "village_id": "Mã trong danh sách / Id in the list",
        "population": "Dân số / Population",
        "households": "Số hộ / Households",
        "electrified": "Điện lưới / Electrified",
        "fund_eligible": "Thuộc VTCI / Fund eligible",
    }
)
CHOSEN = "Mã thôn được chọn / Chosen village id"
CANDIDATE = "Mã thôn ứng viên / Candidate id"
NONE_OF_THEM = "-"
TICKS = frozenset({"x", "✓", "✔"})


def is_reviewed(path: Path) -> bool:
    """Whether a file is a workbook of matches."""
    if not path.is_file() or recognise(path) != "excel":
        return False
    with refused(path):
        names = python_calamine.CalamineWorkbook.from_path(str(path)).sheet_names
    return all(name in names for name in SHEETS.values())


def reviewed_list(path: Path) -> pd.DataFrame:
    """The list of a workbook of matches, by the rows it had, with the column ``chosen``.

    ``chosen`` is the id a person left or wrote, "-" for none of the known villages, missing
    where nothing is chosen. Raises `DataError` where two lines of one row choose differently.
    """
    lines = pd.concat([_sheet(path, name) for name in SHEETS.values()], ignore_index=True)
    lines["row"] = [_row(cell, path) for cell in lines[LISTED["row"]]]
    chosen: dict[int, str] = {}
    for row, told in zip(lines["row"], _choices(lines), strict=True):
        if told is None:
            continue
        if chosen.setdefault(row, told) != told:
            raise DataError(
                "{file}: row {row} of the list has two choices, {one} and {other}; leave one",
                file=path.name,
                row=row,
                one=chosen[row],
                other=told,
            )
    first = lines.drop_duplicates("row").set_index("row").sort_index()
    out = pd.DataFrame(index=first.index)
    for name, heading in LISTED.items():
        if name != "row":
            out[name] = _field(first[heading], name, path.name)
    out["chosen"] = pd.Series(chosen, dtype="string").reindex(out.index)
    return out


def _sheet(path: Path, name: str) -> pd.DataFrame:
    with refused(path):
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    head = [str(cell).strip() for cell in rows[0]] if rows else []
    wanted = [*LISTED.values(), CHOSEN]
    missing = [heading for heading in wanted if heading not in head]
    if missing:
        raise DataError(
            "{file}, sheet {sheet}: the column {column} is gone; match anew and keep the headings",
            file=path.name,
            sheet=name,
            column=missing[0],
        )
    body = [[None if cell == "" else cell for cell in row] for row in rows[1:]]
    table = pd.DataFrame(body, columns=head, dtype="object")
    return table[table[LISTED["row"]].notna()].reindex(columns=[*wanted, CANDIDATE])


def _row(cell: object, path: Path) -> int:
    try:
        return int(float(str(cell)))
    except ValueError as error:
        raise DataError(
            "{file}: {found} is no row of the list; leave that column as it was",
            file=path.name,
            found=repr(cell),
        ) from error


def _choices(lines: pd.DataFrame) -> Sequence[str | None]:
    """What each line chooses: an id, a tick for the candidate beside it, a dash for none."""
    told = text(lines[CHOSEN]).astype(object)
    beside = text(lines[CANDIDATE]).astype(object)
    out: list[str | None] = []
    for one, other in zip(told, beside, strict=True):
        choice = None if pd.isna(one) else str(one).lstrip("'")
        ticked = choice is not None and choice.casefold() in TICKS and not pd.isna(other)
        out.append(str(other).lstrip("'") if ticked else choice)
    return out


def _field(column: pd.Series, name: str, file: str) -> pd.Series:
    if name in ("population", "households"):
        return numbers(column, field=name, file=file)
    if name in ("electrified", "fund_eligible"):
        return truths(column, field=name, file=file)
    return text(column)

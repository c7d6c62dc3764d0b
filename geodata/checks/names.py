"""Names that are none, or that carry what nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pandas as pd

from geodata.checks.model import Subject, about_rows
from geodata.columns import text
from geodata.findings import Finding

NAMED: dict[str, tuple[str, ...]] = {
    "villages": ("village", "commune", "district"),
    "communes": ("commune", "name"),
    "districts": ("district", "name"),
    "zones_5g": ("zone", "operator"),
    "sites": ("site", "operator"),
    "layer": ("operator",),
    "table": ("village", "commune", "district", "name"),
}
"""Role → the fields that hold names, the first of them that of the thing itself."""

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]"
)
"""Control characters, direction marks, and the sign of a letter lost on the way."""

DIGITS = re.compile(r"[\d\s.,\-/]+")
FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]\s*[A-Za-z(\d]")


def names(subject: Subject) -> Iterator[Finding]:
    """Empty names, names of digits, unseen characters, formulas, names not in NFC."""
    fields = NAMED.get(subject.role, ())
    own = next((f for f in fields if subject.column(f) is not None), None)
    for field in fields:
        column = subject.column(field)
        if column is None:
            continue
        if field == own and subject.role in ("villages", "communes", "districts"):
            yield from _bare(subject, column)
        yield from _odd(subject, column)


def _bare(subject: Subject, column: pd.Series) -> Iterator[Finding]:
    told = text(column)
    empty = told.isna()
    if empty.any():
        yield about_rows(
            "name-empty",
            "warning",
            "{count} rows have no name in {column}; nobody could find them in a list, so fill it "
            "in",
            of=subject,
            where=empty.to_numpy(bool),
            column=column.name,
        )
    digits = told.map(lambda name: isinstance(name, str) and DIGITS.fullmatch(name) is not None)
    share = float(digits.mean())
    if digits.any():
        yield about_rows(
            "name-digits",
            "warning" if share > 0.5 else "note",
            "{count} names in {column} are numbers alone (first: {first}); is this the column of "
            "names? Write Xóm 5, not 5",
            of=subject,
            where=digits.to_numpy(bool),
            column=column.name,
            first=told[digits].iloc[0],
        )


def _odd(subject: Subject, column: pd.Series) -> Iterator[Finding]:
    told = column.map(lambda cell: cell if isinstance(cell, str) else "")
    unseen = told.map(lambda cell: UNSEEN.search(cell) is not None)
    if unseen.any():
        yield about_rows(
            "name-unseen",
            "warning",
            "{count} cells of {column} hold characters that cannot be seen, or letters that were "
            "lost; they are left out where names are shown, a repaired copy takes them out",
            of=subject,
            where=unseen.to_numpy(bool),
            column=column.name,
        )
    formula = told.map(lambda cell: FORMULA.match(cell) is not None)
    if formula.any():
        yield about_rows(
            "name-formula",
            "warning",
            "{count} cells of {column} look like a formula of a spreadsheet (first: {first}); they "
            "are shown as text and never run, but ask who wrote them",
            of=subject,
            where=formula.to_numpy(bool),
            column=column.name,
            first=told[formula].iloc[0][:60],
        )
    apart = told.map(lambda cell: not unicodedata.is_normalized("NFC", cell))
    if apart.any():
        yield about_rows(
            "name-decomposed",
            "note",
            "{count} cells of {column} write letters and marks apart (NFD); they are read as the "
            "same names, and a repaired copy joins them",
            of=subject,
            where=apart.to_numpy(bool),
            column=column.name,
        )

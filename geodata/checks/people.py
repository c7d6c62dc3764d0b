"""Populations that cannot be, or do not add up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from geodata.checks.model import Bools, Role, Subject, Together, about_rows
from geodata.columns import NOTHING, numbers, plain, text
from geodata.errors import DataError, GeodataError, phrase
from geodata.findings import Finding

MOST_PEOPLE = 20_000
"""A village of more than this is a commune, or a slip of the pen."""

MOST_IN_HOUSE = 15.0
TOLERANCE = 0.005
"""Totals may differ from their sum by this share: they come from different days."""

TOTALS = frozenset({"tong", "tong cong", "tong so", "cong", "total", "sum", "toan tinh"})
"""What the last row of a list says where it is a sum and no village."""


def counts(subject: Subject, field: str) -> pd.Series[float] | None:
    """A column of counts as numbers, None where there is none or it cannot be read."""
    column = subject.column(field)
    if column is None:
        return None
    try:
        return numbers(column, field=field, file=subject.file)
    except DataError:
        return _one_by_one(column, field, subject.file)


def _one_by_one(column: pd.Series, field: str, file: str) -> pd.Series[float]:
    values = []
    for k in range(len(column)):
        try:
            values.append(float(numbers(column.iloc[[k]], field=field, file=file).iloc[0]))
        except GeodataError:
            values.append(np.nan)
    return pd.Series(values, index=column.index, dtype="float64")


def is_total(subject: Subject) -> Bools:
    """Which rows are a sum under a list, by what they say for a name."""
    found = np.zeros(len(subject.table), bool)
    for field in ("village", "commune", "district", "name"):
        column = subject.column(field)
        if column is not None:
            told = column.map(lambda cell: plain(cell) if isinstance(cell, str) else "")
            found |= told.isin(TOTALS).to_numpy(bool)
    return found


def unreadable(subject: Subject) -> Iterator[Finding]:
    """Cells of counts that are no counts."""
    if subject.role not in ("villages", "communes", "districts"):
        return
    for field in ("population", "households"):
        column, values = subject.column(field), counts(subject, field)
        if column is None or values is None:
            continue
        told = [cell if isinstance(cell, str) else "" for cell in text(column)]
        written = np.array([bool(cell) and cell.casefold() not in NOTHING for cell in told])
        wrong = values.isna().to_numpy(bool) & written
        if wrong.any():
            yield about_rows(
                "count-unreadable",
                "error" if subject.role == "villages" else "warning",
                "{count} cells of {column} hold no count of people (first: {first}); correct them",
                of=subject,
                where=wrong,
                column=column.name,
                first=repr(column[wrong].iloc[0])[:40],
            )


def impossible(subject: Subject) -> Iterator[Finding]:
    """Villages of nobody, of too many, or with more households than people."""
    if subject.role != "villages":
        return
    people, homes = counts(subject, "population"), counts(subject, "households")
    total = is_total(subject)
    if people is not None:
        told = people.to_numpy(float)
        yield from _marked(
            subject,
            "people-none",
            (told == 0) & ~total,
            "{count} villages have 0 people; leave the cell empty where the number is not known",
        )
        yield from _marked(
            subject,
            "people-absurd",
            (told > MOST_PEOPLE) & ~total,
            "{count} villages have more than {most} people; are these communes, or is a digit "
            "too many?",
        )
        if homes is not None:
            house = homes.to_numpy(float)
            yield from _marked(
                subject,
                "households-over-people",
                house > told,
                "{count} villages have more households than people; are the two columns swapped?",
            )
            yield from _marked(
                subject,
                "people-per-household",
                (house > 0) & (told / np.where(house > 0, house, 1) > MOST_IN_HOUSE),
                "{count} villages have more than 15 people a household; check both columns",
            )


def _marked(subject: Subject, kind: str, where: Bools, template: str) -> Iterator[Finding]:
    if where.any():
        yield about_rows(kind, "warning", template, of=subject, where=where, most=MOST_PEOPLE)


def total_rows(subject: Subject) -> Iterator[Finding]:
    """A sum that stands under the list as if it were a village, and whether it is one."""
    if subject.role != "villages":
        return
    total = is_total(subject)
    if not total.any():
        return
    yield about_rows(
        "row-total",
        "error",
        "{count} rows are totals and no villages; take them out, or they are counted",
        of=subject,
        where=total,
    )
    people = counts(subject, "population")
    if people is None or total.sum() != 1 or not people[total].notna().all():
        return
    said, found = float(people[total].iloc[0]), float(people[~total].sum())
    if abs(said - found) > TOLERANCE * max(said, 1.0):
        yield about_rows(
            "population-sum",
            "warning",
            "the total says {said} people, and the villages above it have {found}; find the "
            "difference before the list is used",
            of=subject,
            where=total,
            said=round(said),
            found=round(found),
        )


def sums(together: Together) -> Iterator[Finding]:
    """Villages against what the files of communes and districts say of the same units."""
    for villages in together.of("villages"):
        people = counts(villages, "population")
        if people is None or not people.notna().any():
            continue
        pairs: tuple[tuple[Role, str], ...] = (("communes", "commune"), ("districts", "district"))
        for role, level in pairs:
            for units in together.of(role):
                yield from _against(villages, people, units, level)


def _against(
    villages: Subject, people: pd.Series[float], units: Subject, level: str
) -> Iterator[Finding]:
    said = counts(units, "population")
    own = villages.column(f"{level}_code")
    code = units.column(f"{level}_code")
    code = units.column("code") if code is None else code
    if said is None or own is None or code is None:
        return
    keep = ~is_total(villages)
    sums = people[keep].groupby(text(own)[keep]).sum(min_count=1)
    found = text(code).map(sums).astype("float64")
    both = said.notna() & found.notna()
    off = (both & ((said - found).abs() > TOLERANCE * said.clip(lower=1.0))).to_numpy(bool)
    if not off.any():
        return
    worst = int(((said - found).abs() / said.clip(lower=1.0)).where(off).argmax())
    yield about_rows(
        "population-sum",
        "warning",
        "{count} of {all} units do not add up: the villages of {worst} have {found} people, the "
        "file of units says {said}; find out which of the two is right",
        of=units,
        where=off,
        worst=_name(units, level, worst),
        found=round(float(found.iloc[worst])),
        said=round(float(said.iloc[worst])),
    )


def _name(units: Subject, level: str, at: int) -> object:
    column = units.column(level)
    column = units.column("name") if column is None else column
    told = None if column is None else text(column.iloc[[at]]).iloc[0]
    return told if isinstance(told, str) else phrase("row {row}", row=at + 1)

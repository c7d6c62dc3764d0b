"""What stands there twice: rows, ids, places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.checks.model import Subject, about_rows
from geodata.columns import row_number, text
from geodata.findings import Finding

IDENTIFIED = {"villages": ("village_id",), "communes": ("commune_code", "code"),
              "districts": ("district_code", "code")}  # fmt: skip
"""Role → the fields of which the first that is there must be unique."""


def same_rows(subject: Subject) -> Iterator[Finding]:
    """Rows that repeat an earlier one wholly: the same cells and the same shape."""
    twice = repeated_rows(subject.table)
    if twice.any():
        yield about_rows(
            "row-repeated",
            "warning",
            "{count} rows repeat an earlier row word for word; take them out, or ask for a "
            "repaired copy",
            of=subject,
            where=twice,
        )


def repeated_rows(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows are an earlier one over again."""
    cells = pd.DataFrame(index=table.index)
    for k, name in enumerate(table.columns):
        column = table[name]
        is_shape = column.dtype == "geometry"
        cells[k] = shapely.to_wkb(column.to_numpy()) if is_shape else column.map(_hashable)
    return np.asarray(cells.duplicated().to_numpy(bool))


def _hashable(value: object) -> object:
    return value if isinstance(value, (str, int, float, type(None))) else repr(value)


def same_ids(subject: Subject) -> Iterator[Finding]:
    """Ids that should be unique and are not, and rows that have none."""
    fields = IDENTIFIED.get(subject.role, ())
    column = next((c for c in map(subject.column, fields) if c is not None), None)
    if column is None:
        return
    ids = text(column)
    twice = ids.duplicated(keep=False) & ids.notna()
    if twice.any():
        first = ids[twice].iloc[0]
        rows = [
            row_number(ids.index, int(k))
            for k in np.flatnonzero([one == first for one in ids.fillna("")])
        ]
        yield about_rows(
            "id-repeated",
            "error",
            "{ids} codes stand in several rows (first: {first}, rows {rows}); every row needs a "
            "code of its own",
            of=subject,
            where=twice.to_numpy(bool),
            ids=int(ids[twice].nunique()),
            first=first,
            rows=", ".join(map(str, rows[:5])),
        )
    if ids.isna().any() and not ids.isna().all():
        yield about_rows(
            "id-missing",
            "error",
            "{count} rows have no code, though the column {column} is there; fill it in",
            of=subject,
            where=ids.isna().to_numpy(bool),
            column=column.name,
        )


def same_places(subject: Subject) -> Iterator[Finding]:
    """Villages, centres or sites that stand exactly where another one stands."""
    if subject.placed is None or subject.role not in ("villages", "centres", "table"):
        return
    shapes = subject.placed.geometry.to_numpy()
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    keys = pd.Series(shapely.to_wkb(shapely.normalize(shapes)), index=range(len(shapes)))
    shared = keys.duplicated(keep=False).to_numpy() & there
    again = keys.duplicated().to_numpy() & there
    if again.any():
        yield about_rows(
            "place-shared",
            "warning",
            "{count} rows stand exactly where an earlier row stands ({shared} rows share "
            "{places} places); they will all get the same answer, so find the right place of each",
            of=subject,
            where=again,
            shared=int(shared.sum()),
            places=int(keys[shared].nunique()),
        )

"""One table mended: broken shapes, empty and repeated rows, unseen characters. Nothing else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.areas import valid_polygons
from geodata.checks.model import Role
from geodata.checks.names import UNSEEN
from geodata.checks.repeats import repeated_rows
from geodata.columns import row_number
from geodata.errors import DataError

What = Literal["geometry", "empty-row", "repeated-row", "name", "not-repaired"]

KEPT = re.compile("\ufffd")
"""The sign of a lost letter stays: taken out, the loss could not be seen any more."""

AREAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that was changed: in which row of the original, and from what to what."""

    file: str
    row: int
    id: str
    what: What
    before: str = ""
    after: str = ""


def mended(
    table: pd.DataFrame, *, file: str, role: Role, ids: pd.Series | None
) -> tuple[pd.DataFrame, tuple[Change, ...]]:
    """The table with what can be mended without asking, and every change.

    Rows are only taken out that are empty, that repeat an earlier row, or, in a file of
    coverage, that have no shape. A village that has a name and no place stays.
    """
    changes: list[Change] = []

    def note(at: int, what: What, before: str = "", after: str = "") -> None:
        told = "" if ids is None or pd.isna(ids.iloc[at]) else str(ids.iloc[at])
        row = row_number(table.index, at)
        changes.append(
            Change(file=file, row=row, id=told, what=what, before=before[:200], after=after[:200])
        )

    empty = _empty_rows(table, role)
    twice = repeated_rows(table) & ~empty
    for k in np.flatnonzero(empty).tolist():
        note(k, "empty-row")
    for k in np.flatnonzero(twice).tolist():
        note(k, "repeated-row")
    gone = empty | twice
    out = table.copy()
    for at, before, after in _joined(out, skip=gone):
        note(at, "name", before, after)
    if isinstance(out, gpd.GeoDataFrame):
        for at, before, after in _valid(out, skip=gone):
            note(at, "geometry", before, after)
    return out[~gone], tuple(sorted(changes, key=lambda change: change.row))


def _empty_rows(table: pd.DataFrame, role: Role) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows in which nothing is written; in files of coverage, rows without a shape."""
    is_map = isinstance(table, gpd.GeoDataFrame)
    cells = table.drop(columns=table.geometry.name) if is_map else table
    bare = cells.map(_is_blank)
    found = np.asarray(bare.all(axis=1), dtype=bool)
    if isinstance(table, gpd.GeoDataFrame):
        shapes = table.geometry.to_numpy()
        nowhere = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        return np.asarray(nowhere if role in ("layer", "extent") else nowhere & found)
    return found


def _is_blank(cell: object) -> bool:
    return not cell.strip() if isinstance(cell, str) else bool(pd.isna(cell))  # type: ignore[call-overload]  # a cell is a scalar


def clean_text(text: str) -> str:
    """A text in NFC without unseen characters.

    >>> clean_text("X" + chr(0x202e) + "a" + chr(0x300))
    'Xà'
    """
    bare = "".join(c for c in text if KEPT.match(c) or not UNSEEN.match(c))
    return unicodedata.normalize("NFC", bare)


def _joined(
    out: pd.DataFrame, *, skip: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Sequence[tuple[int, str, str]]:
    """Text cells cleaned in place; position, before and after of each that changed."""
    found: list[tuple[int, str, str]] = []
    for name in out.columns:
        column = out[name]
        if column.dtype == "geometry" or pd.api.types.is_numeric_dtype(column):
            continue
        cells = column.astype(object).to_numpy(copy=True)
        changed = False
        for at, cell in enumerate(cells):
            if isinstance(cell, str) and not skip[at] and clean_text(cell) != cell:
                cells[at] = clean_text(cell)
                found.append((at, f"{name}: {ascii(cell)[1:-1]}", f"{name}: {cells[at]}"))
                changed = True
        if changed:
            out[name] = pd.Series(cells, index=out.index, dtype=column.dtype)
    return found


def _valid(
    out: gpd.GeoDataFrame, *, skip: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Sequence[tuple[int, str, str]]:
    """Polygons made valid in place, as they are when they are measured."""
    shapes = out.geometry.to_numpy().copy()
    areal = np.isin(shapely.get_type_id(shapes), AREAL)
    broken = np.flatnonzero(areal & ~shapely.is_valid(shapes) & ~skip)
    found = []
    for at in broken:
        try:
            repaired = valid_polygons(gpd.GeoSeries([shapes[at]])).iloc[0]
        except DataError:  # no way is known; the report tells it
            continue
        if repaired is None:  # it had no area at all: there is nothing to keep
            continue
        reason = str(shapely.is_valid_reason(shapes[at]))
        after = f"{repaired.geom_type}, {len(shapely.get_parts(repaired))}"
        found.append((int(at), reason, after))
        shapes[at] = repaired
    if found:
        out[out.geometry.name] = gpd.GeoSeries(shapes, index=out.index, crs=out.crs)
    return found

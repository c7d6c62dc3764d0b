"""What the parts of a Shapefile say twice, compared after it was read.

Boxes of shapes, heads, marks of deletion and cells of number columns: a program that writes a
file makes them agree, so that damage shows in them; but the file can be read all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.box_checks import box_findings
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.parts import parts_of
from geodata.readers.dbf_structure import DELETED, LIVE, dbf_of, no_numbers
from geodata.readers.shapefile_parts import boxes_of, head_differs, index_of, whole_box_of

MOST_ODD = 10_000
"""So many cells that are no numbers are counted."""


def shapefile_findings(path: Path, table: pd.DataFrame, *, name: str) -> tuple[Finding, ...]:
    """Warnings about a Shapefile whose parts contradict each other, and rows that are deleted."""
    parts = parts_of(path)
    found: list[Finding] = []
    if head_differs(path, parts[".shx"]):
        found.append(
            finding(
                "shapefile-heads",
                "warning",
                "{file}: the heads of its .shp and .shx say other things than each other or than "
                "the files hold, so one of them may be damaged; save the layer again",
                file=name,
            )
        )
    live = np.ones(len(table), bool)
    if ".dbf" in parts and (dbf := dbf_of(parts[".dbf"])) is not None:
        marks = dbf.marks()
        live = marks != DELETED
        found += _marks(marks, name)
        cells = [one for one, _ in zip(no_numbers(dbf), range(MOST_ODD), strict=False)]
        found += _cells([(row, column) for row, column in cells if live[row]], live, name)
    index = index_of(parts[".shx"], name)
    if len(index) == len(live) and live.sum() == len(table) and isinstance(table, gpd.GeoDataFrame):
        boxes = boxes_of(path, index[live])
        found += box_findings(table.geometry, boxes, whole=whole_box_of(path), name=name)
    return tuple(found)


def _marks(marks: np.ndarray[tuple[int], np.dtype[np.uint8]], name: str) -> Iterator[Finding]:
    """Rows marked as deleted, and rows whose mark is none."""
    deleted = (np.flatnonzero(marks == DELETED) + 1).tolist()
    odd = int(((marks != DELETED) & (marks != LIVE)).sum())
    if deleted:
        told = finding(
            "rows-deleted",
            "warning",
            "{file}: {count} rows are marked as deleted in its .dbf and left out, with their "
            "shapes (first: {row}); where they should count, take the mark away and save the "
            "layer again",
            file=name,
            count=len(deleted),
            row=deleted[0],
        )
        yield replace(told, rows=tuple(deleted[:ROWS_KEPT]), count=len(deleted))
    if odd:
        yield finding(
            "dbf-marks",
            "warning",
            "{file}: {count} rows of its .dbf do not begin as rows do, so it may be damaged; save "
            "the layer again",
            file=name,
            count=odd,
        )


def _cells(
    odd: Sequence[tuple[int, str]],
    live: np.ndarray[tuple[int], np.dtype[np.bool_]],
    name: str,
) -> Iterator[Finding]:
    """Cells of number columns that are no numbers."""
    if not odd:
        return
    numbers = np.cumsum(live)
    told = finding(
        "no-numbers",
        "warning",
        "{file}: {count} cells of its .dbf are no numbers in columns of numbers (first: row {row}, "
        "column {column}); correct them, or save the layer again",
        file=name,
        count=len(odd),
        row=int(numbers[odd[0][0]]),
        column=odd[0][1],
    )
    rows = tuple(dict.fromkeys(int(numbers[row]) for row, _ in odd))
    yield replace(told, rows=rows[:ROWS_KEPT], count=len(rows))

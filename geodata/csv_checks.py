"""What a CSV says twice and gets wrong: cells a row, quotation marks that close, text alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from geodata.columns import row_number
from geodata.findings import ROWS_KEPT, Finding, finding

MAP_ENDINGS = (".mif", ".mid", ".tab", ".kml", ".geojson", ".json", ".gml")
DELIMITERS = ";\t|,"
NO_TEXT = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")
"""Signs that no text file holds; Ctrl+Z may end an old one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CsvTable:
    """The table of a CSV, and how its text is made.

    ``widths`` are the cells of each row of ``table``, ``width`` those of its header; ``above`` are
    the rows above it that are not empty. ``is_ended``: the last line ends as lines do. ``quoted``
    is the first row in which a quotation mark is followed by more than a delimiter, ``coded`` the
    first with signs that are no text; 0 for none.
    """

    table: pd.DataFrame
    is_unicode: bool
    width: int
    widths: Sequence[int]
    above: Sequence[int] = ()
    is_ended: bool = True
    quoted: int = 0
    coded: int = 0


def csv_findings(read: CsvTable, *, name: str) -> tuple[Finding, ...]:
    """Warnings and notes about rows that are cut, longer or shorter than the header, or no text."""
    found = [*_cut_short(read, name)]
    found += [] if found else _ragged(read, name)
    found += _header(read, name)
    if name.lower().endswith(MAP_ENDINGS):
        found.append(
            finding(
                "text-for-a-map",
                "warning",
                "{file} is called a map layer and is read as a table of text, since it does not "
                "begin as its format does; it may be damaged, so send it again",
                file=name,
            )
        )
    if read.quoted:
        found.append(
            finding(
                "stray-quotes",
                "warning",
                "{file}, row {row}: a quotation mark closes in the middle of a cell, or never; "
                "cells of that row and those below may be read wrongly, so correct the mark",
                file=name,
                row=read.quoted,
            )
        )
    if read.coded:
        found.append(
            finding(
                "odd-signs",
                "warning",
                "{file}, row {row}: there are signs that no text holds (control codes), so the "
                "file may be damaged; send it again",
                file=name,
                row=read.coded,
            )
        )
    return tuple(found)


def _cut_short(read: CsvTable, name: str) -> Iterator[Finding]:
    """A warning where the last line alone lacks cells and its end: the file may go on elsewhere."""
    table, last = read.table, read.table.iloc[:, -1]
    if read.is_ended or len(table) < 3 or pd.notna(last.iloc[-1]) or last.iloc[:-1].isna().any():
        return
    yield finding(
        "cut-short",
        "warning",
        "{file} ends in the middle of row {row}; it seems to be cut short, so send it again",
        file=name,
        row=row_number(table.index, len(table) - 1),
    )


def _header(read: CsvTable, name: str) -> Iterator[Finding]:
    """Rows above the header, which are left out, and a header of one cell that looks like more."""
    if read.above:
        yield finding(
            "rows-above-header",
            "note",
            "{file}: {count} rows stand above the header and are left out (first: row {row})",
            file=name,
            count=len(read.above),
            row=read.above[0],
        )
    if read.table.shape[1] > 1:
        return
    is_header = any(sign in str(read.table.columns[0]) for sign in DELIMITERS)
    cells = read.table.iloc[:, 0].head(ROWS_KEPT).astype(str)
    if is_header or any(sign in cell for cell in cells for sign in DELIMITERS):
        yield finding(
            "one-column",
            "warning" if is_header else "note",
            "{file} was read as one column, though it looks like several: its rows do not have the "
            "same number of cells; compare them with the program the file is from",
            file=name,
        )


def _ragged(read: CsvTable, name: str) -> Iterator[Finding]:
    """Rows with another number of cells than the header.

    A note where they are shorter, as some programs leave out empty cells at the end of a row; a
    warning where they are longer.
    """
    odd = [k for k, width in enumerate(read.widths) if width != read.width]
    if not odd:
        return
    is_longer = any(read.widths[k] > read.width for k in odd)
    rows = tuple(row_number(read.table.index, k) for k in odd[:ROWS_KEPT])
    told = finding(
        "ragged-rows",
        "warning" if is_longer else "note",
        "{file}: {count} rows have more or fewer cells than the {width} of the header (first: "
        "row {row} with {found}); cells may stand in the wrong columns, so compare these rows "
        "with the program the file is from",
        file=name,
        count=len(odd),
        width=read.width,
        row=rows[0],
        found=read.widths[odd[0]],
    )
    yield replace(told, rows=rows, count=len(odd))

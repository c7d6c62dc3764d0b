"""The table of changes of units, and the doubtful villages of a study, as files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from geodata.errors import CallError
from geodata.export.safe import cells, for_csv, without_controls
from geodata.files import whole_file
from geodata.written import workbook, write_csv

ENDINGS = (".csv", ".xlsx")


def write_crosswalk(changes: pd.DataFrame, cases: pd.DataFrame | None, path: Path) -> list[Path]:
    """Write the changes, and the cases of a study where there are any; gives what was written.

    xlsx: one workbook with a sheet each. csv (UTF-8 with a byte order mark): the cases stand
    beside, in a file whose name ends in ``-villages.csv``. Each file appears whole or not at
    all. Raises `CallError` for another ending.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise CallError(
            "{file} has no ending we write; expected one of {known}",
            file=path.name,
            known=", ".join(ENDINGS),
        )
    tables = {"units": changes} | ({} if cases is None else {"villages": cases})
    if ending == ".xlsx":
        with whole_file(path) as unfinished:
            _workbook(tables, unfinished)
        return [path]
    names = {"units": path, "villages": path.with_name(f"{path.stem}-villages.csv")}
    for name, table in tables.items():
        with whole_file(names[name]) as unfinished:
            flat = cells(_texts(table), for_csv)
            write_csv(flat, unfinished)
    return [names[name] for name in tables]


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """Days as ISO text, shares rounded, nothing where nothing is known."""
    out = table.copy()
    for name in out.columns:
        if name.startswith("valid_from"):
            out[name] = [day.isoformat() for day in out[name]]
        elif name.endswith("share"):
            out[name] = out[name].astype(float).round(4)
    return out


def _workbook(tables: dict[str, pd.DataFrame], path: Path) -> None:
    with workbook(path) as book:
        bold = book.add_format({"bold": True})
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            flat = _texts(table)
            for column, heading in enumerate(flat.columns):
                sheet.write_string(0, column, str(heading), bold)
                for row, value in enumerate(flat[heading], 1):
                    if pd.isna(value):
                        continue
                    if isinstance(value, str):
                        sheet.write_string(row, column, str(without_controls(value)))
                    else:
                        sheet.write_number(row, column, float(value))
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(flat), 1), len(flat.columns) - 1)
            sheet.set_column(0, len(flat.columns) - 1, 18)

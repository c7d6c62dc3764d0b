"""The table of zones and the shares served in each, as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from geodata.errors import CallError
from geodata.export.safe import cells, for_csv, without_controls
from geodata.export.standing import kind_text
from geodata.export.words import HEADINGS, VERDICTS, Language
from geodata.files import whole_file
from geodata.study.places import Structure
from geodata.study.results import Run
from geodata.study.zone_table import Level, shares_by_zone
from geodata.written import workbook, write_csv, write_parquet

ENDINGS = (".csv", ".xlsx", ".parquet")

ZONE_HEADINGS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": MappingProxyType(
            {
                "code": "Mã vùng",
                "name": "Tên vùng",
                "operator": "Nhà mạng",
                "technology": "Công nghệ",
                "area_share": "Tỷ lệ diện tích có sóng",
                "population_share": "Tỷ lệ dân số có sóng",
                "households_share": "Tỷ lệ hộ có sóng",
                "area_km2": "Diện tích (km²)",
                "population": "Dân số",
                "households": "Số hộ",
            }
        ),
        "en": MappingProxyType(
            {
                "code": "Zone code",
                "name": "Zone",
                "operator": "Operator",
                "technology": "Technology",
                "area_share": "Share of area served",
                "population_share": "Share of people served",
                "households_share": "Share of households served",
                "area_km2": "Area (km²)",
                "population": "Population",
                "households": "Households",
            }
        ),
    }
)


def zone_table(
    run: Run, level: Level, *, units: Structure | None = None, language: Language = "vi"
) -> pd.DataFrame:
    """One row a zone, operator and technology, headed in the reader's language; shares 0 to 1.

    ``units`` is the structure to group by, the village file's own where none is given. Each row
    says its day, rule, run, and whether it was reconstructed.
    """
    table = shares_by_zone(run, level, units=units)
    for name in table.columns:
        if name.endswith("share"):
            table[name] = table[name].round(4)
        elif name in ("area_km2", "population", "households"):
            table[name] = table[name].round(2)
    head, words = HEADINGS[language], VERDICTS[language]
    table = table.rename(columns=ZONE_HEADINGS[language])
    table[head["as_of"]] = run.study.as_of.isoformat()
    table[head["rule"]] = run.assessment.rule.name
    table[head["run"]] = run.run_id
    made = words["made" if run.study.reconstruction else "observed"]
    table[head["data"]] = kind_text(run, made, language)
    return table


def write_zones(table: pd.DataFrame, path: Path) -> Path:
    """Write a table of `zone_table`: csv (UTF-8 with a byte order mark), xlsx or parquet.

    The file appears whole or not at all. Raises `CallError` for another ending.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise CallError(
            "{file} has no ending we write; expected one of {known}",
            file=path.name,
            known=", ".join(ENDINGS),
        )
    with whole_file(path) as unfinished:
        if ending == ".csv":
            flat = cells(table, for_csv)
            write_csv(flat, unfinished)
        elif ending == ".parquet":
            write_parquet(cells(table, without_controls), unfinished)
        else:
            _workbook(table, unfinished)
    return path


def _workbook(table: pd.DataFrame, path: Path) -> None:
    with workbook(path) as book:
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.00%"})
        sheet = book.add_worksheet("zones")
        clean = cells(table, without_controls)
        shares = {
            words[key] for words in ZONE_HEADINGS.values() for key in words if key.endswith("share")
        }
        for column, heading in enumerate(clean.columns):
            sheet.write_string(0, column, heading, bold)
            style = percent if heading in shares else None
            for row, value in enumerate(clean[heading], 1):
                if pd.isna(value):
                    continue
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                else:
                    sheet.write_number(row, column, float(value), style)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(clean), 1), len(clean.columns) - 1)
        sheet.set_column(0, len(clean.columns) - 1, 18)

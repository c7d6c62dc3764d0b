"""The list as an Excel workbook that can be filed as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geodata.export.safe import without_controls
from geodata.export.standing import standing_text
from geodata.export.words import HEADINGS, SHEETS, VERDICTS, Language
from geodata.study.results import Run
from geodata.written import TEXTS, workbook

WIDEST = 40
FONT = "Times New Roman"
HEAD = {
    "bold": True,
    "border": 1,
    "bg_color": "#DCE6F1",
    "text_wrap": True,
    "valign": "vcenter",
    "align": "center",
    "font_name": FONT,
}


def write_excel(table: gpd.GeoDataFrame, path: Path, *, run: Run, language: Language) -> None:
    """Two sheets: the list with its title block, filters and widths; method and sources.

    Text is written as text, never as a formula.
    """
    words = SHEETS[language]
    with workbook(path, {**TEXTS, "default_date_format": "dd/mm/yyyy"}) as book:
        styles = {
            "title": book.add_format({"bold": True, "font_size": 14, "font_name": FONT}),
            "warning": book.add_format({"bold": True, "font_color": "#B00020", "font_name": FONT}),
            "head": book.add_format(HEAD),
            "text": book.add_format({"border": 1, "font_name": FONT}),
            "number": book.add_format({"border": 1, "font_name": FONT, "num_format": "#,##0"}),
            "share": book.add_format({"border": 1, "font_name": FONT, "num_format": "0.00%"}),
            "place": book.add_format({"border": 1, "font_name": FONT, "num_format": "0.00####"}),
            "plain": book.add_format({"font_name": FONT}),
        }
        _list(book.add_worksheet(words["list"]), table, run, language, styles)
        _method(book.add_worksheet(words["method"]), run, language, styles)


def _block(run: Run, language: Language) -> list[tuple[str, str]]:
    """What the list is of: the lines above it."""
    words, headline = SHEETS[language], run.summary.headline
    counts = {
        name: _grouped(getattr(headline, name), language)
        for name in ("covered", "villages", "uncovered", "none", "weak", "unknown")
    }
    alone = words["alone"].format(operator=run.alone)
    return [
        (words["study"], run.study.name),
        *([(words["whose"], alone)] if run.alone else []),
        (words["as_of"], _day(run.study.as_of, language)),
        (words["rule"], f"{run.assessment.rule.name} — {run.assessment.rule.title}"),
        (words["run"], run.run_id),
        (words["headline"], words["counts"].format(**counts)),
    ]


def _day(day: date, language: Language) -> str:
    """30/08/2023 for Vietnamese readers; in English, the order of which nobody doubts."""
    return f"{day:%d/%m/%Y}" if language == "vi" else day.isoformat()


def _grouped(number: int, language: Language) -> str:
    return f"{number:,}".replace(",", "." if language == "vi" else ",")


def _list(
    sheet: Any, table: gpd.GeoDataFrame, run: Run, language: Language, styles: dict[str, Any]
) -> None:
    words = SHEETS[language]
    sheet.write_string(0, 0, words[_title(table, language)], styles["title"])
    row = 1
    if run.study.reconstruction:
        sheet.write_string(row, 0, words["warning"], styles["warning"])
        row += 1
    if run.outdated:
        sheet.write_string(row, 0, standing_text(run, language), styles["warning"])
        row += 1
    for name, value in _block(run, language):
        sheet.write_string(row, 0, f"{name}: {without_controls(value)}", styles["plain"])
        row += 1
    head = row + 1
    flat = pd.DataFrame(table.drop(columns="geometry"))
    shares = {HEADINGS[language][name] for name in ("best_share", "any_share", "margin")}
    for column, name in enumerate(flat.columns):
        sheet.write_string(head, column, str(name), styles["head"])
        sheet.set_column(column, column, _width(flat[name], str(name)))
        style = styles[_style(flat[name], shares)]
        for k, value in enumerate(flat[name]):
            _write(sheet, head + 1 + k, column, value, style)
    sheet.autofilter(head, 0, head + max(len(flat), 1), len(flat.columns) - 1)
    sheet.freeze_panes(head + 1, 3)
    sheet.repeat_rows(head)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _title(table: gpd.GeoDataFrame, language: Language) -> str:
    """Which title fits: a list with covered villages on it is not one of uncovered ones."""
    uncovered = {VERDICTS[language][verdict] for verdict in ("weak", "none")}
    listed = set(table[HEADINGS[language]["verdict"]])
    return "title" if listed <= uncovered else "title_all"


def _style(column: pd.Series, shares: set[str]) -> str:
    if not pd.api.types.is_numeric_dtype(column):
        return "text"
    if pd.api.types.is_integer_dtype(column):
        return "number"
    return "share" if column.name in shares else "place"


def _width(column: pd.Series, name: str) -> float:
    longest = max([len(str(value)) for value in column], default=0)
    return min(max(5, longest, *map(len, name.split())) + 2, WIDEST)


def _write(sheet: Any, row: int, column: int, value: object, style: Any) -> None:
    if value is None or pd.isna(value):  # type: ignore[call-overload]  # a cell is a scalar
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        sheet.write_string(row, column, str(without_controls(value)), style)
    else:
        sheet.write_number(row, column, float(value), style)  # type: ignore[arg-type]  # not text, not missing: a number


def _method(sheet: Any, run: Run, language: Language, styles: dict[str, Any]) -> None:
    words, rule = SHEETS[language], run.assessment.rule
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 3, 60)
    lines = _block(run, language)
    how = words["how"].format(
        operators=rule.min_operators,
        centre="" if rule.centre else words["no_centre"],
        covered=f"{rule.covered_share:.0%}",
        weak=f"{rule.weak_share:.0%}",
        technologies=", ".join(rule.technologies),
    )
    lines.append((words["rule"], how))
    lines.append((words["source"], rule.source))
    if run.study.reconstruction:
        lines.append(("!", words["warning"]))
    if run.outdated:
        lines.append(("!", standing_text(run, language)))
    for row, (name, value) in enumerate(lines):
        sheet.write_string(row, 0, name, styles["head"])
        sheet.write_string(row, 1, str(without_controls(value)), styles["plain"])
    head = len(lines) + 1
    for column, name in enumerate(("layer", "filed", "evidence", "source")):
        sheet.write_string(head, column, words[name], styles["head"])
    for k, info in enumerate(run.assessment.measures.layers, 1):
        when = _day(info.as_of, language) if info.as_of else ""
        for column, value in enumerate((info.title, when, info.evidence, info.source)):
            sheet.write_string(head + k, column, str(without_controls(value)), styles["text"])

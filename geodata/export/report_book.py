"""The data report as a workbook: files, findings, rows to look at, columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from coverage.transformers import to_system
from geodata.errors import Phrase
from geodata.export.report_words import KINDS, ROLES, SEVERITIES, WORDS, Language
from geodata.export.safe import without_controls
from geodata.files import whole_file
from geodata.findings import Finding
from geodata.report.model import FileReport, Report
from geodata.written import workbook

FONT = "Times New Roman"
LONGEST = 2_000
MOST_LINES = 20_000
COLOURS: Mapping[str, str] = MappingProxyType(
    {"error": "#F8D7DA", "warning": "#FFF3CD", "note": "#E2E8F0"}
)
Told = Callable[[Phrase], str]
Line = tuple[Sequence[object], str]
"""Cells of a row, and the severity whose colour it has ("" for none)."""


def write_report(reports: Sequence[Report], path: Path, *, language: Language, told: Told) -> Path:
    """Write reports as one workbook of four sheets; ``told`` gives a phrase its words.

    Text is written as text, never as a formula.
    """
    words = WORDS[language]
    with whole_file(path) as unfinished, workbook(unfinished) as book:
        styles = _styles(book)
        pages: tuple[tuple[str, Iterator[Line], tuple[tuple[str, int], ...]], ...] = (
            ("files", _files(reports, language), FILES),
            ("findings", _findings(reports, language, told), FINDINGS),
            ("rows", _rows(reports, language, told), ROWS),
            ("columns", _columns(reports, language), COLUMNS),
        )
        for name, lines, heads in pages:
            _page(book.add_worksheet(words[name]), reports, words, heads, lines, styles)
    return path


FILES = (
    ("file", 34), ("role", 22), ("operator", 20), ("count", 10), ("shapes", 16), ("crs", 16),
    ("as_of", 12), ("extent", 30), ("error", 8), ("warning", 10), ("note", 8),
)  # fmt: skip
FINDINGS = (("severity", 12), ("file", 34), ("sentence", 90), ("hits", 10), ("first", 30))
ROWS = (("severity", 12), ("file", 34), ("row", 10), ("lat", 12), ("lon", 12), ("sentence", 90))
COLUMNS = (("file", 34), ("field", 22), ("column", 30))


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": FONT, "font_size": 12}
    cell = {**base, "border": 1, "valign": "top", "text_wrap": True}
    found = {
        "title": book.add_format({**base, "bold": True, "font_size": 14}),
        "plain": book.add_format(base),
        "warning": book.add_format({**base, "bold": True, "font_color": "#A3180F"}),
        "head": book.add_format(
            {**cell, "bold": True, "bg_color": "#DCE6F1", "align": "center", "valign": "vcenter"}
        ),
        "cell": book.add_format(cell),
    }
    for severity, colour in COLOURS.items():
        found[f"cell {severity}"] = book.add_format({**cell, "bg_color": colour})
    return found


def _page(
    page: Any,
    reports: Sequence[Report],
    words: Mapping[str, str],
    heads: Sequence[tuple[str, int]],
    lines: Iterator[Line],
    styles: Mapping[str, Any],
) -> None:
    """A title, the mark of a reconstruction, and a table with filters for A4 across."""
    page.write_string(0, 0, words["title"], styles["title"])
    names = "; ".join(report.name for report in reports)
    page.write_string(1, 0, _safe(names), styles["plain"])
    top = 3
    if any(report.reconstruction for report in reports):
        page.write_string(2, 0, words["reconstruction"], styles["warning"])
        top = 4
    for k, (name, width) in enumerate(heads):
        page.write_string(top, k, words[name], styles["head"])
        page.set_column(k, k, width)
    last = top
    for last, (cells, severity) in enumerate(lines, top + 1):
        style = styles[f"cell {severity}" if severity else "cell"]
        for k, cell in enumerate(cells):
            _write(page, last, k, cell, style)
        if last - top >= MOST_LINES:
            break
    if last == top:
        page.write_string(top + 1, 0, words["nothing"], styles["plain"])
    page.autofilter(top, 0, max(last, top + 1), len(heads) - 1)
    page.freeze_panes(top + 1, 1)
    page.repeat_rows(top)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)


def _write(page: Any, row: int, column: int, cell: object, style: Any) -> None:
    if cell is None or cell == "":
        page.write_blank(row, column, None, style)
    elif isinstance(cell, (int, float)):
        page.write_number(row, column, cell, style)
    else:
        page.write_string(row, column, _safe(str(cell)), style)


def _safe(text: str) -> str:
    return str(without_controls(text))[:LONGEST]


def _files(reports: Sequence[Report], language: Language) -> Iterator[Line]:
    for report in reports:
        for file in report.files:
            counts = {s: sum(f.severity == s for f in file.findings) for s in COLOURS}
            worst = next((s for s in COLOURS if counts[s] and s != "note"), "")
            cells = (
                file.file,
                ROLES[language][file.role],
                file.title,
                file.rows if file.readable else None,
                ", ".join(KINDS[language].get(kind, kind) for kind in file.shapes),
                file.crs,
                _day(file, language),
                _extent(file),
                *counts.values(),
            )
            yield cells, worst


def _day(file: FileReport, language: Language) -> str:
    if file.as_of is None:
        return ""
    return f"{file.as_of:%d/%m/%Y}" if language == "vi" else file.as_of.isoformat()


def _extent(file: FileReport) -> str:
    if file.extent is None:
        return ""
    west, south, east, north = file.extent
    return f"{south:.4f}–{north:.4f} N, {west:.4f}–{east:.4f} E"


def _findings(reports: Sequence[Report], language: Language, told: Told) -> Iterator[Line]:
    for finding in (f for report in reports for f in report.everything):
        shown = ", ".join(map(str, finding.rows[:10]))
        more = " …" if finding.count > min(len(finding.rows), 10) and shown else ""
        word = SEVERITIES[language][finding.severity]
        cells = (word, finding.file, told(finding.sentence), finding.count or None, shown + more)
        yield cells, finding.severity


def _rows(reports: Sequence[Report], language: Language, told: Told) -> Iterator[Line]:
    """A line a row to look at, with its place where it has one."""
    for finding in (f for report in reports for f in report.everything):
        places = _places(finding)
        word, sentence = SEVERITIES[language][finding.severity], told(finding.sentence)
        for row in finding.rows:
            lat, lon = places.get(row, (None, None))
            yield (word, finding.file, row, lat, lon, sentence), ""


def _places(finding: Finding) -> dict[int, tuple[float, float]]:
    """Latitude and longitude of those rows whose places are known row by row."""
    if finding.places is None or finding.places.index.name != "row":
        return {}
    degrees = to_system(finding.places, "EPSG:4326")
    return {
        int(row): (round(point.y, 6), round(point.x, 6))
        for row, point in zip(degrees.index, degrees, strict=True)
    }


def _columns(reports: Sequence[Report], language: Language) -> Iterator[Line]:
    for file in (file for report in reports for file in report.files):
        for field, column in file.columns.items():
            yield (file.file, field, column), ""
        for column in file.strange:
            yield (file.file, WORDS[language]["strange"], column), ""

"""The data report as the command line prints it: for people, and as one JSON object.

What comes from files goes through `ui.plain.plain`: a name must not steer the terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from geodata.findings import SEVERITIES
from ui.plain import plain
from ui.printed import reconstruction_notice
from ui.texts import Translator, path_text, phrase_text
from ui.texts import marked as _

if TYPE_CHECKING:
    from geodata.findings import Finding, Severity
    from geodata.report import FileReport, Report
    from geodata.study.model import Study

ROWS_SHOWN = 8
WARNINGS_SHOWN = 12
WIDEST = 44

ROLES: Mapping[str, str] = {
    "villages": _("villages"),
    "centres": _("village centres"),
    "communes": _("communes"),
    "districts": _("districts"),
    "layer": _("coverage layer"),
    "extent": _("extent of a filing"),
    "zones_5g": _("5G rollout zones"),
    "sites": _("sites"),
    "population": _("population raster"),
    "settled": _("settled places"),
    "terrain": _("terrain model"),
    "measurements": _("measurements"),
    "raster": _("raster"),
    "table": _("not known what it is"),
    "study": _("study file"),
}
"""What a file is, in the catalogue's words."""

SHAPES: Mapping[str, str] = {
    "Point": _("points"),
    "MultiPoint": _("points"),
    "LineString": _("lines"),
    "MultiLineString": _("lines"),
    "Polygon": _("polygons"),
    "MultiPolygon": _("polygons"),
    "GeometryCollection": _("mixed shapes"),
    "Raster": _("a raster"),
}

SEVERITY_WORDS: Mapping[str, str] = {
    "error": _("error"),
    "warning": _("warning"),
    "note": _("note"),
}


def printed_report(report: Report, t: Translator) -> str:
    """What each file is, then what was found, the worst first."""
    lines = [f"{plain(path_text(report.name))}: {counts_told(report.counts, t)}", ""]
    lines += _files(report.files, t)
    for severity in SEVERITIES:
        found = [f for f in report.everything if f.severity == severity]
        if found:
            lines += ["", *(_finding(one, t) for one in found)]
    if report.reconstruction:
        lines += ["", reconstruction_notice(t)]
    return "\n".join(lines)


def counts_told(counts: Mapping[Severity, int], t: Translator) -> str:
    """How many errors, warnings and notes there are."""
    return t(
        "Errors: {errors} · Warnings: {warnings} · Notes: {notes}",
        errors=t.number(counts["error"]),
        warnings=t.number(counts["warning"]),
        notes=t.number(counts["note"]),
    )


def _files(files: Sequence[FileReport], t: Translator) -> list[str]:
    """The files as aligned columns."""
    heads = [t("File"), t("What it is"), t("Rows"), t("Shapes"), t("Coordinate system")]
    rows = [
        [
            _cut(path_text(file.file)),
            _cut(f"{t(ROLES[file.role])} {file.title}".strip()),
            t.number(file.rows) if file.readable else "–",
            shapes_told(file, t) or "–",
            _cut(file.crs) or "–",
        ]
        for file in files
    ]
    widths = [max(len(row[k]) for row in (heads, *rows)) for k in range(len(heads))]
    return [
        "  ".join(
            cell.rjust(width) if k == 2 else cell.ljust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    ]


def _cut(text: str) -> str:
    told = plain(text)
    return told if len(told) <= WIDEST else f"…{told[1 - WIDEST :]}"


def warnings_told(study: Study, t: Translator, *, named: object) -> str:
    """What may make the figures of a study wrong, for beside them; "" where nothing is."""
    found = tuple(dict.fromkeys((one.severity, sentence_told(one, t)) for one in study.warnings))
    if not found:
        return ""
    lines = [f"{t(SEVERITY_WORDS[severity]).upper()}: {told}" for severity, told in found]
    more = len(lines) - WARNINGS_SHOWN
    lines = lines[:WARNINGS_SHOWN]
    if more > 0:
        lines.append(t("… and {count} more.", count=t.number(more)))
    lines.append(t("phusong check {study} says which rows, and what else was found.", study=named))
    return "\n".join(lines)


def shapes_told(file: FileReport, t: Translator) -> str:
    """The kinds of geometry in the reader's words, each once."""
    return ", ".join(dict.fromkeys(t(SHAPES.get(kind, kind)) for kind in file.shapes))


def sentence_told(finding: Finding, t: Translator) -> str:
    """The sentence of a finding, harmless in a cell."""
    return plain(phrase_text(finding.sentence, t.language))


def rows_told(finding: Finding, t: Translator, *, most: int = ROWS_SHOWN) -> str:
    """The first rows to look at and how many more there are; "" where it is about all."""
    if not finding.rows:
        return ""
    shown = ", ".join(str(row) for row in finding.rows[:most])
    more = finding.count - min(len(finding.rows), most)
    if more > 0:
        return t("rows {rows} and {more} more", rows=shown, more=t.number(more))
    return t("rows {rows}", rows=shown)


def _finding(finding: Finding, t: Translator) -> str:
    where = ", ".join(
        part for part in (_cut(path_text(finding.file)), rows_told(finding, t)) if part
    )
    word = t(SEVERITY_WORDS[finding.severity]).upper().ljust(9)
    told = sentence_told(finding, t)
    if where and told.startswith(f"{plain(path_text(finding.file))}:"):
        told = told.removeprefix(f"{plain(path_text(finding.file))}:").strip()
    return f"{word} {where}: {told}" if where else f"{word} {told}"


def report_json(reports: Sequence[Report], t: Translator) -> str:
    """All reports as one JSON object; ``docs/data-formats.md`` says what is in it."""
    told = {"reports": [_report(report, t) for report in reports]}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _report(report: Report, t: Translator) -> dict[str, Any]:
    return {
        "name": report.name,
        "path": str(report.path),
        "is_study": report.is_study,
        "as_of": report.as_of.isoformat() if report.as_of else None,
        "reconstruction": report.reconstruction,
        "counts": dict(report.counts),
        "findings": [_found(one, t) for one in report.findings],
        "files": [_file(file, t) for file in report.files],
    }


def _file(file: FileReport, t: Translator) -> dict[str, Any]:
    return {
        "file": file.file,
        "role": file.role,
        "title": file.title,
        "convention": phrase_text(file.convention, t.language) if file.convention else "",
        "readable": file.readable,
        "rows": file.rows,
        "crs": file.crs,
        "shapes": dict(file.shapes),
        "columns": dict(file.columns),
        "not_understood": list(file.strange),
        "extent": None if file.extent is None else [round(value, 6) for value in file.extent],
        "as_of": file.as_of.isoformat() if file.as_of else None,
        "findings": [_found(one, t) for one in file.findings],
    }


def _found(finding: Finding, t: Translator) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "sentence": sentence_told(finding, t),
        "file": finding.file,
        "rows": list(finding.rows),
        "count": finding.count,
    }

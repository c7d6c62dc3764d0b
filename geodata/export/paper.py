"""The area sheet on paper (A4, PDF) and as a picture for forwarding (PNG)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typst

from geodata.export.sheet import AreaSheet, grouped, with_rows
from geodata.files import whole_file
from geodata.written import write_bytes

TEMPLATE = Path(__file__).with_name("sheet.typ")
PICTURE_BYTES = 300_000
"""A picture is never larger than this: slow lines are real."""

TRIES = ((30, 144.0), (30, 110.0), (16, 110.0), (10, 88.0), (5, 72.0), (2, 60.0))
"""Rows and pixels an inch of a picture, from the best that may be too large to the smallest."""


def write_pdf(sheet: AreaSheet, path: Path) -> Path:
    """Write the sheet as A4 pages, whole or not at all."""
    with whole_file(path) as unfinished:
        write_bytes(pdf_of(sheet), unfinished)
    return path


def write_png(sheet: AreaSheet, path: Path) -> Path:
    """Write the sheet as one picture under 300 kB, whole or not at all."""
    with whole_file(path) as unfinished:
        write_bytes(png_of(sheet), unfinished)
    return path


def pdf_of(sheet: AreaSheet) -> bytes:
    """The sheet as A4 pages; the header row stands on each, and so does what it is of."""
    return _compiled(_data(sheet, picture=False), None)


def png_of(sheet: AreaSheet) -> bytes:
    """The sheet as one picture under 300 kB, with as many rows as go in."""
    made = b""
    for most, ppi in TRIES:
        short = with_rows(sheet, most)
        left = len(sheet.rows) - len(short.rows)
        made = _compiled(_data(short, picture=True, left=left), ppi)
        if len(made) < PICTURE_BYTES:
            break
    return made


def _compiled(data: dict[str, object], ppi: float | None) -> bytes:
    """What typst makes of the template: a PNG with ``ppi``, else a PDF.

    Names reach it as data and are never markup.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    source = TEMPLATE.read_bytes()
    if ppi is None:
        return bytes(typst.compile(source, format="pdf", sys_inputs=inputs))
    return bytes(typst.compile(source, format="png", ppi=ppi, sys_inputs=inputs))


def _data(sheet: AreaSheet, *, picture: bool, left: int = 0) -> dict[str, object]:
    return {
        "picture": picture,
        "language": sheet.language,
        "words": dict(sheet.words),
        "unit": sheet.unit,
        "title": sheet.title,
        "of": sheet.of,
        "headline": sheet.headline,
        "change": sheet.change,
        "foot": sheet.foot,
        "warning": sheet.warning,
        "variant": sheet.variant,
        "svg": sheet.svg,
        "has_former": any(row.former for row in sheet.rows),
        "rows": [{"stt": str(k), **asdict(row)} for k, row in enumerate(sheet.rows, 1)],
        "more": sheet.words["more"].format(count=grouped(left, sheet.language)) if left else "",
    }

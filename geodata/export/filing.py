"""The area sheet as an Excel workbook that can be filed as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geodata.export.sheet import AreaSheet
from geodata.files import whole_file
from geodata.written import workbook

FONT = "Times New Roman"
COLUMNS = (
    ("stt", 5),
    ("village", 24),
    ("unit", 22),
    ("former", 26),
    ("verdict", 12),
    ("people", 9),
    ("households", 8),
    ("power", 9),
    ("duty", 20),
    ("best", 18),
    ("place", 20),
    ("note", 22),
)
"""Columns of the list in their order, with their widths."""


def write_filing(sheet: AreaSheet, path: Path) -> Path:
    """Write the sheet as a workbook for A4: header row repeated, room for number and seal.

    Text is written as text, never as a formula.
    """
    with whole_file(path) as unfinished, workbook(unfinished) as book:
        page = book.add_worksheet(sheet.words["sheet"])
        _page(page, sheet)
        row = _head(page, sheet, _styles(book))
        row = _list(page, sheet, _styles(book), row)
        _feet(page, sheet, _styles(book), row + 2)
    return path


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": FONT, "font_size": 12}
    return {
        "plain": book.add_format({**base, "text_wrap": True, "valign": "top"}),
        "centre": book.add_format({**base, "align": "center", "text_wrap": True}),
        "strong": book.add_format({**base, "align": "center", "bold": True, "text_wrap": True}),
        "title": book.add_format({**base, "font_size": 14, "align": "center", "bold": True}),
        "warning": book.add_format(
            {**base, "bold": True, "font_color": "#A3180F", "align": "center", "text_wrap": True}
        ),
        "head": book.add_format(
            {**base, "bold": True, "border": 1, "text_wrap": True, "align": "center"}
        ),
        "cell": book.add_format({**base, "border": 1, "text_wrap": True, "valign": "vcenter"}),
        "number": book.add_format(
            {**base, "border": 1, "num_format": "#,##0", "valign": "vcenter"}
        ),
    }


def _page(page: Any, sheet: AreaSheet) -> None:
    page.set_paper(9)  # A4
    page.set_landscape()
    page.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.7)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&8" + sheet.foot.replace("&", "&&")[:200] + "&R&8&P/&N")
    for k, (_, width) in enumerate(COLUMNS):
        page.set_column(k, k, width)


def _head(page: Any, sheet: AreaSheet, styles: dict[str, Any]) -> int:
    """Agency, nation, title and what the list is of; gives the row after them."""
    words, last = sheet.words, len(COLUMNS) - 1
    for row, (left, right, style) in enumerate(
        (
            (words["agency"], words["nation"], "strong"),
            (sheet.unit, words["motto"], "strong"),
            (words["number"], words["place_date"], "centre"),
        )
    ):
        page.merge_range(row, 0, row, 3, "", styles[style])
        page.write_string(row, 0, left, styles[style])
        page.merge_range(row, 4, row, last, "", styles[style])
        page.write_string(row, 4, right, styles[style])
    row = 4
    lines = [
        (sheet.title, "title"),
        (sheet.of, "centre"),
        (sheet.warning, "warning"),
        (sheet.variant, "warning"),
        (sheet.headline, "plain"),
        (sheet.change, "plain"),
        (sheet.foot, "plain"),
    ]
    for text, style in lines:
        if text:
            page.merge_range(row, 0, row, last, "", styles[style])
            page.write_string(row, 0, text, styles[style])
            row += 1
    return row + 1


def _list(page: Any, sheet: AreaSheet, styles: dict[str, Any], row: int) -> int:
    """The villages under their repeated header; gives the row after them."""
    for k, (name, _) in enumerate(COLUMNS):
        page.write_string(row, k, sheet.words[name], styles["head"])
    page.repeat_rows(row)
    page.freeze_panes(row + 1, 2)
    for number, village in enumerate(sheet.rows, 1):
        page.write_number(row + number, 0, number, styles["number"])
        for k, (name, _) in enumerate(COLUMNS[1:], 1):
            text = str(getattr(village, name))
            bare = text.replace(".", "").replace(",", "")
            if name in ("people", "households") and bare.isdecimal():
                page.write_number(row + number, k, int(bare), styles["number"])
            else:
                page.write_string(row + number, k, text, styles["cell"])
    if not sheet.rows:
        page.write_string(row + 1, 1, sheet.words["nothing"], styles["plain"])
    return row + max(1, len(sheet.rows))


def _feet(page: Any, sheet: AreaSheet, styles: dict[str, Any], row: int) -> None:
    """Room for the signature and the seal."""
    words, last = sheet.words, len(COLUMNS) - 1
    for first, final, name, hint in ((1, 3, "maker", "sign"), (7, last, "head", "seal")):
        page.merge_range(row, first, row, final, "", styles["strong"])
        page.write_string(row, first, words[name], styles["strong"])
        page.merge_range(row + 1, first, row + 1, final, "", styles["centre"])
        page.write_string(row + 1, first, words[hint], styles["centre"])

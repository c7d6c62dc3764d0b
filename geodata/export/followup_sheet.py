"""The follow-up sheet that goes out: an Excel workbook to be filled in by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.export.safe import without_controls
from geodata.export.standing import standing_text
from geodata.export.words import HEADINGS as LIST_HEADINGS
from geodata.export.words import SHEETS, VERDICTS, Language
from geodata.files import whole_file
from geodata.followup import CONFIRMED, DATES, FIELDS, HEADINGS, shown
from geodata.study.results import Run
from geodata.written import workbook

FONT = "Times New Roman"
KNOWN = ("village_id", "village", "commune", "district", "verdict")
"""Columns that say which village a row is of; they are not read back, but for the id."""

HOW = {
    "vi": (
        "Mỗi dòng là một thôn, bản. Chỉ điền các cột trắng; không sửa cột Mã thôn.",
        "Ô để trống giữ nguyên nội dung cũ. Ghi dấu gạch ngang (-) để xóa.",
        "Ngày ghi dạng 31/12/2025.",
        "Tải tệp đã điền lên ở trang Dữ liệu. Dòng nào không nhận được sẽ có lý do.",
        "Nội dung theo dõi không làm thay đổi kết luận phủ sóng.",
    ),
    "en": (
        "Each row is one village. Fill in the white columns only; leave the village id as it is.",
        "An empty cell leaves what was there. Write a dash (-) to empty it.",
        "Write days as 31/12/2025.",
        "Upload the filled sheet on the page Data. Each row that is not taken says why.",
        "The follow-up never changes a verdict.",
    ),
}
TITLES = {"vi": ("Theo dõi", "Hướng dẫn"), "en": ("Follow-up", "How to")}


def write_follow_up(
    run: Run,
    ids: Sequence[str],
    path: Path,
    *,
    places: pd.DataFrame,
    current: pd.DataFrame,
    language: Language = "vi",
) -> Path:
    """Write the sheet of some villages with what is known so far, whole or not at all.

    ``places`` has ``commune`` and ``district`` by village id; ``current`` is the kept
    follow-up. Text is written as text, never as a formula.
    """
    with whole_file(path) as unfinished, workbook(unfinished) as book:
        first, second = TITLES[language]
        base = {"font_name": FONT, "font_size": 12, "border": 1, "text_wrap": True}
        styles = {
            "head": book.add_format({**base, "bold": True, "bg_color": "#DCE6F1"}),
            "known": book.add_format({**base, "bg_color": "#EEEEEE"}),
            "open": book.add_format({**base, "locked": False}),
            "day": book.add_format({**base, "locked": False, "num_format": "@"}),
            "plain": book.add_format({"font_name": FONT, "font_size": 12}),
            "warning": book.add_format(
                {"font_name": FONT, "font_size": 12, "bold": True, "font_color": "#A3180F"}
            ),
        }
        page = book.add_worksheet(first)
        head = _titles(page, run, language, styles)
        _rows(page, _table(run, ids, places, current, language), head, language, styles)
        _validated(page, run, head, len(ids), language)
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.repeat_rows(head)
        page.freeze_panes(head + 1, 2)
        how = book.add_worksheet(second)
        how.set_column(0, 0, 100)
        for row, line in enumerate(HOW[language]):
            how.write_string(row, 0, line, styles["plain"])
    return path


def _titles(page: Any, run: Run, language: Language, styles: dict[str, Any]) -> int:
    """What the sheet is of; gives the row of its header."""
    words = SHEETS[language]
    row = 0
    if run.study.reconstruction:
        page.write_string(row, 0, words["warning"], styles["warning"])
        row += 1
    if run.outdated:
        page.write_string(row, 0, standing_text(run, language), styles["warning"])
        row += 1
    told = f"{words['study']}: {run.study.name} · {words['as_of']}: {run.study.as_of:%d/%m/%Y}"
    if run.alone:
        told += f" · {words['whose']}: {words['alone'].format(operator=run.alone)}"
    page.write_string(row, 0, str(without_controls(told)), styles["plain"])
    rule = run.assessment.rule
    told = f"{words['rule']}: {rule.name} — {rule.title} · {words['run']}: {run.run_id}"
    page.write_string(row + 1, 0, str(without_controls(told)), styles["plain"])
    return row + 2


def _table(
    run: Run,
    ids: Sequence[str],
    places: pd.DataFrame,
    current: pd.DataFrame,
    language: Language,
) -> list[list[str]]:
    rows = []
    for village in ids:
        facts = run.study.villages.loc[village]
        verdict = VERDICTS[language][str(run.assessment.verdicts.at[village, "verdict"])]
        units = [places.at[village, level] for level in ("commune", "district")]
        known: list[Any] = [village, facts["village"], *units, verdict]
        held: dict[Any, Any] = current.loc[village].to_dict() if village in current.index else {}
        rows.append(
            ["" if pd.isna(cell) else str(without_controls(str(cell))) for cell in known]
            + [shown(name, str(held.get(name, "")), language) for name in FIELDS]
        )
    return rows


def _rows(
    page: Any, rows: list[list[str]], head: int, language: Language, styles: dict[str, Any]
) -> None:
    names = [LIST_HEADINGS[language][name] for name in KNOWN]
    names += [HEADINGS[language][name] for name in FIELDS]
    for column, name in enumerate(names):
        page.write_string(head, column, name, styles["head"])
        page.set_column(column, column, 18 if column else 16)
    for k, cells in enumerate(rows, head + 1):
        for column, cell in enumerate(cells):
            name = (*KNOWN, *FIELDS)[column]
            style = "known" if name in KNOWN else "day" if name in DATES else "open"
            page.write_string(k, column, cell, styles[style])


def _validated(page: Any, run: Run, head: int, count: int, language: Language) -> None:
    """Lists to choose from, for what has a list."""
    if not count:
        return
    last, place = head + count, len(KNOWN)
    words = [pair[0 if language == "vi" else 1] for pair in CONFIRMED.values()]
    page.data_validation(
        head + 1, place, last, place, {"validate": "list", "source": words, "ignore_blank": True}
    )
    operators = list(dict.fromkeys(layer.operator for layer in run.assessment.measures.layers))
    column = place + FIELDS.index("operator")
    if operators and len(",".join(operators)) < 250 and not any("," in one for one in operators):
        page.data_validation(
            head + 1,
            column,
            last,
            column,
            {
                "validate": "list",
                "source": operators,
                "ignore_blank": True,
                "error_type": "warning",
            },
        )

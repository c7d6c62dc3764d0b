"""The workbook of a matched list: for a person to look at, choose in, and hand back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.export.safe import without_controls
from geodata.files import whole_file
from geodata.matching import Matches
from geodata.reviewed import CANDIDATE, CHOSEN, LISTED, NONE_OF_THEM, SHEETS
from geodata.written import workbook

FONT = "Times New Roman"
GUIDE = "Hướng dẫn - Guide"

BESIDE: Mapping[str, str] = MappingProxyType(
    {
        "village_id": CANDIDATE,
        "known": "Tên ứng viên / Candidate",
        "known_commune": "Xã của ứng viên / Its commune",
        "known_district": "Huyện của ứng viên / Its district",
        "score": "Điểm / Score",
        "how": "Khác nhau / Differences",
        "why": "Lý do / Why",
    }
)
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "exact": "giống hệt / none",
        "id": "cùng mã / same id",
        "chosen": "do người chọn / chosen",
        "kind": "thôn, bản, xóm, khối / kind",
        "marks": "dấu / marks",
        "number": "cách ghi số / numerals",
        "spelling": "chính tả / spelling",
        "unit": "đơn vị hành chính / unit",
        "several": "nhiều thôn giống như nhau / several fit as well",
        "unsure": "chưa đủ giống / not alike enough",
        "shared": "nhiều dòng cùng một thôn / several rows want it",
        "commune": "không thấy xã / commune not found",
        "name": "không thấy thôn / village not found",
        "aside": "đã xem, không có / looked at, none",
    }
)
LINES = (
    "Danh sách được so với các thôn đã biết vị trí theo đơn vị hành chính và tên.",
    f"Ở cột '{CHOSEN}', ghi mã của thôn đúng, hoặc x ở dòng của ứng viên đúng;",
    f"ghi {NONE_OF_THEM} nếu không có thôn nào đúng; để trống nếu chưa rõ.",
    "Không đổi tên cột và cột số dòng. Lưu lại rồi dùng tệp này làm danh sách:",
    'trong study.toml ghi [villages] list = "tên tệp".',
    "",
    "The list was held against the villages whose place is known, by unit and name.",
    f"In column '{CHOSEN}' write the id of the right village, or x beside the right candidate;",
    f"write {NONE_OF_THEM} where none is right; leave it empty where you cannot tell.",
    "Keep the headings and the row numbers. Save it and use it as the list:",
    'in study.toml, [villages] list = "the file".',
)


def write_matches(
    path: Path, *, listed: pd.DataFrame, known: pd.DataFrame, matches: Matches
) -> Path:
    """Write a sheet each of matched, ambiguous and unmatched rows, and how to choose in them.

    Headings are in both languages at once. Text is written as text, never as a formula. Whole
    or not at all.
    """
    matched = matches.matched.assign(why=None, chosen=matches.matched["village_id"])
    ambiguous = matches.ambiguous.assign(chosen=None)
    unmatched = matches.unmatched.assign(village_id=None, score=None, how=None, chosen=None)
    unmatched["chosen"] = unmatched["why"].map({"aside": NONE_OF_THEM})
    tables = {"matched": matched, "ambiguous": ambiguous, "unmatched": unmatched}
    with whole_file(path) as made, workbook(made) as book:
        styles = {
            "head": book.add_format(
                {"bold": True, "border": 1, "bg_color": "#DCE6F1", "text_wrap": True,
                 "font_name": FONT}
            ),
            "text": book.add_format({"border": 1, "font_name": FONT}),
            "choice": book.add_format({"border": 1, "font_name": FONT, "bg_color": "#FFF2CC"}),
        }  # fmt: skip
        for name, title in SHEETS.items():
            _sheet(book.add_worksheet(title), _lines(tables[name], listed, known), styles)
        guide = book.add_worksheet(GUIDE)
        guide.set_column(0, 0, 110)
        for k, line in enumerate(LINES):
            guide.write_string(k, 0, line)
    return path


def _lines(table: pd.DataFrame, listed: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What the list says, what the candidate is, and the choice, under their headings."""
    own = listed.loc[table.index]
    out = pd.DataFrame({LISTED["row"]: table.index.to_numpy()})
    for name, heading in LISTED.items():
        if name != "row":
            out[heading] = own[name].to_numpy(dtype=object)
    its = known.reindex(table["village_id"])
    beside = {
        "village_id": table["village_id"],
        "known": its["village"],
        "known_commune": its["commune"],
        "known_district": its["district"],
        "score": table["score"],
        "how": table["how"].map(_words, na_action="ignore"),
        "why": table["why"].map(_words, na_action="ignore"),
    }
    for name, values in beside.items():
        out[BESIDE[name]] = values.to_numpy(dtype=object)
    out[CHOSEN] = table["chosen"].to_numpy(dtype=object)
    return out


def _words(codes: str) -> str:
    return "; ".join(WORDS[code] for code in codes.split(", "))


def _sheet(sheet: Any, table: pd.DataFrame, styles: Mapping[str, Any]) -> None:
    for column, heading in enumerate(table.columns):
        sheet.write_string(0, column, heading, styles["head"])
        sheet.set_column(column, column, 10 if column == 0 else 18)
        style = styles["choice" if heading == CHOSEN else "text"]
        _column(sheet, column, table[heading].tolist(), style)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)


def _column(sheet: Any, column: int, values: Sequence[object], style: Any) -> None:
    for row, value in enumerate(values, 1):
        if value is None or pd.isna(value):  # type: ignore[call-overload]  # a cell is a scalar
            sheet.write_blank(row, column, None, style)
        elif isinstance(value, bool):
            sheet.write_string(row, column, "có" if value else "không", style)
        elif isinstance(value, str):
            sheet.write_string(row, column, str(without_controls(value)), style)
        else:
            sheet.write_number(row, column, float(value), style)  # type: ignore[arg-type]  # not text, not missing: a number

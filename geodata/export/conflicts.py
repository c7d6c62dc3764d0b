"""The list of conflicts as a file: ranked, with its numbers, in one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import pandas as pd

from geodata.errors import CallError
from geodata.export.safe import cells, for_csv, without_controls
from geodata.export.standing import kind_text, standing_text
from geodata.export.words import HEADINGS as LISTED
from geodata.export.words import SHEETS, VERDICTS, Language
from geodata.files import whole_file
from geodata.study.results import Run
from geodata.written import workbook, write_csv

_VI = {
    "rank": "Thứ tự",
    "kind": "Kết quả so sánh",
    "operator": "Nhà mạng",
    "technology": "Công nghệ",
    "evidence": "Loại bằng chứng của lớp",
    "claimed": "Lớp ghi là có sóng",
    "samples": "Số mẫu đo",
    "below": "Số mẫu không đạt",
    "share_below": "Tỷ lệ không đạt",
    "low": "Cận dưới (Wilson)",
    "high": "Cận trên (Wilson)",
    "sure": "Tỷ lệ mẫu trái với lớp, ít nhất",
    "places": "Số ô 50 m có mẫu",
    "tests": "Số lượt đo",
    "first": "Đo từ ngày",
    "last": "Đo đến ngày",
    "filed": "Ngày của lớp",
    "hangs": "Kết luận dựa vào riêng lớp này",
    "verdict": "Tình trạng sóng",
}
_EN = {
    "rank": "Rank",
    "kind": "Comparison",
    "operator": "Operator",
    "technology": "Technology",
    "evidence": "Evidence of the layer",
    "claimed": "Layer says served",
    "samples": "Samples",
    "below": "Samples below",
    "share_below": "Share below",
    "low": "Lower bound (Wilson)",
    "high": "Upper bound (Wilson)",
    "sure": "Share against the layer, at least",
    "places": "Squares of 50 m with samples",
    "tests": "Tests",
    "first": "Measured from",
    "last": "Measured to",
    "filed": "Layer of",
    "hangs": "Verdict hangs on this layer",
    "verdict": "Signal",
}
HEADINGS: Mapping[Language, Mapping[str, str]] = MappingProxyType({"vi": _VI, "en": _EN})
"""Headings that other lists do not have."""

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "vi": {
            "overclaims": "Công bố có sóng, đo không đạt",
            "underclaims": "Công bố không có sóng, đo đạt",
            "agrees": "Không mâu thuẫn",
            "too_few": "Quá ít mẫu",
            "declared": "Công bố",
            "modelled": "Mô hình",
            "all": "Mọi nhà mạng",
            "any": "Bất kỳ",
        },
        "en": {
            "overclaims": "Declared served, measured below",
            "underclaims": "Declared not served, measured good",
            "agrees": "No conflict",
            "too_few": "Too few samples",
            "declared": "Declared",
            "modelled": "Modelled",
            "all": "All operators",
            "any": "Any",
        },
    }
)
"""Values by language."""

SHARES = ("share_below", "low", "high", "sure")
DAYS = ("first", "last", "filed")


def conflict_list(table: pd.DataFrame, *, run: Run, language: Language) -> pd.DataFrame:
    """Rows of `geodata.study.conflicts.FoundConflicts` under the headings of one language.

    Each row says the study's day, the rule, the run and whether the data is a reconstruction.
    """
    words = {**WORDS[language], **VERDICTS[language]}
    yes_no = {True: words["yes"], False: words["no"]}
    out = table.copy()
    for name in SHARES:
        out[name] = out[name].astype(float).round(4)
    for name in DAYS:
        out[name] = [None if pd.isna(day) else pd.Timestamp(day).date().isoformat()
                     for day in out[name]]  # fmt: skip
    for name in ("kind", "evidence", "verdict"):
        out[name] = out[name].map(words)
    for name in ("claimed", "hangs"):
        out[name] = out[name].map(yes_no)
    out["operator"] = out["operator"].replace("", words["all"])
    out["technology"] = out["technology"].replace("", words["any"])
    made = kind_text(run, words["made" if run.study.reconstruction else "observed"], language)
    out = out.assign(as_of=run.study.as_of.isoformat(), rule=run.assessment.rule.name,
                     run=run.run_id, data=made)  # fmt: skip
    head = {**LISTED[language], **HEADINGS[language]}
    return out.rename(columns={name: head[name] for name in out.columns})


def export_conflicts(
    table: pd.DataFrame, path: Path | str, *, run: Run, language: Language = "vi"
) -> Path:
    """Write the list; csv (UTF-8 with a byte order mark) or xlsx, as the ending says.

    Text is written as text, never as a formula; the file appears whole or not at all. Raises
    `CallError` for another ending.
    """
    path = Path(path)
    writer = WRITERS.get(path.suffix.lower().lstrip("."))
    if writer is None:
        raise CallError(
            "{file} has no ending we write; expected one of {known}",
            file=path.name,
            known=", ".join(WRITERS),
        )
    listed = conflict_list(table, run=run, language=language)
    with whole_file(path) as unfinished:
        writer(listed, unfinished, run, language)
    return path


def conflict_bytes(table: pd.DataFrame, ending: str, *, run: Run, language: Language) -> bytes:
    """The list as one download."""
    with TemporaryDirectory(prefix="phusong-") as folder:
        path = Path(folder) / f"conflicts.{ending}"
        return export_conflicts(table, path, run=run, language=language).read_bytes()


def _csv(table: pd.DataFrame, path: Path, run: Run, language: Language) -> None:  # noqa: ARG001  # one shape for all writers
    flat = cells(table, for_csv)
    write_csv(flat, path)


def _xlsx(table: pd.DataFrame, path: Path, run: Run, language: Language) -> None:
    """One sheet; above the headings, of a reconstruction or an outdated run, what it is."""
    words = SHEETS[language]
    told = [words["warning"]] if run.study.reconstruction else []
    told += [standing_text(run, language)] if run.outdated else []
    top = len(told)
    with workbook(path) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(words["list"])
        for row, line in enumerate(told):
            sheet.write_string(row, 0, line, book.add_format({"bold": True}))
        for column, heading in enumerate(table.columns):
            sheet.write_string(top, column, heading, bold)
            for row, value in enumerate(table[heading].tolist(), top + 1):
                if value is None or pd.isna(value):
                    continue
                if isinstance(value, str):
                    sheet.write_string(row, column, str(without_controls(value)))
                else:
                    sheet.write_number(row, column, float(value))
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, top + max(len(table), 1), len(table.columns) - 1)
        sheet.set_column(0, len(table.columns) - 1, 16)


WRITERS: Mapping[str, Callable[[pd.DataFrame, Path, Run, Language], None]] = MappingProxyType(
    {"csv": _csv, "xlsx": _xlsx}
)
"""Ending → what writes it."""

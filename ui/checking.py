"""What ``phusong check`` does: calls, and says what was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geodata.errors import CallError
from geodata.export.report_book import write_report
from geodata.report import Report, check_path
from geodata.report.repair import repair_study
from ui.checked import printed_report, report_json
from ui.texts import Translator, phrase_text

DATA_IS_BAD, CANNOT_BE_READ = 1, 2


def run_check(
    paths: Sequence[Path],
    t: Translator,
    *,
    as_json: bool = False,
    output: Path | None = None,
    repair: Path | None = None,
) -> tuple[str, tuple[Report, ...]]:
    """The reports of some paths, as text, with what was written on request.

    Raises `CallError` where a workbook or a repaired copy is asked for that cannot be.
    """
    if output is not None and output.suffix.lower() != ".xlsx":
        raise CallError("{file} is no name for a workbook; let it end in .xlsx", file=str(output))
    reports = tuple(check_path(path) for path in paths)
    if repair is not None and (len(reports) != 1 or not reports[0].is_study):
        raise CallError("a repaired copy is made of one study at a time; name its folder alone")
    told = [
        report_json(reports, t)
        if as_json
        else "\n\n".join(printed_report(report, t) for report in reports)
    ]
    if output is not None:
        write_report(
            reports, output, language=t.language, told=lambda p: phrase_text(p, t.language)
        )
        told += ["", t("The report is written to {file}", file=output)]
    if repair is not None:
        made = repair_study(paths[0], repair, language=t.language)
        told += [
            "",
            t(
                "A repaired copy is written to {folder}; {count} changes stand in {file}. "
                "Overlapping villages are left as they are: whose land it is, people decide.",
                folder=repair,
                count=t.number(made.count),
                file=made.listing.name,
            ),
        ]
    if as_json:
        told = told[:1]
    return "\n".join(told), reports


def exit_status(reports: Sequence[Report]) -> int:
    """0 without errors, 1 where data is bad, 2 where a file cannot be read."""
    if not all(report.is_readable for report in reports):
        return CANNOT_BE_READ
    return DATA_IS_BAD if any(report.counts["error"] for report in reports) else 0

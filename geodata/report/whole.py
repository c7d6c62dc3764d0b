"""The report of a study: every file it names, and what only shows side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyproj

from geodata.checks import Subject, Together, findings_of
from geodata.checks.rasters import short_of
from geodata.coordinates import study_crs
from geodata.diagnose import Extent
from geodata.errors import GeodataError, StudyError
from geodata.findings import Finding
from geodata.report.entries import entries_of
from geodata.report.lenient import lenient_settings
from geodata.report.model import FileReport, Report
from geodata.report.reading import RASTERS, Entry, Looked, lies, looked_at, refusal
from geodata.study.model import Study
from geodata.study.open import open_study
from geodata.study.settings import FILE
from geodata.study.shrunk import shrunk_layers
from geodata.study.unit_report import unit_findings

METRES = "EPSG:9208"

TOLD_OTHERWISE = frozenset(
    {
        "{file}: {field} ← {column}",
        "{file}: {count} invalid polygons repaired",
        "{layer}: lies wholly outside the villages; check its coordinate system",
        "{layer}: is of {day}, after the study's day, {as_of}",
        (
            "{file}: a VN-2000 projection on another datum; if the file is VN-2000 it lies "
            "{off_m} m off, so set crs (for Nghệ An EPSG:9208) in its entry"
        ),
    }
)
"""Notes of an open study that the report has as columns, or as a finding with its rows."""


def check_study(path: Path | str, *, study: Study | None = None) -> Report:
    """The data report of a study, from its folder or its ``study.toml``. Writes nothing.

    A file that cannot be read stands in the report and hinders no other. ``study`` is the
    same study where it is open already. Raises `MissingFileError` where there is no study
    file, and `UnreadableError` where it is no TOML.
    """
    path = Path(path)
    file = path / FILE if path.is_dir() or not path.suffix else path
    held = lenient_settings(file)
    settings, folder = held.settings, file.parent.resolve()
    crs, faults = _crs(settings.crs)
    entries = entries_of(settings, folder)
    by_entry = [(entry, looked_at(entry, crs)) for entry in entries]
    looked = [one for _, found in by_entry for one in found]
    subjects = tuple(subject for _, subject in looked if subject is not None)
    together = Together(
        subjects=subjects,
        crs=crs,
        as_of=held.as_of,
        operators=settings.expected.operators,
        technologies=settings.expected.technologies,
        unread=tuple(
            (entry.operator, entry.technology)
            for entry, found in by_entry
            for _, subject in found
            if entry.role == "layer" and subject is None
        ),
    )
    where = _where(by_entry, together)
    findings = (*held.faults, *faults, *where, *_not_twice(findings_of(together), where))
    files = _with_findings([report for report, _ in looked], (*findings, *_short(looked)))
    opened = _opened(file, files, findings) if study is None else study
    if isinstance(opened, Study):
        files = _with_findings(files, (*opened.findings, *unit_findings(opened)))
    whole = [f for f in findings if f.file not in {report.file for report in files}]
    told = {str(f.sentence) for report in files for f in report.findings}
    whole += [f for f in _of_opened(opened) if str(f.sentence) not in told]
    return Report(
        name=settings.name,
        path=path,
        is_study=True,
        files=files,
        findings=tuple(whole),
        as_of=held.as_of,
        crs=settings.crs,
        reconstruction=settings.reconstruction is not None,
    )


def _where(
    by_entry: Sequence[tuple[Entry, tuple[Looked, ...]]], together: Together
) -> tuple[Finding, ...]:
    """Where the files lie, against the units; where there are none, each by itself."""
    units = [s.placed for s in together.of("communes", "districts") if s.placed is not None]
    extent = Extent(areas=units[0].geometry) if units else None
    return tuple(
        finding
        for entry, looked in by_entry
        for _, subject in looked
        if subject is not None
        for finding in lies(
            entry,
            subject,
            together.crs,
            None if entry.role in ("communes", "districts") else extent,
        )
    )


ELSEWHERE = frozenset({"wholly-outside", "partly-outside"})


def _not_twice(findings: Sequence[Finding], where: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without what says only that a file lies outside, where its likely cause is told."""
    told = {f.file for f in where if f.severity != "note"}
    return tuple(f for f in findings if f.kind not in ELSEWHERE or f.file not in told)


def _crs(told: str) -> tuple[pyproj.CRS, tuple[Finding, ...]]:
    """The study's system; where it has no good one, that of Nghệ An and an error."""
    try:
        return study_crs(told), ()
    except StudyError as error:
        return pyproj.CRS(METRES), (refusal(error, FILE),)


def _short(looked: Sequence[tuple[FileReport, Subject | None]]) -> Iterator[Finding]:
    """Rasters that end before the villages do."""
    area = next((r.extent for r, _ in looked if r.role == "villages"), None)
    for report, _ in looked:
        if area is not None and report.extent is not None and report.role in RASTERS:
            yield from short_of(report.extent, area, file=report.file)


def _with_findings(
    files: Sequence[FileReport], findings: Sequence[Finding]
) -> tuple[FileReport, ...]:
    """The files with what the checks found of each; one file in two roles gets it once."""
    left = list(findings)
    out = []
    for report in files:
        own = tuple(f for f in left if f.file == report.file)
        left = [f for f in left if f.file != report.file]
        out.append(replace(report, findings=(*report.findings, *own)))
    return tuple(out)


def _opened(
    file: Path, files: Sequence[FileReport], findings: Sequence[Finding]
) -> Study | GeodataError | None:
    """The study as every other command opens it: what that refuses is never good data.

    None where what it refuses has been told already.
    """
    told = [str(f.sentence) for report in files for f in report.findings if f.severity == "error"]
    told += [str(f.sentence) for f in findings if f.severity == "error"]
    try:
        return open_study(file)
    except GeodataError as error:
        return None if told else error


def _of_opened(opened: Study | GeodataError | None) -> list[Finding]:
    """What the study as a whole says: why it does not open, its notes, what shrank."""
    if opened is None:
        return []
    if isinstance(opened, GeodataError):
        return [refusal(opened, "")]
    notes = [
        Finding(kind="reading", severity="note", sentence=note)
        for note in opened.notes
        if note.template not in TOLD_OTHERWISE
    ]
    return [*notes, *shrunk_layers(opened)]

"""The report of a study: every file it names, and what only shows side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyproj

from geodata.areas import valid_polygons
from geodata.checks import Role, Subject, Together, findings_of
from geodata.checks.rasters import short_of
from geodata.columns import text
from geodata.coordinate_checks import ELSEWHERE, LOST
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
from geodata.study.superseded import older_told
from geodata.study.unit_report import unit_findings
from geodata.units import Units

METRES = "EPSG:9208"

TOLD_OTHERWISE = frozenset(
    {
        "{file}: {field} ← {column}",
        "{file}: {count} invalid polygons repaired",
        "{layer}: lies wholly outside the villages; check its coordinate system",
        "{layer}: is of {day}, after the study's day, {as_of}",
        ELSEWHERE,
        *LOST.values(),
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
        told_already = {(f.file, f.kind) for f in where}
        said = {str(f.sentence) for report in files for f in report.findings}
        own = [f for f in opened.findings if (f.file, f.kind) not in told_already]
        own = [f for f in own if str(f.sentence) not in said]
        files = _with_findings(files, (*own, *unit_findings(opened)))
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
    named = _named_units(together)
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
            named,
        )
    )


def _named_units(together: Together) -> Units | None:
    """The units of the study's day that villages may name, None without a file of communes."""
    (day, communes), (_, districts) = (
        _in_force(together.of(role), together.as_of) for role in UNIT_FILES
    )
    areas = None if communes is None else _named_areas(communes, "commune")
    if day is None or areas is None:
        return None
    above = None if districts is None else _named_areas(districts, "district")
    return Units(valid_from=day, communes=areas, districts=above)


def _in_force(
    subjects: Sequence[Subject], on: date | None
) -> tuple[date, Subject] | tuple[None, None]:
    """The latest file of units that holds on a day, else the earliest, with its own day."""
    dated = {s.valid_from: s for s in subjects if s.placed is not None and s.valid_from is not None}
    past = [day for day in dated if on is None or day <= on]
    if not dated:
        return None, None
    day = max(past) if past else min(dated)
    return day, dated[day]


def _named_areas(subject: Subject, level: str) -> gpd.GeoDataFrame | None:
    """The areas of a file of units by code, with their names; None without either."""
    code, name = (
        next((c for c in map(subject.column, fields) if c is not None), None)
        for fields in ((f"{level}_code", "code"), (level, "name"))
    )
    if subject.placed is None or code is None or name is None:
        return None
    areas = valid_polygons(subject.placed.geometry, file=subject.file)
    return gpd.GeoDataFrame(
        {"name": text(name).fillna("").to_numpy()},
        geometry=areas.to_numpy(),
        index=text(code).fillna("").to_numpy(),
        crs=areas.crs,
    )


UNIT_FILES: tuple[Role, ...] = ("communes", "districts")
OUTSIDE = frozenset({"wholly-outside", "partly-outside"})


def _not_twice(findings: Sequence[Finding], where: Sequence[Finding]) -> tuple[Finding, ...]:
    """Without what says only that a file lies outside, where its likely cause is told."""
    told = {(f.file, kind) for f in where if f.severity != "note" for kind in OUTSIDE}
    told |= {(f.file, "partly-outside") for f in where if f.kind == "outside-extent"}
    return tuple(f for f in findings if (f.file, f.kind) not in told)


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
    doubts = [
        one
        for one in (*opened.doubts, *older_told(opened))
        if one.severity != "note" and one.sentence.template not in TOLD_OTHERWISE
    ]
    doubted = {str(one.sentence) for one in doubts}
    notes = [
        Finding(kind="reading", severity="note", sentence=note)
        for note in opened.notes
        if note.template not in TOLD_OTHERWISE and str(note) not in doubted
    ]
    return [*doubts, *notes, *shrunk_layers(opened)]

"""The report of one file by itself, with all that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyproj

from geodata.areas import polygons_of
from geodata.checks import Role, Subject, Together, findings_of
from geodata.classes import counted_classes
from geodata.containers import Part, opened
from geodata.convention import Candidate
from geodata.conventions import recognised
from geodata.errors import GeodataError, phrase
from geodata.filings import SILENT
from geodata.findings import Finding
from geodata.report.model import FileReport, Report
from geodata.report.reading import Entry, lies, of_candidate, raster_report, refusal, refused_report
from geodata.understood import understand_table

METRES = "EPSG:9208"
MOST_PARTS = 40
"""So many layers of one file are looked at."""

ROLES: Mapping[str, Role] = {
    "villages": "villages", "districts": "districts", "communes": "communes", "layer": "layer",
    "zones_5g": "zones_5g", "sites": "sites", "centres": "centres", "aside": "table",
}  # fmt: skip

KINDS: Mapping[str, Role] = {
    "footprint": "layer", "signal": "layer", "sites": "layer", "measurements": "measurements",
    "villages": "villages",
}  # fmt: skip
"""Kind of a convention → role."""


def check_file(path: Path | str, *, crs: str | None = None, name: str = "") -> Report:
    """The data report of one file, whatever it seems to be. Writes nothing.

    An archive, a folder and a file of several layers are reported part by part. ``crs`` is
    the system where it is known, ``name`` what people call the file. A file that cannot be
    read has a report that says why.
    """
    path = Path(path)
    told = name or path.name
    try:
        with opened(path) as parts:
            files = [_of_part(part, crs, told) for part in parts[:MOST_PARTS]]
            more = _left_out(parts, told)
    except GeodataError as error:
        entry = Entry(path=path, name=told, role="table")
        files, more = [refused_report(entry, error)], ()
    return Report(name=told, path=path, is_study=False, files=tuple(files), findings=more)


def _left_out(parts: tuple[Part, ...], told: str) -> tuple[Finding, ...]:
    if len(parts) <= MOST_PARTS:
        return ()
    said = phrase(
        "{file} holds {count} files or layers; the first {most} were looked at, so send the "
        "others by themselves",
        file=told,
        count=len(parts),
        most=MOST_PARTS,
    )
    return (Finding(kind="parts-left-out", severity="warning", sentence=said),)


def _of_part(part: Part, crs: str | None, told: str) -> FileReport:
    """One table, layer or raster: recognised or understood, read, checked."""
    name = told if part.name == told and not part.several else part.title
    one = Candidate(part=part, file=name, crs=crs)
    entry = Entry(path=part.path, name=name, role="raster" if part.is_raster else "table")
    try:
        convention = recognised(one)
        if convention is not None:
            entry = replace(entry, role=KINDS[convention.kind])
        elif not part.is_raster:
            entry = _understood(entry, one)
    except GeodataError as error:
        return refused_report(entry, error)
    metres = pyproj.CRS(METRES)
    if part.is_raster and convention is None:
        return raster_report(entry)
    report, subject = of_candidate(entry, one, metres)
    if subject is None:
        return report
    together = Together(subjects=(subject,), crs=metres)
    found = (*lies(entry, subject, metres, None), *findings_of(together))
    if entry.role in ("layer", "table") and convention is None:
        found += _classes(subject)
    return replace(report, findings=(*report.findings, *found))


def _classes(subject: Subject) -> tuple[Finding, ...]:
    """What the classes of polygons say of coverage, as a study with the file would be told."""
    if subject.placed is None:
        return ()
    shapes = polygons_of(subject.placed.geometry)
    if shapes.isna().all():
        return ()
    used = tuple(subject.columns.values())
    try:
        found = counted_classes(
            subject.table, shapes, SILENT, file=subject.file, used=used
        ).findings
    except GeodataError as error:
        found = (refusal(error, subject.file),)
    return tuple(replace(one, file=subject.file) for one in found)


def _understood(entry: Entry, one: Candidate) -> Entry:
    """What a plain table seems to be, from its name, its shapes and its columns."""
    part = one.part
    called = part.layer if part.several and part.layer else part.name
    found = understand_table(one.table, called)
    is_layer = found.role == "layer"
    return replace(
        entry,
        role=ROLES[found.role],
        operator=found.operator if is_layer else "",
        technology=found.technology if is_layer else "",
    )

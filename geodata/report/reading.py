"""One file of a report, read by itself: what it is, and why not where it cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

import geodata.read as reading
from coverage.model import VILLAGE_COLUMNS
from coverage.transformers import to_system
from geodata.areas import require_mendable
from geodata.checks.model import Role, Subject
from geodata.checks.rasters import raster_findings, read_raster
from geodata.columns import find_columns
from geodata.containers import Part, chosen, opened
from geodata.convention import Candidate, Convention
from geodata.conventions import named, recognised
from geodata.coordinate_checks import coordinate_findings
from geodata.coordinates import to_study
from geodata.datum import Truth, owners_of
from geodata.diagnose import AsSaid, Extent
from geodata.encodings import Told, mended
from geodata.errors import GeodataError, Phrase, UnreadableError
from geodata.filing import Told as Said
from geodata.filings import SILENT, Source, candidates, listed_in, told
from geodata.findings import Finding, Severity
from geodata.placing import NOTHING_SAID
from geodata.report.model import Box, FileReport
from geodata.text_shapes import kind_in_text
from geodata.units import Units

PLACES = ("lon", "lat", "x", "y")
UNIT = ("commune_code", "commune", "district_code", "district", "code", "name", "population")
FIELDS: Mapping[Role, tuple[str, ...]] = {
    "villages": ("village_id", *VILLAGE_COLUMNS, *PLACES),
    "centres": ("village_id", "village", *PLACES),
    "communes": UNIT,
    "districts": UNIT,
    "layer": ("operator", "technology"),
    "extent": (),
    "zones_5g": ("zone", "operator", "phase", "status", "start", "source"),
    "sites": ("site", "operator", "technologies", *PLACES),
    "settled": ("households", "weight", *PLACES),
    "table": ("village_id", *VILLAGE_COLUMNS, *PLACES, "operator", "technology", "code", "name"),
    "measurements": ("operator", "technology", *PLACES),
}
"""Role → the fields looked for in its file."""

BY_CONVENTION: frozenset[Role] = frozenset({"layer", "villages", "measurements", "table"})
"""Roles whose files may follow a convention."""

RASTERS: frozenset[Role] = frozenset({"population", "terrain", "raster"})
STRANGE_KEPT = 40


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file to look at, with what the study file says of it.

    ``source`` is the address of a table of a database, "" for a file; it may hold a password,
    and ``name`` is what is shown.
    """

    path: Path
    name: str
    role: Role
    layer: str | None = None
    crs: str | None = None
    encoding: Told | None = None
    said: AsSaid = NOTHING_SAID
    convention: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    operator: str = ""
    technology: str = ""
    as_of: date | None = None
    valid_from: date | None = None
    source: str = field(default="", repr=False)
    band: int | None = None
    keeps_unplaced: bool = False


Looked = tuple[FileReport, Subject | None]
"""What a file is, and the subject for the checks; None where it cannot be read or placed."""


def looked_at(entry: Entry, crs: pyproj.CRS) -> tuple[Looked, ...]:
    """A file of a study; several where it holds several filings."""
    if entry.role in RASTERS:
        return ((raster_report(entry), None),)
    try:
        with _candidates(entry) as found:
            return tuple(of_candidate(entry, one, crs) for one in found)
    except GeodataError as error:
        return ((refused_report(entry, error), None),)


@contextmanager
def _candidates(entry: Entry) -> Iterator[tuple[Candidate, ...]]:
    """The parts of what an entry names that are to be read."""
    if entry.source:
        from geodata.postgis.table import read_source  # noqa: PLC0415  # loads libpq

        raw, known = read_source(entry.source, layer=entry.layer, crs=entry.crs)
        table, findings = mended(raw, file=entry.name, encoding=entry.encoding)
        part = Part(name=entry.name, path=Path(entry.name), layer=None, kind="table")
        held = reading.Reading(table=table, findings=(*known.findings, *findings))
        yield (Candidate(part=part, file=entry.name, read=held),)
        return
    if entry.role in BY_CONVENTION:
        source = Source(
            path=entry.path,
            file=entry.name,
            layer=entry.layer,
            crs=entry.crs,
            encoding=entry.encoding,
            band=entry.band,
        )
        with candidates(source) as found:
            yield found
        return
    with opened(entry.path) as parts:
        part = chosen(parts, entry.layer, file=entry.path.name)
        yield (Candidate(part=part, file=entry.name, crs=entry.crs, encoding=entry.encoding),)


def of_candidate(entry: Entry, one: Candidate, crs: pyproj.CRS) -> Looked:
    """One part, read in its own convention where it follows one."""
    entry = replace(entry, name=one.file)
    try:
        convention = _convention(entry, one)
        if one.part.is_raster:
            report = raster_report(replace(entry, path=one.part.path))
            return replace(
                report, convention=None if convention is None else convention.title
            ), None
        held = one.reading
        if entry.role == "villages":
            listed = listed_in(one)
            findings = (*held.findings, *listed.findings)
            held = reading.Reading(table=listed.table, findings=findings)
        report, subject = described(entry, held, crs)
    except GeodataError as error:
        return refused_report(entry, error), None
    if convention is None:
        return report, subject
    return _in_convention(report, subject, convention, one)


def _convention(entry: Entry, one: Candidate) -> Convention | None:
    """The convention that the study file names or the content shows; None for a plain file."""
    if entry.role not in BY_CONVENTION:
        return None
    return named(entry.convention) if entry.convention else recognised(one)


def _in_convention(
    report: FileReport, subject: Subject, convention: Convention, one: Candidate
) -> Looked:
    """What the convention says of operators, technologies and day, where it can."""
    try:
        said = told(convention.means(one, SILENT))
    except GeodataError:  # opening the study says what is missing
        said = Said()
    operators = (subject.operator,) if subject.operator else said.operators
    technologies = (subject.technology,) if subject.technology else said.technologies
    filings = tuple((o, t) for o in operators for t in technologies)
    title = report.title or " ".join((", ".join(operators[:4]), ", ".join(technologies))).strip()
    day = report.as_of or said.as_of
    return (
        replace(report, convention=convention.title, title=title, as_of=day),
        replace(subject, convention=convention.name, filings=filings, as_of=day),
    )


def described(entry: Entry, held: reading.Reading, crs: pyproj.CRS) -> tuple[FileReport, Subject]:
    """What a file is that has been read, and the subject for the checks."""
    table = held.table
    findings = [replace(found, file=entry.name) for found in held.findings]
    try:
        columns = columns_of(table, entry)
    except GeodataError as error:
        columns = find_columns(table.columns, FIELDS.get(entry.role, ()))
        findings.append(refusal(error, entry.name))
    placed = _placed(table, entry, columns, crs)
    if placed is not None:
        require_mendable(placed.geometry, file=entry.name)
    subject = Subject(
        file=entry.name,
        role=entry.role,
        table=table,
        columns=columns,
        placed=placed,
        operator=entry.operator,
        technology=entry.technology,
        as_of=entry.as_of,
        valid_from=entry.valid_from,
        keeps_unplaced=entry.keeps_unplaced,
    )
    return _report_of(entry, subject, findings), subject


def columns_of(table: pd.DataFrame, entry: Entry) -> dict[str, str]:
    """Our fields → the file's columns. Raises `DataError` for a given column that is not there."""
    fields = FIELDS.get(entry.role, ())
    given = {k: v for k, v in entry.columns.items() if k in fields and _is_there(v, table, entry)}
    return find_columns(table.columns, fields, given=given, file=entry.name)


def _is_there(column: str, table: pd.DataFrame, entry: Entry) -> bool:
    """Units share one table of columns for two files: each need not have all of them."""
    return entry.role not in ("communes", "districts") or column in table.columns


def _placed(
    table: pd.DataFrame, entry: Entry, columns: Mapping[str, str], crs: pyproj.CRS
) -> gpd.GeoDataFrame | None:
    """The table in the study's metres; None where that cannot be, `lies` then says why."""
    if not has_place(table, columns):
        return None
    given = {k: v for k, v in columns.items() if k in PLACES}
    try:
        return to_study(table, crs, file=entry.name, columns=given, said=entry.said)
    except GeodataError:
        return None


def has_place(table: pd.DataFrame, columns: Mapping[str, str]) -> bool:
    """Whether a table has geometry, coordinate columns, or shapes in a column of text."""
    pairs = ({"lon", "lat"}, {"x", "y"})
    if isinstance(table, gpd.GeoDataFrame) or any(pair <= columns.keys() for pair in pairs):
        return True
    return bool(kind_in_text(table))


def lies(
    entry: Entry,
    subject: Subject,
    crs: pyproj.CRS,
    extent: Extent | None,
    units: Units | None = None,
) -> tuple[Finding, ...]:
    """What there is to say of where a file lies: its system, its columns, the study's extent.

    Where villages name their ``units``, these tell what an extent cannot: another datum.
    """
    if not has_place(subject.table, subject.columns) and (
        subject.convention or entry.role in ("table", "measurements")
    ):
        return ()
    owners = None
    if units is not None and extent is not None and entry.role == "villages":
        owners = owners_of(subject.table, units, file=subject.file)
        extent = replace(extent, owners=owners)
    found = coordinate_findings(
        subject.table,
        file=subject.file,
        study=crs,
        extent=extent,
        truth=None if owners is None else Truth(owners=owners),
        columns={k: v for k, v in subject.columns.items() if k in PLACES},
        said=entry.said,
    )
    if entry.role in ("villages", "centres"):
        return found
    # signal does not end with the province, and a site beyond it may serve within
    beyond: Severity = "warning" if entry.role == "sites" else "note"
    return tuple(
        replace(one, severity=beyond) if one.kind == "outside-extent" else one for one in found
    )


def refusal(error: GeodataError, file: str) -> Finding:
    """An error of ours as a finding: the same sentence."""
    kind = "unreadable" if isinstance(error, UnreadableError) else "refused"
    return Finding(
        kind=kind, severity="error", sentence=Phrase(error.template, error.parts), file=file
    )


def refused_report(entry: Entry, error: GeodataError) -> FileReport:
    """The report of a file that cannot be used: why, in the words of the error."""
    return FileReport(
        file=entry.name,
        role=entry.role,
        title=f"{entry.operator} {entry.technology}".strip(),
        as_of=entry.as_of,
        readable=not isinstance(error, UnreadableError),
        findings=(refusal(error, entry.name),),
    )


def raster_report(entry: Entry) -> FileReport:
    """A raster: its grid, and what its empty cells could be taken for."""
    try:
        about = read_raster(entry.path, crs=entry.crs, band=entry.band)
    except GeodataError as error:
        return refused_report(entry, error)
    return FileReport(
        file=entry.name,
        role=entry.role,
        rows=about.height,
        crs=about.crs[:80],
        shapes={"Raster": about.bands},
        extent=about.extent,
        findings=raster_findings(about, file=entry.name),
    )


def _report_of(entry: Entry, subject: Subject, findings: list[Finding]) -> FileReport:
    table, columns = subject.table, subject.columns
    is_map = isinstance(table, gpd.GeoDataFrame)
    known = {*columns.values(), *(find_columns(table.columns, PLACES).values())}
    known |= {table.geometry.name} if isinstance(table, gpd.GeoDataFrame) else set()
    system = table.crs.to_string() if is_map and table.crs is not None else ""
    return FileReport(
        file=entry.name,
        role=entry.role,
        title=f"{entry.operator} {entry.technology}".strip(),
        rows=len(table),
        crs=system[:80],
        shapes=_shapes(table),
        columns={f: c for f, c in columns.items() if f not in PLACES or not is_map},
        strange=_strange(table, known),
        extent=extent_of(subject.placed),
        as_of=entry.as_of,
        findings=tuple(findings),
    )


def _strange(table: pd.DataFrame, known: Collection[str]) -> tuple[str, ...]:
    """Columns that nobody knows; none where all are so: those may be contents of no table."""
    names = [str(c) for c in table.columns if c not in known]
    is_table = isinstance(table, gpd.GeoDataFrame) or len(names) < len(table.columns)
    return tuple(names[:STRANGE_KEPT]) if is_table else ()


def _shapes(table: pd.DataFrame) -> Mapping[str, int]:
    """Kinds of geometry and how many there are, the most first."""
    if not isinstance(table, gpd.GeoDataFrame):
        return {}
    return dict(Counter(table.geometry.geom_type.dropna()).most_common())


def extent_of(placed: gpd.GeoDataFrame | None) -> Box | None:
    """West, south, east, north in degrees; None without a place that is a number."""
    if placed is None or placed.crs is None:
        return None
    bounds = np.asarray(placed.total_bounds, dtype=float)
    if not np.isfinite(bounds).all():
        return None
    box = to_system(gpd.GeoSeries([shapely.box(*bounds)], crs=placed.crs), "EPSG:4326")
    west, south, east, north = (float(v) for v in box.total_bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    return west, south, east, north

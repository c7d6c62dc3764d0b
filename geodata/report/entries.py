"""The files that a study names, each with what its study file says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from geodata.checks.model import Role
from geodata.files import found_files
from geodata.kinds import recognise
from geodata.postgis import is_address, name_of
from geodata.report.lenient import NOWHERE
from geodata.report.reading import Entry
from geodata.study.settings import (
    LayerTable,
    MeasurementsTable,
    SettledTable,
    SitesTable,
    StudySettings,
    VillagesTable,
    ZonesTable,
)


def entries_of(settings: StudySettings, folder: Path) -> tuple[Entry, ...]:
    """Every file of a study, in the order people think of them, each once a role."""
    return tuple(_entries(settings, folder))


def _entries(settings: StudySettings, folder: Path) -> Iterator[Entry]:
    if settings.villages.path != NOWHERE:
        keeps = settings.villages.rows_without_place == "unknown"
        yield replace(_one(settings.villages, folder, "villages"), keeps_unplaced=keeps)
    if settings.villages.centres:
        said = settings.villages.centres_said
        entry = _named(settings.villages.centres, folder, "centres")
        yield replace(entry, crs=said.crs, said=said)
    yield from _units(settings, folder)
    yield from _layers(settings, folder)
    if settings.zones_5g:
        yield _one(settings.zones_5g, folder, "zones_5g")
    if settings.sites:
        yield _one(settings.sites, folder, "sites")
    if settings.settled:
        yield _settled(settings.settled, folder)
    if settings.population is not None:
        people = settings.population
        entry = _named(people.path, folder, "population")
        yield replace(entry, crs=people.crs, band=people.band)
    if settings.terrain is not None:
        yield replace(_named(settings.terrain.path, folder, "terrain"), band=1)
    if settings.measurements is not None:
        told = settings.measurements
        entry = _one(told, folder, "measurements")
        yield replace(entry, convention=told.convention or "")


def _named(text: str, folder: Path, role: Role) -> Entry:
    """A file, or a table of a database, by what the study file writes for it."""
    if is_address(text):
        return Entry(path=folder, name=name_of(text), role=role, source=text)
    return Entry(path=folder / text, name=text, role=role)


def _settled(table: SettledTable, folder: Path) -> Entry:
    """Settled places: a raster of built-up land, or points."""
    path = folder / table.path
    raster = not is_address(table.path) and path.is_file() and recognise(path) == "raster"
    if raster:
        return replace(_named(table.path, folder, "raster"), crs=table.crs, band=table.band)
    return _one(table, folder, "settled")


def _one(
    table: VillagesTable | ZonesTable | SitesTable | MeasurementsTable | SettledTable,
    folder: Path,
    role: Role,
) -> Entry:
    return replace(
        _named(table.address, folder, role),
        layer=table.layer,
        crs=table.crs,
        said=table.said,
        encoding=table.encoding,
        columns=table.columns,
    )


def _units(settings: StudySettings, folder: Path) -> Iterator[Entry]:
    for units in settings.units:
        named: tuple[tuple[Role, str | None], ...] = (
            ("districts", units.districts),
            ("communes", units.communes),
        )
        for role, text in named:
            if text:
                said = units.said
                if role == "districts" and units.districts_crs:
                    said = replace(said, crs=units.districts_crs)
                yield replace(
                    _named(text, folder, role),
                    crs=said.crs,
                    said=said,
                    encoding=units.encoding,
                    columns=units.columns,
                    valid_from=units.valid_from,
                )


def _layers(settings: StudySettings, folder: Path) -> Iterator[Entry]:
    seen: set[str] = set()
    for table in settings.layers:
        if table.extent and table.extent not in seen:
            seen.add(table.extent)
            yield _named(table.extent, folder, "extent")
        for entry in _files_of(table, folder):
            yield replace(
                entry,
                layer=table.layer,
                crs=table.crs,
                said=table.said,
                encoding=table.encoding,
                convention=table.convention or "",
                columns=table.columns,
                operator=table.operator or "",
                technology=table.technology or "",
                as_of=table.as_of,
                band=table.band,
            )


def _files_of(table: LayerTable, folder: Path) -> Iterator[Entry]:
    """The file of a layer, or those of its pattern, or its table of a database."""
    if is_address(table.path):
        yield _named(table.address, folder, "layer")
        return
    for path in found_files(folder, table.path) or [folder / table.path]:
        inside = folder in path.parents
        name = path.relative_to(folder).as_posix() if inside else path.name
        yield Entry(path=path, name=name, role="layer")

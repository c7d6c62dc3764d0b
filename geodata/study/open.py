"""Opening a study: its file, then every file it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj

from coverage.pixels import AnyLayer, SignalLayer
from coverage.unplaced import has_place
from geodata.areas import valid_polygons
from geodata.columns import columns_told, find_columns, row_number, text
from geodata.coordinates import require_inside, study_crs, to_study
from geodata.diagnose import AsSaid, Extent, area_of_use
from geodata.errors import DataError, Phrase, phrase
from geodata.filing import Listed
from geodata.filings import listed_in
from geodata.findings import Finding, finding
from geodata.identity import FILE as IDS
from geodata.identity import mint_ids, repeated_villages
from geodata.layers import one_spelling, united
from geodata.placeless import kept_unplaced
from geodata.postgis.address import name_of
from geodata.signals import bounds_of
from geodata.study.extras import sites_of, zones_of
from geodata.study.filed import layers_of, looking_ahead, measurements_of, near_of
from geodata.study.in_files import LayerInFile
from geodata.study.inputs import stats_of
from geodata.study.listed import with_list
from geodata.study.model import Study
from geodata.study.peopled import amounts_of
from geodata.study.reader import Reader
from geodata.study.rule_table import rule_of
from geodata.study.settings import (
    FILE,
    StudySettings,
    UnitsTable,
    read_settings,
)
from geodata.study.superseded import without_superseded
from geodata.unit_codes import with_codes_of, with_same_codes
from geodata.units import Units, no_communes, units_at
from geodata.villages import indexed, told_units, village_table, with_centres


def open_study(path: Path | str, *, take_list: bool = True) -> Study:
    """Open a study from its folder or its ``study.toml``.

    Everything is read and brought to the study's system. Without ``take_list`` the villages
    are as their geometry has them, for a list to be matched to. Raises `StudyError` with all
    faults of the study file, and the errors of reading, each a sentence with the file's name.
    """
    path = Path(path)
    file = path / FILE if path.is_dir() or not path.suffix else path
    stats = stats_of(file)
    settings = read_settings(file)
    folder = file.parent.resolve()
    crs = study_crs(settings.crs)
    reader = Reader(folder)
    reader.take(folder / file.name, before=stats)
    with looking_ahead(reader, settings.layers, crs):
        return _opened(reader, settings, crs, take_list=take_list)


def _opened(reader: Reader, settings: StudySettings, crs: pyproj.CRS, *, take_list: bool) -> Study:
    """The study that a file's settings describe, read."""
    units = _all_units(reader, settings, crs)
    extent = None if units else area_of_use(crs)
    listed = _listed(reader, settings)
    units = tuple(with_codes_of(one, listed.table, settings.villages.columns) for one in units)
    current = units_at(units, settings.as_of) if units else None
    extent = extent if current is None else Extent(areas=current.finest.geometry)
    villages, told, notes = _villages(reader, listed, settings, crs, current, extent)
    if take_list:
        villages, told = with_list(
            villages, told, reader, settings.villages, structures=units, current=current
        )
    near = near_of(villages)
    filed = [one for t in settings.layers for one in layers_of(reader, t, crs, near, extent)]
    spelt = one_spelling([one.layer for one in filed], settings.expected.operators)
    counted = without_superseded(
        [replace(one, layer=layer) for one, layer in zip(filed, spelt, strict=True)], crs
    )
    layers = united(counted.layers)
    rule = rule_of(settings.rule)
    amounts = amounts_of(reader, settings, villages[has_place(villages.geometry)], extent)
    of_layers = (*counted.findings, *_doubtful_layers(layers, villages, settings.as_of))
    sites, nowhere = sites_of(reader.read, settings.sites, crs, extent)
    reader.findings += nowhere
    study = Study(
        folder=reader.folder,
        settings=settings,
        villages=villages,
        layers=layers,
        superseded=counted.older,
        units=units,
        zones_5g=zones_of(reader.read, settings.zones_5g, crs, extent),
        sites=sites,
        measurements=measurements_of(reader, settings.measurements, crs, extent),
        rule=rule,
        inputs=tuple(reader.inputs),
        seen=reader.seen(),
        tables=tuple(reader.tables),
        findings=tuple(reader.findings),
        notes=(
            *(found.sentence for found in reader.doubts),
            *notes,
            *(found.sentence for found in reader.findings),
            *(found.sentence for found in of_layers),
        ),
        doubts=(*reader.doubts, *of_layers),
        told=told,
        amounts=amounts,
    )
    return study.judged_by(rule)


def _all_units(reader: Reader, settings: StudySettings, crs: pyproj.CRS) -> tuple[Units, ...]:
    """Every structure; what is wrong with one is told with where its system may be meant for."""
    try:
        return tuple(_units(reader, table, crs, None) for table in settings.units)
    except DataError:  # the area of a system takes PROJ long to tell, and only sentences need it
        return tuple(_units(reader, table, crs, area_of_use(crs)) for table in settings.units)


def _units(reader: Reader, table: UnitsTable, crs: pyproj.CRS, extent: Extent | None) -> Units:
    """One structure; an explicit column must be in one of its files."""
    said = table.said
    theirs = replace(said, crs=table.districts_crs or said.crs)
    communes = districts = None
    if table.communes:
        communes = reader.read(table.communes, crs=said.crs, encoding=table.encoding)
    if table.districts:
        districts = reader.read(table.districts, crs=theirs.crs, encoding=table.encoding)
    known = [column for raw in (communes, districts) if raw is not None for column in raw.columns]
    file = name_of(table.communes or table.districts or "")
    find_columns(known, (), given=table.columns, file=file)

    def coded(raw: pd.DataFrame, source: str, told: AsSaid, level: str) -> gpd.GeoDataFrame:
        name = name_of(source)
        placed = to_study(raw, crs, file=name, said=told, extent=extent)
        return _coded(placed, name, table, level=level)

    made = Units(
        valid_from=table.valid_from,
        communes=no_communes(crs)
        if communes is None or table.communes is None
        else coded(communes, table.communes, said, "commune"),
        districts=None
        if districts is None or table.districts is None
        else coded(districts, table.districts, theirs, "district"),
    )
    return with_same_codes(made)


def _coded(raw: gpd.GeoDataFrame, name: str, table: UnitsTable, *, level: str) -> gpd.GeoDataFrame:
    """Units indexed by code. Raises `DataError` without code, name or polygons, or on repeats."""
    given = {k: v for k, v in table.columns.items() if v in raw.columns}
    fields = (f"{level}_code", level, "district_code", "code", "name")
    found = find_columns(raw.columns, fields, given=given, file=name)
    code = found.get("code" if "code" in given else f"{level}_code", found.get("code"))
    title = found.get("name" if "name" in given else level, found.get("name"))
    if code is None or title is None:
        raise DataError(
            "{file} has no column for the {field} of a unit; found {names}",
            file=name,
            field="code" if code is None else "name",
            names=columns_told(raw.columns),
        )
    areas = valid_polygons(raw.geometry, file=name)
    if areas.isna().any():
        raise DataError(
            "{file}, row {row}: the unit has no polygon; every unit needs one",
            file=name,
            row=row_number(raw.index, int(areas.isna().argmax())),
        )
    codes = text(raw[code])
    wrong = codes.isna() | codes.duplicated()
    if wrong.any():
        raise DataError(
            "{file}: unit codes must be there and unique; {first} is missing or repeated",
            file=name,
            first=str(codes[wrong].iloc[0]),
        )
    out = gpd.GeoDataFrame(
        {"name": text(raw[title]).to_numpy()},
        geometry=areas.to_numpy(),
        crs=raw.crs,
        index=pd.Index(codes.astype(str), name="code"),
    )
    if level == "commune" and "district_code" in found:
        out["district_code"] = text(raw[found["district_code"]]).to_numpy()
    return out


def _listed(reader: Reader, settings: StudySettings) -> Listed:
    """The villages' file as it was read."""
    table = settings.villages
    file = name_of(table.address)
    with reader.open(
        table.address, file=file, layer=table.layer, crs=table.crs, encoding=table.encoding
    ) as (one, *_):
        listed = listed_in(one)
    reader.findings += listed.findings
    return listed


def _villages(  # what villages are made of
    reader: Reader,
    listed: Listed,
    settings: StudySettings,
    crs: pyproj.CRS,
    units: Units | None,
    extent: Extent | None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, tuple[Phrase, ...]]:
    """The villages, what their file tells of their units, and notes."""
    table = settings.villages
    file = name_of(table.address)
    made, notes = village_table(
        listed.table,
        crs=crs,
        file=file,
        columns=table.columns,
        radius_m=table.radius_m,
        units=units,
        said=table.said,
        extent=extent,
        keep_unplaced=table.rows_without_place == "unknown",
    )
    reader.findings += kept_unplaced(made.index, ~has_place(made.geometry), file)
    if made["village_id"].isna().all():
        reader.findings += repeated_villages(made, file=file)
        made = mint_ids(made, reader.folder)
        minted = phrase(
            "{file}: no village_id column; ids are minted and kept"
            if (reader.folder / IDS).exists()
            else "{file}: no village_id column; ids are minted but could not be kept here",
            file=file,
        )
        notes += (minted,)
    villages, told = indexed(made, file=file), told_units(made)
    if table.centres:
        centres = name_of(table.centres)
        villages = with_centres(
            villages,
            reader.read(table.centres, crs=table.centres_crs),
            crs=crs,
            file=centres,
            said=table.centres_said,
            extent=extent,
        )
        unplaced = ~has_place(villages.geometry) & villages["centre"].notna()
        if unplaced.any():
            villages["centre"] = villages["centre"].where(~unplaced, None)
            unused = phrase(
                "{file}: {count} centres are of villages without a place and are not used",
                file=centres,
                count=int(unplaced.sum()),
            )
            notes += (unused,)
        known = villages["centre"].dropna()
        if units is not None:
            require_inside(known, units.bounds, file=centres, extent=extent)
        away = int((known.distance(villages.geometry.loc[known.index]) > 0).sum())
        if away:
            outside = phrase(
                "{file}: {count} centres lie outside their village's polygon",
                file=centres,
                count=away,
            )
            notes += (outside,)
    if villages["centre"].isna().all():
        notes += (phrase("{file}: no village centres, so no test of the centre", file=file),)
    return villages, told, notes


def _doubtful_layers(
    layers: tuple[AnyLayer, ...], villages: gpd.GeoDataFrame, as_of: date
) -> Iterator[Finding]:
    """Layers that are legal and that somebody should look at."""
    x0, y0, x1, y1 = villages.total_bounds
    dates: dict[str, set[date | None]] = {}
    for layer in layers:
        title, day = layer.info.title, layer.info.as_of
        if isinstance(layer, SignalLayer):
            a0, b0, a1, b1 = bounds_of(layer, villages.crs)
        elif isinstance(layer, LayerInFile):
            a0, b0, a1, b1 = layer.bounds
        else:
            a0, b0, a1, b1 = layer.footprint.total_bounds
        if a0 > x1 or a1 < x0 or b0 > y1 or b1 < y0:
            yield finding(
                "wholly-outside",
                "error",
                "{layer}: lies wholly outside the villages; check its coordinate system",
                layer=title,
            )
        if day is not None and day > as_of:
            yield finding(
                "layer-newer",
                "warning",
                "{layer}: is of {day}, after the study's day, {as_of}",
                layer=title,
                day=day,
                as_of=as_of,
            )
        dates.setdefault(title, set()).add(day)
    for title, days in dates.items():
        if len(days) > 1:
            yield finding(
                "filings-together",
                "note",
                "{layer}: {count} filings of different days, and all of them count",
                layer=title,
                count=len(days),
            )

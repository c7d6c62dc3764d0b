"""Where people live, as a study's ``[population]`` and ``[settled]`` tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from coverage.model import Basis
from coverage.pixels import AmountPoints, AmountSource, PixelGrid
from geodata.columns import find_columns, numbers, row_number
from geodata.coordinates import to_study
from geodata.diagnose import Extent
from geodata.errors import DataError
from geodata.findings import Finding, finding
from geodata.kinds import recognise
from geodata.placeless import left_out, without_place
from geodata.placing import PLACES
from geodata.population import FACTOR, Counted, Unit, counted, fitting_unit, people_near, told_unit
from geodata.postgis.address import is_address, name_of
from geodata.raster_places import place_findings
from geodata.rasters import opened, raster_notes
from geodata.study.reader import Reader
from geodata.study.settings import PopulationTable, SettledTable, StudySettings
from geodata.systems import brought

NOTHING: Mapping[Basis, AmountSource] = MappingProxyType({})
Floats = npt.NDArray[np.float64]


def amounts_of(
    reader: Reader, settings: StudySettings, villages: gpd.GeoDataFrame, extent: Extent | None
) -> Mapping[Basis, AmountSource]:
    """Where people, and settled places, are. Raises what is wrong with their files."""
    found: dict[Basis, AmountSource] = {}
    if settings.population is not None:
        found["people"] = _people(reader, settings.population, villages, extent)
    if settings.settled is not None:
        found |= _settled(reader, settings.settled, villages, extent)
    return MappingProxyType(found)


def _people(
    reader: Reader, table: PopulationTable, villages: gpd.GeoDataFrame, extent: Extent | None
) -> AmountSource:
    path = reader.folder / table.path
    reader.take(path)
    file = Path(table.path).name
    raster = opened(path, file=file, crs=table.crs, band=table.band, whole=False)
    reader.findings += (*raster_notes(raster), *place_findings(raster, extent))
    people = people_near(raster, villages.geometry)
    found = counted(people, villages.geometry)
    own = villages["population"].to_numpy(float, na_value=np.nan)
    unit = table.unit or told_unit(raster)
    if unit is None:
        unit = fitting_unit(found, own)
        if unit is None:
            raise DataError(
                "{file} does not say whether its pixels hold people or people per km²; set "
                'unit = "count" or unit = "density" in [population]',
                file=file,
            )
        reader.findings.append(_guessed(unit, file))
    reader.findings += _findings(found, unit, people.grid, villages, file)
    return people.source(unit, found.key)


def _guessed(unit: Unit, file: str) -> Finding:
    template = (
        "{file} does not say whether its pixels hold people or people per km²; read as people, "
        "whose sum is near the villages' own population"
        if unit == "count"
        else "{file} does not say whether its pixels hold people or people per km²; read as people "
        "per km², whose sum is near the villages' own population"
    )
    return finding("population-unit", "warning", template, file=file)


def _findings(
    found: Counted, unit: Unit, grid: PixelGrid, villages: gpd.GeoDataFrame, file: str
) -> Iterator[Finding]:
    """What there is to say of a raster of people beside the villages."""
    if found.odd:
        yield odd_pixels(found, file)
    short = _outside(grid, villages.geometry)
    if short.any():
        yield finding(
            "population-short",
            "warning",
            "{file}: {count} of {all} villages lie outside the raster, wholly or in part; there "
            "shares are of the people inside it, or of the area where it has none",
            file=file,
            count=int(short.sum()),
            all=len(villages),
        )
    own = villages["population"].to_numpy(float, na_value=np.nan)
    sums = found.count if unit == "count" else found.density
    known = np.isfinite(own) & ~short
    yield from _against(sums[known], own[known], villages[known], file)


def odd_pixels(found: Counted, file: str) -> Finding:
    """That pixels hold less than nobody, or more than there can be."""
    return finding(
        "population-odd",
        "warning",
        "{file}: {count} pixels hold less than 0, or more than there can be (mostly {value}), and "
        "count as empty; if {value} means that nothing is known, declare it as the raster's nodata",
        file=file,
        count=found.odd,
        value=f"{found.filling:g}",
    )


def _outside(grid: PixelGrid, shapes: gpd.GeoSeries) -> npt.NDArray[np.bool_]:
    """Villages that reach beyond the raster, by more than a pixel's thousandth."""
    west, north = grid.x, grid.y
    east, south = west + grid.step_x * grid.width, north - grid.step_y * grid.height
    x0, y0, x1, y1 = shapely.bounds(brought(shapes, pyproj.CRS.from_wkt(grid.crs)).to_numpy()).T
    room_x, room_y = grid.step_x / 1000, grid.step_y / 1000
    out: npt.NDArray[np.bool_] = (
        (x0 < west - room_x) | (x1 > east + room_x) | (y0 < south - room_y) | (y1 > north + room_y)
    )
    return out


def _against(sums: Floats, own: Floats, villages: gpd.GeoDataFrame, file: str) -> Iterator[Finding]:
    """Where raster and villages do not tell of the same people, by district."""
    code = villages["district_code"].fillna("").astype(str).to_numpy()
    table = pd.DataFrame({"raster": sums, "own": own}).groupby(code).sum()
    small, large = table.min(axis=1), table.max(axis=1)
    off = (table["own"] > 0) & (large > FACTOR * small)
    if not off.any():
        return
    worst = str((large / small.clip(lower=1.0))[off].idxmax())
    named = villages["district"].to_numpy(object)[code == worst][0]
    yield finding(
        "population-differs",
        "warning",
        "{file}: in {count} of {all} districts the raster and the villages do not tell of the same "
        "people; in {district} it has {found}, and the villages {said}. Are its unit and its "
        "coordinate system right?",
        file=file,
        count=int(off.sum()),
        all=len(table),
        district=worst if pd.isna(named) else named,
        found=round(float(table["raster"].loc[worst])),
        said=round(float(table["own"].loc[worst])),
    )


def _settled(
    reader: Reader, table: SettledTable, villages: gpd.GeoDataFrame, extent: Extent | None
) -> dict[Basis, AmountSource]:
    """Settled places; where each has its households, these are known by place too."""
    path = reader.folder / table.path
    if not is_address(table.path) and recognise(path) == "raster":
        reader.take(path)
        return {"settled": _built_up(path, reader, table, villages, extent)}
    return _points(reader, table, villages, extent)


def _built_up(
    path: Path,
    reader: Reader,
    table: SettledTable,
    villages: gpd.GeoDataFrame,
    extent: Extent | None,
) -> AmountSource:
    file = Path(table.path).name
    raster = opened(path, file=file, crs=table.crs, band=table.band, whole=False)
    reader.findings += (*raster_notes(raster), *place_findings(raster, extent))
    people = people_near(raster, villages.geometry)
    found = counted(people, villages.geometry)
    if found.odd:
        reader.findings.append(odd_pixels(found, file))
    return people.source(table.unit or "count", found.key)


def _points(
    reader: Reader, table: SettledTable, villages: gpd.GeoDataFrame, extent: Extent | None
) -> dict[Basis, AmountSource]:
    raw = reader.read(table.address, layer=table.layer, crs=table.crs, encoding=table.encoding)
    file = name_of(table.address)
    where = {k: v for k, v in table.columns.items() if k in PLACES}
    placed = to_study(raw, villages.crs, file=file, columns=where, said=table.said, extent=extent)
    gone = without_place(placed.geometry)
    if gone.all():
        raise DataError("{file} holds no row with a place", file=file)
    reader.findings += left_out(raw.index, gone, file)
    raw, shapes = raw[~gone], placed.geometry.to_numpy()[~gone]
    weight, field = _weights(raw, table, file)
    points = gpd.GeoSeries(shapely.force_2d(shapely.centroid(shapes)), crs=villages.crs)
    inside = len(np.unique(villages.sindex.query(points, predicate="intersects")[0]))
    if inside < len(points):
        reader.findings.append(
            finding(
                "settled-outside",
                "warning" if 2 * inside < len(points) else "note",
                "{file}: {count} of {all} settled places lie in no village and count for none",
                file=file,
                count=len(points) - inside,
                all=len(points),
            )
        )
    digest = hashlib.sha256(shapely.get_coordinates(points.to_numpy()).tobytes())
    digest.update(weight.tobytes())
    source = AmountPoints(points=points, weight=weight, key=digest.hexdigest()[:24])
    return (
        {"settled": source, "households": source} if field == "households" else {"settled": source}
    )


def _weights(raw: pd.DataFrame, table: SettledTable, file: str) -> tuple[Floats, str]:
    """What each place counts for, and by which field; 1 each where the file has none."""
    given = {k: v for k, v in table.columns.items() if k not in PLACES}
    found = find_columns(raw.columns, ("households", "weight"), given=given, file=file)
    field = "weight" if "weight" in given else next(iter(found), "")
    if not field:
        return np.ones(len(raw)), ""
    values = numbers(raw[found[field]], field=field, file=file).to_numpy(float, na_value=np.nan)
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            "{file}, row {row}: {field} is {found}; every settled place needs a number, 0 or more",
            file=file,
            row=row_number(raw.index, at),
            field=field,
            found=repr(raw[found[field]].iloc[at]),
        )
    return np.asarray(values, np.float64), field

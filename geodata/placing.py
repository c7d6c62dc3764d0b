"""Where a table's rows lie, as its geometry or its columns say it, and in which system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError, ProjError

from coverage.transformers import to_system
from geodata.angles import Coordinate, coordinate, says_nothing, split_pair, thousands_of, unpacked
from geodata.columns import columns_told, find_columns, row_number
from geodata.densify import densified
from geodata.diagnose import AsSaid
from geodata.errors import DataError, StudyError
from geodata.findings import Finding, finding
from geodata.placeless import nulled
from geodata.readers.crs_files import named_file
from geodata.systems import WGS84, crs_of, moved, on_earth, same_datum

Floats = npt.NDArray[np.float64]
PLACES = ("lon", "lat", "x", "y", "latlon", "wkt")
"""Fields of a table that say where a row lies."""

NOTHING_SAID = AsSaid()


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """A table with places in the ``system`` they are read in; None where nothing says it.

    ``said`` is how the numbers were read, whether told or found; ``given`` whether the system
    was told at all, by the file or by the study file; ``findings`` are notes on what was
    decided. Geometry of ``table`` has x east and y north.
    """

    table: gpd.GeoDataFrame
    system: pyproj.CRS | None
    said: AsSaid
    given: bool = True
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def written(self) -> Floats:
        """The numbers (n × 2) as they stand in the file, first and second; NaN for no place."""
        points = centroids(self.table.geometry)
        points = points / (1000.0 if self.said.xy_unit == "km" else 1.0)
        return points[:, ::-1] if self.said.swap_xy else points

    def brought_to(self, crs: pyproj.CRS) -> gpd.GeoDataFrame:
        """The table in another system, by `brought`.

        Raises geopandas' `ValueError` where its own system is not known.
        """
        if self.system is None:
            return self.table.to_crs(crs)
        return self.table.set_geometry(brought(densified(self.table.geometry, crs), crs))


def brought(shapes: gpd.GeoSeries, crs: pyproj.CRS) -> gpd.GeoSeries:
    """Shapes in another system, by way of WGS 84 where the two stand on two datums.

    Raises `DataError` where no way leads from the one to the other.
    """
    try:
        if same_datum(shapes.crs, crs):
            return to_system(shapes, crs)
        return to_system(to_system(shapes, WGS84), crs)
    except ProjError as error:
        raise DataError(
            "from the coordinate system {found} no way leads to {wanted}; set crs = … to the one "
            "the file is in",
            found=shapes.crs.name,
            wanted=crs.name,
        ) from error


def centroids(geometry: gpd.GeoSeries) -> Floats:
    """Centres (n × 2) of geometries, NaN for what has none."""
    centres = shapely.centroid(geometry.to_numpy())
    there = ~(shapely.is_missing(centres) | shapely.is_empty(centres))
    out = np.full((len(centres), 2), np.nan)
    out[there] = shapely.get_coordinates(centres[there])
    return out


def system_of(told: str) -> pyproj.CRS:
    """A system that a study file names for a file. Raises `StudyError` for what is none."""
    if named_file(told):
        raise StudyError(
            "crs is {found}, which names a file; for Nghệ An write EPSG:9208", found=repr(told)
        )
    try:
        crs = pyproj.CRS.from_user_input(told)
    except CRSError as error:
        raise StudyError(
            "crs is {found}, which is no coordinate system; for Nghệ An write EPSG:9208",
            found=repr(told),
        ) from error
    if not on_earth(crs):
        raise StudyError(
            "crs is {found}, which is no place on Earth; for Nghệ An write EPSG:9208",
            found=repr(told),
        )
    return crs


def place(
    raw: pd.DataFrame,
    crs: pyproj.CRS,
    *,
    file: str,
    columns: Mapping[str, str] | None = None,
    said: AsSaid = NOTHING_SAID,
) -> Placement:
    """The places of a table, in the system that the study file or the file itself says.

    Where geometry is missing they come from columns, in this order: ``lon`` and ``lat``,
    ``x`` and ``y``, ``wkt``, ``latlon`` (both in one cell). Degrees are WGS 84 and metres
    the study's ``crs`` where nothing is said. Which of X and Y is the northing is told by
    where the place then lies, since Vietnamese practice calls it X. Raises `DataError` where
    there is none of them.
    """
    told = system_of(said.crs) if said.crs is not None else None
    if isinstance(raw, gpd.GeoDataFrame):
        return _from_geometry(raw, told or raw.crs, said)
    found = find_columns(raw.columns, PLACES, given=columns, file=file)
    pair = _columns_of(found, told)
    if pair is not None:
        return _Columns(raw=raw, names=pair, file=file, study=crs, told=told, said=said).placed()
    shapes = _shapes(raw[found["wkt"]], file) if "wkt" in found else None
    if shapes is not None:
        return _from_text(raw, shapes, crs, told, said)
    if "latlon" in found and _holds_pairs(raw[found["latlon"]]):
        return _from_one_column(raw, found["latlon"], crs, told, said, file)
    raise DataError(
        "{file} has no geometry and no coordinate columns; expected lon and lat, or x and y "
        "(found {names})",
        file=file,
        names=columns_told(raw.columns),
    )


def _from_geometry(
    raw: gpd.GeoDataFrame, system: pyproj.CRS | None, said: AsSaid, *, given: bool = True
) -> Placement:
    """Geometry as it stands, or turned and scaled as the study file says."""
    shapes = raw.geometry  # geopandas makes it anew each time it is asked for
    there = nulled(shapes)
    if there is not shapes:
        raw = raw.set_geometry(there)
    same = raw.crs is None or raw.crs == system
    table = raw if same else raw.set_crs(system, allow_override=True)
    scale = 1000.0 if said.xy_unit == "km" else 1.0
    if said.swap_xy or scale != 1.0:
        order = [1, 0] if said.swap_xy else [0, 1]
        turned = shapely.transform(
            shapely.force_2d(there.to_numpy()), lambda at: at[:, order] * scale
        )
        table = table.set_geometry(gpd.GeoSeries(turned, index=raw.index, crs=table.crs))
    known = system if on_earth(system) else None
    if known is not None and table.crs is None:
        table = table.set_crs(known)
    return Placement(
        table=table,
        system=known,
        said=replace(said, swap_xy=bool(said.swap_xy)),
        given=given and known is not None,
    )


def _columns_of(found: Mapping[str, str], told: pyproj.CRS | None) -> tuple[str, str, str] | None:
    """Which two columns hold the places, and their kind, "lonlat" or "xy"; None for neither."""
    lonlat = ("lonlat", found.get("lon", ""), found.get("lat", ""))
    xy = ("xy", found.get("x", ""), found.get("y", ""))
    order = (xy, lonlat) if told is not None and told.is_projected else (lonlat, xy)
    return next((pair for pair in order if pair[1] and pair[2]), None)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Columns:
    """Two columns on their way to become points: ``names`` are their kind and their names."""

    raw: pd.DataFrame
    names: tuple[str, str, str]
    file: str
    study: pyproj.CRS
    told: pyproj.CRS | None
    said: AsSaid

    def placed(self) -> Placement:
        """The points, in the system told, in WGS 84 for degrees, else in the study's."""
        kind, *names = self.names
        return _points(self, kind, self._coordinates([self.raw[n] for n in names], names))

    def _coordinates(self, columns: list[pd.Series], names: list[str]) -> list[Coordinate]:
        sign = thousands_of(columns)
        read = [
            coordinate(column, field=name, file=self.file, thousands=sign)
            for column, name in zip(columns, names, strict=True)
        ]
        return _unpacked(_nowhere_at_zero(read))


def _nowhere_at_zero(read: list[Coordinate]) -> list[Coordinate]:
    """The columns without rows that are 0 in both: what programs write for a place not known."""
    zero = (read[0].values == 0) & (read[1].values == 0)
    return [replace(one, values=one.values.mask(zero)) for one in read] if zero.any() else read


def _unpacked(read: list[Coordinate]) -> list[Coordinate]:
    """Degrees out of 184024.5 and 1054117.0, where both columns wholly are of that shape."""
    if any(c.angles or c.axis for c in read) or min(_largest(c) for c in read) < 10_000:
        return read
    for limits in ((180.0, 90.0), (90.0, 180.0)):
        both = [unpacked(c.values, most=most) for c, most in zip(read, limits, strict=True)]
        if both[0] is not None and both[1] is not None:
            return [Coordinate(values=v, angles=True, packed=True) for v in both if v is not None]
    return read


def _largest(column: Coordinate) -> float:
    known = column.values.dropna().abs()
    return float(known.max()) if len(known) else 0.0


def _points(asked: _Columns, kind: str, read: list[Coordinate]) -> Placement:
    """Points of two columns, once it is settled which of them is the easting."""
    degrees = max(_largest(c) for c in read) <= 360 or any(c.angles for c in read)
    assumed = crs_of(WGS84) if degrees else asked.study
    system = (
        asked.told
        if asked.told is not None and not (degrees and asked.told.is_projected)
        else assumed
    )
    swap = _swapped(read, kind, system, asked.said)
    east, north = (c.values for c in (reversed(read) if swap else read))
    scale = 1000.0 if asked.said.xy_unit == "km" else 1.0
    points = gpd.points_from_xy(east * scale, north * scale, crs=system)
    known = (east.notna() & north.notna()).to_numpy()
    shapes = gpd.GeoSeries(points, index=asked.raw.index).where(known, None)
    return Placement(
        table=gpd.GeoDataFrame(asked.raw, geometry=shapes, crs=system),
        system=system,
        said=replace(asked.said, swap_xy=swap),
        given=asked.told is not None or (degrees and kind == "lonlat"),
        findings=tuple(_notes(asked, kind, read, degrees=degrees, swap=swap)),
    )


def _swapped(read: list[Coordinate], kind: str, system: pyproj.CRS, said: AsSaid) -> bool:
    """Whether the first column is the northing.

    Its letters tell it, else the study file, its name, or where the places then lie.
    """
    first, second = (c.axis for c in read)
    if first or second:
        return first == "north" or second == "east"
    if said.swap_xy is not None:
        return said.swap_xy
    if kind == "lonlat":
        return False
    x, y = (float(np.nanmedian(c.values)) if c.values.notna().any() else 0.0 for c in read)
    straight, turned = _in_area((x, y), system), _in_area((y, x), system)
    if straight != turned:
        return turned
    # in Vietnam a longitude, over 100, is the greater of two; in metres the northing is
    return x < y if system.is_geographic else x > y


def _in_area(point: tuple[float, float], system: pyproj.CRS) -> bool:
    """Whether a point lies where its system is made for; False where the system does not say."""
    area = system.area_of_use
    if area is None or (area.west, area.south, area.east, area.north) == (-180, -90, 180, 90):
        return False
    lon, lat = moved(np.array([point]), system, crs_of(WGS84))[0]
    return bool(area.west - 2 <= lon <= area.east + 2 and area.south - 2 <= lat <= area.north + 2)


def _notes(
    asked: _Columns, kind: str, read: list[Coordinate], *, degrees: bool, swap: bool
) -> Iterator[Finding]:
    """What was decided about two columns and somebody may want to know."""
    _, first, second = asked.names
    if any(c.packed for c in read):
        yield finding(
            "angles-packed",
            "note",
            "{file}: {first} and {second} are read as degrees, minutes and seconds written "
            "together (184024.5 is 18°40′24.5″)",
            file=asked.file,
            first=first,
            second=second,
        )
    if kind == "xy" and swap and asked.said.swap_xy is None:
        yield finding(
            "xy-northing-first",
            "note",
            "{file}: {first} is read as the northing and {second} as the easting, by where the "
            "places then lie",
            file=asked.file,
            first=first,
            second=second,
        )
    if asked.told is None and not degrees:
        yield finding(
            "crs-assumed",
            "note",
            "{file}: {first} and {second} are read as metres in the study's system, {crs}, as "
            "the file names none",
            file=asked.file,
            first=first,
            second=second,
            crs=asked.study.to_string(),
        )


def _holds_pairs(column: pd.Series) -> bool:
    """Whether the first cell with anything in it holds two coordinates: "vị trí" may be words."""
    filled = column[[not says_nothing(str(cell)) for cell in column.fillna("-")]]
    try:
        first, _ = split_pair(filled[:1], field="", file="")
    except DataError:
        return False
    return bool(first.notna().any())


def _from_one_column(
    raw: pd.DataFrame,
    name: str,
    crs: pyproj.CRS,
    told: pyproj.CRS | None,
    said: AsSaid,
    file: str,
) -> Placement:
    """Points out of one column of "18.6734, 105.6882": which comes first is told by size."""
    first, second = split_pair(raw[name], field=name, file=file)
    beside = pd.DataFrame({"1": first, "2": second}, index=raw.index)
    asked = _Columns(raw=beside, names=("xy", "1", "2"), file=file, study=crs, told=told, said=said)
    placed = asked.placed()
    table = gpd.GeoDataFrame(raw, geometry=placed.table.geometry, crs=placed.system)
    return replace(placed, table=table, findings=())


def _shapes(column: pd.Series, file: str) -> tuple[gpd.GeoSeries, pyproj.CRS | None] | None:
    """Geometries out of WKT (with or without SRID) or hexadecimal WKB; None where it is none."""
    told = [None if pd.isna(cell) else str(cell).strip() or None for cell in column]
    cells = [None if cell is None or says_nothing(cell) else cell for cell in told]
    bare = [cell and cell.partition(";")[2] if _has_srid(cell) else cell for cell in cells]
    srids = {int(cell[5:].partition(";")[0]) for cell in cells if cell and _has_srid(cell)}
    first = next((cell for cell in bare if cell), "")
    try:
        if first[:2] in ("00", "01"):
            shapes = shapely.from_wkb(np.array(bare, dtype=object))
            srids |= set(shapely.get_srid(shapes).tolist()) - {0, -1}
        else:
            shapes = shapely.from_wkt(np.array(bare, dtype=object))
        known = [crs_of(f"EPSG:{srid}") for srid in srids]
    except (shapely.errors.ShapelyError, CRSError, ValueError, TypeError):
        _require_shapes(bare, column.index, file)
        return None
    if not first or len(known) > 1:
        return None
    return gpd.GeoSeries(shapes, index=column.index), known[0] if known else None


def _require_shapes(cells: Sequence[str | None], index: pd.Index, file: str) -> None:
    """Raise `DataError` with the first cell that is no shape, where most of them are some."""
    filled = [(at, cell) for at, cell in enumerate(cells) if cell]
    read = shapely.from_wkt([cell for _, cell in filled], on_invalid="ignore")
    bad = np.flatnonzero(shapely.is_missing(read))
    if len(bad) and 2 * len(bad) < len(filled):
        raise DataError(
            "{file}, row {row}: the shape is not one: a ring is not closed or has too few "
            "corners, or its text is cut ({count} rows are so); draw it again",
            file=file,
            row=row_number(index, filled[int(bad[0])][0]),
            count=len(bad),
        )


def _has_srid(cell: str | None) -> bool:
    head = (cell or "").partition(";")[0].upper()
    return head.startswith("SRID=") and head[5:].isdigit()


def _from_text(
    raw: pd.DataFrame,
    found: tuple[gpd.GeoSeries, pyproj.CRS | None],
    crs: pyproj.CRS,
    told: pyproj.CRS | None,
    said: AsSaid,
) -> Placement:
    shapes, own = found
    bounds = np.abs(shapes.total_bounds)
    degrees = bool(np.nanmax(bounds) <= 360) if np.isfinite(bounds).any() else True
    system = told or own or (crs_of(WGS84) if degrees else crs)
    table = gpd.GeoDataFrame(raw, geometry=shapes.to_numpy(), crs=system)
    return _from_geometry(table, system, said, given=told is not None or own is not None)

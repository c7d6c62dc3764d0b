"""Reading any table the field sends, by its content and not by its ending."""

from __future__ import annotations

import csv
import glob
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import python_calamine
import shapely
from pyarrow import parquet
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError

from geodata.errors import (
    CallError,
    DataError,
    GeodataError,
    MissingFileError,
    UnreadableError,
)
from geodata.findings import Finding
from geodata.sheets import csv_table, excel_table

MAP_STARTS: tuple[tuple[bytes, str], ...] = (
    (rb"SQLite format 3\x00", ".gpkg"),
    (rb"\x00\x00\x27\x0a", ".shp"),
    (rb"fgb\x03", ".fgb"),
    (rb"(?i)!table\s", ".tab"),
    (rb"(?i)version\s+\d", ".mif"),
)
"""How map files begin, and the ending under which GDAL knows them."""

BESIDE = (".shx", ".dbf", ".prj", ".cpg", ".dat", ".map", ".id", ".ind", ".mid")
"""Endings of the files that belong to a Shapefile, a TAB or a MIF."""

LONLAT = "OGC:CRS84"
"""What GeoParquet 1.1 means by no "crs" key; null means unknown."""

COMPANIONS = {".shp": (".shx",), ".mif": (".mid",)}
"""Those of them without which nothing can be read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A file read: its table, and what was found while it was read."""

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def read_table(
    path: Path | str, *, layer: str | None = None, crs: str | None = None
) -> pd.DataFrame:
    """The table of `read`, without what was found."""
    return read(path, layer=layer, crs=crs).table


def read(path: Path | str, *, layer: str | None = None, crs: str | None = None) -> Reading:
    """A file as a table: a GeoDataFrame where it has geometry, else a DataFrame.

    Reads GeoPackage, Shapefile (zipped or not), GeoJSON, FlatGeobuf, KML and KMZ, MapInfo
    TAB and MIF, GeoParquet, CSV and Excel. ``layer`` names one layer (or sheet) of several,
    ``crs`` the system of a file that does not say its own, or says a wrong one. Cells of CSV
    files are text; what columns mean is found later. The index ``row`` counts as people do:
    from 1 in map files, as the spreadsheet does in CSV and Excel. Raises `MissingFileError`,
    `UnreadableError` for what is none of these, `CallError` for a choice of layers, and
    `DataError` for an empty table or one without place or coordinate system.
    """
    path = Path(path)
    if not path.exists():
        raise MissingFileError("{file} is not there; check the path", file=str(path))
    if path.is_dir():
        raise UnreadableError("{file} is a folder; name the file in it", file=str(path))
    kind = recognise(path)
    with _refused(path):
        if kind == "csv":
            return Reading(table=csv_table(path))
        if kind == "excel":
            return Reading(table=excel_table(path, layer))
        table = _read_parquet(path) if kind == "parquet" else _read_map(path, kind, layer)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    placed = kind != "parquet" or isinstance(table, gpd.GeoDataFrame)
    return Reading(table=_checked(table, path, crs) if placed else table)


def recognise(path: Path) -> str:
    """What a file is, from its first bytes: "csv", "excel", "parquet" or a map file's ending.

    Raises `UnreadableError` for what we do not read.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
    except OSError as error:
        raise UnreadableError(
            "{file} cannot be opened: {reason}", file=path.name, reason=str(error.strerror)
        ) from error
    if not head:
        raise UnreadableError("{file} is empty (0 bytes); send it again", file=path.name)
    for start, ending in MAP_STARTS:
        if re.match(start, head):
            return ending
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return _inside_zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):  # the binary Excel of before 2007
        return "excel"
    return _text_kind(path, head)


def _text_kind(path: Path, head: bytes) -> str:
    """GeoJSON, KML or CSV. Other XML may name further files and addresses: it is not opened."""
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if wide else "utf-8-sig", errors="ignore").lstrip()
    if text.startswith("{"):
        return ".geojson"
    if text.startswith("<") and re.search(r"<(\w+:)?kml\b", text):
        return ".kml"
    binary = b"\x00" in head and not wide
    if text.startswith("<") or binary or head.startswith(b"%PDF"):
        raise UnreadableError(
            "{file} is not a table or a map layer we read; expected GeoPackage, Shapefile, "
            "GeoJSON, FlatGeobuf, KML, MapInfo, GeoParquet, CSV or Excel",
            file=path.name,
        )
    return "csv"


def _inside_zip(path: Path) -> str:
    """What a zip holds: a workbook, a KMZ's document or a Shapefile."""
    with _refused(path), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.startswith("xl/") for name in names):
        return "excel"
    found = [name for name in names if name.lower().endswith((".kml", ".shp"))]
    if len(found) != 1:
        raise UnreadableError(
            "{file} is an archive of {count} map files; unpack it and name one",
            file=path.name,
            count=len(found),
        )
    return "zip:" + found[0]


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Say in one sentence what a library says in a traceback."""
    try:
        yield
    except GeodataError:
        raise
    except (
        OSError,  # what Arrow says of corrupt pages
        NotImplementedError,  # what zipfile says of versions to come
        DataSourceError,
        DataLayerError,
        FieldError,
        GeometryError,
        pa.ArrowException,
        shapely.errors.ShapelyError,
        python_calamine.CalamineError,
        CRSError,
        UnicodeError,
        csv.Error,
        json.JSONDecodeError,
        zipfile.BadZipFile,
    ) as error:
        reason = " ".join(str(error).split())[:200].replace(str(path), path.name)
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=path.name,
            reason=reason,
        ) from error


@contextmanager
def _known_to_gdal(path: Path, kind: str) -> Iterator[str]:
    """An address under which GDAL takes a file for what it is, whatever its ending.

    A file under a wrong ending is copied, with those beside it, to a passing folder.
    """
    if kind.startswith("zip:"):
        yield f"/vsizip/{{{path.resolve()}}}/{kind.removeprefix('zip:')}"
        return
    beside = _beside(path)
    for needed in COMPANIONS.get(kind, ()):
        if needed not in beside:
            raise UnreadableError(
                "{file} came without the {missing} file that belongs to it; send all files of "
                "that name together",
                file=path.name,
                missing=needed,
            )
    if path.suffix.lower() in (kind, ".json" if kind == ".geojson" else kind):
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / (path.stem + kind)
        shutil.copyfile(path, named)
        for ending, other in beside.items():
            shutil.copyfile(other, named.with_suffix(ending))
        yield str(named)


def _beside(path: Path) -> dict[str, Path]:
    """The files of the same name that belong to a map file, by their endings."""
    named = path.parent.glob(f"{glob.escape(path.stem)}.*")
    return {p.suffix.lower(): p for p in named if p != path and p.suffix.lower() in BESIDE}


def _read_map(path: Path, kind: str, layer: str | None) -> pd.DataFrame:
    with _known_to_gdal(path, kind) as address:
        chosen = _chosen(pyogrio.list_layers(address), path, layer)
        table: pd.DataFrame = pyogrio.read_dataframe(address, layer=chosen)
        return table


def _chosen(layers: list[tuple[str, str | None]], path: Path, layer: str | None) -> str:
    """The layer asked for, or the only one that has geometry (QGIS keeps its styles beside)."""
    names = [str(name) for name, _ in layers]
    placed = [str(name) for name, kind in layers if kind is not None] or names
    if layer is not None and layer not in names:
        raise CallError(
            "{file} has no layer {layer}; it has {names}",
            file=path.name,
            layer=layer,
            names=", ".join(names),
        )
    if layer is None and len(placed) != 1:
        raise CallError(
            "{file} has {count} layers ({names}); say which with layer = …",
            file=path.name,
            count=len(placed),
            names=", ".join(placed[:8]),
        )
    return layer or placed[0]


def _read_parquet(path: Path) -> pd.DataFrame:
    """GeoParquet, through Arrow: several times faster than by way of geopandas."""
    found = parquet.read_table(path)
    meta = json.loads((found.schema.metadata or {}).get(b"geo", b"null"))
    kept = [name for name in found.column_names if not name.startswith("__index_level_")]
    table: pd.DataFrame = found.select(kept).to_pandas(ignore_metadata=True)
    if not meta:
        return table
    try:
        encodings = {name: column["encoding"] for name, column in meta["columns"].items()}
        systems = {name: column.get("crs", LONLAT) for name, column in meta["columns"].items()}
        primary = meta["primary_column"]
        geometry = {name: table[name].to_numpy() for name in (primary, *encodings)}
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=path.name,
            reason=f"its geo metadata is not GeoParquet's ({error!r:.60})",
        ) from error
    for name, wkb in geometry.items():
        if encodings[name] != "WKB":
            raise UnreadableError(
                "{file} keeps its geometry as {found}; save it as GeoParquet with WKB geometry",
                file=path.name,
                found=str(encodings[name]),
            )
        crs = CRS.from_user_input(systems[name]) if systems[name] else None
        table[name] = gpd.GeoSeries.from_wkb(wkb, index=table.index, crs=crs)
    placed: pd.DataFrame = gpd.GeoDataFrame(table, geometry=primary)
    return placed


def _checked(table: pd.DataFrame, path: Path, crs: str | None) -> gpd.GeoDataFrame:
    """A layer with rows, some geometry and a coordinate system."""
    if table.empty:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    if (
        not isinstance(table, gpd.GeoDataFrame)
        or (table.geometry.isna() | table.geometry.is_empty).all()
    ):
        raise DataError(
            "{file} has no geometry; give a layer of points or polygons", file=path.name
        )
    if crs is not None:
        with _refused(path):
            table.set_crs(crs, allow_override=True, inplace=True)
    if table.crs is None:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "set crs = … in the study file once you know it",
            file=path.name,
        )
    return table

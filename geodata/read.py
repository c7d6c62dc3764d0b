"""Reading any table the field sends, by its content and not by its ending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import parquet
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from geodata.box_checks import corner_findings, declared_box_findings
from geodata.coded import decoded
from geodata.columns import row_number
from geodata.containers import (
    Part,
    chosen,
    is_looked_through,
    known_to_gdal,
    looked_through,
    opened,
)
from geodata.csv_checks import csv_findings
from geodata.encodings import Told, mended
from geodata.errors import DataError, UnreadableError, phrase
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.json_checks import json_findings
from geodata.parts import parts_of
from geodata.readers.cells import ERRORS
from geodata.readers.crs_files import parse_crs, require_plain_crs
from geodata.readers.geo_metadata import LONLAT, covering_columns, covering_of, geo_metadata
from geodata.readers.geodatabase_rows import codes_in
from geodata.readers.geojson_forms import require_whole_json
from geodata.readers.geopackage_rows import codes_of
from geodata.readers.kml_structure import structure_of
from geodata.readers.mapinfo_parts import cut_short, is_of_other_length, mid_rows, unequal
from geodata.readers.parquet_ranges import (
    require_covering,
    require_declared_box,
    require_declared_ranges,
)
from geodata.readers.parquet_shapes import untold_shapes
from geodata.refusal import refused
from geodata.shapefile_checks import shapefile_findings
from geodata.sheets import csv_table, excel_table

ITEMS = "GDB_Items"
"""The table of a file geodatabase that describes its layers and domains."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A file read: its table, and what was found while it was read."""

    table: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def read_table(
    path: Path | str,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: Told | None = None,
    unplaced: bool = False,
) -> pd.DataFrame:
    """The table of `read`, without what was found."""
    return read(path, layer=layer, crs=crs, encoding=encoding, unplaced=unplaced).table


def read(
    path: Path | str,
    *,
    layer: str | None = None,
    crs: str | None = None,
    encoding: Told | None = None,
    unplaced: bool = False,
) -> Reading:
    """A file as a table: a GeoDataFrame where it has geometry, else a DataFrame.

    Reads GeoPackage, Shapefile, GeoJSON, FlatGeobuf, KML, MapInfo TAB and MIF, ESRI file
    geodatabases, GeoParquet, CSV and Excel, and any of them in a ZIP, a KMZ, a gzip or a
    folder. ``layer`` names one layer (or sheet, or file of an archive) of several,
    ``crs`` the system of a file that does not say its own, or says a wrong one, ``encoding``
    what its text is in where that is not seen (see `geodata.encodings.mended`); ``unplaced``
    takes a file without a system as it is, for `geodata.coordinates` to tell. Cells of CSV
    files are text; what columns mean is found later. The index ``row`` counts as people do:
    from 1 in map files, as the spreadsheet does in CSV and Excel. Raises `MissingFileError`,
    `UnreadableError` for what is none of these, `CallError` for a choice of layers, and
    `DataError` for an empty table or one without place or coordinate system.
    """
    path = Path(path)
    with opened(path) as parts:
        part = chosen(parts, layer, file=path.name)
        return read_part(part, crs=crs, encoding=encoding, unplaced=unplaced)


def read_part(
    part: Part,
    *,
    crs: str | None = None,
    encoding: Told | None = None,
    unplaced: bool = False,
) -> Reading:
    """One part of an opened file as a table; see `read`."""
    if part.is_raster:
        raise UnreadableError(
            "{file} is a raster of cells, and a table or a map layer was expected here",
            file=part.name,
        )
    path, kind = part.path, part.kind
    with refused(path):
        if kind == "csv":
            return _csv(part, encoding)
        if kind == "excel":
            reading = _mended(excel_table(path, part.layer), part.name, encoding)
            return replace(
                reading, findings=(*reading.findings, *_error_cells(reading.table, part.name))
            )
        table = _read_parquet(part) if kind == "parquet" else _read_map(part)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    placed = kind != "parquet" or isinstance(table, gpd.GeoDataFrame)
    checked = _checked(table, path, crs, unplaced=unplaced) if placed else table
    reading = _mended(checked, part.name, encoding)
    with refused(path):
        table, coded = decoded(reading.table, _codes(part), file=part.name)
    found = (
        *looked_through(part, lambda: _contradictions(part, checked)),
        *_left_out(part),
        *reading.findings,
        *coded,
    )
    return Reading(table=table, findings=found)


def _contradictions(part: Part, table: pd.DataFrame) -> tuple[Finding, ...]:
    """What a file says twice, and not alike."""
    return (
        *corner_findings(table, part.name),
        *_incomplete(part, table),
        *declared_box_findings(part, table),
    )


def _mended(table: pd.DataFrame, name: str, encoding: Told | None) -> Reading:
    """The table with its text in Unicode, and what was found about it."""
    table, findings = mended(table, file=name, encoding=encoding)
    return Reading(table=table, findings=findings)


def _csv(part: Part, encoding: Told | None) -> Reading:
    """A CSV; where it is neither Unicode nor seen to be Vietnamese, a warning says so."""
    read = csv_table(part.path)
    reading = _mended(read.table, part.name, encoding)
    flaws = csv_findings(read, name=part.name)
    reading = replace(reading, findings=(*reading.findings, *flaws))
    if read.is_unicode or encoding is not None or len(reading.findings) > len(flaws):
        return reading
    doubt = finding(
        "encoding-doubt",
        "warning",
        "{file} is not Unicode text and was read as Windows-1252; if its letters are wrong, save "
        "it as CSV UTF-8 or say encoding = … in its entry of the study file",
        file=part.name,
    )
    return replace(reading, findings=(doubt, *flaws))


def _error_cells(table: pd.DataFrame, name: str) -> tuple[Finding, ...]:
    """A warning about cells that show an error of the spreadsheet in place of a value."""
    shown = table.isin(ERRORS.values()).to_numpy()
    if not shown.any():
        return ()
    at, column = (int(k) for k in np.argwhere(shown)[0])
    rows = np.flatnonzero(shown.any(axis=1))
    told = finding(
        "error-cells",
        "warning",
        "{file}: {count} cells show an error of the spreadsheet (first: {found} in row {row}, "
        "column {column}); correct them there",
        file=name,
        count=int(shown.sum()),
        found=str(table.iat[at, column]),
        row=row_number(table.index, at),
        column=str(table.columns[column]),
    )
    numbers = tuple(row_number(table.index, int(k)) for k in rows[:ROWS_KEPT])
    return (replace(told, rows=numbers, count=len(rows)),)


def _incomplete(part: Part, table: pd.DataFrame) -> tuple[Finding, ...]:
    """What is missing of a file that can be read all the same, and what its parts contradict."""
    if part.kind == ".geojson":
        return tuple(json_findings(part.path, name=part.name))
    if part.kind == ".tab":
        return _of_other_length(part)
    if part.kind != ".shp":
        return ()
    if ".dbf" in parts_of(part.path):
        return shapefile_findings(part.path, table, name=part.name)
    return (
        finding(
            "no-attributes",
            "warning",
            "{file} came without the .dbf file that belongs to it, so only its shapes are read; "
            "send all files of that name together",
            file=part.name,
        ),
        *shapefile_findings(part.path, table, name=part.name),
    )


def _of_other_length(part: Part) -> tuple[Finding, ...]:
    """A warning about a MapInfo table whose rows do not fill the file they are in."""
    parts = parts_of(part.path)
    if ".dat" not in parts or not is_of_other_length(parts[".dat"]):
        return ()
    return (
        finding(
            "table-length",
            "warning",
            "{file}: its {part} is longer or shorter than its rows ask for, so it may be damaged; "
            "save the layer again",
            file=part.name,
            part=".dat",
        ),
    )


def _left_out(part: Part) -> tuple[Finding, ...]:
    """Pictures and links of a KML, which are no areas."""
    others = structure_of(part.path, name=part.name).others if part.kind == ".kml" else {}
    if not others:
        return ()
    return (
        finding(
            "pictures-left-out",
            "warning",
            "{file} also holds pictures or links ({found}), which are no shapes and were left out; "
            "if they show coverage, ask its sender for the polygons",
            file=part.name,
            found=", ".join(f"{name}: {count}" for name, count in others.items()),
        ),
    )


def _codes(part: Part) -> Mapping[str, Mapping[str, str]]:
    """The codes of a layer's columns that its file explains."""
    if part.kind == ".gpkg" and part.layer is not None:
        return codes_of(part.path, part.layer)
    if part.kind == "gdb" and part.layer is not None:
        with known_to_gdal(part.path, part.kind) as address:
            try:
                items = pyogrio.read_dataframe(
                    address, layer=ITEMS, columns=["Definition"], read_geometry=False
                )
            except (DataLayerError, DataSourceError, FieldError):
                return {}
        texts = [one for one in items.get("Definition", ()) if isinstance(one, str)]
        return codes_in(texts, part.layer)
    return {}


def _read_map(part: Part) -> pd.DataFrame:
    with known_to_gdal(part.path, part.kind) as address:
        try:
            return _decoded_map(address, part)
        except (IndexError, UnboundLocalError) as error:  # of no layer, of a broken .prj
            raise UnreadableError(
                "{file} holds no layer that can be read; open it in a GIS and save it again",
                file=part.name,
            ) from error


def _decoded_map(address: str, part: Part) -> pd.DataFrame:
    """A layer in the encoding that its file says, else byte by byte as ISO-8859-1.

    Unasked, pyogrio takes text of a MapInfo file that says nothing to be in the machine's
    encoding, and the same file would read otherwise on another machine.
    """
    said = "UTF-8" if part.kind in (".mif", ".tab") else None
    if part.kind == ".mif":
        rows, shapes = mid_rows(parts_of(part.path)[".mid"]), _count(address)
        if rows != shapes:
            raise unequal(part.name, shapes, ".mid", rows)
    try:
        table: pd.DataFrame = pyogrio.read_dataframe(address, layer=part.layer, encoding=said)
    except UnicodeDecodeError:
        table = pyogrio.read_dataframe(address, layer=part.layer, encoding="ISO-8859-1")
    except DataSourceError as error:
        if part.kind == ".geojson":
            require_whole_json(part.path, name=part.name)
        if part.kind == ".tab":  # its rows were counted: it is what the objects lie in
            raise cut_short(part.name, ".map") from error
        raise
    except shapely.errors.GEOSException:
        _require_shapes(pyogrio.raw.read(address, layer=part.layer, columns=[])[2], part.name)
        raise
    return table


def _count(address: str) -> int:
    """How many objects a MIF holds, by reading them."""
    return int(
        pyogrio.read_info(address, encoding="ISO-8859-1", force_feature_count=True)["features"]
    )


def _require_shapes(wkb: npt.NDArray[np.object_], name: str) -> None:
    """Raise `UnreadableError` with the first row whose shape GEOS does not take."""
    for at, one in enumerate(wkb):
        if one is not None and shapely.from_wkb(one, on_invalid="ignore") is None:
            raise UnreadableError(
                "{file}, row {row}: the shape is not one: a ring is not closed or has too few "
                "corners, or its bytes are damaged; draw it again",
                file=name,
                row=at + 1,
            )


def _read_parquet(part: Part) -> pd.DataFrame:
    """GeoParquet, through Arrow: several times faster than by way of geopandas."""
    path = part.path
    with parquet.ParquetFile(path) as file, _as_geoparquet(path):
        found = file.read()
        declared = file.metadata
        if not is_looked_through(part):
            require_declared_ranges(declared, found, name=path.name)
        meta = geo_metadata(file.metadata)
        boxes = covering_columns(meta) if meta else set()
        untold = None if meta else untold_shapes(found)
    if untold is not None:
        meta = {"primary_column": untold.column}
        meta["columns"] = {untold.column: {"encoding": "WKB", "crs": untold.system}}
    kept = [
        name
        for name, kind in zip(found.column_names, found.schema.types, strict=True)
        if not (name.startswith("__index_level_") or (name in boxes and pa.types.is_struct(kind)))
    ]
    table: pd.DataFrame = found.select(kept).to_pandas(ignore_metadata=True)
    if not meta:
        return table
    with _as_geoparquet(path):
        encodings = {name: column["encoding"] for name, column in meta["columns"].items()}
        systems = {name: column.get("crs", LONLAT) for name, column in meta["columns"].items()}
        primary = meta["primary_column"]
        geometry = {name: table[name].to_numpy() for name in (primary, *encodings)}
    for name, wkb in geometry.items():
        if encodings[name] != "WKB":
            raise UnreadableError(
                "{file} keeps its geometry as {found}; save it as GeoParquet with WKB geometry",
                file=path.name,
                found=str(encodings[name]),
            )
        crs = parse_crs(systems[name], name=path.name) if systems[name] else None
        try:
            shapes = gpd.GeoSeries.from_wkb(wkb, index=table.index, crs=crs).rename(name)
            about = meta["columns"].get(name)
            require_declared_box(declared, shapes, about, name=path.name)
            sides = covering_of(about) if about and boxes else None
            if sides:
                require_covering(found, sides, shapes, name=path.name)
            table[name] = shapes
        except shapely.errors.GEOSException:
            _require_shapes(wkb, path.name)
            raise
    placed: pd.DataFrame = gpd.GeoDataFrame(table, geometry=primary)
    return placed


@contextmanager
def _as_geoparquet(path: Path) -> Iterator[None]:
    """Raise `UnreadableError` where a file's metadata of its geometry is not as it should be."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=path.name,
            reason=f"its geo metadata is not GeoParquet's ({error!r:.60})",
        ) from error


def _checked(
    table: pd.DataFrame, path: Path, crs: str | None, *, unplaced: bool
) -> gpd.GeoDataFrame:
    """A layer with rows, some geometry and, unless it may go without, a coordinate system."""
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
        with refused(path):
            known = parse_crs(crs, name=path.name)
            table.set_crs(known, allow_override=True, inplace=True)
    if table.crs is not None:
        require_plain_crs(table.crs, name=path.name)
    elif not unplaced:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "{advice}",
            file=path.name,
            advice=phrase("set crs = … in the study file once you know it"),
        )
    return table

"""Reading any table the field sends, by its content and not by its ending."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import python_calamine
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError

from geodata.errors import CallError, DataError, MissingFileError, UnreadableError

Format = Literal["vector", "parquet", "excel", "csv"]

VECTOR_STARTS = (
    b"SQLite format 3\x00",  # GeoPackage
    b"\x00\x00\x27\x0a",  # Shapefile
    b"fgb\x03",  # FlatGeobuf
    b"!table",  # MapInfo TAB
    b"!Table",
    b"VERSION",  # MapInfo MIF
    b"Version",
    b"version",
)
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"


def read_table(
    path: Path | str, *, layer: str | None = None, crs: str | None = None
) -> pd.DataFrame:
    """A file as a table: a GeoDataFrame where it has geometry, else a DataFrame of text.

    Reads GeoPackage, Shapefile, GeoJSON, FlatGeobuf, KML, MapInfo TAB and MIF, GeoParquet,
    CSV and Excel. ``layer`` names one layer (or sheet) of several; ``crs`` is the coordinate
    system of a file that does not say its own, or says a wrong one. Columns of CSV and
    Excel files come as text; what they mean is found later. Raises `MissingFileError`,
    `UnreadableError` for what is none of these, `CallError` for a choice of layers, and
    `DataError` for an empty table.
    """
    path = Path(path)
    if not path.exists():
        raise MissingFileError("{file} is not there; check the path", file=str(path))
    if path.is_dir():
        raise UnreadableError("{file} is a folder; name the file in it", file=str(path))
    kind = recognise(path)
    if kind == "parquet":
        table: pd.DataFrame = _checked(_read_parquet(path), path, crs)
    elif kind == "excel":
        table = _read_excel(path, layer)
    elif kind == "csv":
        table = _read_csv(path)
    else:
        table = _checked(_read_vector(path, layer), path, crs)
    if table.empty:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    return table


def recognise(path: Path) -> Format:
    """What a file is, from its first bytes. Raises `UnreadableError` for what we do not read."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    if not head:
        raise UnreadableError("{file} is empty (0 bytes); send it again", file=path.name)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((ZIP, OLE)):
        return "excel"
    if head.startswith(VECTOR_STARTS):
        return "vector"
    text = head.decode("utf-8-sig", errors="ignore").lstrip()
    if text.startswith(("{", "<?xml", "<kml")):
        return "vector"
    if b"\x00" in head or head.startswith(b"%PDF") or path.suffix.lower() == ".shp":
        raise UnreadableError(
            "{file} is not a table or a map layer we read; expected GeoPackage, Shapefile, "
            "GeoJSON, FlatGeobuf, KML, MapInfo, GeoParquet, CSV or Excel",
            file=path.name,
        )
    return "csv"


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Say in one sentence what a library says in a traceback."""
    try:
        yield
    except (
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
        pd.errors.ParserError,
    ) as error:
        reason = " ".join(str(error).split())[:200].replace(str(path), path.name)
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=path.name,
            reason=reason,
        ) from error


def _source(path: Path) -> Path | bytes:
    """The file, or its bytes where its ending would make GDAL take it for something else."""
    misleading = path.suffix.lower() in (".csv", ".txt", ".xls", ".xlsx", ".parquet", ".pdf")
    return path.read_bytes() if misleading else path


def _read_vector(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    source = _source(path)
    with _refused(path):
        names = [str(name) for name in pyogrio.list_layers(source)[:, 0]]
        if layer is not None and layer not in names:
            raise CallError(
                "{file} has no layer {layer}; it has {names}",
                file=path.name,
                layer=layer,
                names=", ".join(names),
            )
        if layer is None and len(names) > 1:
            raise CallError(
                "{file} has {count} layers ({names}); say which with layer = …",
                file=path.name,
                count=len(names),
                names=", ".join(names[:8]),
            )
        table = pyogrio.read_dataframe(source, layer=layer or names[0])
    if not isinstance(table, gpd.GeoDataFrame):
        raise DataError(
            "{file} has no geometry; give a layer of points or polygons", file=path.name
        )
    return table


def _read_parquet(path: Path) -> gpd.GeoDataFrame:
    """GeoParquet, through Arrow: several times faster than by way of geopandas."""
    with _refused(path):
        found = pq.read_table(path)
        meta = json.loads((found.schema.metadata or {}).get(b"geo", b"null"))
        if not meta:
            raise DataError(
                "{file} has no geometry; give a layer of points or polygons", file=path.name
            )
        table = found.to_pandas()
        for name, column in meta["columns"].items():
            # GeoParquet 1.1: no "crs" key means longitude and latitude, null means unknown
            told = column.get("crs", "OGC:CRS84")
            crs = CRS.from_user_input(told) if told else None
            table[name] = gpd.GeoSeries.from_wkb(table[name].to_numpy(), index=table.index, crs=crs)
    return gpd.GeoDataFrame(table, geometry=meta["primary_column"])


def _checked(table: gpd.GeoDataFrame, path: Path, crs: str | None) -> gpd.GeoDataFrame:
    """A layer with rows, some geometry and a coordinate system."""
    if table.empty:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    if (table.geometry.isna() | table.geometry.is_empty).all():
        raise DataError(
            "{file} has no geometry; give a layer of points or polygons", file=path.name
        )
    if crs is not None:
        with _refused(path):
            return table.set_crs(crs, allow_override=True)
    if table.crs is None:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "set crs = … in the study file once you know it",
            file=path.name,
        )
    return table


def _read_excel(path: Path, sheet: str | None) -> pd.DataFrame:
    with _refused(path):
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        if sheet is not None and sheet not in book.sheet_names:
            raise CallError(
                "{file} has no layer {layer}; it has {names}",
                file=path.name,
                layer=sheet,
                names=", ".join(book.sheet_names),
            )
        rows = book.get_sheet_by_name(sheet or book.sheet_names[0]).to_python()
    return _headed([[_text(cell) for cell in row] for row in rows], path)


def _text(cell: object) -> str:
    """A cell as people would write it: whole numbers without a decimal point."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _read_csv(path: Path) -> pd.DataFrame:
    with _refused(path):
        text = path.read_text(encoding="utf-8-sig")
        try:
            dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
        except csv.Error:
            dialect = "excel"
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), dialect)]
    return _headed(rows, path)


def _headed(rows: list[list[str]], path: Path) -> pd.DataFrame:
    """The table under the header: the fullest of the first rows that is all text."""
    rows = [row for row in rows if any(row)]
    if not rows:
        raise DataError("{file} holds no rows; a table with at least one is needed", file=path.name)
    width = max(len(row) for row in rows)
    wordy = [sum(bool(c) and not _is_number(c) for c in row) for row in rows[:20]]
    at = wordy.index(max(wordy))
    names = [cell or f"column {k + 1}" for k, cell in enumerate(rows[at])]
    names += [f"column {k + 1}" for k in range(len(names), width)]
    body = [row + [""] * (width - len(row)) for row in rows[at + 1 :]]
    table = pd.DataFrame(body, columns=pd.Index(names, dtype="str"), dtype="str")
    return table.replace("", pd.NA)


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace(",", "").replace("-", "").isdigit()

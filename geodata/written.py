"""Tables written so that a full disk is noticed: made in memory, or read back row by row.

GDAL's drivers do not tell when the disk refuses what they write last. What can be made in memory
is, and its bytes are written by us; of formats of several files every cell is read back.
"""

from __future__ import annotations

import glob
import io
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyogrio.raw
import shapely

from geodata.flushing import flush, flush_files
from geodata.geoparquet import geoparquet_bytes

if TYPE_CHECKING:
    import xlsxwriter

SEVERAL = frozenset({"ESRI Shapefile", "MapInfo File"})
"""Drivers whose formats are several files: they write no memory that we can reach."""

_REFUSED = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    pyogrio.errors.FieldError,
    pa.ArrowException,
)
"""What pyogrio makes of a disk that refuses, while it writes or reads back."""

TEXTS: Mapping[str, object] = MappingProxyType(
    {"strings_to_formulas": False, "strings_to_urls": False}
)
"""Options of a workbook whose texts are texts, never formulas or links."""


@dataclass(frozen=True)
class _Kept:
    """What was read back: its rows, and in which of their columns the places are, as WKB."""

    rows: pa.Table
    geometry: str


def write_bytes(body: bytes, path: Path) -> None:
    """Write bytes, flush them to the disk and read them back. Raises OSError where any is lost."""
    with path.open("wb") as file:
        file.write(body)
    flush(path)
    if path.read_bytes() != body:
        raise _torn(path)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Excel reads it: UTF-8 with a byte order mark, lines of Windows."""
    text = table.to_csv(index=False, lineterminator="\r\n")
    write_bytes(text.encode("utf-8-sig"), path)


def write_parquet(table: pd.DataFrame, path: Path, *, index: bool | None = None) -> None:
    """Write a table and count its rows on the disk.

    One with places is GeoParquet that can be read region by region, its rows in Hilbert order: see
    `geoparquet_bytes`. ``index`` is that of `pandas.DataFrame.to_parquet`.
    """
    if isinstance(table, gpd.GeoDataFrame):
        body = geoparquet_bytes(table, index=index)
    else:
        made = io.BytesIO()
        table.to_parquet(made, index=index)
        body = made.getvalue()
    write_bytes(body, path)
    _require(pq.read_metadata(path).num_rows == len(table), path)


@contextmanager
def workbook(path: Path, options: Mapping[str, object] = TEXTS) -> Iterator[xlsxwriter.Workbook]:
    """A workbook to fill, written once the block has ended well."""
    import xlsxwriter  # noqa: PLC0415  # most commands write no workbook

    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {**options, "in_memory": True})
    try:
        yield book
    finally:
        book.close()
    write_bytes(made.getvalue(), path)
    _require(_is_whole_zip(path), path)


def write_map(
    table: pd.DataFrame, path: Path, *, driver: str, every_cell: bool = False, **options: Any
) -> None:
    """Write a table with its places by a driver of GDAL, and count its rows on the disk.

    Of a format of several files ``every_cell`` is compared too: all must fit its fields.
    ``options`` are those of `pyogrio.write_dataframe`. Raises OSError where any row is lost.
    """
    if driver in SEVERAL:
        kept = _write_parts(table, path, driver=driver, **options)
        whole = len(kept.rows) == len(table) and not (every_cell and _has_other_cells(table, kept))
    else:
        made = io.BytesIO()
        pyogrio.write_dataframe(table, made, driver=driver, **options)
        write_bytes(made.getvalue(), path)
        whole = driver not in _ROWS or _ROWS[driver](path) == len(table)
    _require(whole, path)


def replace_layer(table: pd.DataFrame, path: Path, *, layer: str) -> None:
    """Write a layer of a GeoPackage again, beside its others, and count its rows on the disk.

    Raises OSError where any row is lost.
    """
    try:
        pyogrio.write_dataframe(table, path, layer=layer, driver="GPKG")
        flush(path)
        rows = int(pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"])
    except _REFUSED as error:
        raise _torn(path) from error
    _require(rows == len(table), path)


def _write_parts(table: pd.DataFrame, path: Path, *, driver: str, **options: Any) -> _Kept:
    """Write the files and read them back."""
    try:
        pyogrio.write_dataframe(table, path, driver=driver, **options)
    except _REFUSED as error:
        raise _torn(path) from error
    flush_files(list(path.parent.glob(f"{glob.escape(path.stem)}.*")))
    try:
        told, rows = pyogrio.raw.read_arrow(path)
    except (*_REFUSED, OSError) as error:
        raise _torn(path) from error
    return _Kept(rows=rows, geometry=told["geometry_name"] or "wkb_geometry")


def _has_other_cells(meant: pd.DataFrame, kept: _Kept) -> bool:
    """Whether any cell or place that was read back is not what was written."""
    if meant.empty:  # a MapInfo table without rows has no places to read back
        return False
    names = [kept.geometry if name == "geometry" else name for name in meant.columns]
    if not set(names) <= set(kept.rows.column_names):
        return True
    return not all(
        _is_same_place(meant[name], kept.rows[found]) if name == "geometry"
        else _is_same_column(meant[name], kept.rows[found])
        for name, found in zip(meant.columns, names, strict=True)
    )  # fmt: skip


def _is_same_column(meant: pd.Series, kept: pa.ChunkedArray) -> bool:
    if pd.api.types.is_numeric_dtype(meant):
        return _is_same_number(meant, pd.to_numeric(kept.to_pandas(), errors="coerce"))
    try:
        return _is_same_text(pa.array(meant, pa.large_string(), from_pandas=True), kept)
    except (pa.ArrowException, UnicodeDecodeError):  # bytes that are no text
        return False


def _is_same_number(meant: pd.Series, kept: pd.Series) -> bool:
    """Whether numbers are the same; a MapInfo table has 0 where one is missing."""
    wanted, found = meant.to_numpy(float, na_value=np.nan), kept.to_numpy(float)
    found = np.where(np.isnan(wanted) & (found == 0), np.nan, found)
    return bool(np.allclose(wanted, found, equal_nan=True))


def _is_same_text(meant: pa.Array, kept: pa.ChunkedArray) -> bool:
    """Whether texts are the same, but for what such files lose: nothing is empty, outer spaces."""
    wanted = pc.fill_null(pa.chunked_array([meant]), "")
    found = pc.fill_null(kept.cast(pa.large_string()), "")
    differ = pc.not_equal(wanted, found)
    pairs = zip(wanted.filter(differ).to_pylist(), found.filter(differ).to_pylist(), strict=True)
    return all(one.strip() == other.strip() for one, other in pairs)


def _is_same_place(meant: gpd.GeoSeries, kept: pa.ChunkedArray) -> bool:
    """To a thousandth of a degree or metre: a MapInfo table keeps whole steps."""
    wanted, found = meant.to_numpy(), shapely.from_wkb(kept.to_numpy())
    there = ~(shapely.is_missing(wanted) | shapely.is_empty(wanted))
    if (shapely.is_missing(found) | shapely.is_empty(found))[there].any():
        return False
    around, kept_around = shapely.bounds(wanted[there]), shapely.bounds(found[there])
    return bool(np.allclose(around, kept_around, rtol=0, atol=1e-3))


def _times(mark: bytes, end: bytes) -> Callable[[Path], int]:
    """How often a mark stands in a file that ends as it should; -1 for one that does not."""

    def count(path: Path) -> int:
        body = path.read_bytes()
        return body.count(mark) if body[-64:].rstrip().endswith(end) else -1

    return count


def _packaged(path: Path) -> int:
    """Rows of all tables of a GeoPackage that hold features."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            told = file.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
            names = [str(name).replace('"', '""') for (name,) in told]
            counts = (file.execute(f'SELECT count(*) FROM "{name}"') for name in names)  # noqa: S608  # quoted names of the file itself
            return sum(int(row.fetchone()[0]) for row in counts)
    except sqlite3.Error:
        return -1


def _is_whole_zip(path: Path) -> bool:
    try:
        with ZipFile(path) as file:
            return "xl/workbook.xml" in file.namelist()
    except BadZipFile:
        return False


_ROWS: Mapping[str, Callable[[Path], int]] = MappingProxyType(
    {
        "GeoJSON": _times(b'{ "type": "Feature", ', b"}"),
        "KML": _times(b"<Placemark", b"</kml>"),
        "GPX": _times(b"<wpt ", b"</gpx>"),
        "GPKG": _packaged,
    }
)
"""Driver → the number of rows in a file of its format."""


def _require(is_whole: bool, path: Path) -> None:  # noqa: FBT001  # what is required
    if not is_whole:
        raise _torn(path)


def _torn(path: Path) -> OSError:
    """What was lost: the disk is asked once more, as GDAL does not say why."""
    try:
        with (path.parent / "probe").open("wb") as file:
            file.write(bytes(1 << 16))
        flush(path.parent / "probe")
    except OSError as error:
        return error
    return OSError(None, "", str(path))

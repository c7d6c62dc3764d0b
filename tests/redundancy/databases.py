"""What GeoPackage, FlatGeobuf and Parquet say twice."""

from __future__ import annotations

import re
import sqlite3
import struct
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import parquet

CLOSE = 1e-9
"""Boxes that differ by less, of a coordinate, are alike: millimetres."""


def _in_file(body: bytes, ending: str, look: Callable[[Path], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"one{ending}"
        path.write_bytes(body)
        return look(path)


def gpkg_breach(sound: bytes, damaged: bytes) -> str:
    """Pages and indexes of the database, heads and boxes of shapes."""
    if len(sound) != len(damaged):
        return "length of the file"
    found: str = _in_file(damaged, ".gpkg", _checked)
    if found:
        return found
    before, after = (_in_file(one, ".gpkg", _schema) for one in (sound, damaged))
    return "" if before == after else "tables of the database"


def _checked(path: Path) -> str:
    try:
        with closing(sqlite3.connect(path)) as base:
            if base.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                return "pages of the database"
            for table, column in base.execute(
                "SELECT table_name, column_name FROM gpkg_geometry_columns"
            ).fetchall():
                blobs = [
                    row[0]
                    for row in base.execute(f'SELECT "{column}" FROM "{table}"')
                    if row[0] is not None
                ]
                if not all(map(_blob_is_whole, blobs)):
                    return "heads and boxes of shapes"
    except (sqlite3.Error, UnicodeError):
        return "pages of the database"
    return ""


def _blob_is_whole(blob: bytes) -> bool:
    if blob[:3] != b"GP\0":
        return False
    numbers = (0, 4, 6, 6, 8, 0, 0, 0)[blob[3] >> 1 & 7]
    shape = shapely.from_wkb(blob[8 + 8 * numbers :], on_invalid="ignore")
    if shape is None:
        return False
    if not numbers:
        return True
    box = np.array(struct.unpack_from("<4d", blob, 8))[[0, 2, 1, 3]]
    return bool(np.allclose(box, shapely.bounds(shape), rtol=CLOSE, atol=0, equal_nan=True))


def _schema(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as base:
        rows: list[Any] = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            count = base.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
            rows.append(count)
        return rows


def fgb_breach(sound: bytes, damaged: bytes) -> str:
    """Head, index, lengths of features, boxes of shapes."""
    if len(sound) != len(damaged):
        return "length of the file"
    (length,) = struct.unpack_from("<I", sound, 8)
    if _without_wkt(sound, sound[: 12 + length]) != _without_wkt(sound, damaged[: 12 + length]):
        return "head of the file"
    before, after = (_in_file(one, ".fgb", _boxes) for one in (sound, damaged))
    if len(before) != len(after):
        return "features of the file"
    if np.allclose(before, after, rtol=CLOSE, atol=0, equal_nan=True):
        return ""
    is_indexed = _is_indexed(sound)
    beyond = (after[:, :2].min(axis=0) < before[:, :2].min(axis=0)).any() or (
        after[:, 2:].max(axis=0) > before[:, 2:].max(axis=0)
    ).any()
    return "shapes against their boxes" if is_indexed or beyond else ""


def _without_wkt(sound: bytes, head: bytes) -> bytes:
    """A head without the letters of its WKT, which are for people where a code stands beside."""
    found = re.search(rb"(?:PROJ|GEO)[A-Z]*\[", sound)
    if found is None:
        return head
    (size,) = struct.unpack_from("<I", sound, found.start() - 4)
    return head[: found.start()] + head[found.start() + size :]


def _is_indexed(sound: bytes) -> bool:
    """Whether the first length behind the head is none of a feature: an index stands there."""
    (length,) = struct.unpack_from("<I", sound, 8)
    at = 12 + length
    while at + 4 <= len(sound):
        at += 4 + struct.unpack_from("<I", sound, at)[0]
    return at != len(sound)


def _boxes(path: Path) -> np.ndarray:
    try:
        shapes = pyogrio.read_dataframe(path).geometry.to_numpy()
    except Exception:  # noqa: BLE001  # a damaged file
        return np.empty((0, 4))
    found: np.ndarray = shapely.bounds(shapes)
    return found


def parquet_breach(sound: bytes, damaged: bytes) -> str:
    """Footer, heads of pages, ranges of columns."""
    if len(sound) != len(damaged):
        return "length of the file"
    (footer,) = struct.unpack("<I", sound[-8:-4])
    if sound[-8 - footer :] != damaged[-8 - footer :]:
        return "footer of the file"
    return str(_in_file(damaged, ".parquet", _beyond))


def _beyond(path: Path) -> str:
    """Whether values lie beyond the ranges that the footer declares for their column."""
    file = parquet.ParquetFile(path)
    group = file.metadata.row_group(0)
    try:
        table = file.read()
    except (pa.ArrowException, OSError):
        return "pages of the file"
    for k in range(group.num_columns):
        told = group.column(k)
        if told.path_in_schema not in table.column_names:  # a part of a nested column
            continue
        values = [one for one in table[told.path_in_schema].to_pylist() if one is not None]
        if told.statistics is not None and told.statistics.has_min_max and values:
            least, most = told.statistics.min, told.statistics.max
            if min(values) < least or max(values) > most:
                return "values against the ranges of columns"
        box = told.geo_statistics
        if box is not None:
            west, south, east, north = shapely.total_bounds(
                shapely.from_wkb(np.array(values, dtype=object), on_invalid="ignore")
            )
            if west < box.xmin or east > box.xmax or south < box.ymin or north > box.ymax:
                return "shapes against their box"
    return ""

"""What GeoPackage, FlatGeobuf and Parquet say twice."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import parquet


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
    return bool(np.allclose(box, shapely.bounds(shape), rtol=1e-12, equal_nan=True))


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
    if sound[: 12 + length] != damaged[: 12 + length]:
        return "head of the file"
    before, after = (_in_file(one, ".fgb", _boxes) for one in (sound, damaged))
    if len(before) != len(after):
        return "features of the file"
    return "" if np.array_equal(before, after, equal_nan=True) else "shapes against their boxes"


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
    told: Sequence[Any] = _in_file(sound, ".parquet", _ranges)
    found: Sequence[Any] = _in_file(damaged, ".parquet", _ranges)
    return "" if told == found else "values against the ranges of columns"


def _ranges(path: Path) -> list[Any]:
    found = []
    try:
        table = parquet.read_table(path)
    except (pa.ArrowException, OSError):
        return []
    for name in table.column_names:
        values = [one for one in table[name].to_pylist() if one is not None]
        try:
            found.append((min(values), max(values), len(values)))
        except (TypeError, ValueError):
            found.append((None, None, len(values)))
    return found

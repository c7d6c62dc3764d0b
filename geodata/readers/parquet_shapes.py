"""The column of shapes in a Parquet file without GeoParquet's metadata.

Parquet's own type GEOMETRY (format 2.11, on which GeoParquet 2.0 builds) and Arrow's extension
``geoarrow.wkb`` name the coordinate system beside the column; a plain column of WKB under a
usual name names none, unless its values do (PostGIS's EWKB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet

from geodata.columns import ALIASES, plain

LONLAT = "OGC:CRS84"
"""What no "crs" means in GeoParquet and in Parquet's own types; null means unknown."""

NAMES = (*ALIASES["wkt"], "wkb", "wkb geometry", "wkb geom")
"""Names that a column of shapes goes by."""

NATIVE = ("GEOMETRY", "GEOGRAPHY")
LOOKED_AT = 100
"""So many of a column's values must be shapes before it is taken for one."""


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """A column of WKB and the system it is in, as its file writes it; None where it says none."""

    column: str
    system: object = None


def untold_shapes(file: parquet.ParquetFile, table: pa.Table) -> Shapes | None:
    """The column of shapes in a table that was read; None where there is none."""
    named = [name for name in table.column_names if plain(name) in NAMES]
    told = [name for name in table.column_names if _told(file, table.schema, name) is not None]
    for name in dict.fromkeys([*told, *named]):
        kind = table.schema.field(name).type
        if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            continue
        first = table[name].drop_null().slice(0, LOOKED_AT).to_pylist()
        shapes = shapely.from_wkb(np.array(first, dtype=object), on_invalid="ignore")
        if len(first) and not shapely.is_missing(shapes).all():
            own = _told(file, table.schema, name)
            return Shapes(column=name, system=own.get("crs") if own else _of_values(shapes))
    return None


def _told(file: parquet.ParquetFile, schema: pa.Schema, name: str) -> dict[str, object] | None:
    """What Parquet's own type or Arrow's extension says of a column; None where it has neither."""
    about = schema.field(name).metadata or {}
    for one in (file.schema.column(k) for k in range(len(file.schema))):
        if one.path == name and one.logical_type.type in NATIVE:
            told = _parsed(one.logical_type.to_json()).get("crs")
            return {"crs": _system(str(told), file) if told else LONLAT}
    if about.get(b"ARROW:extension:name") == b"geoarrow.wkb":
        return _parsed(about.get(b"ARROW:extension:metadata", b"{}"))
    return None


def _system(told: str, file: parquet.ParquetFile) -> object:
    """A system as Parquet's types name it: "srid:5070", "projjson:key of the file", or as it is."""
    kind, _, rest = told.partition(":")
    if kind == "srid" and rest.isdecimal():
        return f"EPSG:{rest}"
    if kind == "projjson":
        held = (file.schema_arrow.metadata or {}).get(rest.encode(), b"")
        return _parsed(held) or None
    return told


def _parsed(text: str | bytes) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _of_values(shapes: np.ndarray[tuple[int], np.dtype[np.object_]]) -> str | None:
    """The system that all shapes name themselves."""
    codes = set(shapely.get_srid(shapes[~shapely.is_missing(shapes)]).tolist())
    return f"EPSG:{codes.pop()}" if len(codes) == 1 and codes != {0} else None

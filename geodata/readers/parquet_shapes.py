"""The column of shapes in a Parquet file that `geodata.readers.geo_metadata` tells none of.

Arrow's extension ``geoarrow.wkb`` names the coordinate system beside the column; a plain column
of WKB under a usual name names none, unless its values do (PostGIS's EWKB).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

from geodata.columns import ALIASES, plain

NAMES = (*ALIASES["wkt"], "wkb", "wkb geometry", "wkb geom")
"""Names that a column of shapes goes by."""

LOOKED_AT = 100
"""So many of a column's values must be shapes before it is taken for one."""


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """A column of WKB and the system it is in, as its file writes it; None where it says none."""

    column: str
    system: object = None


def untold_shapes(table: pa.Table) -> Shapes | None:
    """The column of shapes in a table that was read; None where there is none."""
    named = [name for name in table.column_names if plain(name) in NAMES]
    told = [name for name in table.column_names if _told(table.schema, name) is not None]
    for name in dict.fromkeys([*told, *named]):
        kind = table.schema.field(name).type
        if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            continue
        first = table[name].drop_null().slice(0, LOOKED_AT).to_pylist()
        shapes = shapely.from_wkb(np.array(first, dtype=object), on_invalid="ignore")
        if len(first) and not shapely.is_missing(shapes).all():
            own = _told(table.schema, name)
            return Shapes(column=name, system=own.get("crs") if own else _of_values(shapes))
    return None


def _told(schema: pa.Schema, name: str) -> dict[str, object] | None:
    """What Arrow's extension says of a column; None where it has none."""
    about = schema.field(name).metadata or {}
    if about.get(b"ARROW:extension:name") != b"geoarrow.wkb":
        return None
    return _parsed(about.get(b"ARROW:extension:metadata", b"{}"))


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

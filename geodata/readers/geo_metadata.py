"""What a Parquet file says of its geometry: GeoParquet's metadata, or Parquet's own types alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyarrow import parquet

LONLAT = "OGC:CRS84"
"""What GeoParquet means by no "crs" key; null means unknown."""

SIDES = ("xmin", "ymin", "xmax", "ymax")

Metadata = Any
"""Parsed JSON of a file: anything may stand in it."""


def geo_metadata(file: parquet.FileMetaData) -> Metadata:
    """GeoParquet's metadata of a file, None for a table without geometry.

    A file of GeoParquet 2.0 may do without it and use Parquet's types GEOMETRY and GEOGRAPHY
    alone; it is then made from these. Raises `ValueError` for what is no JSON.
    """
    held = file.metadata or {}
    if b"geo" in held:
        return json.loads(held[b"geo"])
    columns = {}
    for k in range(len(file.schema)):
        column = file.schema.column(k)
        told = json.loads(column.logical_type.to_json())
        if told["Type"] in ("Geometry", "Geography"):
            columns[column.path] = {"encoding": "WKB", **_crs_of_type(told.get("crs"), held)}
    return {"primary_column": next(iter(columns)), "columns": columns} if columns else None


def _crs_of_type(told: str | None, held: Mapping[bytes, bytes]) -> dict[str, object]:
    """A type's system as GeoParquet's metadata has it: text, PROJJSON, null, or no key at all."""
    if not told:
        return {}
    scheme, _, name = told.partition(":")
    if scheme.lower() == "srid":
        return {"crs": None if name == "0" else f"EPSG:{name}"}
    if scheme.lower() == "projjson":
        return {"crs": json.loads(held[name.encode()])}
    return {"crs": json.loads(told) if told.lstrip().startswith("{") else told}


def covering_of(column: Metadata) -> tuple[str, ...] | None:
    """The columns with the sides of each row's box (see `SIDES`), None where a file has none.

    ``column``: what GeoParquet's metadata says of a geometry. A nested column is named with dots.
    """
    boxes = (column.get("covering") or {}).get("bbox")
    return tuple(".".join(boxes[side]) for side in SIDES) if boxes else None


def covering_columns(geo: Metadata) -> set[str]:
    """The columns that hold nothing but boxes of rows."""
    columns = geo["columns"].values()
    boxes = [(column.get("covering") or {}).get("bbox") or {} for column in columns]
    paths = [path for sides in boxes for path in sides.values()]
    return {path[0] for path in paths if isinstance(path, list) and len(path) > 1}

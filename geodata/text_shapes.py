"""Shapes written as text in a column of a table, as WKT or hexadecimal WKB."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from geodata.angles import says_nothing
from geodata.columns import find_columns, row_number
from geodata.errors import DataError
from geodata.systems import crs_of

PEEKED = 200
"""So many rows tell of what a column of shapes is made."""


def kind_in_text(table: pd.DataFrame) -> str:
    """What shapes written in a column are made of, as `shape_of` says it; "" where none are.

    Coordinates in columns of their own come before them, as in `geodata.placing.place`. Some
    rows are looked at.
    """
    found = find_columns(table.columns, ("lon", "lat", "x", "y", "wkt"))
    if "wkt" not in found or {"lon", "lat"} <= found.keys() or {"x", "y"} <= found.keys():
        return ""
    column = table[found["wkt"]].dropna()
    try:
        shapes = shapes_in(column[:PEEKED], "")
    except DataError:  # one of them is torn; reading says which
        return "mixed"
    return "" if shapes is None else shape_of(shapes[0])


def shape_of(shapes: gpd.GeoSeries) -> str:
    """What geometry is made of: "polygon", "line", "point", or "mixed"."""
    told = shapes.to_numpy()
    kinds = set(shapely.get_dimensions(told[~shapely.is_missing(told)]).tolist()) - {-1}
    names = {0: "point", 1: "line", 2: "polygon"}
    return names[kinds.pop()] if len(kinds) == 1 else "mixed"


def shapes_in(column: pd.Series, file: str) -> tuple[gpd.GeoSeries, pyproj.CRS | None] | None:
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

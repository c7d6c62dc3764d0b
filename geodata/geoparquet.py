"""Tables with places as GeoParquet that can be read region by region: boxes, Hilbert order."""

from __future__ import annotations

import io
import json

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import parquet

from coverage.regions import boxes_of
from geodata.readers.geo_metadata import SIDES

VERTICES_A_GROUP = 2**16
"""A row group has about as many vertices, a megabyte: a region reads all of those it meets."""

ROWS_A_GROUP = 2**14
"""A row group has no more rows."""

Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]


def hilbert_order(shapes: Shapes) -> Ints:
    """Rows in the order of the middles of their boxes along a Hilbert curve.

    Rows at one place keep their order; those without a place (missing, empty) are the last.
    """
    placed = np.flatnonzero(np.isfinite(shapely.bounds(shapes)).all(axis=1))
    along = np.full(len(shapes), np.iinfo(np.int64).max)
    if len(placed):
        along[placed] = gpd.GeoSeries(shapes[placed]).hilbert_distance().to_numpy()
    return np.argsort(along, kind="stable").astype(np.int64)


def geoparquet_bytes(table: gpd.GeoDataFrame, *, index: bool | None = None) -> bytes:
    """A table as GeoParquet 1.1 with a covering, its rows in Hilbert order, in small row groups.

    The boxes (x and y in the table's system, null for a row without a place) stand in a column
    ``bbox``, under another name where the table has one of this name; readers of GeoParquet do not
    take it for an attribute. The order of rows is lost, and with it an index that only counts them
    (a `pandas.RangeIndex` without a name): a table whose order means something has a column that
    says it.
    ``index`` is that of `GeoDataFrame.to_parquet`.
    """
    shapes = table.geometry.to_numpy()
    order = hilbert_order(shapes)
    rows, shapes = table.iloc[order], shapes[order]
    if isinstance(table.index, pd.RangeIndex) and table.index.name is None:
        rows = rows.reset_index(drop=True)
    plain = io.BytesIO()
    rows.to_parquet(plain, index=index, compression=None)
    boxed = _with_covering(parquet.read_table(plain), shapes)
    written = io.BytesIO()
    parquet.write_table(boxed, written, row_group_size=_rows_a_group(shapes))
    return written.getvalue()


def _with_covering(table: pa.Table, shapes: Shapes) -> pa.Table:
    """The same with the boxes of the primary geometry, and metadata that says so.

    geopandas can write them too, but says of every geometry that these are its boxes.
    """
    name = "bbox"
    while name in table.column_names:
        name += "_"
    boxes = boxes_of(shapes)
    sides = [pa.array(boxes[:, k], from_pandas=True) for k in range(len(SIDES))]
    geo = json.loads(table.schema.metadata[b"geo"])
    for column in geo["columns"]:
        table = _as_binary(table, column)
    covering = {"bbox": {side: [name, side] for side in SIDES}}
    geo["columns"][geo["primary_column"]]["covering"] = covering
    metadata = {**table.schema.metadata, b"geo": json.dumps(geo).encode()}
    boxed = table.append_column(name, pa.StructArray.from_arrays(sides, names=list(SIDES)))
    return boxed.replace_schema_metadata(metadata)


def _as_binary(table: pa.Table, column: str) -> pa.Table:
    """The same with geometry as plain bytes.

    Where another package has registered GeoArrow's types it would be written as Parquet's type
    GEOMETRY, which readers of GeoParquet 1.1 need not know.
    """
    at, kind = table.schema.get_field_index(column), table.schema.field(column).type
    if not isinstance(kind, pa.BaseExtensionType):
        return table
    chunks = [chunk.storage for chunk in table[column].chunks]
    return table.set_column(at, column, pa.chunked_array(chunks, type=kind.storage_type))


def _rows_a_group(shapes: Shapes) -> int:
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    return max(1, min(ROWS_A_GROUP, len(shapes) * VERTICES_A_GROUP // max(vertices, 1)))

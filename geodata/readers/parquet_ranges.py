"""Ranges of values that a Parquet file declares for each group of rows, compared with its values.

Parquet's ``Statistics`` (parquet.thrift): least and greatest value of a column in a group of rows.
They may be rounded outwards, so values must lie between them and need not touch them.
"""

from __future__ import annotations

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from pyarrow import parquet

from geodata.errors import UnreadableError

COARSE = 2e-7
"""Of a coordinate: boxes of rows may be kept as numbers of 32 bits."""


def require_declared_ranges(meta: parquet.FileMetaData, table: pa.Table, *, name: str) -> None:
    """Refuse a table that was read with values beyond the ranges of its groups of rows.

    Raises `UnreadableError`.
    """
    start = 0
    for number in range(meta.num_row_groups):
        group = meta.row_group(number)
        rows = table.slice(start, group.num_rows)
        start += group.num_rows
        for k in range(group.num_columns):
            column = group.column(k)
            if column.path_in_schema in table.column_names and _is_beyond(
                column.statistics, rows[column.path_in_schema]
            ):
                raise _beyond(name, column.path_in_schema)


def _beyond(name: str, column: str) -> UnreadableError:
    return UnreadableError(
        "{file} cannot be read: values of column {column} are beyond the range that the file "
        "declares for them, so it is damaged; send it again",
        file=name,
        column=column,
    )


def require_declared_box(
    meta: parquet.FileMetaData, shapes: gpd.GeoSeries, geo: object, *, name: str
) -> None:
    """Refuse shapes beyond the box that a file declares for their column.

    ``geo`` is what GeoParquet's metadata says of it. Raises `UnreadableError`.
    """
    boxes = [*_boxes_of_groups(meta, str(shapes.name))]
    told = geo.get("bbox") if isinstance(geo, dict) else None
    if isinstance(told, list) and len(told) in (4, 6):
        half = len(told) // 2
        boxes.append((*told[:2], *told[half : half + 2]))
    if not boxes or not len(shapes):
        return
    try:
        sides = np.array(boxes, float)
    except (TypeError, ValueError):
        return
    least, most = sides[:, :2].min(axis=0), sides[:, 2:].max(axis=0)
    found = shapely.total_bounds(shapes.to_numpy())
    is_in_one_turn = (least <= most).all()  # else the box goes over the 180th meridian
    if is_in_one_turn and ((found[:2] < least).any() or (found[2:] > most).any()):
        raise _beyond(name, str(shapes.name))


def require_covering(
    table: pa.Table, sides: tuple[str, ...], shapes: gpd.GeoSeries, *, name: str
) -> None:
    """Refuse shapes beyond the box that the columns ``sides`` give each row (GeoParquet 1.1).

    Raises `UnreadableError`; `KeyError` where there are no such columns.
    """
    boxes = np.column_stack([_numbers(table, side) for side in sides])
    bounds = shapely.bounds(shapes.to_numpy())
    room = COARSE * np.abs(bounds)
    beyond = (bounds[:, :2] + room[:, :2] < boxes[:, :2]) | (
        bounds[:, 2:] - room[:, 2:] > boxes[:, 2:]
    )
    if (beyond.any(axis=1) & (boxes[:, 0] <= boxes[:, 2])).any():
        raise _beyond(name, str(shapes.name))


def _numbers(table: pa.Table, path: str) -> npt.NDArray[np.float64]:
    """A column, or a part of a nested one that is named with dots, as numbers."""
    first, *rest = path.split(".")
    values = table[first].combine_chunks()
    values = pc.struct_field(values, rest) if rest else values
    found: npt.NDArray[np.float64] = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _boxes_of_groups(meta: parquet.FileMetaData, column: str) -> Iterator[tuple[float, ...]]:
    """The boxes of a column in each group of rows, where all have one."""
    found = []
    for number in range(meta.num_row_groups):
        group = meta.row_group(number)
        for k in range(group.num_columns):
            told = group.column(k)
            box = getattr(told, "geo_statistics", None)
            if told.path_in_schema == column and box is not None:
                found.append((box.xmin, box.ymin, box.xmax, box.ymax))
    if len(found) == meta.num_row_groups:
        yield from found


def _is_beyond(told: parquet.Statistics | None, values: pa.ChunkedArray) -> bool:
    """Whether values of one group are less than its least or more than its greatest."""
    if told is None or not told.has_min_max or pa.types.is_nested(values.type):
        return False
    try:
        found = pc.min_max(values)
        least, most = (pa.scalar(one, values.type) for one in (told.min, told.max))
        beyond = pc.or_(pc.less(found["min"], least), pc.greater(found["max"], most))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):  # of no order
        return False
    return beyond.as_py() is True

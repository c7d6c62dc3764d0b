"""Ranges of values that a Parquet file declares for each group of rows, compared with its values.

Parquet's ``Statistics`` (parquet.thrift): least and greatest value of a column in a group of rows.
They may be rounded outwards, so values must lie between them and need not touch them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from geodata.errors import UnreadableError


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
                raise UnreadableError(
                    "{file} cannot be read: values of column {column} are beyond the range that "
                    "the file declares for them, so it is damaged; send it again",
                    file=name,
                    column=column.path_in_schema,
                )


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

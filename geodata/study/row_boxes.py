"""Boxes around the rows and row groups of GeoParquet, from the cheapest of what a file has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely
from pyarrow import parquet

from coverage.combinations import default_threads
from coverage.grid import spread
from coverage.regions import Bounds, boxes_of

ROWS_AT_ONCE = 2**12
"""So many rows of a row group are in memory at once."""

Boxes = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowBoxes:
    """A GeoParquet file and the ways to the boxes of its rows.

    ``column`` has the geometry, as WKB; ``sides`` are the columns of its covering, None for a file
    without one: a row's box is then that of its geometry.
    """

    path: Path
    column: str
    sides: tuple[str, ...] | None

    def by_group(self) -> Boxes:
        """The box around each row group (n × 4), NaN for one without geometry.

        From the statistics of Parquet's own GEOMETRY type, which take no reading, where there is
        no covering. Other groups are read once, `ROWS_AT_ONCE` rows at a time: statistics of a
        covering's columns need not be there.
        """
        with parquet.ParquetFile(self.path) as file:
            told = [None if self.sides else self._told(file, k) for k in range(file.num_row_groups)]

        def look(group: int) -> Boxes:
            box = told[group]
            return self._around(group) if box is None else box

        found = spread(look, range(len(told)), threads=default_threads())
        return np.reshape(found, (-1, 4))

    def shapes_near(self, bounds: Bounds, groups: Sequence[int]) -> Shapes:
        """The geometries of these row groups whose boxes meet some bounds."""
        found = [np.empty(0, dtype=object)]
        for group in groups:
            for boxes, table in self._read(group):
                near = pa.array(meets(boxes, bounds))
                found.append(_decoded(table[self.column].filter(near)))
        return np.concatenate(found)

    def _around(self, group: int) -> Boxes:
        """The box around a row group, from its rows."""
        around = np.array([np.inf, np.inf, -np.inf, -np.inf])
        for boxes, _ in self._read(group, geometry=False):
            np.fmin(around[:2], np.fmin.reduce(boxes[:, :2], axis=0), out=around[:2])
            np.fmax(around[2:], np.fmax.reduce(boxes[:, 2:], axis=0), out=around[2:])
        return around if np.isfinite(around).all() else np.full(4, np.nan)

    def _told(self, file: parquet.ParquetFile, group: int) -> Boxes | None:
        """The box that Parquet's statistics have for the geometry; None where they have none."""
        about = file.metadata.row_group(group)
        columns = [about.column(k) for k in range(about.num_columns)]
        own = next((one for one in columns if one.path_in_schema == self.column), None)
        told = getattr(own, "geo_statistics", None)  # before pyarrow 21 none has any
        if told is None or told.xmin is None or told.ymin is None:
            return None
        box = np.array([told.xmin, told.ymin, told.xmax, told.ymax])
        return box if is_box(box) else None

    def _read(self, group: int, *, geometry: bool = True) -> Iterator[tuple[Boxes, pa.Table]]:
        """Rows of a row group, some at a time, and their boxes; of geometry what is needed."""
        names = [*([self.column] if geometry or not self.sides else []), *(self.sides or ())]
        with parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, row_groups=[group], columns=names):
                table = pa.Table.from_batches([batch])
                if self.sides:
                    yield _boxes(table, self.sides), table
                else:
                    yield boxes_of(_decoded(table[self.column])), table


def _decoded(wkb: pa.ChunkedArray) -> Shapes:
    return np.asarray(shapely.from_wkb(wkb.to_numpy()), dtype=object)


def _boxes(table: pa.Table, sides: Sequence[str]) -> Boxes:
    """The boxes of rows (n × 4) from the columns of a covering, NaN for a row without one."""
    flat = table.flatten()
    found = [flat[side].to_numpy() for side in sides]
    return np.stack(found, axis=1).astype(np.float64)


def is_box(sides: Boxes) -> bool:
    """Whether four sides are a box: longitudes of statistics may go round the globe."""
    return bool(np.isfinite(sides).all() and (sides[:2] <= sides[2:]).all())


def meets(boxes: Boxes, bounds: Bounds) -> npt.NDArray[np.bool_]:
    """Whether each box meets some bounds; one of NaN does not."""
    left, low, right, high = bounds
    across = (boxes[:, 0] <= right) & (boxes[:, 2] >= left)
    return across & (boxes[:, 1] <= high) & (boxes[:, 3] >= low)

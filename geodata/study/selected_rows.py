"""Rows of a Parquet file chosen by their boxes: named first, and read where they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyproj
import shapely
from pyarrow import parquet

from coverage.regions import Bounds
from geodata.areas import polygons_of
from geodata.errors import UnreadableError
from geodata.study.inputs import Seen, Stats, is_unchanged, stats_of
from geodata.study.row_boxes import Boxes, meets

Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedRows:
    """Some rows of a Parquet file: row groups, and numbers of the rows in each.

    ``read`` is the file as it was when they were chosen, None where nobody else can change it.
    """

    path: Path
    read: Seen | None = None
    groups: tuple[tuple[int, Rows], ...]

    def table(self, columns: Sequence[str]) -> pa.Table:
        """These rows, row group by row group; row groups without any are not read.

        Raises `UnreadableError` where the file is no longer the one they were chosen from.
        """
        if self.read is not None and not _is_same(self.path, self.read, stats_of(self.path)):
            raise UnreadableError(
                "{file} has changed since the study was opened; open the study again",
                file=self.path.name,
            )
        with parquet.ParquetFile(self.path) as file:
            found = [
                file.read_row_group(group, columns=list(columns)).take(pa.array(rows))
                for group, rows in self.groups
            ]
            empty = file.schema_arrow.empty_table().select(list(columns))
        return pa.concat_tables([empty, *found])


@lru_cache(maxsize=256)
def _is_same(path: Path, read: Seen, now: Stats) -> bool:
    """Whether a file is what was read; another machine may date the same file differently."""
    return bool(now) and is_unchanged(path, read)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoxedRows:
    """A Parquet file of which the boxes of all rows are known, by row group."""

    path: Path
    read: Seen | None = None
    boxes: tuple[Boxes, ...]

    def select(self, bounds: Bounds) -> SelectedRows:
        """The rows whose boxes meet some bounds."""
        near = [np.flatnonzero(meets(boxes, bounds)) for boxes in self.boxes]
        groups = tuple((k, rows.astype(np.int32)) for k, rows in enumerate(near) if len(rows))
        return SelectedRows(path=self.path, read=self.read, groups=groups)


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedPolygons:
    """Reads the polygons of some rows. ``order``: the column with their places, if not as read."""

    rows: SelectedRows
    column: str
    crs: pyproj.CRS
    order: str | None = None

    def __call__(self) -> gpd.GeoSeries:
        """The polygons."""
        table = self.rows.table([self.column, *([self.order] if self.order else [])])
        if self.order:
            table = table.sort_by(self.order)
        return gpd.GeoSeries(polygons_from(table[self.column].to_numpy()), crs=self.crs)

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.rows.path,)


def polygons_from(wkb: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """The polygons of a column of WKB; what else there is of geometry is left out."""
    shapes = shapely.from_wkb(wkb)
    return np.asarray(polygons_of(gpd.GeoSeries(shapes)).to_numpy(), dtype=object)

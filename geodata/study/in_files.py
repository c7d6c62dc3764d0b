"""Large footprint layers that stay in their files until somebody asks for the whole of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyproj
import shapely
from pyarrow import ArrowException, parquet

from coverage.combinations import default_threads
from coverage.grid import spread
from coverage.model import Layer
from coverage.regions import Bounds, RegionLayer, boxes_of
from geodata.readers.crs_files import parse_crs
from geodata.readers.geo_metadata import LONLAT, covering_columns, geo_metadata
from geodata.study.inputs import Seen as InputSeen
from geodata.study.inputs import seen_from, stats_of
from geodata.study.selected_rows import BoxedRows, SelectedPolygons, polygons_from

STAYS_FROM_MB = 16.0
"""From so much geometry on a layer stays in its file: about a million vertices."""

GROUP_AT_MOST_MB = 128.0
"""A file with a larger row group is read at once, since a region would read all of a group."""

Boxes = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerInFile(Layer):
    """A layer that is in memory only while somebody holds its ``footprint``, read when asked for.

    ``near`` gives what meets some bounds, ``bounds`` is the box of all, ``rows`` has the digest of
    each row as `geodata.study.digests` takes it, ``system`` is that of the file.
    """

    footprint: gpd.GeoSeries = field(init=False, repr=False)
    near: Callable[[Bounds], gpd.GeoSeries] = field(repr=False)
    bounds: Bounds
    rows: tuple[bytes, ...] = field(repr=False)
    system: pyproj.CRS = field(repr=False)

    @property
    def crs(self) -> pyproj.CRS:
        """The system of its footprint, told without reading it."""
        return self.system

    def __getattr__(self, name: str) -> gpd.GeoSeries:
        if name != "footprint":
            raise AttributeError(name)
        return self.near((-np.inf, -np.inf, np.inf, np.inf)).reset_index(drop=True)

    @property
    def region(self) -> RegionLayer:
        """The same for measuring in regions."""
        return RegionLayer(info=self.info, footprint_in=self.near, extent=self.extent)


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What one look at every row of a file has told: boxes of rows by row group, and digests."""

    path: Path
    read: InputSeen
    column: str
    crs: pyproj.CRS
    boxes: tuple[Boxes, ...]
    rows: tuple[bytes, ...]

    @property
    def bounds(self) -> Bounds:
        """The box of all rows."""
        every = np.concatenate(self.boxes)
        x0, y0 = np.nanmin(every[:, :2], axis=0)
        x1, y1 = np.nanmax(every[:, 2:], axis=0)
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def middles(self) -> gpd.GeoSeries:
        """The middle of each row's box, of rows that have one."""
        every = np.concatenate(self.boxes)
        at = (every[:, :2] + every[:, 2:]) / 2
        return gpd.GeoSeries(shapely.points(at[np.isfinite(at).all(axis=1)]), crs=self.crs)

    def select(self, bounds: Bounds) -> SelectedPolygons:
        """The polygons whose boxes meet some bounds, not read yet."""
        known = BoxedRows(path=self.path, read=self.read, boxes=self.boxes)
        return SelectedPolygons(rows=known.select(bounds), column=self.column, crs=self.crs)

    def __call__(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons near some bounds."""
        return self.near(bounds)

    def near(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons whose boxes meet some bounds; row groups without any are not read.

        Raises `UnreadableError` where the file is no longer the one that was looked at.
        """
        return self.select(bounds)()


Digest = Callable[[Shapes, Shapes], list[bytes]]

_NOT_PLAIN = (
    ArrowException,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    pyproj.exceptions.ProjError,
    shapely.errors.GEOSException,
)
"""What odd content of a file raises here: `geodata.read` tells it in a sentence, or reads it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """What one row group holds: boxes and digests of its polygons, and whether they can stay."""

    boxes: Boxes
    rows: list[bytes]
    has_area: bool
    is_finite: bool


def seen_in(path: Path, crs: pyproj.CRS, *, digest: Digest) -> Seen | None:
    """What a file holds, where it can be left there and need not be looked into otherwise.

    That is GeoParquet in the study's own system, of polygons and nothing else (no columns that
    might mean something), larger than `STAYS_FROM_MB` and in row groups that can be read one at a
    time. None for all others, and for what `geodata.read` should tell faults of. ``digest`` gives
    that of each polygon, by what it is and the bytes it was read from.
    """
    try:
        stats = stats_of(path)
        with parquet.ParquetFile(path) as file:
            column, about = _geometry(file, crs, name=path.name), file.metadata
        if column is None:
            return None

        def look(group: int) -> _Group:
            with (
                pa.OSFile(str(path)) as source,
                parquet.ParquetFile(source, metadata=about) as file,
            ):
                wkb = file.read_row_group(group, columns=[column])[column].to_numpy()
            shapes = polygons_from(wkb)
            is_there = ~shapely.is_missing(shapes)
            there = shapes[is_there]
            return _Group(
                boxes=boxes_of(shapes),
                rows=digest(there, wkb[is_there]),
                has_area=bool(shapely.area(there).any()),
                is_finite=bool(np.isfinite(shapely.get_coordinates(there)).all()),
            )

        found = spread(look, range(about.num_row_groups), threads=default_threads())
    except _NOT_PLAIN:
        return None
    if not (any(one.has_area for one in found) and all(one.is_finite for one in found)):
        return None
    return Seen(
        path=path.absolute(),
        read=seen_from(path, stats),
        column=column,
        crs=crs,
        boxes=tuple(one.boxes for one in found),
        rows=tuple(row for one in found for row in one.rows),
    )


def _geometry(file: parquet.ParquetFile, crs: pyproj.CRS, *, name: str) -> str | None:
    """The one column of polygons, None where the file cannot be left alone."""
    about = geo_metadata(file.metadata)
    if about is None:
        return None
    primary = str(about["primary_column"])
    column = about["columns"][primary]
    said = column.get("crs", LONLAT)
    if said is None or column["encoding"] != "WKB":
        return None
    if set(file.schema_arrow.names) - covering_columns(about) != {primary}:
        return None
    if not parse_crs(said, name=name).equals(crs):
        return None
    sizes = _sizes(file, primary)
    within = sum(sizes) >= STAYS_FROM_MB and max(sizes) <= GROUP_AT_MOST_MB
    return primary if within else None


def _sizes(file: parquet.ParquetFile, name: str) -> list[float]:
    """Megabytes of a column in each row group, unpacked."""
    about = file.metadata
    groups = [about.row_group(k) for k in range(about.num_row_groups)]
    each = [[group.column(k) for k in range(group.num_columns)] for group in groups]
    return [
        sum(one.total_uncompressed_size for one in columns if one.path_in_schema == name) / 1e6
        for columns in each
    ]

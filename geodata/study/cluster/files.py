"""What a study has in memory, written once to a folder that the workers of a cluster read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyproj
import shapely
from pyarrow import parquet

from coverage.errors import CoverageError
from coverage.model import Layer
from coverage.pixels import (
    AmountPoints,
    AmountRaster,
    AmountSource,
    PixelGrid,
    SignalLayer,
    Window,
)
from coverage.regions import Bounds, RegionLayer, boxes_of
from coverage.rings import Geometries, Ints
from coverage.split import split
from geodata.geoparquet import VERTICES_A_GROUP, hilbert_order
from geodata.signals import files_read_by
from geodata.staging import staging
from geodata.study.in_files import LayerInFile
from geodata.study.selected_rows import BoxedRows, SelectedPolygons, SelectedRows
from geodata.write_errors import writing

PIXELS_AT_ONCE = 2**22
"""So many pixels of a raster are written at once."""

ID, CENTRE, GEOMETRY, WEIGHT = "village_id", "centre", "geometry", "weight"
PLACE, ROW = "place", "row"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenPolygons:
    """A file of single polygons, each with its place among all and the row it comes from."""

    rows: BoxedRows
    crs: pyproj.CRS

    def select(self, bounds: Bounds) -> SelectedPolygons:
        """The polygons near some bounds, not read yet."""
        rows = self.rows.select(bounds)
        return SelectedPolygons(rows=rows, column=GEOMETRY, crs=self.crs, order=PLACE)

    def __call__(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons near some bounds."""
        return self.select(bounds)()


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedVillages:
    """Reads some villages as `coverage.measure` takes them."""

    rows: SelectedRows
    crs: pyproj.CRS
    has_centres: bool

    def __call__(self) -> gpd.GeoDataFrame:
        """The villages, in their order."""
        columns = [ID, GEOMETRY, PLACE, *([CENTRE] if self.has_centres else [])]
        table = self.rows.table(columns).sort_by(PLACE)
        shapes = {
            name: gpd.GeoSeries(shapely.from_wkb(table[name].to_numpy()), crs=self.crs)
            for name in (GEOMETRY, CENTRE)
            if name in table.column_names
        }
        centres = {CENTRE: shapes[CENTRE].to_numpy()} if self.has_centres else {}
        index = table[ID].to_pandas().to_numpy()
        return gpd.GeoDataFrame(
            centres, geometry=shapes[GEOMETRY].to_numpy(), index=index, crs=self.crs
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.rows.path,)


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenVillages:
    """A file of villages, a row group for each region."""

    rows: BoxedRows
    crs: pyproj.CRS
    has_centres: bool

    def region(self, k: int) -> SelectedVillages:
        """The villages of a region."""
        every = np.arange(len(self.rows.boxes[k]), dtype=np.int32)
        return self._selected(replace(self.rows.select((0, 0, 0, 0)), groups=((k, every),)))

    def around(self, bounds: Bounds) -> SelectedVillages:
        """The villages that meet some bounds."""
        return self._selected(self.rows.select(bounds))

    def _selected(self, rows: SelectedRows) -> SelectedVillages:
        return SelectedVillages(rows=rows, crs=self.crs, has_centres=self.has_centres)


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectedPoints:
    """Reads some settled places."""

    rows: SelectedRows
    crs: pyproj.CRS

    def __call__(self) -> AmountPoints:
        """The places, in their order."""
        table = self.rows.table([GEOMETRY, WEIGHT, PLACE]).sort_by(PLACE)
        points = gpd.GeoSeries(shapely.from_wkb(table[GEOMETRY].to_numpy()), crs=self.crs)
        return AmountPoints(points=points, weight=table[WEIGHT].to_numpy(), key="")

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.rows.path,)


@dataclass(frozen=True, kw_only=True, eq=False)
class WrittenPoints:
    """A file of settled places."""

    rows: BoxedRows
    crs: pyproj.CRS

    def select(self, bounds: Bounds) -> SelectedPoints:
        """The places near some bounds, not read yet."""
        return SelectedPoints(rows=self.rows.select(bounds), crs=self.crs)


@dataclass(frozen=True, kw_only=True)
class PixelsFile:
    """Reads windows of pixels from an array file."""

    file: Path

    def __call__(self, window: Window) -> npt.NDArray[Any]:
        """The pixels of a window."""
        top, left, rows, columns = window
        held = np.load(self.file, mmap_mode="r", allow_pickle=False)
        return np.array(held[top : top + rows, left : left + columns])

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.file,)


@contextmanager
def working_files(folder: Path) -> Iterator[WorkingFiles]:
    """A new folder of working files in ``folder``, gone afterwards."""
    with staging(folder.absolute()) as made:
        yield WorkingFiles(made)


class WorkingFiles:
    """Writes to a folder what is not in files yet, each table once; names what is in files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[int, str], tuple[object, Any]] = {}
        self._count = 0

    def layer(self, layer: Layer | RegionLayer) -> RegionLayer:
        """A footprint layer that is read from its own file, or from one written now."""
        if isinstance(layer, RegionLayer):
            return layer
        if isinstance(layer, LayerInFile):
            return layer.region
        polygons = self.polygons(layer.footprint)
        return RegionLayer(info=layer.info, footprint_in=polygons, extent=layer.extent)

    def polygons(self, shapes: gpd.GeoSeries) -> WrittenPolygons:
        """Polygons, each by itself and in Hilbert order, so that those near a place lie near."""
        return self._once(shapes, "polygons", lambda: self._polygons(shapes))

    def rows(self, villages: gpd.GeoDataFrame, regions: int) -> list[Ints]:
        """The rows of villages by region, split once for all kinds of measures."""
        make = partial(split, villages, regions)
        return self._once(villages, f"rows {regions}", make)

    def villages(self, villages: gpd.GeoDataFrame, regions: Sequence[Ints]) -> WrittenVillages:
        """Villages, by their regions."""
        return self._once(
            villages, f"villages {len(regions)}", lambda: self._villages(villages, regions)
        )

    def points(self, source: AmountPoints) -> WrittenPoints:
        """Settled places, in Hilbert order."""
        return self._once(source, "points", lambda: self._points(source))

    def signal(self, layer: SignalLayer) -> SignalLayer:
        """A signal layer whose levels are read from a file."""
        if files_read_by(layer.levels) is not None:
            return layer
        return self._once(
            layer, "levels", lambda: replace(layer, levels=self._pixels(layer, layer.levels))
        )

    def source(self, source: AmountSource) -> AmountRaster | WrittenPoints:
        """Amounts that are read from a file."""
        if isinstance(source, AmountPoints):
            return self.points(source)
        if files_read_by(source.amounts) is not None:
            return source
        return self._once(
            source, "amounts", lambda: replace(source, amounts=self._pixels(source, source.amounts))
        )

    def _once(self, of: object, what: str, make: Callable[[], T]) -> T:
        """What is made of something, made once; ``of`` is held, so that its id stays its own."""
        key = (id(of), what)
        if key not in self._made:
            self._made[key] = (of, make())
        return cast("T", self._made[key][1])

    def _new(self, ending: str) -> Path:
        self._count += 1
        return self._folder / f"{self._count}.{ending}"

    def _polygons(self, shapes: gpd.GeoSeries) -> WrittenPolygons:
        apart, row = single_polygons(shapes.to_numpy())
        if not np.isfinite(shapely.get_coordinates(apart)).all():
            raise CoverageError("a polygon has a coordinate that is not a number; repair the file")
        order = hilbert_order(apart)
        apart, row = apart[order], row[order]
        each = max(1, len(apart) * VERTICES_A_GROUP // max(1, _vertices(apart)))
        groups = [np.arange(k, min(k + each, len(apart))) for k in range(0, len(apart), each)]
        columns = {
            GEOMETRY: pa.array(shapely.to_wkb(apart), type=pa.binary()),
            PLACE: pa.array(order),
            ROW: pa.array(row),
        }
        rows = self._write(columns, groups, boxes_of(apart))
        return WrittenPolygons(rows=rows, crs=pyproj.CRS.from_user_input(shapes.crs))

    def _villages(self, villages: gpd.GeoDataFrame, regions: Sequence[Ints]) -> WrittenVillages:
        shapes = villages.geometry.to_numpy()
        columns = {
            ID: pa.array(villages.index.to_numpy()),
            GEOMETRY: pa.array(shapely.to_wkb(shapes)),
            PLACE: pa.array(np.arange(len(villages))),
        }
        if CENTRE in villages:
            centres = np.asarray(villages[CENTRE].to_numpy(), dtype=object)
            columns[CENTRE] = pa.array(shapely.to_wkb(centres), type=pa.binary())
        return WrittenVillages(
            rows=self._write(columns, regions, shapely.bounds(shapes)),
            crs=pyproj.CRS.from_user_input(villages.crs),
            has_centres=CENTRE in villages,
        )

    def _points(self, source: AmountPoints) -> WrittenPoints:
        shapes = np.asarray(source.points.to_numpy(), dtype=object)
        order = hilbert_order(shapes)
        columns = {
            GEOMETRY: pa.array(shapely.to_wkb(shapes[order])),
            WEIGHT: pa.array(source.weight[order]),
            PLACE: pa.array(order),
        }
        each = VERTICES_A_GROUP
        groups = [np.arange(k, min(k + each, len(order))) for k in range(0, len(order), each)]
        rows = self._write(columns, groups, shapely.bounds(shapes[order]))
        return WrittenPoints(rows=rows, crs=pyproj.CRS.from_user_input(source.points.crs))

    def _write(
        self, columns: Mapping[str, pa.Array], groups: Sequence[Ints], boxes: npt.NDArray[Any]
    ) -> BoxedRows:
        """A file of these row groups, with their boxes."""
        path, table = self._new("parquet"), pa.table(dict(columns))
        with (
            writing(path),
            parquet.ParquetWriter(
                path, table.schema, compression="lz4", use_dictionary=False, write_statistics=False
            ) as out,
        ):
            for rows in groups:
                out.write_table(table.take(pa.array(rows)), row_group_size=len(rows))
        return BoxedRows(path=path, boxes=tuple(boxes[rows] for rows in groups))

    def _pixels(self, raster: SignalLayer | AmountRaster, read: Any) -> PixelsFile:
        """All pixels of a raster that is in memory."""
        path = self._new("npy")
        with writing(path):
            self._write_pixels(path, raster.grid, read)
        return PixelsFile(file=path)

    @staticmethod
    def _write_pixels(path: Path, grid: PixelGrid, read: Any) -> None:
        each = max(1, PIXELS_AT_ONCE // grid.width)
        out: npt.NDArray[Any] | None = None
        for top in range(0, grid.height, each):
            rows = min(each, grid.height - top)
            values = read((top, 0, rows, grid.width))
            if out is None:
                shape = (grid.height, grid.width)
                out = np.lib.format.open_memmap(path, mode="w+", dtype=values.dtype, shape=shape)
            out[top : top + rows] = values
        if isinstance(out, np.memmap):
            out.flush()


def single_polygons(shapes: Geometries) -> tuple[Geometries, Ints]:
    """The polygons in some geometries, however deep, and the row that each comes from."""
    shapes = np.asarray(shapes, dtype=object)
    row = np.arange(len(shapes))
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    shapes, row = shapes[there], row[there]
    while np.any(shapely.get_type_id(shapes) >= 4):
        shapes, of = shapely.get_parts(shapes, return_index=True)
        row = row[of]
    kept = (shapely.get_type_id(shapes) == 3) & ~shapely.is_empty(shapes)
    return np.asarray(shapes[kept], dtype=object), row[kept].astype(np.int64)


def _vertices(shapes: Geometries) -> int:
    return int(shapely.get_num_coordinates(shapes).sum())

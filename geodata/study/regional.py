"""Large studies measured region by region, and footprint files that are read that way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from pyarrow import ArrowException, parquet
from pyogrio.errors import DataSourceError

import coverage
from coverage.model import Layer, LayerInfo, Measures
from coverage.regions import Bounds, RegionLayer, in_memory, measure_in_regions
from geodata.areas import polygons_of
from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.kinds import recognise
from geodata.parts import parts_of
from geodata.readers import require_self_contained
from geodata.readers.consistency import require_consistent
from geodata.readers.crs_files import parse_crs
from geodata.readers.geo_metadata import LONLAT, covering_of, geo_metadata
from geodata.readers.geopackage_rows import require_whole_index
from geodata.study.in_files import LayerInFile
from geodata.study.row_boxes import Boxes, RowBoxes, meets

VILLAGES_A_REGION = 5_000
"""A study of more villages is measured in regions of about as many at most: a province is one."""

Progress = Callable[[float], None]


def measure_areas(
    villages: gpd.GeoDataFrame, layers: Sequence[Layer], *, progress: Progress | None = None
) -> Measures:
    """`coverage.measure` of footprints, in regions where the villages are very many.

    Of layers that stay in their files only what is near the villages is read.
    """
    regions = math.ceil(len(villages) / VILLAGES_A_REGION)
    if regions < 2 and not any(isinstance(layer, LayerInFile) for layer in layers):
        return coverage.measure(villages, layers, progress=progress)
    near = [x.region if isinstance(x, LayerInFile) else in_memory(x) for x in layers]
    return measure_in_regions(villages, near, regions=max(regions, 1), progress=progress)


def layer_in_file(
    path: Path, *, info: LayerInfo, crs: pyproj.CRS, extent: gpd.GeoSeries | None = None
) -> RegionLayer:
    """A footprint layer that stays in its file, of which each region reads what is near it.

    ``path``: GeoParquet, GeoPackage or FlatGeobuf; of the last two with their spatial index.
    GeoParquet without a covering, and without the statistics of Parquet's own GEOMETRY type, has
    its geometry read once here. Files are taken as they stand, in the study's own system ``crs``;
    for all others `geodata.read` is the way. Raises `DataError` for another system,
    `UnreadableError` for what cannot be read, and for geometry that is not WKB.
    """
    path = path.absolute()
    try:
        if path.exists():
            _require_whole(path)
        in_file = _in_parquet if path.suffix == ".parquet" else _in_gdal
        footprint_in = in_file(path, crs)
    except GeodataError:
        raise
    except _NOT_READ as error:
        raise UnreadableError(
            "{file} cannot be read as GeoParquet, GeoPackage or FlatGeobuf; send it again",
            file=path.name,
        ) from error
    return RegionLayer(info=info, footprint_in=footprint_in, extent=extent)


_NOT_READ = (
    ArrowException,
    DataSourceError,
    OSError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    pyproj.exceptions.CRSError,
    shapely.errors.GEOSException,
)
"""What odd content of a file raises here."""


def _require_own(found: pyproj.CRS | None, expected: pyproj.CRS, path: Path) -> None:
    if found is None or not found.equals(expected, ignore_axis_order=True):
        raise DataError(
            "{file} is in {found}, and to be read in regions it must be in the study's own "
            "system, {expected}; convert it first",
            file=path.name,
            found=found.name if found else "no coordinate system",
            expected=expected.name,
        )


def _require_whole(path: Path) -> None:
    """Refuse a file that leads elsewhere, or whose counts or index do not have all of its rows."""
    kind = recognise(path)
    require_self_contained(path, kind)
    require_consistent(path, kind, parts_of(path), name=path.name)
    if kind == ".gpkg":
        require_whole_index(path, name=path.name)


def _in_parquet(path: Path, crs: pyproj.CRS) -> ParquetFootprint:
    about = geo_metadata(parquet.read_metadata(path))
    name = str(about["primary_column"])
    column = about["columns"][name]
    if column["encoding"] != "WKB":
        raise UnreadableError(
            "{file} keeps its geometry as {found}; save it as GeoParquet with WKB geometry",
            file=path.name,
            found=str(column["encoding"]),
        )
    said = column.get("crs", LONLAT)
    _require_own(None if said is None else parse_crs(said, name=path.name), crs, path)
    rows = RowBoxes(path=path, column=name, sides=covering_of(column))
    return ParquetFootprint(rows=rows, crs=crs, groups=rows.by_group())


@dataclass(frozen=True, kw_only=True, eq=False)
class ParquetFootprint:
    """Reads from GeoParquet the polygons near some bounds. ``groups``: boxes of row groups."""

    rows: RowBoxes
    crs: pyproj.CRS
    groups: Boxes

    def __call__(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons whose boxes meet the bounds; row groups elsewhere are not read."""
        near = [int(k) for k in np.flatnonzero(meets(self.groups, bounds))]
        return polygons_of(gpd.GeoSeries(self.rows.shapes_near(bounds, near), crs=self.crs))

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.rows.path,)


@dataclass(frozen=True, kw_only=True, eq=False)
class IndexedFootprint:
    """Reads from GeoPackage or FlatGeobuf the polygons near some bounds, by its spatial index."""

    path: Path
    crs: pyproj.CRS

    def __call__(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons whose boxes meet the bounds."""
        near = pyogrio.read_dataframe(self.path, columns=[], bbox=bounds)
        return polygons_of(gpd.GeoSeries(near.geometry.to_numpy(), crs=self.crs))

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.path,)


def _in_gdal(path: Path, crs: pyproj.CRS) -> IndexedFootprint:
    said = pyogrio.read_info(path)["crs"]
    _require_own(None if said is None else parse_crs(said, name=path.name), crs, path)
    return IndexedFootprint(path=path, crs=crs)

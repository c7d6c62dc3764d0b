"""Large studies measured region by region, and footprint files that are read that way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyogrio
import pyproj
import shapely
from pyarrow import ArrowInvalid, parquet
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
from geodata.readers.geopackage_rows import require_whole_index
from geodata.study.in_files import LayerInFile

VILLAGES_A_REGION = 5_000
"""A study of more villages is measured in regions of about as many at most: a province is one."""

Progress = Callable[[float], None]
Boxes = npt.NDArray[np.float64]


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

    ``path``: GeoParquet with a covering of boxes (version 1.1), GeoPackage or FlatGeobuf with
    their spatial index. Files are taken as they stand, in the study's own system ``crs``; for
    all others `geodata.read` is the way. Raises `DataError` for another system or a GeoParquet
    without boxes, `UnreadableError` for what cannot be read.
    """
    path = path.absolute()
    try:
        if path.exists():
            _require_whole(path)
        if path.suffix == ".parquet":
            own, footprint_in = _in_parquet(path, crs)
        else:
            own, footprint_in = _in_gdal(path, crs)
    except GeodataError:
        raise
    except (ArrowInvalid, DataSourceError, OSError, KeyError, json.JSONDecodeError) as error:
        raise UnreadableError(
            "{file} cannot be read as GeoParquet, GeoPackage or FlatGeobuf; send it again",
            file=path.name,
        ) from error
    if own is None or not own.equals(crs, ignore_axis_order=True):
        raise DataError(
            "{file} is in {found}, and to be read in regions it must be in the study's own "
            "system, {expected}; convert it first",
            file=path.name,
            found=own.name if own else "no coordinate system",
            expected=crs.name,
        )
    return RegionLayer(info=info, footprint_in=footprint_in, extent=extent)


def _require_whole(path: Path) -> None:
    """Refuse a file that leads elsewhere, or whose counts or index do not have all of its rows."""
    kind = recognise(path)
    require_self_contained(path, kind)
    require_consistent(path, kind, parts_of(path), name=path.name)
    if kind == ".gpkg":
        require_whole_index(path, name=path.name)


def _in_parquet(path: Path, crs: pyproj.CRS) -> tuple[pyproj.CRS | None, FootprintFile]:
    about = json.loads(parquet.read_schema(path).metadata[b"geo"])
    name = about["primary_column"]
    column = about["columns"][name]
    covering = column.get("covering", {}).get("bbox")
    if covering is None or column.get("encoding") != "WKB":
        raise DataError(
            "{file} has no boxes of its rows (a covering, GeoParquet 1.1), so it cannot be read in "
            "regions; write it again with them",
            file=path.name,
        )
    sides = tuple(".".join(covering[side]) for side in ("xmin", "ymin", "xmax", "ymax"))
    groups = _boxes_of_groups(path, sides)
    said = column.get("crs", "OGC:CRS84")
    own = None if said is None else parse_crs(said, name=path.name)
    return own, ParquetFootprint(path=path, crs=crs, column=name, sides=sides, groups=groups)


@dataclass(frozen=True, kw_only=True, eq=False)
class ParquetFootprint:
    """Reads from GeoParquet the polygons near some bounds, by the boxes that the file has.

    ``groups`` are the boxes of its row groups, ``sides`` the columns with those of rows.
    """

    path: Path
    crs: pyproj.CRS
    column: str
    sides: tuple[str, ...]
    groups: Boxes

    def __call__(self, bounds: Bounds) -> gpd.GeoSeries:
        """The polygons whose boxes meet the bounds; row groups elsewhere are not read."""
        read = [np.empty(0, dtype=object)]
        with parquet.ParquetFile(self.path) as file:
            for k in np.flatnonzero(_meets(self.groups, bounds)):
                table = file.read_row_group(int(k), columns=[self.column, *self.sides])
                near = _meets(_boxes(table, self.sides), bounds)
                wkb = table[self.column].filter(pa.array(near))
                read.append(shapely.from_wkb(wkb.to_numpy(zero_copy_only=False)))
        return polygons_of(gpd.GeoSeries(np.concatenate(read), crs=self.crs))

    @property
    def files(self) -> tuple[Path, ...]:
        """What it reads."""
        return (self.path,)


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


FootprintFile = ParquetFootprint | IndexedFootprint


def _boxes_of_groups(path: Path, sides: Sequence[str]) -> Boxes:
    """The box around each row group; read once, since a file need not have statistics."""
    with parquet.ParquetFile(path) as file:
        boxes = [
            _boxes(file.read_row_group(k, columns=list(sides)), sides)
            for k in range(file.num_row_groups)
        ]
    around = [
        np.concatenate([np.nanmin(one[:, :2], axis=0), np.nanmax(one[:, 2:], axis=0)])
        for one in boxes
        if not np.isnan(one).all()
    ]
    whole = np.full((len(boxes), 4), np.nan)
    whole[[not np.isnan(one).all() for one in boxes]] = np.reshape(around, (-1, 4))
    return whole


def _boxes(table: pa.Table, sides: Sequence[str]) -> Boxes:
    """The boxes of rows (n × 4), NaN for a row without one."""
    flat = table.flatten()
    found = [flat[side].to_numpy(zero_copy_only=False) for side in sides]
    return np.stack(found, axis=1).astype(np.float64)


def _meets(boxes: Boxes, bounds: Bounds) -> npt.NDArray[np.bool_]:
    left, low, right, high = bounds
    across = (boxes[:, 0] <= right) & (boxes[:, 2] >= left)
    return across & (boxes[:, 1] <= high) & (boxes[:, 3] >= low)


def _in_gdal(path: Path, crs: pyproj.CRS) -> tuple[pyproj.CRS | None, FootprintFile]:
    said = pyogrio.read_info(path)["crs"]
    own = None if said is None else parse_crs(said, name=path.name)
    return own, IndexedFootprint(path=path, crs=crs)

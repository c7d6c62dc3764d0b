"""Sound files of forms that no other case has: seeds of damage, which read without a warning."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely

from geodata.read import read
from tests import tiny
from tests.corpus import Case
from tests.corpus._layers import X0, Y0
from tests.corpus._layers import read as read_layers


def _villages() -> gpd.GeoDataFrame:
    """The nine squares, one of them with a hole and an island beside it."""
    table = tiny.villages().drop(columns="centre").reset_index()
    first = table.geometry.iloc[0]
    hole = first.centroid.buffer(200, quad_segs=2)
    island = shapely.transform(hole, lambda xy: xy - [5000, 0])
    table.loc[0, "geometry"] = shapely.MultiPolygon([first - hole, island])
    return table


def _map(folder: Path, name: str, *, driver: str | None = None, heights: bool = False) -> Path:
    table, path = _villages(), folder / name
    if heights:
        table = table.set_geometry(shapely.force_3d(table.geometry, 12.5), crs=table.crs)
    if driver in ("KML", "MapInfo File", "GeoJSON"):
        table = table.to_crs("EPSG:4326")
    if path.suffix == ".parquet":
        table.to_parquet(path, write_covering_bbox=True)
    else:
        table.to_file(path, driver=driver)
    return path


def _nine_of_nine_km2(path: Path) -> None:
    found = read(path)
    assert [one.kind for one in found.findings if one.severity != "note"] == []
    assert isinstance(found.table, gpd.GeoDataFrame)
    area = float(found.table.to_crs(tiny.CRS).area.sum()) / 1e6
    assert (len(found.table), round(area, 2)) == (9, 9.0)


def _raster(folder: Path, *, how: dict[str, object]) -> Path:
    """Levels from −60 to −123 dBm, in 8 × 8 pixels of 250 m."""
    path = folder / "rsrp.tif"
    values = -60 - np.arange(64, dtype=str(how.get("dtype", "float32"))).reshape(8, 8)
    profile = {
        "driver": "GTiff", "height": 8, "width": 8, "count": 1, "dtype": str(values.dtype),
        "crs": tiny.CRS, "nodata": -128,
        "transform": rasterio.Affine(250, 0, X0, 0, -250, Y0 + 2000),
    }  # fmt: skip
    with rasterio.open(path, "w", **{**profile, **how}) as out:
        out.write(values, 1)
    return path


def _levels(path: Path) -> None:
    (layer,) = read_layers(
        path, "", name="signal_raster", operator="Viettel", technology="4G"
    ).layers
    assert (layer.grid.width, layer.grid.height) == (8, 8)  # type: ignore[union-attr]  # a signal layer


def _case(name: str, make: Callable[[Path], Path]) -> Case:
    return Case(name=f"sound-{name}", make=make, check=_nine_of_nine_km2)


CASES = (
    _case("mif-of-regions", partial(_map, name="v.mif", driver="MapInfo File")),
    _case("tab", partial(_map, name="v.tab", driver="MapInfo File")),
    _case("kml-of-regions", partial(_map, name="v.kml", driver="KML")),
    _case("shapefile-with-heights", partial(_map, name="v.shp", heights=True)),
    _case("shapefile-of-regions", partial(_map, name="v.shp")),
    _case("flatgeobuf-of-regions", partial(_map, name="v.fgb", driver="FlatGeobuf")),
    _case("package-of-regions", partial(_map, name="v.gpkg", driver="GPKG")),
    _case("parquet-with-boxes", partial(_map, name="v.parquet")),
    *(
        Case(name=f"sound-raster-{name}", make=partial(_raster, how=how), check=_levels)
        for name, how in {
            "tiled": {"tiled": True, "blockxsize": 16, "blockysize": 16},
            "deflated": {"compress": "deflate", "predictor": 2, "dtype": "int16"},
            "lzw-by-rows": {"compress": "lzw", "blockysize": 2, "dtype": "int16"},
            "big": {"BIGTIFF": "YES", "blockysize": 2},
            "highest-byte-first": {"ENDIANNESS": "BIG", "dtype": "int16"},
        }.items()
    ),
)

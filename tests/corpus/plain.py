"""Plain layers and tables that any GIS writes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from geodata.read import read_table
from tests import tiny
from tests.corpus import Case


def _geojson(folder: Path) -> Path:
    path = folder / "villages.geojson"
    tiny.villages().drop(columns="centre").to_crs("EPSG:4326").to_file(path)
    return path


def _nine_polygons(path: Path) -> None:
    table = read_table(path)
    assert isinstance(table, gpd.GeoDataFrame)
    assert len(table) == 9
    assert table.crs is not None


def _empty(folder: Path) -> Path:
    path = folder / "villages.gpkg"
    path.write_bytes(b"")
    return path


CASES = (
    Case(name="plain-geojson", make=_geojson, check=_nine_polygons),
    Case(name="plain-empty-file", make=_empty, check=_nine_polygons, refused="0 bytes"),
)

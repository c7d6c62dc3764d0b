"""Footprints that stay in their files, read region by region; large studies in regions."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet
from pyproj import CRS
from shapely import box

import coverage
from coverage.regions import measure_in_regions
from coverage.shares import union_share
from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.study import regional
from geodata.study.regional import layer_in_file, measure_areas
from tests import tiny

OWN = CRS.from_user_input(tiny.CRS)


def written(layer: gpd.GeoSeries, path: Path) -> Path:
    """A layer's polygons in a file of the format its ending says."""
    table = gpd.GeoDataFrame({"name": ["x"] * len(layer)}, geometry=layer)
    if path.suffix == ".parquet":
        table.to_parquet(path, write_covering_bbox=True)
    else:
        table.to_file(path)
    return path


@pytest.mark.parametrize("ending", ["parquet", "gpkg", "fgb"])
def test_measures_from_files_by_region_are_those_of_memory(tmp_path: Path, ending: str) -> None:
    layers = [
        layer_in_file(written(one.footprint, tmp_path / f"{k}.{ending}"), info=one.info, crs=OWN)
        for k, one in enumerate(tiny.layers())
    ]
    found = measure_in_regions(tiny.villages(), layers, regions=4)
    whole = coverage.measure(tiny.villages(), tiny.layers())
    for bits in (1, 2, 3):
        np.testing.assert_allclose(union_share(found, bits), union_share(whole, bits), atol=1e-12)
    np.testing.assert_array_equal(found.centre, whole.centre)


@pytest.mark.parametrize("ending", ["parquet", "gpkg", "fgb"])
def test_only_what_is_near_is_read(tmp_path: Path, ending: str) -> None:
    squares = gpd.GeoSeries([box(k, 0, k + 0.5, 1) for k in range(50)], crs=tiny.CRS)
    info = tiny.layers()[0].info
    layer = layer_in_file(written(squares, tmp_path / f"a.{ending}"), info=info, crs=OWN)
    near = layer.footprint_in((9.8, 0.2, 11.2, 0.4))
    assert sorted(near.bounds["minx"]) == [10, 11]
    assert near.crs == OWN
    assert len(layer.footprint_in((90, 90, 91, 91))) == 0


def test_an_index_that_lacks_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    tiny.villages().drop(columns="centre").to_file(path, layer="a")
    info = tiny.layers()[0].info
    layer_in_file(path, info=info, crs=CRS(tiny.CRS))
    with closing(sqlite3.connect(path)) as base:
        base.execute("DELETE FROM rtree_a_geom WHERE id > 4")
        base.commit()
    with pytest.raises(UnreadableError, match="its spatial index has 4 of 9 rows"):
        layer_in_file(path, info=info, crs=CRS(tiny.CRS))


def test_row_groups_elsewhere_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the cost of a country grows with its square: each region would read every row."""
    squares = [box(k, 0, k + 0.5, 1) for k in range(50)]
    table = gpd.GeoDataFrame(geometry=[*squares, None], crs=tiny.CRS)
    path = tmp_path / "a.parquet"
    table.to_parquet(path, write_covering_bbox=True, row_group_size=5)
    layer = layer_in_file(path, info=tiny.layers()[0].info, crs=OWN)
    read: list[int] = []
    whole = parquet.ParquetFile.read_row_group

    def noted(self: parquet.ParquetFile, k: int, **options: object) -> object:
        read.append(k)
        return whole(self, k, **options)

    monkeypatch.setattr(parquet.ParquetFile, "read_row_group", noted)
    near = layer.footprint_in((9.8, 0.2, 11.2, 0.4))
    assert sorted(near.bounds["minx"]) == [10, 11]
    assert read == [2]


def _text(path: Path) -> Path:
    path.write_text("not a map", encoding="utf-8")
    return path


def _elsewhere(path: Path) -> Path:
    return written(tiny.layers()[0].footprint.to_crs("EPSG:4326"), path)


def _without_boxes(path: Path) -> Path:
    gpd.GeoDataFrame(geometry=tiny.layers()[0].footprint).to_parquet(path)
    return path


def _table(path: Path) -> Path:
    pd.DataFrame({"a": [1]}).to_parquet(path)
    return path


@pytest.mark.parametrize(
    ("make", "name", "kind", "says"),
    [
        (_text, "a.parquet", UnreadableError, "a.parquet cannot be read as GeoParquet"),
        (_text, "a.gpkg", UnreadableError, "a.gpkg cannot be read as GeoParquet"),
        (_table, "a.parquet", UnreadableError, "a.parquet cannot be read as GeoParquet"),
        (lambda path: path, "none.fgb", UnreadableError, "none.fgb cannot be read"),
        (lambda path: path, "none.parquet", UnreadableError, "none.parquet cannot be read"),
        (_elsewhere, "a.gpkg", DataError, "a.gpkg is in WGS 84"),
        (_elsewhere, "a.parquet", DataError, "a.parquet is in WGS 84"),
        (_without_boxes, "a.parquet", DataError, "no boxes of its rows"),
    ],
)
def test_a_file_that_cannot_be_read_in_regions_says_why(
    tmp_path: Path, make: object, name: str, kind: type[GeodataError], says: str
) -> None:
    assert callable(make)
    path = make(tmp_path / name)
    with pytest.raises(kind, match=re.escape(says)):
        layer_in_file(path, info=tiny.layers()[0].info, crs=OWN)


def test_a_large_study_is_measured_in_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regional, "VILLAGES_A_REGION", 2)
    told: list[float] = []
    found = measure_areas(tiny.villages(), tiny.layers(), progress=told.append)
    whole = coverage.measure(tiny.villages(), tiny.layers())
    np.testing.assert_allclose(union_share(found, 3), union_share(whole, 3), atol=1e-12)
    assert told == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])

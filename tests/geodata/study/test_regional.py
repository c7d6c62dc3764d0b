"""Footprints that stay in their files, read region by region; large studies in regions."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from pyproj import CRS
from shapely import box

import coverage
from coverage.regions import measure_in_regions
from coverage.shares import union_share
from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.read import read_table
from geodata.study import regional, row_boxes
from geodata.study.regional import layer_in_file, measure_areas
from tests import tiny

OWN = CRS.from_user_input(tiny.CRS)


FORMATS: Mapping[str, Mapping[str, object]] = {
    "covering.parquet": {"write_covering_bbox": True},
    "bare.parquet": {},
    "native.parquet": {"schema_version": "2.0.0"},
    "both.parquet": {"schema_version": "2.0.0", "write_covering_bbox": True},
    "a.gpkg": {},
    "a.fgb": {},
}
"""File → how it is written: GeoParquet 1.1 with boxes of rows and without, and 2.0."""


def written(layer: gpd.GeoSeries, path: Path, **options: object) -> Path:
    """A layer's polygons in a file of the format its ending says."""
    table = gpd.GeoDataFrame({"name": ["x"] * len(layer)}, geometry=layer)
    if path.suffix == ".parquet":
        table.to_parquet(path, row_group_size=2, **FORMATS.get(path.name, {}), **options)
    else:
        table.to_file(path)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_measures_from_files_by_region_are_those_of_memory(tmp_path: Path, name: str) -> None:
    layers = []
    for one in tiny.layers():
        (tmp_path / one.info.operator).mkdir()
        path = written(one.footprint.explode(), tmp_path / one.info.operator / name)
        layers.append(layer_in_file(path, info=one.info, crs=OWN))
    found = measure_in_regions(tiny.villages(), layers, regions=4)
    whole = coverage.measure(tiny.villages(), tiny.layers())
    for bits in (1, 2, 3):
        np.testing.assert_allclose(union_share(found, bits), union_share(whole, bits), atol=1e-12)
    np.testing.assert_array_equal(found.centre, whole.centre)


@pytest.mark.parametrize("name", FORMATS)
def test_only_what_is_near_is_read(tmp_path: Path, name: str) -> None:
    squares = gpd.GeoSeries([box(k, 0, k + 0.5, 1) for k in range(50)], crs=tiny.CRS)
    info = tiny.layers()[0].info
    layer = layer_in_file(written(squares, tmp_path / name), info=info, crs=OWN)
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


@pytest.mark.parametrize(
    ("options", "opening"),
    [
        ({"write_covering_bbox": True}, list(range(11))),
        ({}, list(range(11))),
        ({"schema_version": "2.0.0"}, [10]),
    ],
    ids=["the covering once", "the geometry once", "statistics, where they are"],
)
def test_row_groups_elsewhere_are_not_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, object],
    opening: list[int],
) -> None:
    """Else the cost of a country grows with its square: each region would read every row.

    Of a row group without geometry no statistics tell.
    """
    read: list[int] = []
    whole = parquet.ParquetFile.iter_batches

    def noted(
        self: parquet.ParquetFile, *size: int, row_groups: list[int], **rest: object
    ) -> object:
        read.extend(row_groups)
        return whole(self, *size, row_groups=row_groups, **rest)

    squares = [box(k, 0, k + 0.5, 1) for k in range(50)]
    table = gpd.GeoDataFrame(geometry=[*squares, None], crs=tiny.CRS)
    path = tmp_path / "a.parquet"
    table.to_parquet(path, row_group_size=5, **options)
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", noted)
    layer = layer_in_file(path, info=tiny.layers()[0].info, crs=OWN)
    assert sorted(read) == opening
    read.clear()
    near = layer.footprint_in((9.8, 0.2, 11.2, 0.4))
    assert sorted(near.bounds["minx"]) == [10, 11]
    assert read == [2]


def test_a_great_row_group_is_looked_at_some_rows_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_boxes, "ROWS_AT_ONCE", 7)
    decoded: list[int] = []
    decode = row_boxes.shapely.from_wkb

    def noted(wkb: np.ndarray) -> np.ndarray:
        decoded.append(len(wkb))
        return decode(wkb)

    monkeypatch.setattr(row_boxes.shapely, "from_wkb", noted)
    squares = gpd.GeoSeries([box(k, 0, k + 0.5, 1) for k in range(50)], crs=tiny.CRS)
    path = tmp_path / "a.parquet"
    squares.to_frame("geometry").to_parquet(path)
    layer = layer_in_file(path, info=tiny.layers()[0].info, crs=OWN)
    assert decoded == [7] * 7 + [1]
    assert sorted(layer.footprint_in((9.8, 0.2, 11.2, 0.4)).bounds["minx"]) == [10, 11]
    assert max(decoded) == 7


def test_statistics_that_are_no_box_are_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longitudes of GEOGRAPHY may go round the globe, from a greater x to a lesser."""
    assert row_boxes.is_box(np.array([0, 0, 1.5, 1]))
    assert not row_boxes.is_box(np.array([1.5, 0, 0, 1]))
    assert not row_boxes.is_box(np.array([0, 0, np.inf, 1]))
    squares = gpd.GeoSeries([box(k, 0, k + 0.5, 1) for k in range(6)], crs=tiny.CRS)
    path = written(squares, tmp_path / "native.parquet")
    monkeypatch.setattr(row_boxes, "is_box", lambda _: False)
    layer = layer_in_file(path, info=tiny.layers()[0].info, crs=OWN)
    assert sorted(layer.footprint_in((1.1, 0.2, 1.2, 0.4)).bounds["minx"]) == [1]


def test_a_file_of_types_alone_is_read(tmp_path: Path) -> None:
    """GeoParquet 2.0 does without metadata of its own."""
    path = written(tiny.layers()[0].footprint, tmp_path / "native.parquet")
    with_types = parquet.read_table(path)
    system = {"name": "geoarrow.wkb", "metadata": json.dumps({"crs": OWN.to_json_dict()})}
    bare = tmp_path / "bare.parquet"
    _write_types_alone(with_types["geometry"], bare, **system)
    assert parquet.read_metadata(bare).metadata is None
    layer = layer_in_file(bare, info=tiny.layers()[0].info, crs=OWN)
    whole = layer.footprint_in((-1e9, -1e9, 1e9, 1e9))
    assert whole.union_all().equals(tiny.layers()[0].footprint.union_all())
    read = read_table(bare)
    assert read.crs == OWN
    assert read.geometry.union_all().equals(whole.union_all())


def _write_types_alone(wkb: pa.ChunkedArray, path: Path, *, name: str, metadata: str) -> None:
    class Wkb(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.binary(), name)

        def __arrow_ext_serialize__(self) -> bytes:
            return metadata.encode()

        @classmethod
        def __arrow_ext_deserialize__(cls, *_: object) -> Wkb:
            return cls()

    pa.register_extension_type(Wkb())
    try:
        column = pa.ExtensionArray.from_storage(Wkb(), wkb.combine_chunks().cast(pa.binary()))
        parquet.write_table(pa.table({"shape": column}), path, store_schema=False)
    finally:
        pa.unregister_extension_type(name)


def _text(path: Path) -> Path:
    path.write_text("not a map", encoding="utf-8")
    return path


def _elsewhere(path: Path) -> Path:
    return written(tiny.layers()[0].footprint.to_crs("EPSG:4326"), path)


def _geoarrow(path: Path) -> Path:
    return written(tiny.layers()[0].footprint.explode(), path, geometry_encoding="geoarrow")


def _odd(**column: object) -> Callable[[Path], Path]:
    """A file whose metadata says something else of its geometry."""

    def make(path: Path) -> Path:
        table = parquet.read_table(written(tiny.layers()[0].footprint, path))
        geo = json.loads(table.schema.metadata[b"geo"])
        geo["columns"]["geometry"].update(column)
        metadata = {**table.schema.metadata, b"geo": json.dumps(geo).encode()}
        parquet.write_table(table.replace_schema_metadata(metadata), path)
        return path

    return make


def _without_the_column(path: Path) -> Path:
    table = parquet.read_table(written(tiny.layers()[0].footprint, path))
    parquet.write_table(table.drop_columns("geometry"), path)
    return path


def _no_wkb(path: Path) -> Path:
    table = parquet.read_table(written(tiny.layers()[0].footprint, path))
    broken = pa.array([b"no wkb"] * len(table))
    at = table.column_names.index("geometry")
    parquet.write_table(table.set_column(at, "geometry", broken), path)
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
        (_geoarrow, "a.parquet", UnreadableError, "a.parquet keeps its geometry as"),
        (_odd(crs=None), "a.parquet", DataError, "a.parquet is in no coordinate system"),
        (_odd(crs="EPSG:0"), "a.parquet", UnreadableError, "a.parquet cannot be read"),
        (_odd(covering=3), "a.parquet", UnreadableError, "a.parquet cannot be read"),
        (_odd(covering={"bbox": {"xmin": ["b"]}}), "a.parquet", UnreadableError, "cannot be read"),
        (_no_wkb, "a.parquet", UnreadableError, "a.parquet cannot be read"),
        (_without_the_column, "a.parquet", UnreadableError, "a.parquet cannot be read"),
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

"""GeoParquet as it is written: boxes that are true, Hilbert order, small row groups."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from shapely import LineString, MultiPolygon, Point, Polygon, box

from geodata import geoparquet
from geodata.geoparquet import geoparquet_bytes, hilbert_order
from geodata.read import read_table
from geodata.readers.geo_metadata import SIDES, covering_of
from geodata.written import write_parquet
from tests.laws import examples

CRS = "EPSG:9208"
SCATTERED = [box(x, y, x + 1, y + 1) for x in range(8) for y in range(8)]


def written(path: Path, table: gpd.GeoDataFrame) -> Path:
    path.write_bytes(geoparquet_bytes(table))
    return path


def table_of(shapes: list[shapely.Geometry | None]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"place": range(len(shapes))}, geometry=shapes, crs=CRS)


def boxes_in(path: Path) -> np.ndarray:
    """The boxes of rows, found as the file's own metadata says."""
    geo = json.loads(parquet.read_metadata(path).metadata[b"geo"])
    sides = covering_of(geo["columns"][geo["primary_column"]])
    assert sides is not None
    held = parquet.ParquetFile(path).read(columns=list(sides)).flatten()
    return np.stack([held[side].to_numpy() for side in sides], axis=1).astype(float)


def test_four_squares_stand_along_the_curve() -> None:
    """Hilbert's curve of four cells: up the left side, over, and down the right."""
    at = {"low left": (0, 0), "up left": (0, 1), "up right": (1, 1), "low right": (1, 0)}
    names = ["up right", "low right", "low left", "up left"]
    order = hilbert_order(np.array([Point(at[name]) for name in names]))
    found = [names[k] for k in order]
    assert found in (list(at), ["low left", "low right", "up right", "up left"])


def test_rows_without_a_place_are_the_last_and_rows_of_one_place_keep_their_order() -> None:
    shapes = [None, Point(1, 1), Polygon(), Point(0, 0), Point(1, 1), None]
    assert hilbert_order(np.array(shapes)).tolist() == [3, 1, 4, 0, 2, 5]
    assert hilbert_order(np.array([], dtype=object)).tolist() == []
    assert hilbert_order(np.array([Point(3, 4)])).tolist() == [0]


def test_the_order_is_that_of_geopandas(tmp_path: Path) -> None:
    mixed = np.random.default_rng(4).permutation(np.array(SCATTERED))
    table = table_of(list(mixed))
    kept = gpd.read_parquet(written(tmp_path / "a.parquet", table))
    along = table.hilbert_distance()
    assert kept["place"].tolist() == along.sort_values(kind="stable").index.tolist()
    assert kept["place"].tolist() != table["place"].tolist()
    assert kept.hilbert_distance().is_monotonic_increasing


def test_boxes_are_those_of_the_rows(tmp_path: Path) -> None:
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(3, 3), (9, 3), (9, 3.5)]])  # beyond
    lines = LineString([(10, 1), (12, 5)])
    many = MultiPolygon([box(20, 0, 21, 1), box(28, 7, 29, 8)])
    table = table_of([many, None, hole, lines, Polygon()])
    path = written(tmp_path / "a.parquet", table)
    found = dict(zip(gpd.read_parquet(path)["place"], boxes_in(path).tolist(), strict=True))
    assert found[0] == [20, 0, 29, 8]
    assert found[2] == [0, 0, 9, 4]
    assert found[3] == [10, 1, 12, 5]
    assert np.isnan([found[1], found[4]]).all()


@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.builds(Point, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
            st.builds(lambda x, y: box(x, y, x + 1, y + 2), st.integers(0, 9), st.integers(0, 9)),
        ),
        max_size=20,
    )
)
def test_whatever_is_written_comes_back(shapes: list[shapely.Geometry | None]) -> None:
    table = table_of(shapes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geoparquet, "ROWS_A_GROUP", 3)
        kept = gpd.read_parquet(io.BytesIO(geoparquet_bytes(table)))
    assert list(kept.columns) == ["place", "geometry"]
    back = kept.set_index("place").sort_index().geometry
    expected = table.set_index("place").geometry
    assert back.crs == expected.crs
    assert shapely.equals_identical(back.to_numpy(), expected.to_numpy()).tolist() == [
        shape is not None for shape in shapes
    ]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_no_rows_or_one_is_written(tmp_path: Path, rows: int) -> None:
    table = table_of(SCATTERED[:rows])
    kept = gpd.read_parquet(written(tmp_path / "a.parquet", table))
    assert len(kept) == rows
    assert kept.crs == CRS


def test_regions_read_few_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoparquet, "VERTICES_A_GROUP", 5 * 8)  # eight squares
    path = written(tmp_path / "a.parquet", table_of(SCATTERED[::-1]))
    about = parquet.read_metadata(path)
    assert [about.row_group(k).num_rows for k in range(about.num_row_groups)] == [8] * 8
    boxes = np.split(boxes_in(path), 8)
    near = [(b[:, 0] < 2).any() and (b[:, 1] < 2).any() for b in boxes]
    assert sum(near) <= 3
    statistics = about.row_group(0).column(about.num_columns - 4).statistics
    assert statistics.has_min_max


def test_others_read_by_the_boxes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", table_of(SCATTERED))
    near = gpd.read_parquet(path, bbox=(2.2, 3.2, 2.8, 3.8))
    assert near.geometry.tolist() == [box(2, 3, 3, 4)]
    assert list(near.columns) == ["place", "geometry"]


def test_boxes_are_no_attribute_when_a_table_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", table_of(SCATTERED))
    assert list(read_table(path).columns) == ["place", "geometry"]


def test_a_column_of_that_name_stays(tmp_path: Path) -> None:
    table = table_of(SCATTERED[:3]).assign(bbox=["a", "b", "c"])
    path = written(tmp_path / "a.parquet", table)
    for kept in (read_table(path), gpd.read_parquet(path)):
        assert sorted(kept["bbox"]) == ["a", "b", "c"]
        assert sorted(kept.columns) == ["bbox", "geometry", "place"]
    assert boxes_in(path).shape == (3, 4)


def test_only_the_first_geometry_has_boxes(tmp_path: Path) -> None:
    table = table_of(SCATTERED[:2])
    table["centre"] = gpd.GeoSeries([Point(900, 900), None], crs=CRS)
    path = written(tmp_path / "a.parquet", table)
    geo = json.loads(parquet.read_metadata(path).metadata[b"geo"])
    assert covering_of(geo["columns"]["centre"]) is None
    assert geo["columns"]["geometry"]["covering"]["bbox"] == {s: ["bbox", s] for s in SIDES}
    assert geo["version"] == "1.1.0"
    kept = gpd.read_parquet(path)
    assert kept["centre"].crs == CRS
    assert boxes_in(path).max() < 900


class GeoArrow(pa.ExtensionType):
    """The type that packages for GeoArrow register."""

    def __init__(self) -> None:
        super().__init__(pa.binary(), "geoarrow.wkb")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, *_: object) -> GeoArrow:
        return cls()


@pytest.fixture
def geoarrow() -> Iterator[None]:
    pa.register_extension_type(GeoArrow())
    yield
    pa.unregister_extension_type("geoarrow.wkb")


@pytest.mark.usefixtures("geoarrow")
def test_geometry_is_plain_bytes_beside_a_package_for_geoarrow(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", table_of(SCATTERED))
    kinds = parquet.read_metadata(path).schema
    told = {kinds.column(k).path: kinds.column(k).logical_type.type for k in range(len(kinds))}
    assert told["geometry"] == "NONE"
    assert len(read_table(path)) == len(SCATTERED)


def test_an_index_is_kept_and_one_that_counts_is_not(tmp_path: Path) -> None:
    named = table_of(SCATTERED[::-1]).set_index("place")
    kept = gpd.read_parquet(written(tmp_path / "a.parquet", named))
    assert kept.loc[5, "geometry"] == named.loc[5, "geometry"]
    path = written(tmp_path / "b.parquet", table_of(SCATTERED))
    assert not [name for name in parquet.read_schema(path).names if name.startswith("__index")]


def test_rows_on_the_disk_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = table_of(SCATTERED)
    write_parquet(table, tmp_path / "a.parquet", index=False)
    assert len(gpd.read_parquet(tmp_path / "a.parquet")) == len(SCATTERED)
    short = geoparquet_bytes(table.iloc[1:])
    monkeypatch.setattr("geodata.written.geoparquet_bytes", lambda *_, **__: short)
    with pytest.raises(OSError):  # noqa: PT011  # without words: which file is said by its caller
        write_parquet(table, tmp_path / "b.parquet", index=False)


def test_a_table_without_places_keeps_its_order(tmp_path: Path) -> None:
    write_parquet(pd.DataFrame({"a": [3, 1, 2]}), tmp_path / "a.parquet")
    assert pd.read_parquet(tmp_path / "a.parquet")["a"].tolist() == [3, 1, 2]

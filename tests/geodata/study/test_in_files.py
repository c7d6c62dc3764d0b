"""Large layers that stay in their files: the same results, and never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from pyarrow import parquet
from shapely import Polygon, box

import coverage
import geodata
from coverage.regions import Bounds
from coverage.shares import union_share
from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.study import in_files, moved, regional
from geodata.study.digests import keys_of
from geodata.study.in_files import LayerInFile
from geodata.study.model import Study
from tests import tiny
from tests.tiny_study import write_study

Change = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]


def studied(folder: Path, change: Change = lambda table: table, **kept: object) -> Path:
    """The tiny study, its layers as GeoParquet of one polygon a row group, first changed."""
    file = write_study(folder)
    for layer in tiny.layers():
        table = change(layer.footprint.explode(ignore_index=True).to_frame("geometry"))
        options = {"row_group_size": 1, "index": False, "write_covering_bbox": True, **kept}
        table.to_parquet(folder / f"{layer.info.operator}.parquet", **options)
    text = file.read_text("utf-8")
    for layer in tiny.layers():
        text = text.replace(f"{layer.info.operator}.gpkg", f"{layer.info.operator}.parquet")
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every layer is large, and regions are small."""
    monkeypatch.setattr(in_files, "STAYS_FROM_MB", 0.0)
    monkeypatch.setattr(regional, "VILLAGES_A_REGION", 2)


def in_file(study: Study) -> list[bool]:
    return [isinstance(layer, LayerInFile) for layer in study.layers]


def test_results_are_those_of_layers_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = geodata.open_study(studied(tmp_path / "usual"))
    whole = geodata.assess_study(usual).assessment
    monkeypatch.setattr(in_files, "STAYS_FROM_MB", 0.0)
    monkeypatch.setattr(regional, "VILLAGES_A_REGION", 2)
    study = geodata.open_study(studied(tmp_path / "apart"))
    assert (in_file(usual), in_file(study)) == ([False, False], [True, True])
    found = geodata.assess_study(study).assessment
    assert_frame_equal(found.verdicts, whole.verdicts, rtol=0, atol=1e-12)
    for bits in (1, 2, 3):
        np.testing.assert_allclose(
            union_share(found.measures, bits), union_share(whole.measures, bits), atol=1e-12
        )
    np.testing.assert_array_equal(found.measures.centre, whole.measures.centre)
    assert found.measures.layers == whole.measures.layers
    assert keys_of(study) == keys_of(usual)
    assert study.warnings == usual.warnings


@pytest.mark.heavy
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "kept",
    [{"write_covering_bbox": False}, {"write_covering_bbox": False, "schema_version": "2.0.0"}],
    ids=["without boxes", "2.0"],
)
def test_a_layer_without_boxes_stays_in_its_file_too(
    tmp_path: Path, kept: dict[str, object]
) -> None:
    boxed = geodata.open_study(studied(tmp_path / "boxed"))
    study = geodata.open_study(studied(tmp_path / "bare", **kept))
    assert in_file(study) == in_file(boxed) == [True, True]
    assert keys_of(study) == keys_of(boxed)
    found, expected = (geodata.assess_study(one).assessment for one in (study, boxed))
    assert_frame_equal(found.verdicts, expected.verdicts, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("large")
def test_nothing_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studied(tmp_path)
    asked: list[Bounds] = []
    near = in_files.Seen.select

    def noted(self: in_files.Seen, bounds: Bounds) -> gpd.GeoSeries:
        asked.append(bounds)
        return near(self, bounds)

    monkeypatch.setattr(in_files.Seen, "select", noted)
    monkeypatch.setattr(moved, "MOST_VILLAGES", 0)  # as in a country
    study = geodata.open_study(tmp_path)
    assert geodata.assess_study(study).measured
    assert len(asked) == 2 * 5
    assert np.isfinite(asked).all()


@pytest.mark.usefixtures("large")
def test_the_system_of_a_layer_is_told_without_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = geodata.open_study(studied(tmp_path))

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(in_files.Seen, "near", refuse)
    assert [layer.crs for layer in study.footprints] == [study.crs] * 2


@pytest.mark.usefixtures("large")
def test_a_file_that_changes_under_an_open_study_is_not_read(tmp_path: Path) -> None:
    study = geodata.open_study(studied(tmp_path))
    (tmp_path / "Alpha.parquet").write_bytes((tmp_path / "Beta.parquet").read_bytes())
    with pytest.raises(UnreadableError, match=r"Alpha\.parquet has changed since"):
        geodata.assess_study(study)


@pytest.mark.usefixtures("large")
def test_a_footprint_is_whole_for_whoever_asks(tmp_path: Path) -> None:
    study = geodata.open_study(studied(tmp_path))
    for layer, source in zip(study.footprints, tiny.layers(), strict=True):
        assert layer.footprint.crs == source.footprint.crs
        assert layer.footprint.union_all().equals(source.footprint.union_all())


@pytest.mark.usefixtures("large")
def test_only_groups_that_are_near_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares = gpd.GeoDataFrame(geometry=[box(k, 0, k + 0.5, 1) for k in range(9)], crs=tiny.CRS)
    squares.to_parquet(tmp_path / "a.parquet", row_group_size=3, index=False)
    seen = in_files.seen_in(tmp_path / "a.parquet", squares.crs, digest=lambda *_: [])
    assert seen is not None
    read: list[int] = []
    whole = in_files.parquet.ParquetFile.read_row_group

    def noted(self: object, k: int, **options: object) -> object:
        read.append(k)
        return whole(self, k, **options)

    monkeypatch.setattr(in_files.parquet.ParquetFile, "read_row_group", noted)
    assert sorted(seen.near((3.8, 0.2, 5.2, 0.4)).bounds["minx"]) == [4, 5]
    assert read == [1]
    assert seen.bounds == (0, 0, 8.5, 1)


@pytest.mark.heavy
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.to_crs("EPSG:4326"),
        lambda table: table.assign(operator="Gamma"),
        lambda table: table.assign(name="x"),
    ],
    ids=["another system", "operators", "a column"],
)
def test_what_may_need_another_look_is_read_at_once(tmp_path: Path, change: Change) -> None:
    assert in_file(geodata.open_study(studied(tmp_path, change))) == [False, False]


@pytest.mark.heavy
@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(
    ("entry", "reads"),
    [
        ({"covering": None}, True),
        ({"covering": {"bbox": None}}, True),
        ({"crs": "EPSG:nowhere"}, False),
        ({"crs": {}}, False),
        (None, False),
    ],
    ids=["no covering", "an empty covering", "a name for a system", "an empty system", "a list"],
)
def test_an_odd_entry_is_for_the_usual_reader_to_tell(
    tmp_path: Path, entry: dict[str, object] | None, *, reads: bool
) -> None:
    file = studied(tmp_path, write_covering_bbox=False)
    path = tmp_path / f"{tiny.layers()[0].info.operator}.parquet"
    table = parquet.read_table(path)
    told = json.loads(table.schema.metadata[b"geo"])
    column = told["columns"]["geometry"]
    told["columns"]["geometry"] = [] if entry is None else {**column, **entry}
    metadata = {**table.schema.metadata, b"geo": json.dumps(told).encode()}
    parquet.write_table(table.replace_schema_metadata(metadata), path, row_group_size=1)
    if reads:
        assert geodata.open_study(file).layers
    else:
        with pytest.raises(GeodataError):
            geodata.open_study(file)


@pytest.mark.usefixtures("large")
def test_a_file_of_one_great_group_is_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_files, "GROUP_AT_MOST_MB", 0.0)
    assert in_file(geodata.open_study(studied(tmp_path))) == [False, False]


@pytest.mark.usefixtures("large")
def test_polygons_without_area_are_told_as_ever(tmp_path: Path) -> None:
    def flat(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return table.set_geometry([Polygon([(0, 0), (1, 1), (0, 0)])] * len(table), crs=table.crs)

    with pytest.raises(DataError, match="polygons without area"):
        geodata.open_study(studied(tmp_path, flat))


@pytest.mark.heavy
@pytest.mark.usefixtures("large")
def test_a_changed_layer_is_measured_again_with_the_others_in_their_files(tmp_path: Path) -> None:
    """The change cuts villages that Alpha cuts too: these are measured by both layers."""
    file = studied(tmp_path / "study")
    geodata.assess_study(geodata.open_study(file))
    x, y = tiny.X0, tiny.Y0
    wider = gpd.GeoDataFrame(geometry=[box(x + 1200, y, x + 3000, y + 700)], crs=tiny.CRS)
    wider.to_parquet(tmp_path / "study" / "Beta.parquet", index=False, write_covering_bbox=True)
    study = geodata.open_study(file)
    assert in_file(study) == [True, True]
    run = geodata.assess_study(study)
    assert run.measured_layers == 1
    fresh = coverage.measure(study.villages, study.layers)
    for bits in (1, 2, 3):
        np.testing.assert_allclose(
            union_share(run.assessment.measures, bits), union_share(fresh, bits), atol=1e-12
        )

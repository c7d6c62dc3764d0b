"""The study folder that the reconstruction writes: small, whole, and on real data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

import coverage
from coverage.model import Layer
from geodata.errors import CallError, DataError
from geodata.reconstruction import reconstruct
from geodata.reconstruction.gazetteer import DISTRICTS
from geodata.study import Study, open_study
from tests.kept import Kept

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "nghe_an"
HIGH_MOUNTAINS = {"415", "416", "417", "418", "420", "422"}


def verdicts(study: Study, layers: Sequence[Layer] = ()) -> pd.Series[str]:
    measures = coverage.measure(study.villages, layers or study.layers)
    return coverage.judge(measures, study.rule, expected=study.expected).verdicts["verdict"]


def uncovered(study: Study) -> gpd.GeoDataFrame:
    return study.villages[verdicts(study).isin(["weak", "none"])]


@pytest.mark.heavy
def test_a_small_one_is_an_ordinary_study_at_the_same_proportion(small_province: Path) -> None:
    study = open_study(small_province)
    assert len(study.villages) == 60
    assert study.villages["population"].sum() == 3_327_791
    assert len(uncovered(study)) == 1
    assert study.reconstruction is not None
    assert study.reconstruction.seed == 586
    assert sorted(p.name for p in small_province.iterdir()) == [
        "centres.gpkg", "communes_2023.gpkg", "communes_2024.gpkg", "communes_2025.gpkg",
        "districts_2023.gpkg", "districts_2024.gpkg", "layers", "sites.gpkg", "study.toml",
        "terrain.tif", "villages.gpkg", "zones_5g.gpkg",
    ]  # fmt: skip


@pytest.mark.heavy
def test_progress_goes_up_to_all_of_it(small_progress: list[float]) -> None:
    assert small_progress == sorted(small_progress)
    assert small_progress[-1] == 1.0
    assert len(small_progress) > 3


def test_every_file_says_that_it_is_a_reconstruction(small_province: Path) -> None:
    files = list(small_province.rglob("*.gpkg"))
    assert len(files) > 8
    for path in files:
        if path.name in ("villages.gpkg", "centres.gpkg"):
            continue
        assert gpd.read_file(path)["source"].str.contains("Reconstruction").all(), path.name
    with rasterio.open(small_province / "terrain.tif") as terrain:
        assert "Mô phỏng" in terrain.tags()["source"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(CallError, match="not an empty folder"):
        reconstruct(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_too_few_villages_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="50 to"):
        reconstruct(tmp_path / "out", village_count=3)
    assert not (tmp_path / "out").exists()


def test_real_districts_must_be_all_there(tmp_path: Path) -> None:
    one = gpd.GeoDataFrame(
        {"district_code": ["412"]}, geometry=[shapely.box(590000, 2060000, 600000, 2070000)],
        crs="EPSG:9208",
    )  # fmt: skip
    one.to_file(tmp_path / "one.gpkg")
    with pytest.raises(DataError, match="lacks 20 of the 21 districts"):
        reconstruct(tmp_path / "out", districts=tmp_path / "one.gpkg", village_count=60)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.gpkg"]


@pytest.mark.province
def test_the_join_leaves_63_of_3806_in_the_high_mountains(province: Path) -> None:
    study = open_study(province)
    assert len(study.villages) == 3806
    found = verdicts(study).value_counts()
    assert found["covered"] == 3743
    assert found.get("unknown", 0) == 0
    assert found["weak"] > 10
    assert found["none"] > 10
    assert set(uncovered(study)["district_code"]) <= HIGH_MOUNTAINS


@pytest.mark.province
def test_the_figure_is_not_written_anywhere_it_follows_from_the_layers(province: Path) -> None:
    study = open_study(province)
    fewer = [layer for layer in study.layers if layer.info.operator != "Viettel"]
    assert (verdicts(study, fewer) != "covered").sum() > 63
    only_4g = [layer for layer in study.layers if layer.info.technology == "4G"]
    assert (verdicts(study, only_4g) != "covered").sum() > 63


@pytest.mark.province
def test_villages_tile_communes_and_communes_tile_districts(province: Path) -> None:
    villages = gpd.read_file(province / "villages.gpkg")
    assert shapely.coverage_is_valid(villages.geometry.to_numpy())
    assert villages["population"].sum() == 3_327_791
    assert (~villages["electrified"].astype(bool)).sum() > 60
    assert not villages.duplicated(["commune_code", "village"]).any()
    total = villages.area.sum()
    for name, count in (
        ("districts_2023", 21), ("communes_2023", 460), ("districts_2024", 20),
        ("communes_2024", 412), ("communes_2025", 130),
    ):  # fmt: skip
        units = gpd.read_file(province / f"{name}.gpkg")
        assert len(units) == count
        assert units.geometry.is_valid.all()
        assert shapely.coverage_is_valid(units.geometry.to_numpy())
        assert units.area.sum() == pytest.approx(total)


@pytest.mark.province
def test_the_districts_have_about_their_area(province: Path) -> None:
    found = gpd.read_file(province / "districts_2023.gpkg").set_index("code").area / 1e6
    wrong = [abs(found[code] / km2 - 1) for code, _, km2, _ in DISTRICTS]
    assert np.median(wrong) < 0.05
    assert max(wrong) < 0.25


@pytest.mark.province
def test_footprints_are_ragged_and_have_holes(province: Path) -> None:
    table = gpd.read_file(province / "layers" / "viettel_4g.gpkg")
    assert shapely.get_num_coordinates(table.geometry.to_numpy()).sum() > 25_000
    parts = shapely.get_parts(table.geometry.to_numpy())
    assert shapely.get_num_interior_rings(parts).sum() > 100


@pytest.mark.province
def test_another_seed_lands_on_its_part_of_the_63_too(kept: Kept, tmp_path: Path) -> None:
    """A quarter of the villages: the whole of it is built by the standard seed."""

    def make(folder: Path) -> None:
        reconstruct(folder, seed=7, village_count=967)

    study = open_study(kept.copy("seed-7", make, tmp_path / "other"))
    assert len(uncovered(study)) == 16
    assert set(uncovered(study)["district_code"]) <= HIGH_MOUNTAINS


@pytest.mark.province
def test_real_boundaries_villages_and_terrain_are_used(kept: Kept, tmp_path: Path) -> None:
    if not REAL.is_dir():
        pytest.skip(f"no real data at {REAL}")

    def make(folder: Path) -> None:
        reconstruct(
            folder,
            districts=REAL / "districts_2023.gpkg",
            communes=REAL / "wards_2025.gpkg",
            villages=REAL / "village_points.gpkg",
            terrain=REAL / "terrain_15s.tif",
        )

    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(REAL.iterdir())]
    real = kept.copy("real", make, tmp_path / "real", more=" ".join(digests))
    study = open_study(real)
    assert len(study.villages) == 2946
    assert len(uncovered(study)) == round(2946 * 63 / 3806)
    assert shapely.coverage_is_valid(study.villages.geometry.to_numpy())
    districts = gpd.read_file(REAL / "districts_2023.gpkg").to_crs("EPSG:9208")
    drawn = gpd.read_file(real / "districts_2023.gpkg").set_index("code")
    for code, shape in zip(districts["district_code"], districts.geometry, strict=True):
        assert drawn.geometry[code].symmetric_difference(shape).area < 1.0

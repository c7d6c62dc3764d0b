"""The real districts of 2023 and wards of 2025, unmodified, and the real village points in them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest

import geodata
from geodata.study.places import structures_of
from geodata.study.unit_report import unit_cases
from geodata.unit_changes import table_day
from geodata.unit_tables import FROM_2025

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "nghe_an"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="no real data on this machine")

STUDY = """
schema = 1
name = "Real points"
as_of = {as_of}
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "{real}/village_points.gpkg"
columns = {{ village_id = "wof_id" }}

[[units]]
valid_from = 2023-01-01
districts = "{real}/districts_2023.gpkg"

[[units]]
valid_from = 2025-07-01
communes = "{real}/wards_2025.gpkg"

[[layers]]
operator = "Alpha"
technology = "4G"
path = "alpha.gpkg"
"""


def opened(folder: Path, as_of: str) -> geodata.Study:
    area = gpd.read_file(REAL / "districts_2023.gpkg").geometry.iloc[:1]
    area.to_frame("geometry").to_file(folder / "alpha.gpkg")
    text = STUDY.format(real=REAL.as_posix(), as_of=as_of)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return geodata.open_study(folder)


def test_the_real_points_lie_in_the_wards_and_districts_that_they_are_joined_to(
    tmp_path: Path,
) -> None:
    study = opened(tmp_path, "2025-08-30")
    assert (len(study.villages), [len(u.finest) for u in study.units]) == (2946, [21, 130])
    assert table_day(study.units[1].communes) == FROM_2025
    before, after = structures_of(study)
    told = gpd.read_file(REAL / "village_points.gpkg")
    told.index = told["wof_id"].astype(str)
    told = told.loc[before.places.index]
    known = told["ward_code"].notna()
    assert (before.places["district_code"] == told["district_code"]).sum() == 2946
    assert (after.places["commune_code"] == told["ward_code"]).sum() == known.sum() == 2943
    lost = after.places.loc[~known, "commune"]
    assert set(lost) == {"Xã Lam Thành", "Phường Tân Mai"}  # the file has no ward for three
    assert unit_cases(study).empty  # and all the rest lie where it says


def test_in_the_units_of_2023_the_codes_of_2025_say_nothing_and_the_place_does(
    tmp_path: Path,
) -> None:
    study = opened(tmp_path, "2023-08-30")
    before, after = structures_of(study)
    told = gpd.read_file(REAL / "village_points.gpkg")
    told.index = told["wof_id"].astype(str)
    told = told.loc[before.places.index]
    assert (before.places["district_code"] == told["district_code"]).sum() == 2946
    assert (after.places["commune_code"] == told["ward_code"]).sum() == 2943
    assert before.levels == ("district",)  # codes of 2025 are no communes of 2023
    assert set(unit_cases(study)["kind"]) == {"unit-code-foreign"}

"""A study with villages without a place: every part of its measures, kept and made again."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely import Point

import coverage
import geodata
from geodata.access import Rights, restrict
from geodata.identity import FILE, mint_ids, read_known
from geodata.study.conflicts import conflicts_of
from geodata.study.engine import HERE, Engine
from geodata.study.kept import measures_of
from geodata.study.model import Study
from tests.tiny_signal import GRID, SIDE, STEP, WKT, write_signal_study

LOST = ["v2", "v9"]
FULL = """
[population]
path = "people.tif"
unit = "count"
[settled]
path = "settled.csv"
[measurements]
path = "drive.csv"
columns = { signal = "signal" }
"""


def write(folder: Path, *, lost: bool = True) -> Path:
    """Footprints, signals, people, settled places, zones and a drive test over the nine."""
    file = write_signal_study(folder)
    people = np.full((SIDE, SIDE), 2, np.float32)
    with rasterio.open(
        folder / "people.tif", "w", driver="GTiff", width=SIDE, height=SIDE, count=1,
        dtype="float32", crs=WKT, transform=rasterio.Affine(STEP, 0, GRID.x, 0, -STEP, GRID.y),
    ) as out:  # fmt: skip
        out.write(people, 1)
    (folder / "settled.csv").write_text("x,y,households\n598200,2065200,9\n600500,2067500,4\n")
    rows = "".join(f"105.7{k},18.672,2023-08-30,Alpha,4G,-120\n" for k in range(9))
    (folder / "drive.csv").write_text("lon,lat,time,operator,technology,signal\n" + rows)
    text = file.read_text("utf-8") + FULL
    if lost:
        kept = 'centres = "centres.csv"\nrows_without_place = "unknown"'
        text = text.replace('centres = "centres.csv"', kept)
        table = gpd.read_file(folder / "villages.gpkg")
        table.loc[[1, 8], "geometry"] = None
        (folder / "villages.gpkg").unlink()
        table.to_file(folder / "villages.gpkg")
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return geodata.open_study(write(tmp_path / "lost"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return geodata.open_study(write(tmp_path_factory.mktemp("whole") / "study", lost=False))


@pytest.mark.heavy
@pytest.mark.parametrize("rule", ["vn-village", "sdg-9.c.1", "fcc-bdc"])
def test_the_others_have_the_verdicts_they_have_among_all(
    study: Study, whole: Study, rule: str
) -> None:
    found = geodata.assess_study(study, rule=rule)
    wanted = geodata.assess_study(whole, rule=rule)
    verdicts, others = found.assessment.verdicts, wanted.assessment.verdicts
    assert verdicts.loc[LOST, "verdict"].tolist() == ["unknown", "unknown"]
    pd.testing.assert_frame_equal(verdicts.drop(LOST), others.drop(LOST))
    sure, surely = found.sureness.villages, wanted.sureness.villages
    pd.testing.assert_frame_equal(sure.drop(LOST), surely.drop(LOST))
    assert sure.loc[LOST, "firm"].all()
    again = geodata.assess_study(geodata.open_study(study.folder), rule=rule)
    assert not again.measured
    pd.testing.assert_frame_equal(again.assessment.verdicts, verdicts)


def test_a_changed_layer_alone_is_measured_again(study: Study) -> None:
    geodata.assess_study(study)
    layer = gpd.read_file(study.folder / "Beta.gpkg")
    layer.geometry = layer.buffer(50)
    layer.to_file(study.folder / "Beta.gpkg")
    changed = geodata.open_study(study.folder)
    found = geodata.assess_study(changed)
    assert found.measured_layers == 1
    anew = coverage.judge(_measured_anew(changed), found.assessment.rule)
    pd.testing.assert_series_equal(found.assessment.verdicts["verdict"], anew.verdicts["verdict"])
    np.testing.assert_allclose(found.assessment.verdicts["best_share"], anew.verdicts["best_share"])


def _measured_anew(study: Study, engine: Engine = HERE) -> coverage.Measures:
    for kept in (study.folder / "results" / "measures").glob("*/about.json"):
        kept.unlink()
    return measures_of(study, engine=engine, keep=False).measures


def test_drive_tests_count_for_the_village_they_lie_in(study: Study, whole: Study) -> None:
    found = conflicts_of(study, geodata.assess_study(study).assessment)
    wanted = conflicts_of(whole, geodata.assess_study(whole).assessment)
    assert not found.table["village_id"].isin(LOST).any()
    kept = wanted.table[~wanted.table["village_id"].isin(LOST)]
    assert sorted(found.table["village_id"]) == sorted(kept["village_id"])


def test_who_sees_a_district_sees_its_villages_without_a_place(study: Study) -> None:
    part = restrict(geodata.assess_study(study), Rights(districts=frozenset({"417"})))
    assert list(part.study.villages.index) == ["v7", "v8", "v9"]
    assert part.summary.headline.unplaced == 1


def _three(*places: object) -> gpd.GeoDataFrame:
    names = ["Bản Hồi", "Bản Hồi", "Na Loi"]
    columns = dict.fromkeys(("commune_code", "district_code", "district"), pd.NA)
    return gpd.GeoDataFrame(
        {"village": names, "commune": "Xã", **columns}, geometry=list(places), crs="EPSG:9208"
    )


def test_ids_stay_with_villages_that_lose_or_find_their_place(tmp_path: Path) -> None:
    here, there = Point(598_000, 2_065_000), Point(700_000, 2_065_000)
    first = mint_ids(_three(here, None, None), tmp_path)["village_id"].tolist()
    assert len(set(first)) == 3
    assert [(row.x, row.y) for row in read_known(tmp_path / FILE)].count((None, None)) == 2
    assert mint_ids(_three(here, None, None), tmp_path)["village_id"].tolist() == first
    assert mint_ids(_three(here, there, here), tmp_path)["village_id"].tolist() == first
    assert mint_ids(_three(None, there, None), tmp_path)["village_id"].tolist() == first


def test_a_centre_known_by_name_alone_is_not_used_for_a_village_without_a_place(
    study: Study,
) -> None:
    file = study.folder / "centres.csv"
    names = study.villages["village"]
    rows = [line.split(",") for line in file.read_text("utf-8").splitlines()[1:]]
    told = [f'"{names[key]}",{lon},{lat}' for key, lon, lat in rows if key in ("v2", "v4")]
    file.write_text("\n".join(["village,lon,lat", *told]), "utf-8")
    again = geodata.open_study(study.folder)
    assert again.villages["centre"].notna().to_dict() == {
        key: key == "v4" for key in again.villages.index
    }
    assert "centres.csv: 1 centres are of villages without a place and are not used" in map(
        str, again.notes
    )


def test_the_setting_is_one_of_two_words(study: Study) -> None:
    file = study.folder / "study.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace('place = "unknown"', 'place = "drop"'), "utf-8")
    with pytest.raises(geodata.StudyError, match="rows_without_place"):
        geodata.open_study(study.folder)

"""Where people live: rasters of every kind, settled places, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio import Affine
from shapely import Point, box

import geodata
from coverage.pixels import AmountRaster
from coverage.shares import union_share
from geodata.errors import DataError, StudyError
from geodata.report import check_study
from geodata.study.kept import load_measures, measures_key, measures_of, plan_of
from geodata.study.kept_amounts import amounts_arrays, amounts_from, with_hexes
from geodata.study.model import Study
from tests import tiny, tiny_study

PEOPLE = np.kron(np.arange(1, 10).reshape(3, 3)[::-1], np.ones((2, 2))) * 25.0
"""The people of v1 … v9 (100, 200 … 900) in pixels of 500 m, the northern row first."""


def write_raster(
    path: Path,
    values: Any,
    *,
    crs: str = tiny.CRS,
    place: Affine | None = None,
    nodata: float | None = None,
    units: str = "",
) -> None:
    bands = np.atleast_3d(np.asarray(values)).reshape(-1, *np.shape(values)[-2:])
    place = place or Affine(500, 0, tiny.X0, 0, -500, tiny.Y0 + 3000)
    with rasterio.open(
        path, "w", driver="GTiff", dtype=bands.dtype, count=len(bands), crs=crs, transform=place,
        width=bands.shape[2], height=bands.shape[1], nodata=nodata,
    ) as target:  # fmt: skip
        target.write(bands)
        if units:
            target.update_tags(units=units)


def study_with(folder: Path, entry: str) -> Study:
    toml = tiny_study.write_study(folder)
    toml.write_text(toml.read_text("utf-8") + entry, "utf-8")
    return geodata.open_study(folder)


def sentences(study: Study) -> str:
    return "\n".join(str(found.sentence) for found in study.findings)


def people_of(study: Study) -> list[float]:
    return measures_of(study, keep=False).measures.amounts["people"].total.round(6).tolist()


HUNDREDS = [100.0 * k for k in range(1, 10)]


def test_counts_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write_raster(tmp_path / "a" / "vnm_ppp_2020.tif", PEOPLE)
    study = study_with(tmp_path / "a", '[population]\npath = "vnm_ppp_2020.tif"\n')
    assert people_of(study) == HUNDREDS
    assert "ppp" not in sentences(study)
    assert any(path.name == "vnm_ppp_2020.tif" for path in study.inputs)


def test_densities_are_multiplied_by_the_area_of_their_pixels(tmp_path: Path) -> None:
    write_raster(tmp_path / "vnm_pd_2020.tif", PEOPLE * 4)  # a pixel is a quarter of a km²
    study = study_with(tmp_path, '[population]\npath = "vnm_pd_2020.tif"\n')
    assert people_of(study) == pytest.approx(HUNDREDS, rel=1e-3)  # k 0.9999 of the projection


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("factor", "word"), [(1.0, "read as people,"), (4.0, "read as people per")]
)
def test_where_nothing_says_the_unit_the_villages_own_numbers_do(
    tmp_path: Path, factor: float, word: str
) -> None:
    fine = np.kron(PEOPLE, np.ones((5, 5))) / 25  # pixels of 100 m: a density is 100 times a count
    place = Affine(100, 0, tiny.X0, 0, -100, tiny.Y0 + 3000)
    write_raster(tmp_path / "r.tif", fine * (100.0 if factor == 4.0 else 1.0), place=place)
    study = study_with(tmp_path, '[population]\npath = "r.tif"\n')
    assert people_of(study) == pytest.approx(HUNDREDS, rel=1e-3)
    assert word in sentences(study)


@pytest.mark.heavy
def test_where_the_sums_do_not_tell_the_study_is_asked(tmp_path: Path) -> None:
    place = Affine(1000, 0, tiny.X0, 0, -1000, tiny.Y0 + 3000)
    write_raster(tmp_path / "r.tif", PEOPLE[::2, ::2] * 4, place=place)
    with pytest.raises(DataError, match="does not say whether its pixels hold people or people"):
        study_with(tmp_path, '[population]\npath = "r.tif"\n')
    said = study_with(tmp_path, '[population]\npath = "r.tif"\nunit = "count"\n')
    assert people_of(said) == HUNDREDS


@pytest.mark.parametrize("tag", ["people/km2", "Persons per square kilometre"])
def test_a_tag_may_say_the_unit(tmp_path: Path, tag: str) -> None:
    write_raster(tmp_path / "r.tif", PEOPLE * 4, units=tag)
    assert people_of(study_with(tmp_path, '[population]\npath = "r.tif"\n')) == pytest.approx(
        HUNDREDS, rel=1e-3
    )


def test_nodata_and_what_is_below_zero_are_nobody_and_the_latter_is_told(tmp_path: Path) -> None:
    values = PEOPLE.copy()
    values[0, 0], values[0, 1], values[1, 1] = -1.0, -200.0, np.nan
    values[5, 5] = 3.4e38  # the largest number of a file of 32 bits, as some fill with
    write_raster(tmp_path / "ghs_pop.tif", values, nodata=-1.0)
    study = study_with(tmp_path, '[population]\npath = "ghs_pop.tif"\n')
    assert people_of(study)[6] == 175.0
    assert people_of(study)[2] == 225.0
    assert "2 pixels hold less than 0, or more than there can be (mostly -200)" in sentences(study)


def test_complex_numbers_are_no_people(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", PEOPLE.astype("complex64"))
    with pytest.raises(DataError, match="raster of complex64"):
        study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n')


def test_rows_that_run_northwards_are_turned(tmp_path: Path) -> None:
    place = Affine(500, 0, tiny.X0, 0, 500, tiny.Y0)
    write_raster(tmp_path / "ppp_1.tif", PEOPLE[::-1], place=place)
    assert people_of(study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n')) == HUNDREDS


def test_a_raster_askew_is_refused(tmp_path: Path) -> None:
    place = Affine(500, 20, tiny.X0, 20, -500, tiny.Y0 + 3000)
    write_raster(tmp_path / "ppp_1.tif", PEOPLE, place=place)
    with pytest.raises(DataError, match="is turned: its rows do not run east"):
        study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n')


@pytest.mark.heavy
def test_one_of_several_bands(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", np.stack([PEOPLE * 0, PEOPLE]))
    entry = '[population]\npath = "ppp_1.tif"\n'
    with pytest.raises(DataError, match="2 bands"):
        study_with(tmp_path, entry)
    assert people_of(study_with(tmp_path, entry + "band = 2\n")) == HUNDREDS
    with pytest.raises(DataError, match="band 3 was asked for"):
        study_with(tmp_path, entry + "band = 3\n")


def test_a_raster_in_degrees_larger_than_the_study(tmp_path: Path) -> None:
    back = Transformer.from_crs(tiny.CRS, 4326, always_xy=True)
    west, south = back.transform(tiny.X0, tiny.Y0)
    place = Affine(0.001, 0, west - 0.5, 0, -0.001, south + 0.5)
    write_raster(tmp_path / "pd_x.tif", np.full((1000, 1000), 500.0), crs="EPSG:4326", place=place)
    study = study_with(tmp_path, '[population]\npath = "pd_x.tif"\nunit = "density"\n')
    source = study.amounts["people"]
    assert isinstance(source, AmountRaster)
    assert source.grid.width < 60  # only what lies around the villages
    assert people_of(study) == pytest.approx([500.0] * 9, rel=2e-4)
    assert "tell of the same people" not in sentences(study)  # within a factor of three


def test_a_raster_that_ends_early_or_disagrees_is_told(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", PEOPLE[:, :3] * 10)
    told = sentences(study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n'))
    assert "6 of 9 villages lie outside the raster" in told
    assert "in 2 of 2 districts the raster and the villages do not tell of the same people" in told


def test_a_raster_elsewhere_is_refused(tmp_path: Path) -> None:
    place = Affine(500, 0, tiny.X0 + 1e5, 0, -500, tiny.Y0)
    write_raster(tmp_path / "ppp_1.tif", PEOPLE, place=place)
    with pytest.raises(DataError, match="wholly outside the villages"):
        study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n')


def test_a_wrong_unit_is_a_fault_of_the_study_file(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", PEOPLE)
    with pytest.raises(StudyError, match="unit"):
        study_with(tmp_path, '[population]\npath = "ppp_1.tif"\nunit = "heads"\n')


def settled(folder: Path, **columns: list[object]) -> None:
    at = [Point(tiny.X0 + 1400, tiny.Y0 + 100), Point(tiny.X0 + 1900, tiny.Y0 + 100)]
    table = gpd.GeoDataFrame({"id": [1, 2], **columns}, geometry=at, crs=tiny.CRS)
    table.to_file(folder / "settled.gpkg")


def test_settled_places_with_households(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    settled(tmp_path, so_ho=[30, 10])
    study = study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n')
    assert list(study.amounts) == ["settled", "households"]
    measures = measures_of(study).measures
    assert measures.amounts["settled"] is measures.amounts["households"]
    assert union_share(measures, 1, "settled")[1] == 0.75
    again = load_measures(study)
    assert again is not None
    assert union_share(again, 1, "households")[1] == 0.75


def test_settled_places_without_a_number_count_alike(tmp_path: Path) -> None:
    settled(tmp_path)
    study = study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n')
    assert list(study.amounts) == ["settled"]
    assert union_share(measures_of(study).measures, 1, "settled")[1] == 0.5


def test_a_settled_place_without_its_number_is_refused(tmp_path: Path) -> None:
    settled(tmp_path, so_ho=["30", ""])
    with pytest.raises(DataError, match="row 2: households is"):
        study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n')


def test_places_outside_the_villages_are_told(tmp_path: Path) -> None:
    at = [Point(tiny.X0 + 1400, tiny.Y0 + 100), Point(tiny.X0 - 900, tiny.Y0)]
    gpd.GeoDataFrame(geometry=at, crs=tiny.CRS).to_file(tmp_path / "settled.gpkg")
    told = sentences(study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n'))
    assert "1 of 2 settled places lie in no village" in told


def test_built_up_land_is_a_raster(tmp_path: Path) -> None:
    write_raster(tmp_path / "built.tif", PEOPLE)
    study = study_with(tmp_path, '[settled]\npath = "built.tif"\n')
    total = measures_of(study, keep=False).measures.amounts["settled"].total
    np.testing.assert_allclose(total, HUNDREDS)


@pytest.mark.heavy
def test_the_key_follows_people_and_not_hexagons(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", PEOPLE)
    study = study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n')
    assert measures_key(study) == measures_key(replace(study, hexes=True))
    assert measures_key(study) != measures_key(replace(study, amounts={}))
    values = PEOPLE.copy()
    values[0, 0] += 1
    write_raster(tmp_path / "ppp_1.tif", values)
    assert measures_key(geodata.open_study(tmp_path)) != measures_key(study)


def test_a_rule_of_hexagons_has_them_measured_and_finds_its_run_again(tmp_path: Path) -> None:
    study = geodata.open_study(tiny_study.write_study(tmp_path))
    assert not study.hexes
    run = geodata.assess_study(study, rule="fcc-bdc")
    assert "hexes" in run.assessment.measures.amounts
    again = geodata.latest_run(study)
    assert again is not None
    assert again.run_id == run.run_id
    assert "hexes" in again.assessment.measures.amounts
    plain = geodata.assess_study(study).assessment.measures
    assert "hexes" not in plain.amounts
    assert not geodata.assess_study(study).measured  # the areas were there
    hexed = with_hexes(study, plain)
    np.testing.assert_array_equal(
        hexed.amounts["hexes"].amount, run.assessment.measures.amounts["hexes"].amount
    )


def test_kept_amounts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    settled(tmp_path)
    study = study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n')
    amounts = measures_of(study, keep=False).measures.amounts["settled"]
    arrays = dict(amounts_arrays(amounts))
    same = amounts_from(arrays, villages=9, layers=2)
    np.testing.assert_array_equal(same.amount, amounts.amount)
    for name, wrong in (
        ("total", arrays["total"][:3]),
        ("village", arrays["village"].astype("i8")),
        ("village", arrays["village"] + np.int32(9)),
        ("combination", arrays["combination"] + np.uint64(4)),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            amounts_from({**arrays, name: wrong}, villages=9, layers=2)
    assert plan_of(study).parts[0].about == {"bases": ["settled"]}


def test_a_place_that_is_a_polygon_counts_at_its_middle(tmp_path: Path) -> None:
    house = box(tiny.X0 + 100, tiny.Y0 + 100, tiny.X0 + 120, tiny.Y0 + 120)
    gpd.GeoDataFrame(geometry=[house], crs=tiny.CRS).to_file(tmp_path / "settled.gpkg")
    study = study_with(tmp_path, '[settled]\npath = "settled.gpkg"\n')
    total = measures_of(study, keep=False).measures.amounts["settled"].total
    assert total.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_the_data_report_knows_both_files_and_says_what_the_study_says(tmp_path: Path) -> None:
    write_raster(tmp_path / "ppp_1.tif", PEOPLE * 10)
    settled(tmp_path, so_ho=[30, 10])
    study_with(tmp_path, '[population]\npath = "ppp_1.tif"\n[settled]\npath = "settled.gpkg"\n')
    report = check_study(tmp_path)
    roles = {file.file: file.role for file in report.files}
    assert (roles["ppp_1.tif"], roles["settled.gpkg"]) == ("population", "settled")
    kinds = {f.kind for file in report.files for f in file.findings}
    assert "population-differs" in kinds

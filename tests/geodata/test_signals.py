"""Rasters of dBm as layers: every way a file may hold them, and who may see which pixels."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from shapely import box
from typer.testing import CliRunner

import coverage
import geodata
from coverage.explain import layer_reasons
from coverage.model import LayerInfo
from coverage.pixels import LOW_DBM, LOWEST_LEVEL, NO_SIGNAL, UNSAID
from geodata.access import restrict
from geodata.errors import DataError
from geodata.rasters import opened
from geodata.rights import Rights
from geodata.signals import limited, signal_layer
from geodata.study.kept import measures_of
from tests import tiny, tiny_signal, tiny_study
from ui.command import command

INFO = LayerInfo(operator="Gamma", technology="4G", kind="signal", evidence="modelled")
EAST = rasterio.Affine(100.0, 0, tiny.X0, 0, -100.0, tiny.Y0 + 200)


def write(path: Path, values: object, *, dtype: str = "float32", place: object = EAST,
          scale: float = 1.0, offset: float = 0.0, **how: object) -> Path:  # fmt: skip
    held = np.array(values, dtype=dtype)
    with rasterio.open(
        path, "w", driver="GTiff", width=held.shape[1], height=held.shape[0], count=1,
        dtype=dtype, crs=tiny.CRS, transform=place, **how,
    ) as out:  # fmt: skip
        out.write(held, 1)
        out.scales, out.offsets = (scale,), (offset,)
    return path


def levels(path: Path, *, lasting: bool = True) -> list[list[int]]:
    layer = signal_layer(opened(path, file=path.name), INFO, lasting=lasting)
    return layer.levels((0, 0, layer.grid.height, layer.grid.width)).tolist()


def at(dbm: int) -> int:
    return dbm - LOW_DBM + LOWEST_LEVEL


@pytest.mark.parametrize("lasting", [True, False])
def test_levels_are_a_decibel_wide_and_nothing_else_is_a_level(
    tmp_path: Path, lasting: bool
) -> None:
    values = [[-100.0, -99.01, -44.0, -20.0], [-140.0, -141.0, np.nan, -9999.0]]
    path = write(tmp_path / "a.tif", values, nodata=-9999.0)
    assert levels(path, lasting=lasting) == [
        [at(-100), at(-100), at(-44), at(-44)],
        [at(-140), NO_SIGNAL, NO_SIGNAL, NO_SIGNAL],
    ]


def test_tenths_of_a_decibel_with_a_scale_and_an_offset(tmp_path: Path) -> None:
    tenths = write(tmp_path / "t.tif", [[-1050, -1049, -32768]], dtype="int16", scale=0.1,
                   nodata=-32768)  # fmt: skip
    assert levels(tenths) == [[at(-105), at(-105), NO_SIGNAL]]
    bytes_ = write(tmp_path / "b.tif", [[95, 100, 255]], dtype="uint8", offset=-200.0, nodata=255)
    assert levels(bytes_) == [[at(-105), at(-100), NO_SIGNAL]]


def test_rows_that_run_north_are_turned_and_tiles_read_alike(tmp_path: Path) -> None:
    values = -60.0 - np.arange(64 * 64).reshape(64, 64) % 70
    down = write(tmp_path / "d.tif", values)
    up = write(
        tmp_path / "u.tif", values[::-1], tiled=True, blockxsize=16, blockysize=16,
        place=rasterio.Affine(100.0, 0, tiny.X0, 0, 100.0, tiny.Y0 + 200 - 6400),
    )  # fmt: skip
    one, other = (signal_layer(opened(p, file=p.name), INFO, lasting=True) for p in (down, up))
    assert one.grid == other.grid
    for window in ((0, 0, 64, 64), (5, 50, 9, 14), (60, 3, 4, 1)):
        np.testing.assert_array_equal(one.levels(window), other.levels(window))


def test_a_turned_raster_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "turned.tif", [[-90.0]], place=EAST * rasterio.Affine.rotation(30.0))
    with pytest.raises(DataError, match=r"turned\.tif is turned: its rows do not run east"):
        levels(path)


def test_the_key_changes_with_the_content_alone(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{k}.tif", [[-90.0 - v]]) for k, v in enumerate((0, 0, 1))]
    one, same, other = (signal_layer(opened(p, file=p.name), INFO, lasting=True).key for p in paths)
    assert one == same != other


def test_an_extent_silences_the_pixels_outside_it() -> None:
    layer = tiny_signal.layers()[0]
    area = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 1040, tiny.Y0 + 1000)], crs=tiny.CRS)
    inside = limited(layer, area).levels((0, 0, 40, 40)) != UNSAID
    assert inside.sum() == 10 * 10  # by the centres of pixels
    touched = limited(layer, area, touched=True).levels((0, 0, 40, 40)) != UNSAID
    assert touched[25:35, 5:16].all()
    assert limited(layer, area).key != layer.key


@pytest.fixture(name="study")
def _study(tmp_path: Path) -> Path:
    file = tiny_study.write_study(tmp_path / "study")
    text = file.read_text("utf-8")
    for operator, technology in tiny_signal.TITLES:
        path = file.parent / f"{operator}_{technology}.tif"
        tiny_signal.write_raster(path, tiny_signal.dbm(f"{operator} {technology}"))
        if operator == "Delta":  # this one comes packed
            with zipfile.ZipFile(path.with_suffix(".zip"), "w") as packed:
                packed.write(path, path.name)
            path.unlink()
            path = path.with_suffix(".zip")
        text += (
            f'\n[[layers]]\noperator = "{operator}"\ntechnology = "{technology}"\n'
            f'kind = "signal"\npath = "{path.name}"\n'
        )
    file.write_text(text, "utf-8")
    return file


def test_a_study_of_footprints_and_rasters_from_files_to_verdicts(study: Path) -> None:
    opened_study = geodata.open_study(study)
    assert [layer.info.title for layer in opened_study.signals] == [
        "Gamma 4G", "Gamma 3G", "Delta 4G",
    ]  # fmt: skip
    run = geodata.assess_study(opened_study, rule="vn-village")
    direct = coverage.measure(opened_study.villages, opened_study.layers)
    pairs = zip(run.assessment.measures.levels, direct.levels, strict=True)
    for kept, measured in pairs:
        np.testing.assert_array_equal(kept.village, measured.village)
        np.testing.assert_array_equal(kept.level, measured.level)
        np.testing.assert_array_equal(kept.parts["area"], measured.parts["area"])
        assert (kept.operator, kept.technologies) == (measured.operator, measured.technologies)
    assert run.assessment.verdicts["operators"].tolist()[:2] == [
        "Alpha, Gamma, Delta", "Alpha, Gamma, Delta",
    ]  # fmt: skip
    why = layer_reasons(run.assessment, "v1").set_index("technology").loc["4G"]
    # the hall stands where two strips of Gamma meet, and degrees of the file round it to either
    told = why[why["kind"] == "signal"].set_index("operator")["dbm"]
    assert told["Delta"] == -100
    assert told["Gamma"] in (-95, -100)
    again = measures_of(geodata.open_study(study))
    assert not again.measured
    np.testing.assert_array_equal(again.measures.extent_share, direct.extent_share)


@pytest.mark.heavy
def test_a_changed_raster_measures_signals_alone(study: Path) -> None:
    geodata.assess_study(geodata.open_study(study))
    changed = np.full((40, 40), -80.0)
    tiny_signal.write_raster(study.parent / "Gamma_3G.tif", changed)
    found = measures_of(geodata.open_study(study))
    assert found.measured
    assert found.measured_layers == 3
    of = next(x for x in found.measures.levels if x.operator == "Gamma")
    assert set(of.level[:, of.technologies.index("3G")].tolist()) == {at(-80)}


def test_who_sees_one_district_sees_its_pixels_alone(study: Path) -> None:
    run = geodata.assess_study(geodata.open_study(study))
    part = restrict(run, Rights(districts=frozenset({"417"})))
    layer = part.study.signals[0]
    seen = layer.levels((0, 0, 40, 40)) != UNSAID
    assert seen[5:15, 5:35].all()  # the northern row of villages
    assert not seen[17:].any()
    again = coverage.measure(part.study.villages, part.study.layers)
    for one, other in zip(again.levels, part.assessment.measures.levels, strict=True):
        np.testing.assert_allclose(one.parts["area"], other.parts["area"], atol=1e-12)
        np.testing.assert_array_equal(one.level, other.level)
    own = restrict(run, Rights(operator="Gamma"))
    assert {x.operator for x in own.assessment.measures.levels} == {"Gamma"}
    assert [x.info.operator for x in own.study.layers] == ["Gamma", "Gamma"]


@pytest.mark.heavy
def test_the_command_line_assesses_and_checks_it(study: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(command, ["assess", str(study), "--json"])
    assert done.exit_code == 0, done.output
    titles = [(x["operator"], x["technology"]) for x in json.loads(done.stdout)["by_layer"]]
    assert ("Gamma", "4G") in titles
    report = runner.invoke(command, ["check", str(study), "--json"])
    assert report.exit_code in (0, 1), report.output
    assert "Gamma_4G.tif" in report.output


def test_a_threshold_still_makes_a_footprint(study: Path) -> None:
    text = study.read_text("utf-8").replace(
        'path = "Gamma_4G.tif"', 'path = "Gamma_4G.tif"\nthreshold_dbm = -100'
    )
    study.write_text(text, "utf-8")
    found = geodata.open_study(study)
    assert len(found.signals) == 2
    gamma = next(x for x in found.footprints if x.info.operator == "Gamma")
    assert gamma.footprint.area.sum() == pytest.approx(1500 * 4000)
    assert replace(gamma.info, as_of=None).kind == "footprint"

"""What holds for the whole province: exactness, and what must change nothing."""

from __future__ import annotations

import inspect
import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

import coverage
import geodata
from coverage.model import Layer, Measures
from coverage.shares import union_share
from tests.kept import Kept
from ui.command import command

pytestmark = pytest.mark.province


@pytest.fixture(scope="module")
def study(province: Path) -> geodata.Study:
    return geodata.open_study(province)


@pytest.fixture(scope="module")
def measures(study: geodata.Study) -> Measures:
    return coverage.measure(study.villages, study.layers)


def geos_share(villages: gpd.GeoSeries, footprint: gpd.GeoSeries) -> np.ndarray:
    """Shares by shapely alone: the footprint united, then intersected piece by piece."""
    pieces = halved(shapely.get_parts(shapely.union_all(shapely.make_valid(footprint.to_numpy()))))
    shapes = villages.to_numpy()
    row, piece = shapely.STRtree(pieces).query(shapes)
    area = shapely.area(shapely.intersection(shapes[row], pieces[piece]))
    return np.bincount(row, weights=area, minlength=len(shapes)) / shapely.area(shapes)


def halved(polygons: np.ndarray, *, most_corners: int = 200) -> np.ndarray:
    """The same area in small pieces: GEOS takes long over many corners for each village anew."""
    small = []
    while len(polygons):
        large = shapely.get_num_coordinates(polygons) > most_corners
        small.append(polygons[~large])
        rest = polygons[large]
        x0, y0, x1, y1 = shapely.bounds(rest).T
        wide = x1 - x0 > y1 - y0
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        one = shapely.box(x0, y0, np.where(wide, x, x1), np.where(wide, y1, y))
        other = shapely.box(np.where(wide, x, x0), np.where(wide, y0, y), x1, y1)
        both = [shapely.intersection(rest, half) for half in (one, other)]
        polygons = shapely.get_parts(np.concatenate(both))
        polygons = polygons[shapely.area(polygons) > 0]
    return np.concatenate(small)


@pytest.fixture(scope="module")
def geos_shares(kept: Kept, study: geodata.Study) -> np.ndarray:
    """By shapely, a row a layer and last the union of all: kept for as long as the province is."""

    def make(folder: Path) -> None:
        folder.mkdir()
        footprints = [layer.footprint for layer in study.layers]
        everything = np.concatenate([footprint.to_numpy() for footprint in footprints])
        footprints.append(gpd.GeoSeries(everything, crs=study.crs))
        shares = [geos_share(study.villages.geometry, footprint) for footprint in footprints]
        np.save(folder / "shares.npy", shares)

    own = "".join(map(inspect.getsource, (geos_share, halved, make)))
    shares: np.ndarray = np.load(kept.folder("geos", make, more=own) / "shares.npy")
    return shares


def test_every_share_agrees_with_shapely_and_no_verdict_differs(
    study: geodata.Study, measures: Measures, geos_shares: np.ndarray
) -> None:
    assert len(geos_shares) == len(study.layers) + 1
    for k, layer in enumerate(study.layers):
        expected = geos_shares[k]
        found = union_share(measures, 1 << k)
        assert np.abs(found - expected).max() < 1e-7, layer.info.title
        assert not ((found >= 0.5 - 1e-6) ^ (expected >= 0.5 - 1e-6)).any()


def test_the_union_of_all_operators_agrees_with_shapely(
    study: geodata.Study, measures: Measures, geos_shares: np.ndarray
) -> None:
    found = union_share(measures, (1 << len(study.layers)) - 1)
    assert np.abs(found - geos_shares[-1]).max() < 1e-7


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:5896", "EPSG:32648"])
def test_files_in_another_system_and_order_give_the_same(
    study: geodata.Study, measures: Measures, province: Path, tmp_path: Path, crs: str
) -> None:
    copy = tmp_path / "study"
    shutil.copytree(province, copy, ignore=shutil.ignore_patterns("results"))
    for path in [copy / "villages.gpkg", copy / "centres.gpkg", *(copy / "layers").iterdir()]:
        table = gpd.read_file(path)
        # a line is straight in its file's system: cut to 250 m it lies in both within a millimetre
        table = table.set_geometry(table.segmentize(250.0))
        table = table.to_crs(crs).sample(frac=1, random_state=3)
        path.unlink()
        table.to_file(path)
    other = geodata.open_study(copy)
    again = coverage.measure(other.villages, other.layers)
    place = other.villages.index.get_indexer(study.villages.index)
    for k in range(len(study.layers)):
        moved = union_share(again, 1 << k)[place]
        assert np.abs(moved - union_share(measures, 1 << k)).max() < 1e-6
    verdicts = [
        coverage.judge(m, s.rule, expected=s.expected).verdicts["verdict"]
        for m, s in ((measures, study), (again, other))
    ]
    assert verdicts[0].equals(verdicts[1].loc[study.villages.index])


def test_a_layer_cut_into_a_thousand_pieces_gives_the_same(
    study: geodata.Study, measures: Measures
) -> None:
    first = study.layers[0]
    x0, y0, x1, y1 = first.footprint.total_bounds
    xs, ys = np.linspace(x0, x1, 61), np.linspace(y0, y1, 61)
    boxes = shapely.box(*np.meshgrid(xs[:-1], ys[:-1]), *np.meshgrid(xs[1:], ys[1:])).ravel()
    row, piece = shapely.STRtree(boxes).query(first.footprint.to_numpy())
    cut = shapely.intersection(first.footprint.to_numpy()[row], boxes[piece])
    cut = cut[shapely.area(cut) > 0]
    assert len(cut) > 1000
    pieces = Layer(info=first.info, footprint=gpd.GeoSeries(cut, crs=study.crs))
    again = coverage.measure(study.villages, [pieces])
    assert np.abs(union_share(again, 1) - union_share(measures, 1)).max() < 1e-6


def test_a_threshold_moved_or_an_operator_left_out_changes_the_figures(
    study: geodata.Study, measures: Measures
) -> None:
    rule = replace(study.rule, name="stricter", covered_share=0.9, centre=False)
    strict = coverage.judge(measures, rule, expected=study.expected)
    assert coverage.summarise(strict).headline.uncovered > 63
    kept = [layer for layer in study.layers if layer.info.operator != "Viettel"]
    fewer = coverage.measure(study.villages, kept)
    without = coverage.summarise(coverage.judge(fewer, study.rule, expected=study.expected))
    assert without.headline.covered < 3743
    assert without.headline.uncovered == 0
    assert without.headline.unknown == 3806 - without.headline.covered


def test_the_command_line_prints_the_figures_and_the_21_districts(province: Path) -> None:
    environment = {"PHUSONG_LANGUAGE": "en"}
    done = CliRunner().invoke(command, ["assess", str(province)], env=environment)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("3,743 of 3,806 covered, 63 uncovered (")
    assert ": agrees" in done.stdout
    assert "Uncovered: 63, between 53 and 74\n" in done.stdout
    assert "1.16\xa0% of all 3,806 villages and 1.16\xa0% of the 3,787 that" in done.stdout
    found = CliRunner().invoke(command, ["assess", str(province), "--json"], env=environment)
    told = json.loads(found.stdout)
    assert told["uncovered_between"] == [53, 74]
    by_share = [told["uncovered_by_scenario"][f"share_{percent}"] for percent in (10, 50, 90)]
    assert by_share == [19, 63, 78]
    units = told["by_unit"]
    districts = [unit for unit in units if unit["level"] == "district"]
    assert len(districts) == 21
    assert sum(unit["uncovered"] for unit in districts) == 63

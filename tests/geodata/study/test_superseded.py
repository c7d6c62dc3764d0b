"""Older filings: where the newer speaks they do not count, and whom that leaves out is listed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import box
from typer.testing import CliRunner

import geodata
from geodata.study.model import Study
from geodata.study.superseded import only_older
from tests import tiny, tiny_signal, tiny_study
from ui.command import command

X, Y = tiny.X0, tiny.Y0
OLD, NEW = "2022-06-30", "2023-06-30"
TWO_COLUMNS = [box(X, Y, X + 2000, Y + 3000)]
ONE_COLUMN = [box(X, Y, X + 1000, Y + 3000)]
ENTRY = '\n[[layers]]\noperator = "{operator}"\ntechnology = "4G"\npath = "{path}"\n'


def entry(path: str, as_of: str = "", operator: str = "A", **said: object) -> str:
    text = ENTRY.format(operator=operator, path=path)
    text += f"as_of = {as_of}\n" if as_of else ""
    return text + "".join(f"{key} = {json.dumps(value)}\n" for key, value in said.items())


def study(folder: Path, *entries: str) -> Study:
    """The nine villages, with an older file of two columns of them and a newer one of one."""
    file = tiny_study.write_study(folder / "study", reconstruction=False)
    text = file.read_text("utf-8").partition("[[layers]]")[0]
    gpd.GeoDataFrame(geometry=TWO_COLUMNS, crs=tiny.CRS).to_file(file.parent / "old.gpkg")
    gpd.GeoDataFrame(geometry=ONE_COLUMN, crs=tiny.CRS).to_file(file.parent / "new.gpkg")
    west = [box(X - 50, Y - 50, X + 1500, Y + 1000)]
    gpd.GeoDataFrame(geometry=west, crs=tiny.CRS).to_file(file.parent / "west.gpkg")
    file.write_text(text + "".join(entries or [entry("old.gpkg")]), "utf-8")
    return geodata.open_study(file)


def covered(found: Study) -> list[str]:
    verdicts = geodata.assess_study(found).assessment.verdicts["verdict"]
    return [str(key) for key, word in verdicts.items() if word == "covered"]


FIRST, SECOND = ["v1", "v4", "v7"], ["v1", "v2", "v4", "v5", "v7", "v8"]


@pytest.mark.parametrize("turned", [False, True])
def test_the_newer_filing_counts_in_any_order(turned: bool, tmp_path: Path) -> None:
    entries = [entry("old.gpkg", OLD), entry("new.gpkg", NEW)]
    found = study(tmp_path, *(entries[::-1] if turned else entries))
    assert covered(found) == FIRST
    assert [layer.info.as_of for layer in found.layers] == [date(2023, 6, 30)]
    run = geodata.assess_study(found)
    assert only_older(found, run.assessment).tolist() == ["v2", "v5", "v8"]
    assert "filing-superseded" in {one.kind for one in found.doubts}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (entry("old.gpkg", OLD, keep_older=True), entry("new.gpkg", NEW)),
        (entry("old.gpkg", OLD), entry("new.gpkg", NEW, keep_older=True)),
        (entry("old.gpkg"), entry("new.gpkg", NEW)),
        (entry("old.gpkg", OLD), entry("new.gpkg")),
        (entry("old.gpkg", NEW), entry("new.gpkg", NEW)),
        (entry("old.gpkg", OLD, evidence="modelled"), entry("new.gpkg", NEW)),
        (entry("old.gpkg", OLD), entry("new.gpkg", NEW, operator="B")),
    ],
    ids=["kept", "kept by the newer", "old undated", "new undated", "one day", "evidence", "other"],
)
def test_what_is_kept_undated_or_of_another_sort_counts_still(
    old: str, new: str, tmp_path: Path
) -> None:
    found = study(tmp_path, old, new)
    assert covered(found) == SECOND
    assert found.superseded == ()


def test_beyond_the_extent_of_the_newer_the_older_counts(tmp_path: Path) -> None:
    found = study(tmp_path, entry("old.gpkg", OLD), entry("new.gpkg", NEW, extent="west.gpkg"))
    # the newer speaks of the first 1.5 km of the southern row alone
    assert covered(found) == ["v1", "v2", "v4", "v5", "v7", "v8"]
    (left,) = [one for one in found.footprints if one.info.as_of == date(2022, 6, 30)]
    assert left.footprint.area.sum() == pytest.approx(6e6 - 1.5e6)
    share = geodata.assess_study(found).assessment.operator_shares["A"]
    assert share["v2"] == pytest.approx(0.5)


def test_of_three_days_the_last_counts(tmp_path: Path) -> None:
    found = study(
        tmp_path, entry("old.gpkg", OLD), entry("west.gpkg", "2022-12-31"), entry("new.gpkg", NEW)
    )
    assert covered(found) == FIRST
    assert len(found.superseded) == 2


def test_keeping_older_ones_where_there_are_none_is_told(tmp_path: Path) -> None:
    found = study(tmp_path, entry("new.gpkg", NEW, keep_older=True))
    (one,) = [one for one in found.warnings if one.kind == "key-without-effect"]
    assert "keep_older in its entry has no effect" in str(one.sentence)


def test_rasters_of_levels_supersede_each_other_within_their_outline(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    strong = np.full((40, 40), -80.0)
    weak = np.full((40, 40), -130.0)
    tiny_signal.write_raster(tmp_path / "old.tif", strong)
    tiny_signal.write_raster(tmp_path / "new.tif", weak)
    old, new = (entry(f"../{name}.tif", day) for name, day in (("old", OLD), ("new", NEW)))
    assert covered(study(tmp_path, old)) == [f"v{k}" for k in range(1, 10)]
    found = study(tmp_path, old, new)
    assert covered(found) == []
    assert len(only_older(found, geodata.assess_study(found).assessment)) == 9
    half = entry("../new.tif", NEW, extent="west.gpkg")
    found = study(tmp_path, old, half)
    # of the southern row the newer speaks 1.5 km wide: half of v2
    assert covered(found) == ["v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"]


@pytest.mark.heavy
def test_the_villages_are_named_on_stderr_in_json_and_by_check(tmp_path: Path) -> None:
    folder = study(tmp_path, entry("old.gpkg", OLD), entry("new.gpkg", NEW)).folder
    runner = CliRunner()
    done = runner.invoke(command, ["assess", str(folder), "--json"])
    assert json.loads(done.stdout)["only_older"] == ["v2", "v5", "v8"]
    assert "3 villages are served by the older filing alone" in done.stderr
    report = json.loads(runner.invoke(command, ["check", str(folder), "--json"]).stdout)
    (one,) = [f for f in report["reports"][0]["findings"] if f["kind"] == "only-older"]
    assert one["severity"] == "warning"
    assert "(v2)" in one["sentence"]


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("viettel_4g_2023-06.gpkg", "viettel_4g_2024-01.gpkg", ("2023-06-01", "2024-01-01")),
        ("2022/viettel.gpkg", "2023/viettel.gpkg", ("2022-01-01", "2023-01-01")),
        ("T6-2023.gpkg", "T12-2023.gpkg", ("2023-06-01", "2023-12-01")),
        ("Q1_2023.gpkg", "30.08.2023.gpkg", ("2023-01-01", "2023-08-30")),
    ],
)
def test_filings_that_only_their_names_date_are_told_and_all_count(
    first: str, second: str, days: tuple[str, str], tmp_path: Path
) -> None:
    found = _named(tmp_path, (second, first), "")
    assert covered(found) == SECOND
    (doubt,) = [str(one.sentence) for one in found.doubts if one.kind == "filings-undated"]
    assert doubt.startswith(f"{first} and {second} are of the same operator")
    assert all(day in doubt for day in days)


def test_filings_of_one_day_by_name_or_kept_are_not_doubted(tmp_path: Path) -> None:
    alike = _named(tmp_path / "alike", ("west_2023.gpkg", "east_2023.gpkg"), "")
    kept = _named(tmp_path / "kept", ("v_2022.gpkg", "v_2023.gpkg"), "keep_older = true\n")
    told = {one.kind for found in (alike, kept) for one in found.doubts}
    assert not told & {"filings-undated", "key-without-effect"}


def _named(folder: Path, names: tuple[str, str], more: str) -> Study:
    """The older filing's two columns under the first name, the newer's under the other."""
    made = study(folder)
    for name, shapes in zip(names, (TWO_COLUMNS, ONE_COLUMN), strict=True):
        path = made.folder / name
        path.parent.mkdir(exist_ok=True)
        gpd.GeoDataFrame(geometry=shapes, crs=tiny.CRS).to_file(path)
    file = made.folder / "study.toml"
    before = file.read_text("utf-8").partition("[[layers]]")[0]
    file.write_text(before + "".join(entry(n) + more for n in names), "utf-8")
    return geodata.open_study(file)

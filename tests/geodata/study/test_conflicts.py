"""Measurements of a study against its layers: from files to the list, its files and its rights."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from python_calamine import CalamineWorkbook
from shapely import box

import geodata
from geodata.access import Rights, restrict
from geodata.export.conflicts import conflict_list, export_conflicts
from geodata.filing import Measurements
from geodata.findings import finding
from geodata.study.conflicts import (
    COLUMNS,
    conflicts_for,
    conflicts_of,
    require_measurements,
    samples_of,
)
from geodata.study.results import Run
from tests import drives, folder, tiny, tiny_study
from tests.drives import lines


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    study = drives.plant(tiny_study.write_study(tmp_path_factory.mktemp("drive") / "study"))
    return geodata.assess_study(geodata.open_study(study))


def told(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    return list(table[["village_id", "operator", "kind"]].itertuples(index=False, name=None))


def test_planted_drive_tests_come_first_and_in_order(run: Run) -> None:
    found = conflicts_of(run.study, run.assessment)
    assert told(found.conflicts) == [
        ("v4", "Alpha", "overclaims"), ("v1", "Alpha", "overclaims"),
        ("v9", "Beta", "underclaims"),
    ]  # fmt: skip
    assert list(found.table.columns) == list(COLUMNS)
    first = found.conflicts.iloc[0]
    assert (first["samples"], first["below"], first["hangs"]) == (20, 20, True)
    assert (first["first"], first["filed"]) == (
        pd.Timestamp(2023, 9, 2), pd.Timestamp(2023, 8, 30),
    )  # fmt: skip
    assert (first["district"], first["commune"]) == ("Thành phố Vinh", "Xã 1")
    assert (found.given, found.used) == (74, 74)
    rest = found.table[found.table["rank"].isna()]
    assert set(rest["kind"]) == {"agrees", "too_few"}


def test_samples_without_service_are_kept_and_count_against_their_operator(run: Run) -> None:
    assert run.study.measurements is not None
    assert int(run.study.measurements.table["served"].eq(other=False).sum()) == 4
    beta = conflicts_of(run.study, run.assessment).table.query("village_id == 'v3'")
    assert list(beta["below"]) == list(beta["samples"])
    assert int(beta["samples"].sum()) == 4


def test_no_verdict_is_changed(run: Run, tmp_path: Path) -> None:
    bare = geodata.assess_study(geodata.open_study(tiny_study.write_study(tmp_path / "s")))
    pd.testing.assert_frame_equal(bare.assessment.verdicts, run.assessment.verdicts)


def test_what_is_not_compared_is_told_with_its_number(tmp_path: Path) -> None:
    rows = (
        *lines(1, 3, -120.0, dx=-3000), *lines(1, 4, -120.0, operator="Gamma"),
        *lines(1, 5, -120.0, technology="2G"), *lines(1, 6, -120.0, operator=""),
        *lines(1, 7, -120.0, day="2020-01-01"), *lines(1, 10, -120.0, day="2026-01-01"),
    )  # fmt: skip
    study = drives.plant(folder.write(tmp_path / "s"), rows, keys="newest_days = 400\n")
    run = geodata.assess_study(geodata.open_study(study))
    found = conflicts_of(run.study, run.assessment)
    counts = {one.kind: one.count for one in found.findings}
    assert counts == {
        "measurements-outside": 3, "measurements-old": 22, "measurements-far": 1,
    }  # fmt: skip
    assert told(found.conflicts) == [("v1", "Alpha", "overclaims")]
    undated = drives.plant(folder.write(tmp_path / "t"), rows)
    run = geodata.assess_study(geodata.open_study(undated))
    counts = {one.kind: one.count for one in conflicts_of(run.study, run.assessment).findings}
    assert counts == {
        "measurements-outside": 3, "measurements-no-layer": 4, "measurements-silent": 5,
        "measurements-undecided": 6, "measurements-no-operator": 6, "measurements-far": 1,
    }  # fmt: skip


@pytest.mark.heavy
def test_limits_stand_in_the_study_file(tmp_path: Path) -> None:
    rows = (*lines(1, 6, -120.0), *lines(1, 2, -80.0))
    for keys, count in (("", 1), ("least_samples = 9\n", 0),
                        ("allowed_below = 0.6\n", 0)):  # fmt: skip
        study = drives.plant(folder.write(tmp_path / f"s{len(keys)}"), rows, keys=keys)
        run = geodata.assess_study(geodata.open_study(study))
        assert len(conflicts_of(run.study, run.assessment).conflicts) == count
    wrong = drives.plant(folder.write(tmp_path / "w"), rows, keys="allowed_below = 5.0\n")
    with pytest.raises(geodata.StudyError, match="allowed_below"):
        geodata.open_study(wrong)


@pytest.mark.heavy
def test_a_mapped_signal_is_of_the_technology_the_study_file_says(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "s")
    told_by = [row.split(",") for row in lines(1, 10, -120.0)]
    body = "\n".join(["vd,kd,muc", *(f"{r[1]},{r[2]},{r[5]}" for r in told_by)])
    (study.parent / "own.csv").write_text(body, "utf-8")
    text = (
        '\n[measurements]\npath = "own.csv"\nconvention = "drive_tests"\noperator = "Alpha"\n'
        'technology = "4G"\ncolumns = { lat = "vd", lon = "kd", signal = "muc" }\n'
    )
    study.write_text(study.read_text("utf-8") + text, "utf-8")
    run = geodata.assess_study(geodata.open_study(study))
    found = conflicts_of(run.study, run.assessment)
    assert told(found.conflicts) == [("v1", "Alpha", "overclaims")]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2023-09-01T10:00:00Z", "2023-09-01"), ("01/09/2023 10:00", "2023-09-01"),
        ("1693526400", "2023-09-01"), ("1693526400123", "2023-09-01"), ("20230901", "2023-09-01"),
        ("soon", "2023-06-01"), (None, "2023-06-01"),
    ],
)  # fmt: skip
def test_a_time_is_understood_as_logs_write_it(run: Run, written: str | None, day: str) -> None:
    assert run.study.measurements is not None
    table = run.study.measurements.table.head(3).assign(time=written)
    told = Measurements(table=table, as_of=date(2023, 6, 1))
    assert list(samples_of(told, ["Alpha"])["day"]) == [pd.Timestamp(day)] * 3


def test_tiles_of_fixed_lines_are_not_compared(run: Run) -> None:
    tile = gpd.GeoDataFrame({"down_kbps": [10.0]}, geometry=[box(0, 0, 1, 1)], crs=run.study.crs)
    note = finding("fixed-network", "warning", "{file}: fixed", file="x")
    study = replace(run.study, measurements=Measurements(table=tile, findings=(note,)))
    found = conflicts_of(study, run.assessment)
    assert [one.kind for one in found.findings] == ["measurements-fixed"]
    assert found.table.empty


def quadkey(x: int, y: int) -> str:
    return "".join(str((x >> k & 1) + 2 * (y >> k & 1)) for k in range(15, -1, -1))


@pytest.mark.heavy
def test_ooklas_tiles_say_that_somebody_serves_where_nobody_declares(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "s")
    half, side = 20_037_508.342789244, 2 * 20_037_508.342789244 / 2**16
    places = tiny.villages().loc[["v9", "v1"], "centre"].set_crs(tiny.CRS).to_crs("EPSG:3857")
    keys = [quadkey(int((p.x + half) // side), int((half - p.y) // side)) for p in places]
    body = [f"{key},1200,800,40,9,3" for key in keys]
    head = "quadkey,avg_d_kbps,avg_u_kbps,avg_lat_ms,tests,devices"
    (study.parent / "2023-07-01_mobile.csv").write_text("\n".join([head, *body]), "utf-8")
    text = '\n[measurements]\npath = "2023-07-01_mobile.csv"\nleast_samples = 1\nleast_good = 0.1\n'
    study.write_text(study.read_text("utf-8") + text, "utf-8")
    run = geodata.assess_study(geodata.open_study(study))
    found = conflicts_of(run.study, run.assessment)
    assert told(found.conflicts) == [("v9", "", "underclaims")]
    one = found.conflicts.iloc[0]
    assert (one["samples"], one["below"], one["tests"]) == (1, 0, 9)
    assert one["first"] == pd.Timestamp(2023, 7, 1)
    assert {x.kind: x.count for x in found.findings} == {
        "measurements-undecided": 1, "measurements-no-operator": 2,
    }  # fmt: skip


def test_a_study_without_measurements_has_none_and_says_what_to_do(tmp_path: Path) -> None:
    run = geodata.assess_study(geodata.open_study(folder.write(tmp_path / "s")))
    assert conflicts_of(run.study, run.assessment).table.empty
    with pytest.raises(geodata.CallError, match=r"write \[measurements\] with a path"):
        require_measurements(run.study)


def test_an_operators_people_see_conflicts_of_their_own_layers_alone(run: Run) -> None:
    beta = conflicts_for(run, Rights(operator="BETA"))
    assert set(beta.table["operator"]) == {"Beta"}
    assert list(beta.conflicts["rank"]) == [1]
    assert beta.findings == ()
    assert beta.given == int(beta.table["samples"].sum())
    assert restrict(run, Rights(operator="Beta")).study.measurements is None


@pytest.mark.heavy
def test_the_list_tells_an_operators_people_nothing_of_how_weak_others_are(tmp_path: Path) -> None:
    tables = []
    for wide in (100, 250):  # too little of v9 to serve it, and enough to make it weak
        study = drives.plant(tiny_study.write_study(tmp_path / f"{wide}"), lines(9, 20, -80.0))
        x, y = tiny.X0 + 2000, tiny.Y0 + 2000
        beta = gpd.GeoSeries([box(x, y, x + wide, y + 1000 - wide)], crs=tiny.CRS)
        beta.to_frame("geometry").to_file(study.parent / "Beta.gpkg")
        run = geodata.assess_study(geodata.open_study(study))
        alpha = Rights(operator="Alpha")
        found = conflicts_for(run, alpha)
        assert told(found.conflicts) == [("v9", "Alpha", "underclaims")]
        seen = restrict(run, alpha).assessment.verdicts
        assert list(found.table["verdict"]) == list(seen.loc[["v9"], "verdict"])
        tables.append(found.table)
    assert run.assessment.verdicts.loc["v9", "verdict"] == "weak"
    pd.testing.assert_frame_equal(*tables)


def test_whoever_has_no_layer_has_no_conflict_of_theirs(run: Run) -> None:
    assert conflicts_for(run, Rights(operator="Gamma")).table.empty


def test_a_districts_people_see_conflicts_of_their_villages_alone(run: Run) -> None:
    vinh = conflicts_for(run, Rights(districts=frozenset({"412"})))
    assert told(vinh.conflicts) == [("v4", "Alpha", "overclaims"), ("v1", "Alpha", "overclaims")]
    ky_son = conflicts_for(run, Rights(districts=frozenset({"417"})))
    assert told(ky_son.conflicts) == [("v9", "Beta", "underclaims")]
    assert list(ky_son.conflicts["rank"]) == [1]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_list_is_written_without_formulas_and_says_what_it_is(
    run: Run, tmp_path: Path, language: str
) -> None:
    vi = language == "vi"
    found = conflicts_of(run.study, run.assessment).table
    found = pd.concat([found.assign(village="=HYPERLINK(0)").head(1), found], ignore_index=True)
    path = export_conflicts(found, tmp_path / "a.csv", run=run, language="vi" if vi else "en")
    csv = path.read_bytes()
    assert csv.startswith(b"\xef\xbb\xbf")
    assert b"'=HYPERLINK(0)" in csv
    path = export_conflicts(found, tmp_path / "a.xlsx", run=run, language="vi" if vi else "en")
    top, head, first, *_ = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert str(top[0]).startswith("SỐ LIỆU MÔ PHỎNG" if vi else "RECONSTRUCTION")
    assert head[:3] == (["Thứ tự", "Mã thôn", "Thôn, bản"] if vi else ["Rank", "Village id",
                                                                       "Village"])  # fmt: skip
    assert first[2] == "=HYPERLINK(0)"
    assert ("Công bố có sóng, đo không đạt" if vi else "Declared served, measured below") in first
    with pytest.raises(geodata.CallError, match="expected one of csv, xlsx"):
        export_conflicts(found, tmp_path / "a.pdf", run=run)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.xlsx"]


def test_every_column_has_its_heading_in_both_languages(run: Run) -> None:
    found = conflicts_of(run.study, run.assessment).table
    for language in ("vi", "en"):
        listed = conflict_list(found, run=run, language="vi" if language == "vi" else "en")
        assert not set(listed.columns) & set(COLUMNS)


def test_a_signal_layer_of_a_study_claims_by_its_level(tmp_path: Path) -> None:
    study = drives.plant(folder.write(tmp_path / "s"), (*lines(1, 10, -120.0), *lines(9, 9, -80)))
    levels = np.full((30, 30), -120, np.float32)
    levels[:, :15] = -90
    with rasterio.open(
        study.parent / "signal.tif", "w", driver="GTiff", height=30, width=30, count=1,
        dtype="float32", crs=tiny.CRS, nodata=-9999,
        transform=rasterio.Affine(100, 0, tiny.X0, 0, -100, tiny.Y0 + 3000),
    ) as raster:  # fmt: skip
        raster.write(levels, 1)
    text = (
        '\n[[layers]]\noperator = "Alpha"\ntechnology = "4G"\nkind = "signal"\n'
        'path = "signal.tif"\nevidence = "modelled"\n'
    )
    study.write_text(study.read_text("utf-8") + text, "utf-8")
    run = geodata.assess_study(geodata.open_study(study))
    found = conflicts_of(run.study, run.assessment).conflicts
    rows = found[["village_id", "evidence", "kind"]].itertuples(index=False, name=None)
    assert set(rows) == {
        ("v1", "declared", "overclaims"), ("v1", "modelled", "overclaims"),
        ("v9", "declared", "underclaims"), ("v9", "modelled", "underclaims"),
    }  # fmt: skip
    assert not found["hangs"].any()  # either kind of evidence stands in for the other

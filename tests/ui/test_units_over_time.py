"""Three structures of units: in the app by address, in lists, on the command line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box
from typer.testing import CliRunner

import geodata
from geodata.export.listing import uncovered_list
from geodata.study.assess import assess_study
from geodata.study.places import former_places, structures_of, unchanged
from geodata.study.results import Run
from geodata.study.unit_report import KINDS
from tests import tiny
from tests.tiny_study import write_study
from ui.choices import Choices
from ui.command import command
from ui.opened import opened_run
from ui.printed_units import CASES
from ui.view import make_view

DAYS = ["2023-01-01", "2024-12-01", "2025-07-01"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine villages; in December 2024 commune 10 takes the western village of commune 11."""
    file = write_study(tmp_path_factory.mktemp("units") / "study")
    x, y = tiny.X0, tiny.Y0
    between = gpd.GeoDataFrame(
        {"code": ["10", "11", "12"], "name": ["Xã 0", "Xã 1", "Xã 2"], "district_code": "412"},
        geometry=[
            box(x, y, x + 3000, y + 1000).union(box(x, y + 1000, x + 1000, y + 2000)),
            box(x + 1000, y + 1000, x + 3000, y + 2000),
            box(x, y + 2000, x + 3000, y + 3000),
        ],
        crs=tiny.CRS,
    )
    between.to_file(file.parent / "communes_2024.gpkg")
    whole = gpd.GeoDataFrame(
        {"code": ["412"], "name": ["Thành phố Vinh"]},
        geometry=[box(x, y, x + 3000, y + 3000)],
        crs=tiny.CRS,
    )
    whole.to_file(file.parent / "districts_2024.gpkg")
    text = file.read_text("utf-8").replace(
        "[[units]]\nvalid_from = 2025-07-01",
        '[[units]]\nvalid_from = 2024-12-01\ndistricts = "districts_2024.gpkg"\n'
        'communes = "communes_2024.gpkg"\n\n[[units]]\nvalid_from = 2025-07-01',
    )
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def run(study: Path) -> Run:
    return assess_study(geodata.open_study(study))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("asked", "day"),
    [
        ("", DAYS[0]), ("2024-12-01", DAYS[1]), ("2024", DAYS[1]), ("2025-06-30", DAYS[1]),
        ("2025", DAYS[2]), ("2030-01-01", DAYS[2]),
    ],
)  # fmt: skip
def test_the_address_names_units_by_day_or_year(run: Run, asked: str, day: str) -> None:
    view = make_view(opened_run(run), Choices(units=asked, commune="10"))
    assert view.structure.valid_from.isoformat() == day
    count = {DAYS[0]: 3, DAYS[1]: 4, DAYS[2]: 3}[day]
    assert int(view.in_area.sum()) == count


@pytest.mark.parametrize("asked", ["2019", "2022-12-31", "soon", "2025-13-01", "<b>"])
def test_a_code_of_units_that_the_study_has_not_selects_nothing(run: Run, asked: str) -> None:
    view = make_view(opened_run(run), Choices(units=asked, commune="10", district="412"))
    assert view.area == ""
    assert view.in_area.all()


def printed(*words: str) -> str:
    done = CliRunner().invoke(command, [*words], env={"PHUSONG_LANGUAGE": "en"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("asked", "day", "levels"),
    [
        ("2023", DAYS[0], {"district": 2, "commune": 3}),
        ("2024", DAYS[1], {"district": 1, "commune": 3}),
        ("2025-07-01", DAYS[2], {"commune": 2}),
    ],
)
def test_assess_groups_by_the_units_asked_for_as_the_app_does(
    study: Path, run: Run, asked: str, day: str, levels: dict[str, int]
) -> None:
    told = json.loads(printed("assess", str(study), "--json", "--units", asked))["by_unit"]
    assert {unit["valid_from"] for unit in told} == {day}
    found = pd.Series([unit["level"] for unit in told]).value_counts().to_dict()
    assert found == levels
    opened = opened_run(run)
    for level in levels:
        figures = opened.figures(run.assessment.rule, DAYS.index(day), level)  # type: ignore[arg-type]  # a literal
        ours = {u["code"]: u["uncovered"] for u in told if u["level"] == level}
        assert ours == figures["uncovered"].to_dict()


@pytest.mark.heavy
def test_without_units_the_ones_of_the_studys_day_count(study: Path) -> None:
    usual = json.loads(printed("assess", str(study), "--json"))
    asked = json.loads(printed("assess", str(study), "--json", "--units", "2023"))
    assert usual["by_unit"] == asked["by_unit"]


def test_a_list_has_the_units_of_every_structure_and_the_day_of_its_own(run: Run) -> None:
    structures = structures_of(run.study)
    table = uncovered_list(run, units=structures[1], verdicts=("covered",), language="en")
    row = table.loc["v4"]
    assert (row["Commune code"], row["Units from"]) == ("10", DAYS[1])
    assert row["Commune code from 2023-01-01"] == "11"
    assert row["Commune from 2025-07-01"] == "Xã Núi <b>Cao</b>"
    assert "District from 2025-07-01" not in table.columns


def test_each_structure_has_short_names_of_its_own(run: Run, tmp_path: Path) -> None:
    for language in ("vi", "en"):
        table = uncovered_list(run, language=language)  # type: ignore[arg-type]  # a literal
        path = geodata.export_list(table, tmp_path / f"{language}.shp", run=run, language=language)  # type: ignore[arg-type]  # a literal
        names = gpd.read_file(path).columns
        assert {"DVHC_TU", "MA_XA", "TEN_XA", "MAXA_2412", "TENXA_2507", "TENHU_2412"} <= set(names)
        assert names.is_unique


@pytest.mark.heavy
def test_a_code_of_other_units_is_refused_with_their_day(study: Path, tmp_path: Path) -> None:
    call = ["export", str(study), "-o", str(tmp_path / "a.csv"), "--commune", "99"]
    done = CliRunner().invoke(command, call, env={"PHUSONG_LANGUAGE": "en"})
    assert done.exit_code == 2
    assert "one of those from 2025-07-01: add --units 2025-07-01" in " ".join(done.stderr.split())
    again = CliRunner().invoke(command, [*call, "--units", "2025"])
    assert again.exit_code == 0, again.output


def test_units_that_did_not_change_are_told_once(run: Run) -> None:
    first, second, third = structures_of(run.study)
    assert unchanged(first, second, "commune") == {"12"}
    former = former_places([first, second, third], third, run.study.as_of)
    assert former is not None
    assert former.loc["v4"].tolist() == [
        "Xã 1",
        "Thành phố Vinh",
        "01/12/2024: Xã 0, Thành phố Vinh",
    ]
    assert former.loc["v1"].tolist() == ["Xã 0", "Thành phố Vinh", ""]
    assert former_places([first, second, third], first, date(2023, 8, 30)) is None


def test_the_command_units_prints_writes_and_gives_json(study: Path, tmp_path: Path) -> None:
    told = printed("units")
    assert "Units from 01 December 2024: 20 districts, 412 communes" in told
    assert "17371 Xã Thạch Sơn (Huyện Anh Sơn) → 17329 Thị trấn Kim Nhan" in told
    assert "17251 Xã Chi Khê" in told
    found = json.loads(printed("units", str(study), "--json"))
    assert len(found["changes"]) == 460
    assert found["changes"][0]["valid_from_2024"] == DAYS[1]
    assert found["villages"] == []
    assert "No village is split or doubtful." in printed("units", str(study))
    printed("units", str(study), "-o", str(tmp_path / "u.csv"))
    table = pd.read_csv(tmp_path / "u.csv", dtype=str, encoding="utf-8-sig")
    assert len(table) == 460
    assert (tmp_path / "u-villages.csv").exists()
    printed("units", "-o", str(tmp_path / "u.xlsx"))
    book = pd.read_excel(tmp_path / "u.xlsx", engine="calamine", dtype=str)
    assert book["code_2023"].tolist() == table["code_2023"].tolist()
    bad = CliRunner().invoke(command, ["units", "-o", str(tmp_path / "u.doc")])
    assert bad.exit_code == 2


def test_every_kind_of_doubtful_village_has_words_of_its_own() -> None:
    assert set(CASES) == set(KINDS)

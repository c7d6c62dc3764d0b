"""``phusong check`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests import folder, tiny
from ui.command import command

run = CliRunner()


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def test_good_data_ends_with_0_and_a_workbook(study: Path, tmp_path: Path) -> None:
    book = tmp_path / "report.xlsx"
    said = run.invoke(command, ["--language", "vi", "check", str(study.parent), "-o", str(book)])
    assert said.exit_code == 0
    assert "Lỗi: 0 · Cảnh báo: 0" in said.stdout
    assert "lớp phủ sóng Alpha 4G" in said.stdout
    assert book.read_bytes().startswith(b"PK")


def test_bad_data_ends_with_1_and_hostile_names_are_harmless(tmp_path: Path) -> None:
    villages = tiny.villages()
    villages.loc["v2", "village"] = "=cmd()\x1b[2J\u202e"
    villages["village_id"] = "same"
    file = folder.write(tmp_path / "study", villages=villages.reset_index(drop=True).set_index(
        "village_id", drop=True))  # fmt: skip
    said = run.invoke(command, ["--language", "en", "check", str(file)])
    assert said.exit_code == 1
    assert "ERROR" in said.stdout
    assert "\x1b" not in said.stdout
    assert "\u202e" not in said.stdout


def test_an_unreadable_file_ends_with_2_and_the_others_are_told(
    study: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.gpkg").write_bytes(b"")
    paths = [str(tmp_path / "empty.gpkg"), str(study.parent), str(tmp_path / "not there.shp")]
    said = run.invoke(command, ["--language", "en", "check", "--json", *paths])
    assert said.exit_code == 2
    reports = json.loads(said.stdout)["reports"]
    assert [report["is_study"] for report in reports] == [False, True, False]
    assert [len(report["files"]) for report in reports] == [1, 6, 1]
    villages = reports[1]["files"][0]
    assert (villages["role"], villages["rows"], villages["crs"]) == ("villages", 9, "EPSG:9208")
    assert reports[0]["files"][0]["findings"][0]["kind"] == "unreadable"


def test_a_wrong_call_ends_with_2_and_writes_nothing(study: Path, tmp_path: Path) -> None:
    for more in (["-o", str(tmp_path / "r.pdf")], ["--repair", str(study.parent / "in")]):
        said = run.invoke(command, ["--language", "en", "check", str(study.parent), *more])
        assert said.exit_code == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study"]
    assert not (study.parent / "in").exists()

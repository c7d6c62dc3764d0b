"""The command line: what it prints, and with which status it ends."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
from typer.testing import CliRunner, Result

from tests import folder, tiny
from ui.command import command
from ui.server import arguments


def call(*words: object, language: str = "en") -> Result:
    environment = {"PHUSONG_LANGUAGE": language, "COLUMNS": "200"}
    return CliRunner().invoke(command, [str(word) for word in words], env=environment)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study").parent


def test_assess_prints_headline_published_figure_and_districts(study: Path) -> None:
    done = call("assess", study)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "6 of 9 covered, 3 uncovered (2 weak, 1 with no signal), 0 unknown"
    assert lines[1].startswith("Published: 6 of 9")
    assert lines[1].endswith("agrees")
    assert [line.split()[:2] for line in lines[4:6]] == [["Thành", "phố"], ["Huyện", "Kỳ"]]
    assert "Nothing had changed" in call("assess", study).stdout


def test_assess_in_vietnamese(study: Path) -> None:
    first = call("assess", study, language="vi").stdout.splitlines()[0]
    assert "6/9 thôn, bản" in first
    assert "lõm sóng" in first


def test_assess_as_json_has_the_keys_of_the_design(study: Path) -> None:
    found = json.loads(call("assess", study, "--json").stdout)
    assert {
        "run_id", "as_of", "rule", "villages", "covered", "uncovered", "weak", "none",
        "unknown", "share", "by_unit", "by_layer",
    } <= set(found)  # fmt: skip
    assert (found["covered"], found["uncovered"]) == (6, 3)
    assert set(found["by_unit"][0]) == {
        "level", "code", "valid_from", "name", "villages", "covered", "uncovered", "weak",
        "none", "unknown",
    }  # fmt: skip
    served = {(r["operator"], r["technology"]): r["villages_served"] for r in found["by_layer"]}
    assert served == {("Alpha", "4G"): 6, ("Beta", "3G"): 0}


def test_units_of_a_day(study: Path) -> None:
    assert call("assess", study, "--units", "2023").exit_code == 0
    early = call("assess", study, "--units", "2020-01-01")
    assert (early.exit_code, "2020-01-01" in early.stderr) == (2, True)
    assert call("assess", study, "--units", "soon").exit_code == 2


def test_an_operator_taken_out_changes_the_figures(study: Path) -> None:
    text = folder.STUDY.split('[[layers]]\noperator = "Beta"', maxsplit=1)[0]
    (study / "study.toml").write_text(text, encoding="utf-8")
    first = call("assess", study).stdout.splitlines()[0]
    assert first == "6 of 9 covered, 0 uncovered (0 weak, 0 with no signal), 3 unknown"


def test_export_and_its_wrong_calls(study: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    done = call("export", study, "-o", path, "--district", "ky son")
    assert (done.exit_code, done.stdout.strip()) == (0, f"1 villages written to {path}")
    for words in (
        ["-o", "l.doc"],
        ["-o", path, "--district", "Xa"],
        ["-o", path, "--verdict", "b"],
    ):
        wrong = call("export", study, *words)
        assert wrong.exit_code == 2
        assert len(wrong.stderr.strip().splitlines()) == 1


def _no_crs(study: Path) -> None:
    gpd.read_file(study / "villages.gpkg").to_file(study / "v.shp")
    (study / "v.prj").unlink()
    _replace(study, "villages.gpkg", "v.shp")


def _rewritten(study: Path, **columns: object) -> None:
    table = gpd.read_file(study / "villages.gpkg").assign(**columns)
    (study / "villages.gpkg").unlink()
    table.to_file(study / "villages.gpkg")


def _replace(study: Path, old: str, new: str) -> None:
    file = study / "study.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def _missing_file(study: Path) -> None:
    (study / "villages.gpkg").unlink()


def _other_kind(study: Path) -> None:
    (study / "villages.gpkg").write_bytes(b"%PDF-1.7 something else entirely")


def _no_geometry(study: Path) -> None:
    _rewritten(study, geometry=gpd.GeoSeries([None] * 9, crs=tiny.CRS))


def _unknown_column(study: Path) -> None:
    _replace(study, 'path = "villages.gpkg"', 'path = "villages.gpkg"\ncolumns = { village = "T" }')


def _empty_layer(study: Path) -> None:
    (study / "layers" / "alpha_4g.gpkg").unlink()
    gpd.GeoDataFrame(geometry=[], crs=tiny.CRS).to_file(study / "layers" / "alpha_4g.gpkg")


def _same_ids(study: Path) -> None:
    _rewritten(study, village_id="v1")


def _elsewhere(study: Path) -> None:
    table = gpd.read_file(study / "villages.gpkg")
    _rewritten(study, geometry=table.translate(300_000, 0))


@pytest.mark.parametrize(
    ("spoil", "status", "sentence"),
    [
        (_missing_file, 1, "'villages.gpkg' is not there"),
        (_other_kind, 2, "villages.gpkg is not a table or a map layer"),
        (_no_geometry, 1, "villages.gpkg has no geometry"),
        (_no_crs, 1, "does not say its coordinate system"),
        (_unknown_column, 1, "villages.gpkg has no column T"),
        (_empty_layer, 1, "alpha_4g.gpkg holds no rows"),
        (_same_ids, 1, "village id v1 occurs in rows 1, 2"),
        (_elsewhere, 1, "9 of 9 places lie outside"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.parametrize("language", ["en", "vi"])
def test_bad_input_is_one_sentence_and_a_status(
    study: Path, spoil: object, status: int, sentence: str, language: str
) -> None:
    assert callable(spoil)
    spoil(study)
    done = call("assess", study, language=language)
    assert done.exit_code == status, done.output
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if language == "en":
        assert sentence in done.stderr


def test_a_study_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    for words in (["assess"], ["export", "-o", "x.csv"], ["app"]):
        done = call(words[0], tmp_path / "none", *words[1:])
        assert done.exit_code == 2
        assert "is not there" in done.stderr


def test_a_demo_into_a_full_folder_is_refused(study: Path) -> None:
    done = call("demo", study)
    assert done.exit_code == 2
    assert "empty" in done.stderr
    assert (study / "villages.gpkg").exists()


def test_version_help_and_a_language_nobody_speaks() -> None:
    assert call("--version").stdout.startswith("phusong 0.")
    assert "assess" in call("--help").stdout
    assert call("--language", "fr", "assess", "x").exit_code == 2


def test_the_server_listens_on_this_machine_alone_and_asks_nobody() -> None:
    words = arguments(port=8700, headless=True)
    assert "--server.address=127.0.0.1" in words
    assert "--server.port=8700" in words
    assert "--browser.gatherUsageStats=false" in words

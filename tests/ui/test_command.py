"""The command line: what it prints, and with which status it ends."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

import geodata
from geodata.export import ENDINGS
from tests import folder, table_study, tiny
from tests.corpus import all_cases
from tests.gis import PASSWORD, Gis
from tests.tiny_signal import write_signal_study
from ui import server
from ui.command import command
from ui.commands import told
from ui.server import arguments
from ui.texts import translator


def call(*words: object, language: str = "en") -> Result:
    environment = {"PHUSONG_LANGUAGE": language, "COLUMNS": "200"}
    return CliRunner().invoke(command, [str(word) for word in words], env=environment)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study").parent


@pytest.mark.heavy
def test_assess_prints_headline_published_figure_and_districts(study: Path) -> None:
    done = call("assess", study)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "6 of 9 covered, 3 uncovered (2 weak, 1 with no signal), 0 unknown"
    assert lines[1].startswith("Published: 6 of 9")
    assert lines[1].endswith("agrees")
    assert [line.split()[:2] for line in lines[8:10]] == [["Thành", "phố"], ["Huyện", "Kỳ"]]
    assert "Nothing was measured anew" in call("assess", study).stdout


@pytest.mark.heavy
def test_assess_prints_the_range_and_what_makes_its_ends(study: Path) -> None:
    """Let out, Beta covers v3; v2, v5 and v8 have their centre on Alpha's edge."""
    lines = call("assess", study).stdout.splitlines()
    assert lines[2] == "Uncovered: 3, between 2 and 6"
    assert lines[3] == (
        "Fewest: 2 if footprints reach beyond where they are drawn. Most: 6 if footprints end "
        "short of where they are drawn."
    )
    assert lines[4] == "5 verdicts are borderline"
    found = json.loads(call("assess", study, "--json").stdout)
    assert (found["uncovered_between"], found["borderline"]) == ([2, 6], 5)
    told = call("assess", study, language="vi").stdout.splitlines()[2]
    assert told == "Chưa phủ sóng: 3, trong khoảng 2 đến 6"


def test_assess_in_vietnamese(study: Path) -> None:
    first = call("assess", study, language="vi").stdout.splitlines()[0]
    assert first == (
        "6/9 thôn, bản đã phủ sóng, 3 chưa phủ sóng (2 lõm sóng, 1 trắng sóng), 0 thiếu dữ liệu"
    )


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


@pytest.mark.heavy
def test_a_rule_of_people_tells_the_best_operator_and_the_union_side_by_side(study: Path) -> None:
    lines = call("assess", study, "--rule", "sdg-9.c.1").stdout.splitlines()
    told = next(line for line in lines if line.startswith("People within reach"))
    told = told.replace("\u00a0", " ")
    assert told == (
        "People within reach: 1,950 (43.33 %) of Alpha, the operator that reaches most; 2,100 "
        "(46.67 %) of all operators together"
    )
    found = json.loads(call("assess", study, "--rule", "sdg-9.c.1", "--json").stdout)
    assert found["people"] == 4500
    assert found["people_max_operator"]["operator"] == "Alpha"
    assert found["people_max_operator"]["share"] == pytest.approx(1950 / 4500)
    assert found["people_union"]["people"] == pytest.approx(2100)
    assert "people_union" not in json.loads(call("assess", study, "--json").stdout)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_zones_are_a_table_of_shares(study: Path, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"zones.{ending}"
    done = call("export", study, "-o", path, "--zones", "district")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"4 rows written to {path}"
    read: Any = {
        "csv": pd.read_csv,
        "xlsx": partial(pd.read_excel, engine="openpyxl"),
        "parquet": pd.read_parquet,
    }[ending]
    table = read(path)
    assert table["Operator"].tolist() == ["Alpha", "Beta"] * 2
    assert table["Share of area served"].tolist() == [0.5, 0.0667, 0.5, 0.0]
    assert table["Share of people served"].tolist()[0] == pytest.approx(850 / 2100, abs=1e-4)
    assert set(table["Rule"]) == {"vn-village"}


@pytest.mark.heavy
def test_zones_of_the_whole_study_only(study: Path, tmp_path: Path) -> None:
    wrong = call("export", study, "-o", tmp_path / "z.csv", "--zones", "village", "--district", "x")
    assert wrong.exit_code == 2
    assert "holds the whole study" in wrong.stderr
    assert call("export", study, "-o", tmp_path / "z.doc", "--zones", "village").exit_code == 2
    vietnamese = call(
        "export", study, "-o", tmp_path / "z.csv", "--zones", "village", language="vi"
    )
    assert vietnamese.stdout.startswith("Đã ghi 18 dòng")
    assert "Tỷ lệ dân số có sóng" in (tmp_path / "z.csv").read_text("utf-8-sig")


@pytest.mark.heavy
def test_assess_and_export_say_on_stderr_what_may_make_the_figures_wrong(
    study: Path, tmp_path: Path
) -> None:
    assert call("assess", study).stderr == ""
    path = study / "layers" / "alpha_4g.gpkg"
    elsewhere = gpd.read_file(path).set_crs("EPSG:5897", allow_override=True)
    path.unlink()
    elsewhere.to_file(path)
    done = call("assess", study, "--json")
    assert (done.exit_code, json.loads(done.stdout)["covered"]) == (0, 0)
    assert "the wrong VN-2000 meridian (read with 105°, fits 104°45′, a shift of 26" in done.stderr
    assert 'crs = "EPSG:9208"' in done.stderr
    assert f"phusong check {study} says which rows" in done.stderr
    told = call("export", study, "-o", tmp_path / "list.csv", language="vi").stderr
    assert told.strip().startswith("LỖI: layers/alpha_4g.gpkg: ")
    assert f"Chạy phusong check {study} để xem" in told


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
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first == f"1 villages written to {path}"
    assert second.startswith("Rule: vn-village. Run: 20230830-")
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


@pytest.mark.heavy
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


def test_units_asked_for_regroup_districts_and_communes_alike(study: Path) -> None:
    found = json.loads(call("assess", study, "--units", "2023", "--json").stdout)
    assert {unit["valid_from"] for unit in found["by_unit"]} == {"2023-01-01"}
    assert {unit["level"] for unit in found["by_unit"]} == {"district", "commune"}
    of_commune = {u["code"]: u["uncovered"] for u in found["by_unit"] if u["level"] == "commune"}
    assert of_commune == {"10": 1, "11": 1, "12": 1}


@pytest.mark.heavy
def test_the_language_of_one_call_is_not_that_of_the_next(study: Path) -> None:
    first = call("--language", "vi", "assess", study, language="en")
    assert "chưa phủ sóng" in first.stdout
    assert "uncovered" in call("assess", study, language="en").stdout


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"LANG": "vi_VN.UTF-8"}, "chưa phủ sóng"),
        ({"LANG": "C.UTF-8"}, "uncovered"),
        ({"LANG": "vi_VN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "uncovered"),
        ({"LANG": "C.UTF-8", "PHUSONG_LANGUAGE": "vi"}, "chưa phủ sóng"),
    ],
)
def test_the_language_of_the_machine_is_the_default(
    study: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], word: str
) -> None:
    for name in ("LANG", "LC_ALL", "PHUSONG_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(command, ["assess", str(study)], env=variables)
    assert word in done.stdout


@pytest.mark.heavy
def test_a_name_does_not_steer_the_terminal(study: Path) -> None:
    hostile = "Huyện \x1b[31m\u202eKỳ"
    _rewritten(study, district=hostile)
    printed = call("assess", study).stdout
    assert not {"\x1b", "\u202e"} & set(printed)
    wrong = call("export", study, "-o", "l.csv", "--district", "nowhere")
    assert wrong.exit_code == 2
    assert not {"\x1b", "\u202e"} & set(wrong.stderr)


@pytest.mark.heavy
def test_a_reconstruction_says_so_wherever_it_speaks(study: Path, tmp_path: Path) -> None:
    _replace(study, "[villages]", "[reconstruction]\nseed = 1\nversion = 1\n\n[villages]")
    notice = "RECONSTRUCTION: made from published figures"
    assert notice in call("assess", study).stdout
    assert notice in call("export", study, "-o", tmp_path / "l.csv").stdout
    assert json.loads(call("assess", study, "--json").stdout)["reconstruction"] is True


def test_a_file_that_cannot_be_written_is_a_wrong_call(study: Path) -> None:
    inside_a_file = study / "villages.gpkg" / "list.csv"
    done = call("export", study, "-o", inside_a_file)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "villages.gpkg" in done.stderr


def test_a_study_with_several_faults_tells_them_all(study: Path) -> None:
    _replace(study, 'technology = "4G"', 'technology = "6G"')
    _replace(study, 'path = "layers/beta_3g.gpkg"', 'path = "layers/gone.gpkg"')
    done = call("assess", study)
    assert done.exit_code == 1
    assert "2 faults" in done.stderr
    assert "6G" in done.stderr
    assert "gone.gpkg" in done.stderr


def test_the_map_opens_on_a_study_that_is_assessed_and_published(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Path, int]] = []

    def serve(path: Path, *, port: int, **_: object) -> int:
        served.append((path, port))
        return 0

    monkeypatch.setattr(server, "run", serve)
    done = call("app", study, "--port", 8765)
    assert done.exit_code == 0
    assert "http://127.0.0.1:8765" in done.stdout
    assert served == [(study, 8765)]
    assert (study / "results" / "current").exists()
    assert call("app", study, "--port", 0).exit_code == 2


def test_the_map_without_a_study_starts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its server makes the reconstruction: a page says how far it is."""
    served: list[Path | None] = []

    def run(study: Path | None, **_: object) -> int:
        served.append(study)
        return 0

    monkeypatch.setattr(server, "run", run)
    monkeypatch.setattr(geodata, "reconstruct", None)
    assert call("app", "--port", 8766).exit_code == 0
    assert served == [None]


def test_help_is_quick() -> None:
    """The heavy packages are imported by the commands that need them."""
    heavy = "{'geopandas', 'numba', 'streamlit'}"
    code = f"import sys, ui.command; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.province
def test_the_province_has_63_uncovered_villages_in_21_districts(province: Path) -> None:
    done = call("assess", province)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("3,743 of 3,806 covered, 63 uncovered")
    assert lines[1].endswith("agrees")
    found = json.loads(call("assess", province, "--json").stdout)
    assert sum(unit["level"] == "district" for unit in found["by_unit"]) == 21
    vietnamese = call("assess", province, language="vi").stdout.splitlines()[0]
    assert vietnamese.startswith("3.743/3.806 thôn, bản đã phủ sóng, 63 chưa phủ sóng")


def test_the_map_as_one_page_that_needs_no_network(study: Path, tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    assert call("export", study, "-o", path).exit_code == 0
    text = path.read_text(encoding="utf-8")
    assert "Xóm 9" in text
    assert 'src="http' not in text
    assert call("export", study, "-o", path, "--district", "417").exit_code == 2


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        (None, 2, "there is no such file"),
        ('[access]\nsecret = "short"', 1, "a secret has at least 32 characters"),
        ("[access", 2, "cannot be read"),
    ],
)
def test_a_server_that_cannot_tell_who_sees_what_does_not_start(
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str | None,
    status: int,
    told: str,
) -> None:
    monkeypatch.setattr(server, "run", lambda *_, **__: pytest.fail("it started"))
    settings = tmp_path / "settings.toml"
    if text is not None:
        settings.write_text(text, encoding="utf-8")
    done = call("app", study, "--settings", settings)
    assert done.exit_code == status
    assert told in done.stderr


def test_the_map_is_served_where_it_is_asked_to_be(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, object] = {}
    monkeypatch.setattr(server, "run", lambda _, **how: told.update(how) or 0)
    monkeypatch.setattr(server, "require_free", lambda *_: None)  # 10.0.0.5 is not this machine's
    done = call("app", study, "--address", "10.0.0.5", "--base-path", "/song/", "--port", 80)
    assert done.exit_code == 0
    assert "http://10.0.0.5:80/song" in done.stdout
    assert (told["address"], told["base_path"]) == ("10.0.0.5", "/song/")


def test_publish_writes_into_postgis_and_says_so(study: Path, gis: Gis) -> None:
    gis.execute("SELECT 1")
    schema = f"p_{gis.schema()}"
    done = call("publish", study, gis.admin, "--schema", schema)
    assert done.exit_code == 0, done.stderr
    assert f"schema {schema} of {gis.place}: 9 villages." in done.stdout
    again = call("publish", study, gis.admin, "--schema", schema, language="vi")
    assert "đã có sẵn" in again.stdout
    run_id = gis.execute(f"SELECT run_id FROM {schema}.runs")[0][0]
    assert call("publish", study, gis.admin, "--schema", schema, "--run", run_id).exit_code == 0
    wrong = call("publish", study, gis.admin, "--run", "nothing")
    assert (wrong.exit_code, "nothing" in wrong.stderr) == (2, True)


@pytest.mark.heavy
def test_publish_refuses_what_is_no_database_in_one_sentence(study: Path) -> None:
    for url in ("out.gpkg", "postgresql://an:matkhau@127.0.0.1:9/gis", "postgresql://a:mat@khau@h/g",
                "postgresql://an:matkhau@h/gis?table=a"):  # fmt: skip
        done = call("publish", study, url)
        assert done.exit_code == 2
        assert len(done.stderr.strip().splitlines()) == 1
        assert "khau" not in done.stderr + done.stdout


@pytest.mark.heavy
def test_a_study_on_tables_is_assessed_exported_and_told_without_its_password(
    tmp_path: Path, gis: Gis
) -> None:
    file, _ = table_study.write(tmp_path, gis)
    done = call("assess", file)
    assert done.stdout.splitlines()[0].startswith("6 of 9 covered")
    assert call("export", file, "-o", tmp_path / "list.csv").exit_code == 0
    file.write_text(file.read_text("utf-8").replace(".villages'", ".vilages'"), "utf-8")
    wrong = call("assess", file, language="vi")
    assert wrong.exit_code == 2
    assert "không có bảng" in wrong.stderr
    assert gis.place in wrong.stderr
    told = done.stdout + wrong.stderr + (tmp_path / "list.csv").read_text("utf-8-sig")
    assert PASSWORD not in told
    assert gis.planner not in told


def test_match_writes_a_workbook_and_says_what_became_of_each_row(tmp_path: Path) -> None:
    cases = {case.name: case for case in all_cases()}
    study_file = cases["lists-matched-in-a-study"].make(tmp_path)
    out = tmp_path / "out.xlsx"
    done = call("match", tmp_path / "list.xlsx", study_file, "-o", out, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert (told["rows"], told["matched"], told["unmatched"]) == (5, 4, [13])
    again = call("--language", "vi", "match", out, study_file, "-o", tmp_path / "again.xlsx")
    assert "4/5 dòng khớp" in again.stdout
    wrong = call("match", tmp_path / "list.xlsx", study_file, "-o", tmp_path / "out.csv")
    assert wrong.exit_code == 2
    assert "does not end in .xlsx" in wrong.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "rule vn-1603 has no numbers yet: covered_share, weak_share stand in letter"),
        ("vi", "tiêu chí vn-1603 chưa có số liệu: covered_share, weak_share nằm trong công văn"),
    ],
)
def test_a_rule_without_numbers_ends_in_one_sentence(
    study: Path, language: str, sentence: str
) -> None:
    done = call("assess", study, "--rule", "vn-1603", language=language)
    assert done.exit_code == 1
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.heavy
def test_assess_says_which_signal_layers_the_rule_has_no_level_for(tmp_path: Path) -> None:
    study = write_signal_study(tmp_path / "signal")
    told = call("assess", study, "--rule", "spain")
    assert "count as no filing" not in told.output  # Gamma 3G is not admitted at all
    told = call("assess", study, "--rule", "sdg-9.c.1")
    assert "names no level for count as no filing: Gamma 3G." in told.output


def test_help_of_export_names_every_format() -> None:
    words = re.findall(r"\w+", call("export", "--help").stdout)
    assert {*ENDINGS, "html"} <= set(words)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("words", [["units"], ["--help"], ["--version"], ["check", "--help"]])
def test_what_cannot_be_printed_is_one_sentence(
    words: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHUSONG_LANGUAGE", language)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(  # noqa: S603  # our own interpreter and words
            [sys.executable, "-m", "ui.start", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    said = {"en": "what was to be printed cannot be written: ", "vi": "không ghi được nội dung"}
    reason = {"en": "the disk is full; make room", "vi": "đĩa đã đầy"}
    assert done.returncode == 2
    assert done.stderr.startswith(said[language])
    assert reason[language] in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_refusal_without_a_file_has_no_question_mark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), told(translator("en")):
        raise OSError(errno.EIO, "Input/output error")
    assert capsys.readouterr().err == "the system refused a file: Input/output error\n"

"""The command line about kept measures."""

from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas as gpd
import pytest

from geodata.study import kept
from tests import folder
from tests.ui.test_command import call
from ui import studies


@pytest.fixture(autouse=True)
def areas_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but areas is measured: one entry for each set of layers."""
    monkeypatch.setattr(kept, "KINDS", ())


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study").parent


@pytest.mark.heavy
def test_a_changed_layer_is_told_to_have_been_measured_alone(study: Path) -> None:
    assert json.loads(call("assess", study, "--json").stdout)["measured_layers"] == 2
    path = study / "layers" / "beta_3g.gpkg"
    layer = gpd.read_file(path)
    path.unlink()
    layer.iloc[:1].to_file(path)
    assert "\n1 of 2 layers measured anew and judged in " in call("assess", study).stdout
    assert json.loads(call("assess", study, "--json").stdout)["measured_layers"] == 0


def test_cache_says_what_is_kept_and_clears_it(study: Path) -> None:
    assert call("cache", study).stdout.startswith("0 kept in ")
    run = json.loads(call("assess", study, "--publish", "--json").stdout)["run_id"]
    head, line = call("cache", study).stdout.splitlines()
    assert head.startswith("1 kept in ")
    assert head.endswith(" MB of at most 2,000 MB")
    assert line.endswith(f"areas by Alpha 4G, Beta 3G; needed by {run} (published)")
    found = json.loads(call("cache", study / "study.toml", "--json").stdout)
    assert found["entries"][0]["runs"] == [run]
    assert found["size_bytes"] == found["entries"][0]["size_bytes"] > 0
    kept = call("cache", study, "--clear").stdout.splitlines()
    assert kept[:2] == [
        "0 removed, 0 MB free again",
        "What kept runs need stays; --clear --all removes it too.",
    ]
    gone = call("cache", study, "--clear", "--all", language="vi").stdout.splitlines()
    assert gone[0].startswith("Đã xoá 1 mục, giải phóng 0")
    assert "0 mục số đo lưu trong" in gone[1]
    assert "1 of 2" not in call("assess", study).stdout


def test_cache_without_a_study_is_of_the_reconstruction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "built_in_folder", lambda: tmp_path)
    none = call("cache")
    assert (none.exit_code, none.stdout) == (2, "")
    assert "study.toml is not there" in none.stderr
    folder.write(tmp_path / "in")
    monkeypatch.setattr(studies, "built_in_folder", lambda: tmp_path / "in")
    assert call("cache").stdout.startswith("0 kept in ")


def test_wrong_calls_of_cache(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("cache", study, "--all").exit_code == 2
    monkeypatch.setenv("PHUSONG_KEPT_MB", "much")
    wrong = call("cache", study)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "PHUSONG_KEPT_MB is much" in wrong.stderr


def test_cache_says_what_each_entry_is_and_nothing_of_it_steers_the_terminal(study: Path) -> None:
    for kind, words in (
        ("levels", "signal levels of villages"),
        ("new\u001b[2J", "new [2J"),
        ("", "of an earlier version, or broken"),
    ):
        entry = study / "results" / "measures" / "0123456789abcdef"
        entry.mkdir(parents=True, exist_ok=True)
        (entry / "about.json").write_text(json.dumps({"kind": kind}), encoding="utf-8")
        line = call("cache", study).stdout.splitlines()[1]
        assert line.endswith(f"  {words}; no run needs it")
    assert "không lần tính nào cần" in call("cache", study, language="vi").stdout
    assert call("cache", study, "--clear").stdout.startswith("1 removed")


@pytest.mark.parametrize("language", ["en", "vi"])
def test_cache_counts_what_dead_processes_left_and_clears_it_after_a_day(
    study: Path, language: str
) -> None:
    for place, name in (("results", "old"), ("results", "new"), ("", "beside")):
        left = study / place / f".unfinished-{name}"
        left.mkdir(parents=True)
    (study / ".unfinished-beside" / "x").write_bytes(bytes(200_000))
    os.utime(study / "results" / ".unfinished-old", (0, 0))
    said = call("cache", study, language=language).stdout.splitlines()[-1]
    assert said.startswith({"en": "3 left unfinished: 0.2 MB", "vi": "3 thư mục còn dở"}[language])
    told = json.loads(call("cache", study, "--clear", "--json").stdout)
    assert (told["leftovers"], told["leftover_bytes"]) == (2, 200_000)

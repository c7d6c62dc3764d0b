"""Conflicts between measurements and layers: on the command line and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import geodata
from geodata.access import Rights
from geodata.study.results import Run
from tests import drives, folder, tiny_study
from tests.ui.test_command import call
from tests.ui.tiny_run import open_page, words


def test_conflicts_are_printed_ranked_with_their_numbers(tmp_path: Path) -> None:
    planted = drives.plant(folder.write(tmp_path / "study")).parent
    done = call("conflicts", planted, "-o", tmp_path / "list.csv")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("3 conflicts: 2 declared served and measured below, 1 declared not")
    assert lines[3].strip() == "1 Xóm 4, Xã 1, Thành phố Vinh [v4]"
    assert lines[4].strip().startswith("Alpha 4G: declared served; 20 of 20 samples below, 100")
    assert "interval 84 % to 100 %" in lines[4]
    assert lines[4].endswith("measured on 02 September 2023. The verdict hangs on it.")
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    vi = call("conflicts", planted, language="vi").stdout
    assert vi.startswith("3 mâu thuẫn: 2 nơi công bố có sóng nhưng đo không đạt")
    assert "Alpha 4G: công bố có sóng; 20/20 mẫu không đạt" in vi


@pytest.mark.heavy
def test_conflicts_as_json_and_what_is_refused(tmp_path: Path) -> None:
    planted = drives.plant(folder.write(tmp_path / "planted")).parent
    found = json.loads(call("conflicts", planted, "--json").stdout)
    assert (found["conflicts"], found["measurements"], found["compared"]) == (3, 74, 74)
    ranked = [row for row in found["comparisons"] if row["rank"] is not None]
    assert [row["village_id"] for row in ranked] == ["v4", "v1", "v9"]
    assert (ranked[0]["first"], ranked[0]["filed"]) == ("2023-09-02", "2023-08-30")
    bare = call("conflicts", folder.write(tmp_path / "bare"))
    assert bare.exit_code == 2
    assert "the study names no measurements" in bare.stderr
    wrong = call("conflicts", planted, "-o", tmp_path / "list.pdf")
    assert (wrong.exit_code, "csv, xlsx" in wrong.stderr) == (2, True)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Run:
    study = drives.plant(tiny_study.write_study(tmp_path_factory.mktemp("driven") / "study"))
    return geodata.assess_study(geodata.open_study(study), publish=True)


def listed(app: AppTest) -> pd.DataFrame:
    """The list of conflicts, which stands last."""
    assert any("conflicts" in one.label or "mâu thuẫn" in one.label for one in app.expander)
    return app.dataframe[-1].value


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_lists_conflicts_below_the_villages(
    monkeypatch: pytest.MonkeyPatch, driven: Run, language: str
) -> None:
    app = open_page(monkeypatch, driven, "gaps", lang=language)
    assert not app.exception
    vi = language == "vi"
    label = next(one.label for one in app.expander if "3" in one.label)
    assert label == (
        "Đo kiểm mâu thuẫn với công bố: 3 trường hợp"
        if vi
        else "Measured against what is declared: 3 conflicts"
    )
    table = listed(app)
    assert list(table["Lớp" if vi else "Layer"]) == ["Alpha 4G", "Alpha 4G", "Beta 3G"]
    assert list(table["Số mẫu đo" if vi else "Samples"]) == ["20", "12", "14"]
    assert table["Mâu thuẫn" if vi else "Conflict"][0] == (
        "công bố có sóng, đo không đạt" if vi else "declared served, measured below"
    )


@pytest.mark.heavy
def test_the_list_follows_the_area_and_the_operator(
    monkeypatch: pytest.MonkeyPatch, driven: Run
) -> None:
    app = open_page(monkeypatch, driven, "gaps", lang="en", district="417")
    assert list(listed(app)["Layer"]) == ["Beta 3G"]
    app = open_page(monkeypatch, driven, "gaps", lang="en", operator="Alpha")
    assert list(listed(app)["Layer"]) == ["Alpha 4G", "Alpha 4G"]


def test_the_card_has_what_was_measured_with_its_numbers(
    monkeypatch: pytest.MonkeyPatch, driven: Run
) -> None:
    app = open_page(monkeypatch, driven, "gaps", lang="en", village="v4", verdict="all")
    told = words(app).replace("\\", "")
    assert "Measured here" in told
    assert "⚠ Alpha 4G, **declared served, measured below**: declared served; 20 of 20" in told
    app = open_page(monkeypatch, driven, "gaps", lang="en", village="v7", verdict="all")
    told = words(app).replace("\\", "")
    assert "Alpha 4G, **no conflict**: declared served; 0 of 20 samples below" in told
    assert "⚠" not in told


@pytest.mark.heavy
def test_a_study_without_measurements_shows_nothing_of_them(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    app = open_page(monkeypatch, run, "gaps", lang="en", village="v4", verdict="all")
    assert not app.exception
    assert not any("conflicts" in one.label for one in app.expander)
    assert "Measured here" not in words(app)


def test_an_operators_people_see_no_conflict_of_others(
    monkeypatch: pytest.MonkeyPatch, driven: Run
) -> None:
    beta = Rights(operator="Beta", may_change_rules=False, may_change_data=False)
    app = open_page(monkeypatch, driven, "gaps", beta, lang="en", village="v4", verdict="all")
    assert not app.exception
    assert "Measured here" not in words(app)
    assert "Alpha" not in words(app)
    app = open_page(monkeypatch, driven, "gaps", beta, lang="en")
    assert list(listed(app)["Layer"]) == ["Beta 3G"]

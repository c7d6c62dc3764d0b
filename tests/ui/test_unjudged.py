"""Signal layers that a rule cannot judge: said on the pages, as on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import geodata
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests.tiny_signal import write_signal_study
from tests.ui.tiny_run import open_page, view_of, words
from ui.first.page import first_view
from ui.opened import opened_run

SAID = "Signal layers the rule names no level for count as no filing: Gamma 3G."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """SDG 9.c.1 names a level for 4G and none for 3G."""
    file = write_signal_study(tmp_path_factory.mktemp("signal") / "study")
    text = file.read_text("utf-8").replace('rule = "vn-village"', 'rule = "sdg-9.c.1"')
    file.write_text(text, "utf-8")
    return assess_study(geodata.open_study(file), publish=True)


@pytest.mark.parametrize("show", ["overview", "rule"])
def test_pages_name_layers_that_the_rule_cannot_judge(
    monkeypatch: pytest.MonkeyPatch, run: Run, show: str
) -> None:
    assert SAID in words(open_page(monkeypatch, run, show, lang="en")).replace("\\", "")


def test_the_first_view_names_them(run: Run) -> None:
    opened = opened_run(run)
    told = first_view(opened, view_of(opened, language="en").choices, "", base="")
    assert SAID in told


def test_nothing_is_said_where_all_are_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fine = assess_study(geodata.open_study(write_signal_study(tmp_path / "study")))
    assert "count as no filing" not in words(open_page(monkeypatch, fine, "overview", lang="en"))

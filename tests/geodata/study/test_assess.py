"""Assessing: which rule judges, what is told on the way, and what a changed input changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import geodata
from coverage import CoverageError
from coverage.model import Rule
from coverage.rules import RULES
from geodata import CallError
from geodata.study.assess import named_rule
from tests import folder

VN = RULES["vn-village"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def split(run: geodata.Run) -> tuple[int, int, int, int]:
    headline = run.summary.headline
    return headline.covered, headline.weak, headline.none, headline.unknown


def test_the_nine_villages_by_hand(file: Path) -> None:
    run = geodata.assess_study(geodata.open_study(file))
    assert split(run) == (6, 2, 1, 0)
    assert run.assessment.rule == VN
    assert [c.agrees for c in run.summary.comparisons] == [True]
    assert not (file.parent / "results" / "current").exists()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("rule", "figures"),
    [
        (replace(VN, name="strictest", weak_share=0.4), (6, 0, 3, 0)),
        (replace(VN, name="stronger", weak_share=0.2), (6, 1, 2, 0)),
        (replace(VN, name="area", covered_share=0.3), (7, 1, 1, 0)),
        (replace(VN, name="whole", covered_share=1.0, centre=False), (3, 5, 1, 0)),
        (replace(VN, name="4G", technologies=("4G",)), (6, 0, 0, 3)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_threshold_and_technology_moves_the_figures(
    file: Path, rule: Rule, figures: tuple[int, int, int, int]
) -> None:
    study = geodata.open_study(file)
    run = geodata.assess_study(study, rule=rule)
    assert split(run) == figures
    assert not geodata.assess_study(study).measured


@pytest.mark.heavy
def test_an_operators_layers_taken_out_change_the_figures(file: Path) -> None:
    study = geodata.open_study(file)
    without_alpha = replace(study, layers=study.layers[1:])
    run = geodata.assess_study(without_alpha)
    assert run.measured
    assert split(run) == (0, 0, 0, 9)
    settings = study.settings.model_copy(
        update={"expected": study.settings.expected.model_copy(update={"operators": ()})}
    )
    assert split(geodata.assess_study(replace(without_alpha, settings=settings))) == (0, 2, 7, 0)


def test_progress_runs_from_nothing_to_all(file: Path) -> None:
    told: list[float] = []
    geodata.assess_study(geodata.open_study(file), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_a_rule_by_name_itself_or_nobodys() -> None:
    assert named_rule("vn-village") is VN
    assert named_rule(VN) is VN
    with pytest.raises(CallError, match=r"rule nonsense is not known; expected .*vn-village.*$"):
        named_rule("nonsense")


def test_an_impossible_rule_keeps_no_run(file: Path) -> None:
    study = geodata.open_study(file)
    with pytest.raises(CoverageError, match="shares must run from 0 to 1"):
        geodata.assess_study(study, rule=replace(VN, name="odd", covered_share=2.0))
    assert geodata.latest_run(study) is None

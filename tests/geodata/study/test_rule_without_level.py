"""Signal layers for which a rule names no level: unknown, and said wherever figures are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import coverage
from coverage.filings import filings
from coverage.model import Expected
from tests import tiny, tiny_signal, tiny_study
from ui.command import command

SDG = coverage.RULES["sdg-9.c.1"]
VILLAGE = replace(coverage.RULES["vn-village"], centre=False)
STRONG = np.full((tiny_signal.SIDE, tiny_signal.SIDE), 80, np.uint8)


def verdicts(rule: coverage.model.Rule, *expected: str, footprints: bool = False) -> list[str]:
    layers = [tiny_signal.layer("Gamma", "3G", STRONG)]
    layers += tiny.layers() if footprints else ()
    measures = coverage.measure(tiny.villages(), layers)
    found = coverage.judge(measures, rule, expected=Expected(operators=expected))
    return found.verdicts["verdict"].tolist()


@pytest.mark.parametrize("expected", [(), ("Gamma",), ("Delta",)])
def test_what_a_rule_cannot_judge_is_unknown_and_never_none(expected: tuple[str, ...]) -> None:
    assert verdicts(SDG, *expected) == ["unknown"] * 9
    assert verdicts(VILLAGE) == ["covered"] * 9


def test_what_another_layer_covers_is_covered_all_the_same() -> None:
    bare = replace(VILLAGE, min_dbm_3g=None)
    found = verdicts(bare, footprints=True)
    assert [found[k] for k in (0, 3, 6)] == ["covered"] * 3  # by Alpha's footprint
    assert found[8] == "unknown"


def test_another_filing_of_the_operator_that_is_judged_speaks_for_it() -> None:
    nothing = np.full_like(STRONG, 1)
    layers = [tiny_signal.layer("Gamma", "3G", STRONG), tiny_signal.layer("Gamma", "4G", nothing)]
    measures = coverage.measure(tiny.villages(), layers)
    found = coverage.judge(measures, SDG, expected=Expected(operators=("Gamma",)))
    assert set(found.verdicts["verdict"]) == {"none"}
    asked = Expected(operators=("Gamma",), technologies=("3G", "4G"))
    found = coverage.judge(measures, SDG, expected=asked)
    assert set(found.verdicts["missing"]) == {"Gamma 3G"}
    assert filings(found)["admitted"].tolist() == [False, True]


@pytest.fixture(name="study")
def _study(tmp_path: Path) -> Path:
    file = tiny_study.write_study(tmp_path / "study", expected=("Gamma",))
    tiny_signal.write_raster(file.parent / "g.tif", tiny_signal.dbm("Gamma 3G"))
    text = file.read_text("utf-8").partition("[[layers]]")[0]
    text += '\n[[layers]]\noperator = "Gamma"\ntechnology = "3G"\npath = "g.tif"\n'
    file.write_text(text.replace('rule = "vn-village"', 'rule = "sdg-9.c.1"'), "utf-8")
    return file


@pytest.mark.heavy
def test_it_is_said_in_text_json_stderr_and_check(study: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(command, ["assess", str(study), "--json"])
    told = json.loads(done.stdout)
    assert (told["none"], told["unknown"], told["not_judged"]) == (0, 9, ["Gamma 3G"])
    assert "Gamma 3G: the rule sdg-9.c.1 names no level" in done.stderr
    text = runner.invoke(command, ["assess", str(study)]).stdout
    assert "names no level for count as no filing: Gamma 3G" in text
    report = json.loads(runner.invoke(command, ["check", str(study), "--json"]).stdout)
    (one,) = [f for f in report["reports"][0]["findings"] if f["kind"] == "rule-without-level"]
    assert one["severity"] == "warning"
    # another rule judges it, and nothing is said then
    done = runner.invoke(command, ["assess", str(study), "--json", "--rule", "vn-village"])
    assert json.loads(done.stdout)["not_judged"] == []
    assert "names no level" not in done.stderr

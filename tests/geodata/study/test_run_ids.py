"""Ids of runs: the same for the same study in every version, another for every other input."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd
import pytest

import coverage
import geodata
from coverage.model import Expected, LayerInfo, Rule
from geodata.study import digests, run_ids
from geodata.study.model import Study
from geodata.study.run_ids import canonical, earlier_run_id, is_id_of, run_id
from tests import folder

KEY = "measures"
GOLDEN = "20230830-e9d1122e7e"
"""The nine villages, by Decision 1110. It changes with what a result means, and nothing else."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return geodata.open_study(folder.write(tmp_path_factory.mktemp("ids") / "study"))


def identified(study: Study) -> str:
    return run_id(study, study.rule, key=KEY)


def test_the_id_of_a_known_study_is_the_one_of_every_version(study: Study) -> None:
    assert identified(study) == GOLDEN


@dataclass(frozen=True, kw_only=True)
class LaterRule(Rule):
    """A rule as a later version may have it."""

    indoors: bool = False
    bands: tuple[str, ...] = ()
    noted: list[str] = field(default_factory=list)


def test_a_field_that_has_its_default_is_no_part_of_it(study: Study) -> None:
    fields = {name: getattr(study.rule, name) for name in study.rule.__dataclass_fields__}
    later = LaterRule(**fields)
    assert run_id(study, later, key=KEY) == GOLDEN
    assert run_id(study, replace(later, indoors=True), key=KEY) != GOLDEN


def test_a_column_that_says_nothing_and_the_order_of_columns_are_no_part_of_it(
    study: Study,
) -> None:
    turned = study.villages[list(reversed(study.villages.columns))]
    turned = turned.assign(school=pd.Series(pd.NA, index=turned.index, dtype="string"))
    assert identified(replace(study, villages=turned)) == GOLDEN
    told = turned.assign(school="yes")
    assert identified(replace(study, villages=told)) != GOLDEN


def test_whatever_a_result_depends_on_makes_another(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [
        run_id(study, coverage.RULES["vn-1603"], key=KEY),
        run_id(study, replace(study.rule, covered_share=0.51), key=KEY),
        run_id(study, study.rule, key="other measures"),
        identified(replace(study, layers=study.layers[::-1])),
        identified(replace(study, villages=study.villages.assign(population=1.5))),
        identified(replace(study, villages=study.villages.rename(index={"v1": "w1"}))),
    ]
    for version in ("reading", "judging"):
        with monkeypatch.context() as patch:
            patch.setattr(run_ids, "VERSIONS", {**run_ids.VERSIONS, version: 9})
            others.append(identified(study))
    assert len({GOLDEN, *others}) == len(others) + 1


def test_values_are_as_json_has_them() -> None:
    info = LayerInfo(operator="A", technology="4G", as_of=date(2023, 1, 2), accuracy_m=5.0)
    assert canonical(info) == {
        "operator": "A", "technology": "4G", "as_of": "2023-01-02", "accuracy_m": 5.0,
    }  # fmt: skip
    assert canonical(Expected()) == {}
    assert canonical((Expected(operators=("A",)), 1)) == [{"operators": ["A"]}, 1]


def test_another_reading_measures_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.key_of("areas")
    monkeypatch.setattr(digests, "READING", digests.READING + 1)
    assert digests.key_of("areas") != before


def test_the_id_of_an_earlier_version_is_of_the_same_study(study: Study) -> None:
    earlier = earlier_run_id(study, study.rule, key=KEY)
    assert earlier not in (GOLDEN, earlier_run_id(study, study.rule, key="other"))
    for name in (earlier, GOLDEN):
        assert is_id_of(name, study, study.rule, key=KEY)
        assert not is_id_of(name, study, study.rule, key="other")
    assert not is_id_of(GOLDEN, study, study.rule, key=KEY, of={"reading": 1, "judging": 2})

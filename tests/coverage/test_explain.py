"""Why a village is what it is, checked by hand on nine squares."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coverage
from coverage import CoverageError
from coverage.explain import layer_reasons, operator_reasons, responsibility
from tests import tiny

RULE = coverage.RULES["vn-village"]


@pytest.fixture(scope="module")
def assessment() -> object:
    return coverage.judge(coverage.measure(tiny.villages(), tiny.layers()), RULE)


def test_each_layer_has_its_share_and_its_margin(assessment: object) -> None:
    why = layer_reasons(assessment, "v3")  # type: ignore[arg-type]
    assert why["operator"].tolist() == ["Alpha", "Beta"]
    assert why["share"].tolist() == pytest.approx([0.0, 0.3], abs=1e-9)
    assert why["margin"].tolist() == pytest.approx([-0.5, -0.2], abs=1e-9)
    assert why["centre"].tolist() == [False, False]
    assert not why["serves"].any()


def test_the_centre_serves_where_the_area_does_not(assessment: object) -> None:
    strict = coverage.judge(
        assessment.measures,  # type: ignore[attr-defined]
        replace(RULE, covered_share=0.9),
    )
    why = layer_reasons(strict, "v2")
    assert why["share"].tolist() == pytest.approx([0.5, 0.0], abs=1e-9)
    assert why["serves"].tolist() == [bool(why["centre"].iloc[0]), False]


def test_without_a_centre_its_test_is_missing_and_not_failed() -> None:
    villages = tiny.villages().drop(columns="centre")
    found = coverage.judge(coverage.measure(villages, tiny.layers()), RULE)
    assert layer_reasons(found, "v1")["centre"].isna().all()


def test_operators_unite_their_layers_and_the_best_comes_first() -> None:
    west, south = tiny.layers()
    both = (west, replace(south, info=replace(south.info, operator="Alpha")))
    found = coverage.judge(coverage.measure(tiny.villages(), both), RULE)
    assert operator_reasons(found, "v3")["operator"].tolist() == ["Alpha"]
    assert operator_reasons(found, "v3")["share"].iloc[0] == pytest.approx(0.3, abs=1e-9)


def test_operator_shares_agree_with_the_assessment(assessment: object) -> None:
    for village in assessment.verdicts.index:  # type: ignore[attr-defined]
        why = operator_reasons(assessment, village).set_index("operator")  # type: ignore[arg-type]
        shares = assessment.operator_shares.loc[village]  # type: ignore[attr-defined]
        assert why["share"].to_dict() == pytest.approx(shares.to_dict(), abs=1e-12)


def test_a_layer_that_the_rule_does_not_count_is_shown_and_serves_nothing(
    assessment: object,
) -> None:
    only_3g = coverage.judge(
        assessment.measures,  # type: ignore[attr-defined]
        replace(RULE, technologies=("3G",)),
    )
    why = layer_reasons(only_3g, "v1")
    assert why["admitted"].tolist() == [False, True]
    assert why["share"].iloc[0] == pytest.approx(1.0)
    assert not why["serves"].any()


def test_an_unknown_village_is_refused(assessment: object) -> None:
    with pytest.raises(CoverageError, match="village nobody is not one of the 9"):
        layer_reasons(assessment, "nobody")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("power", "fund", "duty"),
    [
        (False, True, "no_power"),
        (False, None, "no_power"),
        (True, True, "fund"),
        (True, False, "operator"),
        (True, None, "unknown"),
        (None, True, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_duty_follows_power_then_the_fund(power: bool | None, fund: bool | None, duty: str) -> None:
    table = pd.DataFrame(
        {
            "electrified": pd.array([power], dtype="boolean"),
            "fund_eligible": pd.array([fund], dtype="boolean"),
        },
        index=["v"],
    )
    assert responsibility(table).to_dict() == {"v": duty}

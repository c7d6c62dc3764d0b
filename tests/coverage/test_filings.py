"""Who filed, what another rule would change, and the operators by technology."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coverage
from coverage.errors import CoverageError
from coverage.filings import filings
from coverage.flips import flips
from coverage.model import Assessment, Expected
from coverage.rules import RULES
from coverage.summarise import operator_technology_matrix, villages_to_target
from tests import tiny

RULE = RULES["vn-village"]


@pytest.fixture(scope="module")
def measures() -> coverage.model.Measures:
    return coverage.measure(tiny.villages(), tiny.layers())


@pytest.fixture(scope="module")
def whole(measures: coverage.model.Measures) -> Assessment:
    return coverage.judge(measures, RULE)


def test_what_was_filed_and_what_is_missing_stand_in_one_table(
    measures: coverage.model.Measures,
) -> None:
    expected = Expected(operators=("Alpha", "Gamma"), technologies=("3G", "4G"))
    table = filings(coverage.judge(measures, RULE, expected=expected))
    told = list(zip(table["operator"], table["technology"], table["filed"], strict=True))
    assert told == [
        ("Alpha", "4G", True),
        ("Beta", "3G", True),
        ("Alpha", "3G", False),
        ("Gamma", "3G", False),
        ("Gamma", "4G", False),
    ]
    assert table["villages_served"].tolist()[:2] == [6, 0]
    assert table["villages_served"].isna().tolist()[2:] == [True] * 3


def test_a_layer_that_the_rule_leaves_out_is_filed_and_not_counted(
    measures: coverage.model.Measures,
) -> None:
    rule = replace(RULE, name="four", technologies=("4G",))
    table = filings(coverage.judge(measures, rule))
    assert table["admitted"].tolist() == [True, False]


def test_flips_name_the_villages_and_both_verdicts(
    measures: coverage.model.Measures, whole: Assessment
) -> None:
    looser = coverage.judge(measures, replace(RULE, name="looser", covered_share=0.3))
    table = flips(whole, looser)
    assert table.to_dict("index") == {"v3": {"before": "weak", "after": "covered"}}
    assert flips(whole, whole).empty


def test_flips_of_other_villages_are_refused(whole: Assessment) -> None:
    part = replace(whole, verdicts=whole.verdicts.iloc[:4])
    with pytest.raises(CoverageError, match="of 9 and 4 villages"):
        flips(whole, part)


def test_operators_by_technology_have_no_figure_where_there_is_no_layer(whole: Assessment) -> None:
    table = operator_technology_matrix(whole)
    assert table.loc["Alpha", "4G"] == 6
    assert table.loc["Beta", "3G"] == 0
    assert pd.isna(table.loc["Alpha", "3G"])


@pytest.mark.parametrize(("share", "missing"), [(1.0, 3), (0.9, 3), (0.7, 1), (6 / 9, 0), (0, 0)])
def test_how_many_villages_are_missing_to_the_target(
    whole: Assessment, share: float, missing: int
) -> None:
    headline = coverage.summarise(whole).headline
    assert villages_to_target(headline, share) == missing

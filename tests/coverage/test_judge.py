"""Verdicts of the nine-village study by hand, and the laws of judging."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

import coverage
from coverage.model import Assessment, Expected, Layer, LayerInfo, Measures, Rule, Technology
from tests import tiny
from tests.laws import examples

RULE = coverage.RULES["vn-village"]


@pytest.fixture(scope="module")
def measures() -> Measures:
    return coverage.measure(tiny.villages(), tiny.layers())


def verdicts(assessment: Assessment) -> dict[str, str]:
    return assessment.verdicts["verdict"].to_dict()


def test_the_rule_by_hand(measures: Measures) -> None:
    found = verdicts(coverage.judge(measures, RULE))
    covered = dict.fromkeys(("v1", "v2", "v4", "v5", "v7", "v8"), "covered")
    assert found == {**covered, "v3": "weak", "v6": "weak", "v9": "none"}


def test_the_reasons_by_hand(measures: Measures) -> None:
    table = coverage.judge(measures, RULE).verdicts
    assert table.loc["v2", "decided_by"] == "centre"
    assert table.loc["v3", "best_operator"] == "Beta"
    assert table.loc["v3", "best_share"] == pytest.approx(0.3, abs=1e-12)
    assert table.loc["v3", "margin"] == pytest.approx(-0.2, abs=1e-12)
    assert table.loc["v1", ["operators", "technologies", "n_operators"]].tolist() == [
        "Alpha",
        "4G",
        1,
    ]
    assert table.loc["v9", "best_operator"] == ""


def test_a_share_exactly_on_the_threshold_covers(measures: Measures) -> None:
    rule = replace(RULE, centre=False)
    assert verdicts(coverage.judge(measures, rule))["v2"] == "covered"
    weak = verdicts(coverage.judge(measures, replace(rule, weak_share=0.1)))
    assert weak["v6"] == "weak"


def test_noise_below_the_tolerance_flips_nothing(measures: Measures) -> None:
    rule = replace(RULE, centre=False, covered_share=0.5 + 5e-7)
    assert verdicts(coverage.judge(measures, rule))["v2"] == "covered"
    beyond = replace(RULE, centre=False, covered_share=0.5 + 5e-6)
    assert verdicts(coverage.judge(measures, beyond))["v2"] == "weak"


def test_a_missing_operator_makes_its_gaps_unknown_and_never_uncovered(measures: Measures) -> None:
    expected = Expected(operators=("Alpha", "Beta", "Gamma"))
    assessment = coverage.judge(measures, RULE, expected=expected)
    assert verdicts(assessment)["v9"] == "unknown"
    assert verdicts(assessment)["v1"] == "covered"
    assert assessment.verdicts.loc["v9", "missing"] == "Gamma"


def test_a_missing_technology_counts_only_if_the_rule_admits_it(measures: Measures) -> None:
    expected = Expected(operators=("Alpha", "Beta"), technologies=("2G",))
    assert verdicts(coverage.judge(measures, RULE, expected=expected))["v9"] == "none"
    named = Expected(operators=("Beta",), technologies=("3G", "4G"))
    assessment = coverage.judge(measures, RULE, expected=named)
    assert assessment.verdicts.loc["v9", "missing"] == "Beta 4G"


def test_a_filing_that_does_not_speak_there_leaves_it_unknown() -> None:
    alpha, beta = tiny.layers()
    south = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 2000)], crs=tiny.CRS)
    m = coverage.measure(tiny.villages(), [alpha, replace(beta, extent=south)])
    found = verdicts(coverage.judge(m, RULE, expected=Expected(operators=("Alpha", "Beta"))))
    assert (found["v3"], found["v9"]) == ("weak", "unknown")


def test_second_generation_never_counts() -> None:
    alpha, _ = tiny.layers()
    old = replace(alpha, info=replace(alpha.info, technology="2G"))
    found = verdicts(coverage.judge(coverage.measure(tiny.villages(), [old]), RULE))
    assert set(found.values()) == {"none"}


def _operator(name: str, technology: Technology, west: float, east: float) -> Layer:
    area = box(tiny.X0 + west, tiny.Y0, tiny.X0 + east, tiny.Y0 + 3000)
    return Layer(
        info=LayerInfo(operator=name, technology=technology),
        footprint=gpd.GeoSeries([area], crs=tiny.CRS),
    )


def test_technologies_of_one_operator_unite_but_operators_do_not() -> None:
    villages = tiny.villages().drop(columns="centre")
    one = [_operator("A", "3G", 0, 300), _operator("A", "4G", 300, 600)]
    two = [_operator("A", "3G", 0, 300), _operator("B", "4G", 300, 600)]
    united = coverage.judge(coverage.measure(villages, one), RULE)
    apart = coverage.judge(coverage.measure(villages, two), RULE)
    assert verdicts(united)["v1"] == "covered"
    assert verdicts(apart)["v1"] == "weak"
    assert apart.verdicts.loc["v1", "any_share"] == pytest.approx(0.6, abs=1e-12)


def test_two_operators_may_be_asked_for() -> None:
    layers = [_operator("A", "4G", 0, 1000), _operator("B", "4G", 0, 300)]
    m = coverage.measure(tiny.villages().drop(columns="centre"), layers)
    assert verdicts(coverage.judge(m, replace(RULE, min_operators=2)))["v1"] == "weak"
    assert verdicts(coverage.judge(m, RULE))["v1"] == "covered"


def test_two_filings_of_one_title_serve_together() -> None:
    first, second = _operator("A", "4G", 0, 300), _operator("A", "4G", 300, 600)
    measured = replace(second, info=replace(second.info, evidence="measured"))
    m = coverage.measure(tiny.villages().drop(columns="centre"), [first, measured])
    served = coverage.judge(m, RULE).served_by
    assert served.columns.tolist() == ["A 4G"]
    assert bool(served.loc["v1", "A 4G"])


def test_without_layers_nothing_is_covered_and_expectations_make_it_unknown() -> None:
    m = coverage.measure(tiny.villages(), [])
    assert set(verdicts(coverage.judge(m, RULE)).values()) == {"none"}
    expected = Expected(operators=("Alpha",))
    assert set(verdicts(coverage.judge(m, RULE, expected=expected)).values()) == {"unknown"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"covered_share": 1.2}, "shares must run from 0 to 1"),
        ({"weak_share": 0.6}, "not above covered"),
        ({"covered_share": 0.0, "weak_share": 0.0}, "covered above 0"),
        ({"technologies": ()}, "name at least one"),
        ({"technologies": ("6G",)}, "technologies are 6G"),
        ({"min_operators": 0}, "must be 1 or more"),
    ],
)
def test_a_rule_that_makes_no_sense_raises(
    measures: Measures, change: dict[str, object], sentence: str
) -> None:
    with pytest.raises(coverage.CoverageError, match=sentence):
        coverage.judge(measures, replace(RULE, **change))  # type: ignore[arg-type]


@settings(max_examples=examples(60), deadline=None)
@given(low=st.floats(0.01, 1), high=st.floats(0.01, 1), centre=st.booleans())
def test_a_higher_threshold_never_covers_more(low: float, high: float, *, centre: bool) -> None:
    m = _measured()
    low, high = sorted((low, high))
    counts = []
    for share in (low, high):
        rule = Rule(
            name="t", title="", source="", centre=centre, covered_share=share, weak_share=0.0
        )
        counts.append((coverage.judge(m, rule).verdicts["verdict"] == "covered").sum())
    assert counts[0] >= counts[1]


def _measured() -> Measures:
    layers = [_operator("A", "4G", 0, 777), _operator("B", "3G", 444, 1620)]
    return coverage.measure(tiny.villages(), layers)


def test_adding_a_layer_never_uncovers() -> None:
    layers = [_operator("A", "4G", 0, 777), _operator("B", "3G", 444, 1620)]
    few = coverage.judge(coverage.measure(tiny.villages(), layers[:1]), RULE)
    more = coverage.judge(coverage.measure(tiny.villages(), layers), RULE)
    before = few.verdicts["verdict"] == "covered"
    after = more.verdicts["verdict"] == "covered"
    assert (after | ~before).all()
    assert after.sum() > before.sum()


def test_the_union_is_never_below_the_best_operator() -> None:
    table = coverage.judge(_measured(), RULE).verdicts
    assert np.all(table["any_share"] >= table["best_share"] - 1e-12)

"""Summaries of the nine-village study, by hand."""

from __future__ import annotations

from datetime import date

import pytest

import coverage
from coverage.model import Expected, Published, Summary
from tests import tiny

RULE = coverage.RULES["vn-village"]


def published(value: int, of: int) -> Published:
    return Published(value=value, of=of, definition="d", as_of=date(2023, 8, 30), source="s")


@pytest.fixture(scope="module")
def summary() -> Summary:
    assessment = coverage.judge(coverage.measure(tiny.villages(), tiny.layers()), RULE)
    figures = [published(6, 9), published(7, 9), published(6, 10)]
    return coverage.summarise(assessment, published=figures)


def test_headline(summary: Summary) -> None:
    h = summary.headline
    assert (h.villages, h.covered, h.weak, h.none, h.unknown, h.uncovered) == (9, 6, 2, 1, 0, 3)
    assert h.share == pytest.approx(2 / 3)
    assert (h.population, h.population_uncovered) == (4500, 300 + 600 + 900)


def test_published_figures_agree_differ_or_do_not_compare(summary: Summary) -> None:
    found = [(c.comparable, c.agrees) for c in summary.comparisons]
    assert found == [(True, True), (True, False), (False, False)]


def test_districts_and_communes_add_up(summary: Summary) -> None:
    columns = ["villages", "covered", "uncovered", "weak", "none", "unknown", "population"]
    assert summary.by_district.loc["412", columns].tolist() == [6, 4, 2, 2, 0, 0, 2100]
    assert summary.by_district.loc["417", columns].tolist() == [3, 2, 1, 0, 1, 0, 2400]
    assert summary.by_commune[columns].sum().tolist() == summary.by_district[columns].sum().tolist()
    assert summary.by_commune["district_code"].to_dict() == {"10": "412", "11": "412", "12": "417"}


def test_operators_technologies_layers_and_numbers(summary: Summary) -> None:
    assert summary.by_operator["villages_served"].to_dict() == {"Alpha": 6, "Beta": 0}
    assert summary.by_technology["villages_served"].to_dict() == {"3G": 0, "4G": 6}
    assert summary.by_layer["villages_served"].tolist() == [6, 0]
    assert summary.by_number_of_operators.to_dict() == {0: 3, 1: 6, 2: 0}
    assert summary.by_number_of_operators.sum() == 9


def test_unknown_is_counted_apart() -> None:
    assessment = coverage.judge(
        coverage.measure(tiny.villages(), tiny.layers()),
        RULE,
        expected=Expected(operators=("Gamma",)),
    )
    summary = coverage.summarise(assessment)
    assert (summary.headline.unknown, summary.headline.uncovered) == (3, 0)
    assert summary.by_district["unknown"].tolist() == [2, 1]


def test_missing_people_are_not_zero_people() -> None:
    villages = tiny.villages()
    villages["population"] = villages["population"].astype("Int64")
    villages.loc["v9", "population"] = None
    assessment = coverage.judge(coverage.measure(villages, tiny.layers()), RULE)
    headline = coverage.summarise(assessment).headline
    assert headline.population is None
    assert headline.population_uncovered is None


def test_a_unit_has_no_sum_of_people_where_those_of_one_village_are_not_known() -> None:
    villages = tiny.villages()
    villages["population"] = villages["population"].astype("Int64")
    villages.loc["v7", "population"] = None  # covered, and the sum of v8 and v9 is no sum of three
    assessment = coverage.judge(coverage.measure(villages, tiny.layers()), RULE)
    table = coverage.summarise(assessment).by_district
    columns = ["population", "population_uncovered", "population_served"]
    assert table.loc["417", columns].isna().all()
    assert table.loc["412", columns].tolist() == pytest.approx([2100, 900, 1000])


def test_a_village_without_a_known_unit_is_still_counted() -> None:
    villages = tiny.villages()
    villages.loc["v9", ["district_code", "district"]] = None
    assessment = coverage.judge(coverage.measure(villages, tiny.layers()), RULE)
    by_district = coverage.summarise(assessment).by_district
    assert by_district.loc["", "villages"] == 1
    assert by_district["villages"].sum() == 9

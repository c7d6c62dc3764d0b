"""Filters, checked by hand on nine squares: Alpha covers the west, v3 and v6 are weak, v9 none."""

from __future__ import annotations

from dataclasses import replace

import pytest

import coverage
from coverage import CoverageError
from coverage.model import Assessment, Expected
from coverage.select import Selection, headline_among, select
from tests import tiny

RULE = coverage.RULES["vn-village"]
VILLAGES = tiny.villages()


@pytest.fixture(scope="module")
def whole() -> Assessment:
    return coverage.judge(coverage.measure(VILLAGES, tiny.layers()), RULE)


def chosen(whole: Assessment, selection: Selection, *, seen: Assessment | None = None) -> list[str]:
    keep = select(VILLAGES, seen or whole, selection, whole=whole)
    return [str(key) for key in keep.index[keep]]


def of(whole: Assessment, operator: str) -> Assessment:
    return coverage.judge(whole.measures, replace(RULE, operators=(operator,)))


def test_no_filter_keeps_all(whole: Assessment) -> None:
    assert len(chosen(whole, Selection())) == 9


def test_verdicts(whole: Assessment) -> None:
    assert chosen(whole, Selection(verdicts=("weak",))) == ["v3", "v6"]
    assert chosen(whole, Selection(verdicts=("weak", "none"))) == ["v3", "v6", "v9"]


def test_power_and_people_are_inclusive(whole: Assessment) -> None:
    assert chosen(whole, Selection(power=("no",))) == ["v9"]
    assert chosen(whole, Selection(people_from=300, people_to=500)) == ["v3", "v4", "v5"]


@pytest.mark.parametrize("kind", ["float64", "Int64", "object"])
def test_people_not_known_are_neither_few_nor_many(whole: Assessment, kind: str) -> None:
    villages = VILLAGES.astype({"population": kind})
    villages.loc["v4", "population"] = None
    for asked in (Selection(people_from=400, people_to=500), Selection(people_to=500)):
        keep = select(villages, whole, asked)
        assert "v4" not in keep.index[keep]
        assert keep["v5"]


def test_through_one_operator_the_others_villages_show(whole: Assessment) -> None:
    beta = of(whole, "Beta")
    assert (beta.verdicts["verdict"] == "covered").sum() == 0
    others = chosen(whole, Selection(served="others"), seen=beta)
    assert others == ["v1", "v2", "v4", "v5", "v7", "v8"]
    assert chosen(whole, Selection(served="others"), seen=of(whole, "Alpha")) == []


def test_by_one_operator_only(whole: Assessment) -> None:
    assert chosen(whole, Selection(served="one")) == ["v1", "v2", "v4", "v5", "v7", "v8"]


def test_powered_and_nobody(whole: Assessment) -> None:
    assert chosen(whole, Selection(served="powered")) == ["v3", "v6"]


def test_unknown_is_not_nobody() -> None:
    measures = coverage.measure(VILLAGES, tiny.layers())
    whole = coverage.judge(measures, RULE, expected=Expected(operators=("Gamma",)))
    assert chosen(whole, Selection(served="powered")) == []


def test_the_headline_of_what_is_left(whole: Assessment) -> None:
    keep = select(VILLAGES, whole, Selection(verdicts=("weak", "none")))
    found = headline_among(VILLAGES, whole, keep)
    assert (found.villages, found.weak, found.none, found.covered) == (3, 2, 1, 0)
    assert found.population_uncovered == 300 + 600 + 900
    empty = headline_among(VILLAGES, whole, keep & False)
    assert (empty.villages, empty.uncovered) == (0, 0)


def test_a_rule_of_one_operator_leaves_the_others_out(whole: Assessment) -> None:
    alpha = of(whole, "Alpha")
    assert list(alpha.operator_shares) == ["Alpha"]
    assert list(alpha.served_by) == ["Alpha 4G"]
    assert "Beta" not in " ".join(alpha.verdicts["best_operator"])


def test_a_rule_of_an_operator_nobody_knows_is_refused(whole: Assessment) -> None:
    with pytest.raises(CoverageError, match="operator Gamma has no layer; expected one of Alpha"):
        of(whole, "Gamma")


def test_one_operator_is_only_missed_where_it_is_asked_about() -> None:
    measures = coverage.measure(VILLAGES, tiny.layers())
    expected = Expected(operators=("Alpha", "Gamma"))
    all_of_them = coverage.judge(measures, RULE, expected=expected)
    alpha = coverage.judge(measures, replace(RULE, operators=("Alpha",)), expected=expected)
    assert (all_of_them.verdicts["verdict"] == "unknown").sum() == 3
    assert (alpha.verdicts["verdict"] == "unknown").sum() == 0


def test_where_others_are_kept_back_only_that_they_serve_is_known(whole: Assessment) -> None:
    beta = of(whole, "Beta")
    others = whole.verdicts["n_operators"] > beta.verdicts["n_operators"]
    kept_back = replace(beta, verdicts=beta.verdicts.assign(served_by_others=others))
    assert chosen(kept_back, Selection(served="others")) == ["v1", "v2", "v4", "v5", "v7", "v8"]
    assert chosen(kept_back, Selection(served="one")) == []
    assert chosen(kept_back, Selection(served="powered")) == ["v3", "v6"]


def test_others_are_set_beside_what_one_serves_by_any_technology(whole: Assessment) -> None:
    alpha = of(whole, "Alpha")
    others = whole.verdicts["n_operators"] > alpha.verdicts["n_operators"]
    public = replace(alpha, verdicts=alpha.verdicts.assign(served_by_others=others | True))
    by_5g = replace(public, verdicts=public.verdicts.assign(n_operators=0))
    found = select(VILLAGES, by_5g, Selection(served="others"), whole=public)
    assert list(VILLAGES.index[found]) == chosen(public, Selection(served="others"))
    assert "v1" not in VILLAGES.index[found]  # Alpha serves it, though not by 5G

"""Verdicts and reasons of the twelve irregular villages, all by hand (see `tests.irregular`)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import Point

import coverage
from coverage.explain import layer_reasons, operator_reasons
from coverage.flips import flips
from coverage.model import Assessment, Expected, Layer, Measures, Rule
from tests import irregular

RULE = coverage.RULES["vn-village"]
UNITED = replace(RULE, unite=True)
IDS = list(irregular.VERDICTS)


@pytest.fixture
def measures(twelve: Assessment) -> Measures:
    return twelve.measures


def verdicts(m: Measures, rule: Rule, expected: Expected = irregular.EXPECTED) -> dict[str, str]:
    found = coverage.judge(m, rule, expected=expected).verdicts["verdict"]
    return {str(key): str(verdict) for key, verdict in found.items()}


def differ(found: dict[str, str]) -> dict[str, str]:
    """The verdicts that are not those of vn-village."""
    return {key: one for key, one in found.items() if one != irregular.VERDICTS[key]}


def test_areas_are_those_of_the_drawing(measures: Measures) -> None:
    wanted = [100, 200, 20, 300, 200, 400, 200, 200, 200, 100, 100, 200]
    assert (measures.village_area_m2 / 1e4).tolist() == pytest.approx(wanted, rel=1e-12)


def test_verdicts(twelve: Assessment) -> None:
    assert twelve.verdicts["verdict"].to_dict() == irregular.VERDICTS


def test_what_decided(twelve: Assessment) -> None:
    found = twelve.verdicts["decided_by"].to_dict()
    other = {"u1": "centre", "u6": "centre", "u11": "missing"}
    assert found == {**dict.fromkeys(IDS, "area"), **other}
    missing = twelve.verdicts["missing"].to_dict()
    assert missing == {**dict.fromkeys(IDS, ""), "u10": "Gamma", "u11": "Gamma"}


def test_shares_of_operators(twelve: Assessment) -> None:
    shares = twelve.operator_shares
    assert shares.columns.tolist() == ["Alpha", "Beta", "Gamma", "Delta"]
    alpha = [1, 0.5, 0, 0.2, 0, 0.01, 0, 0.06, 0.3, 1, 0, 0]
    beta = [0, 0, 0, 0, 0.6, 0, 0.1, 0.06, 0.3, 0.7, 0, 0]
    assert shares["Alpha"].tolist() == pytest.approx(alpha, abs=1e-12)
    assert shares["Beta"].tolist() == pytest.approx(beta, abs=1e-12)
    assert shares["Gamma"].tolist() == pytest.approx([0.6] + [0] * 11, abs=1e-12)
    assert shares["Delta"].tolist() == [0] * 12
    table = twelve.verdicts
    best = ["Alpha", "Alpha", "", "Alpha", "Beta", "Alpha", "Beta", "Alpha", "Alpha", "Alpha"]
    assert table["best_operator"].tolist() == [*best, "", ""]
    share = [1, 0.5, 0, 0.2, 0.6, 0.01, 0.1, 0.06, 0.3, 1, 0, 0]
    assert table["best_share"].tolist() == pytest.approx(share, abs=1e-12)
    assert table["margin"].tolist() == pytest.approx([s - 0.5 for s in share], abs=1e-12)
    union = [1, 0.5, 0, 0.2, 0.6, 0.01, 0.1, 0.12, 0.5, 1, 0, 0]
    assert table["any_share"].tolist() == pytest.approx(union, abs=1e-12)


def test_who_serves_and_by_what(twelve: Assessment) -> None:
    table = twelve.verdicts
    served = table[table["n_operators"] > 0]
    assert served["operators"].to_dict() == {
        "u1": "Alpha, Gamma", "u2": "Alpha", "u5": "Beta", "u6": "Alpha", "u10": "Alpha, Beta",
    }  # fmt: skip
    assert served["n_operators"].tolist() == [2, 1, 1, 1, 2]
    # of u5 Beta needs 4G and 5G together
    assert served["technologies"].tolist() == ["4G", "4G", "", "3G", "4G"]
    assert table.index[table["centre_served"]].tolist() == ["u1", "u6"]
    titles = {t: list(s.index[s]) for t, s in twelve.served_by.items()}
    assert titles == {
        "Alpha 3G": ["u6"], "Alpha 4G": ["u1", "u2", "u10"], "Beta 4G": ["u10"], "Beta 5G": [],
        "Gamma 4G": ["u1"], "Delta 2G": [],
    }  # fmt: skip


def test_operators_united_make_weak_and_covered_what_neither_is_alone(measures: Measures) -> None:
    found = coverage.judge(measures, UNITED, expected=irregular.EXPECTED)
    assert differ(found.verdicts["verdict"].to_dict()) == {"u8": "weak", "u9": "covered"}
    assert found.verdicts.loc["u8", "margin"] == pytest.approx(0.12 - 0.5, abs=1e-12)
    assert found.verdicts.loc["u1", "decided_by"] == "centre"
    no_centre = coverage.judge(measures, replace(UNITED, centre=False))
    assert set(no_centre.verdicts["decided_by"]) == {"area"}
    assert no_centre.verdicts.loc["u6", "verdict"] == "none"


def test_evidence_of_lesser_worth_stays_weak_where_operators_are_united() -> None:
    layers = [_known_as(x, "modelled") if x.info.title == "Beta 5G" else x
              for x in irregular.layers()]  # fmt: skip
    m = coverage.measure(irregular.villages(), layers)
    found = coverage.judge(m, replace(UNITED, worth_modelled="weak"), expected=irregular.EXPECTED)
    # u5 has 0.45 of better evidence, u7 0.1 and u9 0.3 + 0.3 of which one is modelled
    verdict = differ(found.verdicts["verdict"].to_dict())
    assert verdict == {"u5": "weak", "u8": "weak"}
    assert found.verdicts.loc["u7", ["best_share", "margin"]].tolist() == pytest.approx([0.1, -0.5])


def test_evidence_of_lesser_worth_is_counted_operator_by_operator() -> None:
    layers = [_known_as(x, "modelled") if x.info.title == "Beta 5G" else x
              for x in irregular.layers()]  # fmt: skip
    m = coverage.measure(irregular.villages(), layers)
    found = coverage.judge(m, replace(RULE, worth_modelled="weak"), expected=irregular.EXPECTED)
    assert differ(found.verdicts["verdict"].to_dict()) == {"u5": "weak"}
    table = found.verdicts.loc[["u5", "u8", "u9"]]
    assert table["best_share"].tolist() == pytest.approx([0.6, 0.06, 0.3])
    assert table["margin"].tolist() == pytest.approx([-0.05, -0.44, -0.2])


def test_a_centre_of_lesser_evidence_is_weak_only_where_the_rule_asks_for_centres() -> None:
    layers = [_known_as(x, "modelled") for x in irregular.layers()]
    m = coverage.measure(irregular.villages(), layers)
    lesser = replace(RULE, worth_modelled="weak")
    weak = dict.fromkeys(("u1", "u2", "u5", "u6"), "weak")  # a hundredth of u6, and its centre
    assert differ(verdicts(m, lesser)) == {**weak, "u10": "unknown"}
    assert verdicts(m, replace(lesser, centre=False))["u6"] == "none"


def _known_as(layer: Layer, evidence: str) -> Layer:
    return replace(layer, info=replace(layer.info, evidence=evidence))  # type: ignore[arg-type]


def test_two_operators_asked_for_leave_weak_what_one_covers(measures: Measures) -> None:
    rule = replace(RULE, min_operators=2)
    assert differ(verdicts(measures, rule)) == dict.fromkeys(("u2", "u5", "u6"), "weak")
    table = coverage.judge(measures, rule).verdicts
    assert table.loc[["u1", "u10"], "decided_by"].tolist() == ["centre", "area"]
    three = verdicts(measures, replace(RULE, min_operators=3))
    assert differ(three) == {**dict.fromkeys(("u2", "u5", "u6", "u1"), "weak"), "u10": "unknown"}


def test_a_share_at_a_threshold_is_enough_and_a_share_beneath_it_is_not(measures: Measures) -> None:
    assert differ(verdicts(measures, replace(RULE, covered_share=0.5001)))["u2"] == "weak"
    assert differ(verdicts(measures, replace(RULE, weak_share=0.1001)))["u7"] == "none"
    assert differ(verdicts(measures, replace(RULE, weak_share=0.06))) == {"u8": "weak"}


def test_a_filing_speaks_where_it_holds_the_centre_and_half_of_the_village() -> None:
    villages, layers = irregular.villages(), irregular.layers()
    assert verdicts(coverage.measure(villages, layers), replace(RULE, speaks_share=0.501))[
        "u12"
    ] == "unknown"  # fmt: skip
    villages.loc["u12", "centre"] = irregular.placed(Point(50, 57))
    assert verdicts(coverage.measure(villages, layers), RULE)["u12"] == "unknown"


def test_filings_of_named_technologies_are_missed_one_by_one(measures: Measures) -> None:
    expected = Expected(operators=("Alpha", "Beta", "Gamma"), technologies=("4G", "5G"))
    found = coverage.judge(measures, RULE, expected=expected).verdicts["missing"]
    assert found["u1"] == "Alpha 5G, Gamma 5G"
    assert found["u11"] == "Alpha 5G, Gamma 4G, Gamma 5G"


def test_a_filing_of_what_is_not_broadband_is_no_filing(measures: Measures) -> None:
    found = verdicts(measures, RULE, Expected(operators=("Delta",)))
    assert all((found[k] == "covered") == (v == "covered") for k, v in irregular.VERDICTS.items())
    assert set(found.values()) == {"covered", "unknown"}


def test_a_filing_that_is_worth_nothing_is_no_filing() -> None:
    layers = [replace(x, info=replace(x.info, kind="sites")) if x.info.operator == "Gamma" else x
              for x in irregular.layers()]  # fmt: skip
    m = coverage.measure(irregular.villages(), layers)
    found = verdicts(m, replace(RULE, worth_sites="nothing"))
    assert set(found.values()) == {"covered", "unknown"}
    served = coverage.judge(m, replace(RULE, worth_sites="weak")).served_by
    assert not served["Gamma 4G"].any()


def test_nobody_is_missed_who_is_not_asked_about(measures: Measures) -> None:
    found = coverage.judge(
        measures, replace(RULE, operators=("Alpha",)), expected=irregular.EXPECTED
    )
    assert list(found.served_by) == ["Alpha 3G", "Alpha 4G"]
    assert differ(found.verdicts["verdict"].to_dict()) == {
        "u5": "none", "u7": "none", "u11": "none",
    }  # fmt: skip


def test_villages_that_another_rule_changes(measures: Measures, twelve: Assessment) -> None:
    after = coverage.judge(measures, UNITED, expected=irregular.EXPECTED)
    assert flips(twelve, after).to_dict("index") == {
        "u8": {"before": "none", "after": "weak"},
        "u9": {"before": "weak", "after": "covered"},
    }
    assert flips(twelve, twelve).empty
    other = replace(after, verdicts=after.verdicts.iloc[::-1])  # as many, in another order
    with pytest.raises(coverage.CoverageError, match="compare two of the same"):
        flips(twelve, other)


def test_what_serves_a_village_is_explained_as_it_was_judged(twelve: Assessment) -> None:
    u2 = layer_reasons(twelve, "u2").set_index(["operator", "technology"])
    assert u2.index[u2["serves"]].tolist() == [("Alpha", "4G")]  # exactly half
    u6 = layer_reasons(twelve, "u6").set_index(["operator", "technology"])
    assert u6.index[u6["serves"]].tolist() == [("Alpha", "3G")]  # its centre
    bare = coverage.judge(twelve.measures, replace(RULE, centre=False))
    assert not layer_reasons(bare, "u6")["serves"].any()
    u1 = layer_reasons(twelve, "u1").set_index(["operator", "technology"])
    assert not u1.loc[("Delta", "2G"), ["admitted", "serves"]].any()
    u5 = operator_reasons(twelve, "u5").set_index("operator")
    assert u5.index.tolist()[0] == "Beta"
    assert u5.loc["Beta", ["share", "margin", "serves"]].tolist() == pytest.approx([0.6, 0.1, True])
    assert layer_reasons(twelve, "u10")["centre"].isna().all()
    assert layer_reasons(twelve, "u11")["speaks"].tolist() == [True] * 4 + [False, True]
    assert layer_reasons(twelve, "u12")["speaks"].all()

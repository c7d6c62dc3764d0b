"""Every profile says where it is from and what it leaves open; evidence is worth what it says."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

import coverage
from coverage.model import Layer, LayerInfo, Measures, Rule, Worth
from tests import tiny

RULE = coverage.RULES["vn-village"]


def layer(name: str, width: float, **info: object) -> Layer:
    """One operator's 4G over the west of the first three villages."""
    area = box(tiny.X0, tiny.Y0, tiny.X0 + width, tiny.Y0 + 3000)
    about = LayerInfo(operator=name, technology="4G", **info)  # type: ignore[arg-type]
    return Layer(info=about, footprint=gpd.GeoSeries([area], crs=tiny.CRS))


def without_centres(*layers: Layer) -> Measures:
    return coverage.measure(tiny.villages().drop(columns="centre"), layers)


@pytest.mark.parametrize("rule", coverage.RULES.values(), ids=lambda rule: rule.name)
def test_a_profile_has_its_source_and_what_that_leaves_open(rule: Rule) -> None:
    assert len(rule.source) > 20
    assert len(rule.not_known) > 10


@pytest.mark.parametrize("rule", coverage.RULES.values(), ids=lambda rule: rule.name)
def test_a_profile_judges_unless_its_numbers_are_in_a_letter(rule: Rule) -> None:
    m = without_centres(layer("A", 3000))
    if rule.needs:
        with pytest.raises(coverage.CoverageError, match=r"covered_share.*1603/BTTTT-CVT"):
            coverage.judge(m, rule)
    else:
        assert (coverage.judge(m, rule).verdicts["verdict"] == "covered").all()


def test_numbers_given_for_a_letter_make_its_rule_judge() -> None:
    given = replace(coverage.RULES["vn-1603"], covered_share=0.4, weak_share=0.2, needs=())
    assert coverage.judge(without_centres(layer("A", 450)), given).verdicts.iloc[0, 0] == "covered"


def test_a_rule_on_a_profile_without_numbers_is_sent_to_that_profile() -> None:
    own = replace(coverage.RULES["vn-1603"], name="ours", needs=("weak_share",))
    with pytest.raises(coverage.CoverageError, match=r'rule ours has.*base = "vn-1603"'):
        coverage.judge(without_centres(layer("A", 450)), own)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"technologies": ()}, "rule vn-village names no technology"),
        ({f"worth_{kind}": "nothing" for kind in ("declared", "modelled", "measured", "sites")},
         "no kind of evidence is worth anything"),
    ],
)  # fmt: skip
def test_a_rule_by_which_nothing_counts_is_no_rule(changes: dict[str, object], told: str) -> None:
    m = without_centres(layer("A", 450))
    with pytest.raises(coverage.CoverageError, match=told):
        coverage.judge(m, replace(RULE, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("worth", "verdict"), [("covered", "covered"), ("weak", "weak"),
                                                ("nothing", "none")])  # fmt: skip
def test_sites_with_a_reach_are_worth_what_the_rule_says(worth: Worth, verdict: str) -> None:
    sites = without_centres(layer("A", 900, kind="sites"))
    found = coverage.judge(sites, replace(RULE, worth_sites=worth)).verdicts
    assert found["verdict"].iloc[0] == verdict


@pytest.mark.parametrize("evidence", ["declared", "modelled", "measured"])
def test_evidence_of_lesser_worth_makes_weak_what_it_alone_serves(evidence: str) -> None:
    m = coverage.measure(tiny.villages(), [layer("A", 3000, evidence=evidence)])
    rule = replace(RULE, **{f"worth_{evidence}": "weak"})
    assert set(coverage.judge(m, rule).verdicts["verdict"]) == {"weak"}
    assert (coverage.judge(m, rule).verdicts["n_operators"] == 0).all()


def test_evidence_of_lesser_worth_takes_nothing_from_better_evidence() -> None:
    m = without_centres(layer("A", 900), layer("B", 3000, kind="sites"))
    found = coverage.judge(m, replace(RULE, worth_sites="weak")).verdicts["verdict"]
    assert found.iloc[:3].tolist() == ["covered", "weak", "weak"]


def test_operators_united_cover_what_neither_does_alone() -> None:
    west = layer("A", 300)
    east = box(tiny.X0 + 300, tiny.Y0, tiny.X0 + 600, tiny.Y0 + 3000)
    other = replace(west, info=replace(west.info, operator="B"),
                    footprint=gpd.GeoSeries([east], crs=tiny.CRS))  # fmt: skip
    m = without_centres(west, other)
    assert coverage.judge(m, RULE).verdicts["verdict"].iloc[0] == "weak"
    united = coverage.judge(m, replace(RULE, unite=True)).verdicts
    assert united["verdict"].iloc[0] == "covered"
    np.testing.assert_allclose(united["margin"].iloc[0], 0.1, atol=1e-12)
    with pytest.raises(coverage.CoverageError, match="unites all operators and asks for 2"):
        coverage.judge(m, replace(RULE, unite=True, min_operators=2))

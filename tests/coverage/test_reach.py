"""People within reach and zones, by hand; and the three profiles that count them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coverage
from coverage.measure import measure
from coverage.model import Assessment, Rule
from coverage.reach import both_within, reach_of
from coverage.zones import zone_shares
from tests import tiny
from tests.coverage.test_amounts import over_tiny, places
from tests.laws import examples

SDG = coverage.RULES["sdg-9.c.1"]
FCC = coverage.RULES["fcc-bdc"]
BELGIUM = coverage.RULES["belgium-zones"]


def judged(rule: Rule, **measured: object) -> Assessment:
    return coverage.judge(measure(tiny.villages(), tiny.layers(), **measured), rule)  # type: ignore[arg-type]  # as measure takes them


def in_the_east() -> np.ndarray:
    """All people of v2 live in its unserved east, a hundred of v3 in the south that Beta serves."""
    counts = np.zeros((30, 30))
    counts[25, 18], counts[29, 25] = 200.0, 100.0
    counts[25, 25] = 100.0
    return counts


def test_without_a_raster_people_are_spread_over_the_area() -> None:
    found = coverage.summarise(judged(SDG))
    # Alpha: v1 v4 v7 wholly (100 + 400 + 700), v2 v5 v8 by half (100 + 250 + 400)
    # Beta: 0.3 of v3 (90) and 0.1 of v6 (60)
    assert found.people is not None
    assert found.people.total == 4500
    assert found.people.operator == "Alpha"
    assert found.people.max_operator == pytest.approx(1950)
    assert found.people.union == pytest.approx(2100)
    assert found.by_operator["population_served"].tolist() == pytest.approx([1950, 150])
    assert found.by_technology["population_served"].to_dict() == pytest.approx(
        {"3G": 150, "4G": 1950}
    )
    assert found.by_operator["households_served"].tolist() == pytest.approx([1950 / 4, 150 / 4])
    assert found.by_district["population_served"].to_dict() == pytest.approx(
        {"412": 100 + 100 + 90 + 400 + 250 + 60, "417": 700 + 400}
    )
    assert found.by_commune["population_served"].sum() == pytest.approx(2100)


def test_with_a_raster_they_are_where_it_says() -> None:
    source = over_tiny(in_the_east(), 100.0)
    found = coverage.summarise(judged(SDG, amounts={"people": source}))
    assert found.people is not None
    # v2 counts for nothing now, v3 for half of its 300
    assert found.people.max_operator == pytest.approx(1950 - 100)
    assert found.people.union == pytest.approx(1850 + 150 + 60)
    verdict = judged(SDG, amounts={"people": source}).verdicts
    assert verdict.loc["v2", "best_share"] == 0.0
    assert verdict.loc["v3", "verdict"] == "covered"
    assert verdict.loc["v2", "verdict"] == "none"


def test_people_unknown_in_the_list_are_those_of_the_raster() -> None:
    villages = tiny.villages()
    villages["population"] = np.nan
    plain = measure(villages, tiny.layers())
    assert reach_of(both_within(coverage.judge(plain, SDG))[0]) is None
    assert (
        coverage.summarise(coverage.judge(plain, SDG)).by_operator["population_served"].isna().all()
    )
    source = over_tiny(np.full((3, 3), 10.0), 1000.0)
    measures = measure(villages, tiny.layers(), amounts={"people": source})
    found = reach_of(both_within(coverage.judge(measures, SDG))[0])
    assert found is not None
    assert found.total == pytest.approx(90)
    assert found.max_operator == pytest.approx(45)


def test_households_follow_their_settled_places_and_people_them_where_nothing_is_better() -> None:
    at = [tiny.villages()["centre"]["v2"]]
    source = places([type(at[0])(at[0].x + 400, at[0].y)], [50.0])
    measures = measure(
        tiny.villages(), tiny.layers(), amounts={"settled": source, "households": source}
    )
    found = coverage.summarise(coverage.judge(measures, SDG))
    assert found.households is not None
    assert found.people is not None
    assert found.households.max_operator == pytest.approx((1950 - 100) / 4)
    assert found.people.max_operator == pytest.approx(1950 - 100)


def test_sdg_has_no_centre_and_no_minimum_of_operators() -> None:
    verdicts = judged(SDG).verdicts["verdict"]
    # v2: its centre is served, and half of its people, which is enough; v3: 0.3 is weak
    expected = "covered covered weak covered covered weak covered covered none"
    assert verdicts.tolist() == expected.split()


def test_fcc_counts_hexagons_of_4g_by_their_centre() -> None:
    found = judged(FCC, hexes=True)
    hexes = found.measures.amounts["hexes"]
    served = np.bincount(hexes.village, weights=hexes.amount * (hexes.combination & 1), minlength=9)
    np.testing.assert_allclose(found.verdicts["best_share"], served / hexes.total)
    assert found.verdicts["verdict"][["v1", "v4", "v7"]].tolist() == ["covered"] * 3
    assert found.verdicts["verdict"]["v3"] == "none"  # Beta's is 3G, and the FCC counts 4G and 5G
    assert set(found.verdicts["decided_by"]) == {"area"}


def test_belgian_zones_by_hand() -> None:
    table = zone_shares(judged(BELGIUM), "district").set_index(["code", "operator"])
    assert list(table.index) == [
        ("412", "Alpha"),
        ("412", "Beta"),
        ("417", "Alpha"),
        ("417", "Beta"),
    ]
    assert table.loc[("412", "Alpha"), "area_share"] == pytest.approx(3 / 6)
    assert table.loc[("412", "Beta"), "area_share"] == pytest.approx(0.4 / 6)
    assert table.loc[("412", "Alpha"), "population_share"] == pytest.approx(850 / 2100)
    assert table.loc[("412", "Alpha"), "households_share"] == pytest.approx(850 / 2100)
    assert table.loc[("417", "Beta"), "area_share"] == 0.0
    assert table.loc[("412", "Alpha"), "area_km2"] == pytest.approx(6)
    assert table.loc[("412", "Alpha"), "technology"] == "4G"
    assert table.loc[("417", "Alpha"), "name"] == "Huyện Kỳ Sơn"
    villages = zone_shares(judged(BELGIUM), "village")
    assert len(villages) == 18
    assert villages[villages["code"] == "v2"]["area_share"].tolist() == pytest.approx([0.5, 0])


def test_a_zone_of_nobody_has_no_share_of_people() -> None:
    villages = tiny.villages()
    villages.loc["v1", "population"] = 0
    villages.loc["v2", "households"] = None
    table = zone_shares(
        coverage.judge(measure(villages, tiny.layers()), BELGIUM), "village"
    ).set_index("code")
    assert table.loc["v1", "population_share"].isna().all()
    assert table.loc["v2", "households_share"].isna().all()
    assert table.loc["v2", "population_share"].notna().all()


def test_the_basis_of_the_rule_does_not_change_who_is_reached() -> None:
    source = over_tiny(in_the_east(), 100.0)
    measures = measure(tiny.villages(), tiny.layers(), amounts={"people": source})
    by_area = coverage.summarise(coverage.judge(measures, replace(SDG, basis="area")))
    by_people = coverage.summarise(coverage.judge(measures, SDG))
    assert by_area.people == by_people.people


@pytest.mark.heavy
@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 9999))
def test_the_union_reaches_no_fewer_than_the_best_operator(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = over_tiny(rng.poisson(1.0, (12, 12)).astype(float), 250.0)
    found = coverage.summarise(judged(SDG, amounts={"people": source})).people
    assert found is not None
    assert 0 <= found.max_operator <= found.union + 1e-9 <= found.total + 2e-9

"""Figures of the twelve irregular villages, all by hand: headline, units, people, filters."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

import coverage
from coverage.model import Assessment, Measures, Summary
from coverage.pixels import AmountPoints
from coverage.reach import both_within, reach_by_operator, reach_by_technology, reach_of
from coverage.select import Selection, headline_among, only_others_serve, select
from coverage.summarise import headline_of, operator_technology_matrix, villages_to_target
from coverage.zones import zone_shares
from tests import irregular

RULE = coverage.RULES["vn-village"]


@pytest.fixture
def measures(twelve: Assessment) -> Measures:
    return twelve.measures


@pytest.fixture(scope="module")
def summary(twelve: Assessment) -> Summary:
    return coverage.summarise(twelve)


def test_the_headline(summary: Summary) -> None:
    h = summary.headline
    assert (h.villages, h.covered, h.weak, h.none, h.unknown, h.uncovered) == (12, 5, 3, 3, 1, 6)
    assert (h.population, h.population_uncovered) == (None, None)


def test_a_headline_of_known_people_is_rounded_once() -> None:
    table = pd.DataFrame({"verdict": ["none", "weak", "covered"], "population": [1.2, 2.4, 0.9]})
    found = headline_of(table)
    assert (found.population, found.population_uncovered) == (4, 4)


COUNTS = ["villages", "covered", "weak", "none", "unknown", "uncovered"]


def test_districts(summary: Summary) -> None:
    table = summary.by_district
    assert table["name"].to_dict() == {
        "415": "Huyện Hai Xã", "420": "Huyện Một Xã", "430": "Huyện Xa",
    }  # fmt: skip
    assert table[COUNTS].to_numpy().tolist() == [
        [4, 2, 1, 1, 0, 2],
        [4, 2, 1, 1, 0, 2],
        [4, 1, 1, 1, 1, 2],
    ]
    assert table["share"].tolist() == [0.5, 0.5, 0.25]
    assert table.loc["420", ["population", "population_uncovered"]].tolist() == [878, 243]
    # 0.6 of 560, 0.01 of 75, 0.1 of 210, 0.12 of 33
    assert table.loc["420", "population_served"] == pytest.approx(336 + 0.75 + 21 + 3.96)


def test_communes_of_one_village_and_of_more(summary: Summary) -> None:
    table = summary.by_commune
    assert table["district_code"].tolist() == ["415", "415", "420", "430", "430"]
    assert table[COUNTS].to_numpy().tolist() == [
        [3, 2, 0, 1, 0, 1],
        [1, 0, 1, 0, 0, 1],
        [4, 2, 1, 1, 0, 2],
        [1, 0, 1, 0, 0, 1],
        [3, 1, 0, 1, 1, 1],
    ]
    assert table["share"].tolist() == pytest.approx([2 / 3, 0, 0.5, 0, 1 / 3])
    of_one = table.loc["41"]
    assert of_one[["population", "population_uncovered"]].tolist() == [480, 480]
    assert of_one["population_served"] == pytest.approx(240)
    of_three = table.loc["21"]
    assert of_three[["population", "population_uncovered"]].tolist() == [460, 0]
    assert of_three["population_served"] == pytest.approx(290)


def test_where_people_of_a_village_are_not_known_its_units_have_no_sum(summary: Summary) -> None:
    columns = ["population", "population_uncovered", "population_served"]
    assert summary.by_commune.loc[["22", "42"], columns].isna().all(axis=None)
    assert summary.by_district.loc[["415", "430"], columns].isna().all(axis=None)
    lost = summary.by_commune["population_uncovered"]
    assert lost.isna().tolist() == [False, True, False, False, True]


def test_operators_technologies_and_layers(twelve: Assessment, summary: Summary) -> None:
    served = summary.by_operator["villages_served"].to_dict()
    assert served == {"Alpha": 4, "Beta": 2, "Gamma": 1, "Delta": 0}
    assert summary.by_technology["villages_served"].to_dict() == {"3G": 1, "4G": 3, "5G": 0}
    assert summary.by_technology["share"].tolist() == pytest.approx([1 / 12, 3 / 12, 0])
    layers = summary.by_layer
    assert layers["villages_served"].tolist() == [1, 3, 1, 0, 1, 12]  # Delta's alone, too
    assert layers["share"].tolist() == pytest.approx([n / 12 for n in (1, 3, 1, 0, 1, 12)])
    assert summary.by_number_of_operators.to_dict() == {0: 7, 1: 3, 2: 2, 3: 0, 4: 0}
    matrix = operator_technology_matrix(twelve)
    assert list(matrix.columns) == ["3G", "4G", "5G"]
    told = {o: row.dropna().to_dict() for o, row in matrix.iterrows()}
    assert told == {
        "Alpha": {"3G": 1, "4G": 3}, "Beta": {"4G": 1, "5G": 0}, "Gamma": {"4G": 1}, "Delta": {},
    }  # fmt: skip


def test_people_within_reach_of_operators_and_technologies(measures: Measures) -> None:
    villages = irregular.villages().fillna({"population": 100, "households": 60})
    found = coverage.summarise(coverage.judge(replace(measures, villages=villages), RULE))
    served = found.by_operator["population_served"]
    alpha = 120 + 170 + 20 + 0.75 + 1.98 + 144 + 99
    beta = 336 + 21 + 1.98 + 144 + 69.3
    assert served.tolist() == pytest.approx([alpha, beta, 72, 0])
    assert found.by_operator["population_share"].tolist() == pytest.approx(
        [part / 2124 for part in (alpha, beta, 72, 0)]
    )
    by_technology = [20 + 0.75 + 144, 120 + 170 + 252 + 3.96 + 99, 84 + 21 + 144]
    assert found.by_technology["population_served"].tolist() == pytest.approx(by_technology)
    assert found.people is not None
    # Alpha covers twice as many villages, Beta reaches more people
    assert (found.people.operator, found.people.total) == ("Beta", 2124)
    assert found.people.max_operator == pytest.approx(beta)
    assert found.people.union == pytest.approx(120 + 170 + 20 + 336 + 0.75 + 21 + 3.96 + 240 + 99)
    assert found.households is not None
    assert found.households.total == 507
    homes = 30 + 30 + 10 + 84 + 0.2 + 5 + 0.96 + 55 + 25
    assert found.households.union == pytest.approx(homes)


def test_who_is_within_reach_of_lesser_evidence_or_of_2g_is_not_counted() -> None:
    villages = irregular.villages().fillna({"population": 100, "households": 60})
    layers = [
        replace(x, info=replace(x.info, evidence="modelled")) if x.info.title == "Beta 5G" else x
        for x in irregular.layers()
    ]
    m = coverage.measure(villages, layers)
    both = both_within(coverage.judge(m, replace(RULE, worth_modelled="weak")))
    by_operator = reach_by_operator(both)["population_served"]
    assert by_operator["Beta"] == pytest.approx(0.45 * 560 + 1.98 + 69.3)
    assert by_operator["Delta"] == 0
    assert list(reach_by_technology(both).index) == ["3G", "4G"]


def test_people_of_a_raster_stand_in_where_the_list_knows_none_and_not_where_it_says_0() -> None:
    u3, u4 = irregular.villages()["centre"][["u3", "u4"]]
    source = AmountPoints(
        points=gpd.GeoSeries([u3, u4], crs=irregular.CRS), weight=np.array([9.0, 80.0]), key="two"
    )
    m = coverage.measure(irregular.villages(), irregular.layers(), amounts={"people": source})
    number = both_within(coverage.judge(m, RULE))[0].number
    assert number[:5].tolist() == [120, 340, 0, 80, 560]
    assert number[10] == 0  # nobody of the raster lives in u11


def test_households_live_where_their_own_places_are_and_people_where_theirs_are() -> None:
    villages = irregular.villages().fillna({"population": 100, "households": 60})
    served, not_served = irregular.placed(Point(15, 5)), irregular.placed(Point(25, 5))  # of u2
    people, homes = (
        AmountPoints(points=gpd.GeoSeries([at], crs=irregular.CRS), weight=np.ones(1), key=key)
        for key, at in (("people", served), ("homes", not_served))
    )
    m = coverage.measure(
        villages, irregular.layers(), amounts={"people": people, "households": homes}
    )
    both = both_within(coverage.judge(m, RULE))
    alpha = [within.reached(within.of_operator("Alpha"))[1] for within in both]
    assert alpha == [340, 0]


def test_nobody_reaches_anybody_where_there_is_no_layer() -> None:
    villages = irregular.villages().fillna({"population": 100, "households": 60})
    found = coverage.summarise(coverage.judge(coverage.measure(villages, []), RULE))
    assert (found.people, found.households) == (None, None)
    assert found.headline.covered == 0


def test_zones_tell_the_area_also_where_settled_places_are_known() -> None:
    at = gpd.GeoSeries([irregular.placed(Point(25, 5))], crs=irregular.CRS)  # not served, in u2
    source = AmountPoints(points=at, weight=np.ones(1), key="settled")
    m = coverage.measure(irregular.villages(), irregular.layers(), amounts={"settled": source})
    table = zone_shares(coverage.judge(m, RULE), "village").set_index(["code", "operator"])
    alpha = table.loc[("u2", "Alpha")].set_index("technology")
    assert alpha.loc["4G", "area_share"] == pytest.approx(0.5)
    assert alpha.loc["4G", "population_share"] == 0


def test_zones_are_those_of_the_places_given_and_the_unplaced_have_no_code(
    twelve: Assessment,
) -> None:
    places = irregular.villages()[["commune_code", "commune"]].iloc[::-1].copy()
    places["commune_code"] = np.where(places.index.isin(["u1", "u2", "u10"]), "77", None)
    places["commune"] = np.where(places["commune_code"].notna(), "Xã Mới", None)
    table = zone_shares(twelve, "commune", places=places).set_index(["code", "operator"])
    assert set(table.index.get_level_values("code")) == {"", "77"}
    new = table.loc["77"].set_index("technology", append=True)["area_share"]
    assert new["Alpha", "4G"] == pytest.approx(300 / 400)
    assert new["Beta", "4G"] == pytest.approx(70 / 400)
    assert set(table.loc["77", "name"]) == {"Xã Mới"}
    assert table.loc[""]["area_km2"].iloc[0] == pytest.approx(18.2)


def test_reach_of_nobody_is_none(measures: Measures) -> None:
    nobody = irregular.villages().assign(population=0)
    found = coverage.judge(replace(measures, villages=nobody), RULE)
    assert reach_of(both_within(found)[0]) is None
    assert coverage.summarise(found).by_operator["population_share"].isna().all()


def test_zones_of_unequal_villages(measures: Measures) -> None:
    table = zone_shares(coverage.judge(measures, RULE), "commune")
    table = table.set_index(["code", "operator", "technology"])
    assert len(table) == 5 * 5  # Delta's 2G is no broadband
    area = table["area_share"]
    assert area["21", "Alpha", "4G"] == pytest.approx(200 / 320)
    assert area["22", "Alpha", "3G"] == pytest.approx(0.2)
    assert area["31", "Beta", "4G"] == pytest.approx((90 + 12) / 1000)
    assert area["42", "Beta", "4G"] == pytest.approx(70 / 400)
    people = table["population_share"]
    assert people["21", "Alpha", "4G"] == pytest.approx(290 / 460)
    assert people[["22", "42"]].isna().all()
    assert people["41", "Alpha", "3G"] == pytest.approx(0.3)
    assert table.loc["21", "households_share"].isna().all()
    assert table.loc["31", "area_km2"].unique().tolist() == pytest.approx([10.0])
    villages = zone_shares(coverage.judge(measures, RULE), "village").set_index("code")
    assert villages.loc["u3", "population_share"].isna().all()  # 0 people of 0


def chosen(selection: Selection, seen: Assessment, whole: Assessment) -> list[str]:
    keep = select(irregular.villages(), seen, selection, whole=whole)
    return [str(key) for key in keep.index[keep]]


def through(assessment: Assessment, operator: str) -> Assessment:
    """What one operator may see: its own verdicts, and whether anybody else serves a village."""
    own = coverage.judge(assessment.measures, replace(RULE, operators=(operator,)))
    n = assessment.verdicts["n_operators"]
    others = n > own.verdicts["n_operators"]
    return replace(own, verdicts=own.verdicts.assign(served_by_others=others))


@pytest.mark.parametrize(
    ("operator", "others"),
    [("Alpha", ["u5"]), ("Beta", ["u1", "u2", "u6"]), ("Gamma", ["u2", "u5", "u6", "u10"])],
)
def test_villages_that_only_others_serve(
    twelve: Assessment, operator: str, others: list[str]
) -> None:
    seen = through(twelve, operator)
    bare = replace(seen, verdicts=seen.verdicts.drop(columns="served_by_others"))
    assert chosen(Selection(served="others"), bare, twelve) == others
    assert chosen(Selection(served="others"), seen, seen) == others
    for code in ("415", "420", "430"):
        area = irregular.villages()["district_code"] == code
        here = [key for key in others if area[key]]
        assert only_others_serve(seen, area) == len(here)
    assert only_others_serve(bare, area) is None


def test_villages_of_one_operator_of_power_and_of_few_people(twelve: Assessment) -> None:
    def left(**asked: object) -> list[str]:
        return chosen(Selection(**asked), twelve, twelve)  # type: ignore[arg-type]

    assert left(served="one") == ["u2", "u5", "u6"]
    assert left(served="powered") == ["u4", "u7", "u9", "u12"]
    assert left(power=("no",)) == ["u3", "u6", "u10"]
    assert left(power=("missing",)) == ["u8"]
    assert left(people_to=7) == ["u3", "u12"]
    assert left(people_from=0, people_to=0) == ["u3"]
    assert left(people_from=480) == ["u5", "u9"]
    assert left(verdicts=("none",), power=("yes",)) == ["u12"]


def test_a_village_that_one_of_two_wanted_operators_serves_is_not_served_by_nobody(
    measures: Measures,
) -> None:
    two = coverage.judge(measures, replace(RULE, min_operators=2), expected=irregular.EXPECTED)
    assert two.verdicts.loc["u2", "verdict"] == "weak"
    assert chosen(Selection(served="powered"), two, two) == ["u4", "u7", "u9", "u12"]


def test_one_sees_villages_of_one_operator_where_others_are_kept_back(
    twelve: Assessment,
) -> None:
    alpha = through(twelve, "Alpha")
    assert chosen(Selection(served="one"), alpha, alpha) == ["u2", "u6"]
    # u7 and u9 have power, and nobody serves them; u5 Beta serves
    powered = ["u4", "u7", "u9", "u11", "u12"]
    assert chosen(Selection(served="powered"), alpha, alpha) == powered


def test_the_headline_of_some_villages_has_their_people_alone(twelve: Assessment) -> None:
    area = irregular.villages()["commune_code"] == "31"
    found = headline_among(irregular.villages(), twelve, area)
    assert (found.villages, found.covered, found.uncovered) == (4, 2, 2)
    assert (found.population, found.population_uncovered) == (878, 243)


def test_villages_that_a_target_lacks(summary: Summary) -> None:
    h = summary.headline
    assert villages_to_target(h, 1.0) == 7
    assert villages_to_target(h, 0.5) == 1
    assert villages_to_target(h, 0.51) == 2
    assert villages_to_target(h, 5 / 12) == 0
    assert villages_to_target(h, 0.1) == 0  # never fewer than none
    hundred = replace(h, villages=100, covered=0)
    assert villages_to_target(hundred, 0.07) == 7  # 0.07 · 100 is a little more in binary

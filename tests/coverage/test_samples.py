"""Samples one by one: what each tells, against which layers it is set, and how rows are ranked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

import coverage
from coverage.amounts import village_of
from coverage.conflicts import Conflicts, find_conflicts
from coverage.errors import CoverageError
from coverage.heard import LIMITS, Limits, heard_of
from coverage.model import Evidence, Layer, LayerInfo, Technology
from tests import tiny
from tests.coverage.test_conflicts import RULE, at, judged, short, together

X, Y = tiny.X0, tiny.Y0


def sample(**told: Any) -> gpd.GeoDataFrame:
    """One sample in the middle of v1, of Alpha's 4G where nothing else is told."""
    told = {"operator": "Alpha", "technology": "4G", **told}
    return gpd.GeoDataFrame(
        {k: [v] for k, v in told.items()}, geometry=[Point(X + 500, Y + 500)], crs=tiny.CRS
    )


def heard(samples: gpd.GeoDataFrame, **limits: Any) -> pd.DataFrame:
    return heard_of(samples, tiny.villages().geometry, RULE, Limits(**limits)).table


@pytest.mark.parametrize(
    ("told", "below", "speed", "lost"),
    [
        ({"dbm": -105.0}, False, False, False),
        ({"dbm": -105.5}, True, False, False),
        ({"down_kbps": 5000.0}, False, True, False),
        ({"down_kbps": 4999.0}, True, True, False),
        # a level comes before what the device calls service, and that before the speed
        ({"dbm": -120.0, "served": True, "down_kbps": 9e4}, True, False, False),
        ({"dbm": -80.0, "served": True, "down_kbps": 1.0}, False, False, False),
        ({"dbm": -120.0, "down_kbps": 9e4}, True, False, False),
        ({"served": True, "down_kbps": 1.0}, False, False, False),
        ({"served": False, "dbm": -80.0}, True, False, False),
        ({"served": False, "down_kbps": 9e4}, True, False, False),
        ({"served": False, "technology": ""}, True, False, True),
        ({"technology": "", "down_kbps": 1.0}, True, True, False),
        # without a technology no level is enough or too little
        ({"technology": "", "dbm": -120.0, "served": True}, False, False, False),
        ({"technology": "", "dbm": -120.0, "down_kbps": 9e4}, False, True, False),
    ],
)
def test_what_a_sample_tells(told: dict[str, Any], below: bool, speed: bool, lost: bool) -> None:
    row = heard(sample(**told)).iloc[0]
    assert (row["below"], row["speed"], row["lost"]) == (below, speed, lost)


def test_a_sample_without_a_number_of_tests_is_one_and_none_told_is_none() -> None:
    some = together(*(sample(dbm=-80.0, tests=n) for n in (np.nan, 7, 0)))
    assert heard(some)["tests"].tolist() == [1, 7, 0]
    assert heard(sample(dbm=-80.0))["tests"].tolist() == [1]


def test_samples_are_as_old_as_the_newest_says_and_undated_ones_are_kept() -> None:
    days = [pd.Timestamp(2024, 3, d) for d in (1, 10, 11, 31)]
    some = together(*(sample(dbm=-80.0, day=day) for day in [*days, pd.NaT]))
    found = heard_of(some, tiny.villages().geometry, RULE, Limits(newest_days=20))
    assert found.old == 2  # the 11th is twenty days before the 31st
    assert found.table["day"].dropna().tolist() == days[2:]
    assert len(found.table) == 3
    undated = together(*(sample(dbm=-80.0, day=pd.NaT) for _ in range(2)))
    assert heard_of(undated, tiny.villages().geometry, RULE, Limits(newest_days=1)).old == 0


def test_a_sample_is_lost_for_one_reason_alone() -> None:
    away = sample(day=pd.Timestamp(2020, 1, 1)).set_geometry([Point(X - 9000, Y)], crs=tiny.CRS)
    old = sample(day=pd.Timestamp(2020, 1, 1))
    silent = sample(day=pd.Timestamp(2024, 1, 1))
    good = sample(day=pd.Timestamp(2024, 1, 1), dbm=-80.0)
    found = heard_of(
        together(away, old, silent, good), tiny.villages().geometry, RULE, Limits(newest_days=99)
    )
    assert (found.outside, found.old, found.unheard, len(found.table)) == (1, 1, 1, 1)
    assert found.table["sample"].tolist() == [3]


def test_a_point_on_a_border_is_of_the_village_whose_id_comes_first() -> None:
    points = np.array([Point(X + 1000, Y + 500), Point(X + 1000, Y + 1000), Point(X, Y),
                       Point(X - 1, Y), None], dtype=object)  # fmt: skip
    villages = tiny.villages()
    assert village_of(villages, points).tolist() == [0, 0, 0, -1, -1]
    turned = villages.iloc[::-1]
    assert turned.index[village_of(turned, points[:2])].tolist() == ["v1", "v1"]


def test_a_row_of_a_line_or_of_nothing_has_its_middle_or_no_place() -> None:
    shapes = [box(X + 1100, Y, X + 1300, Y + 200), Point(), None]
    some = gpd.GeoDataFrame(
        {"operator": ["Alpha"] * 3, "technology": ["4G"] * 3, "dbm": [-80.0] * 3},
        geometry=shapes, crs=tiny.CRS,
    )  # fmt: skip
    found = heard_of(some, tiny.villages().geometry, RULE, LIMITS)
    assert (found.outside, found.table["village"].tolist()) == (2, [1])
    assert found.table[["x", "y"]].to_numpy().tolist() == [[X + 1200, Y + 100]]


def layer(
    operator: str,
    technology: Technology,
    west: float,
    east: float,
    *,
    evidence: Evidence = "declared",
    as_of: date | None = None,
) -> Layer:
    """All of the south and north between two distances from v1, in metres."""
    return Layer(
        info=LayerInfo(operator=operator, technology=technology, evidence=evidence, as_of=as_of),
        footprint=gpd.GeoSeries([box(X + west, Y, X + east, Y + 3000)], crs=tiny.CRS),
    )


def held(layers: tuple[Layer, ...], *samples: gpd.GeoDataFrame, **limits: Any) -> Conflicts:
    return find_conflicts(judged(layers), layers, together(*samples), limits=Limits(**limits))


def claims(found: Conflicts) -> list[tuple[str, str, str, bool, int, int]]:
    names = ["operator", "technology", "evidence", "claimed", "samples", "below"]
    return sorted(found.table[names].itertuples(index=False, name=None))


def test_each_evidence_is_contradicted_for_itself() -> None:
    layers = (layer("Alpha", "4G", 0, 1000), layer("Alpha", "4G", 5000, 6000, evidence="modelled"))
    found = held(layers, at(1, 6, dbm=-120.0))
    assert claims(found) == [
        ("Alpha", "4G", "declared", True, 6, 6),
        ("Alpha", "4G", "modelled", False, 6, 6),
    ]
    assert (found.used, found.unlayered, found.unclaimed) == (6, 0, 0)


def test_a_sample_is_set_against_its_own_technology_and_operator_alone() -> None:
    layers = (
        layer("Alpha", "3G", 5000, 6000), layer("Alpha", "4G", 0, 1000), layer("Beta", "4G", 0, 900)
    )  # fmt: skip
    assert claims(held(layers, at(1, 6, dbm=-120.0))) == [("Alpha", "4G", "declared", True, 6, 6)]
    third = held(layers, at(1, 6, technology="3G", dbm=-90.0))
    assert claims(third) == [("Alpha", "3G", "declared", False, 6, 0)]
    # without a technology any of the operator's serves
    anyone = held(layers, at(1, 6, technology="", served=True))
    assert claims(anyone) == [("Alpha", "", "declared", True, 6, 0)]


def test_no_service_at_all_stands_against_each_technology_of_its_operator() -> None:
    layers = (
        layer("Alpha", "3G", 5000, 6000), layer("Alpha", "4G", 0, 1000), layer("Beta", "5G", 0, 900)
    )  # fmt: skip
    lost = held(layers, at(1, 6, technology="", served=False))
    assert claims(lost) == [
        ("Alpha", "3G", "declared", False, 6, 6), ("Alpha", "4G", "declared", True, 6, 6),
    ]  # fmt: skip
    assert lost.used == 6
    # of nobody known it is one row, and only where all operators agree
    nobody = held(layers, at(1, 6, operator="", technology="", served=False))
    assert claims(nobody) == [("", "", "declared", True, 6, 6)]


def test_a_slow_sample_contradicts_4g_and_is_service_where_nobody_claims_any() -> None:
    layers = (layer("Alpha", "3G", 1000, 2000), layer("Alpha", "4G", 0, 1000))
    slow = {"technology": "", "down_kbps": 100.0}
    assert claims(held(layers, at(1, 6, **slow))) == [("Alpha", "", "declared", True, 6, 6)]
    assert claims(held(layers, at(3, 6, **slow))) == [("Alpha", "", "declared", False, 6, 0)]
    only_3g = held(layers, at(2, 6, **slow))
    assert (claims(only_3g), only_3g.unclaimed) == ([], 6)


def test_a_tile_served_in_part_is_claimed_by_nobody() -> None:
    layers = (layer("Alpha", "4G", 0, 500),)
    tile = sample(dbm=-120.0).set_geometry([box(X + 400, Y, X + 600, Y + 100)], crs=tiny.CRS)
    found = held(layers, tile, least_samples=1)
    assert (found.used, found.unclaimed, found.unlayered) == (0, 1, 0)


def test_samples_of_layers_that_are_not_there_are_counted_one_by_one() -> None:
    layers = (layer("Alpha", "4G", 0, 1000),)
    found = held(layers, at(1, 6, dbm=-120.0), at(1, 4, operator="Gamma", dbm=-80.0),
                 at(1, 3, technology="5G", dbm=-80.0))  # fmt: skip
    assert (found.used, found.unlayered, found.unclaimed, found.without_operator) == (6, 7, 0, 0)


def test_a_row_has_the_day_of_the_newest_of_its_own_layers() -> None:
    layers = (
        layer("Alpha", "4G", 0, 1000, as_of=date(2023, 1, 1)),
        layer("Alpha", "4G", 0, 900, as_of=date(2024, 1, 1)),
        layer("Alpha", "3G", 0, 900, as_of=date(2025, 1, 1)),
        layer("Beta", "4G", 0, 900, as_of=date(2025, 2, 1)),
        layer("Alpha", "4G", 0, 900, as_of=date(2025, 3, 1), evidence="modelled"),
    )
    table = held(layers, at(1, 6, dbm=-120.0)).table.set_index("evidence")
    assert table.loc["declared", "filed"] == pd.Timestamp(2024, 1, 1)
    assert table.loc["modelled", "filed"] == pd.Timestamp(2025, 3, 1)
    bare = held((layer("Alpha", "4G", 0, 1000),), at(1, 6, dbm=-120.0)).table
    assert bare["filed"].isna().all()


def test_a_verdict_hangs_on_the_one_operator_there_is_and_not_on_one_of_two() -> None:
    alone = held((layer("Alpha", "4G", 0, 1000),), at(1, 6, dbm=-120.0), at(3, 6, dbm=-120.0))
    assert alone.table.set_index("village_id")["hangs"].to_dict() == {"v1": True, "v3": False}
    with_3g = (layer("Alpha", "4G", 0, 1000), layer("Alpha", "3G", 0, 1000))
    assert not held(with_3g, at(1, 6, dbm=-120.0)).table["hangs"].any()
    measured = (layer("Alpha", "4G", 0, 1000), layer("Alpha", "4G", 0, 600, evidence="measured"))
    assert not held(measured, at(1, 6, dbm=-120.0)).table["hangs"].any()


def test_no_verdict_hangs_where_none_is_covered() -> None:
    layers = (layer("Alpha", "4G", 0, 1200), layer("Beta", "4G", 5000, 6000))
    one = held(layers, at(2, 6, dx=100, dbm=-120.0)).table.iloc[0]  # a fifth of v2 is claimed
    assert (one["claimed"], one["verdict"], one["hangs"]) == (True, "weak", False)


def test_a_level_of_3g_contradicts_3g() -> None:
    layers = (layer("Alpha", "3G", 0, 1000), layer("Alpha", "4G", 5000, 6000))
    found = held(layers, at(1, 6, technology="3G", dbm=-120.0))
    assert claims(found) == [("Alpha", "3G", "declared", True, 6, 6)]


def test_a_row_of_nobody_known_stands_for_all_operators_and_technologies() -> None:
    layers = (
        layer("Alpha", "4G", 0, 1000, as_of=date(2023, 1, 1)),
        layer("Beta", "5G", 0, 1000, as_of=date(2024, 1, 1)),
    )
    one = held(layers, at(1, 6, operator="", technology="", served=False)).table.iloc[0]
    assert (one["operator"], one["technology"], one["claimed"]) == ("", "", True)
    assert one["filed"] == pd.Timestamp(2024, 1, 1)
    assert one["hangs"]  # without the layers of both v1 would not be covered


def test_measured_layers_are_never_contradicted_beside_declared_ones() -> None:
    layers = (layer("Alpha", "4G", 0, 1000), layer("Alpha", "3G", 0, 900, evidence="measured"))
    found = held(layers, at(1, 6, dbm=-120.0), at(1, 6, technology="3G", dbm=-120.0))
    assert claims(found) == [("Alpha", "4G", "declared", True, 6, 6)]
    assert found.unlayered == 6
    rule = replace(RULE, technologies=("3G",))
    assessment = coverage.judge(coverage.measure(tiny.villages(), layers), rule)
    assert find_conflicts(assessment, layers, at(1, 6, dbm=-120.0)).unlayered == 6


def test_places_are_squares_of_fifty_metres() -> None:
    base = np.ceil(np.array([X, Y]) / 50) * 50
    spots = [(1, 1), (49, 49), (51, 1), (1, 51), (1, 99)]
    some = together(*(sample(dbm=-120.0) for _ in spots))
    some = some.set_geometry([Point(*(base + at)) for at in spots], crs=tiny.CRS)
    found = held((layer("Alpha", "4G", 0, 1000),), some)
    assert found.table["places"].tolist() == [3]
    assert found.table["samples"].tolist() == [5]


def test_surer_conflicts_come_first_within_a_kind_and_more_samples_between_alike() -> None:
    layers = (layer("Alpha", "4G", 0, 3000), layer("Beta", "4G", 0, 1000))
    samples = [
        at(1, 10, operator="Beta", dbm=-120.0),  # v1 stays covered by Alpha: nothing hangs
        at(2, 10, dbm=-120.0),  # as sure, and v2 hangs on it
        at(3, 8, dbm=-120.0),  # less sure, hangs
        at(4, 40, dbm=-120.0),  # surer by more than a tenth, and does not hang
        at(5, 9, operator="Beta", dbm=-80.0),  # good where Beta claims nothing
    ]
    found = held(layers, *samples)
    assert short(found) == [
        ("v4", "Alpha", "4G", "overclaims"),
        ("v2", "Alpha", "4G", "overclaims"),
        ("v1", "Beta", "4G", "overclaims"),
        ("v3", "Alpha", "4G", "overclaims"),
        ("v5", "Beta", "4G", "underclaims"),
    ]
    assert found.table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert found.table["hangs"].tolist() == [False, True, False, True, False]


def test_within_a_tenth_the_surer_comes_first_and_of_what_agrees_the_one_of_more_samples() -> None:
    layers = (layer("Alpha", "4G", 0, 3000),)
    sure = held(layers, at(1, 10, dbm=-120.0), at(4, 12, dbm=-120.0), at(7, 11, dbm=-120.0)).table
    assert (np.floor(sure["sure"] * 10) == 7).all()
    assert sure["village_id"].tolist() == ["v4", "v7", "v1"]
    fine = held(layers, at(1, 10, dbm=-80.0), at(4, 12, dbm=-80.0), at(7, 11, dbm=-80.0)).table
    assert set(fine["kind"]) == {"agrees"}
    assert fine["samples"].tolist() == [12, 11, 10]


@pytest.mark.parametrize(
    ("village", "dbm", "limit"), [(1, -120.0, "allowed_below"), (3, -80.0, "least_good")]
)
def test_a_bound_exactly_at_its_limit_is_no_conflict(village: int, dbm: float, limit: str) -> None:
    layers = (layer("Alpha", "4G", 0, 1000),)
    samples = at(village, 10, dbm=dbm)
    sure = float(held(layers, samples).table["sure"].iloc[0])
    assert held(layers, samples, **{limit: sure}).table["kind"].tolist() == ["agrees"]
    assert held(layers, samples, **{limit: sure - 1e-9}).table["kind"][0] != "agrees"


@pytest.mark.parametrize(
    "wrong",
    [{"confidence": 1.0}, {"confidence": 0.0}, {"allowed_below": -0.1}, {"allowed_below": 1.0},
     {"least_good": 1.0}, {"least_samples": 0}],
)  # fmt: skip
def test_limits_that_cannot_be_met_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CoverageError):
        held((layer("Alpha", "4G", 0, 1000),), at(1, 6, dbm=-120.0), **wrong)


@pytest.mark.parametrize(
    "fine", [{"allowed_below": 0.0}, {"least_good": 0.0}, {"least_samples": 1}]
)
def test_limits_of_nothing_and_of_one_are_limits(fine: dict[str, Any]) -> None:
    found = held((layer("Alpha", "4G", 0, 1000),), at(1, 6, dbm=-120.0), **fine)
    assert found.table["kind"].tolist() == ["overclaims"]

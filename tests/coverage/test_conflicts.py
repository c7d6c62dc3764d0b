"""Measurements against layers: by hand on nine villages, planted ones, and laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

import coverage
from coverage.conflicts import Conflicts, find_conflicts
from coverage.errors import CoverageError
from coverage.heard import Limits
from coverage.model import Assessment, Layer, LayerInfo
from coverage.pixels import LOW_DBM, LOWEST_LEVEL, NO_SIGNAL, PixelGrid, SignalLayer
from coverage.rules import RULES
from coverage.wilson import wilson
from tests import tiny
from tests.laws import examples

RULE = RULES["vn-village"]


def judged(layers: tuple[Layer, ...] | None = None) -> Assessment:
    return coverage.judge(coverage.measure(tiny.villages(), layers or tiny.layers()), RULE)


@cache
def of_nine() -> Assessment:
    return judged()


@pytest.fixture(scope="module")
def nine() -> Assessment:
    return of_nine()


def at(village: int, n: int, *, operator: str = "Alpha", technology: str = "4G", dx: float = 200,
       **told: Any) -> gpd.GeoDataFrame:  # fmt: skip
    """Samples in a row, 60 m apart going north, ``dx`` metres into a village."""
    x, y = tiny.X0 + 1000 * ((village - 1) % 3) + dx, tiny.Y0 + 1000 * ((village - 1) // 3)
    points = [Point(x, y + 30 + 60 * (k % 15)) for k in range(n)]
    told = {"operator": operator, "technology": technology, **told}
    return gpd.GeoDataFrame({k: [v] * n for k, v in told.items()}, geometry=points, crs=tiny.CRS)


def together(*parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return pd.concat(parts, ignore_index=True)


def found(assessment: Assessment, *parts: gpd.GeoDataFrame, **limits: Any) -> Conflicts:
    samples = together(*parts)
    return find_conflicts(assessment, tiny.layers(), samples, limits=Limits(**limits))


def short(conflicts: Conflicts) -> list[tuple[str, str, str, str]]:
    table = conflicts.table[conflicts.table["rank"].notna()]
    names = ["village_id", "operator", "technology", "kind"]
    return list(table[names].itertuples(index=False, name=None))


def wilson_of_scipy(k: int, n: int, confidence: float = 0.95) -> Any:
    """Wilson's interval as scipy has it.

    It takes most of a second to load, which each process that only collects tests would spend.
    """
    from scipy.stats import binomtest  # noqa: PLC0415  # see above

    return binomtest(k, n).proportion_ci(confidence, method="wilson")


@given(n=st.integers(1, 5000), part=st.floats(0, 1), confidence=st.sampled_from([0.5, 0.95, 0.99]))
def test_wilson_is_that_of_scipy(n: int, part: float, confidence: float) -> None:
    k = round(part * n)
    theirs = wilson_of_scipy(k, n, confidence)
    low, high = wilson([k], [n], confidence=confidence)
    assert low[0] == pytest.approx(theirs.low, abs=1e-12)
    assert high[0] == pytest.approx(theirs.high, abs=1e-12)


def test_wilson_without_samples_knows_nothing() -> None:
    assert [float(x[0]) for x in wilson([0], [0])] == [0.0, 1.0]


def test_a_village_measured_below_what_is_declared(nine: Assessment) -> None:
    bad, good = at(1, 8, dbm=-120.0), at(1, 4, dbm=-90.0)
    one = found(nine, bad, good).table.iloc[0]
    assert (one["village_id"], one["kind"], one["rank"]) == ("v1", "overclaims", 1)
    assert (one["claimed"], one["samples"], one["below"]) == (True, 12, 8)
    assert one["share_below"] == pytest.approx(8 / 12)
    theirs = wilson_of_scipy(8, 12)
    assert (one["low"], one["high"]) == pytest.approx((theirs.low, theirs.high))
    assert one["sure"] == one["low"]
    assert (one["places"], one["verdict"], one["hangs"]) == (8, "covered", True)
    assert one["filed"] == pd.Timestamp(2023, 8, 30)


def test_the_threshold_is_that_of_the_rule_and_the_technology(nine: Assessment) -> None:
    edge = together(at(1, 10, dbm=-105.0), at(4, 10, dbm=-105.1))
    assert short(found(nine, edge)) == [("v4", "Alpha", "4G", "overclaims")]
    indoors = coverage.judge(nine.measures, replace(RULE, loss_db=10))
    assert len(short(found(indoors, edge))) == 2


def test_one_in_twenty_may_be_below(nine: Assessment) -> None:
    fine = together(at(1, 95, dbm=-80.0), at(1, 5, dbm=-120.0))
    table = found(nine, fine).table
    assert list(table["kind"]) == ["agrees"]
    assert table["rank"].isna().all()


def test_good_where_nobody_declares(nine: Assessment) -> None:
    one = found(nine, at(9, 12, dbm=-80.0)).table.iloc[0]
    assert (one["kind"], one["claimed"], one["below"]) == ("underclaims", False, 0)
    assert one["sure"] == pytest.approx(wilson_of_scipy(12, 12).low)
    assert (one["hangs"], one["verdict"]) == (False, "none")


def test_few_samples_are_listed_and_are_no_conflict(nine: Assessment) -> None:
    table = found(nine, at(1, 4, dbm=-120.0)).table
    assert list(table["kind"]) == ["too_few"]
    assert short(found(nine, at(1, 4, dbm=-120.0), least_samples=4)) != []


def test_a_village_half_served_has_both_sides(nine: Assessment) -> None:
    table = found(nine, at(2, 10, dx=200, dbm=-120.0), at(2, 10, dx=800, dbm=-80.0)).table
    assert list(table["kind"]) == ["overclaims", "underclaims"]
    assert set(table["village_id"]) == {"v2"}


def test_no_service_counts_against_every_technology_of_its_operator(nine: Assessment) -> None:
    lost = found(nine, at(1, 10, technology="", served=False))
    assert short(lost) == [("v1", "Alpha", "4G", "overclaims")]
    beta = found(nine, at(3, 10, operator="Beta", technology="", served=False))
    low, high = beta.table["claimed"].tolist(), beta.table["samples"].tolist()
    assert sorted(zip(low, high, strict=True)) == [(False, 5), (True, 5)]


def test_a_level_without_a_technology_has_no_threshold(nine: Assessment) -> None:
    silent = found(nine, at(1, 10, technology="", dbm=-120.0))
    assert (silent.unheard, silent.used, len(silent.table)) == (10, 0, 0)
    told = found(nine, at(1, 10, technology="", dbm=-120.0, served=True))
    assert list(told.table["technology"]) == [""]


def test_who_has_no_layer_contradicts_nobody(nine: Assessment) -> None:
    gone = found(nine, at(1, 10, operator="Gamma", dbm=-80.0), at(1, 10, technology="5G", dbm=-120))
    assert (gone.unlayered, gone.used, gone.given) == (20, 0, 20)
    second = found(nine, at(1, 10, technology="2G", served=False))
    assert second.unlayered == 10  # the rule never counts 2G


def test_a_sample_of_nobody_known_speaks_only_where_all_agree(nine: Assessment) -> None:
    bad = {"operator": "", "technology": "", "served": False}
    some = found(nine, at(1, 10, **bad))  # Alpha says served, Beta does not
    assert (some.unclaimed, some.without_operator, some.used) == (10, 10, 0)
    nobody = found(nine, at(9, 10, operator="", technology="", served=True))
    assert short(nobody) == [("v9", "", "", "underclaims")]


def tile(village: int, *, side: float = 400, shift: float = 300, **told: Any) -> gpd.GeoDataFrame:
    x, y = tiny.X0 + 1000 * ((village - 1) % 3), tiny.Y0 + 1000 * ((village - 1) // 3)
    shape = box(x + shift, y + 300, x + shift + side, y + 300 + side)
    return gpd.GeoDataFrame({k: [v] for k, v in told.items()}, geometry=[shape], crs=tiny.CRS)


def test_a_tile_is_one_sample_and_speaks_where_it_lies_wholly_on_one_side() -> None:
    alone = judged(tiny.layers()[:1])
    tiles = together(
        tile(1, down_kbps=900.0, tests=40), tile(4, down_kbps=90_000.0, tests=7),
        tile(2, down_kbps=900.0, tests=3), tile(9, down_kbps=900.0, tests=2),
    )  # fmt: skip
    got = find_conflicts(alone, tiny.layers()[:1], tiles, limits=Limits(least_samples=1))
    table = got.table.set_index("village_id")
    assert set(table.index) == {"v1", "v4", "v9"}  # half of the tile in v2 is declared served
    assert got.unclaimed == 1
    assert (table.loc["v1", "below"], table.loc["v1", "tests"]) == (1, 40)
    assert (table.loc["v4", "below"], table.loc["v9", "below"]) == (0, 0)  # any speed is service
    assert list(got.table["kind"]) == ["overclaims", "agrees", "agrees"]


def test_a_speed_says_nothing_against_3g() -> None:
    whole = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 3000)], crs=tiny.CRS)
    third = (Layer(info=LayerInfo(operator="Alpha", technology="3G"), footprint=whole),)
    got = find_conflicts(judged(third), third, tile(1, down_kbps=900.0))
    assert (got.used, got.unclaimed) == (0, 1)


def test_a_filing_says_nothing_outside_its_extent() -> None:
    south = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 1000)], crs=tiny.CRS)
    layers = (replace(tiny.layers()[0], extent=south),)
    got = find_conflicts(judged(layers), layers, together(at(9, 10, dbm=-80), at(3, 10, dbm=-80)))
    assert short(got) == [("v3", "Alpha", "4G", "underclaims")]
    assert got.unclaimed == 10


def test_a_signal_layer_claims_by_its_level() -> None:
    levels = np.full((30, 30), NO_SIGNAL, np.uint8)
    levels[:, :10] = -95 - LOW_DBM + LOWEST_LEVEL
    levels[:, 10:20] = -106 - LOW_DBM + LOWEST_LEVEL
    levels[:10] = 0  # the northern villages are not spoken of
    signal = SignalLayer(
        info=LayerInfo(operator="Alpha", technology="4G", evidence="modelled", kind="signal"),
        grid=PixelGrid(crs=tiny.villages().crs.to_wkt(), x=tiny.X0, y=tiny.Y0 + 3000, step_x=100,
                       step_y=100, width=30, height=30),
        levels=lambda w: levels[w[0] : w[0] + w[2], w[1] : w[1] + w[3]], key="by hand",
    )  # fmt: skip
    samples = together(
        at(1, 10, dbm=-120.0), at(5, 10, dbm=-80.0), at(6, 10, dbm=-120.0), at(7, 10, dbm=-80.0),
        tile(4, operator="Alpha", technology="4G", dbm=-120.0),
        tile(1, shift=800, operator="Alpha", technology="4G", dbm=-120.0),
        tile(5, operator="Alpha", technology="4G", dbm=-80.0),
    )  # fmt: skip
    got = find_conflicts(judged(), [signal], samples)
    assert short(got) == [
        ("v1", "Alpha", "4G", "overclaims"), ("v5", "Alpha", "4G", "underclaims")
    ]  # fmt: skip
    assert set(got.table["evidence"]) == {"modelled"}
    assert got.unclaimed == 11  # v7, and the tile that is served in part
    samples = got.table.set_index(["village_id", "kind"])["samples"]
    assert (samples["v5", "underclaims"], samples["v4", "too_few"]) == (11, 1)


def test_measured_layers_and_those_of_no_worth_are_not_contradicted(nine: Assessment) -> None:
    bad = at(1, 10, dbm=-120.0)
    told = [replace(x, info=replace(x.info, evidence="measured")) for x in tiny.layers()]
    assert find_conflicts(nine, told, bad).unlayered == 10
    rule = replace(RULE, worth_declared="nothing")
    nothing = coverage.judge(nine.measures, rule)
    assert find_conflicts(nothing, tiny.layers(), bad).unlayered == 10


def test_outside_and_old_samples_are_counted_apart(nine: Assessment) -> None:
    new = at(1, 10, dbm=-120.0, day=pd.Timestamp(2023, 9, 1))
    old = at(4, 10, dbm=-120.0, day=pd.Timestamp(2021, 9, 1))
    away = at(1, 3, dbm=-120.0, dx=-5000.0)
    nowhere = gpd.GeoDataFrame({"operator": ["Alpha"]}, geometry=[Point()], crs=tiny.CRS)
    got = found(nine, new, old, away, nowhere, newest_days=365)
    assert (got.given, got.outside, got.old, got.used) == (24, 4, 10, 10)
    assert short(got) == [("v1", "Alpha", "4G", "overclaims")]
    assert got.table.loc[0, "first"] == got.table.loc[0, "last"] == pd.Timestamp(2023, 9, 1)
    assert len(short(found(nine, new, old))) == 2


def test_a_verdict_hangs_on_a_layer_that_nobody_stands_in_for() -> None:
    alpha, beta = tiny.layers()
    both = (alpha, replace(beta, footprint=alpha.footprint))
    samples = together(at(1, 10, dbm=-120.0), at(2, 12, dbm=-120.0))
    got = find_conflicts(judged(both), both, samples)
    assert not got.table["hangs"].any()
    assert list(got.table["village_id"]) == ["v2", "v1"]  # the surest first
    west = gpd.GeoSeries([box(tiny.X0 + 900, tiny.Y0, tiny.X0 + 1600, tiny.Y0 + 900)], crs=tiny.CRS)
    one = (alpha, replace(beta, footprint=west))
    assert list(find_conflicts(judged(one), one, samples).table["village_id"]) == ["v1", "v2"]


def test_what_is_no_limit_is_refused(nine: Assessment) -> None:
    for wrong in ({"allowed_below": 1.0}, {"confidence": 0.0}, {"least_samples": 0}):
        with pytest.raises(CoverageError):
            found(nine, at(1, 1, dbm=-100.0), **wrong)
    away = at(1, 1, dbm=-100.0).to_crs("EPSG:32648")
    with pytest.raises(CoverageError, match="bring both to one system"):
        find_conflicts(nine, tiny.layers(), away)


def a_hundred(side: int = 10) -> gpd.GeoDataFrame:
    rows = [
        {"village_id": f"w{k:03d}", "population": 100, "households": 25, "electrified": True,
         "fund_eligible": False,
         "geometry": box(tiny.X0 + 1000 * (k % side), tiny.Y0 + 1000 * (k // side),
                         tiny.X0 + 1000 * (k % side + 1), tiny.Y0 + 1000 * (k // side + 1))}
        for k in range(side * side)
    ]  # fmt: skip
    table = gpd.GeoDataFrame(rows, crs=tiny.CRS).set_index("village_id")
    return table.assign(centre=table.geometry.centroid)


@pytest.mark.heavy
def test_twenty_planted_villages_come_first_and_no_others() -> None:
    """A drive test over a hundred villages: in 20 of them it contradicts, elsewhere it is noise."""
    random = np.random.default_rng(5)
    villages = a_hundred()
    x0, y0, x1, _ = villages.total_bounds
    eighty = gpd.GeoSeries([box(x0, y0, x1, y0 + 8_000)], crs=tiny.CRS)
    layers = tuple(
        Layer(
            info=LayerInfo(operator=name, technology="4G", as_of=date(2023, 8, 30)), footprint=area
        )
        for name, area in (("Alpha", eighty), ("Beta", eighty.buffer(-1000)))
    )
    planted = set(random.choice(80, 20, replace=False))
    parts = []
    for k in range(100):
        for operator in ("Alpha", "Beta"):
            n = int(random.integers(12, 60))
            corner = villages.geometry.iloc[k].bounds[:2]
            xy = corner + random.uniform(0, 1000, (n, 2))
            inside = operator == "Alpha" or layers[1].footprint.iloc[0].contains(
                villages.geometry.iloc[k]
            )
            weak = 0.9 if operator == "Alpha" and k in planted else 0.04
            if k >= 80 or not inside:  # not declared there: mostly nothing, as it should be
                weak = 0.7
            dbm = np.where(random.uniform(size=n) < weak, -118.0, -88.0) + random.normal(0, 3, n)
            parts.append(
                gpd.GeoDataFrame(
                    {"operator": operator, "technology": "4G", "dbm": dbm},
                    geometry=gpd.points_from_xy(*xy.T), crs=tiny.CRS,
                )
            )  # fmt: skip
    assessment = coverage.judge(coverage.measure(villages, layers), RULE)
    got = find_conflicts(assessment, layers, together(*parts)).table
    first = got[got["rank"] <= 20]
    assert {int(v[1:]) for v in first["village_id"]} == planted
    assert (first["operator"] == "Alpha").all()
    rest = got[got["rank"] > 20]
    assert (rest["sure"] < first["sure"].min()).all()


SOME = st.lists(
    st.tuples(
        st.integers(1, 9), st.integers(1, 30), st.integers(0, 30), st.sampled_from([200, 800])
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def planted(told: list[tuple[int, int, int, int]]) -> gpd.GeoDataFrame:
    parts = [at(v, bad, dx=dx, dbm=-120.0) for v, bad, _, dx in told]
    parts += [at(v, good, dx=dx, dbm=-80.0) for v, _, good, dx in told if good]
    return together(*parts)


@pytest.mark.heavy
@settings(max_examples=examples(15), deadline=None)
@given(told=SOME, seed=st.integers(0, 99))
def test_the_order_of_samples_does_not_matter(told: list[Any], seed: int) -> None:
    assessment, samples = of_nine(), planted(told)
    shuffled = samples.sample(frac=1.0, random_state=seed)
    one = find_conflicts(assessment, tiny.layers(), samples).table
    other = find_conflicts(assessment, tiny.layers(), shuffled).table
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.heavy
@settings(max_examples=examples(15), deadline=None)
@given(told=SOME, more=st.integers(1, 40))
def test_what_agrees_never_raises_a_conflict(told: list[Any], more: int) -> None:
    before = find_conflicts(of_nine(), tiny.layers(), planted(told)).table
    before = before[before["rank"].notna()]
    if before.empty:
        return
    chosen = before.iloc[-1]
    village = int(chosen["village_id"][1:])
    dx = 200 if chosen["claimed"] or village % 3 != 2 else 800
    agreeing = at(village, more, dx=dx, dbm=-80.0 if chosen["claimed"] else -120.0)
    after = find_conflicts(of_nine(), tiny.layers(), together(planted(told), agreeing)).table
    key = ["village_id", "operator", "technology", "evidence", "claimed"]
    now = after[(after[key] == chosen[key].tolist()).all(axis=1)].iloc[0]
    assert now["sure"] < chosen["sure"]
    assert pd.isna(now["rank"]) or now["rank"] >= chosen["rank"]


@pytest.mark.heavy
@settings(max_examples=examples(15), deadline=None)
@given(told=SOME)
def test_every_sample_is_accounted_for_and_no_verdict_is_changed(told: list[Any]) -> None:
    before = of_nine().verdicts.copy()
    got = find_conflicts(of_nine(), tiny.layers(), planted(told))
    lost = got.outside + got.old + got.unheard + got.unlayered + got.unclaimed
    assert got.given == got.used + lost
    assert int(got.table["samples"].sum()) == got.used
    pd.testing.assert_frame_equal(of_nine().verdicts, before)
    conflicts = got.table[got.table["rank"].notna()]
    assert list(conflicts["rank"]) == list(range(1, len(conflicts) + 1))
    for one, other in pairwise(conflicts.to_dict("records")):
        assert one["kind"] == other["kind"] or one["kind"] == "overclaims"
        assert one["kind"] != other["kind"] or one["sure"] > other["sure"] - 0.1

"""How sure verdicts are: the nine villages by hand, and what must hold of any."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

import coverage
from coverage.judge import COVERED, decide
from coverage.model import Expected, Layer, LayerInfo, Levels, Measures, Rule, Technology
from coverage.pixels import LOW_DBM, LOWEST_LEVEL, NO_SIGNAL, UNSAID
from coverage.sure import DATA, DEFINITIONS, Scenario, how_sure
from tests import tiny

RULE = coverage.RULES["vn-village"]
AREA = replace(RULE, centre=False)


@pytest.fixture(scope="module")
def measures() -> Measures:
    return coverage.measure(tiny.villages(), tiny.layers(), moved=True)


def test_the_nine_villages_by_hand(measures: Measures) -> None:
    """v1 v4 v7 are served wholly; v2 v5 v8 by half and in the centre; v3 by 0.3 and v6 by 0.1."""
    found = how_sure(measures, AREA)
    assert found.villages["turned_by"].to_dict() == {
        **dict.fromkeys(("v1", "v4", "v7", "v9"), ""),
        **dict.fromkeys(("v2", "v5", "v8"), "share_90, inward"),
        "v3": "share_10, outward",  # let out, Beta has 0.5 of it
        "v6": "share_10",  # let out, 0.2 and 0.1
    }
    assert found.villages["firm"].sum() == 4
    assert found.borderline == 5
    assert dict(found.uncovered) == {
        "base": 3, "share_10": 1, "share_50": 3, "share_90": 6, "inward": 6, "outward": 2,
    }  # fmt: skip
    between = found.between
    assert (between.low, between.low_by) == (2, Scenario.OUTWARD)
    assert (between.high, between.high_by) == (6, Scenario.INWARD)
    assert between.is_computed


def test_another_definition_is_no_part_of_the_range() -> None:
    """At a tenth Beta's 0.3 of v3 and 0.1 of v6 would do; that leaves nothing open in the data."""
    layers = [replace(x, info=replace(x.info, accuracy_m=1.0)) for x in tiny.layers()]
    found = how_sure(coverage.measure(tiny.villages(), layers, moved=True), RULE)
    assert found.uncovered[Scenario.SHARE_10] == 1
    assert (found.between.low, found.between.high) == (3, 6)  # v2 v5 v8 end on their halves
    every = np.ones(9, bool)
    assert found.among(every) == found.between == found.part(every).between


def test_where_footprints_count_and_were_not_moved_there_is_no_range() -> None:
    bare = coverage.measure(tiny.villages(), tiny.layers())
    found = how_sure(bare, RULE)
    assert not found.between.is_computed
    assert not found.among(np.ones(9, bool)).is_computed
    assert not found.part(np.arange(9) < 3).between.is_computed
    assert how_sure(signals([at(-99)], [(at(-99), at(-99))]), RULE).between.is_computed


def test_margins_by_hand(measures: Measures) -> None:
    table = how_sure(measures, AREA).villages
    np.testing.assert_allclose(
        table["share_margin"][["v1", "v2", "v3", "v9"]], [0.5, 0, -0.2, -0.5]
    )
    assert table["moved_m"].dropna().to_dict() == dict.fromkeys(("v2", "v3", "v5", "v8"), 100.0)
    assert table["dbm_margin"].isna().all()


def test_of_two_operators_asked_for_the_second_has_the_margin() -> None:
    layers = [_across("A", 800), _across("B", 300)]
    m = coverage.measure(tiny.villages(), layers)
    found = how_sure(m, replace(AREA, min_operators=2)).villages
    assert found.loc["v1", "share_margin"] == pytest.approx(-0.2)


def test_unknown_in_one_scenario_and_covered_in_another_is_borderline(measures: Measures) -> None:
    expected = Expected(operators=("Alpha", "Beta", "Gamma"))
    found = how_sure(measures, AREA, expected=expected)
    assert set(found.uncovered.values()) == {0}
    assert found.villages["turned_by"]["v3"] == "share_10, outward"
    assert found.villages["firm"]["v9"]


def test_without_footprints_measured_moved_the_others_remain() -> None:
    m = coverage.measure(tiny.villages(), tiny.layers())
    told = [Scenario.BASE, Scenario.SHARE_10, Scenario.SHARE_50, Scenario.SHARE_90]
    assert list(how_sure(m, AREA).uncovered) == told


def test_footprints_that_were_not_measured_moved_by_people_are_not_told_by_area(
    measures: Measures,
) -> None:
    rule = replace(AREA, basis="people")
    assert Scenario.INWARD in how_sure(measures, rule).uncovered  # by area, as its verdicts are
    with_people = replace(measures, amounts={"people": _amounts(measures)})
    assert Scenario.INWARD not in how_sure(with_people, rule).uncovered
    assert Scenario.INWARD in how_sure(with_people, AREA).uncovered


def _amounts(m: Measures) -> coverage.model.Amounts:
    return coverage.model.Amounts(
        village=m.village, combination=m.combination, amount=m.area_m2, total=m.village_area_m2
    )


def _across(name: str, width: float, technology: Technology = "4G") -> Layer:
    area = box(tiny.X0, tiny.Y0, tiny.X0 + width, tiny.Y0 + 3000)
    info = LayerInfo(operator=name, technology=technology)
    return Layer(info=info, footprint=gpd.GeoSeries([area], crs=tiny.CRS))


def signals(at_centre: list[int], halves: list[tuple[int, int]]) -> Measures:
    """Villages with one 4G signal layer: the level at the centre, and those of two halves."""
    villages = tiny.villages().iloc[: len(at_centre)]
    m = coverage.measure(villages, [])
    level = np.array([level for pair in halves for level in pair], np.uint8)[:, None]
    rows = np.repeat(np.arange(len(halves), dtype=np.int32), 2)
    levels = Levels(
        operator="Alpha",
        evidence="modelled",
        technologies=("4G",),
        village=rows,
        level=level,
        parts={"area": np.full(len(rows), 0.5)},
        centre=np.array(at_centre, np.uint8)[:, None],
    )
    info = LayerInfo(operator="Alpha", technology="4G", evidence="modelled", kind="signal")
    return replace(
        m,
        layers=(info,),
        levels=(levels,),
        extent_share=np.ones((len(villages), 1)),
        extent_centre=np.ones((len(villages), 1), bool),
    )


def at(dbm: int) -> int:
    return dbm - LOW_DBM + LOWEST_LEVEL


def test_five_decibels_by_hand() -> None:
    """From -105 dBm on 4G serves; levels are those at the centre and in both halves."""
    strengths = [-99, -101, -106, -112]
    levels = [at(x) for x in strengths]
    m = signals([*levels, NO_SIGNAL, UNSAID], [(x, x) for x in [*levels, NO_SIGNAL, UNSAID]])
    found = how_sure(m, RULE)
    assert found.villages["dbm_margin"].iloc[:4].tolist() == [6, 4, -1, -7]
    assert found.villages["dbm_margin"].iloc[4:].isna().all()
    assert found.villages["turned_by"].tolist() == ["", "dbm_plus", "dbm_minus", "", "", ""]
    assert found.uncovered[Scenario.BASE] == 4
    between = found.between
    assert (between.low, between.low_by) == (3, Scenario.DBM_MINUS)
    assert (between.high, between.high_by) == (5, Scenario.DBM_PLUS)


def test_a_rule_without_levels_has_no_decibels_to_move() -> None:
    m = signals([at(-99)], [(at(-99), at(-99))])
    bare = Rule(name="t", title="", source="")
    assert Scenario.DBM_PLUS not in how_sure(m, bare).uncovered


@given(
    first=st.floats(0, 3000), second=st.floats(0, 3000), share=st.floats(0.02, 1),
    centre=st.booleans(), unite=st.booleans(), accuracy=st.sampled_from([3.0, None, 400.0]),
)  # fmt: skip
def test_out_never_uncovers_in_never_covers_and_the_range_holds_the_rule(
    first: float, second: float, share: float, accuracy: float | None, *, centre: bool, unite: bool
) -> None:
    layers = [_across("A", first + 1), _across("B", second + 1)]
    layers = [replace(x, info=replace(x.info, accuracy_m=accuracy)) for x in layers]
    m = coverage.measure(tiny.villages(), layers, moved=True)
    rule = Rule(name="t", title="", source="", centre=centre, unite=unite, covered_share=share,
                weak_share=0.01)  # fmt: skip
    found = how_sure(m, rule)
    counts, between = found.uncovered, found.between
    assert counts[Scenario.OUTWARD] <= counts[Scenario.BASE] <= counts[Scenario.INWARD]
    assert between.low <= counts[Scenario.BASE] <= between.high
    own = [counts[scenario] for scenario in DATA if scenario in counts]
    assert counts[between.low_by] == between.low == min(own)
    assert counts[between.high_by] == between.high == max(own)
    assert not {between.low_by, between.high_by} & set(DEFINITIONS)
    covered = decide(m, rule).code == COVERED
    inward = found.villages["turned_by"].str.contains("inward").to_numpy(bool)
    outward = found.villages["turned_by"].str.contains("outward").to_numpy(bool)
    assert not (inward & ~covered).any()
    assert not (outward & covered).any()


levels_of = st.one_of(st.sampled_from([UNSAID, NO_SIGNAL]), st.integers(LOWEST_LEVEL, 98))


@given(
    villages=st.lists(
        st.tuples(levels_of, st.tuples(levels_of, levels_of)), min_size=1, max_size=9
    ),
    centre=st.booleans(),
)
def test_a_higher_threshold_never_covers_more(
    villages: list[tuple[int, tuple[int, int]]], *, centre: bool
) -> None:
    m = signals([c for c, _ in villages], [halves for _, halves in villages])
    counts = how_sure(m, replace(RULE, centre=centre)).uncovered
    assert counts[Scenario.DBM_MINUS] <= counts[Scenario.BASE] <= counts[Scenario.DBM_PLUS]
    assert counts[Scenario.SHARE_10] <= counts[Scenario.SHARE_50] <= counts[Scenario.SHARE_90]

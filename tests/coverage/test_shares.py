"""Shares of some layers together: which tables of levels are asked, and what counts for nothing."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely import box

import coverage
from coverage.explain import layer_reasons
from coverage.model import Evidence, Layer, LayerInfo, Measures, Technology
from coverage.pixels import NO_SIGNAL, PixelGrid, SignalLayer
from coverage.shares import (
    centre_by,
    level_from,
    share_by,
    technologies_in,
    union_share,
    unjudged,
)
from tests import tiny, tiny_signal
from tests.coverage.test_amounts import over_tiny, places
from tests.coverage.test_signal import level

RULE = replace(coverage.RULES["vn-village"], centre=False)


def columns(
    operator: str,
    technology: Technology,
    west: int,
    east: int,
    *,
    dbm: int = -90,
    evidence: Evidence = "modelled",
    grid: PixelGrid = tiny_signal.GRID,
) -> SignalLayer:
    """A level in the columns from ``west`` to ``east``, in hectometres from v1; else no signal."""
    step = int(grid.step_x)
    at = grid.x - tiny.X0 + grid.step_x * np.arange(grid.width)  # in metres from v1
    values = np.full((grid.height, grid.width), NO_SIGNAL, np.uint8)
    values[:, (at >= 100 * west) & (at + step <= 100 * east)] = level(dbm)
    return tiny_signal.layer(operator, technology, values, grid=grid, evidence=evidence)


def of(measures: Measures, *titles: str) -> list[float]:
    """Shares of v1 and v2 that some layers together serve."""
    chosen = [f"{x.title} {x.evidence}" in titles or x.title in titles for x in measures.layers]
    return [float(x) for x in share_by(measures, RULE, chosen)[:2].round(12)]


def measured(*layers: SignalLayer | Layer) -> Measures:
    return coverage.measure(tiny.villages(), layers)


def test_signals_of_two_operators_unite_where_neither_serves_all() -> None:
    m = measured(columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7))
    assert of(m, "Gamma 4G") == [0.4, 0]
    assert of(m, "Delta 4G") == [0.5, 0]
    assert of(m, "Gamma 4G", "Delta 4G") == [0.7, 0]


def test_a_technology_that_is_not_chosen_does_not_part_the_others() -> None:
    m = measured(
        columns("Gamma", "3G", 7, 9), columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7)
    )
    assert of(m, "Gamma 4G", "Delta 4G") == [0.7, 0]
    assert of(m, "Gamma 3G", "Gamma 4G", "Delta 4G") == [0.9, 0]


def test_where_one_operators_layer_is_left_out_the_rest_is_told_apart() -> None:
    m = measured(
        columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7), columns("Zeta", "4G", 9, 20)
    )
    # the joint table has Zeta's too, which is not chosen: the better of the two counts
    assert of(m, "Gamma 4G", "Delta 4G") == [0.5, 0]
    assert of(m, "Gamma 4G", "Delta 4G", "Zeta 4G") == [0.8, 1]


def test_one_operator_of_two_is_told_by_its_own_table() -> None:
    m = measured(columns("Gamma", "4G", 0, 4), columns("Delta", "5G", 2, 7))
    assert of(m, "Gamma 4G") == [0.4, 0]
    assert of(m, "Delta 5G") == [0.5, 0]


def test_one_operator_on_coarser_pixels_is_told_by_those_and_not_by_the_table_of_all() -> None:
    # seven pixels from 45 to 955 m, which hold the middles of all ten of 100 m
    coarse = replace(tiny_signal.GRID, x=tiny_signal.GRID.x + 25, step_x=130.0, width=29)
    m = measured(
        columns("Gamma", "4G", 0, 4), columns("Delta", "5G", 0, 10, grid=coarse),
        columns("Gamma", "4G", 0, 3, evidence="measured"),
    )  # fmt: skip
    assert of(m, "Delta 5G") == [0.91, 0]
    assert of(m, "Delta 5G", "Gamma 4G measured") == [0.91, 0]


def test_kinds_of_evidence_are_told_apart() -> None:
    m = measured(
        columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7),
        columns("Gamma", "4G", 0, 6, evidence="measured"),
        columns("Delta", "3G", 8, 20, evidence="measured"),
    )  # fmt: skip
    assert of(m, "Gamma 4G modelled", "Delta 4G modelled") == [0.7, 0]
    assert of(m, "Gamma 4G measured", "Delta 3G measured") == [0.8, 1]
    # one of each: neither table of all operators has only these
    assert of(m, "Gamma 4G modelled", "Delta 3G measured") == [0.4, 1]
    assert of(m, "Gamma 4G", "Delta 4G", "Delta 3G") == [0.8, 1]


def test_layers_on_other_pixels_are_set_beside_the_table_of_all() -> None:
    shifted = replace(tiny_signal.GRID, x=tiny_signal.GRID.x + 50, width=39)
    m = measured(
        columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7),
        columns("Delta", "5G", 0, 20, grid=shifted),
    )  # fmt: skip
    # 0.5 of v1 begins in the first whole pixel, 50 m from the border, and nobody else serves v2
    assert of(m, "Delta 5G") == [0.95, 0.95]
    assert of(m, "Gamma 4G", "Delta 4G", "Delta 5G")[0] >= 0.95


@pytest.mark.parametrize("operator", ["Gamma", "Alpha"])
def test_a_footprint_is_no_signal_of_its_operator(operator: str) -> None:
    drawn = tiny.layers()[1]  # 0.3 of v3
    info = replace(drawn.info, operator=operator, technology="4G", evidence="modelled")
    m = measured(
        replace(drawn, info=info), columns("Gamma", "4G", 0, 4), columns("Delta", "4G", 2, 7)
    )
    signals, footprint = [False, True, True], [True, False, False]
    assert share_by(m, RULE, signals)[:3].round(12).tolist() == [0.7, 0, 0]
    assert share_by(m, RULE, footprint)[:3].round(12).tolist() == [0, 0, 0.3]


def test_a_layer_of_other_evidence_stands_in_for_none() -> None:
    m = measured(
        columns("Gamma", "4G", 0, 4), columns("Zeta", "4G", 2, 5), columns("Delta", "4G", 6, 9),
        columns("Delta", "4G", 9, 10, evidence="measured"),
        columns("Eta", "5G", 9, 10, evidence="measured"), columns("Gamma", "5G", 0, 10),
    )  # fmt: skip
    # the modelled layer of Delta is not chosen, the measured one is: no table of all operators
    some = "Gamma 4G modelled", "Zeta 4G modelled", "Delta 4G measured"
    assert of(m, *some) == [0.4, 0]
    # a technology of measured layers alone does not ask for all modelled ones of it
    every = "Gamma 4G modelled", "Zeta 4G modelled", "Delta 4G modelled", "Eta 5G measured"
    assert of(m, *every) == [0.8, 0]


def test_a_level_exactly_at_the_threshold_serves_centre_and_area() -> None:
    m = measured(columns("Gamma", "4G", 0, 10, dbm=-105), columns("Gamma", "3G", 10, 20, dbm=-101))
    assert of(m, "Gamma 4G") == [1, 0]
    assert of(m, "Gamma 3G") == [0, 0]
    assert of(m, "Gamma 3G", "Gamma 4G") == [1, 0]
    assert centre_by(m, RULE, [True, True])[:3].tolist() == [True, False, False]
    assert centre_by(m, replace(RULE, min_dbm_4g=-104), [True, False])[0] == np.False_


def test_a_technology_without_a_level_in_the_rule_counts_for_nothing_and_is_named() -> None:
    bare = replace(RULE, technologies=("3G", "4G"), min_dbm_3g=None, min_dbm_5g=None)
    layers = [columns("Gamma", "3G", 0, 20), columns("Delta", "4G", 0, 4), *tiny.layers(),
              columns("Zeta", "5G", 0, 4)]  # fmt: skip
    m = measured(*layers)
    assert share_by(m, bare, [True, False, False, False, False])[0] == 0
    assert not centre_by(m, bare, [True, False, False, False, False]).any()
    # Beta's 3G is a footprint, and Zeta's 5G the rule does not count at all
    assert [x.title for x in unjudged(m.layers, bare)] == ["Gamma 3G"]
    assert unjudged(m.layers, RULE) == ()


@pytest.mark.parametrize(
    ("dbm", "found"), [(-105, level(-105)), (-140, 2), (-200, 2), (150, 255), (None, 255)]
)
def test_levels_to_reach_stay_within_those_there_are(dbm: int | None, found: int) -> None:
    rule = replace(RULE, min_dbm_4g=dbm)
    assert level_from(rule, LayerInfo(operator="A", technology="4G")) == found
    # "no signal" is never enough, however low the threshold
    assert found > NO_SIGNAL


def test_no_signal_serves_nobody_however_low_the_threshold() -> None:
    m = measured(columns("Gamma", "4G", 0, 4, dbm=-140), columns("Gamma", "3G", 0, 4))
    for dbm in (-140, -200):
        rule = replace(RULE, min_dbm_4g=dbm)
        assert share_by(m, rule, [True, False])[:2].round(12).tolist() == [0.4, 0]
    assert share_by(m, replace(RULE, min_dbm_4g=1000), [True, False]).max() == 0


def test_technologies_stand_in_the_order_of_their_generations() -> None:
    infos = [LayerInfo(operator=o, technology=t) for o, t in
             (("B", "5G"), ("A", "3G"), ("A", "5G"), ("C", "2G"))]  # fmt: skip
    assert technologies_in(infos) == ["2G", "3G", "5G"]
    assert technologies_in([]) == []
    wide = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 1000)], crs=tiny.CRS)
    m = measured(*[Layer(info=info, footprint=wide) for info in infos])
    found = coverage.judge(m, RULE).verdicts
    assert found["technologies"].tolist() == ["3G, 5G"] * 3 + [""] * 6
    assert found["operators"].tolist() == ["B, A"] * 3 + [""] * 6


def test_people_of_a_part_of_one_count_and_places_stand_where_they_are_asked() -> None:
    counts = np.zeros((6, 6))
    counts[4, 3] = 0.25  # a quarter of one lives in v2, in its unserved east
    sources = {"people": over_tiny(counts, 500.0),
               "settled": places([tiny.villages()["centre"]["v3"]], [4.0])}  # fmt: skip
    m = coverage.measure(tiny.villages(), tiny.layers(), amounts=sources)  # type: ignore[arg-type]
    assert union_share(m, 1, "people")[1] == 0.0
    every = [True, True]
    area = [1, 0.5, 0.3, 1, 0.5, 0.1, 1, 0.5, 0]
    settled = [1, 0.5, 0, 1, 0.5, 0.1, 1, 0.5, 0]  # v3's one place lies in its north
    people = [1, 0, 0.3, 1, 0.5, 0.1, 1, 0.5, 0]
    for changes, wanted in (
        ({}, settled),
        ({"settled_first": False}, area),
        ({"basis": "people"}, people),
        ({"basis": "people", "settled_first": False}, people),
        ({"basis": "households"}, people),  # of households nothing is known but who lives where
    ):
        rule = replace(RULE, **changes)  # type: ignore[arg-type]
        assert share_by(m, rule, every).tolist() == pytest.approx(wanted, abs=1e-12)


def test_a_footprint_beside_signals_of_its_operator_has_no_level() -> None:
    drawn = [replace(x, info=replace(x.info, operator="Gamma", evidence="modelled"))
             for x in tiny.layers()]  # fmt: skip
    m = measured(columns("Gamma", "4G", 0, 10, dbm=-97), *drawn,
                 columns("Gamma", "5G", 10, 20, evidence="declared"))  # fmt: skip
    rows = layer_reasons(coverage.judge(m, RULE), "v1")
    assert rows["dbm"].tolist()[0] == -97
    assert rows["dbm"].isna().tolist() == [False, True, True, True]
    assert rows["least_dbm"].tolist()[0] == -105
    assert rows["least_dbm"].isna().tolist() == [False, True, True, False]
    lowest = measured(columns("Gamma", "4G", 0, 10, dbm=-140))
    assert layer_reasons(coverage.judge(lowest, RULE), "v1")["dbm"].tolist() == [-140]

"""Villages without a place among measures: nothing in them, and unknown by every rule."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point, Polygon

import coverage
from coverage import CoverageError
from coverage.model import Expected, Measures
from coverage.pixels import AmountPoints
from coverage.reach import Within
from coverage.rules import RULES
from coverage.sure import how_sure
from coverage.unplaced import has_place, measured_where_placed, with_unplaced
from coverage.update import updated
from coverage.zones import zone_shares
from tests import tiny, tiny_signal
from tests.coverage.test_joined import same

RULE = RULES["vn-village"]
LOST = ["v2", "v9"]


def unplaced() -> gpd.GeoDataFrame:
    """The nine villages, v2 of no polygon and v9 of an empty one."""
    villages = tiny.villages()
    villages.loc[LOST, "centre"] = None
    villages.loc["v2", "geometry"] = None
    villages.loc["v9", "geometry"] = Polygon()
    return villages


def measured(villages: gpd.GeoDataFrame) -> Measures:
    settled = AmountPoints(
        points=gpd.GeoSeries([Point(tiny.X0 + 500, tiny.Y0 + 500)], crs=tiny.CRS),
        weight=np.array([3.0]),
        key="one",
    )
    layers = (*tiny.layers(), *tiny_signal.layers())
    amounts = {"settled": settled, "households": settled}
    return coverage.measure(villages, layers, amounts=amounts, hexes=True, moved=True)


def test_a_village_without_a_place_is_unknown_and_the_others_are_as_ever() -> None:
    villages = unplaced()
    everyone = coverage.judge(measured(tiny.villages()), RULE).verdicts
    measures = measured_where_placed(villages, measured)
    found = coverage.judge(measures, RULE).verdicts
    placed = has_place(villages.geometry)
    assert found.index.tolist() == villages.index.tolist()
    assert found.loc[LOST, "verdict"].tolist() == ["unknown", "unknown"]
    assert found.loc[LOST, "decided_by"].tolist() == ["no_place", "no_place"]
    assert found.loc[LOST, ["best_share", "margin", "any_share"]].isna().all(axis=None)
    assert found.loc[LOST, "n_operators"].tolist() == [0, 0]
    assert found["verdict"][placed].equals(everyone["verdict"][placed])
    assert found["best_share"][placed].to_numpy() == pytest.approx(everyone["best_share"][placed])


@pytest.mark.parametrize("rule", [r for r in RULES.values() if not r.needs], ids=lambda r: r.name)
def test_it_is_unknown_by_every_rule_and_in_every_scenario(rule: coverage.Rule) -> None:
    measures = measured_where_placed(unplaced(), measured)
    for asked in (rule, replace(rule, covered_share=0.01, weak_share=0.0)):
        assert (coverage.judge(measures, asked).verdicts.loc[LOST, "verdict"] == "unknown").all()
        sure = how_sure(measures, asked)
        assert sure.villages.loc[LOST, "firm"].all()
        assert not any(marked[[1, 8]].any() for marked in sure.marked.values())


def test_no_filing_is_missing_where_the_place_is() -> None:
    measures = measured_where_placed(unplaced(), measured)
    found = coverage.judge(measures, RULE, expected=Expected(operators=("Viettel",))).verdicts
    assert found.loc[LOST, "missing"].tolist() == ["", ""]
    assert found.loc["v3", "missing"] == "Viettel"


def test_the_headline_counts_it_and_says_that_it_has_no_place() -> None:
    measures = measured_where_placed(unplaced(), measured)
    told = coverage.summarise(coverage.judge(measures, RULE))
    assert (told.headline.villages, told.headline.unknown, told.headline.unplaced) == (9, 2, 2)
    assert told.by_district.loc["417", ["villages", "unknown"]].tolist() == [3, 1]
    assert told.headline.population == 4500


def test_zones_are_of_the_villages_with_a_place() -> None:
    measures = measured_where_placed(unplaced(), measured)
    found = zone_shares(coverage.judge(measures, RULE), "village").set_index(["code", "technology"])
    own = found[found["operator"] == "Alpha"].xs("4G", level="technology")
    assert own.loc[LOST, ["area_share", "population_share"]].isna().all(axis=None)
    assert own.loc[LOST, "population"].tolist() == [200, 900]
    assert own.loc["v1", "area_share"] == 1.0
    units = zone_shares(coverage.judge(measures, RULE), "district").set_index("code")
    alpha = units[units["operator"] == "Alpha"].loc["417"]
    # v7 is served wholly and v8 by half, and nothing is known of the 900 people of v9
    assert alpha["population_share"] == pytest.approx((700 + 400) / 1500)
    assert alpha["population"] == 2400


def test_who_lives_in_a_village_without_a_place_is_not_nobody() -> None:
    """Households by settled places: v1 has three there, and of v2 and v9 nothing is known."""
    villages = unplaced()
    villages["households"] = np.nan
    measures = measured_where_placed(villages, measured)
    within = Within(coverage.judge(measures, RULE), "households")
    assert within.number[:2].tolist() == pytest.approx([3.0, np.nan], nan_ok=True)
    assert np.isnan(within.number[8])


def test_measures_of_all_villages_are_as_they_were() -> None:
    villages = tiny.villages()
    found = coverage.measure(villages, tiny.layers())
    same(measured_where_placed(villages, lambda some: coverage.measure(some, tiny.layers())), found)
    same(with_unplaced(found, villages), found)


def test_without_any_place_there_is_nothing_to_measure() -> None:
    villages = unplaced().loc[LOST]
    with pytest.raises(CoverageError, match="there are no villages to measure"):
        measured_where_placed(villages, measured)


def test_a_changed_layer_is_measured_among_villages_without_a_place() -> None:
    villages, layers = unplaced(), tiny.layers()

    def footprints(some: gpd.GeoDataFrame, of: object, **_: object) -> Measures:
        return measured_where_placed(some, lambda few: coverage.measure(few, of))  # type: ignore[arg-type]  # layers

    old = footprints(villages, layers[:1])
    found = updated(old, villages, layers, [0, None], measured=footprints)
    same(found, footprints(villages, layers))

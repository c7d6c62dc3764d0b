"""What a page shows of a study, by what the reader chose: exact sets of villages and names."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from coverage.sure import Between, Scenario
from geodata.access import Rights
from tests.ui.tiny_run import view_of
from ui.opened import Opened, opened_run
from ui.view import (
    area_box,
    make_view,
    map_state,
    narrowed,
    operators_of,
    rule_in_force,
    technologies_of,
    zones_box,
)


def marked(keep: pd.Series) -> str:
    """The villages marked, by their digits."""
    return "".join(str(key)[1:] for key in keep.index[keep])


@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        ({}, "356"),
        ({"verdicts": "all"}, "123456789"),
        ({"verdicts": "unknown"}, "789"),
        ({"commune": "13"}, ""),
        ({"commune": "13", "verdicts": "all"}, "9"),
        ({"district": "412"}, "356"),
        ({"district": "417", "commune": "11"}, "56"),
        ({"district": "nowhere"}, "356"),
        ({"power": "no", "verdicts": "all"}, "39"),
        ({"power": "missing", "verdicts": "all"}, "7"),
        ({"people": "300-500", "verdicts": "all"}, "345"),
        ({"people": "301-499", "verdicts": "all"}, "4"),
        ({"name": "  ", "verdicts": "none"}, "6"),
        ({"name": "xom 3"}, "3"),
        ({"served": "one"}, "24"),
        ({"served": "powered"}, "56"),
        ({"served": "others", "verdicts": "weak"}, "35"),
        ({"served": "others", "operator": "Beta"}, "24"),
        ({"technology": "3G"}, ""),
        ({"operator": "Beta"}, "23456789"),
        ({"operator": "Beta", "technology": "4G"}, "123456789"),
        ({"operator": "Nobody"}, "356"),
        ({"units": "2025", "commune": "99"}, "56"),
        ({"units": "1999", "commune": "10"}, "356"),
    ],
)
def test_filters_keep_these_villages_and_no_others(
    uneven: Opened, choices: dict[str, str], kept: str
) -> None:
    assert marked(view_of(uneven, **choices).keep) == kept


@pytest.mark.parametrize(
    ("choices", "level", "area", "name", "inside"),
    [
        ({}, "district", "", "", "123456789"),
        ({"district": "417"}, "district", "417", "Huyện Kỳ Sơn", "789"),
        ({"district": "417", "commune": "13"}, "commune", "13", "Xã *Lẻ*", "9"),
        ({"district": "417", "commune": "x"}, "district", "417", "Huyện Kỳ Sơn", "789"),
        ({"units": "2025-07-01"}, "commune", "", "", "123456789"),
        ({"units": "2025-07-01", "commune": "10"}, "commune", "10", "Xã Mường Mới", "123"),
        ({"units": "2025-06-30", "commune": "10"}, "commune", "10", "Xã 0", "123"),
        ({"units": "1999", "district": "417"}, "district", "", "", "123456789"),
    ],
)
def test_the_area_looked_at_is_the_commune_before_its_district(
    uneven: Opened, choices: dict[str, str], level: str, area: str, name: str, inside: str
) -> None:
    view = view_of(uneven, **choices)
    assert (view.area_level, view.area, view.area_name) == (level, area, name)
    assert marked(view.in_area) == inside


def test_figures_are_of_the_area_and_of_what_the_filters_leave(uneven: Opened) -> None:
    view = view_of(uneven, district="412", power="no")
    both = view.headline(), view.kept_headline()
    told = [(one.villages, one.covered, one.weak) for one in both]
    assert told == [(6, 3, 2), (1, 0, 1)]
    assert (view.headline().population_uncovered, view.kept_headline().population) == (None, 300)


def test_the_range_is_of_what_the_filters_leave_and_only_of_all_uncovered(uneven: Opened) -> None:
    assert view_of(uneven).kept_between() == Between(
        low=1, high=5, low_by=Scenario.OUTWARD, high_by=Scenario.INWARD
    )
    of_one = view_of(uneven, commune="10").kept_between()
    assert (of_one.low, of_one.high) == (0, 2)
    assert view_of(uneven, verdicts="none").kept_between() is None
    assert view_of(uneven, verdicts="none,weak,unknown").kept_between() is not None
    assert view_of(uneven, verdicts="all").kept_between() is not None
    assert view_of(uneven, verdicts="covered").kept_between() is None


def test_a_village_that_is_none_of_the_studys_is_not_chosen(uneven: Opened) -> None:
    assert view_of(uneven, village="v9").village == "v9"
    assert view_of(uneven, village="v10").village == ""


def test_looking_through_one_is_told_by_name(uneven: Opened) -> None:
    through = {
        ("", ""): "",
        ("Beta", ""): "Beta",
        ("", "4G"): "4G",
        ("Beta", "3G"): "Beta 3G",
        ("", "5G"): "5G",
        ("Nobody", "9G"): "",
    }
    for (operator, technology), told in through.items():
        view = view_of(uneven, operator=operator, technology=technology)
        assert view.looked_through == told
        assert view.is_narrowed == bool(told)
        assert view.seen_run.assessment.rule.name == f"vn-village {told}".strip()
    titled = view_of(uneven, language="en", operator="Beta").seen_run.assessment.rule.title
    assert titled == "Village has mobile broadband (3G or better): Beta"


def test_a_named_rule_is_in_force_and_nonsense_is_not(uneven: Opened) -> None:
    assert not view_of(uneven).is_variant
    assert view_of(uneven, variant="vn-without-3g").is_variant
    assert view_of(uneven, variant="vn-without-3g").rule.name == "vn-without-3g"
    seen = view_of(uneven, variant="vn-without-3g")
    assert seen.run is view_of(uneven, variant="vn-without-3g").run  # summarised once for all
    assert view_of(uneven, variant="nonsense").rule.name == "vn-village"
    rule, trouble = rule_in_force(uneven, view_of(uneven, variant="vn-1603").choices)
    assert (rule.name, trouble is not None) == ("vn-village", True)
    alone = opened_run(uneven.run, rights=Rights(operator="Beta"))
    assert view_of(alone, variant="vn-without-3g").rule == alone.run.assessment.rule


def test_an_operators_people_look_through_their_own_layers(uneven: Opened) -> None:
    alone = opened_run(uneven.run, rights=Rights(operator="Beta"))
    rule = alone.run.assessment.rule
    assert narrowed(alone, rule, view_of(alone).choices) == rule
    for choices in ({"technology": "3G"}, {"operator": "Alpha"}, {"operator": "Beta"}):
        found = narrowed(alone, rule, view_of(alone, **choices).choices)
        assert found.operators == ("Beta",)
        assert found.technologies == (("3G",) if "technology" in choices else rule.technologies)
    assert marked(view_of(alone, served="others").keep) == "24"
    both = view_of(alone), view_of(uneven)
    assert [one.others(one.in_area) for one in both] == [2, None]


def test_one_operator_alone_is_asked_for_one(uneven: Opened) -> None:
    rule = replace(uneven.run.assessment.rule, min_operators=2)
    assert narrowed(uneven, rule, view_of(uneven).choices) == rule
    of_one = narrowed(uneven, rule, view_of(uneven, operator="Beta").choices)
    assert (of_one.operators, of_one.min_operators) == (("Beta",), 1)
    of_4g = narrowed(uneven, rule, view_of(uneven, technology="4G").choices)
    assert (of_4g.technologies, of_4g.min_operators) == (("4G",), 2)
    only = replace(rule, technologies=("4G",))
    assert narrowed(uneven, only, view_of(uneven, technology="3G").choices) == only


def test_operators_and_technologies_offered_are_those_of_the_layers_and_the_rule(
    uneven: Opened,
) -> None:
    rule = uneven.run.assessment.rule
    assert operators_of(uneven, rule) == ["Alpha", "Beta", "Gamma *one*"]
    assert operators_of(uneven, replace(rule, operators=("Beta", "Delta"))) == ["Beta"]
    assert technologies_of(uneven, rule) == ["3G", "4G"]
    assert technologies_of(uneven, replace(rule, technologies=("4G", "5G"))) == ["4G"]


@pytest.mark.parametrize(
    ("choices", "mode", "figures", "nearer"),
    [
        ({}, "areas", [[3, 6], [0, 3]], True),
        ({"district": "412"}, "areas", [[0, 2], [0, 1], [1, 3], [2, 3]], False),
        ({"units": "2025"}, "areas", [[1, 3], [2, 6]], False),
        ({}, "villages", [[3, 6], [0, 3]], True),
    ],
)
def test_the_map_draws_districts_from_afar_and_communes_once_one_is_chosen(
    uneven: Opened, choices: dict[str, str], mode: str, figures: list[list[int]], nearer: bool
) -> None:
    state = map_state(view_of(uneven, **choices), mode)  # type: ignore[arg-type]
    assert sorted(state.figures) == sorted(figures)
    assert (state.nearer is not None) == nearer
    assert (state.shown is not None) == (mode == "villages")
    assert (state.focus is not None) == ("district" in choices)
    assert state.verdicts is None


def test_the_map_is_told_verdicts_where_they_are_not_the_published_ones(uneven: Opened) -> None:
    told = map_state(view_of(uneven, operator="Beta", village="v2", zone="z", layers="l"), "areas")
    assert told.verdicts == "cnwnnnnnn"
    assert (told.village, told.zone, told.layers, told.area) == ("v2", "z", "l", "")


def _rounded(box: list[list[float]] | None) -> list[list[float]]:
    return [[round(x, 3) for x in corner] for corner in box or []]


def test_boxes_are_of_the_area_or_zone_chosen_else_of_all_zones(uneven: Opened) -> None:
    assert area_box(view_of(uneven)) is None
    box = area_box(view_of(uneven, commune="13"))
    assert _rounded(box) == [[18.685, 105.7], [18.694, 105.709]]
    every, one, none = (zones_box(view_of(uneven, zone=z)) for z in ("", "Vinh", "elsewhere"))
    assert every == none != one
    assert _rounded(one) == [[18.667, 105.681], [18.694, 105.69]]
    zoned = map_state(view_of(uneven, zone="Vinh"), "zones")
    assert zoned.focus == one
    placed = view_of(uneven, zone="Vinh", commune="13")
    assert map_state(placed, "zones").focus == area_box(placed)
    bare = replace(uneven, run=replace(uneven.run, study=replace(uneven.run.study, zones_5g=None)))
    assert zones_box(make_view(bare, placed.choices)) is None

"""The sentence of a village's card on what its verdict hangs on, village by village."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.ui.tiny_run import view_of
from ui import card
from ui.opened import Opened
from ui.texts import translator
from ui.view import View

EN, VI = translator("en"), translator("vi")
VILLAGES = [f"v{k}" for k in range(1, 10)]


def decided(view: View) -> str:
    """The sentence about the village looked at."""
    return card._decided(view, view.seen.verdicts.loc[view.village])


def seen(opened: Opened, village: str, **choices: str) -> View:
    """A village's view in English."""
    return view_of(opened, **{"language": "en", **choices, "village": village})


def under(opened: Opened, village: str, **changes: Any) -> View:
    """A village's view where the rule in force is another."""
    view = seen(opened, village)
    rule = replace(view.rule, **changes)
    judged = opened.judged(rule)
    return replace(view, rule=rule, whole=judged, seen=judged)


def test_each_verdict_says_what_it_hangs_on(uneven: Opened) -> None:
    assert {one: decided(seen(uneven, one)) for one in VILLAGES} == {
        "v1": "Alpha, Beta serve the village centre.",
        "v2": "Alpha serve at least 50\xa0% of the area.",
        "v3": "The best, Beta, serves 30.0\xa0% of the area, 20.0\xa0% short of 50\xa0%. "
        "Nobody serves the centre.",
        "v4": "Alpha serve at least 50\xa0% of the area.",
        "v5": "The best, Alpha, serves 33.0\xa0% of the area, 17.0\xa0% short of 50\xa0%. "
        "Nobody serves the centre.",
        "v6": "The best, Beta, serves 5.0\xa0% of the area, 45.0\xa0% short of 50\xa0%. "
        "Nobody serves the centre.",
        "v7": "Not covered by what was filed, and some expected filings are missing.",
        "v8": "Not covered by what was filed, and some expected filings are missing.",
        "v9": "Not covered by what was filed, and some expected filings are missing.",
    }
    assert decided(seen(uneven, "v3", language="vi")) == (
        "Tốt nhất là Beta, phục vụ 30,0\xa0% diện tích, còn thiếu 20,0\xa0% so với mức "
        "50\xa0%. Chưa nhà mạng nào có sóng ở trung tâm thôn."
    )


def test_looked_through_one_operator_it_speaks_of_that_one(uneven: Opened) -> None:
    of_beta = {one: decided(seen(uneven, one, operator="Beta")) for one in VILLAGES}
    assert of_beta == {
        "v1": "Beta serve the village centre.",
        "v2": "Beta reaches no part of it.",
        "v3": "Beta serves 30.0\xa0% of the area, 20.0\xa0% short of 50\xa0%. It does not "
        "serve the centre.",
        "v4": "Beta reaches no part of it.",
        "v5": "Beta reaches no part of it.",
        "v6": "Beta serves 5.0\xa0% of the area, 45.0\xa0% short of 50\xa0%. It does not "
        "serve the centre.",
        "v7": "Beta reaches no part of it.",
        "v8": "Beta reaches no part of it.",
        "v9": "Beta reaches no part of it.",
    }
    assert decided(seen(uneven, "v2", operator="Gamma *one*")) == (
        "Gamma \\*one\\* serves 45.0\xa0% of the area, 5.0\xa0% short of 50\xa0%. It does "
        "not serve the centre."
    )


def test_looked_at_by_one_technology_it_speaks_of_the_layers_counted(uneven: Opened) -> None:
    of_3g = {one: decided(seen(uneven, one, technology="3G")) for one in VILLAGES}
    assert of_3g == {
        "v1": "Beta serve the village centre.",
        "v2": "Not covered by what was filed, and some expected filings are missing.",
        "v3": "Not covered by what was filed, and some expected filings are missing.",
        "v4": "Not covered by what was filed, and some expected filings are missing.",
        "v5": "Not covered by what was filed, and some expected filings are missing.",
        "v6": "Not covered by what was filed, and some expected filings are missing.",
        "v7": "Not covered by what was filed, and some expected filings are missing.",
        "v8": "Not covered by what was filed, and some expected filings are missing.",
        "v9": "Not covered by what was filed, and some expected filings are missing.",
    }


def test_where_two_operators_must_serve_it_says_who_does_and_how(uneven: Opened) -> None:
    two = {one: decided(under(uneven, one, min_operators=2)) for one in ("v1", "v2", "v4", "v3")}
    assert two == {
        "v1": "Alpha, Beta serve the village centre.",
        "v2": "Alpha serve it, and the rule asks for 2 operators.",
        "v4": "Alpha serve it, and the rule asks for 2 operators.",
        "v3": "The best, Beta, serves 30.0\xa0% of the area, 20.0\xa0% short of 50\xa0%. "
        "Nobody serves the centre.",
    }
    lax = {
        one: decided(under(uneven, one, min_operators=2, covered_share=0.3, weak_share=0.05))
        for one in ("v1", "v2", "v5")
    }
    assert lax == {
        "v1": "Alpha, Beta serve the village centre.",
        "v2": "Alpha, Gamma \\*one\\* serve at least 30\xa0% of the area.",
        "v5": "Alpha serve it, and the rule asks for 2 operators.",
    }


def test_serving_the_centre_is_enough_where_as_many_do_as_must(uneven: Opened) -> None:
    """Gamma serves 4.5 % of v1 and not its centre."""
    told = [
        decided(under(uneven, "v1", min_operators=n, covered_share=0.045, weak_share=0.01))
        for n in (1, 2, 3)
    ]
    assert told == [
        "Alpha, Beta serve the village centre.",
        "Alpha, Beta serve the village centre.",
        "Alpha, Beta, Gamma \\*one\\* serve the village centre or at least 4\xa0% of the area.",
    ]


def test_where_all_operators_count_as_one_the_card_says_they_serve_together(
    uneven: Opened,
) -> None:
    """Alpha serves a half of v2 and Gamma 45 %: none alone is enough, both together are."""
    view = under(uneven, "v2", unite=True, covered_share=0.6, weak_share=0.1)
    assert view.seen.verdicts.loc["v2", "verdict"] == "covered"
    assert decided(view) == "All operators together serve it."


def test_a_centre_that_is_not_known_is_not_spoken_of(uneven: Opened) -> None:
    assert (
        decided(under(uneven, "v4", covered_share=0.6))
        == "The best, Alpha, serves 50.0\xa0% of the area, 10.0\xa0% short of 60\xa0%."
    )
    assert card._layers(seen(uneven, "v4"))["Centre"].tolist() == [
        "not known",
        "not known",
        "not known",
        "not known",
        "not known",
    ]


def test_where_nobody_reaches_it_at_all_no_share_is_told(uneven: Opened) -> None:
    assert (
        decided(under(uneven, "v8", operators=("Alpha", "Beta")))
        == "No operator reaches any part of it."
    )
    assert decided(under(uneven, "v9", operators=("Alpha", "Beta"))) == (
        "The best, Alpha, serves 20.0\xa0% of the area, 30.0\xa0% short of 50\xa0%. Nobody "
        "serves the centre."
    )


def test_without_centres_only_areas_are_spoken_of(uneven: Opened) -> None:
    bare = {one: decided(under(uneven, one, centre=False)) for one in ("v1", "v2", "v3")}
    assert bare == {
        "v1": "Alpha, Beta serve at least 50\xa0% of the area.",
        "v2": "Alpha serve at least 50\xa0% of the area.",
        "v3": "The best, Beta, serves 30.0\xa0% of the area, 20.0\xa0% short of 50\xa0%.",
    }

"""The still picture of the map, part by part: colours, marks, names and legend."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
import pytest

from tests.ui.tiny_run import view_of
from ui.first import still
from ui.first.still import RAMP, classes_for, colour_of, still_map
from ui.opened import Opened
from ui.view import map_state


@pytest.mark.parametrize(
    ("most", "classes"),
    [
        (0, []),
        (1, [(1, 1)]),
        (2, [(1, 1), (2, 2)]),
        (5, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]),
        (7, [(1, 1), (2, 2), (3, 4), (5, 5), (6, 7)]),
        (22, [(1, 4), (5, 8), (9, 13), (14, 17), (18, 22)]),
    ],
)
def test_classes_are_whole_and_near_equal(most: int, classes: list[tuple[int, int]]) -> None:
    assert classes_for(most) == classes


def test_colours_go_from_pale_to_dark_and_one_class_is_in_the_middle() -> None:
    assert [colour_of(n, classes_for(22)) for n in (-1, 0, 1, 4, 5, 13, 14, 17, 18, 22, 99)] == [
        "#f3f5f1", "#f3f5f1", RAMP[0], RAMP[0], RAMP[1], RAMP[2], RAMP[3], RAMP[3], RAMP[4],
        RAMP[4], RAMP[4],
    ]  # fmt: skip
    assert [colour_of(1, classes_for(1)), colour_of(9, classes_for(1))] == [RAMP[2], RAMP[2]]
    assert [colour_of(n, classes_for(2)) for n in (1, 2)] == [RAMP[0], RAMP[4]]
    assert [colour_of(n, classes_for(3)) for n in (1, 2, 3)] == [RAMP[0], RAMP[2], RAMP[4]]
    assert [colour_of(n, classes_for(4)) for n in (1, 2, 3, 4)] == [
        RAMP[0], RAMP[1], RAMP[3], RAMP[4]
    ]  # fmt: skip


def test_a_set_of_villages_is_read_bit_by_bit() -> None:
    packed = base64.b64encode(np.packbits([1, 0, 1, 1, 0, 0, 0, 0, 1, 1]).tobytes()).decode()
    assert still._bits(packed, 9).tolist() == [True, False, True, True, *[False] * 4, True]
    assert still._bits(None, 2).tolist() == [True, True]


def drawn(opened: Opened, mode: Any, **choices: str) -> tuple[Any, str]:
    """The picture of some choices, taken apart, and whole."""
    view = view_of(opened, language="en", **choices)
    state = map_state(view, mode)
    stills = opened.stills()
    plane = stills.fine if state.focus else stills.coarse
    key = next(key for key, asset in opened.feed.areas.items() if asset is state.areas)
    limits = plane.limits_of(state.focus) if state.focus else plane.limits
    picture = still._Picture(still=plane, areas=plane.areas[key], state=state, limits=limits)
    return picture, still_map(opened.feed, stills, state, view.t)


def marks(html: str) -> dict[str, list[str]]:
    """Each mark's places, by kind; the faded ones with a sign."""
    found: dict[str, list[str]] = {}
    body = html.partition("</defs>")[2].partition("</svg>")[0]
    for kind, at, faded in re.findall(r'<use href="#ps-(\w)" x="(\d+)" y="\d+"( opacity)?', body):
        found.setdefault(kind, []).append(at + ("~" if faded else ""))
    return found


def names(html: str) -> list[str]:
    """Names on the map in the order they were placed; the faded ones with a sign."""
    found = re.findall(r'<text x="\d+" y="\d+"( class="faded")?>([^<]*)</text>', html)
    return [name + ("~" if faded else "") for faded, name in found]


def test_villages_not_covered_have_their_marks_the_worst_on_top(uneven: Opened) -> None:
    picture, html = drawn(uneven, "areas")
    x = [str(at) for at in picture.still.points[:, 0]]
    assert list(marks(html)) == ["u", "w", "n"]
    assert marks(html) == {"u": x[6:9], "w": [x[2], x[4]], "n": [x[5]]}


def test_outside_a_chosen_area_marks_and_names_fade(uneven: Opened) -> None:
    picture, html = drawn(uneven, "areas", commune="11")
    x = [str(at) for at in picture.still.points[:, 0]]
    assert marks(html) == {"w": [x[4]], "n": [x[5]]}
    assert names(html)[0] == "1"
    assert {name for name in names(html)[1:] if not name.endswith("~")} == set()
    chosen = re.findall(r'ps-border ps-chosen" d="([^"]+)"', html)
    assert chosen == [picture.areas.paths[list(picture.codes).index("11")]]
    faded = re.findall(r'<path fill="(#\w+)" opacity=.35', html)
    plain = re.findall(r'<path fill="(#\w+)" d=', html.partition("</defs>")[2])
    assert (sorted(faded), plain) == (sorted({"#f3f5f1", RAMP[0]}), [RAMP[4]])


def test_with_many_marks_they_are_dots(uneven: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still, "MOST_MARKS", 6)
    assert set(marks(drawn(uneven, "areas")[1])) == {"u", "w", "n"}
    monkeypatch.setattr(still, "MOST_MARKS", 5)
    picture, html = drawn(uneven, "areas")
    assert marks(html) == {}
    dots = re.findall(r'<path class="ps-dots" stroke="(#\w+)" d="([^"]*)"', html)
    points = picture.still.points
    assert dots[2] == ("#d55e00", f"M{points[5][0]} {points[5][1]}h0")
    assert [(colour, path.count("M")) for colour, path in dots] == [
        ("#ffffff", 3), ("#f0c808", 2), ("#d55e00", 1)
    ]  # fmt: skip


def test_areas_are_coloured_by_their_uncovered_villages(uneven: Opened) -> None:
    picture, html = drawn(uneven, "areas")
    body = html.partition("</defs>")[2]
    fills = dict(re.findall(r'<path fill="(#\w+)" d="([^"]+)"', body))
    order = list(picture.codes)
    assert fills == {
        RAMP[4]: picture.areas.paths[order.index("412")],
        "#f3f5f1": picture.areas.paths[order.index("417")],
    }
    assert names(html) == ["Vinh", "Kỳ Sơn"]
    assert "opacity" not in body


def test_villages_are_filled_by_verdict_and_left_out_ones_grey(uneven: Opened) -> None:
    picture, html = drawn(uneven, "villages", verdicts="all")
    body = html.partition("</defs>")[2]
    fills = re.findall(r'<path fill="([^"]+)" d="([^"]+)"', body)
    outlines = picture.still.outlines.paths
    usual = re.findall(r'<use href="#ps-areas" fill="([^"]+)"', body)
    assert usual == ["#f3f5f1", "#cfe6dc"], "the covered are most, and drawn as the areas"
    assert fills == [
        ("#f7e59a", outlines[2] + outlines[4]),
        ("#f0b48a", outlines[5]),
        ("url(#ps-hatch)", "".join(outlines[6:9])),
    ]
    few = drawn(uneven, "villages", verdicts="none")[1]
    body = few.partition("</defs>")[2]
    assert re.findall(r'<use href="#ps-areas" fill="([^"]+)"', body) == ["#f3f5f1", "#eceff0"]
    assert re.findall(r'<path fill="([^"]+)"', body) == ["#f0b48a"]
    assert list(marks(few)) == ["n"]


def test_the_legend_has_what_is_drawn(uneven: Opened) -> None:
    def legend(mode: str, **choices: str) -> list[str]:
        html = drawn(uneven, mode, **choices)[1].partition('<div class="ps-legend">')[2]
        return re.findall(r"<strong>([^<]+)|background:([^\"]+)|>([^<>]+)</span>", html)

    told = [next(filter(None, one)) for one in legend("areas")]
    assert told == [
        "Villages without coverage",
        "no signal",
        "weak signal",
        "missing data",
        "Uncovered villages",
        "#f3f5f1",
        "0",
        "#d6e6f2",
        "1",
        "#72a9d0",
        "2",
        "#1c568a",
        "3",
    ]
    told = [next(filter(None, one)) for one in legend("villages")]
    assert told == [
        "Villages without coverage",
        "no signal",
        "weak signal",
        "missing data",
        "#cfe6dc",
        "covered",
        "#eceff0",
        "not in the filter",
    ]


def test_a_chosen_village_has_a_ring_where_it_lies(uneven: Opened) -> None:
    picture, html = drawn(uneven, "areas", village="v7")
    x, y = picture.still.points[6]
    assert re.findall(r'#ps-ring" x="(\d+)" y="(\d+)"', html) == [(str(x), str(y))]
    assert "#ps-ring" not in drawn(uneven, "areas")[1]


def test_the_picture_is_as_wide_as_its_limits_and_says_where_it_is_made(
    uneven: Opened, opened: Opened
) -> None:
    picture, html = drawn(uneven, "areas", commune="13")
    west, north, east, south = picture.limits
    assert f'viewBox="{west:.0f} {north:.0f} {east - west:.0f} {south - north:.0f}"' in html
    assert f'style="--s:{(east - west) / 440:.4g}"' in html
    assert picture.still.zoom == 13
    assert "ps-plate" not in html
    plate = drawn(opened, "areas")
    assert '<b class="ps-plate">SIMULATED DATA</b>' in plate[1]
    assert plate[0].still.zoom == 10


def test_shapes_half_a_picture_away_are_drawn_and_no_further(uneven: Opened) -> None:
    picture, _ = drawn(uneven, "areas", commune="13")
    west, north, east, south = picture.limits
    wide, high = (east - west) / 2, (south - north) / 2
    boxes = np.array(
        [
            [west, north, east, south],
            [west - 9 * wide, north, west - wide + 1, south],
            [west - 9 * wide, north, west - wide, south],
            [east + wide - 1, north, east + 9 * wide, south],
            [east + wide, north, east + 9 * wide, south],
            [west, north - 9 * high, east, north - high + 1],
            [west, north - 9 * high, east, north - high],
            [west, south + high - 1, east, south + 9 * high],
            [west, south + high, east, south + 9 * high],
        ]
    )
    shapes = still.Traced(about={}, paths=[""] * 9, boxes=boxes, size=0)  # type: ignore[arg-type]
    assert picture.near(shapes) == [0, 1, 3, 5, 7]

"""The map as a still picture in the page's own HTML, drawn as ``map.js`` draws it."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import numpy as np
import numpy.typing as npt

from geodata.map_stills import Limits, Still, Stills, Traced
from ui.maps.component import MapState
from ui.maps.feed import Feed
from ui.plain import plain
from ui.texts import Translator

SUPPOSED_PX = 440
"""Width that the map is taken to have until the browser says: scales marks, thins out names."""

MOST_MARKS = 1500
"""With more marks than this in sight they are dots: ``scene.js`` gathers them in clusters."""

FILLED = 0.01
"""Villages fill their areas where they have the same size to this share."""

NO_GAP = PALE = "#f3f5f1"
RAMP = ("#d6e6f2", "#a9cbe3", "#72a9d0", "#3f80b5", "#1c568a")
FILLS: Mapping[str, str] = {
    "c": "#cfe6dc",
    "w": "#f7e59a",
    "n": "#f0b48a",
    "-": "#eceff0",
    "u": "url(#ps-hatch)",
}
MARKS: Mapping[str, tuple[str, str, float]] = {
    "n": ("#d55e00", "#ffffff", 6.5),
    "w": ("#f0c808", "#3b3000", 7),
    "u": ("#ffffff", "#555555", 5.5),
}
"""Fill, edge and size of the villages' marks; a disc, a triangle and a square."""

KIND = re.compile(r"^(Huyện|Thành phố|Thị xã|Thị trấn|Quận|Phường|Xã)\s+")
"""What ``labels.js`` leaves out of a name."""


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """What is drawn, on which plane, and how many steps of it a pixel is supposed to be."""

    still: Still
    areas: Traced
    state: MapState
    limits: Limits

    @property
    def scale(self) -> float:
        return (self.limits[2] - self.limits[0]) / SUPPOSED_PX

    @cached_property
    def letters(self) -> npt.NDArray[np.str_]:
        """The verdicts seen, a letter a village."""
        return np.array(list(self.state.verdicts or self.still.letters))

    @cached_property
    def shown(self) -> npt.NDArray[np.bool_]:
        return _bits(self.state.shown, len(self.letters))

    @property
    def codes(self) -> Sequence[str]:
        return self.areas.about["codes"]

    def near(self, shapes: Traced) -> list[int]:
        """The shapes that reach into the picture, which is wider than its limits."""
        west, north, east, south = self.limits
        wide, high = (east - west) / 2, (south - north) / 2
        boxes = shapes.boxes
        near = (
            (boxes[:, 2] > west - wide)
            & (boxes[:, 0] < east + wide)
            & (boxes[:, 3] > north - high)
            & (boxes[:, 1] < south + high)
        )
        return [int(k) for k in np.flatnonzero(near)]


def still_map(feed: Feed, stills: Stills, state: MapState, t: Translator) -> str:
    """The picture with its legend, as HTML; every name in it is escaped."""
    still = stills.fine if state.focus else stills.coarse
    drawn = next(key for key, asset in feed.areas.items() if asset is state.areas)
    picture = _Picture(
        still=still,
        areas=still.areas[drawn],
        state=state,
        limits=still.limits_of(state.focus) if state.focus else still.limits,
    )
    classes = classes_for(max((row[0] for row in state.figures), default=0))
    parts = [
        _definitions(picture),
        *_areas(picture, classes),
        *(_villages(picture) if state.mode == "villages" else ()),
        *_borders(picture),
        *_marks(picture),
        *_labels(picture),
        *_chosen(picture),
    ]
    west, north, east, south = picture.limits
    box = f"{west:.0f} {north:.0f} {east - west:.0f} {south - north:.0f}"
    title = escape(t("Map of villages without coverage"), quote=True)
    head = f'role="img" aria-label="{title}" viewBox="{box}" data-box="{box}"'
    mark = f'<b class="ps-plate">{escape(t("SIMULATED DATA"))}</b>' if feed.reconstruction else ""
    return (
        f'<div class="ps-map"><svg {head} style="--s:{picture.scale:.4g}">{"".join(parts)}</svg>'
        f"{mark}{_legend(state, classes, t)}</div>"
    )


def classes_for(most: int) -> list[tuple[int, int]]:
    """Class limits for counts up to ``most``: whole numbers, near-equal, none empty."""
    count = min(len(RAMP), most)
    return [((k * most) // count + 1, ((k + 1) * most) // count) for k in range(count)]


def colour_of(count: int, classes: Sequence[tuple[int, int]]) -> str:
    """The colour of an area with so many uncovered villages."""
    if count <= 0:
        return NO_GAP
    k = next((k for k, (_, to) in enumerate(classes) if count <= to), len(classes) - 1)
    return _ramp(k, len(classes))


def _ramp(k: int, count: int) -> str:
    return RAMP[2 if count == 1 else int(k * (len(RAMP) - 1) / (count - 1) + 0.5)]


def _areas(picture: _Picture, classes: Sequence[tuple[int, int]]) -> Iterable[str]:
    """The areas under everything: by uncovered villages, or pale under the villages."""
    areas, state = picture.areas, picture.state
    if state.mode == "villages":
        yield f'<use href="#ps-areas" fill="{PALE}"/>'
        return
    groups: dict[tuple[str, bool], list[str]] = {}
    for k in picture.near(areas):
        faded = bool(state.area) and state.area != picture.codes[k]
        group = colour_of(state.figures[k][0], classes), faded
        groups.setdefault(group, []).append(areas.paths[k])
    for (colour, faded), paths in groups.items():
        yield f'<path fill="{colour}"{" opacity=.35" if faded else ""} d="{"".join(paths)}"/>'


def _villages(picture: _Picture) -> Iterable[str]:
    """The villages' outlines, filled by verdict; none where the map itself draws none from afar.

    Where the villages fill their areas, the most frequent kind is drawn as the areas: thousands
    of outlines would weigh five times as much as all else.
    """
    outlines, areas = picture.still.outlines, picture.areas
    if outlines is None:
        return
    keys = np.where(picture.shown, picture.letters, "-")
    near = picture.near(outlines)
    usual = Counter(keys[near].tolist()).most_common(1)
    filled = abs(outlines.size - areas.size) < FILLED * areas.size
    groups: dict[str, list[str]] = {}
    if filled and usual:
        yield f'<use href="#ps-areas" fill="{FILLS[usual[0][0]]}"/>'
    for k in near:
        if not filled or keys[k] != usual[0][0]:
            groups.setdefault(keys[k], []).append(outlines.paths[k])
    for key, paths in groups.items():
        yield f'<path fill="{FILLS[key]}" d="{"".join(paths)}"/>'


def _borders(picture: _Picture) -> Iterable[str]:
    """The borders of all areas, and that of the chosen one on top."""
    yield '<use href="#ps-areas" class="ps-border"/>'
    yield from (
        f'<path class="ps-border ps-chosen" d="{picture.areas.paths[k]}"/>'
        for k in picture.near(picture.areas)
        if picture.codes[k] == picture.state.area
    )


def _marks(picture: _Picture) -> Iterable[str]:
    """The marks of villages that are not covered, the worst drawn last."""
    letters, state = picture.letters, picture.state
    west, north, east, south = picture.limits
    x, y = picture.still.points.T
    inside = (x >= west) & (x <= east) & (y >= north) & (y <= south)
    found = np.flatnonzero(picture.shown & (letters != "c") & inside)
    in_area = _bits(state.in_area, len(letters))
    faint = state.mode == "areas" and bool(state.area)
    for letter in "uwn":
        marked = found[letters[found] == letter]
        if len(found) > MOST_MARKS:
            dots = "".join(f"M{x[k]} {y[k]}h0" for k in marked)
            yield f'<path class="ps-dots" stroke="{MARKS[letter][0]}" d="{dots}"/>'
            continue
        for k in marked:
            faded = " opacity=.25" if faint and not in_area[k] else ""
            yield f'<use href="#ps-{letter}" x="{x[k]}" y="{y[k]}"{faded}/>'


def _chosen(picture: _Picture) -> Iterable[str]:
    """A ring around the chosen village."""
    place = picture.still.places.get(picture.state.village)
    if place is not None:
        x, y = picture.still.points[place]
        yield f'<use href="#ps-ring" x="{x}" y="{y}"/>'


def _labels(picture: _Picture) -> Iterable[str]:
    """Names of areas, most uncovered first; one that would touch another is left out."""
    areas, state, scale = picture.areas, picture.state, picture.scale
    size = (areas.boxes[:, 2] - areas.boxes[:, 0]) * (areas.boxes[:, 3] - areas.boxes[:, 1])
    at = picture.still.at(areas.about["labels"])
    order = sorted(
        picture.near(areas),
        key=lambda k: (picture.codes[k] != state.area, -state.figures[k][0], -size[k]),
    )
    placed: list[Limits] = []
    for k in order:
        name = KIND.sub("", plain(areas.about["names"][k]))
        x, y = at[k]
        half, high = (len(name) * 3.4 + 6) * scale, 9 * scale
        if any(
            x - half < right and x + half > left and y - high < low and y + high > top
            for left, top, right, low in placed
        ):
            continue
        placed.append((x - half, y - high, x + half, y + high))
        faded = ' class="faded"' if state.area and state.area != picture.codes[k] else ""
        yield f'<text x="{x}" y="{y}"{faded}>{escape(name)}</text>'


def _legend(state: MapState, classes: Sequence[tuple[int, int]], t: Translator) -> str:
    """What the marks and colours say, in the corner where the map has it."""
    words = {"n": t("no signal"), "w": t("weak signal"), "u": t("missing data")}
    rows = [f"<strong>{escape(t('Villages without coverage'))}</strong>"]
    rows += [
        f'<span><svg viewBox="-9 -9 18 18" style="--s:1"><use href="#ps-{letter}"/></svg>'
        f"{escape(word)}</span>"
        for letter, word in words.items()
    ]
    if state.mode == "villages":
        patches = [(FILLS["c"], t("covered")), (FILLS["-"], t("not in the filter"))]
    else:
        rows.append(f"<strong>{escape(t('Uncovered villages'))}</strong>")
        patches = [(NO_GAP, t.number(0))]
        for k, (low, high) in enumerate(classes):
            told = t.number(low) if low == high else f"{t.number(low)}–{t.number(high)}"
            patches.append((_ramp(k, len(classes)), told))
    rows += [
        f'<span><i style="background:{colour}"></i>{escape(word)}</span>'
        for colour, word in patches
    ]
    return f'<div class="ps-legend">{"".join(rows)}</div>'


def _definitions(picture: _Picture) -> str:
    """The marks, of the same size on the screen at every scale; slanted lines; all areas."""
    disc, triangle, square = (MARKS[letter] for letter in "nwu")
    shapes = {
        "n": f'<circle r="{disc[2]}"',
        "w": f'<path d="M0-{triangle[2]}L{triangle[2]} {triangle[2] * 0.8:.1f}H-{triangle[2]}z"',
        "u": f'<path d="M-{square[2]}-{square[2]}h{2 * square[2]}v{2 * square[2]}H-{square[2]}z"',
    }
    marks = "".join(
        f'<g id="ps-{letter}"><g class="ps-mark">{shape} fill="{MARKS[letter][0]}" '
        f'stroke="{MARKS[letter][1]}" stroke-width="1.5"/></g></g>'
        for letter, shape in shapes.items()
    )
    ring = (
        '<g id="ps-ring"><g class="ps-mark" fill="none"><circle r="15" stroke="#fff" '
        'stroke-width="5"/><circle r="15" stroke="#111" stroke-width="2.5"/></g></g>'
    )
    hatch = (
        '<pattern id="ps-hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
        f'patternTransform="scale({picture.scale:.4g})"><path fill="#fff" d="M0 0h8v8H0z"/>'
        '<path stroke="#777" d="M0 8L8 0"/></pattern>'
    )
    every = "".join(picture.areas.paths[k] for k in picture.near(picture.areas))
    areas = f'<path id="ps-areas" vector-effect="non-scaling-stroke" d="{every}"/>'
    return f"<defs>{marks}{ring}{hatch}{areas}</defs>"


def _bits(packed: str | None, count: int) -> npt.NDArray[np.bool_]:
    """A set of villages as `ui.maps.component.packed` writes it."""
    if packed is None:
        return np.ones(count, dtype=bool)
    raw = np.frombuffer(base64.b64decode(packed), dtype=np.uint8)
    return np.unpackbits(raw)[:count].astype(bool)

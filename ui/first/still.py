"""The map as a still picture in the page's own HTML, drawn as ``map.js`` draws it."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from ui.maps.assets import Asset
from ui.maps.component import MapState
from ui.maps.feed import Feed
from ui.plain import plain
from ui.texts import Translator

PLANE_ZOOM = 10
"""A step of the picture's plane is a pixel of web maps at this zoom: half of what is shown."""

SIDE = 256 * 2**PLANE_ZOOM
SUPPOSED_PX = 440
"""Width that the map is taken to have until the browser says: scales marks, thins out names."""

MOST_MARKS = 1500
"""With more marks than this in sight none is drawn: ``scene.js`` gathers them in clusters."""

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

Plane = npt.NDArray[np.int64]
Limits = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Traced:
    """Shapes as the plane has them: a path each, and boxes as west, north, east, south.

    ``size`` is the area of them all, in steps of the plane squared.
    """

    table: Mapping[str, Sequence[object]]
    paths: Sequence[str]
    boxes: Plane
    size: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """The villages of a map: where each stands, its published letter, and its place by id."""

    xy: Plane
    letters: str
    places: Mapping[str, int]
    limits: Limits


_traced: WeakKeyDictionary[Asset, Traced] = WeakKeyDictionary()
_points: WeakKeyDictionary[Asset, Points] = WeakKeyDictionary()


def still_map(feed: Feed, state: MapState, t: Translator) -> str:
    """The picture with its legend, as HTML; every name in it is escaped."""
    points = _points_of(feed.villages)
    limits = _limits(state.focus) if state.focus else points.limits
    scale = (limits[2] - limits[0]) / SUPPOSED_PX
    areas = _trace(state.areas)
    classes = classes_for(max((row[0] for row in state.figures), default=0))
    drawn = [
        *_areas(areas, state, classes, limits),
        *(_villages(feed, areas, state, points, limits) if state.mode == "villages" else ()),
        *_borders(areas, state, limits),
        *_marks(state, points, limits),
        *_labels(areas, state, limits, scale),
        *_chosen(state, points),
    ]
    west, north, east, south = limits
    box = f"{west:.0f} {north:.0f} {east - west:.0f} {south - north:.0f}"
    mark = f'<b class="ps-plate">{escape(t("SIMULATED DATA"))}</b>' if feed.reconstruction else ""
    every = "".join(areas.paths[k] for k in _near(areas.boxes, limits))
    outlined = f'<defs><path id="ps-areas" vector-effect="non-scaling-stroke" d="{every}"/></defs>'
    title = escape(t("Map of villages without coverage"), quote=True)
    head = f'role="img" aria-label="{title}" viewBox="{box}" data-box="{box}"'
    picture = (
        f'<svg {head} style="--s:{scale:.2f}">{_definitions(scale)}{outlined}{"".join(drawn)}</svg>'
    )
    return f'<div class="ps-map">{picture}{mark}{_legend(state, classes, t)}</div>'


def prepare(feed: Feed) -> None:
    """Make what every picture of a feed needs, so that none has to wait for it."""
    _points_of(feed.villages)
    for asset in (feed.outlines, *feed.areas.values()):
        if asset is not None:
            _trace(asset)


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


def _areas(
    areas: Traced, state: MapState, classes: Sequence[tuple[int, int]], limits: Limits
) -> Iterable[str]:
    """The areas under everything: by uncovered villages, or pale under the villages."""
    if state.mode == "villages":
        yield f'<use href="#ps-areas" fill="{PALE}"/>'
        return
    groups: dict[tuple[str, bool], list[str]] = {}
    codes = areas.table["codes"]
    for k in _near(areas.boxes, limits):
        filled = colour_of(state.figures[k][0], classes)
        faded = bool(state.area) and state.area != codes[k]
        groups.setdefault((filled, faded), []).append(areas.paths[k])
    for (filled, faded), paths in groups.items():
        yield f'<path fill="{filled}"{" opacity=.35" if faded else ""} d="{"".join(paths)}"/>'


def _villages(
    feed: Feed, areas: Traced, state: MapState, points: Points, limits: Limits
) -> Iterable[str]:
    """The villages' outlines, filled by verdict; none where the map itself draws none from afar.

    Where the villages fill their areas, the most frequent kind is drawn as the areas: thousands
    of outlines would weigh five times as much as all else.
    """
    if feed.outlines is None:
        return
    outlines = _trace(feed.outlines)
    letters = np.array(list(state.verdicts or points.letters))
    keys = np.where(_bits(state.shown, len(letters)), letters, "-")
    near = _near(outlines.boxes, limits)
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


def _borders(areas: Traced, state: MapState, limits: Limits) -> Iterable[str]:
    """The borders of all areas, and that of the chosen one on top."""
    codes = areas.table["codes"]
    yield '<use href="#ps-areas" class="ps-border"/>'
    yield from (
        f'<path class="ps-border ps-chosen" d="{areas.paths[k]}"/>'
        for k in _near(areas.boxes, limits)
        if codes[k] == state.area
    )


def _marks(state: MapState, points: Points, limits: Limits) -> Iterable[str]:
    """The marks of villages that are not covered, the worst drawn last."""
    letters = np.array(list(state.verdicts or points.letters))
    shown = _bits(state.shown, len(letters)) & (letters != "c")
    west, north, east, south = limits
    x, y = points.xy.T
    inside = (x >= west) & (x <= east) & (y >= north) & (y <= south)
    found = np.flatnonzero(shown & inside)
    if len(found) > MOST_MARKS:
        return
    in_area = _bits(state.in_area, len(letters))
    faint = state.mode == "areas" and bool(state.area)
    for letter in "uwn":
        for k in found[letters[found] == letter]:
            faded = " opacity=.25" if faint and not in_area[k] else ""
            yield f'<use href="#ps-{letter}" x="{x[k]}" y="{y[k]}"{faded}/>'


def _chosen(state: MapState, points: Points) -> Iterable[str]:
    """A ring around the chosen village."""
    place = points.places.get(state.village)
    if place is not None:
        x, y = points.xy[place]
        yield f'<use href="#ps-ring" x="{x}" y="{y}"/>'


def _labels(areas: Traced, state: MapState, limits: Limits, scale: float) -> Iterable[str]:
    """Names of areas, most uncovered first; one that would touch another is left out."""
    codes, names, labels = (areas.table[name] for name in ("codes", "names", "labels"))
    size = (areas.boxes[:, 2] - areas.boxes[:, 0]) * (areas.boxes[:, 3] - areas.boxes[:, 1])
    at = _plane(np.array(labels, dtype=float).reshape(-1, 2))
    order = sorted(
        _near(areas.boxes, limits),
        key=lambda k: (codes[k] != state.area, -state.figures[k][0], -size[k]),
    )
    placed: list[tuple[float, float, float, float]] = []
    for k in order:
        name = KIND.sub("", str(names[k]))
        x, y = at[k]
        half, high = (len(name) * 3.4 + 6) * scale, 9 * scale
        if any(
            x - half < right and x + half > left and y - high < low and y + high > top
            for left, top, right, low in placed
        ):
            continue
        placed.append((x - half, y - high, x + half, y + high))
        faded = ' class="faded"' if state.area and state.area != codes[k] else ""
        yield f'<text x="{x}" y="{y}"{faded}>{escape(plain(name))}</text>'


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


def _definitions(scale: float) -> str:
    """The marks, of the same size on the screen at every scale, and slanted lines for unknown."""
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
        f'patternTransform="scale({scale:.2f})"><path fill="#fff" d="M0 0h8v8H0z"/>'
        '<path stroke="#777" d="M0 8L8 0"/></pattern>'
    )
    return f"<defs>{marks}{ring}{hatch}</defs>"


def _near(boxes: Plane, limits: Limits) -> list[int]:
    """The shapes whose boxes reach into the picture, which is wider than its limits."""
    west, north, east, south = limits
    wide, high = (east - west) / 2, (south - north) / 2
    near = (
        (boxes[:, 2] > west - wide)
        & (boxes[:, 0] < east + wide)
        & (boxes[:, 3] > north - high)
        & (boxes[:, 1] < south + high)
    )
    return [int(k) for k in np.flatnonzero(near)]


def _bits(packed: str | None, count: int) -> npt.NDArray[np.bool_]:
    """A set of villages as `ui.maps.component.packed` writes it."""
    if packed is None:
        return np.ones(count, dtype=bool)
    raw = np.frombuffer(base64.b64decode(packed), dtype=np.uint8)
    return np.unpackbits(raw)[:count].astype(bool)


def _limits(corners: Sequence[Sequence[float]]) -> Limits:
    """South-west and north-east corners in degrees as west, north, east, south of the plane."""
    (south, west), (north, east) = corners
    (left, low), (right, top) = _plane(np.array([[west, south], [east, north]]))
    return float(left), float(top), float(max(right, left + 1)), float(max(low, top + 1))


def _plane(degrees: npt.NDArray[np.float64]) -> Plane:
    """Longitude and latitude as whole steps of the plane: Mercator, y to the south."""
    sin = np.sin(np.radians(degrees[:, 1]))
    x = (degrees[:, 0] + 180) / 360 * SIDE
    y = (0.5 - np.log((1 + sin) / (1 - sin)) / (4 * np.pi)) * SIDE
    return np.asarray(np.rint(np.column_stack([x, y])), dtype=np.int64)


def _points_of(asset: Asset) -> Points:
    """The villages of a feed, read once."""
    found = _points.get(asset)
    if found is None:
        table = json.loads(asset.body)
        steps = np.array(table["points"], dtype=float).reshape(-1, 2)
        found = _points[asset] = Points(
            xy=_plane(steps / table["scale"]),
            letters=table["verdicts"],
            places={name: k for k, name in enumerate(table["ids"])},
            limits=_limits(table["bounds"]),
        )
    return found


def _trace(asset: Asset) -> Traced:
    """The shapes of an asset, traced once."""
    found = _traced.get(asset)
    if found is None:
        table = json.loads(asset.body)
        paths, size = [], 0.0
        boxes = np.zeros((len(table["shapes"]), 4), dtype=np.int64)
        for k, shape in enumerate(table.pop("shapes")):
            parts = [[_ring(ring, table["scale"]) for ring in part] for part in shape]
            paths.append("".join(_path(ring) for part in parts for ring in part))
            size += sum(_size(part) for part in parts)
            if parts:
                corners = np.concatenate([ring for part in parts for ring in part])
                boxes[k] = *corners.min(axis=0), *corners.max(axis=0)
        found = _traced[asset] = Traced(table=table, paths=paths, boxes=boxes, size=size)
    return found


def _ring(steps: Sequence[int], scale: float) -> Plane:
    return _plane(np.cumsum(np.array(steps, dtype=float).reshape(-1, 2), axis=0) / scale)


def _size(rings: Sequence[Plane]) -> float:
    """The area of a polygon, its holes taken out."""
    areas = []
    for ring in rings:
        x, y = (ring - ring[0]).T
        areas.append(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2)
    return areas[0] - sum(areas[1:]) if areas else 0.0


def _path(ring: Plane) -> str:
    """A closed ring as a path of steps; one that shrank to a point or a line stays a speck."""
    steps = np.diff(ring, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    told = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{ring[0][0]} {ring[0][1]}l{told}z" if len(steps) else ""

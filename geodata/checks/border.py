"""Layers that end exactly at the province's border: where they stop, signal need not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.areas import polygons_of
from geodata.checks.model import PLACES_KEPT, Subject, Together
from geodata.findings import Finding, finding

STEP_M = 1_000.0
"""How far apart the places on the border lie."""

ASIDE_M = 60.0
"""How far inside and outside of it."""

FEWEST = 10
FINEST, MOST_BORDER = 200, 4_000
"""Small areas are looked at this often, large ones at most this often."""

SHARE_CUT = 0.9
"""Of the places with signal just inside, so many without just outside are no chance."""

Points = npt.NDArray[np.float64]


def cut_at_border(together: Together) -> Iterator[Finding]:
    """Layers that have signal just inside the border and hardly ever just outside of it."""
    inside, outside = border_points(together)
    if len(inside) < FEWEST:
        return
    for subject in together.of("layer"):
        if subject.placed is not None:
            yield from _of_layer(subject, inside, outside)


def _of_layer(subject: Subject, inside: Points, outside: Points) -> Iterator[Finding]:
    if subject.placed is None:
        return
    held, beyond = _held(subject, inside), _held(subject, outside)
    cut = held & ~beyond
    if held.sum() < FEWEST or cut.sum() < SHARE_CUT * held.sum():
        return
    places = gpd.GeoSeries(shapely.points(inside[cut][:PLACES_KEPT]), crs=subject.placed.crs)
    made = finding(
        "ends-at-border",
        "note",
        "{layer} ends exactly at the province's border: at {cut} of {held} places it has signal "
        "just inside and none just outside. It was probably cut there; that is harmless for this "
        "province and says nothing of its neighbours",
        file=subject.file,
        layer=subject.title,
        cut=int(cut.sum()),
        held=int(held.sum()),
    )
    yield replace(made, places=places)


def border_points(together: Together) -> tuple[Points, Points]:
    """Pairs of places just inside and just outside the study's outer border, in metres."""
    nothing = np.empty((0, 2)), np.empty((0, 2))
    outlines = (s.outline for s in together.of("districts", "communes"))
    whole = next((outline for outline in outlines if outline is not None), None)
    if whole is None:
        return nothing
    parts = [p for p in shapely.get_parts(whole) if isinstance(p, shapely.Polygon)]
    if not parts:
        return nothing
    shapely.prepare(whole)
    ring = shapely.LineString(max(parts, key=lambda p: p.area).exterior)
    step = max(min(STEP_M, ring.length / FINEST), ring.length / MOST_BORDER)
    along = np.arange(0.0, ring.length, step)
    here = shapely.get_coordinates(shapely.line_interpolate_point(ring, along))
    next_ = shapely.get_coordinates(shapely.line_interpolate_point(ring, along + 1.0))
    way = next_ - here
    long = np.hypot(way[:, 0], way[:, 1])
    straight = long > 0
    aside = (way / np.where(straight, long, 1.0)[:, None])[:, ::-1] * [1.0, -1.0] * ASIDE_M
    left, right = here + aside, here - aside
    left_in, right_in = shapely.contains_xy(whole, left), shapely.contains_xy(whole, right)
    sure = straight & (left_in != right_in)
    inside = np.where(left_in[:, None], left, right)[sure]
    outside = np.where(left_in[:, None], right, left)[sure]
    return inside, outside


def _held(subject: Subject, places: Points) -> npt.NDArray[np.bool_]:
    """Which places the layer covers."""
    held = np.zeros(len(places), bool)
    if subject.placed is None:
        return held
    shapes = polygons_of(subject.placed.geometry).dropna().to_numpy()
    for part in shapely.get_parts(shapes):
        x0, y0, x1, y1 = part.bounds
        near = ~held & (places[:, 0] >= x0) & (places[:, 0] <= x1)
        near &= (places[:, 1] >= y0) & (places[:, 1] <= y1)
        if near.any():
            shapely.prepare(part)
            held[near] = shapely.contains_xy(part, places[near])
    return held

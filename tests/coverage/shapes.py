"""Hostile polygons, made by hypothesis: what layers and villages look like on a bad day."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import assume
from hypothesis import strategies as st
from shapely import Polygon, box

X, Y = 598_000.0, 2_065_000.0


def moved(geometry: shapely.Geometry) -> shapely.Geometry:
    """The same shape where Nghệ An lies, so that coordinates have real sizes."""
    return shapely.transform(geometry, lambda xy: np.add(xy, (X, Y)))


whole = st.integers(0, 12).map(lambda k: 100.0 * k)
"""Places on a coarse grid: shared edges, vertices on edges, collinear runs come by themselves."""

anywhere = st.floats(0, 1200, allow_nan=False, width=32).map(float)


@st.composite
def boxes(draw: st.DrawFn, place: st.SearchStrategy[float] = whole) -> Polygon:
    """An upright rectangle, now and then a sliver."""
    x, y = draw(place), draw(place)
    width = draw(st.sampled_from([1e-3, 0.5, 100.0, 300.0, 700.0]))
    height = draw(st.sampled_from([1e-3, 0.5, 100.0, 300.0, 700.0]))
    return box(x, y, x + width, y + height)


@st.composite
def stars(draw: st.DrawFn) -> Polygon:
    """A ragged ring around a point, some of its vertices repeated or collinear."""
    count = draw(st.integers(3, 14))
    x, y = draw(st.one_of(whole, anywhere)), draw(st.one_of(whole, anywhere))
    reach = np.array(
        draw(st.lists(st.sampled_from([50.0, 120.0, 400.0, 800.0]), min_size=count, max_size=count))
    )
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ring = np.c_[x + reach * np.cos(angle), y + reach * np.sin(angle)]
    if draw(st.booleans()):
        ring = np.round(ring / 100) * 100
    if draw(st.booleans()):
        ring = np.repeat(ring, 2, axis=0)
    polygon = Polygon(ring)
    assume(polygon.area > 0)  # GEOS cannot segmentize a ring without extent
    if draw(st.booleans()):
        polygon = shapely.segmentize(polygon, 90.0)
    return polygon


@st.composite
def holed(draw: st.DrawFn) -> Polygon:
    """A rectangle with a rectangular hole, which may touch its edge."""
    outer = draw(boxes())
    inner = draw(boxes())
    return shapely.difference(outer, inner)


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Geometry:
    """Any of the above, valid or not, where Nghệ An lies."""
    return moved(draw(st.one_of(boxes(), boxes(anywhere), stars(), holed())))


def true_union(footprint: list[shapely.Geometry]) -> shapely.Geometry:
    """What a footprint covers, by GEOS: rows made valid, then united."""
    rows = np.array([*footprint, Polygon()], dtype=object)
    valid = shapely.make_valid(rows, method="structure", keep_collapsed=False)
    return shapely.union_all(valid)


@st.composite
def tangled(draw: st.DrawFn) -> Polygon:
    """A ring through a few points of a coarse grid in any order, or one with a hole anywhere.

    With a hole neither crosses itself: see `coverage.grid` for the one thing not noticed.
    """
    spot = st.tuples(whole, whole)
    ring = draw(st.lists(spot, min_size=3, max_size=7, unique=True))
    hole = draw(st.lists(spot, min_size=3, max_size=4, unique=True) | st.none())
    made = Polygon(ring, [hole] if hole else [])
    assume(Polygon(ring).area > 0)
    assume(hole is None or (Polygon(ring).is_valid and Polygon(hole).is_valid))
    return moved(made)

"""One way of mending, bounded, for villages, layers and files."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box
from shapely.affinity import scale, translate

import coverage
from coverage.errors import CoverageError
from coverage.mending import MOST_CROSSINGS, MendError, is_tangled, make_valid
from coverage.model import Layer, LayerInfo
from coverage.moved import moved_footprint
from geodata.areas import valid_polygons
from geodata.errors import DataError
from geodata.report.mend import mended
from tests import tiny

X0, Y0 = tiny.X0, tiny.Y0
SQUARE = box(0, 0, 1, 1)
LOOP = Polygon([(0, 0), (3, 0), (3, 2), (1, 2), (1, 1), (2, 1), (2, 3), (0, 3)])
"""Its outline crosses itself: a square metre is wound around twice."""

TWICE = Polygon([*SQUARE.exterior.coords[:-1], *SQUARE.exterior.coords])
STICKS_OUT = Polygon(SQUARE.exterior.coords, [box(0.5, 0.25, 1.5, 0.75).exterior.coords])
SPIKE = Polygon([(0, 0), (1, 0), (1, 0.5), (4, 0.5), (1, 0.5), (1, 1), (0, 1)])
EMPTY_RING = shapely.from_wkt("POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0), EMPTY)")
BOW = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
STACKED = shapely.MultiPolygon([SQUARE, SQUARE, translate(SQUARE, 0.5)])
KINDS = {
    "loop": (LOOP, 8.0),
    "twice": (TWICE, 1.0),
    "sticks-out": (STICKS_OUT, 0.75),
    "spike": (SPIKE, 1.0),
    "empty-ring": (EMPTY_RING, 1.0),
    "bow": (BOW, 0.5),
    "stacked": (STACKED, 1.5),
}
"""Shapes of a metre or some, and what each encloses."""


def tangle(corners: int) -> Polygon:
    """Corners at random: so many that GEOS would need minutes and gigabytes."""
    return Polygon(np.random.default_rng(20).random((corners, 2)))


def layer_of(*shapes: shapely.Geometry) -> Layer:
    info = LayerInfo(operator="A", technology="4G", as_of=date(2023, 8, 30))
    return Layer(info=info, footprint=gpd.GeoSeries(shapes, crs=tiny.CRS))


def village_of(shape: shapely.Geometry) -> gpd.GeoDataFrame:
    table = tiny.villages().iloc[:1].copy()
    table["geometry"] = gpd.GeoSeries([shape], index=table.index, crs=tiny.CRS)
    return table


@pytest.mark.parametrize("kind", KINDS)
def test_villages_layers_and_repairs_mend_alike(kind: str) -> None:
    shape, area_m2 = KINDS[kind]
    placed = translate(scale(shape, 100, 100, origin=(0, 0)), X0, Y0)
    expected = area_m2 * 100**2
    as_layer = coverage.measure(village_of(box(X0 - 100, Y0 - 100, X0 + 500, Y0 + 500)),
                                [layer_of(placed)])  # fmt: skip
    assert as_layer.area_m2[as_layer.combination == 1].sum() == pytest.approx(expected)
    table = gpd.GeoDataFrame({"village_id": ["v1"]}, geometry=[placed], crs=tiny.CRS)
    read = valid_polygons(table.geometry).iloc[0]
    written = mended(table, file="v", role="villages", ids=None)[0].geometry.iloc[0]
    for one in (read, written):
        as_village = coverage.measure(village_of(one), [layer_of(placed)])
        assert as_village.village_area_m2.tolist() == pytest.approx([expected])
        assert as_village.area_m2[as_village.combination == 1].sum() == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    size=st.floats(1e-1, 1e4),
    x=st.floats(-2e3, 2e3),
    y=st.floats(-2e3, 2e3),
    angle=st.floats(0, 360),
)
def test_a_broken_shape_counts_for_what_it_encloses_wherever_it_lies(
    kind: str, size: float, x: float, y: float, angle: float
) -> None:
    shape, area_m2 = KINDS[kind]
    turned = shapely.affinity.rotate(scale(shape, size, size, origin=(0, 0)), angle, origin=(0, 0))
    placed = translate(turned, X0 + x, Y0 + y)
    around = shapely.buffer(shapely.envelope(placed), size)
    found = coverage.measure(village_of(around), [layer_of(placed)])
    covered = found.area_m2[found.combination == 1].sum()
    assert covered == pytest.approx(area_m2 * size**2, rel=1e-5, abs=1e-3)


def test_what_crosses_itself_without_end_is_refused_with_its_layer_and_row() -> None:
    broken = translate(scale(tangle(2_000), 1000, 1000, origin=(0, 0)), X0, Y0)
    assert is_tangled(broken)
    with pytest.raises(MendError, match=r"^A 4G, row 2: the polygon crosses itself more than"):
        coverage.measure(tiny.villages(), [layer_of(tiny.layers()[0].footprint[0], broken)])
    rows = gpd.GeoSeries([SQUARE, broken], index=[7, 8]).rename_axis("row")
    with pytest.raises(DataError, match=r"^v\.shp, row 8: the polygon crosses itself"):
        valid_polygons(rows, file="v.shp")


def test_a_large_outline_that_crosses_itself_once_is_mended() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    circle = np.c_[np.cos(angle), np.sin(angle)]
    circle[[10, 11]] = circle[[11, 10]]
    shape = Polygon(circle)
    assert not shape.is_valid
    (mended_shape,) = make_valid(np.array([shape], dtype=object))
    assert mended_shape.area == pytest.approx(np.pi, rel=1e-6)


def test_a_tangle_within_a_large_outline_is_seen() -> None:
    angle = np.linspace(0, 2 * np.pi, 50_000, endpoint=False)
    circle = np.c_[np.cos(angle), np.sin(angle)]
    assert is_tangled(Polygon(np.r_[circle, 1e-3 * np.array(tangle(1_500).exterior.coords)]))


def test_a_mend_error_travels_with_its_row() -> None:
    import pickle  # noqa: PLC0415  # of this test alone

    error = MendError("{what}, row {row}: {most}", row=4, what="A 4G")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (again.row, str(again)) == (4, f"A 4G, row 5: {MOST_CROSSINGS}")


def test_a_needle_valid_by_rounding_is_moved() -> None:
    """A spike out and back of GEOS's own making, in an outline large enough to be cut to tiles."""
    angle = np.linspace(0, 2 * np.pi, 6_000, endpoint=False)
    circle = np.c_[np.cos(angle), np.sin(angle)] * 5_000 + [X0, Y0]
    tip = circle[1500] * 2 - [X0, Y0]
    needle = Polygon(np.insert(circle, 1501, [tip, circle[1500]], axis=0))
    shapes = np.array([needle], dtype=object)
    seen = shapely.STRtree([box(X0 - 1e5, Y0 - 1e5, X0 + 1e5, Y0 + 1e5)])
    inward, outward = moved_footprint(shapes, 50.0, seen=seen, most_vertices=500)
    area = float(shapely.area(needle))
    assert shapely.area(inward).sum() < area < shapely.area(outward).sum()


def test_what_geos_cannot_move_is_named_by_layer_and_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> shapely.Geometry:
        raise shapely.errors.GEOSException("IllegalArgumentException: no")

    monkeypatch.setattr("coverage.moved._united", refuses)
    with pytest.raises(CoverageError, match=r"^Alpha 4G, row 1: the polygon is broken"):
        coverage.measure(tiny.villages(), tiny.layers(), moved=True)

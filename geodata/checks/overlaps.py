"""Neighbours that overlap, or leave slivers between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.areas import valid_polygons
from geodata.checks.model import PLACES_KEPT, Subject, about_rows
from geodata.columns import row_number, text
from geodata.errors import Phrase, phrase
from geodata.findings import Finding, Severity, finding

MOST_SHAPES = 30_000
MOST_VERTICES = 3_000_000
"""With more than this the neighbours are not compared: a page must answer at once."""

SLIVER_M = 5.0
"""An area thinner than this (twice its area over its perimeter … a strip's width) is a sliver."""

LEAST_M2 = 1.0
"""Less than this is how numbers are rounded."""

TELLING_SHARE = 0.01
"""An overlap of this share of the smaller neighbour is a claim of two villages on one place."""

Shapes = npt.NDArray[np.object_]


def neighbours(subject: Subject) -> Iterator[Finding]:
    """Overlaps and slivers between villages, or between units of one file."""
    if subject.placed is None or subject.role not in ("villages", "communes", "districts"):
        return
    shapes = valid_polygons(subject.placed.geometry, file=subject.file).to_numpy()
    there = np.flatnonzero(~shapely.is_missing(shapes))
    if len(there) < 2:
        return
    if _too_many(shapes[there]):
        yield finding(
            "overlaps-not-checked",
            "note",
            "too many shapes or vertices to compare all neighbours here; overlaps were not looked "
            "for",
            file=subject.file,
        )
        return
    pairs, common = overlapping(shapes)
    yield from _overlaps(subject, shapes, pairs, common)
    yield from _gaps(subject, shapes[there])


def _too_many(shapes: Shapes) -> bool:
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    return len(shapes) > MOST_SHAPES or vertices > MOST_VERTICES


def overlapping(shapes: Shapes) -> tuple[npt.NDArray[np.intp], Shapes]:
    """Pairs (n × 2 positions) of polygons that share an area, and that area.

    Where the polygons fit together as a coverage (GEOS's coverage validity, far quicker than
    any overlay), there is none. None among them may be invalid; missing ones are passed over.
    """
    there = np.flatnonzero(~shapely.is_missing(shapes))
    suspects = there[~shapely.is_empty(shapely.coverage_invalid_edges(shapes[there]))]
    if not len(suspects):
        return np.empty((0, 2), np.intp), np.empty(0, object)
    tree = shapely.STRtree(shapes[there])
    one, other = tree.query(shapes[suspects], predicate="intersects")
    pairs = np.column_stack([suspects[one], there[other]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    keep = shapely.area(common) > LEAST_M2
    return pairs[keep], common[keep]


def _overlaps(
    subject: Subject, shapes: Shapes, pairs: npt.NDArray[np.intp], common: Shapes
) -> Iterator[Finding]:
    area = shapely.area(common)
    smaller = np.minimum(shapely.area(shapes[pairs[:, 0]]), shapely.area(shapes[pairs[:, 1]]))
    thin = (2 * area < SLIVER_M * shapely.length(common)) & (area < TELLING_SHARE * smaller)
    what = "village" if subject.role == "villages" else "unit"
    yield from _pairs(
        f"{what}-overlap",
        "warning",
        "{pairs} pairs of neighbours overlap, together {area} (worst: {first} and {second}, "
        "{most}); people there would belong to both, so settle whose land it is",
        of=subject,
        pairs=pairs[~thin],
        common=common[~thin],
    )
    yield from _pairs(
        f"{what}-sliver",
        "note",
        "{pairs} pairs of neighbours overlap in strips thinner than {width} m, together {area}; "
        "this is how borders are drawn twice, and changes no answer",
        of=subject,
        pairs=pairs[thin],
        common=common[thin],
    )


def _pairs(
    kind: str,
    severity: Severity,
    template: str,
    /,
    *,
    of: Subject,
    pairs: npt.NDArray[np.intp],
    common: Shapes,
) -> Iterator[Finding]:
    """One finding about pairs of neighbours, the largest overlap first."""
    if not len(pairs):
        return
    area = shapely.area(common)
    order = np.argsort(-area)
    first, second = pairs[order[0]]
    where = np.zeros(len(of.table), bool)
    where[pairs.ravel()] = True
    found = about_rows(
        kind,
        severity,
        template,
        of=of,
        where=where,
        pairs=len(pairs),
        area=area_told(float(area.sum())),
        most=area_told(float(area[order[0]])),
        first=_named(of, int(first)),
        second=_named(of, int(second)),
        width=f"{SLIVER_M:g}",
    )
    places = shapely.point_on_surface(common[order[:PLACES_KEPT]])
    yield replace(found, places=gpd.GeoSeries(places, crs=_crs(of)))


def _gaps(subject: Subject, shapes: Shapes) -> Iterator[Finding]:
    """Thin strips between neighbours that belong to nobody."""
    polygons = shapes[shapely.get_dimensions(shapes) == 2]
    edges = shapely.coverage_invalid_edges(polygons, gap_width=SLIVER_M)
    if shapely.is_empty(edges).all():
        return
    near = polygons[~shapely.is_empty(edges)]
    holes = [
        shapely.Polygon(ring)
        for part in shapely.get_parts(shapely.union_all(near))
        for ring in part.interiors
    ]
    strips = np.array([h for h in holes if _is_strip(h)], dtype=object)
    if not len(strips):
        return
    found = finding(
        "sliver-gap",
        "note",
        "{gaps} strips thinner than {width} m between neighbours belong to nobody, together "
        "{area}; this is how borders are drawn twice, and changes no answer",
        file=subject.file,
        gaps=len(strips),
        width=f"{SLIVER_M:g}",
        area=area_told(float(shapely.area(strips).sum())),
    )
    places = shapely.point_on_surface(strips[:PLACES_KEPT])
    yield replace(found, places=gpd.GeoSeries(places, crs=_crs(subject)))


def _is_strip(hole: shapely.Polygon) -> bool:
    return bool(hole.area > LEAST_M2 and 2 * hole.area < SLIVER_M * hole.length)


def area_told(square_metres: float) -> Phrase:
    """An area in the unit people would use."""
    if square_metres < 10_000:
        return phrase("{area} m²", area=max(1, round(square_metres)))
    if square_metres < 1_000_000:
        return phrase("{area} ha", area=round(square_metres / 10_000, 1))
    return phrase("{area} km²", area=round(square_metres / 1_000_000, 1))


def _named(subject: Subject, at: int) -> object:
    """A row by its name where it has one, else by its number."""
    fields = {"villages": "village", "communes": "commune", "districts": "district"}
    for name in (fields.get(subject.role, ""), "name"):
        column = subject.column(name)
        told = None if column is None else text(column.iloc[[at]]).iloc[0]
        if isinstance(told, str):
            return told
    return phrase("row {row}", row=row_number(subject.table.index, at))


def _crs(subject: Subject) -> pyproj.CRS | None:
    return None if subject.placed is None else subject.placed.crs

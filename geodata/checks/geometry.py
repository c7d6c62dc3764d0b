"""Geometry that is missing, broken, or of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from geodata.areas import mended
from geodata.checks.model import AREAL, Role, Subject, about_rows
from geodata.errors import Phrase, phrase
from geodata.findings import Finding, Severity

NEEDED: frozenset[Role] = frozenset({"villages", "communes", "districts", "zones_5g"})
"""Roles of which every row must have a place; of others rows without one are left out."""

MOST_VERTICES = 5_000_000
"""Validity of more than this is not looked at: it would take longer than everything else."""


def missing(subject: Subject) -> Iterator[Finding]:
    """Rows without a place: villages and units cannot do without, others lose the row.

    Nothing is said where the study file keeps them: opening the study tells of them.
    """
    if subject.placed is None or subject.keeps_unplaced:
        return
    shapes = subject.placed.geometry.to_numpy()
    gone = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if not gone.any():
        return
    needed: Severity = "error" if subject.role in NEEDED else "warning"
    yield about_rows(
        "geometry-empty",
        needed,
        "{count} of {all} rows have no place on the map; give each one its polygon or point, or "
        "take the row out",
        of=subject,
        where=gone,
    )


def invalid(subject: Subject) -> Iterator[Finding]:
    """Polygons that cross themselves; they are repaired when they are measured."""
    if subject.placed is None:
        return
    shapes = subject.placed.geometry.to_numpy()
    if int(shapely.get_num_coordinates(shapes).sum()) > MOST_VERTICES:
        return
    broken = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    if not broken.any():
        return
    first = shapely.is_valid_reason(shapes[int(np.flatnonzero(broken)[0])])
    yield about_rows(
        "geometry-invalid",
        "warning",
        "{count} of {all} shapes are drawn wrongly (first: {reason}); they are repaired for the "
        "count, but look at them, or ask for a repaired copy",
        of=subject,
        where=broken,
        reason=reason_told(first),
    )


def reason_told(reason: str) -> Phrase:
    """Why a shape is broken, in plain words, from what GEOS says."""
    told = reason.casefold()
    if "self-intersection" in told:
        return phrase("its border crosses or touches itself")
    if "hole" in told or "interior" in told:
        return phrase("a hole lies outside, or cuts it in two")
    if "nested" in told:
        return phrase("one part lies inside another")
    if "too few points" in told:
        return phrase("it has too few corners")
    return phrase("its border is broken")


def kinds(subject: Subject) -> Iterator[Finding]:
    """Points and lines where there should be areas."""
    if subject.placed is None or subject.role not in AREAL or subject.convention:
        return
    shapes = subject.placed.geometry.to_numpy()
    flat = (shapely.get_dimensions(shapes) < 2) & ~shapely.is_missing(shapes)
    flat &= ~shapely.is_empty(shapes)
    if not flat.any():
        return
    holds = np.array(["GeometryCollection" in s.geom_type for s in shapes[flat]])
    yield about_rows(
        "geometry-kind",
        "error" if flat.all() and not holds.any() else "warning",
        "{count} of {all} rows are points or lines and not areas; they count for nothing here, so "
        "send the polygons",
        of=subject,
        where=flat,
    )


def flat_villages(subject: Subject) -> Iterator[Finding]:
    """Villages drawn as a line or as a polygon of no size."""
    if subject.placed is None or subject.role != "villages":
        return
    shapes = subject.placed.geometry.to_numpy()
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    suspect = there & (shapely.get_dimensions(shapes) > 0) & ~(shapely.area(shapes) > 0)
    flat = np.zeros(len(shapes), bool)  # a bow tie's area is 0 until it is repaired
    flat[suspect] = ~(shapely.area(mended(shapes[suspect], file=subject.file)) > 0)
    if flat.any():
        yield about_rows(
            "geometry-flat",
            "error",
            "{count} villages are drawn without any area; give each a polygon or a point",
            of=subject,
            where=flat,
        )

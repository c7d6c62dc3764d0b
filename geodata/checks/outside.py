"""Files that lie outside the study, or stop before its end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from geodata.areas import mended
from geodata.checks.model import Subject, Together, about_rows
from geodata.findings import Finding, finding

ROOM_M = 5_000.0
"""How far beyond the study's extent a place may lie before it is called outside."""

TELLING_SHARE = 0.05


def outside(together: Together) -> Iterator[Finding]:
    """Files wholly outside the study, and rows of others that are."""
    area = together.area()
    if area is None:
        return
    room = shapely.box(*(area + np.array([-ROOM_M, -ROOM_M, ROOM_M, ROOM_M])))
    for subject in together.subjects:
        if subject.placed is not None:
            yield from _of_one(subject, room)


def _of_one(subject: Subject, room: shapely.Polygon) -> Iterator[Finding]:
    if subject.placed is None:
        return
    shapes = subject.placed.geometry.to_numpy()
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    boxes = shapely.box(*shapely.bounds(shapes).T)
    out = there & ~shapely.intersects(boxes, room)
    if not there.any() or not out.any():
        return
    if out.sum() == there.sum():
        yield about_rows(
            "wholly-outside",
            "error",
            "the file lies wholly outside the study's area, though it is said to be part of it; "
            "check its coordinate system and that it is of this province",
            of=subject,
            where=out,
        )
    elif subject.role != "layer" or out.sum() > TELLING_SHARE * there.sum():
        yield about_rows(
            "partly-outside",
            "error" if subject.role in ("villages", "centres") else "note",
            "{count} of {all} rows lie more than 5 km outside the study's area; check their places",
            of=subject,
            where=out,
        )


LEFT_OUT = 0.02


def stops_short(together: Together) -> Iterator[Finding]:
    """An extent of a filing that leaves villages out: there the layer says nothing."""
    villages = [s.placed for s in together.of("villages") if s.placed is not None]
    if not villages:
        return
    points = villages[0].geometry.dropna().representative_point().to_numpy()
    for subject in together.of("extent"):
        if subject.placed is None:
            continue
        shape = shapely.union_all(
            mended(subject.placed.geometry.dropna().to_numpy(), file=subject.file)
        )
        shapely.prepare(shape)
        missed = int((~shapely.intersects(shape, points)).sum())
        if missed > LEFT_OUT * len(points):
            yield finding(
                "extent-short",
                "note",
                "the filing speaks of a part of the study only: {count} villages lie outside it "
                "and stay unknown for this layer",
                file=subject.file,
                count=missed,
            )

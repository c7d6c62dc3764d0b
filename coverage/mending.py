"""Invalid polygons made valid, one way for villages, layers and files, and never without end.

GEOS mends by structure: an outline that crosses itself becomes all that it winds around, and
holes take away from their shells wherever they lie. It forms every crossing of an outline with
itself, and cannot be interrupted: 2,000 random vertices cross 460,000 times and take 13 s and
1 GB, so crossings are counted first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from coverage.errors import CoverageError

Geometries = npt.NDArray[np.object_]

MOST_CROSSINGS = 50_000
"""Of one outline with itself, which takes some 2 s and 100 MB; no surveyed one comes near."""

HARMLESS_VERTICES = 400
"""So few vertices cannot cross more often than `MOST_CROSSINGS` where they lie at random."""

PAIRS_AT_A_TIME = 4_000_000


class MendError(CoverageError):
    """A polygon that cannot be mended: ``row`` is its place, from 0, ``what`` holds it."""

    def __init__(self, template: str, /, *, row: int, what: object = "polygons") -> None:
        self.row = row
        super().__init__(template, what=what, row=row + 1, most=MOST_CROSSINGS)

    def __reduce__(self) -> tuple[object, ...]:
        """Travels between processes with its row."""
        return _again, (self.template, self.row, self.parts["what"])

    def of(self, what: object) -> MendError:
        """The same of a named file or layer."""
        return MendError(self.template, row=self.row, what=what)


def _again(template: str, row: int, what: object) -> MendError:
    return MendError(template, row=row, what=what)


TANGLED = (
    "{what}, row {row}: the polygon crosses itself more than {most} times, which no outline of an "
    "area does; draw it again, or send what it was made from"
)
BROKEN = "{what}, row {row}: the polygon is broken and cannot be mended; draw it again"


def make_valid(geometries: Geometries, *, rows: npt.NDArray[np.int64] | None = None) -> Geometries:
    """Valid polygons that cover what the given ones enclose; empty for those without area.

    Valid and missing ones stay as they are. ``rows`` are the places (from 0) that errors name,
    where they are not those in ``geometries``. Raises `MendError` for one that crosses itself
    more than `MOST_CROSSINGS` times, and for one that GEOS cannot mend.
    """
    places = np.arange(len(geometries)) if rows is None else rows
    large = np.flatnonzero(shapely.get_num_coordinates(geometries) > HARMLESS_VERTICES)
    for at in large:
        if is_tangled(geometries[at]):
            raise MendError(TANGLED, row=int(places[at]))
    try:
        return _mended(geometries)
    except shapely.errors.GEOSException:
        for shape, place in zip(geometries, places, strict=True):
            try:
                _mended(np.array([shape], dtype=object))
            except shapely.errors.GEOSException as error:
                raise MendError(BROKEN, row=int(place)) from error
        raise


def _mended(geometries: Geometries) -> Geometries:
    return np.asarray(shapely.make_valid(geometries, method="structure", keep_collapsed=False))


def is_tangled(shape: shapely.Geometry) -> bool:
    """Whether the outline of an invalid polygon crosses itself more than `MOST_CROSSINGS` times."""
    if shapely.is_valid(shape):
        return False
    xy, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(shape)), return_index=True
    )
    same = ring[1:] == ring[:-1]
    ends = np.stack([xy[:-1][same], xy[1:][same]], axis=1)
    edges: Geometries = np.asarray(shapely.linestrings(ends), dtype=object)
    tree = shapely.STRtree(edges)
    at_a_time = int(np.clip(PAIRS_AT_A_TIME // max(len(edges), 1), 16, 4096))
    met = -3 * len(edges)  # each meets itself and its two neighbours
    for first in range(0, len(edges), at_a_time):
        some = edges[first : first + at_a_time]
        met += tree.query(some, predicate="intersects").shape[1]
        if met > 2 * MOST_CROSSINGS:
            return True
    return False

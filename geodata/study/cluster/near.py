"""Of a layer, what lies near some villages: all that can matter to them, and little else."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.errors import CoverageError
from coverage.rings import Geometries

LARGE = 2_000
"""Polygons of more vertices than this are cut down to what lies near, if they reach beyond."""

ROOM_M = 1.0
"""Room around villages and centres; measuring looks a millimetre around a centre."""

Box = tuple[float, float, float, float]
Floats = npt.NDArray[np.float64]


def box_of(villages: gpd.GeoDataFrame, points: Floats) -> Box:
    """The bounds of villages, their centres and some points (n × 2), with a little room.

    As x0, y0, x1, y1.
    """
    shapes = [villages.geometry.to_numpy(), shapely.points(points)]
    if "centre" in villages:
        shapes.append(villages["centre"].to_numpy())
    x0, y0, x1, y1 = shapely.total_bounds(np.concatenate(shapes))
    return x0 - ROOM_M, y0 - ROOM_M, x1 + ROOM_M, y1 + ROOM_M


class Polygons:
    """The polygons of a layer, every one on its own, found by place.

    Large ones that are invalid are made valid, to be cut. Without ``mend`` they go whole, to be
    made valid where they are measured: in another system that gives slightly other corners.
    """

    def __init__(self, shapes: gpd.GeoSeries, *, mend: bool = True) -> None:
        self._mend = mend
        self._shapes = _apart(np.asarray(shapes.to_numpy(), dtype=object))
        if not np.isfinite(shapely.get_coordinates(self._shapes)).all():
            raise CoverageError("a polygon has a coordinate that is not a number; repair the file")
        self._tree = shapely.STRtree(self._shapes)
        self._vertices = shapely.get_num_coordinates(self._shapes)
        self._valid: dict[int, tuple[Geometries, bool]] = {}

    def near(self, box: Box) -> Geometries:
        """The polygons whose bounds meet a box, in their order; large ones cut to around it."""
        rows = np.sort(self._tree.query(shapely.box(*box)))
        bounds = shapely.bounds(self._shapes[rows]).reshape(-1, 4)
        beyond = (bounds[:, :2] < box[:2]).any(axis=1) | (bounds[:, 2:] > box[2:]).any(axis=1)
        large = (self._vertices[rows] > LARGE) & beyond
        if not large.any():
            return self._shapes[rows]
        kept = [self._shapes[rows[~large]]]
        for row in rows[large]:
            polygons, valid = self._made_valid(int(row))
            kept += [cut(one, box) for one in polygons] if valid else [polygons]
        return np.concatenate(kept)

    def _made_valid(self, row: int) -> tuple[Geometries, bool]:
        """A polygon as valid ones, as measuring makes it, and whether they are; remembered."""
        if row not in self._valid:
            one = self._shapes[row : row + 1]
            valid = bool(shapely.is_valid(one)[0])
            if not valid and self._mend:
                one = shapely.make_valid(one, method="structure", keep_collapsed=False)
            self._valid[row] = _apart(np.asarray(one, dtype=object)), valid or self._mend
        return self._valid[row]


def cut(polygon: shapely.Polygon, box: Box) -> Geometries:
    """A valid polygon cut to a frame around a box, as polygons: none where they do not meet.

    No edge that meets the box is cut, so that not even a rounding differs inside it: the frame
    goes around their ends. What is cut may touch itself on the frame, which is left to measuring:
    to ask GEOS of every cut took the caller longer than all else it does.
    """
    rings = shapely.get_rings(polygon)
    xy, of = shapely.get_coordinates(rings, return_index=True)
    same = of[1:] == of[:-1]
    low, high = np.minimum(xy[1:], xy[:-1]), np.maximum(xy[1:], xy[:-1])
    meets = same & (low <= box[2:]).all(axis=1) & (high >= box[:2]).all(axis=1)
    corners = np.concatenate([low[meets], high[meets], np.reshape(box, (2, 2))])
    frame = (*(corners.min(axis=0) - ROOM_M), *(corners.max(axis=0) + ROOM_M))
    return _apart(np.array([shapely.clip_by_rect(polygon, *frame)], dtype=object))


def _apart(shapes: Geometries) -> Geometries:
    """The polygons in some geometries, however deep, in their order; nothing empty."""
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    while np.any(shapely.get_type_id(shapes) >= 4):
        shapes = np.asarray(shapely.get_parts(shapes), dtype=object)
    kept: Geometries = shapes[(shapely.get_type_id(shapes) == 3) & ~shapely.is_empty(shapes)]
    return kept

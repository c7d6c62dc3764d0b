"""Polygons as the flat arrays that the kernel reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from coverage.errors import CoverageError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rings:
    """Rings of many geometries, end to end.

    ``xy``: vertices × 2, metres. Ring ``r`` is ``xy[start[r]:start[r + 1]]``, closed;
    ``sign`` makes shells add and holes take away; geometry ``v`` owns the rings
    ``first[v]`` to ``first[v + 1] − 1``.
    """

    xy: Floats
    start: Ints
    sign: Ints
    first: Ints

    @property
    def bounds(self) -> Floats:
        """Least x, least y, greatest x, greatest y."""
        return np.concatenate([self.xy.min(axis=0), self.xy.max(axis=0)])

    @property
    def area_m2(self) -> Floats:
        """Signed area of each geometry: shells less holes, whether they overlap or not."""
        x, y = self.xy[:, 0] - self.xy[0, 0], self.xy[:, 1] - self.xy[0, 1]
        last = np.zeros(len(x), bool)
        last[self.start[1:] - 1] = True
        x_of_ring = np.repeat(x[self.start[:-1]], np.diff(self.start))
        y_of_ring = np.repeat(y[self.start[:-1]], np.diff(self.start))
        ux, uy = x - x_of_ring, y - y_of_ring
        cross = np.where(last, 0.0, ux * np.roll(uy, -1) - uy * np.roll(ux, -1))
        of_ring = np.abs(np.add.reduceat(cross, self.start[:-1])) / 2
        is_shell = self.sign * np.sign(np.add.reduceat(cross, self.start[:-1])) >= 0
        signed = np.where(is_shell, of_ring, -of_ring)
        return np.add.reduceat(signed, self.first[:-1])


def polygonal(geometries: Geometries) -> Geometries:
    """The same geometries with only their polygons kept; collections are taken apart.

    Raises `CoverageError` where a coordinate is not a finite number.
    """
    types = shapely.get_type_id(geometries)
    odd = ~np.isin(types, (3, 6))
    if odd.any():
        geometries = geometries.copy()
        geometries[odd] = [_polygons_of(geometry) for geometry in geometries[odd]]
    return geometries


def _polygons_of(geometry: shapely.Geometry | None) -> shapely.MultiPolygon:
    """All polygons in a geometry, however deep."""
    parts = shapely.get_parts(np.array([geometry]))
    while np.any(shapely.get_type_id(parts) >= 4):
        parts = shapely.get_parts(parts)
    return shapely.MultiPolygon(list(parts[shapely.get_type_id(parts) == 3]))


def rings_of(geometries: Geometries) -> Rings:
    """The rings of Polygons and MultiPolygons (shape: any number, none of them empty)."""
    from coverage import kernel

    parts, owner = shapely.get_parts(geometries, return_index=True)
    kept = ~shapely.is_empty(parts)
    parts, owner = parts[kept], owner[kept]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    filled = ~shapely.is_empty(rings)  # POLYGON ((…), EMPTY) is valid
    rings, of_part = rings[filled], of_part[filled]
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    if not np.isfinite(xy).all():
        raise CoverageError("a polygon has a coordinate that is not a number; repair the file")
    start = np.concatenate([[0], np.cumsum(np.bincount(of_ring, minlength=len(rings)))])
    is_shell = np.ones(len(rings), bool)
    is_shell[1:] = of_part[1:] != of_part[:-1]
    per_geometry = np.bincount(owner[of_part], minlength=len(geometries))
    return Rings(
        xy=xy,
        start=start.astype(np.int64),
        sign=kernel.ring_signs(xy, start.astype(np.int64), is_shell),
        first=np.concatenate([[0], np.cumsum(per_geometry)]).astype(np.int64),
    )

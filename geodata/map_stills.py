"""The shapes of a map as a still picture in HTML has them: whole steps of one plane.

The plane is that of web maps (Mercator, y to the south). A picture of everything is drawn on a
coarse one, which is a fifth of the bytes; a picture of one unit on a fine one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geodata.study.places import Level

COARSE_ZOOM, FINE_ZOOM = 10, 13
"""A step is a pixel of web maps at this zoom: some 150 m and 19 m."""

Steps = npt.NDArray[np.int64]
Limits = tuple[float, float, float, float]
"""West, north, east and south of the plane."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Traced:
    """Shapes of the plane: a path each, and boxes as west, north, east, south.

    ``about`` is what the map is told of them besides; ``size`` the area of them all, in steps
    squared.
    """

    about: Mapping[str, Sequence[Any]]
    paths: Sequence[str]
    boxes: Steps
    size: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Still:
    """A map on one plane: its areas by structure and level, its villages as outlines and points.

    ``letters`` are the published verdicts, ``places`` where each village stands in them;
    ``outlines`` is None where the map draws none from afar.
    """

    zoom: int
    areas: Mapping[tuple[int, Level], Traced]
    outlines: Traced | None
    points: Steps
    letters: str
    places: Mapping[str, int]
    limits: Limits

    def limits_of(self, corners: Sequence[Sequence[float]]) -> Limits:
        """South-west and north-east corners in degrees, as the plane has them."""
        return _limits(corners, self.zoom)

    def at(self, degrees: Sequence[Sequence[float]]) -> Steps:
        """Longitudes and latitudes as places of the plane."""
        return _steps(np.array(degrees, dtype=float).reshape(-1, 2), self.zoom)


@dataclass(frozen=True, kw_only=True, eq=False)
class Stills:
    """One map on both planes."""

    coarse: Still
    fine: Still


def stills_of(
    villages: bytes, *, outlines: bytes | None, areas: Mapping[tuple[int, Level], bytes]
) -> Stills:
    """Trace all shapes of a map, from the JSON files it fetches; takes a second for a province."""
    table = json.loads(villages)
    drawn = None if outlines is None else json.loads(outlines)
    units = {key: json.loads(body) for key, body in areas.items()}

    def still(zoom: int) -> Still:
        points = np.array(table["points"], dtype=float).reshape(-1, 2) / table["scale"]
        return Still(
            zoom=zoom,
            areas={key: _trace(one, zoom) for key, one in units.items()},
            outlines=None if drawn is None else _trace(drawn, zoom),
            points=_steps(points, zoom),
            letters=table["verdicts"],
            places={name: k for k, name in enumerate(table["ids"])},
            limits=_limits(table["bounds"], zoom),
        )

    return Stills(coarse=still(COARSE_ZOOM), fine=still(FINE_ZOOM))


def _limits(corners: Sequence[Sequence[float]], zoom: int) -> Limits:
    (south, west), (north, east) = corners
    (left, low), (right, top) = _steps(np.array([[west, south], [east, north]]), zoom)
    return float(left), float(top), float(max(right, left + 1)), float(max(low, top + 1))


def _steps(degrees: npt.NDArray[np.float64], zoom: int) -> Steps:
    """Longitude and latitude as whole steps of the plane."""
    side = 256 * 2**zoom
    sin = np.sin(np.radians(degrees[:, 1]))
    x = (degrees[:, 0] + 180) / 360 * side
    y = (0.5 - np.log((1 + sin) / (1 - sin)) / (4 * np.pi)) * side
    return np.asarray(np.rint(np.column_stack([x, y])), dtype=np.int64)


def _trace(table: Mapping[str, Any], zoom: int) -> Traced:
    paths, size = [], 0.0
    boxes = np.zeros((len(table["shapes"]), 4), dtype=np.int64)
    for k, shape in enumerate(table["shapes"]):
        parts = [[_ring(ring, table["scale"], zoom) for ring in part] for part in shape]
        paths.append("".join(_path(ring) for part in parts for ring in part))
        size += sum(_size(part) for part in parts)
        if parts:
            corners = np.concatenate([ring for part in parts for ring in part])
            boxes[k] = *corners.min(axis=0), *corners.max(axis=0)
    about = {name: values for name, values in table.items() if name != "shapes"}
    return Traced(about=about, paths=paths, boxes=boxes, size=size)


def _ring(steps: Sequence[int], scale: float, zoom: int) -> Steps:
    corners = np.cumsum(np.array(steps, dtype=float).reshape(-1, 2), axis=0) / scale
    return _steps(corners, zoom)


def _size(rings: Sequence[Steps]) -> float:
    """The area of a polygon, its holes taken out."""
    areas = []
    for ring in rings:
        x, y = (ring - ring[0]).T
        areas.append(abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2)
    return areas[0] - sum(areas[1:]) if areas else 0.0


def _path(ring: Steps) -> str:
    """A closed ring as a path of steps; "" for one that has shrunk to a point."""
    steps = np.diff(ring, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    told = " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
    return f"M{ring[0][0]} {ring[0][1]}l{told}z" if len(steps) else ""

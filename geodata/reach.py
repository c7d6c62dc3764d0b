"""Discs around sites: the crude stand-in for coverage where only places are known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import shapely

QUARTER = 16
"""Segments a quarter of a disc is drawn with."""

CORNERS = 4 * QUARTER
SWELL = math.sqrt(2 * math.pi / (CORNERS * math.sin(2 * math.pi / CORNERS)))
"""By how much a polygon of 64 corners is drawn larger so that its area is the circle's."""


def discs(
    points: npt.NDArray[np.object_], reach_m: npt.NDArray[np.float64]
) -> npt.NDArray[np.object_]:
    """A disc around each point (projected, metres), of exactly the area π·reach².

    64 corners inscribed in the circle would lack 0.16 % of its area; they are drawn 0.08 %
    farther out instead: their outline strays from the circle by no more than that.
    """
    made: npt.NDArray[np.object_] = shapely.buffer(points, reach_m * SWELL, quad_segs=QUARTER)
    return made

"""H3 hexagons of resolution 9, as the FCC counts: each by its centre alone.

Source: FCC Broadband Data Collection; H3 of Uber, https://h3geo.org.
"""

from __future__ import annotations

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from coverage.rings import Floats, Geometries
from coverage.transformers import transformer

RESOLUTION = 9
WGS84 = CRS.from_epsg(4326)
PATCH_DEG = 0.1
ROOM_DEG = 1e-6
"""Hexagons are looked for in patches this wide, which overlap a little."""


def hexagons_near(villages: Geometries, crs: CRS) -> Floats:
    """Centres (x, y in ``crs``) of all hexagons that may lie in a village, each once.

    In the order of their H3 numbers, so the same whatever the order of the villages.
    """
    back = transformer(crs, WGS84)
    bounds = shapely.bounds(villages)
    boxes = shapely.box(*np.array([back.transform_bounds(*row) for row in bounds]).T)
    cells = [np.empty(0, np.uint64)]
    for column, row in _patches(boxes):
        x, y = column * PATCH_DEG - ROOM_DEG, row * PATCH_DEG - ROOM_DEG
        side = PATCH_DEG + 2 * ROOM_DEG
        corners = [(y, x), (y, x + side), (y + side, x + side), (y + side, x)]
        cells.append(np.asarray(h3.polygon_to_cells(h3.LatLngPoly(corners), RESOLUTION)))
    return _centres(np.unique(np.concatenate(cells)), crs)


def hexagon_of(points: Floats, crs: CRS) -> Floats:
    """Centres (x, y in ``crs``) of the hexagons that some points (x, y) lie in."""
    x, y = transformer(crs, WGS84).transform(points[:, 0], points[:, 1])
    cells = [h3.latlng_to_cell(lat, lon, RESOLUTION) for lon, lat in zip(x, y, strict=True)]
    return _centres(np.array(cells, np.uint64), crs)


def _patches(boxes: Geometries) -> list[tuple[int, int]]:
    """Columns and rows of the patches that some boxes, in degrees, meet."""
    low = np.floor(shapely.bounds(boxes)[:, :2] / PATCH_DEG).astype(int)
    high = np.floor(shapely.bounds(boxes)[:, 2:] / PATCH_DEG).astype(int)
    found = {
        (column, row)
        for (x0, y0), (x1, y1) in zip(low.tolist(), high.tolist(), strict=True)
        for column in range(x0, x1 + 1)
        for row in range(y0, y1 + 1)
    }
    return sorted(found)


def _centres(cells: npt.NDArray[np.uint64], crs: CRS) -> Floats:
    degrees = np.array([h3.cell_to_latlng(cell) for cell in cells]).reshape(-1, 2)
    forth = transformer(WGS84, crs)
    return np.column_stack(forth.transform(degrees[:, 1], degrees[:, 0]))

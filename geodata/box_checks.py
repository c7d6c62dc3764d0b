"""Shapes compared with the boxes that their file declares for them, corner by corner.

Programs that write a box beside a shape reckon it from the corners, so that one that does not fit
shows a corner, or a box, that was damaged since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.columns import row_number
from geodata.containers import Part
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.parts import log_of
from geodata.readers.flatgeobuf_rows import declared_boxes
from geodata.readers.geopackage_rows import heads_of_shapes

ROWS_AT_ONCE = 100_000
CLOSE = 1e-9
"""Of a coordinate: millimetres. Boxes that differ by less are alike."""

UNMEASURED = (
    shapely.GeometryType.POINT,
    shapely.GeometryType.MULTIPOINT,
    shapely.GeometryType.GEOMETRYCOLLECTION,
)
"""Shapes, or some that may hold them, that have no length."""

Boxes = npt.NDArray[np.float64]
"""West, south, east, north of each shape; NaN where nothing is declared."""


def box_findings(
    shapes: gpd.GeoSeries, boxes: Boxes, *, name: str, whole: Boxes | None = None
) -> Iterator[Finding]:
    """A warning about shapes that do not fill their box, or reach beyond that of the ``whole``."""
    bounds = shapely.bounds(shapes.to_numpy())
    placed = ~np.isnan(bounds).all(axis=1)
    known = ~np.isnan(boxes).all(axis=1)
    wrong = known & ~np.isclose(boxes, bounds, rtol=CLOSE, atol=0).all(axis=1)
    if whole is not None:
        room = CLOSE * np.abs(whole)
        beyond = (bounds[:, :2] < whole[:2] - room[:2]) | (bounds[:, 2:] > whole[2:] + room[2:])
        wrong |= beyond.any(axis=1)
    is_box = np.isfinite(boxes).all(axis=1) & (boxes[:, :2] <= boxes[:, 2:]).all(axis=1)
    is_lost = is_box & boxes.any(axis=1) & ~placed
    odd = np.flatnonzero((placed & wrong) | is_lost | np.isinf(boxes).all(axis=1))
    if not len(odd):
        return
    told = finding(
        "shape-boxes",
        "warning",
        "{file}: {count} shapes do not fill the box that the file declares for them (first: row "
        "{row}), so corners may have been damaged; save the layer again from its source",
        file=name,
        count=len(odd),
        row=int(odd[0]) + 1,
    )
    yield replace(told, rows=tuple(int(k) + 1 for k in odd[:ROWS_KEPT]), count=len(odd))


def declared_box_findings(part: Part, table: pd.DataFrame) -> tuple[Finding, ...]:
    """The same of a GeoPackage or a FlatGeobuf that was read; nothing of other kinds."""
    if not isinstance(table, gpd.GeoDataFrame):
        return ()
    boxes, whole = np.empty((0, 4)), None
    if part.kind == ".gpkg" and part.layer is not None and not log_of(part.path):
        boxes = heads_of_shapes(part.path, part.layer)
    elif part.kind == ".fgb":
        boxes, whole = declared_boxes(part.path)
    if len(boxes) != len(table):
        return ()
    return tuple(box_findings(table.geometry, boxes, whole=whole, name=part.name))


def corner_findings(table: pd.DataFrame, name: str) -> tuple[Finding, ...]:
    """A warning about shapes with corners that are no numbers."""
    if not isinstance(table, gpd.GeoDataFrame):
        return ()
    odd: list[int] = []
    for at in range(0, len(table), ROWS_AT_ONCE):
        shapes = table.geometry.to_numpy()[at : at + ROWS_AT_ONCE]
        # the length of a line is no number where any of its corners is none
        doubted = np.flatnonzero(
            ~np.isfinite(shapely.length(shapes)) | np.isin(shapely.get_type_id(shapes), UNMEASURED)
        )
        corners, rows = shapely.get_coordinates(shapes[doubted], return_index=True)
        odd += (at + doubted[np.unique(rows[~np.isfinite(corners).all(axis=1)])]).tolist()
    if not odd:
        return ()
    told = finding(
        "corners-no-numbers",
        "warning",
        "{file}: {count} shapes have corners whose coordinates are no numbers (first: row {row}); "
        "the file may be damaged, so save the layer again",
        file=name,
        count=len(odd),
        row=row_number(table.index, odd[0]),
    )
    numbers = tuple(row_number(table.index, k) for k in odd[:ROWS_KEPT])
    return (replace(told, rows=numbers, count=len(odd)),)

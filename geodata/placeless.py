"""Rows that say nothing of where they lie: left out of points, and told with their rows."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.columns import row_number
from geodata.errors import Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding

FARTHEST = 1e300
"""Beyond it stands Esri's null (-1.797e308), which is no number of anything."""


def without_place(geometry: gpd.GeoSeries) -> npt.NDArray[np.bool_]:
    """Which geometries are missing, empty, or of numbers that are none."""
    shapes = geometry.to_numpy()
    return np.asarray(shapely.is_missing(shapes) | shapely.is_empty(shapes))


def nulled(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """The geometry without points that are nowhere: at 0, 0, and at numbers that are none."""
    shapes = geometry.to_numpy()
    at = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    if not len(at):
        return geometry
    x, y = shapely.get_x(shapes[at]), shapely.get_y(shapes[at])
    odd = ((x == 0) & (y == 0)) | ~((np.abs(x) < FARTHEST) & (np.abs(y) < FARTHEST))
    if not odd.any():
        return geometry
    kept = shapes.copy()
    kept[at[odd]] = None
    return gpd.GeoSeries(kept, index=geometry.index, crs=geometry.crs)


def left_out(index: pd.Index, gone: npt.NDArray[np.bool_], file: str) -> tuple[Finding, ...]:
    """A warning with the rows of a file that have no place; nothing where all have one."""
    sentence = phrase(
        "{file}: {count} of {all} rows have no place (empty, -, #N/A, or 0, 0) and are left out",
        file=file,
        count=int(gone.sum()),
        all=len(gone),
    )
    return _warning(index, gone, file, sentence)


def kept_unplaced(index: pd.Index, gone: npt.NDArray[np.bool_], file: str) -> tuple[Finding, ...]:
    """A warning with the rows of villages that are kept without a place; nothing without any."""
    sentence = phrase(
        "{file}: {count} of {all} villages have no place (empty, -, #N/A, or 0, 0); they count as "
        "unknown and are on no map",
        file=file,
        count=int(gone.sum()),
        all=len(gone),
    )
    return _warning(index, gone, file, sentence)


def _warning(
    index: pd.Index, gone: npt.NDArray[np.bool_], file: str, sentence: Phrase
) -> tuple[Finding, ...]:
    at = np.flatnonzero(gone)
    if not len(at):
        return ()
    return (
        Finding(
            kind="rows-without-place",
            severity="warning",
            sentence=sentence,
            file=file,
            rows=tuple(row_number(index, int(k)) for k in at[:ROWS_KEPT]),
            count=len(at),
        ),
    )

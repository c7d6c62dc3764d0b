"""Coordinate systems: everything is brought to the study's, and checked to lie where it should."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from geodata.columns import find_columns, numbers
from geodata.errors import DataError, StudyError

WGS84 = "EPSG:4326"
ROOM_M = 5_000.0
"""How far beyond the units' extent a village may lie before it is called outside."""

VN2000_MERIDIANS_KM = ((26.4, "105°"), (79.1, "105°30′"))
"""Shift (km, east–west) of data in the wrong VN-2000 zone at Vinh, and the meridian it used."""

Floats = npt.NDArray[np.float64]


def study_crs(text: str) -> pyproj.CRS:
    """The study's projected system in metres. Raises `StudyError` for anything else."""
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError as error:
        raise StudyError(
            "crs is {found}, which is no coordinate system; for Nghệ An write EPSG:9208",
            found=repr(text),
        ) from error
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
        raise StudyError(
            "crs is {found}, which is not a projected system in metres; lengths and areas are "
            "computed in it, so for Nghệ An write EPSG:9208",
            found=repr(text),
        )
    return crs


def to_study(
    table: pd.DataFrame, crs: pyproj.CRS, *, file: str, columns: dict[str, str] | None = None
) -> gpd.GeoDataFrame:
    """A table with geometry, or with coordinate columns, in the study's system.

    Points are made of ``lon`` and ``lat`` (WGS 84) or of ``x`` and ``y``, metres in the
    study's system; which of the two is the northing is told by their size, since Vietnamese
    practice calls it X. Raises `DataError` where there is neither.
    """
    if isinstance(table, gpd.GeoDataFrame):
        if table.crs is None:
            raise DataError(
                "{file} does not say its coordinate system (for a shapefile: the .prj is "
                "missing); set crs = … in the study file once you know it",
                file=file,
            )
        return table.to_crs(crs)
    found = find_columns(table.columns, ("lon", "lat", "x", "y"), given=columns, file=file)
    if {"lon", "lat"} <= found.keys():
        across, up = (numbers(table[found[k]], field=k, file=file) for k in ("lon", "lat"))
        points = gpd.points_from_xy(across, up, crs=WGS84)
        known = across.notna() & up.notna()
    elif {"x", "y"} <= found.keys():
        x, y = (numbers(table[found[k]], field=k, file=file) for k in ("x", "y"))
        degrees = bool((x.abs() <= 180).all() and (y.abs() <= 180).all())
        east, north = (x, y) if x.median() < y.median() else (y, x)
        if degrees:  # in Vietnam the longitude, over 100, is the greater of the two
            east, north = north, east
        points = gpd.points_from_xy(east, north, crs=WGS84 if degrees else crs)
        known = x.notna() & y.notna()
    else:
        raise DataError(
            "{file} has no geometry and no coordinate columns; expected lon and lat, or x and y "
            "(found {names})",
            file=file,
            names=", ".join(map(str, table.columns[:20])),
        )
    geometry = gpd.GeoSeries(points, index=table.index)
    geometry = geometry.where(known.to_numpy(), None)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=points.crs).to_crs(crs)


def looks_like_lost_datum(crs: pyproj.CRS | None) -> bool:
    """Whether a system has a VN-2000 projection on another datum, as MapInfo files often do.

    The scale 0.9999 on a meridian of a quarter degree is used by VN-2000 alone here. Data
    read that way lies 224.5 m off at Vinh, and nothing raises.
    """
    operation = crs.coordinate_operation if crs is not None and crs.is_projected else None
    if crs is None or operation is None or "VN-2000" in crs.to_wkt():
        return False
    told: dict[str, Any] = {p.name: p.value for p in operation.params}
    meridian = float(told.get("Longitude of natural origin", 0.0))
    return (
        told.get("Scale factor at natural origin") == 0.9999
        and told.get("False easting") == 500_000
        and 102.0 <= meridian <= 109.0
        and (4 * meridian).is_integer()
    )


def require_inside(
    places: gpd.GeoSeries, bounds: Floats, *, file: str, names: pd.Index | None = None
) -> None:
    """Raise `DataError` where places lie outside ``bounds`` (x0, y0, x1, y1, study metres).

    The sentence names the first places, how far out they are, and what usually causes it.
    """
    room = bounds + np.array([-ROOM_M, -ROOM_M, ROOM_M, ROOM_M])
    points = shapely.get_coordinates(shapely.centroid(places.to_numpy()))
    if len(points) != len(places):
        raise DataError("{file} holds places without geometry; give each one a place", file=file)
    finite = np.isfinite(points).all(axis=1)
    inside = finite & (points >= room[:2]).all(axis=1) & (points <= room[2:]).all(axis=1)
    if inside.all():
        return
    out = np.flatnonzero(~inside)
    labels = names if names is not None else places.index
    away = np.maximum(np.maximum(room[:2] - points[out], points[out] - room[2:]), 0.0)
    far = float(np.nan_to_num(away, posinf=1e7).max()) / 1000
    raise DataError(
        "{file}: {count} of {all} places lie outside the province, up to {far} km away (first: "
        "{first}); {cause}",
        file=file,
        count=len(out),
        all=len(places),
        far=f"{far:,.0f}",
        first=", ".join(str(labels[k]) for k in out[:3]),
        cause=_cause(points[finite], bounds),
    )


def _cause(points: Floats, bounds: Floats) -> str:
    """The likeliest reason that data lies elsewhere, tried on the middle of it."""
    middle = np.median(points, axis=0) if len(points) else np.array([np.inf, np.inf])

    def fits(x: float, y: float) -> bool:
        return bool(bounds[0] <= x <= bounds[2] and bounds[1] <= y <= bounds[3])

    if fits(middle[1], middle[0]):
        return "X and Y look swapped; in Vietnamese practice X is the northing"
    for shift_km, meridian in VN2000_MERIDIANS_KM:
        if any(fits(middle[0] + s * shift_km * 1000, middle[1]) for s in (1, -1)):
            return (
                f"the likely cause is the wrong VN-2000 meridian ({meridian}, a shift of "
                f"{shift_km} km); check the file's coordinate system"
            )
    return "check the file's coordinate system and that it is of this province"

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
from geodata.errors import DataError, Phrase, StudyError, phrase

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
        placed = table
    else:
        placed = _points(table, crs, file=file, columns=columns)
    _refuse_swapped_degrees(placed, file)
    return placed.to_crs(crs)


def _points(
    table: pd.DataFrame, crs: pyproj.CRS, *, file: str, columns: dict[str, str] | None
) -> gpd.GeoDataFrame:
    """The table with points made of its coordinate columns; none where a cell is empty."""
    found = find_columns(table.columns, ("lon", "lat", "x", "y"), given=columns, file=file)
    if {"lon", "lat"} <= found.keys():
        east, north = (numbers(table[found[k]], field=k, file=file) for k in ("lon", "lat"))
        system = pyproj.CRS(WGS84)
    elif {"x", "y"} <= found.keys():
        x, y = (numbers(table[found[k]], field=k, file=file) for k in ("x", "y"))
        degrees = bool((x.abs().max() <= 180) and (y.abs().max() <= 180))
        # in Vietnam a longitude, over 100, is the greater of two; in metres the northing is
        x_is_east = (x.median() > y.median()) if degrees else (x.median() < y.median())
        east, north = (x, y) if x_is_east else (y, x)
        system = pyproj.CRS(WGS84) if degrees else crs
    else:
        raise DataError(
            "{file} has no geometry and no coordinate columns; expected lon and lat, or x and y "
            "(found {names})",
            file=file,
            names=", ".join(map(str, table.columns[:20])),
        )
    points = gpd.GeoSeries(gpd.points_from_xy(east, north, crs=system), index=table.index)
    known = (east.notna() & north.notna()).to_numpy()
    return gpd.GeoDataFrame(table, geometry=points.where(known, None), crs=system)


def _refuse_swapped_degrees(table: gpd.GeoDataFrame, file: str) -> None:
    """Raise `DataError` where a latitude is more than 90°: there is no such place."""
    if not table.crs.is_geographic:
        return
    west, south, east, north = table.total_bounds
    if max(abs(south), abs(north)) <= 90:
        return
    swapped = max(abs(west), abs(east)) <= 90
    raise DataError(
        "{file} has a latitude of {found}°, and none is over 90°; {cause}",
        file=file,
        found=f"{max(abs(south), abs(north)):.4g}",
        cause=phrase("latitude and longitude look swapped" if swapped else "are these metres?"),
    )


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
    inside = finite & _within(points, room)
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
        far=round(far) if far >= 1 else round(far, 1),
        first=", ".join(str(labels[k]) for k in out[:3]),
        cause=_cause(points, room, places.crs),
    )


def _within(points: Floats, room: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((points >= room[:2]).all(axis=1) & (points <= room[2:]).all(axis=1))


def _cause(points: Floats, room: Floats, crs: pyproj.CRS) -> Phrase:
    """The likeliest reason that data lies elsewhere: what would bring (nearly) all of it home.

    A single stray place is no sign of a wrong system, so that needs more than one place, or
    all there are, to lie outside.
    """
    stray = len(points) - int(_within(points, room).sum())
    if stray == 1 < len(points):
        return phrase("check the place of this village; the others lie inside")

    def fits(moved: Floats) -> bool:
        return bool(_within(moved, room).mean() >= 0.99)

    if fits(points[:, ::-1]):
        return phrase("X and Y look swapped; in Vietnamese practice X is the northing")
    for shift_km, meridian in VN2000_MERIDIANS_KM:
        aside = np.array([shift_km * 1000, 0.0])
        if fits(points + aside) or fits(points - aside):
            return phrase(
                "the likely cause is the wrong VN-2000 meridian ({meridian}, a shift of "
                "{shift_km} km); check the file's coordinate system",
                meridian=meridian,
                shift_km=shift_km,
            )
    degrees = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    back = degrees.transform(*points.T)
    turned = degrees.transform(back[1], back[0], direction="INVERSE")
    if fits(np.column_stack(turned)):
        return phrase("latitude and longitude look swapped")
    return phrase("check the file's coordinate system and that it is of this province")

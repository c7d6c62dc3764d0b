"""Coordinate systems: everything is brought to the study's, and checked to lie where it should."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geodata.advice import advice
from geodata.diagnose import AsSaid, Extent, boxed, diagnose
from geodata.errors import DataError, Phrase, StudyError, phrase
from geodata.placing import NOTHING_SAID, Placement, place, system_of

ROOM_M = 5_000.0
"""How far beyond the units' extent a village may lie before it is called outside."""

Floats = npt.NDArray[np.float64]


def study_crs(text: str) -> pyproj.CRS:
    """The study's projected system in metres. Raises `StudyError` for anything else."""
    crs = system_of(text)
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
        raise StudyError(
            "crs is {found}, which is not a projected system in metres; lengths and areas are "
            "computed in it, so for Nghệ An write EPSG:9208",
            found=repr(text),
        )
    return crs


def to_study(
    table: pd.DataFrame,
    crs: pyproj.CRS,
    *,
    file: str,
    columns: Mapping[str, str] | None = None,
    said: AsSaid = NOTHING_SAID,
    extent: Extent | None = None,
) -> gpd.GeoDataFrame:
    """A table with geometry, or with coordinate columns (see `place`), in the study's system.

    Raises `DataError` where there is neither, or no system; with an ``extent`` the sentence
    says which system the places fit.
    """
    return brought(place(table, crs, file=file, columns=columns, said=said), crs, file, extent)


def brought(
    placed: Placement, crs: pyproj.CRS, file: str, extent: Extent | None = None
) -> gpd.GeoDataFrame:
    """Places in the study's system. Raises `DataError` where their own is unknown or absurd."""
    if placed.system is None:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "{advice}",
            file=file,
            advice=_likely(placed, extent)
            or phrase("set crs = … in the study file once you know it"),
        )
    _refuse_absurd_degrees(placed, file, extent)
    return placed.brought_to(crs)


def _likely(placed: Placement, extent: Extent | None) -> Phrase | None:
    """The best proposal for a file, as advice; None where nothing fits, or nothing is known."""
    if extent is None:
        return None
    found = diagnose(placed.written(), extent, declared=placed.system, said=placed.said)
    changed = [proposal for proposal in found if proposal.lines]
    return advice(changed[0], declared=placed.system) if changed else None


def _refuse_absurd_degrees(placed: Placement, file: str, extent: Extent | None) -> None:
    """Raise `DataError` where a latitude is more than 90°: there is no such place."""
    if placed.system is None or not placed.system.is_geographic:
        return
    west, south, east, north = placed.table.total_bounds
    if not max(abs(south), abs(north)) > 90:
        return
    swapped = max(abs(west), abs(east)) <= 90
    plain = (
        phrase("latitude and longitude look swapped; write swap_xy = true in its entry")
        if swapped
        else phrase("are these metres?")
    )
    raise DataError(
        "{file} has a latitude of {found}°, and none is over 90°; {cause}",
        file=file,
        found=f"{max(abs(south), abs(north)):.4g}",
        cause=_likely(placed, extent) or plain,
    )


def require_inside(
    places: gpd.GeoSeries,
    bounds: Floats,
    *,
    file: str,
    names: pd.Index | None = None,
    placed: Placement | None = None,
    extent: Extent | None = None,
) -> None:
    """Raise `DataError` where places lie outside ``bounds`` (x0, y0, x1, y1, study metres).

    The sentence names the first places, how far out they are, and what usually causes it:
    found by trying the numbers of ``placed``, as the file has them, against ``extent``.
    """
    room = bounds + np.array([-ROOM_M, -ROOM_M, ROOM_M, ROOM_M])
    points = shapely.get_coordinates(shapely.centroid(places.to_numpy()))
    if len(points) != len(places):
        raise DataError("{file} holds places without geometry; give each one a place", file=file)
    inside = np.isfinite(points).all(axis=1) & _within(points, room)
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
        cause=_cause(places, len(out), placed, extent or boxed(bounds, places.crs)),
    )


def _within(points: Floats, room: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray((points >= room[:2]).all(axis=1) & (points <= room[2:]).all(axis=1))


def _cause(places: gpd.GeoSeries, stray: int, placed: Placement | None, extent: Extent) -> Phrase:
    """The likeliest reason that data lies elsewhere: what would bring (nearly) all of it home.

    A single stray place is no sign of a wrong system, so that needs more than one place, or
    all there are, to lie outside.
    """
    if stray == 1 < len(places):
        return phrase("check the place of this village; the others lie inside")
    if placed is None:
        table = gpd.GeoDataFrame(geometry=places)
        placed = Placement(table=table, system=places.crs, said=AsSaid(swap_xy=False))
    return _likely(placed, extent) or phrase(
        "check the file's coordinate system and that it is of this province"
    )

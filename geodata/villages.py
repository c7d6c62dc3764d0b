"""The village table: polygons or points in, one standard table out."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from coverage.model import VILLAGE_COLUMNS
from geodata.columns import find_columns, numbers, text, truths
from geodata.coordinates import require_inside, to_study
from geodata.errors import DataError
from geodata.units import Units, assign_units

NUMBERS = ("population", "households")
TRUTHS = ("electrified", "fund_eligible")
SEGMENTS = 32
"""Segments a quarter of a settlement disc is drawn with."""


def village_table(
    raw: pd.DataFrame,
    *,
    crs: pyproj.CRS,
    file: str,
    columns: Mapping[str, str] | None = None,
    radius_m: float,
    units: Units | None = None,
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """The standard table (see `coverage.model.VILLAGE_COLUMNS`), not yet indexed by id.

    Points become discs of ``radius_m`` and are their own ``centre``. A ``village_id``
    column is kept where there is one. Communes and districts that the file does not name
    come from ``units``. Returns the table and notes on what was understood. Raises
    `DataError` for rows without a place, or outside the units' extent.
    """
    given = dict(columns or {})
    asked = ("village_id", *VILLAGE_COLUMNS)
    found = find_columns(raw.columns, asked, given=_of(given, asked), file=file)
    placed = to_study(raw, crs, file=file, columns=_of(given, ("lon", "lat", "x", "y")))
    _require_places(placed, file)
    out = gpd.GeoDataFrame(index=placed.index, geometry=_areas(placed, radius_m))
    for field in asked:
        out[field] = _field(raw, found.get(field), field, file)
    out["centre"] = _points(placed)
    labels = pd.Index(out["village"].fillna("?"))
    if units is not None:
        require_inside(out.geometry, units.bounds, file=file, names=labels)
        out = _with_units(out, units)
    notes = [f"{file}: {field} ← {column}" for field, column in found.items()]
    return out, tuple(notes)


def _of(given: Mapping[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    return {field: column for field, column in given.items() if field in fields}


def _require_places(placed: gpd.GeoDataFrame, file: str) -> None:
    missing = (placed.geometry.isna() | placed.geometry.is_empty).to_numpy()
    if missing.any():
        raise DataError(
            "{file}, row {row}: the village has no place ({count} rows have none); give each one "
            "a polygon or a point",
            file=file,
            row=int(np.flatnonzero(missing)[0]) + 1,
            count=int(missing.sum()),
        )


def _areas(placed: gpd.GeoDataFrame, radius_m: float) -> gpd.GeoSeries:
    """Polygons as they are; points (and the middle of multipoints) as settlement discs."""
    shapes = placed.geometry.to_numpy().copy()
    flat = shapely.get_dimensions(shapes) < 2
    middles = shapely.centroid(shapes[flat])
    shapes[flat] = shapely.buffer(middles, radius_m, quad_segs=SEGMENTS)
    return gpd.GeoSeries(shapely.force_2d(shapes), index=placed.index, crs=placed.crs)


def _points(placed: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Centres that the geometry itself gives: the points of point villages."""
    shapes = placed.geometry.to_numpy()
    middles = shapely.force_2d(shapely.centroid(shapes))
    known = shapely.get_dimensions(shapes) == 0
    values = [middle if yes else None for middle, yes in zip(middles, known, strict=True)]
    return gpd.GeoSeries(values, index=placed.index, crs=placed.crs)


def _field(raw: pd.DataFrame, column: str | None, field: str, file: str) -> pd.Series:
    if column is None:
        kind = "float64" if field in NUMBERS else "boolean" if field in TRUTHS else "string"
        missing = np.nan if field in NUMBERS else pd.NA
        return pd.Series(missing, index=raw.index, dtype=kind)
    if field in NUMBERS:
        return numbers(raw[column], field=field, file=file)
    if field in TRUTHS:
        return truths(raw[column], field=field, file=file)
    return text(raw[column])


def _with_units(table: gpd.GeoDataFrame, units: Units) -> gpd.GeoDataFrame:
    """Fill units that the file leaves out, by geometry."""
    wanted = ("commune_code", "commune", "district_code", "district")
    if not any(table[name].isna().any() for name in wanted):
        return table
    assigned = assign_units(table, units)
    for name in wanted:
        table[name] = table[name].fillna(assigned[name])
    return table


def with_centres(
    villages: gpd.GeoDataFrame, raw: pd.DataFrame, *, crs: pyproj.CRS, file: str
) -> gpd.GeoDataFrame:
    """The villages (indexed by id) with the centres of a file, joined by ``village_id``.

    Raises `DataError` without that column, for ids that occur twice, and for ids that
    are no village.
    """
    found = find_columns(raw.columns, ("village_id",), file=file)
    if "village_id" not in found:
        raise DataError(
            "{file} has no column village_id; centres are joined to villages by it", file=file
        )
    placed = to_study(raw, crs, file=file)
    ids = text(raw[found["village_id"]])
    twice = ids[ids.duplicated() & ids.notna()]
    if len(twice):
        raise DataError(
            "{file}: village id {first} occurs twice; give each village one centre",
            file=file,
            first=twice.iloc[0],
        )
    strangers = ids[~ids.isin(villages.index)]
    if len(strangers):
        raise DataError(
            "{file}: {count} centres belong to no village (first: {first}); check the ids",
            file=file,
            count=len(strangers),
            first=strangers.iloc[0],
        )
    centres = gpd.GeoSeries(placed.geometry.to_numpy(), index=pd.Index(ids), crs=crs)
    out = villages.copy()
    out["centre"] = gpd.GeoSeries(centres.reindex(villages.index), crs=crs)
    return out


def indexed(villages: gpd.GeoDataFrame, *, file: str) -> gpd.GeoDataFrame:
    """The table indexed by ``village_id``. Raises `DataError` on missing or repeated ids."""
    ids = villages["village_id"]
    if ids.isna().any():
        raise DataError(
            "{file}, row {row}: the village has no id; fill the column or leave it out altogether",
            file=file,
            row=int(np.flatnonzero(ids.isna())[0]) + 1,
        )
    twice = ids.duplicated(keep=False)
    if twice.any():
        first = ids[twice].iloc[0]
        rows = np.flatnonzero(ids == first) + 1
        raise DataError(
            "{file}: village id {first} occurs in rows {rows} ({count} ids are repeated); ids "
            "must be unique",
            file=file,
            first=first,
            rows=", ".join(map(str, rows[:5])),
            count=int(ids[twice].nunique()),
        )
    out = villages.set_index(villages["village_id"].astype(str).rename("village_id"))
    return out[[*VILLAGE_COLUMNS, "geometry", "centre"]]

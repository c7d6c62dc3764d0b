"""Real inputs, where given: district and commune shapes, village points, a terrain model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.columns import find_columns
from geodata.errors import DataError, Phrase, phrase
from geodata.read import read_table
from geodata.reconstruction.gazetteer import CRS, Gazetteer


@dataclass(frozen=True, kw_only=True)
class Real:
    """Files of real inputs; None where the reconstruction makes its own."""

    districts: Path | None = None
    communes: Path | None = None
    villages: Path | None = None
    terrain: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Which of them were given."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) is not None)


@dataclass(frozen=True, kw_only=True, eq=False)
class RealUnits:
    """Real shapes by code; each None where not given. At most one of the two commune tables is."""

    districts: gpd.GeoSeries | None = None
    communes_2023: gpd.GeoSeries | None = None
    communes_2025: gpd.GeoSeries | None = None


def read_units(real: Real, gazetteer: Gazetteer) -> RealUnits:
    """The real units, in the order of the gazetteer.

    A file of communes is of 2023 when it has all of those codes, of 2025 when it has the 130.
    Raises `DataError` for a file that has neither, or not every district.
    """
    districts = communes = units = None
    if real.districts is not None:
        shapes = _by_code(real.districts, ("district_code", "code"))
        districts = _complete(
            shapes, gazetteer.districts.index, real.districts, phrase("districts")
        )
    if real.communes is not None:
        shapes = _by_code(real.communes, ("commune_code", "code"))
        if len(shapes) > 2 * len(gazetteer.units_2025):
            communes = _complete(
                shapes, gazetteer.communes.index, real.communes, phrase("communes")
            )
        else:
            units = _complete(shapes, gazetteer.units_2025.index, real.communes, phrase("communes"))
    return RealUnits(districts=districts, communes_2023=communes, communes_2025=units)


def _by_code(path: Path, fields_: tuple[str, ...]) -> gpd.GeoSeries:
    table = _shapes(path, phrase("polygons"))
    found = find_columns(table.columns, fields_, file=str(path))
    column = next((found[field] for field in fields_ if field in found), None)
    if column is None:
        raise DataError(
            "{file} has no column of unit codes; name one {wanted}", file=path, wanted=fields_[0]
        )
    shapes = table.geometry.make_valid()
    shapes.index = pd.Index(table[column].astype(str), name="code")
    return shapes.dissolve() if isinstance(shapes, gpd.GeoDataFrame) else _merged(shapes)


def _merged(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """One shape a code, of polygons only."""
    parts = shapes.explode()
    parts = parts[parts.geom_type == "Polygon"]
    return parts.groupby(level=0).agg(shapely.union_all).set_crs(shapes.crs)


def _complete(shapes: gpd.GeoSeries, codes: pd.Index, path: Path, kind: Phrase) -> gpd.GeoSeries:
    missing = [str(code) for code in codes if code not in shapes.index]
    if missing:
        raise DataError(
            "{file} lacks {count} of the {total} {kind} of Nghệ An, {code} first; give all of them",
            file=path,
            count=len(missing),
            total=len(codes),
            kind=kind,
            code=missing[0],
        )
    return shapes.loc[list(codes)]


def _shapes(path: Path, kind: Phrase) -> gpd.GeoDataFrame:
    table = read_table(path)
    if not isinstance(table, gpd.GeoDataFrame):
        raise DataError(
            "{file} is a table without shapes; give a map file of {kind}", file=path, kind=kind
        )
    return table[~(table.geometry.isna() | table.geometry.is_empty)].to_crs(CRS)


def read_village_points(path: Path) -> gpd.GeoDataFrame:
    """Real villages as points with ``village_name``; a polygon counts by a point inside it."""
    table = _shapes(path, phrase("village points"))
    found = find_columns(table.columns, ("village",), file=str(path))
    names = table[found["village"]].fillna("").astype(str) if "village" in found else ""
    points = gpd.GeoDataFrame({"village_name": names}, geometry=table.geometry, index=table.index)
    points.geometry = points.geometry.representative_point()
    if len(points) < 50 or not np.isfinite(points.total_bounds).all():
        raise DataError(
            "{file} has {count} villages with a place; the reconstruction needs at least 50",
            file=path,
            count=len(points),
        )
    return points.reset_index(drop=True)

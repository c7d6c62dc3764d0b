"""What a study may have besides villages and layers: 5G rollout zones, and sites."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from geodata.areas import polygons_of
from geodata.columns import find_columns, plain, row_number, text
from geodata.coordinates import to_study
from geodata.diagnose import Extent
from geodata.encodings import Told
from geodata.errors import DataError
from geodata.findings import Finding
from geodata.placeless import left_out, without_place
from geodata.placing import PLACES
from geodata.postgis.address import name_of
from geodata.study.settings import SitesTable, ZonesTable

ZONE_FIELDS = ("zone", "operator", "phase", "status", "start", "source")
SITE_FIELDS = ("site", "operator", "technologies")

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "live": ("live", "on air", "launched", "launching", "dang phat song", "da phat song"),
        "building": ("building", "under construction", "dang trien khai", "dang xay dung"),
        "planned": ("planned", "plan", "ke hoach", "theo ke hoach", "du kien"),
    }
)
"""Status of a zone → words for it, in `plain` form."""


class Read(Protocol):
    """Reads one file of a study."""

    def __call__(
        self,
        name: str,
        *,
        layer: str | None = None,
        crs: str | None = None,
        encoding: Told | None = None,
    ) -> pd.DataFrame:
        """The table in a file."""
        ...


def zones_of(
    read: Read, table: ZonesTable | None, crs: pyproj.CRS, extent: Extent | None = None
) -> gpd.GeoDataFrame | None:
    """The 5G rollout zones. Raises `DataError` for one without a polygon."""
    if table is None:
        return None
    raw = read(table.address, layer=table.layer, crs=table.crs, encoding=table.encoding)
    file = name_of(table.address)
    placed = to_study(raw, crs, file=file, said=table.said, extent=extent)
    areas = polygons_of(placed.geometry)
    if areas.isna().any():
        raise DataError(
            "{file}, row {row}: the 5G zone has no polygon; every zone needs one",
            file=name_of(table.address),
            row=row_number(raw.index, int(areas.isna().argmax())),
        )
    found = _texts(raw, ZONE_FIELDS, table.columns, name_of(table.address))
    found["status"] = found["status"].map(_status, na_action="ignore").astype("string")
    return gpd.GeoDataFrame(found, geometry=areas.to_numpy(), crs=crs)


def sites_of(
    read: Read, table: SitesTable | None, crs: pyproj.CRS, extent: Extent | None = None
) -> tuple[gpd.GeoDataFrame | None, tuple[Finding, ...]]:
    """The sites, as points, and what there is to say of them.

    Rows without a place are left out. Raises `DataError` where no row has one.
    """
    if table is None:
        return None, ()
    raw = read(table.address, layer=table.layer, crs=table.crs, encoding=table.encoding)
    file = name_of(table.address)
    columns = {k: v for k, v in table.columns.items() if k in PLACES}
    placed = to_study(raw, crs, file=file, columns=columns, said=table.said, extent=extent)
    gone = without_place(placed.geometry)
    if gone.all():
        raise DataError("{file} holds no row with a place", file=file)
    found_out = left_out(raw.index, gone, file)
    raw, shapes = raw[~gone], placed.geometry.to_numpy()[~gone]
    given = {k: v for k, v in table.columns.items() if k in SITE_FIELDS}
    found = _texts(raw, SITE_FIELDS, given, name_of(table.address))
    points = shapely.force_2d(shapely.centroid(shapes))
    sites = gpd.GeoDataFrame(found, geometry=points, crs=crs, index=raw.index)
    return sites.reset_index(drop=True), found_out


def _texts(
    raw: pd.DataFrame, fields: tuple[str, ...], given: Mapping[str, str], file: str
) -> dict[str, pd.Series]:
    found = find_columns(raw.columns, fields, given=given, file=file)
    missing = pd.Series(pd.NA, index=raw.index, dtype="string")
    return {f: text(raw[found[f]]) if f in found else missing for f in fields}


def _status(told: str) -> str:
    """One of our words for a status where it is one; else as the file says."""
    bare = plain(told)
    return next((status for status, words in STATUSES.items() if bare in words), told)

"""The exact share of each village inside one footprint, and what all measuring asks first."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from coverage.combinations import combine
from coverage.errors import CoverageError
from coverage.rings import Floats


def require_projected(villages: gpd.GeoSeries, *others: gpd.GeoSeries) -> CRS:
    """The one projected system, in metres, that all share; anything else raises."""
    crs = villages.crs
    if crs is None:
        raise CoverageError("the villages have no coordinate system; set one, in metres")
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
        raise CoverageError(
            "areas need a projected system in metres, and the villages are in {crs}; "
            "bring them to the study's system first",
            crs=crs.to_string(),
        )
    for other in others:
        if other.crs != crs:
            raise CoverageError(
                "the villages are in {crs} and a layer is in {other}; bring both to one system",
                crs=crs.to_string(),
                other=other.crs.to_string() if other.crs else "no coordinate system",
            )
    return crs


def require_villages(villages: gpd.GeoSeries) -> None:
    """At least one village, each with a polygon; anything else raises and names the first."""
    if len(villages) == 0:
        raise CoverageError("there are no villages to measure; an empty list has no share")
    empty = np.asarray(shapely.is_missing(villages.values) | shapely.is_empty(villages.values))
    flat = ~np.isin(shapely.get_type_id(villages.values), (3, 6, 7))
    if (empty | flat).any():
        first = villages.index[np.flatnonzero(empty | flat)[0]]
        raise CoverageError(
            "{count} villages have no polygon, the first is {first}; give them polygons, "
            "or points with a settlement radius",
            count=int((empty | flat).sum()),
            first=first,
        )


def centres_of(villages: gpd.GeoDataFrame) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Centre points (villages × 2, NaN where unknown) and whether each is known."""
    points = np.full((len(villages), 2), np.nan)
    if "centre" not in villages:
        return points, np.zeros(len(villages), bool)
    centres = villages["centre"].to_numpy()
    known = ~(shapely.is_missing(centres) | shapely.is_empty(centres))
    points[known] = shapely.get_coordinates(centres[known])
    if not np.isfinite(points[known]).all():
        raise CoverageError("a village centre has a coordinate that is not a number; repair it")
    return points, known


def area_share(villages: gpd.GeoSeries, footprint: gpd.GeoSeries) -> pd.Series[float]:
    """Share (0 to 1) of each village's area inside the union of a footprint's polygons.

    Both in one projected system, in metres. The footprint may be invalid, overlap itself,
    have holes, or lie elsewhere. The result has the villages' index. Raises `CoverageError`
    without villages, on an empty village, and on systems that differ or are not in metres.

    >>> from shapely import box
    >>> village = gpd.GeoSeries([box(0, 0, 2, 2)], crs="EPSG:9208")
    >>> float(area_share(village, gpd.GeoSeries([box(1, 0, 5, 5)], crs="EPSG:9208"))[0])
    0.5
    """
    require_projected(villages, footprint)
    require_villages(villages)
    found = combine(villages.to_numpy(), [footprint.to_numpy()])
    share = found.union_m2(1) / found.village_area_m2
    return pd.Series(np.clip(share, 0.0, 1.0), index=villages.index, name="share")

"""What is nearest to a village: a covered village, a place with signal, a site."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from coverage.transformers import transformer
from coverage.unplaced import has_place
from geodata.systems import WGS84, crs_of

Floats = npt.NDArray[np.float64]

COLUMNS = ("name", "distance_m", "bearing_deg")


def nearest_village(
    villages: gpd.GeoDataFrame, covered: pd.Series[bool], *, of: Sequence[str]
) -> pd.DataFrame:
    """The nearest covered village of each village in ``of``, centre to centre.

    Columns: ``village_id``, ``name``, ``distance_m`` (on the WGS 84 ellipsoid) and
    ``bearing_deg`` (from true north, 0 to 360). Empty where nothing is covered.
    """
    points = middles(villages)
    of = _placed(villages, of)
    there = np.flatnonzero(covered.reindex(villages.index).to_numpy(bool))
    # of two as far the rows must not decide
    there = there[np.argsort(villages.index.astype(str).to_numpy()[there], kind="stable")]
    asked = villages.index.get_indexer(pd.Index(of))
    if not len(there) or not len(asked):
        return pd.DataFrame(columns=["village_id", *COLUMNS])
    hit = _nearest(points[there], points[asked])
    chosen = there[hit]
    out = _away(points[asked], points[chosen], villages.crs)
    out.index = pd.Index(of, name=villages.index.name)
    out.insert(0, "name", villages["village"].fillna("").astype(str).to_numpy()[chosen])
    out.insert(0, "village_id", villages.index.to_numpy()[chosen])
    return out


def nearest_signal(
    villages: gpd.GeoDataFrame, footprints: Sequence[gpd.GeoSeries], *, of: Sequence[str]
) -> pd.DataFrame:
    """The nearest place that any of the footprints serves, seen from each village's centre.

    Columns as `nearest_village`, without ``village_id``; ``name`` is empty. A centre inside a
    footprint has distance 0.
    """
    parts = [shapely.get_parts(f.to_numpy()) for f in footprints]
    shapes = np.concatenate(parts) if parts else np.empty(0, dtype=object)
    of = _placed(villages, of)
    asked = villages.index.get_indexer(pd.Index(of))
    if not len(shapes) or not len(asked):
        return pd.DataFrame(columns=list(COLUMNS))
    points = shapely.points(middles(villages)[asked])
    shapes = shapes[np.lexsort(shapely.bounds(shapes).T)]
    hits = shapely.STRtree(shapes).nearest(points)
    lines = shapely.shortest_line(points, shapes[hits])
    ends = shapely.get_coordinates(shapely.get_point(lines, 1))
    out = _away(shapely.get_coordinates(points), ends, villages.crs)
    out.index = pd.Index(of, name=villages.index.name)
    out.insert(0, "name", "")
    return out


def nearest_site(
    villages: gpd.GeoDataFrame, sites: gpd.GeoDataFrame | None, *, of: Sequence[str]
) -> pd.DataFrame:
    """The nearest site of each village in ``of``, from its centre; columns as `nearest_signal`.

    ``name`` holds operator and site.
    """
    of = _placed(villages, of)
    asked = villages.index.get_indexer(pd.Index(of))
    if sites is None or sites.empty or not len(asked):
        return pd.DataFrame(columns=list(COLUMNS))
    names = sites["operator"].fillna("").astype(str) + " " + sites["site"].fillna("").astype(str)
    places = shapely.get_coordinates(sites.geometry.to_numpy())
    order = np.lexsort((*places.T, names.to_numpy(str)))
    places, names = places[order], names.iloc[order]
    points = middles(villages)[asked]
    hit = _nearest(places, points)
    out = _away(points, places[hit], villages.crs)
    out.index = pd.Index(of, name=villages.index.name)
    out.insert(0, "name", names.str.strip().to_numpy()[hit])
    return out


def nearest_tables(
    villages: gpd.GeoDataFrame,
    covered: pd.Series[bool],
    *,
    footprints: Sequence[gpd.GeoSeries],
    sites: gpd.GeoDataFrame | None,
) -> dict[str, pd.DataFrame]:
    """What is nearest to each village that is not covered: "village", "served" and "site"."""
    of = [str(key) for key in covered.index[~covered]]
    return {
        "village": nearest_village(villages, covered, of=of),
        "served": nearest_signal(villages, footprints, of=of),
        "site": nearest_site(villages, sites, of=of),
    }


def _nearest(places: Floats, points: Floats) -> npt.NDArray[np.int64]:
    """Position of the nearest place to each point; both n × 2, in metres."""
    from scipy.spatial import cKDTree  # noqa: PLC0415  # takes a fifth of a second to load

    found: npt.NDArray[np.int64] = cKDTree(places).query(points)[1]
    return found


def middles(villages: gpd.GeoDataFrame) -> Floats:
    """Each village's centre, or where none is known a point inside it; villages × 2, metres.

    NaN for a village without a place.
    """
    centres = villages["centre"].to_numpy().copy()
    lost = shapely.is_missing(centres) | shapely.is_empty(centres)
    centres[lost] = shapely.point_on_surface(villages.geometry.to_numpy()[lost])
    return np.column_stack([shapely.get_x(centres), shapely.get_y(centres)])


def _placed(villages: gpd.GeoDataFrame, of: Sequence[str]) -> list[str]:
    """Those of some villages that have a place: nothing is near to the others."""
    asked = pd.Index(of)
    return [str(one) for one in asked[has_place(villages.geometry.reindex(asked))]]


def _away(start: Floats, end: Floats, crs: pyproj.CRS) -> pd.DataFrame:
    """Distances and bearings on the ellipsoid between points of a projected system."""
    degrees = transformer(crs, crs_of(WGS84))
    from_lon, from_lat = degrees.transform(*start.T)
    to_lon, to_lat = degrees.transform(*end.T)
    bearing, _, distance = pyproj.Geod(ellps="WGS84").inv(from_lon, from_lat, to_lon, to_lat)
    return pd.DataFrame({"distance_m": distance, "bearing_deg": np.asarray(bearing) % 360.0})

"""Administrative units, each structure with the day it holds from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geodata.errors import CallError, phrase

SEGMENTS = 32
"""Segments a quarter of a settlement disc is drawn with: 0.04 % less than the circle."""
DISC_CENTRE_M = 0.01


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """One structure of units. Codes are reused over time: the key is (code, valid_from).

    ``districts`` (None since July 2025) and ``communes`` (empty where only districts are
    known) are indexed by ``code``, with ``name``, geometry in the study's system, and
    ``district_code`` on communes where there are districts.
    """

    valid_from: date
    communes: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame | None = None

    @property
    def finest(self) -> gpd.GeoDataFrame:
        """The communes, or where they are not known the districts."""
        if self.districts is None or len(self.communes):
            return self.communes
        return self.districts

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """Extent (x0, y0, x1, y1) in the study's metres."""
        table = self.communes if self.districts is None else self.districts
        return np.asarray(table.total_bounds, dtype=np.float64)


def no_communes(crs: object) -> gpd.GeoDataFrame:
    """The communes of a structure of which only districts are known."""
    empty: dict[str, list[str]] = {"name": [], "district_code": []}
    index = pd.Index([], name="code", dtype=object)
    return gpd.GeoDataFrame(empty, geometry=[], index=index, crs=crs)


def units_at(structures: Sequence[Units], day: date) -> Units:
    """The structure in force on a day. Raises `CallError` where none was yet."""
    past = [units for units in structures if units.valid_from <= day]
    if not past:
        raise CallError(
            "no administrative units are in force on {day}; the study has those from {known}",
            day=day.isoformat(),
            known=", ".join(u.valid_from.isoformat() for u in structures) or phrase("no date"),
        )
    return max(past, key=lambda units: units.valid_from)


def assign_units(villages: gpd.GeoDataFrame, units: Units) -> pd.DataFrame:
    """The commune and district of each village, by largest overlap of area.

    Indexed like ``villages``: ``commune_code``, ``commune``, ``district_code``,
    ``district``; NA where a village overlaps none. Ties go to the commune of the village's
    centre, then to the lower code. A village of which only a point is known (see
    `is_disc`) is where its point is: the disc around it is ours.
    """
    of = placed(villages, units.communes)["code"]
    out = pd.DataFrame(index=villages.index)
    out["commune_code"] = of
    out["commune"] = looked_up(of, units.communes["name"])
    if units.districts is None:
        out["district_code"] = pd.Series(pd.NA, index=out.index, dtype="string")
        out["district"] = out["district_code"]
        return out
    if "district_code" in units.communes and len(units.communes):
        district = looked_up(of, units.communes["district_code"])
    else:
        district = placed(villages, units.districts)["code"]
    out["district_code"] = district
    out["district"] = looked_up(district, units.districts["name"])
    return out


def placed(villages: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """The unit that holds most of each village, and the one that holds most of the rest.

    Indexed like ``villages``: ``code`` and ``second`` (NA where there is none), ``share`` and
    ``second_share`` of the village's area, 0 to 1. ``code`` is chosen as `assign_units` says;
    a village whose point alone is known has all of it there.
    """
    pairs = _pairs(villages, units)
    out = pd.DataFrame(index=villages.index)
    for k, (code, share) in enumerate((("code", "share"), ("second", "second_share"))):
        ranked = pairs[pairs["rank"] == k]
        codes = np.full(len(villages), None, dtype=object)
        codes[ranked["row"]] = ranked["code"]
        shares = np.zeros(len(villages))
        shares[ranked["row"]] = ranked["share"]
        out[code] = pd.array(codes, dtype="string")
        out[share] = shares
    return out


def is_disc(villages: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Which villages are discs drawn around a point, not areas that anybody surveyed."""
    shapes = villages.geometry.to_numpy()
    drawn: npt.NDArray[np.bool_] = shapely.get_num_coordinates(shapes) == 4 * SEGMENTS + 1
    if "centre" not in villages or not drawn.any():
        return np.zeros(len(villages), bool)
    apart = shapely.distance(shapely.centroid(shapes[drawn]), villages["centre"].to_numpy()[drawn])
    drawn[drawn] = apart < DISC_CENTRE_M  # NaN, where there is no centre, is not
    return drawn


def looked_up(codes: pd.Series[str], values: pd.Series[str]) -> pd.Series[str]:
    """The value that stands at each code; NA where none does."""
    return codes.map(values.to_dict()).astype("string")


def _probes(villages: gpd.GeoDataFrame, tree: shapely.STRtree) -> npt.NDArray[np.object_]:
    """What is looked up of each village: its area, or its point where that alone is known.

    A point in no unit, on a coast drawn coarsely, is looked up by the disc around it.
    """
    shapes: npt.NDArray[np.object_] = villages.geometry.to_numpy().copy()
    at = np.flatnonzero(is_disc(villages))
    if len(at):
        points = villages["centre"].to_numpy()[at]
        inside = np.unique(tree.query(points, predicate="intersects")[0])
        shapes[at[inside]] = points[inside]
    return shapes


def _pairs(villages: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Each village (``row``) with each unit it overlaps, the one it belongs to at ``rank`` 0."""
    areas = units.geometry.to_numpy()
    shapely.prepare(areas)
    tree = shapely.STRtree(areas)
    shapes = _probes(villages, tree)
    row, unit = tree.query(shapes, predicate="intersects")
    whole = shapely.covers(areas[unit], shapes[row])
    left = ~whole & ~np.isin(row, row[whole])
    share = whole.astype(np.float64)
    common = shapely.area(shapely.intersection(shapes[row[left]], areas[unit[left]]))
    share[left] = common / shapely.area(shapes[row[left]])
    centred = np.zeros(len(row), bool)
    if "centre" in villages:
        centred = shapely.intersects(areas[unit], villages["centre"].to_numpy()[row])
    codes = units.index.to_numpy()[unit].astype(str)
    pairs: pd.DataFrame = pd.DataFrame(
        {"row": row, "code": codes, "share": share, "centred": centred}
    )
    order = ["row", "share", "centred", "code"]
    down = [True, False, False, True]
    ranked: pd.DataFrame = pairs[(share > 0) | centred].sort_values(order, ascending=down)
    return ranked.assign(rank=ranked.groupby("row").cumcount())

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

from geodata.columns import plain
from geodata.errors import CallError, phrase


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """One structure of units. Codes are reused over time: the key is (code, valid_from).

    ``districts`` (None since July 2025) and ``communes`` are indexed by ``code``, with
    ``name``, geometry in the study's system, and ``district_code`` on communes where
    there are districts.
    """

    valid_from: date
    communes: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame | None = None

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """Extent (x0, y0, x1, y1) in the study's metres."""
        table = self.communes if self.districts is None else self.districts
        return np.asarray(table.total_bounds, dtype=np.float64)


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
    centre, then to the lower code.
    """
    of = _largest(villages, units.communes)
    out = pd.DataFrame(index=villages.index)
    out["commune_code"] = of
    out["commune"] = _looked_up(of, units.communes["name"])
    if units.districts is None:
        out["district_code"] = pd.Series(pd.NA, index=out.index, dtype="string")
        out["district"] = out["district_code"]
        return out
    if "district_code" in units.communes:
        district = _looked_up(of, units.communes["district_code"])
    else:
        district = _largest(villages, units.districts)
    out["district_code"] = district
    out["district"] = _looked_up(district, units.districts["name"])
    return out


def with_units(villages: gpd.GeoDataFrame, units: Units) -> tuple[gpd.GeoDataFrame, int]:
    """The villages with what their file leaves out of commune and district, and a count.

    A name finds its code (and a code its name) where one unit alone bears it; the rest comes
    from `assign_units`. The count is of villages that no unit holds and that stay without one.
    """
    assigned = assign_units(villages, units)
    out = villages.copy()
    for level, table in (("district", units.districts), ("commune", units.communes)):
        code, name = f"{level}_code", level
        if table is None:
            continue
        alone = table["name"].map(_bare)
        alone = alone[~alone.duplicated(keep=False)]
        codes = {bare: str(key) for key, bare in alone.items()}
        by_name = out[name].map(_bare, na_action="ignore").map(codes).astype("string")
        out[code] = out[code].fillna(by_name).fillna(assigned[code])
        out[name] = out[name].fillna(_looked_up(out[code], table["name"])).fillna(assigned[name])
    return out, int(assigned["commune_code"].isna().sum())


KINDS = ("thanh pho ", "thi xa ", "thi tran ", "huyen ", "quan ", "phuong ", "xa ")


def _bare(name: str) -> str:
    """A unit's name for comparing, without what kind of unit it is."""
    told = plain(name)
    kind = next((k for k in KINDS if told.startswith(k)), "")
    return told.removeprefix(kind)


def _looked_up(codes: pd.Series[str], values: pd.Series[str]) -> pd.Series[str]:
    return codes.map(values.to_dict()).astype("string")


def _largest(villages: gpd.GeoDataFrame, units: gpd.GeoDataFrame) -> pd.Series[str]:
    """Code of the unit that overlaps each village most."""
    shapes = villages.geometry.to_numpy()
    areas = units.geometry.to_numpy()
    row, unit = shapely.STRtree(areas).query(shapes, predicate="intersects")
    overlap = shapely.area(shapely.intersection(shapes[row], areas[unit]))
    centred = np.zeros(len(row), bool)
    if "centre" in villages:
        centres = villages["centre"].to_numpy()
        centred = shapely.intersects(areas[unit], centres[row])
    codes = units.index.to_numpy()[unit].astype(str)
    pairs = pd.DataFrame({"row": row, "code": codes, "overlap": overlap, "centred": centred})
    pairs = pairs.sort_values(
        ["row", "overlap", "centred", "code"], ascending=[True, False, False, True]
    ).drop_duplicates("row")
    out = pd.Series(pd.NA, index=villages.index, dtype="string", name="code")
    out.iloc[pairs["row"].to_numpy()] = pairs["code"].to_numpy()
    return out

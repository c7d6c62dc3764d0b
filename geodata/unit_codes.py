"""Codes of units with the zeros that one of a study's files has kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geodata.columns import find_columns, text
from geodata.leading_zeros import with_zeros
from geodata.units import Units


def with_same_codes(units: Units) -> Units:
    """Communes and districts that write the codes of districts alike, with all their zeros."""
    if units.districts is None or "district_code" not in units.communes:
        return units
    above = with_zeros(units.communes["district_code"].astype("string"), units.districts.index)
    communes = units.communes.copy()
    communes["district_code"] = above.to_numpy(dtype=object)
    return replace(units, communes=communes, districts=_recoded(units.districts, above))


def with_codes_of(units: Units, raw: pd.DataFrame, given: Mapping[str, str]) -> Units:
    """Units whose codes have the zeros that the villages' file writes before them.

    ``given`` are the columns of that file that the study file names.
    """
    fields = ("commune_code", "district_code")
    held = {str(name) for name in raw.columns}
    named = {f: c for f, c in given.items() if f in fields and c in held}
    found = find_columns(raw.columns, fields, given=named)
    told = {field: text(raw[column]).dropna().unique() for field, column in found.items()}
    out = units
    if "commune_code" in told:
        out = replace(out, communes=_recoded(out.communes, told["commune_code"]))
    if "district_code" in told and out.districts is not None:
        out = replace(out, districts=_recoded(out.districts, told["district_code"]))
    if "district_code" in told and "district_code" in out.communes:
        communes = out.communes.copy()
        above = with_zeros(communes["district_code"].astype("string"), told["district_code"])
        communes["district_code"] = above.to_numpy(dtype=object)
        out = replace(out, communes=communes)
    return out


def _recoded(areas: gpd.GeoDataFrame, known: Iterable[str]) -> gpd.GeoDataFrame:
    """Areas whose codes have the zeros of ``known``; as they are where two would become one."""
    codes = pd.Series(areas.index, dtype="string")
    whole = with_zeros(codes, known)
    widths = set(whole[whole != codes].str.len())
    if len(widths) == 1:  # those that no other file names lost theirs as well
        width = int(widths.pop())
        whole = whole.map(lambda code: code.zfill(width) if code.isdecimal() else code)
    if whole.equals(codes) or whole.duplicated().any():
        return areas
    return areas.set_axis(pd.Index(whole.astype(object), name=areas.index.name), axis=0)

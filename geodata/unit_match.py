"""The units that a village file tells, brought to the structure in force on its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import geopandas as gpd
import pandas as pd

from geodata.leading_zeros import with_zeros
from geodata.unit_changes import COLUMNS, carried, list_day, listed_codes, table_day
from geodata.unit_names import Register
from geodata.unit_tables import DAYS
from geodata.units import Units, looked_up, placed

TOLD = tuple(f"told_{column}" for column in COLUMNS)
"""Columns that keep what the file itself tells."""


def with_units(villages: gpd.GeoDataFrame, units: Units) -> gpd.GeoDataFrame:
    """The villages with commune and district as they are in ``units``.

    A code that bears the name beside it, and a name that one unit bears (in the district
    told), are taken as they stand. A list of an earlier structure is carried forward by the
    table of changes where that is one to one. What is left, and whatever the file leaves out,
    comes from where the village lies. Codes that nothing explains stay.

    Adds `TOLD` and ``unit_doubt``: why the file's commune could not be taken as it stands
    (see `geodata.unit_names.Doubt`), "carried" where the table of changes was used, "split"
    where that table says that the commune was divided; "" where all is well.
    """
    told = pd.DataFrame(villages[list(COLUMNS)]).astype("string")
    told["commune_code"] = with_zeros(told["commune_code"], units.communes.index)
    told["district_code"] = with_zeros(told["district_code"], _district_codes(units))
    out = villages.copy()
    for column, kept in zip(COLUMNS, TOLD, strict=True):
        out[kept] = told[column]
    communes = _communes(told, villages, units)
    for column in (*COLUMNS[:2], "unit_doubt"):
        out[column] = communes[column]
    districts = _districts(told, communes, villages, units)
    out[["district_code", "district"]] = districts
    return out


def _communes(told: pd.DataFrame, villages: gpd.GeoDataFrame, units: Units) -> pd.DataFrame:
    """Code, name and doubt of each village's commune, and whether its code is the file's own."""
    out = told[list(COLUMNS[:2])].copy()
    out["unit_doubt"], out["own"] = "", True
    if not len(units.communes):
        return _of_its_day(out, told, units)
    code, doubt = _found(told, units)
    moved = _carried(told, code, units)
    code = code.mask(moved["code"].notna(), moved["code"]).mask(moved["doubt"] == "split")
    doubt = doubt.mask(moved["doubt"] != "", moved["doubt"])
    lost = code.isna()
    if lost.any():
        code = code.mask(lost, _by_place(told, doubt, villages, units, lost))
    own = (doubt == "") & told[["commune_code", "commune"]].notna().any(axis=1)
    named = looked_up(code, units.communes["name"])
    out["commune"] = told["commune"].where(own & told["commune"].notna(), named)
    out["commune"] = out["commune"].fillna(told["commune"])
    out["commune_code"] = code.fillna(told["commune_code"])
    out["unit_doubt"], out["own"] = doubt.replace("nothing", ""), own
    return out


def _of_its_day(out: pd.DataFrame, told: pd.DataFrame, units: Units) -> pd.DataFrame:
    """The file's communes where no map of them is known: only if they are of that day.

    Those of an earlier structure are carried forward; of a later one nothing is kept.
    """
    known = [day for day in DAYS if day <= units.valid_from]
    of_list = list_day(told, in_force=units.valid_from) if known else None
    if of_list is None or of_list == known[-1]:
        return out
    fields = list(COLUMNS[:2])
    moved = out[fields].mask(pd.Series(data=True, index=out.index))
    if of_list < known[-1]:
        listed = pd.DataFrame({"commune_code": listed_codes(told, of_list)})
        moved = carried(listed, since=of_list, to=known[-1])
    there = told[fields].notna().any(axis=1)
    out[fields] = moved[fields].astype("string")
    hit = moved["commune_code"].notna()
    out["unit_doubt"] = (
        pd.Series("", index=out.index).mask(there, "code-foreign").mask(hit, "carried")
    )
    out["own"] = ~there
    return out


def _found(told: pd.DataFrame, units: Units) -> tuple[pd.Series[str], pd.Series[str]]:
    """What the file tells, looked up in the structure itself: code and doubt."""
    register = Register.of(units.communes, _district_names(units))
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    rows = list(told[list(COLUMNS)].fillna("").itertuples(index=False, name=None))
    for row in rows:
        if row not in known:
            known[row] = register.find(*row)
    codes = [known[row][0] or None for row in rows]
    doubts = [known[row][1] for row in rows]
    return (
        pd.Series(codes, index=told.index, dtype="string"),
        pd.Series(doubts, index=told.index, dtype="string"),
    )


def _carried(told: pd.DataFrame, code: pd.Series[str], units: Units) -> pd.DataFrame:
    """Codes carried forward from an earlier structure (NA for none), and "carried" or "split".

    All rows of a list that was written in an earlier structure; else those that the structure
    in force does not explain and an earlier one does.
    """
    out = pd.DataFrame(index=told.index)
    out["code"], out["doubt"] = pd.Series(pd.NA, index=told.index, dtype="string"), ""
    day = table_day(units.communes)
    if day is None or day == DAYS[0] or (code.notna().all() and not _older(told, day)):
        return out
    of_list = list_day(told, in_force=day)
    earlier = [one for one in reversed(DAYS) if one < day]
    if of_list in earlier:
        earlier = [of_list, *(one for one in earlier if one != of_list)]
    for one in earlier:
        rows = (one == of_list) | code.isna()
        listed = listed_codes(told, one).where(rows & out["code"].isna())
        found = carried(pd.DataFrame({"commune_code": listed}), since=one, to=day)
        hit = found["commune_code"].notna()
        out.loc[hit, "code"] = found["commune_code"][hit]
        out.loc[hit, "doubt"] = found["doubtful"][hit].map({True: "split", False: "carried"})
    same = (out["code"] == code).fillna(value=False) & (out["doubt"] == "carried")
    out.loc[same, "doubt"] = ""
    return out


def _older(told: pd.DataFrame, day: date) -> bool:
    """Whether a list was written in a structure before that of ``day``."""
    found = list_day(told, in_force=day)
    return found is not None and found < day


def _by_place(
    told: pd.DataFrame,
    doubt: pd.Series[str],
    villages: gpd.GeoDataFrame,
    units: Units,
    lost: pd.Series[bool],
) -> pd.Series[str]:
    """The commune each lost village lies in.

    A code of the structure that contradicts its name stays, unless the village lies in a
    commune of that name.
    """
    here = placed(villages[lost], units.communes)["code"].reindex(villages.index)
    register = Register.of(units.communes, _district_names(units))
    speaks = [
        not pd.isna(at) and str(at) in register.named(str(name))
        for at, name in zip(here, told["commune"].fillna(""), strict=True)
    ]
    contradicted = (doubt == "code-name") & ~pd.Series(speaks, index=here.index)
    return here.mask(contradicted, told["commune_code"])


def _districts(
    told: pd.DataFrame, communes: pd.DataFrame, villages: gpd.GeoDataFrame, units: Units
) -> pd.DataFrame:
    """Code and name of each village's district; codes only where the structure has districts."""
    out = told[["district_code", "district"]].copy()
    if units.districts is None:
        if len(units.communes):
            out["district_code"] = pd.Series(pd.NA, index=out.index, dtype="string")
        return out
    register = Register.of(units.districts)
    rows = out.fillna("").itertuples(index=False, name=None)
    code = pd.Series(
        [register.find(str(c), str(n))[0] or None for c, n in rows],
        index=out.index,
        dtype="string",
    )
    if "district_code" in units.communes and len(units.communes):
        above = looked_up(communes["commune_code"], units.communes["district_code"])
        code = code.where(communes["own"] & code.notna(), above.fillna(code))
    lost = code.isna()
    if lost.any():
        at = placed(villages[lost], units.districts)["code"]
        code = code.fillna(at.reindex(code.index))
    named = looked_up(code, units.districts["name"])
    kept = told["district"].notna() & communes["own"]
    out["district"] = told["district"].where(kept, named).fillna(told["district"])
    out["district_code"] = code.fillna(told["district_code"])
    return out


def _district_codes(units: Units) -> Sequence[str]:
    """The codes of the districts, by their file or by that of the communes."""
    if units.districts is not None:
        return [str(code) for code in units.districts.index]
    if "district_code" not in units.communes:
        return []
    return [str(code) for code in units.communes["district_code"].dropna()]


def _district_names(units: Units) -> Mapping[str, str] | None:
    if units.districts is None:
        return None
    return {str(code): str(name) for code, name in units.districts["name"].items()}

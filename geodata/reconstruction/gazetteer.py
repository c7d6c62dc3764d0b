"""Names, codes and positions of Nghệ An's units, from two packages, with their faults told.

`geodata.unit_tables` has the names and codes of each structure and `geodata.unit_changes` how
one became the other; positions and bounding boxes are those that `vietnamadminunits` gives for
the 412 communes that were left in December 2024.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Transformer

from geodata.unit_changes import commune_changes
from geodata.unit_tables import (
    FROM_2023,
    FROM_2024,
    FROM_2025,
    communes_on,
    districts_on,
    legacy_table,
)

CRS = "EPSG:9208"
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
    ``half_x_m``, ``half_y_m`` (NaN where unknown) and ``position_estimated``.
    ``communes_2024``: index code; ``name``, ``district_code``. ``units_2025``: index code;
    ``name``. ``districts_2024``: name by code. ``became_2024`` and ``became_2025``: code of a
    commune of 2023 to that of the unit it is part of then.
    """

    districts: pd.DataFrame
    communes: pd.DataFrame
    communes_2024: pd.DataFrame
    districts_2024: pd.Series[str]
    units_2025: pd.DataFrame
    became_2024: pd.Series[str]
    became_2025: pd.Series[str]


def read_gazetteer() -> Gazetteer:
    """Everything the two packages know of the province."""
    districts = pd.DataFrame(DISTRICTS, columns=["code", "name", "area_km2", "land"])
    districts = districts.set_index("code")
    communes = communes_on(FROM_2023)[["name", "kind", "district_code"]]
    legacy, changes = legacy_table(), commune_changes()
    return Gazetteer(
        districts=districts.join(_district_boxes(legacy)),
        communes=communes.join(_positions(legacy, communes)),
        communes_2024=communes_on(FROM_2024)[["name", "district_code"]],
        districts_2024=districts_on(FROM_2024),
        units_2025=communes_on(FROM_2025)[["name"]],
        became_2024=changes["code_2024"],
        became_2025=changes["code_2025"],
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

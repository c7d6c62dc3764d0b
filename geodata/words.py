"""Cells that hold several words, and geometry written as text."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import shapely

from geodata.systems import WGS84


def each_technology(
    table: pd.DataFrame, words: pd.Series[str]
) -> tuple[pd.DataFrame, pd.Series[str]]:
    """The table with a row for each technology of its cells ("3G, 4G" → two), and those words.

    Both keep the index, so a row's number stands twice where it was parted.
    """
    parts = [_parted(word) if isinstance(word, str) else [None] for word in words]
    places = [at for at, held in enumerate(parts) for _ in held]
    longer = table.iloc[places]
    told = [word for held in parts for word in held]
    return longer, pd.Series(told, index=longer.index, dtype="string")


def _parted(cell: str) -> list[str | None]:
    words: list[str | None] = [w.strip() for w in re.split(r"[,;/|+&]", cell) if w.strip()]
    return words or [None]


def placed_by_wkt(table: pd.DataFrame, column: str) -> gpd.GeoDataFrame:
    """The table with the geometry that a column tells as WKT, in WGS 84; none where it is none."""
    shapes = shapely.from_wkt(table[column].astype("object").where(table[column].notna(), None),
                              on_invalid="ignore")  # fmt: skip
    rest = table.drop(columns=column)
    return gpd.GeoDataFrame(rest, geometry=shapes, crs=WGS84)

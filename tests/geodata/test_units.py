"""Units in force on a day, and villages assigned by largest overlap."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from geodata import CallError, Units, assign_units, units_at
from tests import tiny


def units(day: date, border: float) -> Units:
    x, y = tiny.X0, tiny.Y0
    communes = gpd.GeoDataFrame(
        {"name": ["Xã Tây", "Xã Đông"]},
        geometry=[box(x, y, x + border, y + 3000), box(x + border, y, x + 3000, y + 3000)],
        index=pd.Index(["w", "e"], name="code"),
        crs=tiny.CRS,
    )
    return Units(valid_from=day, communes=communes)


def test_the_structure_of_a_day() -> None:
    old, new = units(date(2023, 1, 1), 1000), units(date(2025, 7, 1), 2000)
    assert units_at([old, new], date(2025, 6, 30)) is old
    assert units_at([old, new], date(2025, 7, 1)) is new
    with pytest.raises(CallError, match="2022-12-31"):
        units_at([old, new], date(2022, 12, 31))


def test_the_largest_overlap_wins() -> None:
    found = assign_units(tiny.villages(), units(date(2025, 7, 1), 1400))
    assert found["commune_code"].tolist() == ["w", "e", "e"] * 3
    assert found["commune"].iloc[0] == "Xã Tây"
    assert found["district"].isna().all()


def test_a_village_in_no_unit_has_none() -> None:
    far = tiny.villages()
    far["geometry"] = far.translate(10_000, 0)
    found = assign_units(far, units(date(2025, 7, 1), 1400))
    assert found["commune_code"].isna().all()

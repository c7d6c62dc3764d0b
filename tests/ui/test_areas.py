"""The areas of a page without a server: their names, their figures and their boundaries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from coverage.model import Headline
from ui.maps.areas import Areas, _boundaries, areas_of
from ui.opened import Opened

FIGURES = pd.DataFrame(
    {
        "name": ["Xã B", "Xã A", "", None, "Xã A", "unplaced"],
        "villages": [10, 1, 2, 3, 4, 99],
        "covered": [7, 1, 0, 0, 4, 0],
        "weak": [1, 0, 2, 0, 0, 0],
        "none": [2, 0, 0, 0, 0, 0],
        "unknown": [0, 0, 0, 3, 0, 99],
        "population": [1000.0, None, 5.0, 6.0, 7.0, 8.0],
        "population_uncovered": [300.0, None, 5.0, 0.0, 0.0, 0.0],
    },
    index=["1", "2", "3", "4", "5", ""],
)
AREAS = Areas(level="commune", figures=FIGURES, geometry=gpd.GeoSeries([], crs="EPSG:4326"))
WHOLE = Headline(
    villages=119, covered=12, weak=3, none=2, unknown=102, population=None, population_uncovered=7
)


def test_names_are_unique_in_order_and_without_the_unplaced() -> None:
    assert list(AREAS.names.items()) == [
        ("3", " (3)"),
        ("4", " (4)"),
        ("2", "Xã A (2)"),
        ("5", "Xã A (5)"),
        ("1", "Xã B"),
    ]


def test_an_area_has_its_own_figures_and_no_area_those_of_all() -> None:
    assert AREAS.headline("", whole=WHOLE) is WHOLE
    assert AREAS.headline("1", whole=WHOLE) == Headline(
        villages=10, covered=7, weak=1, none=2, unknown=0, population=1000, population_uncovered=300
    )
    assert AREAS.headline("2", whole=WHOLE) == Headline(
        villages=1, covered=1, weak=0, none=0, unknown=0, population=None, population_uncovered=None
    )
    assert AREAS.headline("4", whole=WHOLE).population_uncovered == 0


def units(day: date, *, communes: bool = True) -> Any:
    """One structure whose boundaries are as wide as its year is late."""
    wide = day.year - 2000
    drawn = gpd.GeoDataFrame(geometry=[box(0, 0, wide, 1)], index=["412"])
    return SimpleNamespace(valid_from=day, districts=drawn, communes=drawn if communes else None)


@pytest.mark.parametrize(
    ("as_of", "wide"),
    [
        (date(2024, 12, 31), 20),
        (date(2025, 1, 1), 25),
        (date(2030, 1, 1), 25),
        (date(2001, 1, 1), 20),
    ],
)
def test_boundaries_are_those_in_force_else_the_earliest(as_of: date, wide: int) -> None:
    told = (units(date(2025, 1, 1)), units(date(2020, 1, 1)))
    for level in ("district", "commune"):
        drawn = _boundaries(told, level, as_of)  # type: ignore[arg-type]
        assert drawn is not None
        assert drawn.total_bounds[2] == wide


def test_where_a_level_has_no_boundaries_there_are_none() -> None:
    assert _boundaries((), "district", date(2024, 1, 1)) is None
    bare = units(date(2020, 1, 1), communes=False)
    assert _boundaries((bare,), "commune", date(2024, 1, 1)) is None
    assert _boundaries((bare,), "district", date(2024, 1, 1)) is not None


def test_areas_are_districts_where_there_are_any(uneven: Opened) -> None:
    areas = areas_of(uneven.run)
    assert (areas.level, list(areas.names.values())) == (
        "district", ["Huyện Kỳ Sơn", "Thành phố Vinh"]
    )  # fmt: skip
    assert areas.geometry.index.tolist() == areas.figures.index.tolist() == ["412", "417"]
    assert areas.geometry.area.round(-3).tolist() == [6e6, 3e6]


def test_without_districts_areas_are_communes_and_without_a_map_their_villages(
    uneven: Opened,
) -> None:
    run = uneven.run
    by_commune = run.summary.by_commune
    unplaced = by_commune.iloc[:0].set_axis([], axis=0)
    summary = replace(run.summary, by_district=unplaced)
    told = areas_of(replace(run, summary=summary, study=replace(run.study, units=())))
    assert told.level == "commune"
    size = told.geometry.area.round(-3)
    assert {str(code): size[code] for code in size.index} == {
        "10": 3e6, "11": 3e6, "12": 2e6, "13": 1e6
    }  # fmt: skip
    assert cast("str", told.names["13"]) == "Xã *Lẻ*"

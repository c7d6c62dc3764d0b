"""Tables of coverage become layers: which rows count, and how far a site reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

from geodata.coordinates import study_crs
from geodata.errors import DataError
from geodata.filing import Filed, Rows
from geodata.filings import SILENT
from geodata.findings import Finding
from geodata.rows import filed
from tests import tiny

CRS = study_crs(tiny.CRS)
ALPHA = replace(SILENT, operator="Alpha", technology="4G")


def sites(reach: Sequence[float | None] | None, *, count: int = 1) -> Rows:
    """Sites a hundred kilometres apart, with a reach of their own or without."""
    there = count if reach is None else len(reach)
    points = [Point(tiny.X0 + 100_000 * k, tiny.Y0) for k in range(there)]
    own = None if reach is None else pd.Series(reach, dtype="Float64")
    return Rows(table=gpd.GeoDataFrame(geometry=points, crs=CRS), reach_m=own, points=True)


def radii(made: Filed) -> list[float]:
    (layer,) = made.layers
    return [math.sqrt(area / math.pi) for area in layer.footprint.area]  # type: ignore[union-attr]  # polygons


def one(made: Filed, kind: str) -> Finding:
    (found,) = (f for f in made.findings if f.kind == kind)
    return found


def kinds(made: Filed) -> set[str]:
    return {f.kind for f in made.findings}


@pytest.mark.parametrize("told", [0.0, -5.0, None])
def test_a_site_that_tells_no_reach_has_that_of_the_study_file(told: float | None) -> None:
    made = filed(sites([700.0, told]), replace(ALPHA, reach_m=900.0), crs=CRS, file="f")
    assert radii(made) == pytest.approx([700.0, 900.0])
    assert "no-reach" not in kinds(made)
    assert one(made, "discs").sentence.parts["count"] == 2


@pytest.mark.parametrize("told", [0.0, -5.0, None])
def test_without_one_in_the_study_file_a_reach_of_nothing_leaves_the_site_out(
    told: float | None,
) -> None:
    made = filed(sites([told, 700.0]), ALPHA, crs=CRS, file="f")
    assert radii(made) == pytest.approx([700.0])
    assert one(made, "no-reach").rows == (1,)
    assert one(made, "discs").sentence.parts["count"] == 1
    for said in (None, 0.0):
        with pytest.raises(DataError, match="no site with a place and a reach"):
            filed(sites([told]), replace(ALPHA, reach_m=said), crs=CRS, file="f")


def test_a_reach_of_one_metre_is_a_reach() -> None:
    made = filed(sites([1.0]), replace(ALPHA, reach_m=900.0), crs=CRS, file="f")
    assert radii(made) == pytest.approx([1.0])


def test_a_reach_at_the_cap_is_its_own_and_one_beyond_is_cut_and_told() -> None:
    limit = replace(ALPHA, reach_cap_m=800.0)
    made = filed(sites([799.0, 800.0]), limit, crs=CRS, file="f")
    assert radii(made) == pytest.approx([799.0, 800.0])
    assert "reach-capped" not in kinds(made)
    made = filed(sites([800.0, 801.0, 9_000.0]), limit, crs=CRS, file="f")
    assert radii(made) == pytest.approx([800.0] * 3)
    assert one(made, "reach-capped").sentence.parts["count"] == 2
    assert one(made, "reach-capped").sentence.parts["cap"] == "800"


def test_no_cell_reaches_farther_than_its_timing_allows() -> None:
    made = filed(sites([35_000.0, 35_001.0]), ALPHA, crs=CRS, file="f")
    assert radii(made) == pytest.approx([35_000.0] * 2)
    assert one(made, "reach-capped").sentence.parts["count"] == 1


def test_sites_of_which_nobody_knows_a_reach_are_refused() -> None:
    with pytest.raises(DataError, match="do not say how far they reach; set reach_m"):
        filed(sites(None), ALPHA, crs=CRS, file="f")
    made = filed(sites(None, count=2), replace(ALPHA, reach_m=500.0), crs=CRS, file="f")
    assert radii(made) == pytest.approx([500.0] * 2)


def areas(**told: object) -> Rows:
    """Three areas side by side, with what is told of each."""
    shapes = [box(1000 * k, 0, 1000 * k + 500, 500) for k in range(3)]
    columns = {
        name: pd.Series(value, dtype="object") if isinstance(value, list) else value
        for name, value in told.items()
    }
    return Rows(table=gpd.GeoDataFrame(geometry=shapes, crs=CRS), **columns)  # type: ignore[arg-type]  # as named


def counts(made: Filed) -> dict[str, int]:
    """Title and day of each layer → its polygons."""
    return {
        f"{x.info.title} {x.info.as_of or ''}".strip(): len(x.footprint)  # type: ignore[union-attr]  # polygons
        for x in made.layers
    }


def test_a_signal_at_the_threshold_counts_and_so_does_a_row_that_tells_none() -> None:
    rows = areas(signal_dbm=[-105.0, -105.1, None])
    made = filed(rows, replace(ALPHA, threshold_dbm=-105.0), crs=CRS, file="f")
    assert counts(made) == {"Alpha 4G": 2}
    assert one(made, "below-threshold").sentence.parts["count"] == 1
    assert counts(filed(rows, ALPHA, crs=CRS, file="f")) == {"Alpha 4G": 3}


def test_a_row_without_a_grade_counts_unless_grades_are_asked_for() -> None:
    rows = areas(grade=["good", "fair", None], grades=("good", "fair"))
    assert counts(filed(rows, ALPHA, crs=CRS, file="f")) == {"Alpha 4G": 3}
    asked = replace(ALPHA, grades=("good",))
    assert counts(filed(rows, asked, crs=CRS, file="f")) == {"Alpha 4G": 1}


def test_a_grade_nobody_knows_is_left_out_and_told() -> None:
    rows = areas(grade=["good", "odd", None], grades=("good", "fair"))
    made = filed(rows, ALPHA, crs=CRS, file="f")
    assert counts(made) == {"Alpha 4G": 2}
    assert one(made, "unknown-grade").rows == (2,)
    with pytest.raises(DataError, match="nothing that counts as coverage"):
        filed(areas(grade=["odd"] * 3, grades=("good",)), ALPHA, crs=CRS, file="f")


def test_each_operator_technology_and_day_is_a_layer_and_stamps_are_not_apart() -> None:
    days = [date(2023, 1, 1), date(2023, 6, 1), date(2023, 3, 1)]
    rows = areas(operator=["B", "A", "B"], technology=["4G", "3G", "4G"], as_of=days)
    made = filed(rows, SILENT, crs=CRS, file="f")
    assert counts(made) == {"A 3G 2023-06-01": 1, "B 4G 2023-01-01": 1, "B 4G 2023-03-01": 1}
    stamped = filed(replace(rows, stamped=True), SILENT, crs=CRS, file="f")
    assert counts(stamped) == {"A 3G 2023-06-01": 1, "B 4G 2023-03-01": 2}


def test_of_several_operators_the_study_file_chooses_one_and_of_one_it_renames_it() -> None:
    two = areas(operator=["Beta", "ALPHA", "Beta"], technology="4G")
    made = filed(two, ALPHA, crs=CRS, file="f")
    assert counts(made) == {"Alpha 4G": 1}
    assert one(made, "rows-chosen").sentence.parts["count"] == 1
    made = filed(areas(operator=["Beta"] * 3, technology="4G"), ALPHA, crs=CRS, file="f")
    assert counts(made) == {"Alpha 4G": 3}
    assert "rows-chosen" not in kinds(made)
    with pytest.raises(DataError, match="holds ALPHA, Beta and nothing of Gamma"):
        filed(two, replace(ALPHA, operator="Gamma"), crs=CRS, file="f")


def test_a_technology_nobody_knows_is_left_out_and_refuses_where_it_is_all_or_must_not_be() -> None:
    rows = areas(operator="Alpha", technology=["4G", "odd", "3G"])
    made = filed(rows, SILENT, crs=CRS, file="f")
    assert counts(made) == {"Alpha 3G": 1, "Alpha 4G": 1}
    assert one(made, "unknown-technology").rows == (2,)
    for refused in (replace(rows, strict=True), areas(operator="A", technology=["odd"] * 3)):
        with pytest.raises(DataError, match="odd"):
            filed(refused, SILENT, crs=CRS, file="f")


@pytest.mark.parametrize("field", ["operator", "technology"])
def test_a_cell_without_operator_or_technology_is_told_with_its_row(field: str) -> None:
    told = {"operator": "Alpha", "technology": "4G", field: ["4G", None, None]}
    with pytest.raises(DataError, match=f"f, row 2: the {field} is missing"):
        filed(areas(**told), SILENT, crs=CRS, file="f")
    del told[field]
    with pytest.raises(DataError, match=f"no column for the {field}"):
        filed(areas(**told), SILENT, crs=CRS, file="f")

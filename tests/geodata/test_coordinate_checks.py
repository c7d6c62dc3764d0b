"""Single rows that lie outside, files that lie elsewhere, and how far is far."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from geodata.coordinate_checks import coordinate_findings, definition_findings, elsewhere_findings
from geodata.diagnose import Extent
from geodata.findings import Finding
from geodata.placing import NOTHING_SAID, Placement
from geodata.systems import crs_of

STUDY = crs_of("EPSG:9208")
X, Y = 500_000.0, 2_100_000.0
SIDE = 40_000.0
EXTENT = Extent(areas=gpd.GeoSeries([box(X, Y, X + SIDE, Y + SIDE)], crs=STUDY))
SPREAD = [(X + 4_000.0 * (k % 10) + 500, Y + 4_000.0 * (k // 10) + 500) for k in range(100)]

At = Sequence[tuple[float, float]]


def table(at: At, crs: object = STUDY) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[Point(*one) for one in at], crs=crs)


def found(at: At, **more: object) -> list[tuple[str, tuple[int, ...]]]:
    told = coordinate_findings(table(at), file="v", study=STUDY, extent=EXTENT, **more)  # type: ignore[arg-type]  # as named
    return [(one.kind, one.rows) for one in told]


@pytest.mark.parametrize(
    ("beyond_m", "told"),
    [(-1.0, []), (0.0, []), (999.0, []), (1_001.0, [("outside-extent", (1,))])],
)
def test_a_row_more_than_a_kilometre_beyond_the_outline_is_a_stray(
    beyond_m: float, told: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert found([(X - beyond_m, Y + 9_000), *SPREAD]) == told


def test_one_row_elsewhere_is_a_stray_and_a_file_of_one_row_lies_elsewhere() -> None:
    away = X + 78_984.0  # what a meridian of 45 minutes makes of X
    (stray,) = found([(away + 20_000, Y + 20_000), *SPREAD])
    assert stray == ("outside-extent", (1,))
    alone = gpd.GeoDataFrame(geometry=table(SPREAD[44:45]).to_crs("EPSG:9209").geometry)
    wrong = alone.set_crs(STUDY, allow_override=True)
    (one,) = coordinate_findings(wrong, file="v", study=STUDY, extent=EXTENT)
    assert (one.kind, one.severity, one.rows, one.count) == ("crs-wrong-meridian", "error", (1,), 1)


def test_rows_that_lie_inside_the_other_way_round_are_told_apart_from_strays() -> None:
    swapped, far = SPREAD[12][::-1], (X + 90_000, Y)
    assert found([*SPREAD, swapped, far]) == [("xy-swapped", (101,)), ("outside-extent", (102,))]


def test_fifty_strays_are_named_and_shown_and_all_are_counted() -> None:
    far = [(X - 400_000.0 - 7_000 * k, Y - 900_000 + 3_000 * k) for k in range(60)]
    (one,) = coordinate_findings(table([*SPREAD, *far]), file="v", study=STUDY, extent=EXTENT)
    assert (one.kind, one.count, len(one.rows)) == ("outside-extent", 60, 50)
    assert one.rows[0] == 101
    assert one.places is not None
    assert len(one.places) == 50


def test_a_row_without_a_place_is_no_stray() -> None:
    held = pd.concat([table(SPREAD), gpd.GeoDataFrame(geometry=[None], crs=STUDY)])
    held = held.reset_index(drop=True)
    assert coordinate_findings(held, file="v", study=STUDY, extent=EXTENT) == ()


def test_without_an_extent_nothing_lies_outside() -> None:
    far = table([(X + 900_000, Y), *SPREAD[:3]])
    assert coordinate_findings(far, file="v", study=STUDY) == ()


def test_a_file_that_says_no_system_is_told_with_those_it_fits_where_there_is_an_extent() -> None:
    bare = table(SPREAD, None)
    (one,) = coordinate_findings(bare, file="v", study=STUDY)
    assert (one.kind, one.severity) == ("crs-missing", "error")
    assert "set crs = … in the study file once you know it" in str(one.sentence)
    (one,) = coordinate_findings(bare, file="v", study=STUDY, extent=EXTENT)
    assert 'crs = "EPSG:9208"' in str(one.sentence)


def _layer(at: At, crs: object = STUDY) -> Placement:
    system = None if crs is None else crs_of(str(crs)) if isinstance(crs, str) else STUDY
    return Placement(table=table(at, crs), system=system, said=NOTHING_SAID)


def _elsewhere(at: At, extent: Extent | None = EXTENT, crs: object = STUDY) -> tuple[Finding, ...]:
    return elsewhere_findings(_layer(at, crs), extent, file="l.gpkg")


def test_a_layer_in_the_wrong_zone_lies_elsewhere_as_a_whole() -> None:
    moved = table(SPREAD).to_crs("EPSG:9209").geometry
    at = list(zip(moved.x, moved.y, strict=True))
    (one,) = _elsewhere(at)
    assert (one.kind, one.rows, one.count) == ("crs-wrong-meridian", (), 0)
    assert 'crs = "EPSG:9209"' in str(one.sentence)
    assert _elsewhere(at, None) == ()
    assert _elsewhere(at, crs=None) == ()
    assert _elsewhere(SPREAD) == ()


def test_a_layer_of_many_parts_is_looked_at_from_its_first_to_its_last() -> None:
    """Of two thousand parts, one in four is tried: the half that lies elsewhere is among them."""
    moved = table(SPREAD).to_crs("EPSG:9209").geometry
    away = list(zip(moved.x, moved.y, strict=True))
    assert [one.kind for one in _elsewhere(away * 20)] == ["crs-wrong-meridian"]
    count = _elsewhere(away * 20)[0].sentence.parts["all"]
    assert count == 500
    assert int(np.asarray(count)) < len(away) * 20


@pytest.mark.parametrize(
    ("crs", "kinds"),
    [
        ("+proj=tmerc +lon_0=104.75 +k=0.9999 +x_0=500000 +datum=WGS84", ["crs-lost-datum"]),
        ("EPSG:6957", ["crs-deprecated"]), ("EPSG:9208", []), ("EPSG:4326", []), (None, []),
    ],
)  # fmt: skip
def test_what_a_definition_has_lost_is_told_as_a_warning(crs: str | None, kinds: list[str]) -> None:
    told = definition_findings(table(SPREAD[:3], crs), file="v")
    assert [(one.kind, one.severity) for one in told] == [(kind, "warning") for kind in kinds]

"""VN-2000 to the millimetre, and data that lies elsewhere is told why."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, Polygon, box

from geodata import DataError, StudyError
from geodata.coordinates import require_inside, study_crs, to_study
from geodata.placing import centroids

BOUNDS = np.array([410_000.0, 2_050_000.0, 620_000.0, 2_210_000.0])
VINH = (105.6882, 18.6734)


def test_the_golden_point() -> None:
    table = pd.DataFrame({"lon": [str(VINH[0])], "lat": [str(VINH[1])]})
    point = to_study(table, study_crs("EPSG:9208"), file="t").geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((598773.437, 2065678.573), abs=1e-3)
    utm = gpd.GeoSeries([point], crs="EPSG:9208").to_crs("EPSG:3405").iloc[0]
    assert (utm.x, utm.y) == pytest.approx((572378.441, 2064939.256), abs=1e-3)


@pytest.mark.parametrize(
    "columns",
    [
        {"X": "2065678,573", "Y": "598773,437"},
        {"X": "598773.437", "Y": "2065678.573"},
        {"Kinh độ": "105,6882", "Vĩ độ": "18,6734"},
        {"X": "105.6882", "Y": "18.6734"},
        {"X": "18.6734", "Y": "105.6882"},
    ],
)
def test_coordinates_however_they_are_written(columns: dict[str, str]) -> None:
    table = pd.DataFrame({k: [v] for k, v in columns.items()})
    point = to_study(table, study_crs("EPSG:9208"), file="t").geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((598773.437, 2065678.573), abs=1e-2)


def test_no_coordinates_at_all() -> None:
    with pytest.raises(DataError, match="no geometry and no coordinate columns"):
        to_study(pd.DataFrame({"a": ["1"]}), study_crs("EPSG:9208"), file="t")


@pytest.mark.parametrize("text", ["EPSG:4326", "EPSG:0", "metres"])
def test_a_study_needs_metres(text: str) -> None:
    with pytest.raises(StudyError, match="for Nghệ An write EPSG:9208"):
        study_crs(text)


@pytest.mark.parametrize(
    ("x", "y", "cause"),
    [
        (2_100_000.0, 500_000.0, "swapped"),
        (395_000.0, 2_100_000.0, r"wrong VN-2000 meridian .*shift of 26\.3 km"),
        (680_000.0, 2_100_000.0, r"wrong VN-2000 meridian .*shift of 79\.0 km"),
        (5_000_000.0, 9_000_000.0, "check the file's coordinate system"),
    ],
)
def test_places_outside_are_told_with_their_cause(x: float, y: float, cause: str) -> None:
    places = gpd.GeoSeries({"Xóm 1": Point(x, y)}, crs="EPSG:9208")
    with pytest.raises(DataError, match=cause) as caught:
        require_inside(places, BOUNDS, file="v.gpkg")
    assert "1 of 1 places" in str(caught.value)
    assert "Xóm 1" in str(caught.value)


def test_a_wrong_meridian_is_told_though_most_places_still_lie_inside() -> None:
    places = gpd.GeoSeries(gpd.points_from_xy(np.arange(430e3, 630e3, 1e4), [2.1e6] * 20))
    moved = places.translate(26_400, 0).set_crs("EPSG:9208")
    with pytest.raises(DataError, match=r"3 of 20 places .* wrong VN-2000 meridian .* 26\.3 km"):
        require_inside(moved, BOUNDS, file="v.gpkg")


def test_one_stray_place_is_no_wrong_system() -> None:
    places = gpd.GeoSeries([Point(5e5, 2.1e6), Point(395e3, 2.1e6)], ["a", "b"], crs="EPSG:9208")
    with pytest.raises(DataError, match=r"1 of 2 .*first: b\); check the place of this village"):
        require_inside(places, BOUNDS, file="v.gpkg")


def test_latitude_and_longitude_the_wrong_way_round() -> None:
    swapped = pd.DataFrame({"lat": [str(VINH[0])], "lon": [str(VINH[1])]})
    with pytest.raises(DataError, match=r"a latitude of 105\.7°.* look swapped"):
        to_study(swapped, study_crs("EPSG:9208"), file="t")


def test_three_decimals_of_a_degree_are_no_thousands() -> None:
    table = pd.DataFrame({"lon": ["105.688"], "lat": ["18.673"]})
    point = to_study(table, study_crs("EPSG:9208"), file="t").geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((598_752, 2_065_634), abs=2)


def test_a_row_without_coordinates_has_no_place() -> None:
    table = pd.DataFrame({"lon": ["105.688", None], "lat": ["18.673", "18.7"]})
    placed = to_study(table, study_crs("EPSG:9208"), file="t")
    assert placed.geometry.isna().tolist() == [False, True]


@pytest.mark.parametrize("side", range(4))
def test_a_place_up_to_five_kilometres_beyond_the_bounds_is_inside_and_farther_out_is_told(
    side: int,
) -> None:
    def places(beyond_m: float) -> gpd.GeoSeries:
        at = [500_000.0, 2_100_000.0]
        at[side % 2] = BOUNDS[side] + (-beyond_m if side < 2 else beyond_m)
        return gpd.GeoSeries([Point(500_000, 2_100_000), Point(at)], crs="EPSG:9208")

    for beyond_m in (-1.0, 0.0, 5_000.0):
        require_inside(places(beyond_m), BOUNDS, file="v")
    with pytest.raises(DataError, match=r"1 of 2 places .* up to 0\.2 km away \(first: 1\)"):
        require_inside(places(5_200.0), BOUNDS, file="v")
    with pytest.raises(DataError, match="1 of 2 places"):
        require_inside(places(5_001.0), BOUNDS, file="v")


def test_shapes_without_a_centre_have_none() -> None:
    found = centroids(gpd.GeoSeries([box(0, 0, 2, 2), Polygon(), None]))
    assert np.array_equal(found, [[1, 1], [np.nan] * 2, [np.nan] * 2], equal_nan=True)

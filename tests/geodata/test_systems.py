"""VN-2000 against an implementation of its own: a Helmert shift and Krüger's series."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import DataError
from geodata.systems import (
    GEOD,
    WGS84,
    System,
    brought,
    crs_of,
    heir_of,
    lost_datum,
    meridian_text,
    moved,
    on_earth,
    projection_of,
    systems,
    title_of,
)

VINH = (105.6882, 18.6734)
GOLDEN = {
    "EPSG:4326": VINH,
    "EPSG:9208": (598773.437, 2065678.573),
    "EPSG:3405": (572378.441, 2064939.256),
}
TM3 = [system for system in systems() if system.family == "vn2000-tm3"]
UTM = [system for system in systems() if system.family == "vn2000-utm"]

A, F = 6378137.0, 1 / 298.257223563
E2 = F * (2 - F)
SHIFT_M = (191.90441429, 39.30318279, 111.45032835)
TURN_S = (-0.00928836, 0.01975479, -0.00427372)
SCALE = 0.252906278e-6
"""Decision 05/2007/QĐ-BTNMT, from WGS 84 to VN-2000 (the sign of the scale as it applies)."""

Floats = npt.NDArray[np.float64]

PROJECTION = "+proj=tmerc +lat_0=0 +lon_0=104.75 +k=0.9999 +x_0=500000 +y_0=0 +units=m +no_defs"
OFFICIAL = "-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278"
REVERSED = "191.90441429,39.30318279,111.45032835,-0.00928836,0.01975479,-0.00427372,-0.252906278"
ESRI = (
    'PROJCS["VN_2000_TM-3_104-45",GEOGCS["{name}",DATUM["{datum}",SPHEROID["WGS_1984",'
    '6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",104.75],'
    'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def shifted(lon: float, lat: float) -> tuple[float, float]:
    """WGS 84 to VN-2000 degrees, at height 0, by the seven parameters."""
    phi, lam = math.radians(lat), math.radians(lon)
    n = A / math.sqrt(1 - E2 * math.sin(phi) ** 2)
    at = np.array(
        [
            n * math.cos(phi) * math.cos(lam),
            n * math.cos(phi) * math.sin(lam),
            n * (1 - E2) * math.sin(phi),
        ]
    )
    rx, ry, rz = (math.radians(turn / 3600) for turn in TURN_S)
    turn = np.array([[1, -rz, ry], [rz, 1, -rx], [-ry, rx, 1]])
    # the inverse of VN-2000 to WGS 84, whose parameters are these with the other sign
    x, y, z = np.linalg.solve((1 + SCALE) * turn.T, at + np.array(SHIFT_M))
    p = math.hypot(x, y)
    phi = math.atan2(z, p * (1 - E2))
    for _ in range(8):
        n = A / math.sqrt(1 - E2 * math.sin(phi) ** 2)
        phi = math.atan2(z + E2 * n * math.sin(phi), p)
    return math.degrees(math.atan2(y, x)), math.degrees(phi)


def projected(lon: float, lat: float, *, meridian: float, scale: float) -> tuple[float, float]:
    """Transverse Mercator by Krüger's series in the third flattening, to the sixth power."""
    n = F / (2 - F)
    a = A / (1 + n) * (1 + n**2 / 4 + n**4 / 64 + n**6 / 256)
    alpha = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180 - 127 * n**5 / 288,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440 + 281 * n**5 / 630,
        61 * n**3 / 240 - 103 * n**4 / 140 + 15061 * n**5 / 26880,
        49561 * n**4 / 161280 - 179 * n**5 / 168,
        34729 * n**5 / 80640,
    )
    phi, lam = math.radians(lat), math.radians(lon - meridian)
    e = math.sqrt(E2)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi, eta = math.atan2(t, math.cos(lam)), math.atanh(math.sin(lam) / math.hypot(1, t))
    north = xi + sum(
        c * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, c in enumerate(alpha, 1)
    )
    east = eta + sum(
        c * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, c in enumerate(alpha, 1)
    )
    return 500_000 + scale * a * east, scale * a * north


@pytest.mark.parametrize("source", GOLDEN)
@pytest.mark.parametrize("target", GOLDEN)
def test_the_golden_coordinates_both_ways_to_a_millimetre(source: str, target: str) -> None:
    found = moved(np.array([GOLDEN[source]]), crs_of(source), crs_of(target))[0]
    within = 1e-8 if target == WGS84 else 1e-3
    assert found == pytest.approx(GOLDEN[target], abs=within)


def test_the_golden_coordinates_by_an_implementation_of_our_own() -> None:
    tm3 = projected(*shifted(*VINH), meridian=104.75, scale=0.9999)
    utm = projected(*shifted(*VINH), meridian=105.0, scale=0.9996)
    assert tm3 == pytest.approx(GOLDEN["EPSG:9208"], abs=1e-3)
    assert utm == pytest.approx(GOLDEN["EPSG:3405"], abs=1e-3)


@pytest.mark.heavy
@pytest.mark.parametrize("system", [*TM3, *UTM], ids=lambda system: system.code)
def test_each_zone_agrees_with_our_own_and_comes_back(system: System) -> None:
    scale = 0.9999 if system.family == "vn2000-tm3" else 0.9996
    area = system.crs.area_of_use
    assert area is not None
    for east, north in ((0.1, 0.1), (0.5, 0.5), (0.9, 0.2), (0.3, 0.9)):
        lon = area.west + east * (area.east - area.west)
        lat = area.south + north * (area.north - area.south)
        own = projected(*shifted(lon, lat), meridian=system.meridian_deg, scale=scale)
        there = moved(np.array([(lon, lat)]), crs_of(WGS84), system.crs)
        # in the Mekong delta PROJ prefers an older set of parameters, 0.8 m away
        delta = 104.24 <= lon <= 107.11 and 9.35 <= lat <= 11.04
        assert there[0] == pytest.approx(own, abs=1.0 if delta else 1e-4)
        degrees = moved(there, system.crs, crs_of("EPSG:4756"))
        assert moved(degrees, crs_of("EPSG:4756"), system.crs) == pytest.approx(there, abs=1e-4)
        # flat coordinates know no height, so the two ways of the shift differ by a little more
        back = moved(there, system.crs, crs_of(WGS84))[0]
        assert GEOD.inv(lon, lat, *back)[2] < 2e-3


def test_the_zones_are_those_of_the_provinces() -> None:
    assert [system.meridian_deg for system in sorted(TM3, key=lambda s: s.meridian_deg)] == [
        102, 103, 104, 104.5, 104.75, 105, 105.5, 105.75, 106, 106.25, 106.5, 107, 107.25, 107.5,
        107.75, 108, 108.25, 108.5,
    ]  # fmt: skip
    assert {s.code for s in UTM} == {"EPSG:3405", "EPSG:3406"}
    codes = {system.code for system in systems()}
    assert {"EPSG:4756", "EPSG:32648", "EPSG:32649", "EPSG:2044", "EPSG:3148"} <= codes
    assert not codes & {"EPSG:6956", "EPSG:6957", "EPSG:6958", "EPSG:6959"}


@pytest.mark.parametrize(
    ("old", "new"), [(6956, "5896"), (6957, "5897"), (6958, "5898"), (6959, "5899")]
)
def test_a_deprecated_zone_has_an_heir_with_its_false_origin_put_right(old: int, new: str) -> None:
    before = pyproj.CRS.from_epsg(old)
    assert heir_of(before).to_authority() == ("EPSG", new)
    assert heir_of(heir_of(before)) == heir_of(before)
    at = moved(np.array([VINH]), crs_of(WGS84), before)
    now = moved(np.array([VINH]), crs_of(WGS84), heir_of(before))
    assert (now - at)[0] == pytest.approx((500_000, -500_000), abs=1e-6)


@pytest.mark.parametrize("code", ["EPSG:2044", "EPSG:3148", "EPSG:4147"])
def test_between_two_datums_the_way_leads_through_wgs_84(code: str) -> None:
    """PROJ alone moves Hanoi 1972 and Indian 1960 to VN-2000 by nothing: 224.5 m off."""
    there = moved(np.array([VINH]), crs_of(WGS84), crs_of(code))
    back = moved(there, crs_of(code), crs_of("EPSG:9208"))[0]
    assert back == pytest.approx(GOLDEN["EPSG:9208"], abs=0.02)
    way = pyproj.Transformer.from_crs(code, "EPSG:9208", always_xy=True)
    alone = way.transform(*there[0])
    assert math.dist(alone, back) == pytest.approx(224.5, abs=0.5)


@pytest.mark.parametrize(
    ("definition", "loss", "off_m"),
    [
        (f"{PROJECTION} +ellps=WGS84", "lost", 224.5),
        (f"{PROJECTION} +datum=WGS84", "lost", 224.5),
        (f"{PROJECTION} +ellps=WGS84 +towgs84=0,0,0", "zeroed", 224.5),
        (f"{PROJECTION} +ellps=WGS84 +towgs84=0,0,0,0,0,0,0", "zeroed", 224.5),
        (f"{PROJECTION} +ellps=WGS84 +towgs84={REVERSED}", "wrong", 449.0),
        (ESRI.format(name="GCS_VN_2000", datum="D_unknown"), "lost", 224.5),
        (ESRI.format(name="GCS_WGS_1984", datum="D_WGS_1984"), "lost", 224.5),
        (
            ESRI.format(name="GCS_VN_2000", datum="D_Vietnam_2000").replace(
                "]],PRIMEM", "],TOWGS84[0,0,0,0,0,0,0]],PRIMEM"
            ),
            "zeroed",
            224.5,
        ),
    ],
)
def test_a_definition_that_lost_its_datum_is_told_with_the_shift_at_its_place(
    definition: str, loss: str, off_m: float
) -> None:
    found = lost_datum(pyproj.CRS.from_user_input(definition), at=GOLDEN["EPSG:9208"])
    assert found is not None
    assert (found.loss, found.right.code) == (loss, "EPSG:9208")
    assert found.off_m == pytest.approx(off_m, abs=0.1)


@pytest.mark.parametrize(
    "definition",
    [
        "EPSG:9208",
        "EPSG:32648",
        "EPSG:4326",
        f"{PROJECTION} +ellps=WGS84 +towgs84={OFFICIAL}",
        f"{PROJECTION} +ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835",
        ESRI.format(name="GCS_VN_2000", datum="D_Vietnam_2000"),
        PROJECTION.replace("0.9999", "0.9996").replace("104.75", "105") + " +datum=WGS84",
        PROJECTION.replace("104.75", "104.7") + " +datum=WGS84",
    ],
)
def test_what_lost_nothing_is_not_doubted(definition: str) -> None:
    crs = pyproj.CRS.from_user_input(definition)
    assert lost_datum(crs, at=GOLDEN["EPSG:9208"]) is None


def test_the_shift_is_computed_for_the_place_and_not_copied() -> None:
    crs = pyproj.CRS.from_user_input(f"{PROJECTION} +datum=WGS84")
    north = lost_datum(crs, at=(500_000.0, 2_500_000.0))
    assert north is not None
    lon, lat = moved(np.array([(500_000.0, 2_500_000.0)]), crs_of("EPSG:9208"), crs_of(WGS84))[0]
    expected = GEOD.inv(lon, lat, *shifted(lon, lat))[2]
    assert north.off_m == pytest.approx(expected, abs=0.01)
    assert abs(north.off_m - 224.5) > 0.5


def test_a_mapinfo_plan_is_on_no_earth() -> None:
    plan = pyproj.CRS.from_wkt('LOCAL_CS["Nonearth",UNIT["Meter",1.0]]')
    assert not on_earth(plan)
    assert not on_earth(None)
    assert lost_datum(plan, at=(0.0, 0.0)) is None


def test_systems_are_titled_as_people_write_them() -> None:
    assert title_of(crs_of("EPSG:9208")) == "EPSG:9208 (VN-2000 / TM-3 104-45)"
    nameless = pyproj.CRS.from_user_input(f"{PROJECTION} +datum=WGS84")
    assert title_of(nameless) == "Transverse Mercator, 104°45′"
    assert [meridian_text(m) for m in (105.0, 104.75, 105.5)] == ["105°", "104°45′", "105°30′"]
    assert projection_of(crs_of("EPSG:4326")) == {}


@settings(deadline=None)  # the first use of a system makes its transformer
@given(
    lon=st.floats(103.8, 105.9),
    lat=st.floats(18.5, 20.1),
    code=st.sampled_from([s.code for s in systems() if s.family not in ("hanoi", "indian")]),
)
def test_there_and_back_changes_nothing(lon: float, lat: float, code: str) -> None:
    there = moved(np.array([(lon, lat)]), crs_of(WGS84), crs_of(code))
    back = moved(there, crs_of(code), crs_of(WGS84))[0]
    assert np.isfinite(there).all()
    assert GEOD.inv(lon, lat, *back)[2] < 2e-3


def test_shapes_of_another_datum_come_by_way_of_wgs84_and_a_way_that_is_none_is_told() -> None:
    hanoi = gpd.GeoSeries([shapely.Point(105.6882, 18.6734)], crs="EPSG:4147")
    target = pyproj.CRS("EPSG:9208")
    by_wgs84 = hanoi.to_crs("EPSG:4326").to_crs(target)
    assert brought(hanoi, target).distance(by_wgs84).max() < 1e-6
    assert hanoi.to_crs(target).distance(by_wgs84).max() > 100  # what it would be unheeded
    moon = gpd.GeoSeries([shapely.Point(1.0, 2.0)], crs="IAU_2015:30100")
    with pytest.raises(DataError, match="no way leads to VN-2000"):
        brought(moon, target)

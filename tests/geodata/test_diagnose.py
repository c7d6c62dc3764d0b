"""Any system without its name is found again, or listed among those it cannot be told from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from geodata.advice import advice
from geodata.coordinate_checks import coordinate_findings, definition_findings
from geodata.coordinates import to_study
from geodata.datum import Truth, owners_of
from geodata.diagnose import AsSaid, Extent, area_of_use, boxed, diagnose, sign_test
from geodata.errors import phrase
from geodata.findings import Finding
from geodata.placing import Placement, place
from geodata.read import read
from geodata.systems import WGS84, crs_of, moved, systems
from geodata.units import Units
from tests.laws import examples

STUDY = crs_of("EPSG:9208")
OUTLINE_KM = [
    (579, 2059), (408, 2136), (429, 2177), (489, 2170), (518, 2212), (544, 2203), (557, 2154),
    (611, 2134), (591, 2100), (607, 2066),
]  # fmt: skip
PROVINCE = Polygon([(1000 * x, 1000 * y) for x, y in OUTLINE_KM])
EXTENT = Extent(areas=gpd.GeoSeries([PROVINCE], crs=STUDY))
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "nghe_an"
real = pytest.mark.skipif(not DATA.exists(), reason="the real places are not on this machine")

TWINS = {
    "EPSG:3405": {"EPSG:32648", "EPSG:3148", "EPSG:5897"},
    "EPSG:4326": {"EPSG:4756", "EPSG:4147", "EPSG:4131"},
}
"""Systems within some hundred metres of each other: an outline cannot tell them apart."""

Floats = npt.NDArray[np.float64]


def points(count: int, seed: int) -> Floats:
    """Places spread over the province, in the study's metres."""
    random = np.random.default_rng(seed)
    x0, y0, x1, y1 = PROVINCE.bounds
    at = random.uniform((x0, y0), (x1, y1), (40 * count, 2))
    return at[shapely.contains_xy(PROVINCE, at)][:count]


def in_system(at: Floats, code: str) -> Floats:
    return moved(moved(at, STUDY, crs_of(WGS84)), crs_of(WGS84), crs_of(code))


def table_of(at: Floats, code: str | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*at.T), crs=code)


def kinds(findings: tuple[Finding, ...]) -> list[str]:
    return [found.kind for found in findings]


@settings(deadline=None, max_examples=examples(60))
@given(
    code=st.sampled_from([system.code for system in systems()]),
    seed=st.integers(0, 10_000),
    swap=st.booleans(),
)
def test_the_true_system_is_the_first_or_cannot_be_told_from_it(
    code: str, seed: int, swap: bool
) -> None:
    written = in_system(points(300, seed), code)
    assert np.isfinite(written).all()
    assume(np.abs(written).max() <= 1.5e7)
    found = diagnose(written[:, ::-1] if swap else written, EXTENT)
    assert found
    assert code == found[0].system.code or code in found[0].twins
    assert found[0].swap_xy == swap
    assert found[0].inside >= 290
    assert found[0].lines[0] == f'crs = "{found[0].system.code}"'
    assert ("swap_xy = true" in found[0].lines) == swap


@pytest.mark.parametrize("code", ["EPSG:9208", "EPSG:9209", "EPSG:5896", "EPSG:3857", "EPSG:2044"])
def test_systems_that_lie_apart_are_told_apart_by_the_whole_province(code: str) -> None:
    found = diagnose(in_system(points(400, 1), code), EXTENT)
    assert (found[0].system.code, found[0].twins, found[0].sure) == (code, (), True)


@pytest.mark.parametrize("code", TWINS)
def test_what_an_outline_cannot_tell_apart_is_named(code: str) -> None:
    found = diagnose(in_system(points(400, 1), code), EXTENT)
    assert found[0].system.code == code
    assert set(found[0].twins) == TWINS[code]
    assert "they do not tell it from" in str(advice(found[0]))


def test_one_place_proves_nothing_and_says_so() -> None:
    found = diagnose(in_system(np.array([[500e3, 2150e3]]), "EPSG:5897"), EXTENT)
    assert len(found[0].twins) > 3
    assert not found[0].sure
    assert "it may be" in str(advice(found[0]))


def test_units_that_rows_name_tell_apart_what_an_outline_cannot() -> None:
    x, y = np.meshgrid(np.arange(450e3, 570e3, 2e3), np.arange(2130e3, 2150e3, 2e3))
    corners = np.column_stack([x.ravel(), y.ravel()])
    cells = shapely.box(*corners.T, *(corners + 2000).T)
    at = corners + np.random.default_rng(3).uniform(0, 2000, corners.shape)
    extent = Extent(areas=gpd.GeoSeries(cells, crs=STUDY), owners=cells)
    for code in ("EPSG:3405", "EPSG:32648", "EPSG:5897", "EPSG:3148"):
        found = diagnose(in_system(at, code), extent)
        assert (found[0].system.code, found[0].twins) == (code, ())


def test_kilometres_are_seen() -> None:
    found = diagnose(points(200, 2) / 1000, EXTENT)
    assert found[0].lines == ('crs = "EPSG:9208"', 'xy_unit = "km"')
    lines = diagnose(points(200, 2) / 1000, EXTENT, declared=STUDY)[0].lines
    assert lines == ('xy_unit = "km"',)


def test_data_of_another_country_fits_nothing() -> None:
    assert diagnose(np.array([[10.0, 50.0], [10.1, 50.1], [10.2, 50.0]]), EXTENT) == ()
    assert diagnose(np.full((3, 2), np.nan), EXTENT) == ()
    assert diagnose(np.empty((0, 2)), EXTENT) == ()


@pytest.mark.parametrize(
    ("better", "worse", "chance"), [(10, 0, 2**-10), (3, 3, 0.65625), (0, 0, 1.0)]
)
def test_the_sign_test(better: int, worse: int, chance: float) -> None:
    assert sign_test(better, worse) == pytest.approx(chance)


def test_the_sign_test_of_many_agrees_with_that_of_fewer() -> None:
    assert sign_test(540, 460) == pytest.approx(sign_test(541, 460), rel=0.2)
    assert sign_test(600, 500) == pytest.approx(0.00142, rel=0.05)


def test_where_a_system_is_made_for_stands_for_units_that_are_not_there() -> None:
    extent = area_of_use(STUDY)
    assert extent is not None
    assert extent.area.covers(PROVINCE)
    assert area_of_use(crs_of("+proj=tmerc +lon_0=104.75 +datum=WGS84")) is None


def test_a_file_in_the_wrong_zone_is_told_with_its_size_and_put_right_by_the_line() -> None:
    at = points(300, 4)
    table = table_of(at, "EPSG:9209")
    found = coordinate_findings(table, file="v.shp", study=STUDY, extent=EXTENT)
    assert kinds(found) == ["crs-wrong-meridian"]
    sentence = str(found[0].sentence)
    assert "read with 105°30′, fits 104°45′, a shift of 78." in sentence
    assert 'crs = "EPSG:9208"' in sentence
    assert found[0].severity == "error"
    assert found[0].places is not None
    right = place(table, STUDY, file="v.shp", said=AsSaid(crs="EPSG:9208"))
    assert right.brought_to(STUDY).distance(table_of(at, "EPSG:9208").geometry).max() < 1e-6


def test_degrees_made_with_the_wrong_meridian_are_told_and_put_right() -> None:
    at = points(300, 5)
    wrong = table_of(at, "EPSG:9209").to_crs(WGS84)
    found = coordinate_findings(wrong, file="v.geojson", study=STUDY, extent=EXTENT)
    assert kinds(found) == ["crs-wrong-meridian"]
    line = diagnose(
        np.column_stack([wrong.geometry.x, wrong.geometry.y]), EXTENT, declared=wrong.crs
    )[0].lines[0]
    said = AsSaid(crs=line.removeprefix('crs = "').removesuffix('"'))
    right = place(wrong, STUDY, file="v", said=said).brought_to(STUDY)
    assert right.distance(table_of(at, "EPSG:9208").geometry).max() < 2


def test_places_where_they_should_be_say_nothing() -> None:
    at = points(300, 6)
    assert coordinate_findings(table_of(at, STUDY), file="v", study=STUDY, extent=EXTENT) == ()
    near_utm = table_of(in_system(at, "EPSG:32648"), "EPSG:32648")
    assert coordinate_findings(near_utm, file="v", study=STUDY, extent=EXTENT) == ()


def test_single_rows_are_told_apart_swapped_and_stray() -> None:
    at = points(300, 7)
    at[4] = at[4][::-1]
    at[9] = (100e3, 1_000e3)
    found = coordinate_findings(table_of(at, STUDY), file="v", study=STUDY, extent=EXTENT)
    assert [(f.kind, f.rows, f.count) for f in found] == [
        ("xy-swapped", (5,), 1), ("outside-extent", (10,), 1),
    ]  # fmt: skip


def test_swapped_layers_are_told_and_put_right_by_the_line() -> None:
    at = points(200, 8)
    swapped = table_of(at[:, ::-1], STUDY)
    found = coordinate_findings(swapped, file="v", study=STUDY, extent=EXTENT)
    assert kinds(found) == ["xy-swapped"]
    assert "swap_xy = true" in str(found[0].sentence)
    right = to_study(swapped, STUDY, file="v", said=AsSaid(swap_xy=True))
    assert right.distance(table_of(at, STUDY).geometry).max() == 0
    degrees = table_of(in_system(at, WGS84)[:, ::-1], WGS84)
    found = coordinate_findings(degrees, file="v", study=STUDY, extent=EXTENT)
    assert kinds(found) == ["latlon-swapped"]


def test_a_withdrawn_zone_is_told_and_its_heir_proposed() -> None:
    at = points(200, 9)
    table = table_of(in_system(at, "EPSG:5897"), "EPSG:6957")
    found = coordinate_findings(table, file="v", study=STUDY, extent=EXTENT)
    assert kinds(found) == ["crs-deprecated", "crs-wrong"]
    assert 'write crs = "EPSG:5897"' in str(found[0].sentence)


def grid() -> tuple[gpd.GeoDataFrame, Units]:
    """A hundred communes of 2 km, and a village in each of sixteen places of each."""
    x, y = np.meshgrid(np.arange(500e3, 520e3, 2e3), np.arange(2130e3, 2150e3, 2e3))
    corners = np.column_stack([x.ravel(), y.ravel()])
    codes = [f"{k:05}" for k in range(len(corners))]
    communes = gpd.GeoDataFrame(
        {"name": [f"Xã {code}" for code in codes]},
        geometry=shapely.box(*corners.T, *(corners + 2000).T),
        index=pd.Index(codes, name="code"),
        crs=STUDY,
    )
    inside = np.stack(np.meshgrid(*[[250, 750, 1250, 1900]] * 2), -1).reshape(-1, 2)
    at = (corners[:, None] + inside).reshape(-1, 2)
    villages = gpd.GeoDataFrame(
        {"Xã": np.repeat([f"xa {code}" for code in codes], len(inside))},
        geometry=gpd.points_from_xy(*at.T),
        crs=STUDY,
    )
    return villages, Units(valid_from=date(2023, 1, 1), communes=communes)


def test_a_lost_datum_is_seen_by_villages_that_fall_into_the_next_commune() -> None:
    villages, units = grid()
    at = np.column_stack([villages.geometry.x, villages.geometry.y])
    lost = villages.set_crs("EPSG:9208").set_geometry(
        gpd.GeoSeries(gpd.points_from_xy(*in_system(at, "EPSG:3405").T), crs="EPSG:32648")
    )
    extent = Extent(areas=units.communes.geometry)
    truth = Truth(owners=owners_of(lost, units))
    found = coordinate_findings(lost, file="v.tab", study=STUDY, extent=extent, truth=truth)
    assert kinds(found) == ["crs-lost-datum"]
    sentence = str(found[0].sentence)
    assert "likely 22" in sentence
    assert 'write crs = "EPSG:3405"' in sentence
    right = place(lost, STUDY, file="v", said=AsSaid(crs="EPSG:3405"))
    truly = coordinate_findings(right.table, file="v.tab", study=STUDY, extent=extent, truth=truth)
    assert truly == ()


def test_villages_scattered_about_their_place_prove_no_lost_datum() -> None:
    villages, units = grid()
    random = np.random.default_rng(11)
    at = np.column_stack([villages.geometry.x, villages.geometry.y])
    at = at + random.normal(0, 400, at.shape)
    blurred = villages.set_geometry(gpd.GeoSeries(gpd.points_from_xy(*at.T), crs=STUDY))
    truth = Truth(owners=owners_of(blurred, units))
    extent = Extent(areas=units.communes.geometry)
    found = coordinate_findings(
        blurred.to_crs("EPSG:32648"), file="v", study=STUDY, extent=extent, truth=truth
    )
    assert "crs-lost-datum" not in kinds(found)
    assert "crs-needless-datum" not in kinds(found)


def test_a_lost_datum_is_seen_by_edges_that_run_beside_those_of_the_units() -> None:
    _, units = grid()
    edges = units.communes.geometry
    layer = gpd.GeoDataFrame(geometry=edges.iloc[::3].to_numpy(), crs=STUDY).to_crs("EPSG:3405")
    lost = layer.set_crs("EPSG:32648", allow_override=True)
    extent = Extent(areas=edges)
    truth = Truth(edges=edges)
    found = coordinate_findings(lost, file="l.shp", study=STUDY, extent=extent, truth=truth)
    assert kinds(found) == ["crs-lost-datum"]
    assert "corners near borders fit better and 0 worse" in str(found[0].sentence)
    assert coordinate_findings(layer, file="l", study=STUDY, extent=extent, truth=truth) == ()


@real
@pytest.mark.parametrize(
    ("declared", "kind", "words"),
    [
        (None, "crs-missing", ['crs = "EPSG:9208"', "500 of 500"]),
        ("EPSG:5897", "crs-wrong-meridian", ["105°, fits 104°45′, a shift of 26.3 km"]),
        ("EPSG:9209", "crs-wrong-meridian", ["105°30′, fits 104°45′, a shift of 79.0 km"]),
        (
            "+proj=tmerc +lon_0=104.75 +k=0.9999 +x_0=500000 +ellps=WGS84 +towgs84=0,0,0",
            "crs-zeroed-datum",
            ["224.1 m off", 'crs = "EPSG:9208"'],
        ),
        (
            "+proj=tmerc +lon_0=104.75 +k=0.9999 +x_0=500000 +datum=WGS84",
            "crs-lost-datum",
            ["224.1 m off", 'crs = "EPSG:9208"'],
        ),
    ],
)
def test_the_real_places_written_wrong_are_told_why(
    tmp_path: Path, declared: str | None, kind: str, words: list[str]
) -> None:
    table = gpd.read_file(DATA / "village_points.gpkg").to_crs(STUDY)
    told = gpd.GeoDataFrame(table[["village_name"]], geometry=table.geometry.to_numpy())
    told = told if declared is None else told.set_crs(declared)
    told.to_file(tmp_path / "thon.shp", engine="pyogrio")
    if kind == "crs-zeroed-datum":  # as QGIS writes a system of one's own
        (tmp_path / "thon.prj").write_text(told.crs.to_wkt("WKT1_GDAL"), encoding="utf-8")
    wards = gpd.read_file(DATA / "wards_2025.gpkg").to_crs(STUDY)
    read_back = read(tmp_path / "thon.shp", unplaced=True).table
    found = coordinate_findings(
        read_back, file="thon.shp", study=STUDY, extent=Extent(areas=wards.geometry)
    )
    assert kinds(found) == [kind]
    assert all(word in str(found[0].sentence) for word in words), str(found[0].sentence)


@real
def test_the_real_places_as_they_are_raise_no_doubt() -> None:
    table = gpd.read_file(DATA / "village_points.gpkg")
    wards = gpd.read_file(DATA / "wards_2025.gpkg").to_crs(STUDY)
    extent = Extent(areas=wards.geometry)
    assert coordinate_findings(table, file="v", study=STUDY, extent=extent) == ()


@real
def test_the_real_places_swapped_are_told_and_read_right(tmp_path: Path) -> None:
    table = gpd.read_file(DATA / "village_points.gpkg")
    at = np.column_stack([table.geometry.y, table.geometry.x])
    table_of(at, WGS84).assign(a=1).to_file(tmp_path / "v.gpkg")
    wards = gpd.read_file(DATA / "wards_2025.gpkg").to_crs(STUDY)
    swapped = read(tmp_path / "v.gpkg", unplaced=True).table
    found = coordinate_findings(swapped, file="v", study=STUDY, extent=Extent(areas=wards.geometry))
    assert kinds(found) == ["latlon-swapped"]
    right = to_study(swapped, STUDY, file="v", said=AsSaid(swap_xy=True))
    assert apart(right, table.to_crs(STUDY)) < 1e-3


def apart(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> float:
    """The farthest that two tables' places lie from each other, row by row."""
    return float(shapely.distance(one.geometry.to_numpy(), other.geometry.to_numpy()).max())


def dms(value: float) -> str:
    minutes, seconds = divmod(round(value * 3600, 2), 60)
    degrees, minutes = divmod(int(minutes), 60)
    return f"{degrees}°{minutes:02}'{seconds:05.2f}\""


@real
@pytest.mark.parametrize("form", ["dms", "comma", "northing"])
def test_the_real_places_as_text_come_to_the_right_place(tmp_path: Path, form: str) -> None:
    table = gpd.read_file(DATA / "village_points.gpkg")
    truly = table.to_crs(STUDY).geometry
    if form == "northing":  # X is the northing, thousands parted by points, decimals by commas

        def text(v: float) -> str:
            return f"{v:,.3f}".translate(str.maketrans(",.", ".,"))

        rows = {"X": [text(v) for v in truly.y], "Y": [text(v) for v in truly.x]}
    else:
        lat, lon = table.geometry.y, table.geometry.x
        write = dms if form == "dms" else lambda v: f"{v:.6f}".replace(".", ",")
        rows = {"Vĩ độ": [write(v) for v in lat], "Kinh độ": [write(v) for v in lon]}
    path = tmp_path / "thon.csv"
    pd.DataFrame(rows).to_csv(path, sep=";", index=False)
    right = to_study(read(path).table, STUDY, file="thon.csv")
    assert apart(right, gpd.GeoDataFrame(geometry=truly)) < {
        "dms": 0.25, "comma": 0.1, "northing": 0.001,
    }[form]  # fmt: skip


def test_a_definition_without_a_system_or_with_a_good_one_says_nothing() -> None:
    assert definition_findings(table_of(points(3, 1), None), file="v") == ()
    assert definition_findings(table_of(points(3, 1), "EPSG:9208"), file="v") == ()


def test_columns_that_cannot_be_read_are_one_finding() -> None:
    table = pd.DataFrame({"lon": ["105.7", "Xóm 5"], "lat": ["18.7", "18.8"]})
    found = coordinate_findings(table, file="v.csv", study=STUDY, extent=EXTENT)
    assert [(f.kind, f.severity) for f in found] == [("coordinates-unreadable", "error")]
    assert found[0].sentence == phrase(
        "{file}, row {row}: {field} is {found}, which is no coordinate; write degrees such as "
        "18.6734 or 18°40′24″N, or metres",
        file="v.csv", row=2, field="lon", found="'Xóm 5'",
    )  # fmt: skip


def test_a_placement_without_a_system_is_brought_nowhere() -> None:
    lost = Placement(table=table_of(points(3, 1), None), system=None, said=AsSaid())
    with pytest.raises(ValueError, match="naive"):
        lost.brought_to(STUDY)
    assert boxed(np.array([0.0, 0.0, 1e4, 1e4]), STUDY).area.area == 1e8

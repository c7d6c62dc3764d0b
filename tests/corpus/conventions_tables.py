"""Measurements and lists of villages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from geodata.conventions import recognised
from geodata.filing import Listed, Measurements
from geodata.filings import SILENT, Source, candidates, layers_in, listed_in, measurements_in
from geodata.villages import village_table
from tests.corpus import Case
from tests.corpus._layers import CRS


def _measured(path: Path, **said: object) -> Measurements:
    with candidates(Source(path=path, file=path.name)) as (one, *_):
        filing = replace(SILENT, **said)  # type: ignore[arg-type]  # keys of the study file
        return measurements_in(one, filing, crs=CRS)


def _listed(path: Path, convention: str) -> Listed:
    with candidates(Source(path=path, file=path.name)) as (one, *_):
        found = recognised(one)
        assert found is not None
        assert found.name == convention
        return listed_in(one)


OOKLA = {
    "quadkey": ["1322122322223113", "1322122322223112"],
    "avg_d_kbps": [20_000, 5_000],
    "avg_u_kbps": [8_000, 1_000],
    "avg_lat_ms": [30, 60],
    "tests": [3, 1],
    "devices": [2, 1],
}


def _tiles(folder: Path) -> Path:
    path = folder / "2023-07-01_performance_mobile_tiles.parquet"
    parquet.write_table(pa.table(OOKLA), path)
    return path


def _tiles_shapefile(folder: Path) -> Path:
    path = folder / "2023-07-01_performance_mobile_tiles.shp"
    shapes = gpd.GeoSeries.from_xy([105.0, 105.1], [18.0, 18.1], crs=4326).buffer(0.001)
    gpd.GeoDataFrame(OOKLA, geometry=shapes).to_file(path)
    return path


def _tiles_read(path: Path) -> None:
    found = _measured(path)
    assert (found.convention, found.as_of) == ("ookla", date(2023, 7, 1))
    assert found.table["down_kbps"].tolist() == [20_000.0, 5_000.0]
    degrees = found.table.to_crs("EPSG:4326").total_bounds
    # the first key is tile 51960 / 29377 of zoom 16, by the digits; one tile is 360° / 2¹⁶ wide
    x = int("".join(str(int(c) & 1) for c in OOKLA["quadkey"][0]), 2)
    assert degrees[2] == pytest.approx((x + 1) * 360 / 2**16 - 180, abs=1e-6)
    assert degrees[2] - degrees[0] == pytest.approx(2 * 360 / 2**16, abs=1e-6)


def _bad_key(folder: Path) -> Path:
    path = folder / "tiles.parquet"
    parquet.write_table(pa.table({**OOKLA, "quadkey": ["9", "1322122322223112"]}), path)
    return path


def _as_layers(path: Path) -> None:
    with candidates(Source(path=path, file=path.name)) as (one, *_):
        layers_in(one, SILENT, crs=CRS)


DRIVE = (
    "Timestamp,Latitude,Longitude,PLMN,NetworkTech,RSRP\n"
    "2023-08-01 10:00:00,18.67,105.68,45204,LTE,-98\n"
    "2023-08-01 10:00:01,18.68,105.69,452-02,LTE,-101\n"
    "2023-08-01 10:00:02,0,0,45204,LTE,-95\n"
    "2023-08-01 10:00:03,18.68,105.69,45204,LTE,2147483647\n"
)


def _drive(path: Path) -> None:
    found = _measured(path)
    assert found.convention == "drive_tests"
    assert found.table["operator"].tolist() == ["Viettel", "VinaPhone"]
    assert found.table["technology"].tolist() == ["4G", "4G"]
    assert found.table["signal_dbm"].tolist() == [-98.0, -101.0]
    doubt = next(one for one in found.findings if one.kind == "bad-samples")
    assert doubt.rows == (4, 5)


OWN = "t,vd,kd,mang,muc\n1,18.67,105.68,Viettel,-98\n"
MAPPED = {"time": "t", "lat": "vd", "lon": "kd", "operator": "mang", "signal": "muc"}


def _drive_mapped(path: Path) -> None:
    with candidates(Source(path=path, file=path.name)) as (one, *_):
        filing = replace(SILENT, columns=MAPPED)
        found = measurements_in(one, filing, crs=CRS, convention="drive_tests")
    assert found.table["signal_dbm"].tolist() == [-98.0]
    assert found.table["operator"].tolist() == ["Viettel"]


THREE = "time,lat,lon,operator,rscp,rsrp\n1,18.67,105.68,VNPT,-90,\n2,18.67,105.68,VNPT,,-99\n"


def _drive_3g_and_4g(path: Path) -> None:
    found = _measured(path)
    assert found.table["technology"].tolist() == ["3G", "4G"]
    assert found.table["signal_dbm"].tolist() == [-90.0, -99.0]


def _text(name: str, body: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_text(body, encoding="utf-8")
        return path

    return make


PLACES = (
    "lat,lon,has_electricity,is_connected,connectivity_type,number_of_users,total_mbps,poi_id,"
    "poi_type\n18.67,105.68,true,false,,120,,s1,school\n18.68,105.69,false,true,fiber,30,20,h2,"
    "health\n"
)


def _places(path: Path) -> None:
    listed = _listed(path, "itu_places")
    table, _ = village_table(listed.table, crs=CRS, file=path.name, radius_m=500)
    assert table["village_id"].tolist() == ["s1", "h2"]
    assert table["village"].tolist() == ["school s1", "health h2"]
    assert table["electrified"].tolist() == [True, False]
    assert [one.severity for one in listed.findings] == ["warning"]


def _list(folder: Path) -> Path:
    path = folder / "danh sách.xlsx"
    table = pd.DataFrame(
        {
            "STT": [1, 2],
            "Tỉnh": ["Nghệ An"] * 2,
            "Huyện": ["Kỳ Sơn"] * 2,
            "Xã": ["Mường Xén", "Na Ngoi"],
            "Thôn/Bản": ["Hòa Tây", "Bản 2"],
            "Số hộ": [50, 60],
            "Dân số": ["1.234", "300"],
            "Điện lưới": ["có", "không"],
            "X": [2_145_000.5, 2_146_000.5],
            "Y": [433_000.25, 434_000.25],
        }
    )
    table.to_excel(path, index=False)
    return path


def _list_read(path: Path) -> None:
    listed = _listed(path, "vietnamese_list")
    table, _ = village_table(listed.table, crs=CRS, file=path.name, radius_m=500)
    assert table["population"].tolist() == [1234.0, 300.0]
    assert [point.y for point in table["centre"]] == [2_145_000.5, 2_146_000.5]


CASES = (
    Case(name="conventions-ookla-without-shapes", make=_tiles, check=_tiles_read),
    Case(name="conventions-ookla-shapefile", make=_tiles_shapefile, check=_tiles_read),
    Case(
        name="conventions-ookla-no-quadkey",
        make=_bad_key,
        check=_tiles_read,
        refused="is not one of 16 digits",
    ),
    Case(
        name="conventions-ookla-is-no-layer",
        make=_tiles,
        check=_as_layers,
        refused="which is of kind measurements; its entry expects footprint, signal, sites",
    ),
    Case(name="conventions-drive-tests", make=_text("log.csv", DRIVE), check=_drive),
    Case(name="conventions-drive-tests-mapped", make=_text("log.csv", OWN), check=_drive_mapped),
    Case(
        name="conventions-drive-tests-3g-4g", make=_text("log.csv", THREE), check=_drive_3g_and_4g
    ),
    Case(name="conventions-itu-places", make=_text("poi.csv", PLACES), check=_places),
    Case(name="conventions-vietnamese-list", make=_list, check=_list_read),
)

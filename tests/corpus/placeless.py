"""Rows without a place: one row is not the file; headers of cells, documented drive tests."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
from shapely import Point, Polygon

from coverage.model import Layer
from geodata.export.listing import uncovered_list
from geodata.report import check_study
from geodata.study import Study
from geodata.study.assess import assess_study
from geodata.study.open import open_study
from geodata.study.reopen import latest_run
from tests import tiny
from tests.corpus import Case

NOWHERE = (
    ("empty", "", ""),
    ("dash", "-", "-"),
    ("not-available", "#N/A", "#N/A"),
    ("reference", "#REF!", "18.6"),
    ("zeros", "0", "0.0"),
    ("words", "không có", "chưa rõ"),
)
PLACES = ("105.935,18.668", "105.945,18.668", "105.955,18.668")
STUDY = """
schema = 1
name = "tiny"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"
[villages]
path = "{villages}"
{keep}
{more}
"""
KEEP = 'rows_without_place = "unknown"'


def _study(
    folder: Path, more: str = "", *, villages: str = "villages.gpkg", keep: str = ""
) -> Path:
    if villages == "villages.gpkg":
        tiny.villages().drop(columns="centre").reset_index().to_file(folder / villages)
    text = STUDY.format(villages=villages, more=more, keep=keep)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def _csv(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def _with_a_bad_row(lon: str, lat: str, row: str = "{place},s{k}") -> list[str]:
    rows = [row.format(place=place, k=k) for k, place in enumerate(PLACES)]
    rows.insert(1, row.format(place=f"{lon},{lat}", k=9))
    return rows


def _sites(folder: Path, lon: str, lat: str) -> Path:
    _csv(folder / "sites.csv", "lon,lat,site", _with_a_bad_row(lon, lat))
    return _study(folder, '[sites]\npath = "sites.csv"')


def _site_layer(folder: Path, lon: str, lat: str) -> Path:
    _csv(folder / "sites.csv", "lon,lat,site", _with_a_bad_row(lon, lat))
    layer = '[[layers]]\noperator = "A"\ntechnology = "4G"\npath = "sites.csv"\nreach_m = 500'
    return _study(folder, f'{layer}\nkind = "sites"')


def _drive(folder: Path, lon: str, lat: str) -> Path:
    row = "{place},2023-08-0{k},A,4G,-90,"
    header = "lon,lat,time,operator,technology,signal,served"
    _csv(folder / "drive.csv", header, _with_a_bad_row(lon, lat, row))
    return _study(folder, '[measurements]\npath = "drive.csv"\ncolumns = { signal = "signal" }')


def _warned(study: Study, kind: str) -> None:
    found = [one for one in study.warnings if one.kind == kind]
    assert [(one.rows, one.count) for one in found] == [((3,), 1)]


def _sites_of(folder: Path, header: str, cells: tuple[str, str, str, str]) -> Path:
    """A list whose places stand in one column."""
    _csv(folder / "sites.csv", f"{header},site", [f'"{c}",s{k}' for k, c in enumerate(cells)])
    return _study(folder, '[sites]\npath = "sites.csv"')


def _sites_of_shapes(folder: Path, ending: str) -> Path:
    points = [Point(105.935, 18.668), None, Point(105.945, 18.668), Point(0, 0)]
    table = gpd.GeoDataFrame({"site": ["s0", "s9", "s1", "s8"]}, geometry=points, crs="EPSG:4326")
    path = folder / f"sites{ending}"
    table.to_parquet(path) if ending == ".parquet" else table.to_file(path)
    return _study(folder, f'[sites]\npath = "{path.name}"')


def _two_sites(path: Path) -> None:
    study = open_study(path)
    assert study.sites is not None
    assert study.sites["site"].tolist() == ["s0", "s1"]
    (found,) = (one for one in study.warnings if one.kind == "rows-without-place")
    assert found.rows == (2, 4)


def _pairs(path: Path) -> None:
    study = open_study(path)
    assert study.sites is not None
    assert study.sites["site"].tolist() == ["s1", "s3"]
    (found,) = (one for one in study.warnings if one.kind == "rows-without-place")
    assert found.rows == (2, 4)


def _three_sites(path: Path) -> None:
    study = open_study(path)
    assert study.sites is not None
    assert study.sites["site"].tolist() == ["s0", "s1", "s2"]
    _warned(study, "rows-without-place")


def _three_discs(path: Path) -> None:
    study = open_study(path)
    (layer,) = study.layers
    assert isinstance(layer, Layer)
    assert len(layer.footprint) == 3
    _warned(study, "no-reach")


def _three_samples(path: Path) -> None:
    study = open_study(path)
    assert study.measurements is not None
    table = study.measurements.table
    assert table["signal_dbm"].tolist() == [-90.0] * 3
    assert table["technology"].tolist() == ["4G"] * 3
    _warned(study, "bad-samples")


def _villages(folder: Path, lon: str, lat: str, *, keep: str = "") -> Path:
    rows = _with_a_bad_row(lon, lat)
    _csv(folder / "villages.csv", "lon,lat,Thôn", [*rows, f"{lon},{lat},s8"])
    return _study(folder, villages="villages.csv", keep=keep)


def _village_polygons(folder: Path, ending: str, *, keep: str = KEEP) -> Path:
    """v2 has no geometry and no codes of units, v9 an empty polygon and its own codes."""
    names = {"village_id": "village_id", "village": "TEN_THON", "commune_code": "MA_XA"}
    table = tiny.villages().reset_index()[[*names, "geometry"]].rename(columns=names)
    table.loc[1, "geometry"] = None
    table.loc[1, "MA_XA"] = None
    table.loc[8, "geometry"] = Polygon()
    path = folder / f"thon{ending}"
    table.to_parquet(path) if ending == ".parquet" else table.to_file(path)
    layer = '[[layers]]\noperator = "Alpha"\ntechnology = "4G"\npath = "alpha.gpkg"'
    tiny.layers()[0].footprint.to_frame("geometry").to_file(folder / "alpha.gpkg")
    units = tiny.villages().dissolve(by="commune_code")[["commune", "geometry"]]
    units.rename(columns={"commune": "name"}).rename_axis("code").reset_index().to_file(
        folder / "communes.gpkg"
    )
    more = f'{layer}\n[[units]]\nvalid_from = 2023-01-01\ncommunes = "communes.gpkg"'
    return _study(folder, more, villages=path.name, keep=keep)


def _no_place_at_all(folder: Path) -> Path:
    _csv(folder / "villages.csv", "lon,lat,Thôn", ["-,-,a", "#N/A,#N/A,b"])
    return _study(folder, villages="villages.csv", keep=KEEP)


def _null_point(folder: Path) -> Path:
    """Esri's null: a number so small that no place is there."""
    points = [Point(105.935, 18.668), Point(-1.797e308, -1.797e308), Point(105.945, 18.668)]
    table = gpd.GeoDataFrame({"Thon": ["a", "b", "c"]}, geometry=points, crs="EPSG:4326")
    table.to_file(folder / "villages.shp")
    return _study(folder, villages="villages.shp")


def _unplaced(path: Path, rows: tuple[int, ...]) -> Study:
    """A study whose villages of these rows have no place, and say so once."""
    study = open_study(path)
    lost = study.villages.geometry.isna() | study.villages.geometry.is_empty
    assert tuple(study.told["row"][lost.to_numpy()]) == rows  # type: ignore[index]  # a study has what its file tells
    assert study.villages.loc[lost, "centre"].isna().all()
    found = [one for one in study.warnings if one.kind == "rows-without-place"]
    assert [(one.rows, one.count) for one in found] == [(rows, len(rows))]
    return study


def _five_villages(path: Path) -> None:
    """Ids are minted, the same again for the rows that have no place."""
    study = _unplaced(path, (3, 6))
    assert sorted(study.villages["village"]) == ["s0", "s1", "s2", "s8", "s9"]
    assert open_study(path).villages.index.tolist() == study.villages.index.tolist()
    headline = assess_study(study).summary.headline
    assert (headline.villages, headline.none, headline.unknown, headline.unplaced) == (5, 3, 2, 2)


def _nine_villages(path: Path, rows: tuple[int, ...]) -> None:
    """Covered are v1, v4, v5, v7 and v8; the commune of v2 is not known, that of v9 is its code."""
    study = _unplaced(path, rows)
    run = assess_study(study, publish=True)
    verdicts = run.assessment.verdicts["verdict"]
    assert verdicts.loc[["v1", "v2", "v3", "v8", "v9"]].tolist() == [
        "covered", "unknown", "none", "covered", "unknown",
    ]  # fmt: skip
    assert run.summary.by_commune["unknown"].to_dict() == {"": 1, "10": 0, "11": 0, "12": 1}
    assert not [one for one in check_study(path).everything if one.severity == "error"]
    again = latest_run(open_study(path))
    assert again is not None
    assert again.run_id == run.run_id
    assert again.assessment.verdicts.equals(run.assessment.verdicts)
    listed = uncovered_list(run, verdicts=("unknown",), language="en")
    assert listed["Missing filings"].tolist() == ["place (none in the file)"] * 2
    assert listed[["Latitude (WGS 84)", "How sure"]].isin([np.nan, ""]).all(axis=None)


def _opens(path: Path) -> None:
    open_study(path)


def _cells(folder: Path, header: str, row: str) -> Path:
    _csv(folder / "cells.csv", header, [row])
    return _study(folder, '[[layers]]\npath = "cells.csv"')


def _is_one_disc(path: Path, operator: str) -> None:
    (layer,) = open_study(path).layers
    assert isinstance(layer, Layer)
    assert layer.info.title == f"{operator} 4G"
    area = float(layer.footprint.area.sum())
    assert np.isclose(area, np.pi * 1200**2, rtol=1e-3)


MOZILLA = "radio,mcc,mnc,lac,cid,psc,lon,lat,range,samples,changeable,created,updated,averageSignal"
CAPITALS = (
    "Unnamed: 0,radio,MCC,MNC,TAC,CID,unit,LON,LAT,RANGE,SAM,changeable,created,updated,"
    "averageSignal,Country,Network,Continent"
)
REST = "105.935,18.668,1200,5,1,1600000000,1690000000,"

CASES = (
    *(
        Case(
            name=f"no-place-{name}-of-{what}",
            make=partial(make, lon=lon, lat=lat),
            check=check,
            refused=refused,
        )
        for name, lon, lat in NOWHERE
        for what, make, check, refused in (
            ("sites", _sites, _three_sites, ""),
            ("site-layer", _site_layer, _three_discs, ""),
            ("drive-test", _drive, _three_samples, ""),
            ("villages", _villages, _opens, "2 villages have no place (rows 3, 6)"),
            ("villages-kept", partial(_villages, keep=KEEP), _five_villages, ""),
        )
    ),
    *(
        Case(
            name=f"no-place-in-one-column-{name}",
            make=partial(_sites_of, header=header, cells=cells),
            check=_pairs,
        )
        for name, header, cells in (
            ("zeros", "Tọa độ", ("0, 0", "18.668, 105.935", "0, 0", "18.668, 105.945")),
            ("errors", "Tọa độ", ("#N/A", "18.668, 105.935", "-", "18.668, 105.945")),
            (
                "wkt",
                "wkt",
                ("#N/A", "POINT (105.935 18.668)", "POINT (0 0)", "POINT (105.945 18.668)"),
            ),
        )
    ),
    *(
        Case(
            name=f"no-place-of-shapes-{ending[1:]}",
            make=partial(_sites_of_shapes, ending=ending),
            check=_two_sites,
        )
        for ending in (".gpkg", ".geojson", ".shp", ".parquet")
    ),
    *(
        Case(
            name=f"no-place-of-village-polygons-{ending[1:]}",
            make=partial(_village_polygons, ending=ending),
            check=partial(_nine_villages, rows=(2, 9)),
        )
        for ending in (".gpkg", ".geojson", ".shp", ".parquet")
    ),
    Case(
        name="no-place-of-village-polygons-refused",
        make=partial(_village_polygons, ending=".gpkg", keep=""),
        check=_opens,
        refused="2 villages have no place (rows 2, 9)",
    ),
    Case(
        name="no-place-of-any-village",
        make=_no_place_at_all,
        check=_opens,
        refused="no village has a place",
    ),
    Case(
        name="no-place-null-point",
        make=_null_point,
        check=_opens,
        refused="1 villages have no place (rows 2)",
    ),
    Case(
        name="cells-of-mozilla",
        make=partial(_cells, header=MOZILLA, row=f"LTE,452,04,1,1001,,{REST}"),
        check=partial(_is_one_disc, operator="Viettel"),
    ),
    Case(
        name="cells-in-capitals",
        make=partial(_cells, header=CAPITALS, row=f"1,LTE,452,1,117,11,0,{REST},Vietnam,M,Asia"),
        check=partial(_is_one_disc, operator="MobiFone"),
    ),
    Case(
        name="cells-of-no-known-header",
        make=partial(_cells, header="MNC,lon,lat,range", row="4,105.935,18.668,1200"),
        check=_opens,
        refused='name it with columns = { operator = "…" }, or, only where all rows are of one',
    ),
)

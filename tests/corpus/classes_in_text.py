"""Polygons written as text in a table, and single files: their classes count as elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.report import check_path
from tests import tiny
from tests.corpus import Case
from tests.corpus._layers import km2, read
from tests.corpus.classes import SAID, TILES

Write = Callable[[pd.DataFrame, Path], None]


def _table(ending: str, column: str, values: list[object]) -> Callable[[Path], Path]:
    """Two polygons as WKT, the second one the background."""

    def make(folder: Path) -> Path:
        path = folder / f"viettel.{ending}"
        wkt = ["SRID=9208;" + shape.wkt for shape in TILES[:2]]
        table = pd.DataFrame({column: values, "wkt": wkt})
        WRITE[ending](table, path)
        return path

    return make


WRITE: dict[str, Write] = {
    "csv": lambda table, path: table.to_csv(path, index=False),
    "xlsx": lambda table, path: table.to_excel(path, index=False),
    "parquet": lambda table, path: table.to_parquet(path),
}


def _background(path: Path) -> None:
    """The first polygon alone counts, and keys without effect are told."""
    found = read(path, "", reach_m=500.0, **SAID)
    assert km2(found) == {"Viettel 4G": 1.0}
    told = {one.kind for one in found.findings if one.severity != "note"}
    assert told == {"classes", "key-without-effect"}


def _threshold(path: Path) -> None:
    found = read(path, "", threshold_dbm=-105.0, **SAID)
    assert km2(found) == {"Viettel 4G": 1.0}


def _under_another_name(path: Path) -> None:
    read(path, "", columns={"wkt": "hinh_ve"}, reach_m=500.0, **SAID)


def _renamed(folder: Path) -> Path:
    path = _table("csv", "DN", [1, 0])(folder)
    pd.read_csv(path).rename(columns={"wkt": "hinh_ve"}).to_csv(path, index=False)
    return path


def _single(column: str, values: list[object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "viettel_4g.gpkg"
        table = gpd.GeoDataFrame({column: values}, geometry=list(TILES[:2]), crs=tiny.CRS)
        table.to_file(path)
        return path

    return make


def _told(kind: str, sentence: str) -> Callable[[Path], None]:
    """A file checked by itself tells its classes, too."""

    def check(path: Path) -> None:
        found = {one.kind: str(one.sentence) for one in check_path(path).everything}
        assert sentence in found[kind]

    return check


CASES = (
    *(
        Case(
            name=f"classes-beside-wkt-in-{ending}",
            make=_table(ending, "DN", [1, 0]),
            check=_background,
        )
        for ending in WRITE
    ),
    *(
        Case(
            name=f"classes-threshold-beside-wkt-in-{ending}",
            make=_table(ending, "RSRP", [-85, -130]),
            check=_threshold,
        )
        for ending in WRITE
    ),
    Case(
        name="classes-beside-wkt-under-another-name",
        make=_renamed,
        check=_under_another_name,
        refused="call their column wkt",
    ),
    Case(
        name="classes-of-a-single-file",
        make=_single("phu_song", ["85 %", "0 %"]),
        check=_told("classes", "0: 2.0 km²"),
    ),
    Case(
        name="classes-of-a-single-file-asked",
        make=_single("RSRP", [-85, -130]),
        check=_told("refused", "write threshold_dbm"),
    ),
    Case(
        name="classes-of-a-single-table",
        make=_table("csv", "DN", [1, 0]),
        check=_told("classes", "0: 2.0 km²"),
    ),
)

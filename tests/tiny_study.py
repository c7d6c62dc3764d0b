"""The nine villages as a study folder: hostile names, zones, sites, two structures of units."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from shapely import Point, box

from tests import tiny
from tests.templates import copied

IMAGE = "<img src=x onerror=\"document.title='owned'\">"
FORMULA = "=HYPERLINK(0)"
RIGHT_TO_LEFT = "Xóm \u202egnuorg"
SQL = "Bản ';-- DROP"
LONG = "Bản dài " * 62
HOSTILE = {"v9": IMAGE, "v6": FORMULA, "v3": RIGHT_TO_LEFT, "v5": SQL, "v8": LONG}

STUDY = """
schema = 1
name = "Nine *villages*"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.csv"

[expected]
operators = {expected}

[[units]]
valid_from = 2023-01-01
districts = "districts.gpkg"
communes = "communes.gpkg"

[[units]]
valid_from = 2025-07-01
communes = "communes_2025.gpkg"

[zones_5g]
path = "zones.gpkg"

[sites]
path = "sites.gpkg"

[target]
share = 1.0
by = 2025-12-31
"""

PUBLISHED = """
[[published]]
value = {value}
of = {of}
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = "*the* [paper](http://example.org)"
"""

LAYER = """
[[layers]]
operator = "{operator}"
technology = "{technology}"
kind = "footprint"
path = "{path}"
as_of = 2023-08-30
evidence = "declared"
source = "by hand"
"""

MARK = """
[reconstruction]
seed = 1
version = 1
real = []
"""


def villages() -> gpd.GeoDataFrame:
    """The tiny villages with their hostile names."""
    table = tiny.villages()
    for key, name in HOSTILE.items():
        table.loc[key, "village"] = name
    return table


def write_study(
    folder: Path,
    *,
    reconstruction: bool = True,
    published: tuple[tuple[int, int], ...] = ((6, 9),),
    expected: tuple[str, ...] = (),
) -> Path:
    """Write the study into ``folder`` and return its study file."""
    copied(_files, folder)
    quoted = ", ".join(f'"{name}"' for name in expected)
    text = STUDY.format(expected=f"[{quoted}]")
    text += "".join(PUBLISHED.format(value=value, of=of) for value, of in published)
    for layer in tiny.layers():
        text += LAYER.format(
            operator=layer.info.operator,
            technology=layer.info.technology,
            path=f"{layer.info.operator}.gpkg",
        )
    (folder / "study.toml").write_text(text + (MARK if reconstruction else ""), "utf-8")
    return folder / "study.toml"


def _files(folder: Path) -> None:
    """All files but the study file."""
    table = villages()
    table.drop(columns="centre").reset_index().to_file(folder / "villages.gpkg")
    centres = table["centre"].to_crs("EPSG:4326")
    lines = [f"{key},{point.x:.7f},{point.y:.7f}" for key, point in centres.items()]
    (folder / "centres.csv").write_text("\n".join(["village_id,lon,lat", *lines]), "utf-8")
    _units(table, folder)
    _extras(folder)
    for layer in tiny.layers():
        path = folder / f"{layer.info.operator}.gpkg"
        layer.footprint.to_frame("geometry").to_file(path)


def _units(table: gpd.GeoDataFrame, folder: Path) -> None:
    """Two districts and three communes; in 2025 two communes and no districts."""
    districts = table.dissolve(by="district_code")[["district", "geometry"]]
    districts.rename(columns={"district": "name"}).rename_axis("code").reset_index().to_file(
        folder / "districts.gpkg"
    )
    communes = table.dissolve(by="commune_code")[["commune", "district_code", "geometry"]]
    communes.rename(columns={"commune": "name"}).rename_axis("code").reset_index().to_file(
        folder / "communes.gpkg"
    )
    x, y = tiny.X0, tiny.Y0
    later = gpd.GeoDataFrame(
        {"code": ["10", "99"], "name": ["Xã Mường Mới", "Xã Núi <b>Cao</b>"]},
        geometry=[box(x, y, x + 3000, y + 1000), box(x, y + 1000, x + 3000, y + 3000)],
        crs=tiny.CRS,
    )
    later.to_file(folder / "communes_2025.gpkg")


def _extras(folder: Path) -> None:
    """A live and a planned 5G zone; one site an operator."""
    x, y = tiny.X0, tiny.Y0
    zones = gpd.GeoDataFrame(
        {
            "zone": ["Vinh", "Sau <i>này</i>"],
            "operator": ["Alpha", "Beta"],
            "phase": ["1", "2"],
            "status": ["live", "kế hoạch"],
            "source": ["by hand", "by hand"],
        },
        geometry=[box(x, y, x + 1000, y + 3000), box(x + 1000, y, x + 2000, y + 1000)],
        crs=tiny.CRS,
    )
    zones.to_file(folder / "zones.gpkg")
    sites = gpd.GeoDataFrame(
        {"site": ["A1", "B1"], "operator": ["Alpha", "Beta"], "technologies": ["4G", "3G"]},
        geometry=[Point(x + 500, y + 500), Point(x + 2500, y + 100)],
        crs=tiny.CRS,
    )
    sites.to_file(folder / "sites.gpkg")

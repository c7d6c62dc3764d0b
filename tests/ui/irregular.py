"""A little study that is irregular on purpose: what is even in `tests.tiny_study` is not here.

Operators with two technologies that differ, one whose filing covers a part of the province,
a commune of one village, and villages without people, power, duty or centre.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import box

import geodata
from geodata.study.assess import assess_study
from geodata.study.results import Run
from tests import tiny, tiny_study

X, Y = tiny.X0, tiny.Y0
LAYER = """
[[layers]]
operator = "{operator}"
technology = "{technology}"
kind = "{kind}"
path = "{path}"
as_of = {as_of}
evidence = "{evidence}"
source = "{source}"
"""
HEAD = """
schema = 1
name = "Tỉnh *lẻ*"
as_of = 2024-02-09
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.csv"

[expected]
operators = ["Alpha", "Beta", "Gamma *one*"]

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
share = 0.8
by = 2025-12-31

[[published]]
value = 4
of = 9
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = "*the* paper"

[[published]]
value = 5
of = 8
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = ""
"""


def villages() -> gpd.GeoDataFrame:
    """The nine villages with what is not known of some of them."""
    table = tiny.villages().astype(
        {"population": "Float64", "households": "Float64", "electrified": "object"}
    )
    table.loc["v9", ["commune_code", "commune"]] = ["13", "Xã *Lẻ*"]
    table.loc["v6", "population"] = pd.NA
    table.loc["v9", "households"] = pd.NA
    table.loc["v7", "electrified"] = None
    table.loc["v3", "electrified"] = False
    table.loc["v2", "village"] = "Bản <b>Hai</b>"
    return table


def _footprints() -> list[tuple[str, str, str, str, str, str, list[object]]]:
    """Operator, technology, kind, day, evidence, source and shapes of each layer."""
    return [
        ("Alpha", "4G", "footprint", "2023-08-30", "declared", "by hand",
         [box(X - 500, Y - 500, X + 1500, Y + 1500)]),
        ("Alpha", "3G", "footprint", "2023-08-30", "declared", "by hand",
         [box(X + 1000, Y + 1000, X + 1700, Y + 1400),
          box(X + 2000, Y + 2000, X + 2200, Y + 3000)]),
        ("Beta", "3G", "footprint", "2023-07-01", "modelled", "a *model*",
         [box(X + 2000, Y, X + 3000, Y + 300), box(X, Y, X + 1000, Y + 600)]),
        ("Beta", "4G", "footprint", "2023-07-01", "measured", "",
         [box(X + 2000, Y + 1000, X + 3000, Y + 1050)]),
        ("Gamma *one*", "4G", "footprint", "2024-02-09", "declared", "by hand",
         [box(X + 900, Y, X + 2000, Y + 450)]),
    ]  # fmt: skip


def write(folder: Path) -> Path:
    """Write the study into ``folder`` and return its study file."""
    folder.mkdir(parents=True)
    table = villages()
    table.drop(columns="centre").reset_index().to_file(folder / "villages.gpkg")
    centres = table["centre"].drop("v4").to_crs("EPSG:4326")
    lines = [f"{key},{point.x:.7f},{point.y:.7f}" for key, point in centres.items()]
    (folder / "centres.csv").write_text("\n".join(["village_id,lon,lat", *lines]), "utf-8")
    tiny_study._units(table, folder)
    tiny_study._extras(folder)
    text = HEAD
    for k, (operator, technology, kind, day, evidence, source, shapes) in enumerate(_footprints()):
        path = f"layer_{k}.gpkg"
        gpd.GeoDataFrame(geometry=shapes, crs=tiny.CRS).to_file(folder / path)
        text += LAYER.format(
            operator=operator, technology=technology, kind=kind, path=path, as_of=day,
            evidence=evidence, source=source,
        )  # fmt: skip
        if operator.startswith("Gamma"):
            text += 'extent = "extent.gpkg"\n'
    extent = gpd.GeoDataFrame(geometry=[box(X, Y, X + 3000, Y + 2000)], crs=tiny.CRS)
    extent.to_file(folder / "extent.gpkg")
    (folder / "study.toml").write_text(text, "utf-8")
    return folder / "study.toml"


def irregular_run(folder: Path) -> Run:
    """The study written, opened, assessed and published."""
    return assess_study(geodata.open_study(write(folder)), publish=True)

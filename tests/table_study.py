"""The nine-village study wholly on tables of PostGIS, and beside it the same on files."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely import box

from tests import folder
from tests.gis import Gis

TABLES = """
schema = 1
name = "Nine villages"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "{url}"
table = '{schema}.villages'
centres = '{url}?table={schema}.centres'

[expected]
operators = ["Alpha", "Beta"]

[[units]]
valid_from = 2023-01-01
districts = '{url}?table={schema}.districts'
communes = '{url}?table={schema}.communes'

[[layers]]
operator = "Alpha"
technology = "4G"
path = "{url}"
table = '{schema}.alpha'
as_of = 2023-08-30
source = "a test"

[[layers]]
operator = "Beta"
technology = "3G"
path = "{url}"
query = "select geom from {schema}.beta where note <> 'old; -- no'"
as_of = 2023-08-30
source = "a test"

[[published]]
value = 6
of = 9
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = "by hand"
"""


def load(gis: Gis, files: Path) -> str:
    """The files of the nine-village study as tables of a new schema."""
    schema = gis.schema()
    for name in ("villages", "centres", "districts", "communes"):
        gis.load(gpd.read_file(files / f"{name}.gpkg"), schema, name)
    gis.load(gpd.read_file(files / "layers/alpha_4g.gpkg"), schema, "alpha")
    beta = gpd.read_file(files / "layers/beta_3g.gpkg").rename_geometry("geom")
    beta["note"] = "new"
    old = beta.iloc[:1].assign(note="old; -- no", geom=[box(0, 0, 1, 1)])
    gis.load(gpd.GeoDataFrame(pd.concat([beta, old])), schema, "beta")
    return schema


def write(home: Path, gis: Gis) -> tuple[Path, str]:
    """Write ``files`` and ``tables`` into a folder; the latter's study file, and its schema."""
    schema = load(gis, folder.write(home / "files").parent)
    (home / "tables").mkdir()
    file = home / "tables" / "study.toml"
    file.write_text(TABLES.format(url=gis.planner, schema=schema), "utf-8")
    return file, schema

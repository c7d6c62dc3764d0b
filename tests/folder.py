"""The nine-village study as a folder of files, for tests that begin where a user does."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd

from tests import tiny
from tests.templates import copied

STUDY = """\
schema = 1
name = "Nine villages"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.gpkg"

[expected]
operators = ["Alpha", "Beta"]

[[units]]
valid_from = 2023-01-01
districts = "districts.gpkg"
communes = "communes.gpkg"

[[layers]]
operator = "Alpha"
technology = "4G"
path = "layers/alpha_4g.gpkg"
as_of = 2023-08-30
source = "a test"

[[layers]]
operator = "Beta"
technology = "3G"
path = "layers/beta_3g.gpkg"
as_of = 2023-08-30
source = "a test"

[[published]]
value = 6
of = 9
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = "by hand"
"""


def write(folder: Path, *, study: str = STUDY, villages: gpd.GeoDataFrame | None = None) -> Path:
    """Write the study into ``folder`` and return its study file."""
    if villages is None:
        copied(_files, folder)
    else:
        _files(folder, villages)
    file = folder / "study.toml"
    file.write_text(study, encoding="utf-8")
    return file


def _files(folder: Path, villages: gpd.GeoDataFrame | None = None) -> None:
    """All files but the study file."""
    table = tiny.villages() if villages is None else villages
    (folder / "layers").mkdir(parents=True)
    table.drop(columns="centre").reset_index().to_file(folder / "villages.gpkg")
    centres = gpd.GeoDataFrame(
        {"village_id": table.index}, geometry=table["centre"].to_numpy(), crs=table.crs
    )
    centres.to_file(folder / "centres.gpkg")
    for layer in tiny.layers():
        name = f"{layer.info.operator}_{layer.info.technology}.gpkg".lower()
        gpd.GeoDataFrame(geometry=layer.footprint).to_file(folder / "layers" / name)
    for level, more in (("district", []), ("commune", ["district_code"])):
        columns = [f"{level}_code", level, *more, "geometry"]
        units = table[columns].dissolve(f"{level}_code", aggfunc="first").reset_index()
        units.to_file(folder / f"{level}s.gpkg")


def content(folder: Path) -> dict[str, str]:
    """Digests of what a study was made of, apart from results and the times GeoPackages keep."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name.startswith("results/"):
            continue
        if path.suffix == ".gpkg":
            table = gpd.read_file(path)
            parts = [table.drop(columns="geometry").to_csv(), *table.geometry.to_wkb(hex=True)]
            found[name] = hashlib.sha256("".join(parts).encode()).hexdigest()
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found

"""The nine villages as an ordinary study folder, hostile names and all."""

from __future__ import annotations

from pathlib import Path

from tests import tiny
from tests.ui.tiny_run import districts, villages

STUDY = """
schema = 1
name = "Tiny"
as_of = 2023-08-30
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.csv"

[[units]]
valid_from = 2023-01-01
districts = "districts.gpkg"
communes = "communes.gpkg"

[[published]]
value = 6
of = 9
definition = "villages with mobile broadband"
as_of = 2023-08-30
source = "by hand"
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
[zones_5g]
path = "zones.gpkg"

[reconstruction]
seed = 1
version = 1
real = []
"""


def write_study(folder: Path) -> Path:
    """Write the study into ``folder`` and return its study file."""
    folder.mkdir(parents=True, exist_ok=True)
    table = villages()
    table.drop(columns="centre").reset_index().to_file(folder / "villages.gpkg")
    centres = table["centre"].to_crs("EPSG:4326")
    lines = [f"{key},{point.x:.7f},{point.y:.7f}" for key, point in centres.items()]
    (folder / "centres.csv").write_text("\n".join(["village_id,lon,lat", *lines]), "utf-8")
    units = districts().reset_index()
    units.to_file(folder / "districts.gpkg")
    communes = table.dissolve(by="commune_code")[["commune", "district_code", "geometry"]]
    communes.rename(columns={"commune": "name"}).rename_axis("code").reset_index().to_file(
        folder / "communes.gpkg"
    )
    zones = districts().reset_index()[:1].assign(zone="Vinh", operator="Alpha", phase="1")
    zones.to_file(folder / "zones.gpkg")
    text = STUDY
    for layer in tiny.layers():
        path = f"{layer.info.operator}.gpkg"
        layer.footprint.to_frame("geometry").to_file(folder / path)
        text += LAYER.format(
            operator=layer.info.operator, technology=layer.info.technology, path=path
        )
    (folder / "study.toml").write_text(text + MARK, "utf-8")
    return folder / "study.toml"

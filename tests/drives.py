"""Drive tests over the nine villages, as handset applications write them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
from shapely import Point

from tests import tiny

HEAD = "time,lat,lon,operator,technology,rsrp"
NAMED = '\n[measurements]\npath = "drive.csv"\n'


def lines(
    village: int, n: int, dbm: float | None, *, operator: str = "Alpha", technology: str = "4G",
    day: str = "2023-09-01", dx: float = 200,
) -> list[str]:  # fmt: skip
    """Samples in a row, 60 m apart going north, ``dx`` metres into a village."""
    x, y = tiny.X0 + 1000 * ((village - 1) % 3) + dx, tiny.Y0 + 1000 * ((village - 1) // 3)
    places = gpd.GeoSeries([Point(x, y + 30 + 60 * (k % 15)) for k in range(n)], crs=tiny.CRS)
    level = "" if dbm is None else f"{dbm:g}"
    return [
        f"{day} 10:{k % 60:02d}:00,{p.y:.7f},{p.x:.7f},{operator},{technology},{level}"
        for k, p in enumerate(places.to_crs("EPSG:4326"))
    ]


PLANTED = (
    *lines(1, 12, -120.0),
    *lines(4, 20, -118.0, day="2023-09-02"),
    *lines(7, 20, -80.0),
    *lines(9, 14, -85.0, operator="beta", technology="3G"),
    *lines(3, 4, None, operator="BETA", technology="No service"),
    *lines(2, 4, -120.0),
)
"""v1 and v4 are below what Alpha declares, v7 agrees, v9 has what Beta does not declare."""


def plant(study: Path, rows: tuple[str, ...] = PLANTED, *, keys: str = "") -> Path:
    """Write a drive test beside a study file, and name it there."""
    (study.parent / "drive.csv").write_text("\n".join([HEAD, *rows]), "utf-8")
    text = study.read_text("utf-8")
    study.write_text(text + NAMED + keys, "utf-8")
    return study

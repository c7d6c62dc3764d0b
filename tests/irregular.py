"""A study that is irregular on purpose, with figures a hand can check.

Twelve villages, drawn in hectometres from the corner (so that areas are hectares). A district has
two communes, of three villages and of one; the next a single commune of four; the last has one of
one village and one of three. What each is there for:

- u1 (100 ha) lies wholly under Alpha 4G, and 0.6 of it, its centre too, under Gamma 4G.
- u2 (200 ha) has exactly half under Alpha 4G, and its centre is not served.
- u3 (20 ha) touches u2 at a corner, and two layers at their corners; nobody lives there.
- u4 (300 ha) has a hole, all of it under Alpha 3G, which has a fifth of the village beside it.
- u5 (200 ha) has two parts: Beta 4G has 0.45 of it, Beta 5G 0.15, and its centre is not served.
- u6 (400 ha) has 4 ha under Alpha 3G, and there its centre lies.
- u7 (200 ha) has exactly a tenth under Beta 5G.
- u8 (200 ha) has 0.06 under Alpha 4G and 0.06 under Beta 4G, apart.
- u9 (200 ha) has 0.3 under Alpha 3G and 0.3 under Beta 5G, of which 0.1 is both: half in all.
- u10 (100 ha) lies wholly under Alpha 4G, has 0.7 under Beta 4G, and no centre is known.
- u11 (100 ha) has nothing, and lies where Gamma has not filed.
- u12 (200 ha) has nothing; Gamma's filing ends in its middle, and holds its centre.

People are not known of u4 and u11, households of u2, power of u8, and the fund of u5. Gamma's
filing speaks of what lies south of 5.5 km. Delta 2G is everywhere, and not broadband.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
from shapely import Geometry, MultiPolygon, Point, Polygon, box, transform

from coverage.model import Expected, Layer, LayerInfo, Technology

CRS = "EPSG:9208"
X0, Y0 = 598_000.0, 2_065_000.0
EXPECTED = Expected(operators=("Alpha", "Beta", "Gamma"))

COMMUNES = {
    "21": ("Xã Ba Bản", "415", "Huyện Hai Xã"),
    "22": ("Xã Một Bản", "415", "Huyện Hai Xã"),
    "31": ("Xã Bốn Bản", "420", "Huyện Một Xã"),
    "41": ("Xã Bản Lẻ", "430", "Huyện Xa"),
    "42": ("Xã Biên", "430", "Huyện Xa"),
}
"""Name, district and its name."""

SHAPES: dict[str, Geometry] = {
    "u1": box(0, 0, 10, 10),
    "u2": box(10, 0, 30, 10),
    "u3": box(30, 10, 34, 15),
    "u4": Polygon(box(0, 10, 20, 30).exterior, [box(5, 15, 15, 25).exterior]),
    "u5": MultiPolygon([box(40, 0, 50, 10), box(60, 0, 65, 20)]),
    "u6": box(40, 20, 60, 40),
    "u7": box(60, 20, 80, 30),
    "u8": box(40, 40, 60, 50),
    "u9": box(0, 40, 20, 50),
    "u10": box(0, 60, 10, 70),
    "u11": box(10, 60, 20, 70),
    "u12": box(40, 50, 60, 60),
}

CENTRES = {
    "u1": (5, 5), "u2": (25, 5), "u3": (32, 12), "u4": (2, 20), "u5": (45, 5), "u6": (50, 30),
    "u7": (70, 25), "u8": (50, 45), "u9": (15, 45), "u10": None, "u11": (15, 65), "u12": (50, 53),
}  # fmt: skip

FACTS: dict[str, tuple[str, int | None, int | None, bool | None, bool | None]] = {
    "u1": ("21", 120, 30, True, False),
    "u2": ("21", 340, None, True, False),
    "u3": ("21", 0, 0, False, True),
    "u4": ("22", None, 50, True, True),
    "u5": ("31", 560, 140, True, None),
    "u6": ("31", 75, 20, False, True),
    "u7": ("31", 210, 50, True, False),
    "u8": ("31", 33, 8, None, True),
    "u9": ("41", 480, 110, True, True),
    "u10": ("42", 99, 25, False, False),
    "u11": ("42", None, 12, True, True),
    "u12": ("42", 7, 2, True, False),
}
"""Commune, people, households, power, and whether the fund may pay."""

LAYERS: dict[tuple[str, Technology], list[Geometry]] = {
    ("Alpha", "3G"): [
        box(5, 15, 15, 25), box(0, 10, 20, 13), box(49, 29, 51, 31), box(0, 40, 6, 50),
    ],
    ("Alpha", "4G"): [
        box(-5, -5, 20, 10), box(40, 40, 42, 46), box(-1, 59, 10, 71), box(-5, 2, 18, 8),
    ],
    ("Beta", "4G"): [box(58, -2, 70, 18), box(58, 40, 60, 46), box(0, 60, 7, 75),
                     box(34, 15, 38, 18)],
    ("Beta", "5G"): [box(40, 0, 43, 10), box(78, 20, 80, 30), box(4, 40, 10, 50)],
    ("Gamma", "4G"): [box(0, 0, 6, 10), box(34, 8, 36, 10)],
    ("Delta", "2G"): [box(-10, -10, 90, 90)],
}  # fmt: skip

EXTENTS = {("Gamma", "4G"): box(-10, -10, 90, 55)}

VERDICTS = {
    "u1": "covered", "u2": "covered", "u3": "none", "u4": "weak", "u5": "covered", "u6": "covered",
    "u7": "weak", "u8": "none", "u9": "weak", "u10": "covered", "u11": "unknown", "u12": "none",
}  # fmt: skip
"""By the rule vn-village, where all but Delta are expected to have filed."""

STUDY = """\
schema = 1
name = "Twelve villages, none like another"
as_of = 2024-05-06
crs = "EPSG:9208"
rule = "vn-village"

[villages]
path = "villages.gpkg"
centres = "centres.gpkg"

[expected]
operators = ["Alpha", "Beta", "Gamma"]

[[units]]
valid_from = 2023-01-01
districts = "districts.gpkg"
communes = "communes.gpkg"
"""

LAYER = """
[[layers]]
operator = "{operator}"
technology = "{technology}"
path = "{path}"
as_of = 2024-05-06
source = "by hand"
"""


def placed(shape: Geometry) -> Geometry:
    """A shape of hectometres where the study lies."""
    return transform(shape, lambda xy: xy * 100 + (X0, Y0))


def villages() -> gpd.GeoDataFrame:
    """The twelve villages, as the reader of study folders gives them."""
    rows = []
    for key, (commune, people, households, power, fund) in FACTS.items():
        name, district, of = COMMUNES[commune]
        at = CENTRES[key]
        rows.append(
            {
                "village_id": key,
                "village": f"Bản {key[1:]}",
                "commune_code": commune,
                "commune": name,
                "district_code": district,
                "district": of,
                "population": people,
                "households": households,
                "electrified": power,
                "fund_eligible": fund,
                "geometry": placed(SHAPES[key]),
                "centre": None if at is None else placed(Point(at)),
            }
        )
    table = gpd.GeoDataFrame(rows, crs=CRS).set_index("village_id")
    types = dict.fromkeys(("population", "households"), "float64")
    types |= dict.fromkeys(("electrified", "fund_eligible"), "boolean")
    table = table.astype(types)
    table["centre"] = gpd.GeoSeries(table["centre"], crs=CRS)
    return table


def layers() -> tuple[Layer, ...]:
    """Alpha 3G and 4G, Beta 4G and 5G, Gamma 4G with its extent, Delta 2G."""
    return tuple(
        Layer(
            info=LayerInfo(operator=operator, technology=technology, as_of=date(2024, 5, 6)),
            footprint=gpd.GeoSeries([placed(shape) for shape in shapes], crs=CRS),
            extent=_extent(operator, technology),
        )
        for (operator, technology), shapes in LAYERS.items()
    )


def _extent(operator: str, technology: Technology) -> gpd.GeoSeries | None:
    extent = EXTENTS.get((operator, technology))
    return None if extent is None else gpd.GeoSeries([placed(extent)], crs=CRS)


def write(folder: Path) -> Path:
    """Write the study into ``folder`` and return its study file."""
    table = villages()
    (folder / "layers").mkdir(parents=True)
    table.drop(columns="centre").reset_index().to_file(folder / "villages.gpkg")
    known = table["centre"].notna().to_numpy()
    gpd.GeoDataFrame(
        {"village_id": table.index[known]}, geometry=table["centre"].to_numpy()[known], crs=CRS
    ).to_file(folder / "centres.gpkg")
    _units(table, folder)
    text = STUDY
    for layer in layers():
        told = layer.info.operator, layer.info.technology
        path = f"layers/{'_'.join(told)}.gpkg".lower()
        gpd.GeoDataFrame(geometry=layer.footprint).to_file(folder / path)
        text += LAYER.format(operator=told[0], technology=told[1], path=path)
        if layer.extent is not None:
            extent = path.replace(".gpkg", "_extent.gpkg")
            gpd.GeoDataFrame(geometry=layer.extent).to_file(folder / extent)
            text += f'extent = "{extent}"\n'
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return file


def _units(table: gpd.GeoDataFrame, folder: Path) -> None:
    """Districts and communes, each the villages it has."""
    for level, more in (("district", []), ("commune", ["district_code"])):
        columns = [f"{level}_code", level, *more, "geometry"]
        units = table[columns].dissolve(f"{level}_code", aggfunc="first").reset_index()
        units.to_file(folder / f"{level}s.gpkg")

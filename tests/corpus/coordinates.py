"""Places written the way the field writes them: systems lost, zones mistaken, degrees as text.

All are the nine villages of `tests.tiny`, or their centres, against the communes they lie in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

import geodata
from geodata.coordinate_checks import coordinate_findings
from geodata.coordinates import to_study
from geodata.diagnose import AsSaid, Extent
from geodata.read import read
from geodata.systems import crs_of
from tests import folder, tiny
from tests.corpus import Case

STUDY = crs_of(tiny.CRS)
EXTENT = Extent(areas=tiny.villages().geometry)
BARE = "+proj=tmerc +lat_0=0 +lon_0=104.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m"
MIF = """Version 300
Charset "Neutral"
Delimiter ","
CoordSys {system}
Columns 1
  ten Char(20)
Data

{points}
"""
OFFICIAL = (
    "Earth Projection 8, 9999, 28, -191.90441429, -39.30318279, -111.45032835, 0.00928836, "
    '-0.01975479, 0.00427372, 0.252906278, 0, "m", 104.75, 0, 0.9999, 500000, 0'
)

Make = Callable[[Path], Path]
Check = Callable[[Path], None]


def centres() -> gpd.GeoSeries:
    """The nine centres, in the study's system."""
    return tiny.villages()["centre"].reset_index(drop=True)


def _right(path: Path, said: AsSaid, within_m: float) -> None:
    """Read as said, the nine places lie where they should."""
    table = to_study(read(path, unplaced=True).table, STUDY, file=path.name, said=said)
    at = shapely.centroid(table.geometry.to_numpy())
    assert len(at) == 9
    assert shapely.distance(at, centres().to_numpy()).max() < within_m


def right(within_m: float = 0.02, said: AsSaid | None = None) -> Check:
    """A check that a file is read right as it is, or with what is said of it."""
    return lambda path: _right(path, said or AsSaid(), within_m)


def told(kind: str, words: Sequence[str], said: AsSaid, within_m: float = 0.02) -> Check:
    """A check that the trouble is told with these words, and that what they say mends it."""

    def check(path: Path) -> None:
        raw = read(path, unplaced=True).table
        found = coordinate_findings(raw, file=path.name, study=STUDY, extent=EXTENT)
        named = [one for one in found if one.kind == kind]
        assert named, [one.kind for one in found]
        assert all(word in str(named[0].sentence) for word in words), str(named[0].sentence)
        _right(path, said, within_m)

    return check


def refused(path: Path) -> None:
    """Reads a file as a study does: what is doubtful is refused."""
    raw = read(path, unplaced=True).table
    to_study(raw, STUDY, file=path.name, extent=EXTENT)


def layer(name: str, code: str | None, *, read_as: str | None = None, prj: str = "") -> Make:
    """Writes the villages in a system, under the name of another, or of none."""

    def make(target: Path) -> Path:
        path = target / name
        table = tiny.villages().reset_index()[["village", "geometry"]]
        if code is not None:  # by way of WGS 84: PROJ alone would lose the shift of Hanoi 1972
            table = table.to_crs("EPSG:4326").to_crs(code)
        written = gpd.GeoDataFrame(table[["village"]], geometry=table.geometry.to_numpy())
        system = read_as if code is None or read_as else code
        written = written if system is None else written.set_crs(system)
        written.to_file(path, engine="pyogrio")
        if prj:
            path.with_suffix(".prj").write_text(prj, encoding="utf-8")
        return path

    return make


def swapped_layer(target: Path) -> Path:
    """A shapefile whose writer took X for the northing."""
    path = target / "thon.shp"
    shapes = shapely.transform(tiny.villages().geometry.to_numpy(), lambda at: at[:, ::-1])
    gpd.GeoDataFrame({"ten": range(9)}, geometry=shapes, crs=tiny.CRS).to_file(path)
    return path


def mif(system: str) -> Make:
    """Writes the centres as MIF, in the study's numbers."""

    def make(target: Path) -> Path:
        path = target / "thon.mif"
        points = "\n".join(f"Point {p.x:.3f} {p.y:.3f}" for p in centres())
        path.write_text(MIF.format(system=system, points=points), encoding="ascii")
        path.with_suffix(".mid").write_text(
            "\n".join(f'"Xom {k}"' for k in range(1, 10)) + "\n", encoding="ascii"
        )
        return path

    return make


def table(columns: Callable[[np.ndarray, np.ndarray], dict[str, list[str]]], code: str) -> Make:
    """Writes the centres as a table of text; the columns are made of eastings and northings."""

    def make(target: Path) -> Path:
        path = target / "thon.csv"
        at = centres().to_crs(code)
        rows = columns(at.x.to_numpy(), at.y.to_numpy())
        names = [f"Xóm {k}" for k in range(1, 10)]
        pd.DataFrame({"Thôn": names, **rows}).to_csv(path, sep=";", index=False)
        return path

    return make


def dms(value: float, pattern: str) -> str:
    """Degrees, minutes and seconds in a pattern of d, m and s."""
    minutes, seconds = divmod(round(value * 3600, 3), 60)
    degrees, minutes = divmod(int(minutes), 60)
    return pattern.format(d=degrees, m=minutes, s=seconds)


def angles(first: str, second: str) -> Make:
    """A table of latitude and longitude in these patterns."""
    return table(
        lambda e, n: {
            "Vĩ độ": [dms(v, first) for v in n],
            "Kinh độ": [dms(v, second) for v in e],
        },
        "EPSG:4326",
    )


def metres(value: float) -> str:
    """A number with points for thousands and a decimal comma, as Vietnamese Excel shows it."""
    return f"{value:,.3f}".translate(str.maketrans(",.", ".,"))


def opened_with_advice(target: Path) -> None:
    """The whole way: the study says what to write; written, it opens with every place right."""
    file = target / "study.toml"
    with pytest.raises(geodata.DataError, match=r'"EPSG:9208" in its entry \(9 of 9 places'):
        geodata.open_study(file)
    text = file.read_text(encoding="utf-8")
    named = 'path = "villages.shp"'
    file.write_text(text.replace(named, f'{named}\ncrs = "EPSG:9208"'), encoding="utf-8")
    found = geodata.open_study(file).villages.geometry
    assert found.distance(tiny.villages().geometry).max() < 0.01


def study_without_prj(target: Path) -> Path:
    """A study whose villages came as a shapefile without its .prj."""
    file = folder.write(target / "s", study=folder.STUDY.replace("villages.gpkg", "villages.shp"))
    villages = tiny.villages().drop(columns="centre").reset_index()
    bare = gpd.GeoDataFrame(villages.drop(columns="geometry"), geometry=list(villages.geometry))
    bare.columns = [name[:10] for name in bare.columns]
    bare.set_geometry("geometry").to_file(target / "s" / "villages.shp", engine="pyogrio")
    return file.parent


ZEROED = pyproj.CRS.from_user_input(BARE + " +towgs84=0,0,0,0,0,0,0").to_wkt("WKT1_GDAL")
NAMELESS = pyproj.CRS.from_user_input(BARE).to_wkt("WKT1_ESRI")
TM3 = AsSaid(crs="EPSG:9208")

CASES = (
    Case(
        name="coordinates-no-prj",
        make=layer("thon.shp", None),
        check=told("crs-missing", ['crs = "EPSG:9208"', "9 of 9"], TM3),
    ),
    Case(
        name="coordinates-no-prj-refused-with-what-to-write",
        make=layer("thon.shp", None),
        check=refused,
        refused='write crs = "EPSG:9208" in its entry (9 of 9 places then lie inside',
    ),
    Case(name="coordinates-study-without-prj", make=study_without_prj, check=opened_with_advice),
    Case(
        name="coordinates-zeroed-towgs84",
        make=layer("thon.shp", "EPSG:9208", prj=ZEROED),
        check=told("crs-zeroed-datum", ["224.5 m off", 'crs = "EPSG:9208"'], TM3),
    ),
    Case(
        name="coordinates-esri-prj-on-wgs84",
        make=layer("thon.shp", "EPSG:9208", read_as=BARE.replace("ellps", "datum")),
        check=told("crs-lost-datum", ["224.5 m off", 'crs = "EPSG:9208"'], TM3),
    ),
    Case(
        name="coordinates-nameless-datum",
        make=layer("thon.shp", "EPSG:9208", prj=NAMELESS),
        check=told("crs-lost-datum", ["224.5 m off", 'crs = "EPSG:9208"'], TM3),
    ),
    Case(name="coordinates-mapinfo-official-parameters", make=mif(OFFICIAL), check=right(0.002)),
    Case(
        name="coordinates-mapinfo-on-wgs84",
        make=mif('Earth Projection 8, 104, "m", 104.75, 0, 0.9999, 500000, 0'),
        check=told("crs-lost-datum", ["224.5 m off", 'crs = "EPSG:9208"'], TM3),
    ),
    Case(
        name="coordinates-mapinfo-wrong-meridian",
        make=mif(OFFICIAL.replace("104.75", "105")),
        check=told("crs-wrong-meridian", ["26.4 km", 'crs = "EPSG:9208"'], TM3),
    ),
    Case(
        name="coordinates-mapinfo-plan",
        make=mif('NonEarth Units "m" Bounds (0, 0) (1000000, 3000000)'),
        check=told("crs-missing", ['crs = "EPSG:9208"'], TM3),
    ),
    Case(
        name="coordinates-wrong-zone-105",
        make=layer("thon.gpkg", "EPSG:9208", read_as="EPSG:5897"),
        check=told("crs-wrong-meridian", ["105°, fits 104°45′", "26.4 km"], TM3),
    ),
    Case(
        name="coordinates-wrong-zone-105-30",
        make=layer("thon.gpkg", "EPSG:9208", read_as="EPSG:9209"),
        check=told("crs-wrong-meridian", ["105°30′, fits 104°45′", "79.1 km"], TM3),
    ),
    Case(
        name="coordinates-withdrawn-zone",
        make=layer("thon.gpkg", "EPSG:5897", read_as="EPSG:6957"),
        check=right(0.001),
    ),
    Case(name="coordinates-utm-vn2000", make=layer("thon.shp", "EPSG:3405"), check=right(0.001)),
    Case(name="coordinates-utm-wgs84", make=layer("thon.shp", "EPSG:32648"), check=right(0.001)),
    Case(name="coordinates-hanoi-1972", make=layer("thon.gpkg", "EPSG:2044"), check=right(1.0)),
    Case(
        name="coordinates-swapped-layer",
        make=swapped_layer,
        check=told("xy-swapped", ["swap_xy = true"], AsSaid(swap_xy=True)),
    ),
    Case(
        name="coordinates-x-is-north",
        make=table(
            lambda e, n: {"X": [f"{v:.3f}" for v in n], "Y": [f"{v:.3f}" for v in e]}, tiny.CRS
        ),
        check=right(0.001),
    ),
    Case(
        name="coordinates-thousands-and-decimal-commas",
        make=table(
            lambda e, n: {"Toạ độ X": [metres(v) for v in n], "Toạ độ Y": [metres(v) for v in e]},
            tiny.CRS,
        ),
        check=right(0.001),
    ),
    Case(
        name="coordinates-three-digits-are-thousands",
        make=table(
            lambda e, n: {
                "X": [metres(round(v))[:-4] for v in n],
                "Y": [metres(round(v))[:-4] for v in e],
            },
            tiny.CRS,
        ),
        check=right(1.0),
    ),
    Case(
        name="coordinates-kilometres",
        make=table(
            lambda e, n: {"X": [f"{v / 1000:.6f}" for v in n], "Y": [f"{v / 1000:.6f}" for v in e]},
            tiny.CRS,
        ),
        check=told("xy-kilometres", ['xy_unit = "km"'], AsSaid(xy_unit="km")),
    ),
    Case(
        name="coordinates-table-in-another-zone",
        make=table(
            lambda e, n: {"X": [f"{v:.3f}" for v in n], "Y": [f"{v:.3f}" for v in e]}, "EPSG:3405"
        ),
        check=told("crs-wrong", ['crs = "EPSG:3405"'], AsSaid(crs="EPSG:3405"), 0.005),
    ),
    Case(
        name="coordinates-metres-named-longitude",
        make=table(
            lambda e, n: {"Kinh độ": [f"{v:.3f}" for v in e], "Vĩ độ": [f"{v:.3f}" for v in n]},
            tiny.CRS,
        ),
        check=right(0.001),
    ),
    Case(
        name="coordinates-decimal-commas",
        make=table(
            lambda e, n: {
                "Vĩ độ": [f"{v:.7f}".replace(".", ",") for v in n],
                "Kinh độ": [f"{v:.7f}".replace(".", ",") for v in e],
            },
            "EPSG:4326",
        ),
        check=right(),
    ),
    Case(
        name="coordinates-dms-signs",
        make=angles("{d}°{m:02}'{s:06.3f}\"N", "{d}°{m:02}'{s:06.3f}\"E"),
        check=right(0.05),
    ),
    Case(
        name="coordinates-dms-vietnamese",
        make=angles("{d} độ {m} phút {s:.3f} giây Bắc", "{d}o{m:02}'{s:06.3f}'' Đông"),
        check=right(0.05),
    ),
    Case(
        name="coordinates-dms-spaces-and-dashes",
        make=angles("{d} {m} {s:.3f}", "{d}-{m}-{s:.3f}"),
        check=right(0.05),
    ),
    Case(
        name="coordinates-dms-run-together",
        make=angles("{d}{m:02}{s:06.3f}N", "{d}{m:02}{s:06.3f}E"),
        check=right(0.05),
    ),
    Case(
        name="coordinates-dms-impossible",
        make=angles("{d}°{m:02}'{s:06.3f}\"N", "{d}°77'{s:06.3f}\"E"),
        check=refused,
        refused="which is no coordinate",
    ),
    Case(
        name="coordinates-letters-in-the-wrong-columns",
        make=table(
            lambda e, n: {"Kinh độ": [f"{v:.7f}N" for v in n], "Vĩ độ": [f"{v:.7f}E" for v in e]},
            "EPSG:4326",
        ),
        check=right(),
    ),
    Case(
        name="coordinates-lat-lon-swapped",
        make=table(
            lambda e, n: {"lat": [f"{v:.7f}" for v in e], "lon": [f"{v:.7f}" for v in n]},
            "EPSG:4326",
        ),
        check=told("latlon-swapped", ["swap_xy = true"], AsSaid(swap_xy=True)),
    ),
    Case(
        name="coordinates-one-column",
        make=table(
            lambda e, n: {"Toạ độ": [f"{b:.7f}, {a:.7f}" for a, b in zip(e, n, strict=True)]},
            "EPSG:4326",
        ),
        check=right(),
    ),
    Case(
        name="coordinates-wkt",
        make=table(
            lambda e, n: {"wkt": [f"POINT ({a:.7f} {b:.7f})" for a, b in zip(e, n, strict=True)]},
            "EPSG:4326",
        ),
        check=right(),
    ),
    Case(
        name="coordinates-ewkt-with-srid",
        make=table(
            lambda e, n: {
                "geom": [f"SRID=3405;POINT({a:.3f} {b:.3f})" for a, b in zip(e, n, strict=True)]
            },
            "EPSG:3405",
        ),
        check=right(0.001),
    ),
    Case(
        name="coordinates-words-are-no-place",
        make=table(lambda e, n: {"Vị trí": ["gần chợ" for _ in zip(e, n, strict=True)]}, tiny.CRS),
        check=refused,
        refused="has no geometry and no coordinate columns",
    ),
)

"""Parts of Shapefiles and MapInfo tables that name other rows, or hold less than they declare."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geodata.read import read
from tests.corpus import Case
from tests.hostile import villages

Change = Callable[[bytes], bytes]


def _changed(name: str, part: str, change: Change) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        villages().to_file(path, driver="MapInfo File" if path.suffix == ".tab" else None)
        one = path.with_suffix(part)
        one.write_bytes(change(one.read_bytes()))
        return path

    return make


def _second_deleted(dbf: bytes) -> bytes:
    _, first, width = struct.unpack("<IHH", dbf[4:12])
    at = first + width
    return dbf[:at] + b"*" + dbf[at + 1 :]


def _two_turned(shx: bytes) -> bytes:
    return shx[:100] + shx[108:116] + shx[100:108] + shx[116:]


def _first(body: bytes, *, kept: int) -> bytes:
    return body[:kept]


def _is_read(path: Path) -> None:
    read(path, unplaced=True)


def _eight(path: Path) -> None:
    """GDAL drops a row that is marked as deleted, and that is told."""
    found = read(path)
    assert len(found.table) == 8
    (doubt,) = [one for one in found.findings if one.kind == "rows-deleted"]
    assert (doubt.severity, doubt.rows) == ("warning", (2,))


RING = "<LinearRing><coordinates>105,18 106,18 106,19 105,18</coordinates></LinearRing>"
OUTER = f"<outerBoundaryIs>{RING}</outerBoundaryIs>"
POLYGON = f"<Polygon>{OUTER}</Polygon>"
POINT = "<Point><coordinates>105,18</coordinates></Point>"
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'


def _kml(inside: str, *, kept: int | None = None) -> Callable[[Path], Path]:
    """A polygon, and a placemark of something else."""

    def make(folder: Path) -> Path:
        text = f"<Placemark>{POLYGON}</Placemark><Placemark>{inside}</Placemark>"
        path = folder / "v.kml"
        path.write_text(KML.format(text)[:kept], "utf-8")
        return path

    return make


def _two(path: Path) -> None:
    assert len(read(path).table) == 2


def _open_heading(folder: Path) -> Path:
    """A heading whose quotation mark nobody closes holds all rows."""
    path = folder / "v.csv"
    path.write_text('ma,"thon,x,y\nv1,Xóm 1,105.1,18.1\nv2,Xóm 2,105.2,18.2\n', "utf-8")
    return path


CASES = (
    Case(
        name="csv-open-quote-in-the-header",
        make=_open_heading,
        check=_is_read,
        refused="in row 1; look there for a quotation mark that nothing closes",
    ),
    Case(
        name="kml-multi-geometry",
        make=_kml(f"<MultiGeometry>{POLYGON}{POINT}{POLYGON}</MultiGeometry>"),
        check=_two,
    ),
    *(
        Case(
            name=f"kml-shapes-beside-each-other-{name}",
            make=_kml(inside),
            check=_is_read,
            refused="row 2: the placemark holds several shapes beside each other",
        )
        for name, inside in (("polygons", 2 * POLYGON), ("point", POINT + POLYGON))
    ),
    Case(
        name="kml-two-outer-boundaries",
        make=_kml(f"<Polygon>{OUTER}{OUTER}</Polygon>"),
        check=_is_read,
        refused="row 2: the polygon has two outer rings",
    ),
    Case(
        name="kml-cut",
        make=_kml(POLYGON, kept=-120),
        check=_is_read,
        refused="is cut short in row 2",
    ),
    Case(
        name="shapefile-row-deleted",
        make=_changed("v.shp", ".dbf", _second_deleted),
        check=_eight,
    ),
    Case(
        name="shapefile-shx-turned",
        make=_changed("v.shp", ".shx", _two_turned),
        check=_is_read,
        refused="in another order than they are numbered",
    ),
    *(
        Case(
            name=f"tab-{part[1:]}-cut",
            make=_changed("v.tab", part, partial(_first, kept=kept)),
            check=_is_read,
            refused=f"its {part} is cut short or damaged",
        )
        for part, kept in ((".dat", -200), (".map", 600))
    ),
)

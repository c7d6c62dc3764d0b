"""Files whose parts disagree with each other, or that hold what GDAL drops without a word."""

from __future__ import annotations

import json
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import parquet

from geodata.read import read
from tests import tiny
from tests.corpus import Case
from tests.hostile import KML, PLACE, packed, villages

CODED = """
CREATE TABLE gpkg_data_columns (table_name TEXT, column_name TEXT, name TEXT, title TEXT,
  description TEXT, mime_type TEXT, constraint_name TEXT);
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT, constraint_type TEXT,
  value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN,
  description TEXT);
INSERT INTO gpkg_data_columns VALUES ('v', 'technology', NULL, NULL, NULL, NULL, 'tech');
INSERT INTO gpkg_data_columns VALUES ('v', 'commune_code', NULL, NULL, NULL, NULL, 'xa');
INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description)
  VALUES ('tech', 'enum', '2', '3G'), ('tech', 'enum', '3', '4G'), ('xa', 'enum', '10', 'Xã 0');
"""


def _nine(path: Path) -> None:
    table = read(path, unplaced=True).table
    assert len(table) == 9
    assert isinstance(table, gpd.GeoDataFrame)
    assert round(float(table.to_crs(tiny.CRS).area.sum()) / 1e6, 2) == 9.0


def _is_read(path: Path) -> None:
    read(path, unplaced=True)


def _written(folder: Path, name: str, driver: str | None = None) -> Path:
    table = villages()
    path = folder / name
    (table.to_crs("EPSG:4326") if driver else table).to_file(path, driver=driver)
    return path


def _shapefile(folder: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    path = _written(folder, "v.shp")
    one = path.with_suffix(part)
    one.write_bytes(change(one.read_bytes()))
    return path


def _one_row_less(dbf: bytes) -> bytes:
    rows, _, width = struct.unpack("<IHH", dbf[4:12])
    return dbf[:4] + struct.pack("<I", rows - 1) + dbf[8 : -width - 1] + b"\x1a"


def _shx_twice(folder: Path) -> Path:
    """An index that lists the last shape twice, beside as many rows."""
    path = _shapefile(folder, ".shx", lambda body: body + body[-8:])
    path.with_suffix(".dbf").unlink()
    return path


def _tab_without(folder: Path, *parts: str) -> Path:
    path = _written(folder, "v.tab", "MapInfo File")
    for part in parts:
        path.with_suffix(part).unlink()
    return path


def _mif(folder: Path, change: Callable[[list[bytes]], list[bytes]] | None) -> Path:
    path = _written(folder, "v.mif", "MapInfo File")
    mid = path.with_suffix(".mid")
    if change is None:
        mid.unlink()
    else:
        mid.write_bytes(b"\n".join(change(mid.read_bytes().splitlines())) + b"\n")
    return path


def _flatgeobuf(folder: Path, told: int, *, index: bool) -> Path:
    path = folder / "v.fgb"
    pyogrio.write_dataframe(villages(), path, SPATIAL_INDEX="YES" if index else "NO")
    body = path.read_bytes()
    at = body.index(struct.pack("<Q", 9))
    path.write_bytes(body[:at] + struct.pack("<Q", told) + body[at + 8 :])
    return path


def _many(folder: Path, rows: int) -> Path:
    """Counts at which the index has one level more."""
    table = villages().iloc[[0] * rows].reset_index(drop=True)
    table.to_file(folder / "v.fgb")
    return folder / "v.fgb"


def _counted(path: Path, rows: int) -> None:
    assert len(read(path).table) == rows


def _geopackage(folder: Path, *statements: str) -> Path:
    path = folder / "v.gpkg"
    villages().assign(technology=2, commune_code=10).to_file(path, layer="v")
    with closing(sqlite3.connect(path)) as base:
        for statement in statements:
            base.executescript(statement)
        base.commit()
    return path


def _zipped_while_open(folder: Path) -> Path:
    """Two rows of nine stand in the file, the others in the log that a program keeps beside it."""
    path = folder / "made" / "v.gpkg"
    path.parent.mkdir()
    table = villages()
    table.iloc[:2].to_file(path, layer="v")
    rest = path.with_name("rest.gpkg")
    table.iloc[2:].to_file(rest, layer="r")
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("ATTACH ? AS rest", [str(rest)])
        base.execute("INSERT INTO v SELECT fid + 2, geom, village FROM rest.r")
        base.commit()
        copies = {one.name: one.read_bytes() for one in path.parent.glob("v.gpkg*")}
    shutil.rmtree(path.parent)
    return packed(folder / "v.zip", {k: v for k, v in copies.items() if not k.endswith("-shm")})


def _coded(path: Path) -> None:
    held = read(path)
    assert held.table["technology"].tolist() == ["3G"] * 9
    assert held.table["commune_code"].iloc[0] == 10  # a code of a unit stays one
    assert [one.kind for one in held.findings] == ["coded"]


def _collection() -> dict[str, object]:
    told: dict[str, object] = json.loads(villages().to_crs("EPSG:4326").to_json())
    return told


def _json(folder: Path, text: Callable[[list[object]], str], name: str = "v.json") -> Path:
    features = _collection()["features"]
    assert isinstance(features, list)
    path = folder / name
    path.write_text(text(features), encoding="utf-8")
    return path


def _of(features: list[object]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def _nested(features: list[object]) -> str:
    inner = [json.loads(_of(features[:4])), json.loads(_of(features[4:]))]
    return json.dumps({"type": "FeatureCollection", "features": inner})


def _esri(kind: str, geometry: object) -> Callable[[list[object]], str]:
    feature = {"attributes": {"ten": "a"}, "geometry": geometry}
    told = {"geometryType": kind, "spatialReference": {"wkid": 4326}, "features": [feature]}
    return lambda _: json.dumps(told)


def _open_ring(features: list[object]) -> str:
    told = json.loads(_of(features))
    told["features"][6]["geometry"]["coordinates"][0].pop()
    return json.dumps(told)


def _unplaced_parquet(folder: Path, *, srid: int = 0) -> Path:
    table = villages()
    shapes = shapely.set_srid(table.geometry.to_numpy(), srid)
    wkb = [shapely.to_wkb(one, include_srid=bool(srid)) for one in shapes]
    plain = pa.table({"ten": table["village"].tolist(), "geom": pa.array(wkb, pa.binary())})
    parquet.write_table(plain, folder / "v.parquet")
    return folder / "v.parquet"


class _Wkb(pa.ExtensionType):
    """With it in place Arrow writes Parquet's own type GEOMETRY, as GeoParquet 2.0 has it."""

    def __init__(self, about: str = "{}") -> None:
        self.about = about
        super().__init__(pa.binary(), "geoarrow.wkb")

    def __arrow_ext_serialize__(self) -> bytes:
        return self.about.encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, _: pa.DataType, about: bytes) -> _Wkb:
        return cls(about.decode())


def _native_parquet(folder: Path, *, about: str, arrow: bool, meters: bool = True) -> Path:
    table = villages() if meters else villages().to_crs("EPSG:4326")
    wkb = pa.array([shapely.to_wkb(one) for one in table.geometry], pa.binary())
    pa.register_extension_type(_Wkb())
    try:
        shapes = pa.ExtensionArray.from_storage(_Wkb(about), wkb)
        held = pa.table({"ten": table["village"].tolist(), "geometry": shapes})
        parquet.write_table(held, folder / "v.parquet", store_schema=arrow)
    finally:
        pa.unregister_extension_type("geoarrow.wkb")
    return folder / "v.parquet"


def _has_shapes(path: Path, crs: str | None) -> None:
    table = read(path, unplaced=True).table
    assert isinstance(table, gpd.GeoDataFrame)
    assert table.crs == crs
    assert round(float(table.area.sum()) / 1e6, 6) == 9.0


def _kml(folder: Path, inside: str) -> Path:
    path = folder / "v.kml"
    path.write_text(KML.format(inside), encoding="utf-8")
    return path


def _ring(x: float, y: float, size: float) -> str:
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    told = " ".join(f"{a:.6f},{b:.6f},0" for a, b in corners)
    return f"<LinearRing><coordinates>{told}</coordinates></LinearRing>"


HOLES = (
    "<Placemark><name>a</name><Polygon><outerBoundaryIs>" + _ring(105, 18, 1)
    + "</outerBoundaryIs><innerBoundaryIs>" + _ring(105.1, 18.1, 0.2) + _ring(105.6, 18.6, 0.2)
    + "</innerBoundaryIs></Polygon></Placemark>"
)  # fmt: skip
PICTURE = (
    "<GroundOverlay><name>phủ sóng</name><Icon><href>files/a.png</href></Icon><LatLonBox>"
    "<north>19</north><south>18</south><east>106</east><west>105</west></LatLonBox>"
    "</GroundOverlay>"
)
SCREEN = "<ScreenOverlay><name>chú giải</name><Icon><href>b.png</href></Icon></ScreenOverlay>"
LINK = "<NetworkLink><Link><href>http://example.org/a.kml</href></Link></NetworkLink>"


def _two_holes(path: Path) -> None:
    shape = read(path).table.geometry.iloc[0]
    assert len(shape.interiors) == 2
    assert round(shape.area, 6) == 0.92


def _one_with_a_warning(path: Path) -> None:
    held = read(path)
    assert len(held.table) == 1
    assert [(one.kind, one.severity) for one in held.findings] == [("pictures-left-out", "warning")]


UNEQUAL = "names would belong to other shapes"
SHORT = "is cut short or damaged"
COUNT = "does not hold the number of features that it declares"
STALE = "UPDATE gpkg_ogr_contents SET feature_count = 2"
NESTED = "<Folder><name>Viettel</name><Folder><name>4G</name>{}</Folder></Folder>"

CASES = (
    Case(
        name="shapefile-dbf-one-row-less",
        make=partial(_shapefile, part=".dbf", change=_one_row_less),
        check=_is_read,
        refused=UNEQUAL,
    ),
    Case(
        name="shapefile-dbf-cut",
        make=partial(_shapefile, part=".dbf", change=lambda body: body[:-60]),
        check=_is_read,
        refused=SHORT,
    ),
    Case(
        name="shapefile-shx-one-less",
        make=partial(_shapefile, part=".shx", change=lambda body: body[:-8]),
        check=_is_read,
        refused=UNEQUAL,
    ),
    Case(name="shapefile-shx-one-twice", make=_shx_twice, check=_is_read, refused=SHORT),
    Case(
        name="shapefile-shp-cut",
        make=partial(_shapefile, part=".shp", change=lambda body: body[:-40]),
        check=_is_read,
        refused=SHORT,
    ),
    Case(
        name="tab-alone",
        make=lambda folder: _tab_without(folder, ".dat", ".map", ".id"),
        check=_is_read,
        refused="came without the .dat, .map, .id file",
    ),
    Case(
        name="tab-without-map",
        make=lambda folder: _tab_without(folder, ".map"),
        check=_is_read,
        refused="came without the .map file",
    ),
    Case(
        name="mif-alone",
        make=partial(_mif, change=None),
        check=_is_read,
        refused="came without the .mid file",
    ),
    Case(
        name="mif-mid-short",
        make=partial(_mif, change=lambda lines: lines[:-2]),
        check=_is_read,
        refused="holds 9 shapes and its .mid 7 rows",
    ),
    Case(
        name="mif-mid-long",
        make=partial(_mif, change=lambda lines: [*lines, lines[-1]]),
        check=_is_read,
        refused="holds 9 shapes and its .mid 10 rows",
    ),
    *(
        Case(
            name=f"flatgeobuf-told-{told}-{'indexed' if index else 'bare'}",
            make=partial(_flatgeobuf, told=told, index=index),
            check=_is_read,
            refused=COUNT,
        )
        for told in (4, 12)
        for index in (True, False)
    ),
    Case(
        name="flatgeobuf-count-unknown",
        make=partial(_flatgeobuf, told=0, index=False),
        check=_nine,
    ),
    *(
        Case(
            name=f"flatgeobuf-of-{rows}",
            make=partial(_many, rows=rows),
            check=partial(_counted, rows=rows),
        )
        for rows in (1, 16, 17, 300)
    ),
    Case(name="gpkg-stale-count", make=lambda f: _geopackage(f, STALE), check=_nine),
    Case(name="gpkg-coded-domain", make=lambda f: _geopackage(f, CODED), check=_coded),
    Case(name="gpkg-zipped-while-open", make=_zipped_while_open, check=_nine),
    Case(name="json-bare-list", make=partial(_json, text=json.dumps), check=_nine),
    Case(name="json-nested-collections", make=partial(_json, text=_nested), check=_nine),
    Case(
        name="json-concatenated",
        make=partial(_json, text=lambda f: _of(f[:4]) + "\n" + _of(f[4:])),
        check=_nine,
    ),
    Case(
        name="json-lines",
        make=partial(_json, text=lambda f: "\n".join(map(json.dumps, f)), name="v.geojsonl"),
        check=_nine,
    ),
    Case(
        name="json-text-sequence",
        make=partial(_json, text=lambda f: "".join(f"\x1e{json.dumps(one)}\n" for one in f)),
        check=_nine,
    ),
    *(
        Case(
            name=f"json-{kind}",
            make=partial(_json, text=_esri(kind, geometry)),
            check=_is_read,
            refused="Esri's own JSON",
        )
        for kind, geometry in (
            ("esriGeometryPolygon", {"rings": [[[105, 18], [105, 19], [106, 19], [105, 18]]]}),
            ("esriGeometryPoint", {"x": 105, "y": 18}),
        )
    ),
    Case(
        name="json-topology",
        make=partial(_json, text=lambda _: '{"type": "Topology", "objects": {}, "arcs": []}'),
        check=_is_read,
        refused="is TopoJSON",
    ),
    Case(
        name="json-lines-cut",
        make=partial(_json, text=lambda f: "\n".join(map(json.dumps, f))[:-30]),
        check=_is_read,
        refused="is no JSON from letter",
    ),
    Case(
        name="geojson-ring-not-closed",
        make=partial(_json, text=_open_ring),
        check=_is_read,
        refused="row 7: the shape is not one: a ring is not closed",
    ),
    Case(
        name="parquet-without-geo",
        make=_unplaced_parquet,
        check=partial(_has_shapes, crs=None),
    ),
    Case(
        name="parquet-of-postgis-wkb",
        make=partial(_unplaced_parquet, srid=9208),
        check=partial(_has_shapes, crs="EPSG:9208"),
    ),
    *(
        Case(
            name=f"parquet-of-native-shapes-{'of-arrow' if arrow else 'bare'}",
            make=partial(_native_parquet, about='{"crs": "EPSG:9208"}', arrow=arrow),
            check=partial(_has_shapes, crs="EPSG:9208"),
        )
        for arrow in (True, False)
    ),
    Case(
        name="parquet-of-native-shapes-by-srid",
        make=partial(_native_parquet, about='{"crs": "srid:9208"}', arrow=False),
        check=partial(_has_shapes, crs="EPSG:9208"),
    ),
    Case(
        name="parquet-of-native-shapes-in-degrees",
        make=partial(_native_parquet, about="{}", arrow=True, meters=False),
        check=_nine,
    ),
    Case(
        name="kml-folder-two-deep",
        make=lambda f: _kml(f, NESTED.format("".join(PLACE.format(k) for k in range(9)))),
        check=lambda path: _counted(path, 9),
    ),
    Case(
        name="kml-two-rings-in-an-inner-boundary",
        make=lambda f: _kml(f, HOLES),
        check=_two_holes,
    ),
    Case(
        name="kml-two-outer-rings",
        make=lambda f: _kml(f, HOLES.replace("innerBoundaryIs", "outerBoundaryIs")),
        check=_is_read,
        refused="row 1: the polygon has two outer rings",
    ),
    Case(
        name="kmz-picture",
        make=lambda f: packed(
            f / "v.kmz", {"doc.kml": KML.format(PICTURE).encode(), "files/a.png": b"\x89PNG"}
        ),
        check=_is_read,
        refused="holds pictures laid over the map (GroundOverlay) and no shapes",
    ),
    Case(
        name="kml-link-alone",
        make=lambda f: _kml(f, LINK),
        check=_is_read,
        refused="links to other files (NetworkLink), which are not opened",
    ),
    Case(
        name="kml-screen-picture-alone",
        make=lambda f: _kml(f, SCREEN + LINK),
        check=_is_read,
        refused="(ScreenOverlay, NetworkLink) and no shapes",
    ),
    Case(
        name="kml-picture-beside-a-shape",
        make=lambda f: _kml(f, PLACE.format(1) + PICTURE + SCREEN),
        check=_one_with_a_warning,
    ),
)

"""Files that mean harm, or look like it: what each is made of, and how large it is.

``SMALL`` are made in a moment; ``LARGE`` take hundreds of megabytes.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import rasterio
from pyarrow import parquet

from tests import tiny

POINT = "<Point><coordinates>105.6,18.6</coordinates></Point>"
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
PLACE = f"<Placemark><name>{{}}</name>{POINT}</Placemark>"
LARGE_BYTES = 300_000_000


def villages() -> gpd.GeoDataFrame:
    """The nine squares with their names."""
    return tiny.villages().drop(columns="centre").reset_index()[["village", "geometry"]]


def written(path: Path, body: bytes | str) -> Path:
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def packed(path: Path, entries: Mapping[str, bytes]) -> Path:
    """A ZIP of these entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return path


def empty(folder: Path) -> Path:
    return written(folder / "v.gpkg", b"")


def pdf_as_shapefile(folder: Path) -> Path:
    return written(folder / "v.shp", b"%PDF-1.7\n" + b"x" * 2000)


def shapefile_without_table(folder: Path) -> Path:
    villages().to_file(folder / "v.shp")
    (folder / "v.dbf").unlink()
    return folder / "v.shp"


def shapefile_without_index(folder: Path) -> Path:
    villages().to_file(folder / "v.shp")
    (folder / "v.shx").unlink()
    return folder / "v.shp"


def _zeros(path: Path, size: int) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("v.csv", "w", force_zip64=True) as target,
    ):
        for _ in range(size // 1_000_000):
            target.write(b"0" * 1_000_000)
    return path


def zip_bomb(folder: Path) -> Path:
    return _zeros(folder / "v.zip", 300_000_000)


def zip_bomb_inside_a_zip(folder: Path) -> Path:
    inner = _zeros(folder / "inner.zip", 100_000_000)
    path = packed(folder / "v.zip", {f"{k}.zip": inner.read_bytes() for k in range(8)})
    inner.unlink()
    return path


def zip_bomb_under_another_name(folder: Path) -> Path:
    inner = _zeros(folder / "inner.zip", 100_000_000)
    path = packed(folder / "v.zip", {"v.csv": inner.read_bytes()})
    inner.unlink()
    return path


def zip_that_lies(folder: Path) -> Path:
    """A bomb whose headers say that it holds 1,000 bytes."""
    path = _zeros(folder / "v.zip", 100_000_000)
    body = bytearray(path.read_bytes())
    central = body.index(b"PK\x01\x02")
    body[central + 24 : central + 28] = struct.pack("<I", 1000)
    return written(path, bytes(body))


def zip_whose_entries_overlap(folder: Path) -> Path:
    """Many entries of the directory that all name the same packed bytes."""
    path = packed(folder / "v.zip", {"0000.csv": b"0" * 9_000_000})
    body = path.read_bytes()
    start = body.index(b"PK\x01\x02")
    end = body.index(b"PK\x05\x06")
    entry = body[start:end]
    entries = b"".join(entry.replace(b"0000.csv", b"%04d.csv" % k) for k in range(1500))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1500, 1500, len(entries), start, 0)
    return written(path, body[:start] + entries + tail)


def gzip_bomb(folder: Path) -> Path:
    path = folder / "v.csv.gz"
    with gzip.open(path, "wb") as target:
        for _ in range(60):
            target.write(b"0" * 1_000_000)
    return path


def zip_that_climbs(folder: Path) -> Path:
    return packed(folder / "v.zip", {"../../evil.csv": b"a,b\n1,2\n", "v.csv": b"a,b\n1,2\n"})


def zip_with_a_link(folder: Path) -> Path:
    entry = zipfile.ZipInfo("v.csv")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "v.zip", "w") as archive:
        archive.writestr(entry, b"/etc/passwd")
    return folder / "v.zip"


def kml_with_entities(folder: Path) -> Path:
    secret = written(folder / "secret.txt", "not to be read")
    start = f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    return written(folder / "v.kml", start + KML.format(PLACE.format("&x;")))


def kml_of_a_billion_laughs(folder: Path) -> Path:
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 11)
    )
    start = f'<?xml version="1.0"?><!DOCTYPE kml [{entities}]>'
    return written(folder / "v.kml", start + KML.format(PLACE.format("&a10;")))


def kml_nested(folder: Path) -> Path:
    deep = 100_000
    folders = "<Folder>" * deep + PLACE.format("x") + "</Folder>" * deep
    return written(folder / "v.kml", KML.format(folders))


def kml_of_many_layers(folder: Path) -> Path:
    folders = "".join(f"<Folder><name>{k}</name>{PLACE.format(k)}</Folder>" for k in range(3000))
    return written(folder / "v.kml", KML.format(folders))


def tiff_broken(folder: Path) -> Path:
    return written(folder / "v.tif", b"II*\x00\xff\xff\xff\x7f" + b"\x05" * 500)


def tiff_of_four_exabytes(folder: Path) -> Path:
    """2³¹ × 2³¹ pixels, sparse, in a file of some kilobytes."""
    path = folder / "v.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=64, height=64, count=1, dtype="uint8", crs=tiny.CRS,
        transform=rasterio.Affine(100, 0, tiny.X0, 0, -100, tiny.Y0),
    ) as target:  # fmt: skip
        target.write(np.ones((1, 64, 64), "uint8"))
    body = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", body, 4)
    for k in range(struct.unpack_from("<H", body, at)[0]):
        entry = at + 2 + 12 * k
        if struct.unpack_from("<H", body, entry)[0] in (256, 257, 278):
            struct.pack_into("<HII", body, entry + 2, 4, 1, 2**31 - 1)
    return written(path, bytes(body))


def csv_of_a_thousand_columns(folder: Path) -> Path:
    rows = [",".join(f"c{k}" for k in range(1000)), *(["1," * 999 + "2"] * 200)]
    return written(folder / "v.csv", "\n".join(rows))


def csv_of_a_million_columns(folder: Path) -> Path:
    return written(folder / "v.csv", "a," * 1_000_000 + "\n" + "1," * 1_000_000)


def csv_of_one_cell(folder: Path) -> Path:
    return written(folder / "v.csv", 'a,b\n1,"' + "x" * 100_000_000 + '"\n')


def csv_of_quotes(folder: Path) -> Path:
    return written(folder / "v.csv", "a,b\n" + '"' * 999_999 + "\n1,2\n")


def csv_of_nothing(folder: Path) -> Path:
    return written(folder / "v.csv", "a,b\n" + "\x00" * 10_000_000)


def _package(folder: Path, *statements: str) -> Path:
    path = folder / "v.gpkg"
    villages().to_file(path, layer="v")
    with sqlite3.connect(path) as link:
        for statement in statements:
            link.execute(statement)
    link.close()
    return path


COUNTING = (
    "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) "
    "SELECT k AS fid, (SELECT geom FROM v LIMIT 1) AS geom, 'x' AS village FROM n"
)
REGISTERED = (
    """INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)
    SELECT 'w', 'features', 'w', srs_id FROM gpkg_contents WHERE table_name = 'v'""",
    """INSERT INTO gpkg_geometry_columns
    SELECT 'w', column_name, geometry_type_name, srs_id, z, m
    FROM gpkg_geometry_columns WHERE table_name = 'v'""",
    "DELETE FROM gpkg_contents WHERE table_name = 'v'",
)


def package_that_counts_for_ever(folder: Path) -> Path:
    """A view that never ends, given out as the only layer."""
    return _package(folder, f"CREATE VIEW w AS {COUNTING}", *REGISTERED)


def package_with_a_function(folder: Path) -> Path:
    """A view that has SQLite load a program of somebody's choice."""
    view = "CREATE VIEW w AS SELECT fid, geom, load_extension('/tmp/evil.so') AS village FROM v"
    return _package(folder, view, *REGISTERED)


def package_with_triggers(folder: Path) -> Path:
    trigger = "CREATE TRIGGER t AFTER INSERT ON v BEGIN DELETE FROM v; END"
    return _package(folder, trigger)


def package_that_refers_to_itself(folder: Path) -> Path:
    return _package(
        folder,
        "CREATE VIEW w AS SELECT fid, geom, village FROM v",
        *REGISTERED,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE VIEW w AS SELECT fid, geom, village FROM w' "
        "WHERE name = 'w'",
    )


def geojson_nested(folder: Path) -> Path:
    deep = 100_000
    coordinates = "[" * deep + "]" * deep
    return written(folder / "v.geojson", f'{{"type":"Polygon","coordinates":{coordinates}}}')


def geojson_of_properties_nested(folder: Path) -> Path:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    feature = f'{{"type":"Feature","geometry":null,"properties":{deep}}}'
    return written(folder / "v.geojson", f'{{"type":"FeatureCollection","features":[{feature}]}}')


def geojson_beyond_numbers(folder: Path) -> Path:
    feature = (
        '{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1e999,NaN]}}'
    )
    return written(folder / "v.geojson", f'{{"type":"FeatureCollection","features":[{feature}]}}')


def geojson_of_commands(folder: Path) -> Path:
    """What GDAL takes for a program: here one that reads another file of this machine."""
    villages().to_file(folder / "other.gpkg")
    told = {
        "type": "gdal_streamed_alg",
        "command_line": f"gdal vector pipeline ! read {folder / 'other.gpkg'}",
    }
    return written(folder / "v.geojson", json.dumps(told))


def _workbook(folder: Path, name: str, change: Callable[[str], bytes]) -> Path:
    path = folder / "v.xlsx"
    pd.DataFrame({"Thôn": ["Xóm 1"], "Dân số": [25]}).to_excel(path, index=False)
    with zipfile.ZipFile(path) as archive:
        entries = {one: archive.read(one) for one in archive.namelist()}
    entries[name] = change(entries[name].decode())
    return packed(path, entries)


def workbook_bomb(folder: Path) -> Path:
    """A sheet whose cells end in the last row and column that Excel knows."""

    def change(text: str) -> bytes:
        rows = "".join(
            f'<row r="{r}"><c r="XFD{r}"><v>1</v></c></row>' for r in (5, 500_000, 1_048_576)
        )
        return text.replace("</sheetData>", rows + "</sheetData>").encode()

    return _workbook(folder, "xl/worksheets/sheet1.xml", change)


def workbook_of_many_rows(folder: Path) -> Path:
    """A sheet of 190 MB in a file of 1 MB."""

    def change(text: str) -> bytes:
        row = b"<row>" + b"<c><v>1</v></c>" * 20 + b"</row>"
        head, _, tail = text.partition("</sheetData>")
        return head.encode() + row * 600_000 + b"</sheetData>" + tail.encode()

    return _workbook(folder, "xl/worksheets/sheet1.xml", change)


def workbook_of_a_billion_laughs(folder: Path) -> Path:
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 11)
    )

    def change(text: str) -> bytes:
        start, _, rest = text.partition("?>")
        return f"{start}?><!DOCTYPE x [{entities}]>{rest.replace('Thôn', '&a10;')}".encode()

    return _workbook(folder, "xl/sharedStrings.xml", change)


def _shapefile(folder: Path, ending: str, place: int, value: bytes) -> Path:
    villages().to_file(folder / "v.shp")
    path = folder / f"v.{ending}"
    body = bytearray(path.read_bytes())
    body[place : place + len(value)] = value
    written(path, bytes(body))
    return folder / "v.shp"


def table_of_four_billion_rows(folder: Path) -> Path:
    return _shapefile(folder, "dbf", 4, struct.pack("<I", 2**32 - 1))


def shape_of_two_billion_points(folder: Path) -> Path:
    return _shapefile(folder, "shp", 100 + 8 + 4 + 32 + 4, struct.pack("<i", 2**31 - 1))


def shape_of_two_billion_parts(folder: Path) -> Path:
    return _shapefile(folder, "shp", 100 + 8 + 4 + 32, struct.pack("<i", 2**31 - 1))


def index_that_lies(folder: Path) -> Path:
    return _shapefile(folder, "shx", 24, struct.pack(">i", 2**31 - 1))


def flatgeobuf_of_a_huge_feature(folder: Path) -> Path:
    path = folder / "v.fgb"
    villages().to_file(path, driver="FlatGeobuf", SPATIAL_INDEX="NO")
    body = bytearray(path.read_bytes())
    (header,) = struct.unpack_from("<I", body, 8)
    struct.pack_into("<I", body, 12 + header, 2**31 - 8)
    return written(path, bytes(body))


def flatgeobuf_of_a_huge_header(folder: Path) -> Path:
    path = folder / "v.fgb"
    villages().to_file(path, driver="FlatGeobuf")
    body = bytearray(path.read_bytes())
    struct.pack_into("<I", body, 8, 2**32 - 1)
    return written(path, bytes(body))


def parquet_with_a_lying_end(folder: Path) -> Path:
    path = folder / "v.parquet"
    villages().to_parquet(path)
    body = bytearray(path.read_bytes())
    struct.pack_into("<I", body, len(body) - 8, 2**31 - 1)
    return written(path, bytes(body))


def parquet_bomb(folder: Path) -> Path:
    """A hundred and sixty million equal numbers in a file of some kilobytes."""
    path = folder / "v.parquet"
    block = pa.table({f"c{k}": pa.array(np.zeros(1_000_000)) for k in range(4)})
    with parquet.ParquetWriter(path, block.schema, compression="zstd") as target:
        for _ in range(40):
            target.write_table(block, row_group_size=1_000_000)
    return path


def mif_of_two_billion_points(folder: Path) -> Path:
    head = 'Version 300\nCharset "WindowsLatin1"\nDelimiter ","\nCoordSys Earth Projection 1, 104\n'
    written(folder / "v.mid", '"x"\n')
    return written(
        folder / "v.mif",
        head + "Columns 1\n  a Char(10)\nData\n\nRegion  1\n  2000000000\n105 18\n106 18\n",
    )


def excel_of_before_2007_broken(folder: Path) -> Path:
    start = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 62, 3, 65534, 9, 6)
    )
    return written(folder / "v.xls", start + b"\x00" * 4000)


def random_bytes(folder: Path) -> Path:
    return written(folder / "v.gpkg", np.random.default_rng(5).bytes(3_000_000))


def spaces(folder: Path) -> Path:
    return written(folder / "v.csv", b" " * 3_000_000)


SMALL: tuple[Callable[[Path], Path], ...] = (
    empty, pdf_as_shapefile, shapefile_without_table, shapefile_without_index, zip_bomb,
    zip_bomb_inside_a_zip, zip_bomb_under_another_name, zip_that_lies, zip_whose_entries_overlap,
    gzip_bomb, zip_that_climbs, zip_with_a_link, kml_with_entities, kml_of_a_billion_laughs,
    kml_nested, kml_of_many_layers, tiff_broken, tiff_of_four_exabytes, csv_of_a_thousand_columns,
    csv_of_a_million_columns, csv_of_quotes, csv_of_nothing, package_that_counts_for_ever,
    package_with_a_function, package_with_triggers, package_that_refers_to_itself, geojson_nested,
    geojson_of_properties_nested, geojson_beyond_numbers, geojson_of_commands, workbook_bomb,
    workbook_of_a_billion_laughs, table_of_four_billion_rows, shape_of_two_billion_points,
    shape_of_two_billion_parts, index_that_lies, flatgeobuf_of_a_huge_feature,
    flatgeobuf_of_a_huge_header, parquet_with_a_lying_end, mif_of_two_billion_points,
    excel_of_before_2007_broken, random_bytes, spaces,
)  # fmt: skip


def large_spaces(folder: Path) -> Path:
    return written(folder / "v.csv", b" " * LARGE_BYTES)


def large_noise(folder: Path) -> Path:
    return written(folder / "v.gpkg", np.random.default_rng(5).bytes(LARGE_BYTES))


def large_table(folder: Path) -> Path:
    row = b"Xom 1,Xa 2,105.6882,18.6734,100,25\n"
    return written(folder / "v.csv", b"thon,xa,lon,lat,dan so,so ho\n" + row * (LARGE_BYTES // 35))


def large_table_packed(folder: Path) -> Path:
    """The same, of numbers that pack by a tenth only, in a ZIP that is small enough to drop."""
    dice = np.random.default_rng(7)
    rows = "".join(
        f"Xom {k},{a:.6f},{b:.6f}\n" for k, (a, b) in enumerate(dice.random((20_000, 2)))
    )
    with (
        zipfile.ZipFile(folder / "v.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("v.csv", "w", force_zip64=True) as target,
    ):
        target.write(b"thon,lon,lat\n")
        for _ in range(LARGE_BYTES // len(rows)):
            target.write(rows.encode())
    return folder / "v.zip"


LARGE: tuple[Callable[[Path], Path], ...] = (
    large_spaces, large_noise, large_table, large_table_packed, csv_of_one_cell, parquet_bomb,
    workbook_of_many_rows,
)  # fmt: skip

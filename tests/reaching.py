"""Files that have a library open others, or ask a host: one maker a way.

Each writes into an empty folder and gives the file that a user would hand over.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyproj
import rasterio
from pyarrow import parquet
from shapely import box

from tests import tiny
from tests.canaries import Canary, squares
from tests.hostile import KML, PLACE, POINT, REGISTERED, written

Maker = Callable[[Path, Canary], Path]

VIEW = "CREATE VIEW w AS SELECT 1 AS fid, (SELECT geom FROM v LIMIT 1) AS geom, {} AS village"


def package(folder: Path, *schema: tuple[str, str], registered: bool = True) -> Path:
    """A GeoPackage with these entries of its schema, whatever SQLite thinks of them."""
    path = folder / "v.gpkg"
    squares().to_file(path, layer="v")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA writable_schema = ON")
        for kind, sql in schema:
            base.execute(
                "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
                "VALUES (?, ?, ?, 0, ?)",
                (kind, "w" if kind == "view" else "t", "w" if kind == "view" else "t", sql),
            )
        for statement in REGISTERED if registered else ():
            base.execute(statement)
    return path


def _virtual(folder: Path, arguments: str, *, column: str = "a") -> Path:
    return package(
        folder,
        ("table", f"CREATE VIRTUAL TABLE t USING {arguments}"),
        ("view", VIEW.format(column) + " FROM t"),
    )


def package_with_virtual_text(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return _virtual(folder, text)


def package_with_virtual_text_written_oddly(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return package(
        folder,
        ("table", f"create/* rtree */virtual\n\tTABLE\f[t]-- rtree\nUSING {text}"),
        ("view", VIEW.format("a") + " FROM t"),
    )


def package_with_virtual_text_said_to_be_an_index(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return package(
        folder,
        ("index", f"CREATE VIRTUAL TABLE t USING {text}"),
        ("view", VIEW.format("a") + " FROM t"),
    )


def package_with_virtual_dbf(folder: Path, canary: Canary) -> Path:
    squares().to_file(canary.file("shp"))
    return _virtual(folder, f"VirtualDbf('{canary.file('dbf')}', 'utf-8')", column="village")


def package_with_virtual_shape(folder: Path, canary: Canary) -> Path:
    squares().to_file(canary.file("shp"))
    bare = canary.file("shp").with_suffix("")
    return _virtual(folder, f"VirtualShape('{bare}', 'utf-8', 4326)", column="village")


def package_with_virtual_ogr(folder: Path, canary: Canary) -> Path:
    return _virtual(folder, f"VirtualOGR('{canary.file('gpkg')}')", column="village")


def package_in_its_journal(folder: Path, canary: Canary) -> Path:
    """The virtual table stands in the write-ahead log alone."""
    path = folder / "v.gpkg"
    squares().to_file(path, layer="v")
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA wal_autocheckpoint = 0")
    base.execute("PRAGMA writable_schema = ON")
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    base.execute(
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
        "VALUES ('table', 't', 't', 0, ?)",
        (f"CREATE VIRTUAL TABLE t USING {text}",),
    )
    base.commit()
    kept = {ending: path.with_name(path.name + ending).read_bytes() for ending in ("", "-wal")}
    base.close()
    for ending, body in kept.items():
        path.with_name(path.name + ending).write_bytes(body)
    return path


def package_that_calls_for_a_blob(folder: Path, canary: Canary) -> Path:
    return package(folder, ("view", VIEW.format(f"BlobFromFile('{canary.file('csv')}')")))


def package_that_lists_databases(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # asks where it lies
    return package(folder, ("view", VIEW.format("file") + " FROM pragma_database_list"))


def package_with_a_grid(folder: Path, canary: Canary) -> Path:
    _with_grid(canary).to_file(folder / "v.gpkg")
    return folder / "v.gpkg"


def flatgeobuf_with_a_grid(folder: Path, canary: Canary) -> Path:
    _with_grid(canary).to_file(folder / "v.fgb", driver="FlatGeobuf")
    return folder / "v.fgb"


def parquet_with_a_grid(folder: Path, canary: Canary) -> Path:
    _with_grid(canary).to_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def geodatabase_with_a_grid(folder: Path, canary: Canary) -> Path:
    wkt = _with_grid(canary).crs.to_wkt("WKT1_GDAL")
    squares().set_crs(wkt, allow_override=True).to_file(folder / "v.gdb", driver="OpenFileGDB")
    return folder / "v.gdb"


def _grid(canary: Canary) -> str:
    return f"+proj=longlat +ellps=bessel +nadgrids={canary.file('csv')} +no_defs +type=crs"


def _with_grid(canary: Canary) -> gpd.GeoDataFrame:
    return squares().set_crs(pyproj.CRS(_grid(canary)), allow_override=True)


def geojson(folder: Path, crs: object, *, key: str = '"crs"', **more: object) -> Path:
    told = json.loads(squares().to_crs("EPSG:4326").to_json()) | more
    told.pop("crs", None)
    body = json.dumps(told)
    return written(folder / "v.geojson", f"{{{key}: {json.dumps(crs)}, {body[1:]}")


def _named(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


def geojson_with_a_link(folder: Path, canary: Canary) -> Path:
    link = {"href": f"{canary.address}/crs", "type": "proj4"}
    return geojson(folder, {"type": "link", "properties": link})


def geojson_with_an_address(folder: Path, canary: Canary) -> Path:
    return geojson(folder, {"type": "url", "properties": {"url": f"{canary.address}/crs"}})


def geojson_with_an_address_of_a_name(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # a name to be looked up
    return geojson(folder, {"type": "url", "properties": {"url": "http://canary.invalid/crs"}})


def geojson_with_a_link_written_oddly(folder: Path, canary: Canary) -> Path:
    link = {"href": f"{canary.address}/crs", "type": "proj4"}
    return geojson(folder, {"type": "link", "properties": link}, key='"c\\u0072s"')


def geojson_with_a_grid(folder: Path, canary: Canary) -> Path:
    return geojson(folder, _named(_grid(canary)))


def geojson_with_a_list_of_systems(folder: Path, canary: Canary) -> Path:
    return geojson(folder, _named(f"+init={canary.file('csv')}:1"))


def geojson_of_pages(folder: Path, canary: Canary) -> Path:
    links = [{"rel": "next", "href": f"{canary.address}/next", "type": "application/geo+json"}]
    return geojson(folder, _named("EPSG:4326"), links=links, exceededTransferLimit=True)


def _shapefile(folder: Path, prj: str) -> Path:
    squares().to_file(folder / "v.shp")
    written(folder / "v.prj", prj)
    return folder / "v.shp"


SPHERE = 'SPHEROID["Bessel 1841",6377397.155,299.1528128]'
DEGREES = 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]'


def prj_with_a_grid(folder: Path, canary: Canary) -> Path:
    datum = f'DATUM["d",{SPHERE},EXTENSION["PROJ4_GRIDS","{canary.file("csv")}"]]'
    return _shapefile(folder, f'GEOGCS["x",{datum},{DEGREES}]')


def prj_with_a_proj_string(folder: Path, canary: Canary) -> Path:
    more = f'EXTENSION["PROJ4","{_grid(canary)}"]'
    return _shapefile(folder, f'GEOGCS["x",DATUM["d",{SPHERE}],{DEGREES},{more}]')


def prj_that_is_an_address(folder: Path, canary: Canary) -> Path:
    return _shapefile(folder, f"{canary.address}/prj")


def prj_that_is_a_path(folder: Path, canary: Canary) -> Path:
    return _shapefile(folder, str(canary.file("csv")))


def cpg_that_is_a_path(folder: Path, canary: Canary) -> Path:
    squares().to_file(folder / "v.shp")
    written(folder / "v.cpg", str(canary.file("csv")))
    return folder / "v.shp"


def table_that_is_a_link(folder: Path, canary: Canary) -> Path:
    squares().to_file(folder / "v.shp")
    squares().to_file(canary.file("shp"))
    (folder / "v.dbf").unlink()
    (folder / "v.dbf").symlink_to(canary.file("dbf"))
    return folder / "v.shp"


def geodatabase_with_a_link(folder: Path, canary: Canary) -> Path:
    squares().to_file(folder / "v.gdb", driver="OpenFileGDB")
    tables = sorted((folder / "v.gdb").glob("*.gdbtable"))
    shutil.copyfile(tables[-1], canary.file("gdbtable"))
    tables[-1].unlink()
    tables[-1].symlink_to(canary.file("gdbtable"))
    return folder / "v.gdb"


def mapinfo_seamless(folder: Path, canary: Canary) -> Path:
    away = os.path.relpath(canary.file("tab"), folder)
    frame = {"Table": [away], "geometry": [box(105, 18, 106, 19)]}
    gpd.GeoDataFrame(frame, crs="EPSG:4326").to_file(folder / "v.tab", driver="MapInfo File")
    told = (folder / "v.tab").read_text("latin-1")
    written(
        folder / "v.tab",
        told + 'begin_metadata\n"\\IsReadOnly" = "FALSE"\n"\\IsSeamless" = "TRUE"\n'
        '"\\IsSeamless\\Table" = "Table"\nend_metadata\n',
    )
    return folder / "v.tab"


def mapinfo_view(folder: Path, canary: Canary) -> Path:
    away = os.path.relpath(canary.file("tab"), folder).removesuffix(".tab")
    return written(
        folder / "v.tab",
        f'!table\n!version 100\nOpen Table "{away}" Hide\nOpen Table "{away}" Hide\n\n'
        "Create View v As\nSelect village\nFrom secret, secret\n"
        "Where secret.village=secret.village\n",
    )


def _kml(folder: Path, more: str) -> Path:
    return written(folder / "v.kml", KML.format(PLACE.format("x") + more))


def kml_with_a_network_link(folder: Path, canary: Canary) -> Path:
    links = (f"{canary.address}/a.kml", str(canary.file("csv")))
    return _kml(
        folder,
        "".join(f"<NetworkLink><Link><href>{one}</href></Link></NetworkLink>" for one in links),
    )


def kml_with_styles_elsewhere(folder: Path, canary: Canary) -> Path:
    return _kml(
        folder, f"<Placemark><styleUrl>{canary.address}/s.kml#a</styleUrl>{POINT}</Placemark>"
    )


def kml_with_a_schema_elsewhere(folder: Path, canary: Canary) -> Path:
    data = f"<ExtendedData><SchemaData schemaUrl='{canary.address}/s#x'/></ExtendedData>"
    return _kml(folder, f"<Placemark>{data}{POINT}</Placemark>")


def kml_with_a_picture(folder: Path, canary: Canary) -> Path:
    corners = "<north>19</north><south>18</south><east>106</east><west>105</west>"
    return _kml(
        folder,
        f"<GroundOverlay><Icon><href>{canary.address}/a.png</href></Icon>"
        f"<LatLonBox>{corners}</LatLonBox></GroundOverlay>",
    )


def kml_that_includes(folder: Path, canary: Canary) -> Path:
    space = 'xmlns:xi="http://www.w3.org/2001/XInclude"'
    return _kml(folder, f'<xi:include {space} href="{canary.file("csv")}" parse="text"/>')


def gml_that_includes(folder: Path, canary: Canary) -> Path:
    schema = f'xsi:schemaLocation="http://x {canary.address}/x.xsd"'
    space = 'xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/XMLSchema'
    return written(folder / "v.gml", f'<gml:FeatureCollection {space}-instance" {schema}/>')


def gpx_with_an_entity(folder: Path, canary: Canary) -> Path:
    entity = f'<!DOCTYPE gpx [<!ENTITY x SYSTEM "{canary.file("csv").as_uri()}">]>'
    point = '<wpt lat="18" lon="105"><name>&x;</name></wpt>'
    return written(
        folder / "v.gpx", f'<?xml version="1.0"?>{entity}<gpx version="1.1">{point}</gpx>'
    )


def _described(folder: Path, name: str, body: str) -> Path:
    return written(folder / name, body)


VRT = (
    '<VRTDataset rasterXSize="30" rasterYSize="30"><VRTRasterBand dataType="Float32" band="1">'
    "<SimpleSource><SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    "</VRTRasterBand></VRTDataset>"
)


def raster_description_as_tif(folder: Path, canary: Canary) -> Path:
    return _described(folder, "v.tif", VRT.format(canary.file("tif")))


def layer_description_as_geopackage(folder: Path, canary: Canary) -> Path:
    source = f"<SrcDataSource>{canary.file('gpkg')}</SrcDataSource>"
    body = f'<OGRVRTDataSource><OGRVRTLayer name="o">{source}</OGRVRTLayer></OGRVRTDataSource>'
    return _described(folder, "v.gpkg", body)


def web_service_as_csv(folder: Path, canary: Canary) -> Path:
    body = f"<OGRWFSDataSource><URL>{canary.address}/wfs</URL></OGRWFSDataSource>"
    return _described(folder, "v.csv", body)


def catalogue_as_geojson(folder: Path, canary: Canary) -> Path:
    asset = {"href": str(canary.file("tif")), "type": "image/tiff"}
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": "x", "bbox": [105, 18, 106, 19],
        "geometry": {"type": "Point", "coordinates": [105.5, 18.5]},
        "links": [{"rel": "next", "href": f"{canary.address}/n"}],
        "properties": {"datetime": "2023-01-01T00:00:00Z", "proj:epsg": 4326},
        "assets": {"a": asset}, "collection": "c",
    }  # fmt: skip
    return written(
        folder / "v.geojson",
        json.dumps({"type": "FeatureCollection", "stac_version": "1.0.0", "features": [item],
                    "links": item["links"]}),
    )  # fmt: skip


def tiles_as_geopackage(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # opens nothing, and is no layer
    path = folder / "v.gpkg"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        base.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data BLOB)")
    return path


def parquet_whose_columns_lie_elsewhere(folder: Path, canary: Canary) -> Path:
    """Its metadata say that the columns stand in another file, as the format allows."""
    away = os.path.relpath(canary.file("parquet"), folder)
    table = pa.table({"thon": ["Xóm 1"], "xa": ["Xã 1"]})
    parquet.write_table(table, canary.file("parquet"))
    held: list[Any] = []
    parquet.write_table(table, folder / "v.parquet", metadata_collector=held)
    held[0].set_file_path(away)
    pa_file = folder / "v.parquet"
    held[0].write_metadata_file(pa_file)
    return pa_file


def raster(folder: Path, **tags: dict[str, str]) -> Path:
    """A signal raster of 600 × 600 pixels over the villages."""
    path = folder / "v.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=600, height=600, count=1, dtype="float32", crs=tiny.CRS,
        nodata=-9999, transform=rasterio.Affine(5, 0, tiny.X0, 0, -5, tiny.Y0 + 3000),
        compress="deflate",
    ) as target:  # fmt: skip
        target.write(np.full((1, 600, 600), -90.0, "float32"))
        for domain, items in tags.items():
            target.update_tags(ns=domain, **items)
    return path


def _auxiliary(folder: Path, overview: str, key: str = "OVERVIEW_FILE") -> Path:
    path = raster(folder)
    item = f'<Metadata domain="OVERVIEWS"><MDI key="{key}">{overview}</MDI></Metadata>'
    written(folder / "v.tif.aux.xml", f"<PAMDataset>{item}</PAMDataset>")
    return path


def overview_elsewhere(folder: Path, canary: Canary) -> Path:
    return _auxiliary(folder, str(canary.file("tif")))


def overview_elsewhere_written_oddly(folder: Path, canary: Canary) -> Path:
    return _auxiliary(folder, str(canary.file("tif")), key="OVERVIEW&#95;FIL&#x45;")


def overview_of_a_host(folder: Path, canary: Canary) -> Path:
    return _auxiliary(folder, f"/vsicurl/{canary.address}/o.tif")


def overview_of_a_host_by_udp(folder: Path, canary: Canary) -> Path:
    return _auxiliary(folder, f"/vsicurl/{canary.by_udp}/o.tif")


def overview_of_a_name(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # a name to be looked up
    return _auxiliary(folder, "/vsicurl/http://canary.invalid/o.tif")


def overview_in_the_raster_itself(folder: Path, canary: Canary) -> Path:
    return raster(folder, OVERVIEWS={"OVERVIEW_FILE": str(canary.file("tif"))})


def overview_that_is_a_description(folder: Path, canary: Canary) -> Path:
    written(folder / "v.tif.ovr", VRT.format(canary.file("tif")))
    return raster(folder)


def overview_that_is_a_description_of_a_host(folder: Path, canary: Canary) -> Path:
    written(folder / "v.tif.ovr", VRT.format(f"/vsicurl/{canary.address}/o.tif"))
    return raster(folder)


def mask_that_is_a_description(folder: Path, canary: Canary) -> Path:
    written(folder / "v.tif.msk", VRT.format(canary.file("tif")).replace('"30"', '"600"'))
    return raster(folder)


def raster_with_a_grid(folder: Path, canary: Canary) -> Path:
    """Its system says a WKT in its citation, as ESRI's do, and that a PROJ string."""
    path = raster(folder)
    wkt = f'GEOGCS["x",DATUM["d",{SPHERE}],{DEGREES},EXTENSION["PROJ4","{_grid(canary)}"]]'
    text = f"ESRI PE String = {wkt}|\0".encode()
    keys = (1, 1, 0, 3, 1024, 0, 1, 2, 2048, 0, 1, 32767, 2049, 34737, len(text) - 1, 0)
    body = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", body, 4)
    for k in range(struct.unpack_from("<H", body, at)[0]):
        entry = at + 2 + 12 * k
        tag = struct.unpack_from("<H", body, entry)[0]
        if tag == 34735:
            struct.pack_into("<HII", body, entry + 2, 3, len(keys), len(body))
            body += struct.pack(f"<{len(keys)}H", *keys)
        elif tag == 34737:
            struct.pack_into("<HII", body, entry + 2, 2, len(text), len(body))
            body += text
    return written(path, bytes(body))


REFUSED: dict[Maker, str] = {
    package_with_virtual_text: "VirtualText",
    package_with_virtual_text_written_oddly: "VirtualText",
    package_with_virtual_text_said_to_be_an_index: "VirtualText",
    package_with_virtual_dbf: "VirtualDbf",
    package_with_virtual_shape: "VirtualShape",
    package_with_virtual_ogr: "VirtualOGR",
    package_in_its_journal: "VirtualText",
    package_that_calls_for_a_blob: "calls the function BlobFromFile",
    package_that_lists_databases: "no table of the file",
    package_with_a_grid: "coordinate system",
    flatgeobuf_with_a_grid: "coordinate system",
    parquet_with_a_grid: "coordinate system",
    geodatabase_with_a_grid: "coordinate system",
    geojson_with_a_link: "coordinate system",
    geojson_with_an_address: "coordinate system",
    geojson_with_an_address_of_a_name: "coordinate system",
    geojson_with_a_link_written_oddly: "coordinate system",
    geojson_with_a_grid: "coordinate system",
    geojson_with_a_list_of_systems: "coordinate system",
    prj_with_a_grid: "coordinate system",
    prj_with_a_proj_string: "coordinate system",
    prj_that_is_an_address: "coordinate system",
    prj_that_is_a_path: "coordinate system",
    table_that_is_a_link: "is a link and no file",
    geodatabase_with_a_link: "is a link and no file",
    mapinfo_seamless: "leads to others",
    mapinfo_view: "leads to others",
    gml_that_includes: "is not a table or a map layer we read",
    gpx_with_an_entity: "is not a table or a map layer we read",
    raster_description_as_tif: "is not a table or a map layer we read",
    layer_description_as_geopackage: "is not a table or a map layer we read",
    web_service_as_csv: "is not a table or a map layer we read",
    tiles_as_geopackage: "no GeoPackage",
    parquet_whose_columns_lie_elsewhere: "cannot be read",
    overview_elsewhere: "OVERVIEW_FILE",
    overview_elsewhere_written_oddly: "OVERVIEW_FILE",
    overview_of_a_host: "OVERVIEW_FILE",
    overview_of_a_host_by_udp: "OVERVIEW_FILE",
    overview_of_a_name: "OVERVIEW_FILE",
    overview_in_the_raster_itself: "OVERVIEW_FILE",
    overview_that_is_a_description: "is no TIFF",
    overview_that_is_a_description_of_a_host: "is no TIFF",
    mask_that_is_a_description: "is no TIFF",
    raster_with_a_grid: "coordinate system",
}
"""Maker → what its sentence holds."""

READ: tuple[Maker, ...] = (
    geojson_of_pages, catalogue_as_geojson, cpg_that_is_a_path, kml_with_a_network_link,
    kml_with_styles_elsewhere, kml_with_a_schema_elsewhere, kml_with_a_picture, kml_that_includes,
)  # fmt: skip
"""What names others and is read without them."""

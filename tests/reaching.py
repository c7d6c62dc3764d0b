"""Files that have a library open others, or ask a host: one maker a way.

Each writes into an empty folder and gives the file that a user would hand over.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyproj
from pyarrow import parquet
from shapely import box

from tests import reaching_packages, reaching_rasters
from tests.canaries import Canary, squares
from tests.hostile import KML, PLACE, POINT, written
from tests.reaching_rasters import DEGREES, SPHERE, VRT, Maker, grid, wkt_of


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


def _with_grid(canary: Canary) -> gpd.GeoDataFrame:
    return squares().set_crs(pyproj.CRS(grid(canary)), allow_override=True)


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
    return geojson(folder, _named(grid(canary)))


def geojson_with_a_list_of_systems(folder: Path, canary: Canary) -> Path:
    return geojson(folder, _named(f"+init={canary.file('csv')}:1"))


def geojson_of_pages(folder: Path, canary: Canary) -> Path:
    links = [{"rel": "next", "href": f"{canary.address}/next", "type": "application/geo+json"}]
    return geojson(folder, _named("EPSG:4326"), links=links, exceededTransferLimit=True)


def _shapefile(folder: Path, prj: str) -> Path:
    squares().to_file(folder / "v.shp")
    written(folder / "v.prj", prj)
    return folder / "v.shp"


def prj_with_a_grid(folder: Path, canary: Canary) -> Path:
    datum = f'DATUM["d",{SPHERE},EXTENSION["PROJ4_GRIDS","{canary.file("csv")}"]]'
    return _shapefile(folder, f'GEOGCS["x",{datum},{DEGREES}]')


def prj_with_a_proj_string(folder: Path, canary: Canary) -> Path:
    return _shapefile(folder, wkt_of(grid(canary)))


def prj_that_is_an_address(folder: Path, canary: Canary) -> Path:
    return _shapefile(folder, f"{canary.address}/prj")


def prj_that_is_a_path(folder: Path, canary: Canary) -> Path:
    return _shapefile(folder, str(canary.file("csv")))


def cpg_that_is_a_path(folder: Path, canary: Canary) -> Path:
    squares().to_file(folder / "v.shp")
    written(folder / "v.cpg", str(canary.file("csv")))
    return folder / "v.shp"


def _indexed(folder: Path, index: Path) -> Path:
    """A shapefile with an index of its column, as GDAL writes them, said to lie at a path."""
    squares().to_file(folder / "v.shp")
    column = "<FieldIndex>0</FieldIndex><FieldName>village</FieldName><IndexIndex>1</IndexIndex>"
    inner = f"<MIIDFilename>{index}</MIIDFilename><OGRMIAttrIndex>{column}</OGRMIAttrIndex>"
    written(folder / "v.idm", f"<OGRMILayerAttrIndex>{inner}</OGRMILayerAttrIndex>")
    return folder / "v.shp"


def index_that_lies_elsewhere(folder: Path, canary: Canary) -> Path:
    return _indexed(folder, canary.file("csv"))


def index_that_is_a_link(folder: Path, canary: Canary) -> Path:
    path = _indexed(folder, folder / "v.ind")
    (folder / "v.idm").rename(canary.file("idm"))
    (folder / "v.idm").symlink_to(canary.file("idm"))
    return path


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


def raster_description_as_tif(folder: Path, canary: Canary) -> Path:
    return written(folder / "v.tif", VRT.format(canary.file("tif")))


def layer_description_as_geopackage(folder: Path, canary: Canary) -> Path:
    source = f"<SrcDataSource>{canary.file('gpkg')}</SrcDataSource>"
    body = f'<OGRVRTDataSource><OGRVRTLayer name="o">{source}</OGRVRTLayer></OGRVRTDataSource>'
    return written(folder / "v.gpkg", body)


def web_service_as_csv(folder: Path, canary: Canary) -> Path:
    body = f"<OGRWFSDataSource><URL>{canary.address}/wfs</URL></OGRWFSDataSource>"
    return written(folder / "v.csv", body)


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


def parquet_whose_columns_lie_elsewhere(folder: Path, canary: Canary) -> Path:
    """Its metadata say that the columns stand in another file, as the format allows."""
    table = pa.table({"thon": ["Xóm 1"], "xa": ["Xã 1"]})
    parquet.write_table(table, canary.file("parquet"))
    held: list[Any] = []
    parquet.write_table(table, folder / "v.parquet", metadata_collector=held)
    held[0].set_file_path(os.path.relpath(canary.file("parquet"), folder))
    held[0].write_metadata_file(canary.file("footer"))
    body = (folder / "v.parquet").read_bytes()
    (length,) = struct.unpack("<I", body[-8:-4])
    footer = canary.file("footer").read_bytes().removeprefix(b"PAR1")
    assert b"secret.parquet" in footer
    (folder / "v.parquet").write_bytes(body[: -8 - length] + footer)
    return folder / "v.parquet"


REFUSED: dict[Maker, str] = {
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
    index_that_is_a_link: "is a link and no file",
    geodatabase_with_a_link: "is a link and no file",
    mapinfo_seamless: "leads to others",
    mapinfo_view: "leads to others",
    gml_that_includes: "is GML or GPX",
    gpx_with_an_entity: "is GML or GPX",
    raster_description_as_tif: "is not a table or a map layer we read",
    layer_description_as_geopackage: "is not a table or a map layer we read",
    web_service_as_csv: "is not a table or a map layer we read",
    **reaching_packages.REFUSED,
    **reaching_rasters.REFUSED,
}
"""Maker → what its sentence holds."""

READ: tuple[Maker, ...] = (
    parquet_whose_columns_lie_elsewhere, geojson_of_pages, catalogue_as_geojson,
    cpg_that_is_a_path, index_that_lies_elsewhere,
    kml_with_a_network_link, kml_with_styles_elsewhere,
    kml_with_a_schema_elsewhere, kml_with_a_picture, kml_that_includes,
)  # fmt: skip
"""What names others and is read without them."""

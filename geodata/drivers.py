"""Settings of GDAL and PROJ with which a file opens nothing but what came with it.

GDAL tries each of its drivers on a file and on what lies beside it. Many follow what the file
says to other files and other hosts, or run commands: a JSON of one line can have GDAL read any
file of this machine. All but those for the formats that are read and written here are left out
when GDAL is loaded, so this module comes before the first import of pyogrio and rasterio, each
of which may bring a GDAL of its own. What SpatiaLite adds to a GeoPackage, and grids that PROJ
would fetch from a host, are left out as well.
"""

from __future__ import annotations

import logging
import os
import warnings

from pyproj import network

ALLOWED = frozenset(
    ("ESRI Shapefile", "FlatGeobuf", "GPKG", "GPX", "GTiff", "GeoJSON", "GeoJSONSeq", "KML",
    "LIBKML", "MEM", "MapInfo File", "Memory", "OpenFileGDB", "PNG")
)  # fmt: skip
"""Drivers for what is read and written here, and for arrays in memory."""

LEFT_OUT = (
    "AAIGrid", "ACE2", "ADBC", "ADRG", "AIG", "AIVector", "ARG", "AVCBin", "AVCE00", "AVIF",
    "AirSAR", "AmigoCloud", "Arrow", "BAG", "BASISU", "BIGGIF", "BLX", "BMP", "BSB", "BT", "BYN",
    "CAD", "CALS", "CEOS", "CIETMAP", "COASP", "COG", "COSAR", "CPG", "CSV", "CSW", "CTG",
    "CTable2", "Carto", "CloudAnt", "CouchDB", "DAAS", "DB2", "DB2ODBC", "DDS", "DERIVED", "DGN",
    "DGNV8", "DIMAP", "DIPEx", "DOQ1", "DOQ2", "DTED", "DWG", "DXF", "ECRGTOC", "ECW", "EDIGEO",
    "EEDA", "EEDAI", "EHdr", "EIR", "ELAS", "ENVI", "EPSILON", "ERS", "ESAT", "ESRIC", "ESRIJSON",
    "EXR", "Elasticsearch", "FAST", "FIT", "FITS", "FileGDB", "GDALG", "GFF", "GIF", "GML",
    "GMLAS", "GMLJP2", "GNMDatabase", "GNMFile", "GPSBabel", "GRASS", "GRASSASCIIGrid", "GRIB",
    "GS7BG", "GSAG", "GSBG", "GSC", "GTFS", "GTI", "GTX", "GXF", "GenBin", "GeoRSS", "GeoRaster",
    "Geoconcept", "Geomedia", "HANA", "HDF4", "HDF4Image", "HDF5", "HDF5Image", "HEIF", "HF2",
    "HFA", "HTTP", "IDB", "ILWIS", "INGR", "IRIS", "ISCE", "ISG", "ISIS2", "ISIS3", "Idrisi",
    "Interlis 1", "Interlis 2", "JAXAPALSAR", "JDEM", "JML", "JP2ECW", "JP2KAK", "JP2Lura",
    "JP2MrSID", "JP2OpenJPEG", "JPEG", "JPEGLS", "JPEGXL", "JPIPKAK", "JSONFG", "KEA",
    "KMLSUPEROVERLAY", "KRO", "KTX2", "L1B", "LAN", "LCP", "LIBERTIFF", "LOSLAS", "LVBAG",
    "Leveller", "MAP", "MBTiles", "MFF", "MFF2", "MG4Lidar", "MRF", "MSG", "MSGN", "MSSQLSpatial",
    "MVT", "MapML", "MiraMon", "MiraMonRaster", "MiraMonVector", "MongoDB", "MongoDBv3", "MrSID",
    "MySQL", "NAS", "NDF", "NGSGEOID", "NGW", "NITF", "NOAA_B", "NSIDCbin", "NTv2", "NULL",
    "NUMPY", "NWT_GRC", "NWT_GRD", "OAPIF", "OCI", "ODBC", "ODS", "OGCAPI", "OGDI", "OGR_GMT",
    "OGR_OGDI", "OGR_PDS", "OGR_VRT", "OSM", "OZI", "OpenDRIVE", "PAux", "PCIDSK", "PCRaster",
    "PDF", "PDS", "PDS4", "PGDUMP", "PGDump", "PGeo", "PLMOSAIC", "PLSCENES", "PMTiles", "PNM",
    "PRF", "Parquet", "PostGISRaster", "PostgreSQL", "R", "RASDAMAN", "RCM", "RDB", "RIK", "RMF",
    "ROI_PAC", "RPFTOC", "RRASTER", "RS2", "RST", "Rasterlite", "S102", "S104", "S111", "S57",
    "SAFE", "SAGA", "SAR_CEOS", "SDTS", "SENTINEL2", "SGI", "SIGDEM", "SNAP_TIFF", "SNODAS",
    "SOSI", "SQLite", "SRP", "SRTMHGT", "STACIT", "STACTA", "SXF", "Selafin", "TGA", "TIGER",
    "TIL", "TSX", "Terragen", "TileDB", "TopoJSON", "UK .NTF", "USGSDEM", "VDV", "VFK", "VICAR",
    "VRT", "WAsP", "WCS", "WEBP", "WFS", "WMS", "WMTS", "Walk", "XLS", "XLSX", "XODR", "XPM",
    "XYZ", "ZMap", "Zarr", "netCDF",
)  # fmt: skip
"""All other drivers that GDAL 3.4 to 3.12 has, by its names. A test finds one that is missing."""

SETTINGS = {
    "CPL_ALLOW_VSISTDIN": "NO",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",  # GDAL reads from this address alone: from nowhere
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "LIBKML_RESOLVE_STYLE": "NO",
    "OGR_SQLITE_ALLOW_EXTERNAL_ACCESS": "NO",
    "OGR_SQLITE_LIST_VIRTUAL_OGR": "NO",
    "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO",
    "PROJ_NETWORK": "OFF",
    "SPATIALITE_LOAD": "NO",
}
"""What GDAL and PROJ are told, whatever the environment says."""

TAKEN_AWAY = (
    "GDAL_PAM_PROXY_DIR", "OGR_GPKG_LOAD_EXTENSIONS", "OGR_SQLITE_LOAD_EXTENSIONS",
    "OGR_SQLITE_PRAGMA", "SPATIALITE_SECURITY", "SQLITE_USE_OGR_VFS",
)  # fmt: skip
"""Settings that would let more in, taken from the environment of this process."""


def leave_out() -> None:
    """Tell it GDAL and PROJ before pyogrio and rasterio load them; what is named stays named."""
    for key in TAKEN_AWAY:
        os.environ.pop(key, None)
    os.environ.update(SETTINGS)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"pyogrio(\.|$)")
    named = {key: os.environ.pop(key) for key in ("GDAL_SKIP", "OGR_SKIP") if key in os.environ}
    network.set_network_enabled(active=False)  # type: ignore[attr-defined]  # not said to be public, but documented
    try:
        _in_pyogrio()
        _in_rasterio()
    finally:
        os.environ.update(named)


def _in_pyogrio() -> None:
    """Have its GDAL register its drivers again, without those that are not allowed."""
    import pyogrio  # noqa: PLC0415  # it loads GDAL, which must find the settings above

    pyogrio.set_gdal_config_options({k: v for k, v in SETTINGS.items() if not k.startswith("PROJ")})
    more = sorted(set(pyogrio.list_drivers()) - ALLOWED)
    if more:
        pyogrio.set_gdal_config_options({"OGR_SKIP": ",".join(more)})
        pyogrio.core._register_drivers()  # noqa: SLF001  # GDAL leaves drivers out when it registers them


def _in_rasterio() -> None:
    """Have its GDAL register its drivers, once and for all, without those left out.

    Where somebody has opened a raster before this module came, all of them stay: rasters are
    opened by the driver for GeoTIFF alone, and what lies beside them is looked at before.
    """
    import rasterio  # noqa: PLC0415  # as above

    os.environ["GDAL_SKIP"] = ",".join(LEFT_OUT)
    log = logging.getLogger("rasterio._env")
    log.addFilter(_is_of_no_driver)
    try:
        with rasterio.Env():
            pass
    finally:
        log.removeFilter(_is_of_no_driver)
        del os.environ["GDAL_SKIP"]


def _is_of_no_driver(record: logging.LogRecord) -> bool:
    """Whether GDAL says something else than that it lacks a driver that is to be left out."""
    return "Unable to find driver" not in record.getMessage()


leave_out()

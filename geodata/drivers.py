"""Keeps GDAL from taking a file for something else than a map layer.

GDAL tries each of its drivers on a file. Some of them follow what the file says to other files
and other hosts, or run commands: a JSON of one line can have GDAL read any file of this machine.
They are left out when GDAL is loaded, so this module comes before the first import of pyogrio.
"""

from __future__ import annotations

import os

LEFT_OUT = (
    "GDALG", "HTTP", "OGR_VRT", "WFS", "OAPIF", "OGCAPI", "CSW", "EEDA", "PLSCENES", "NGW",
    "Carto", "AmigoCloud", "Elasticsearch", "ESRIJSON", "TopoJSON", "MapML", "GPSBabel", "MBTiles",
    "ADBC", "GTFS", "MVT", "PMTiles", "S57", "SXF", "EDIGEO", "VFK", "OSM", "GeoRSS", "LVBAG",
    "AVCBin", "AVCE00", "AIVector", "WAsP", "VDV", "Selafin", "JML", "OGR_PDS", "PDS4", "VICAR",
    "PCIDSK", "PDF",
)  # fmt: skip
"""Drivers for what nobody hands over here, by GDAL's names."""


def leave_out() -> None:
    """Name them to GDAL, beside those that somebody else has named."""
    named = [one for one in os.environ.get("OGR_SKIP", "").split(",") if one]
    os.environ["OGR_SKIP"] = ",".join([*named, *(one for one in LEFT_OUT if one not in named)])


leave_out()

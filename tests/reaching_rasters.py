"""Rasters that have GDAL open other files, or ask a host; as in `tests.reaching`."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio

from tests import tiny
from tests.canaries import Canary
from tests.hostile import written

Maker = Callable[[Path, Canary], Path]

SPHERE = 'SPHEROID["Bessel 1841",6377397.155,299.1528128]'
DEGREES = 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]'


def grid(canary: Canary) -> str:
    """A PROJ string of a system whose shifts stand in the canary."""
    return f"+proj=longlat +ellps=bessel +nadgrids={canary.file('csv')} +no_defs +type=crs"


def wkt_of(proj: str) -> str:
    """A WKT that says a PROJ string."""
    return f'GEOGCS["x",DATUM["d",{SPHERE}],{DEGREES},EXTENSION["PROJ4","{proj}"]]'


VRT = (
    '<VRTDataset rasterXSize="30" rasterYSize="30"><VRTRasterBand dataType="Float32" band="1">'
    "<SimpleSource><SourceFilename>{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    "</VRTRasterBand></VRTDataset>"
)


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


def overview_behind_long_metadata(folder: Path, canary: Canary) -> Path:
    elsewhere = {"OVERVIEW_FILE": str(canary.file("tif"))}
    return raster(folder, PAD={"x": "x" * 16_100_000}, OVERVIEWS=elsewhere)


def overview_behind_long_metadata_beside(folder: Path, canary: Canary) -> Path:
    path = _auxiliary(folder, str(canary.file("tif")))
    beside = folder / "v.tif.aux.xml"
    written(beside, beside.read_text().replace("<PAMDataset>", "<PAMDataset>" + " " * 64_100_000))
    return path


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
    wkt = wkt_of(grid(canary))
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
    overview_elsewhere: "OVERVIEW_FILE",
    overview_elsewhere_written_oddly: "OVERVIEW_FILE",
    overview_of_a_host: "OVERVIEW_FILE",
    overview_of_a_host_by_udp: "OVERVIEW_FILE",
    overview_of_a_name: "OVERVIEW_FILE",
    overview_in_the_raster_itself: "OVERVIEW_FILE",
    overview_behind_long_metadata: "longer than a raster has",
    overview_behind_long_metadata_beside: "longer than a raster has",
    overview_that_is_a_description: "is no TIFF",
    overview_that_is_a_description_of_a_host: "is no TIFF",
    mask_that_is_a_description: "is no TIFF",
    raster_with_a_grid: "coordinate system",
}
"""Maker → what its sentence holds."""

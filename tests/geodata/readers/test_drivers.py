"""Which drivers GDAL has, in an interpreter of its own: they are chosen when it is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import rasterio

ROOT = Path(__file__).resolve().parents[3]
LISTED = """
import json, os, pyogrio, rasterio
with rasterio.Env() as held:
    raster = sorted(held.drivers())
settings = {key: pyogrio.get_gdal_config_option(key) for key in ("SPATIALITE_LOAD",)}
print(json.dumps([sorted(pyogrio.list_drivers()), raster, settings, os.environ.get("GDAL_SKIP")]))
"""
READ = {
    "ESRI Shapefile", "FlatGeobuf", "GPKG", "GeoJSON", "LIBKML", "MapInfo File", "OpenFileGDB",
}  # fmt: skip
WRITTEN = {"ESRI Shapefile", "FlatGeobuf", "GPKG", "GPX", "GeoJSON", "KML", "MapInfo File"}


def run(before: str) -> tuple[list[object], str]:
    said = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", before + LISTED], cwd=ROOT, capture_output=True, text=True,
        check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    return json.loads(said.stdout.splitlines()[-1]), said.stderr


@pytest.mark.heavy
@pytest.mark.parametrize(
    "before",
    [
        "import geodata.read", "import geodata.understood", "import geodata.rasters",
        "import geodata.export", "import ui.command", "import ui.server",
        "import coverage, geodata",
        "import geopandas, pyogrio, rasterio\nimport geodata",
    ],
)  # fmt: skip
def test_gdal_has_the_allowed_drivers_alone_whatever_is_loaded_first(before: str) -> None:
    (vector, raster, settings, left), stderr = run(
        before + "\nfrom geodata.drivers import ALLOWED\n"
    )
    from geodata.drivers import ALLOWED  # noqa: PLC0415  # after the other interpreter

    assert isinstance(vector, list)
    assert isinstance(raster, list)
    assert set(vector) <= ALLOWED
    assert set(raster) <= ALLOWED
    assert set(vector) >= READ | WRITTEN
    assert set(raster) >= {"GTiff", "MEM", "PNG"}
    assert settings == {"SPATIALITE_LOAD": "NO"}
    assert left is None  # no process started from this one inherits it
    assert "Unable to find driver" not in stderr


def test_the_log_is_not_told_of_drivers_that_are_not_there() -> None:
    _, stderr = run("import logging\nlogging.basicConfig(level=logging.DEBUG)\nimport geodata\n")
    assert "Unable to find driver" not in stderr


def test_rasters_used_before_open_nothing_else_all_the_same(tmp_path: Path) -> None:
    """rasterio keeps all its drivers then; rasters are opened by that for GeoTIFF alone."""
    target = tmp_path / "canary.tif"
    with rasterio.open(
        target, "w", driver="GTiff", width=1, height=1, count=1, dtype="uint8", crs="EPSG:32648",
        transform=rasterio.Affine(1, 0, 5e5, 0, -1, 2e6),
    ):  # fmt: skip
        pass
    vrt = f"""<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1">
        <SimpleSource><SourceFilename>{target}</SourceFilename></SimpleSource>
        </VRTRasterBand></VRTDataset>"""
    (tmp_path / "sent.tif").write_text(vrt)
    code = (
        "import rasterio\n"
        "with rasterio.Env() as env: env.drivers()\n"
        f"with rasterio.open({str(tmp_path / 'sent.tif')!r}): pass\n"
        "import geodata\nfrom pathlib import Path\nfrom geodata.rasters import opened\n"
        f"try: opened(Path({str(tmp_path / 'sent.tif')!r}), file='sent.tif')\n"
        "except geodata.GeodataError as error: print('refused', error)\n"
    )
    said = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.startswith("refused")


def test_what_somebody_else_has_left_out_stays_named() -> None:
    (_, _, _, left), _ = run("import os\nos.environ['GDAL_SKIP'] = 'GIF'\nimport geodata\n")
    assert left == "GIF"

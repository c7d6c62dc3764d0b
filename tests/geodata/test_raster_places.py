"""Rasters that lie elsewhere, or whose system lost VN-2000's datum, are told as vectors are."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import pytest
import rasterio
from shapely import box

from geodata.diagnose import Extent
from geodata.errors import DataError
from geodata.findings import Finding
from geodata.systems import crs_of, moved
from tests import tiny
from tests.corpus._layers import read

SIDE_M, STEP_M = 60_000.0, 500.0
X, Y = tiny.X0 - 30_000.0, tiny.Y0 - 30_000.0
SAID = {"operator": "Viettel", "technology": "4G"}
ANOTHER_ZONE = "EPSG:5897"  # VN-2000 / TM-3 105-00, beside the study's 104°45′
LOST = (
    "+proj=tmerc +lat_0=0 +lon_0=104.75 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m +no_defs"
)


def extent() -> Extent:
    """A province of 144 communes, 5 km wide each."""
    steps = np.arange(0, SIDE_M, 5000.0)
    squares = [box(X + i, Y + j, X + i + 5000, Y + j + 5000) for i in steps for j in steps]
    return Extent(areas=gpd.GeoSeries(squares, crs=tiny.CRS))


def served(*, share: float = 0.5) -> npt.NDArray[np.float64]:
    """Pixels over the province, of which a share at random is served."""
    count = int(SIDE_M / STEP_M)
    return (np.random.default_rng(1).random((count, count)) < share).astype(float)


def write(
    path: Path,
    values: npt.NDArray[np.float64],
    *,
    numbers: str = tiny.CRS,
    head: str = tiny.CRS,
    dtype: str = "uint8",
) -> Path:
    """A raster whose numbers are of one system, under the head of another."""
    middle = np.array([[X + SIDE_M / 2, Y + SIDE_M / 2]])
    x, y = moved(middle, crs_of(tiny.CRS), crs_of(numbers))[0]
    with rasterio.open(
        path, "w", driver="GTiff", height=len(values), width=len(values), count=1, dtype=dtype,
        crs=head, transform=rasterio.Affine(
            STEP_M, 0, x - SIDE_M / 2, 0, -STEP_M, y + SIDE_M / 2
        ),
    ) as out:  # fmt: skip
        out.write(values.astype(dtype), 1)
    return path


def found(path: Path, convention: str, **said: object) -> list[Finding]:
    doubts = read(path, convention, within=extent(), **SAID, **said).findings
    return [one for one in doubts if one.kind.startswith("crs-")]


def strengths() -> npt.NDArray[np.float64]:
    """dBm over all of the province and 10 km around it, the strongest near places within."""
    count = len(served())
    middle = np.hypot(*np.meshgrid(*[np.abs(np.arange(count) - count / 2)] * 2))
    return -60.0 - middle


@pytest.mark.parametrize("kind", ["classes", "levels", "threshold"])
def test_another_zone_under_the_head_is_told_with_what_to_write(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "v.tif"
    values, dtype, said = served(), "uint8", {}
    convention = "itu_raster"
    if kind != "classes":
        values, dtype, convention = strengths(), "float32", "signal_raster"
    if kind == "threshold":
        said = {"threshold_dbm": -105.0}
    assert found(write(path, values, dtype=dtype), convention, **said) == []
    write(path, values, numbers=ANOTHER_ZONE, dtype=dtype)
    (one,) = found(path, convention, **said)
    assert one.kind == "crs-wrong-meridian"
    assert one.severity == "error"
    assert f'crs = "{ANOTHER_ZONE}"' in str(one.sentence)
    assert "a shift of 26" in str(one.sentence)
    # what it says to write puts it right
    assert found(path, convention, crs=ANOTHER_ZONE, **said) == []


def test_a_raster_of_everything_is_told_by_the_units_it_leaves_out(tmp_path: Path) -> None:
    everything = np.ones_like(served())
    path = write(tmp_path / "v.tif", everything, numbers=ANOTHER_ZONE)
    (one,) = found(path, "itu_raster")
    assert "crs = " in str(one.sentence)
    assert found(write(path, everything), "itu_raster") == []


def test_a_lost_datum_is_told_with_its_shift(tmp_path: Path) -> None:
    path = write(tmp_path / "v.tif", served(), head=pyproj.CRS(LOST).to_wkt())
    (one,) = found(path, "itu_raster")
    assert one.kind == "crs-lost-datum"
    assert "224.5 m" in str(one.sentence)
    assert f'crs = "{tiny.CRS}"' in str(one.sentence)


def test_a_raster_far_from_all_villages_is_refused_with_its_likely_system(tmp_path: Path) -> None:
    path = write(tmp_path / "v.tif", served(), head="EPSG:9213")
    near = (X, Y, X + SIDE_M, Y + SIDE_M)
    with pytest.raises(DataError, match=f'write crs = "{tiny.CRS}"'):
        read(path, "itu_raster", within=extent(), near=near, **SAID)

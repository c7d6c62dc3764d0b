"""Rasters whose masks, fillings, bands and directions have changed answers without a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from coverage.pixels import LEVELS, NO_SIGNAL
from geodata.filing import Filed
from tests import tiny
from tests.corpus import Case
from tests.corpus._layers import X0, Y0, kinds, km2, read, write_raster

SAID = {"operator": "Viettel", "technology": "4G"}
LEVEL_ROWS = [[-80.0, -100.0, -104.0, -120.0], [-90.0, -95.0, -110.0, -105.0]]
SERVED_KM2 = 1.5
"""Six pixels of 500 m from −105 dBm on."""


def _made(name: str, values: list[list[float]], **how: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return write_raster(folder / name, values, **how)  # type: ignore[arg-type]  # as given

    return make


def _masked(*, inside: bool, masked: float = -50.0) -> Callable[[Path], Path]:
    """Levels, and a column that a mask hides, of a strong signal."""

    def make(folder: Path) -> Path:
        path = folder / "rsrp.tif"
        values = np.array([[*row, masked] for row in LEVEL_ROWS], "float32")
        seen = np.full(values.shape, 255, np.uint8)
        seen[:, -1] = 0
        with (
            rasterio.Env(GDAL_TIFF_INTERNAL_MASK="YES" if inside else "NO"),
            rasterio.open(path, "w", **_profile(values)) as out,
        ):
            out.write(values, 1)
            out.write_mask(seen)
        assert (folder / "rsrp.tif.msk").exists() is not inside
        return path

    return make


def _profile(values: np.ndarray, *, count: int = 1) -> dict[str, object]:
    return {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": count,
        "dtype": str(values.dtype), "crs": tiny.CRS,
        "transform": rasterio.Affine(500, 0, X0, 0, -500, Y0 + 1000),
    }  # fmt: skip


def _opaque(folder: Path) -> Path:
    """Levels in bytes with an offset, and a band of opacity."""
    path = folder / "rsrp.tif"
    values = (np.array([[*row, -50.0] for row in LEVEL_ROWS]) + 200).astype("uint8")
    seen = np.full(values.shape, 255, np.uint8)
    seen[:, -1] = 0
    with rasterio.open(path, "w", **_profile(values, count=2)) as out:
        out.write(values, 1)
        out.write(seen, 2)
        out.colorinterp = (ColorInterp.gray, ColorInterp.alpha)
        out.offsets = (-200.0, 0.0)
    return path


def _of_another_size(folder: Path) -> Path:
    path = write_raster(folder / "rsrp.tif", LEVEL_ROWS, dtype="float32")
    mask = write_raster(folder / "mask.tif", [[1.0]], dtype="uint8")
    mask.rename(folder / "rsrp.tif.msk")
    return path


def _served(path: Path) -> Filed:
    """By a threshold and as a layer of levels the same is served."""
    found = read(path, "signal_raster", threshold_dbm=-105.0, **SAID)
    assert km2(found) == {"Viettel 4G": SERVED_KM2}
    (layer,) = read(path, "signal_raster", **SAID).layers
    levels = layer.levels((0, 0, layer.grid.height, layer.grid.width))
    assert 0.25 * (levels >= -105 + 142).sum() == SERVED_KM2
    return found


def _sound(path: Path) -> None:
    assert not {one.kind for one in _served(path).findings if one.severity != "note"}


def _filled(value: float) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        doubts = [one for one in _served(path).findings if one.kind == "undeclared-nodata"]
        assert [f"hold {value:g}, which is no level" in str(one.sentence) for one in doubts] == [
            True
        ]

    return check


def _strong(path: Path) -> None:
    """Levels that rise step by step to −40 dBm are doubted, and believed when it is said."""
    found = read(path, "signal_raster", **SAID)
    doubt = next(one for one in found.findings if one.kind == "levels-above")
    assert "4 pixels hold more than -44 dBm, up to -40" in str(doubt.sentence)
    assert "strongest_dbm = -40" in str(doubt.sentence)
    (layer,) = found.layers
    assert (layer.levels((0, 0, 1, 100))[0, -5:] == LEVELS - 1).all()
    said = read(path, "signal_raster", strongest_dbm=-40.0, **SAID)
    assert not kinds(said) & {"levels-above", "undeclared-nodata"}
    (layer,) = said.layers
    assert (layer.levels((0, 0, 1, 100))[0, -5:] == LEVELS - 1).all()


def _two_images(folder: Path) -> Path:
    path = write_raster(folder / "rsrp.tif", LEVEL_ROWS, dtype="float32", nodata=-9999.0)
    values = np.full((2, 4), -60.0, "float32")
    with rasterio.open(path, "w", APPEND_SUBDATASET="YES", **_profile(values)) as out:
        out.write(values, 1)
    return path


def _several_told(path: Path) -> None:
    found = _served(path)
    doubt = next(one for one in found.findings if one.kind == "several-images")
    assert "holds 2 images, and only the first is read" in str(doubt.sentence)


def _bands(folder: Path) -> Path:
    path = folder / "rsrp.tif"
    values = np.array(LEVEL_ROWS, "float32")
    with rasterio.open(path, "w", nodata=-9999.0, **_profile(values, count=2)) as out:
        out.write(np.full_like(values, -60.0), 1)
        out.write(values, 2)
    return path


def _band_open(path: Path) -> None:
    read(path, "signal_raster", **SAID)


def _band_told(path: Path) -> None:
    found = read(path, "signal_raster", threshold_dbm=-105.0, band=2, **SAID)
    assert km2(found) == {"Viettel 4G": SERVED_KM2}


def _tenths(path: Path) -> None:
    """0 and 1 in tenths: what counts is what the pixels mean."""
    with rasterio.open(path, "r+") as out:
        out.scales = (0.1,)
    assert km2(read(path, "itu_raster", **SAID)) == {"Viettel 4G": 0.75}


def _mirrored(folder: Path) -> Path:
    path = folder / "rsrp.tif"
    values = np.array(LEVEL_ROWS, "float32")[:, ::-1]
    profile = _profile(values)
    profile["transform"] = rasterio.Affine(-500, 0, X0 + 2000, 0, -500, Y0 + 1000)
    with rasterio.open(path, "w", nodata=-9999.0, **profile) as out:
        out.write(values, 1)
    return path


def _mirrored_place(path: Path) -> None:
    _sound(path)
    found = read(path, "signal_raster", threshold_dbm=-85.0, **SAID)
    x0, _, x1, y1 = found.layers[0].footprint.total_bounds
    assert (x0, x1, y1) == pytest.approx((X0, X0 + 500, Y0 + 1000))


def _nothing(path: Path) -> None:
    found = read(path, "signal_raster", **SAID)
    (layer,) = found.layers
    assert (layer.levels((0, 0, 1, 2)) == NO_SIGNAL).all()


def _with(value: float) -> list[list[float]]:
    return [[*row, value] for row in LEVEL_ROWS]


def _filled_with_an_offset(folder: Path) -> Path:
    path = folder / "rsrp.tif"
    values = (np.array(_with(55.0)) + 200).astype("uint8")
    with rasterio.open(path, "w", **_profile(values)) as out:
        out.write(values, 1)
        out.offsets = (-200.0,)
    return path


def _told_as_stored(path: Path) -> None:
    doubt = next(one for one in _served(path).findings if one.kind == "undeclared-nodata")
    assert "hold 55, which is no level" in str(doubt.sentence)
    assert "Declare 255 as the raster's nodata" in str(doubt.sentence)


FILLINGS = ((-1.0, "float32"), (-1.0, "int16"), (-20.0, "float64"), (0.0, "int16"),
            (255.0, "int16"), (32767.0, "int16"), (-9999.0, "float32"))  # fmt: skip

CASES = (
    Case(name="raster-mask-inside", make=_masked(inside=True), check=_sound),
    Case(name="raster-mask-beside", make=_masked(inside=False), check=_sound),
    Case(name="raster-opacity", make=_opaque, check=_sound),
    Case(
        name="raster-mask-of-another-size",
        make=_of_another_size,
        check=_sound,
        refused="came with the mask rsrp.tif.msk, which does not belong to it",
    ),
    *(
        Case(
            name=f"raster-filled-with-{value:g}-in-{dtype}",
            make=_made("rsrp.tif", _with(value), dtype=dtype),
            check=_filled(value),
        )
        for value, dtype in FILLINGS
    ),
    Case(name="raster-filled-in-bytes", make=_filled_with_an_offset, check=_told_as_stored),
    Case(
        name="raster-signed-bytes",
        make=_made("rsrp.tif", _with(-128.0), dtype="int8", nodata=-128),
        check=_sound,
    ),
    Case(
        name="raster-levels-above-what-handsets-report",
        make=_made("rsrp.tif", [[-40.0 - k for k in range(99, -1, -1)]], dtype="float32"),
        check=_strong,
    ),
    Case(name="raster-of-two-images", make=_two_images, check=_several_told),
    Case(
        name="raster-of-bands-open",
        make=_bands,
        check=_band_open,
        refused="a raster of 2 bands; say which is meant with band = …",
    ),
    Case(name="raster-of-bands-told", make=_bands, check=_band_told),
    Case(
        name="raster-of-classes-in-tenths",
        make=_made("c.tif", [[10, 10, 0], [10, 0, 0]], dtype="uint8"),
        check=_tenths,
    ),
    Case(name="raster-columns-run-west", make=_mirrored, check=_mirrored_place),
    Case(
        name="raster-of-complex-numbers",
        make=_made("rsrp.tif", [[-80.0, -90.0]], dtype="complex64"),
        check=_nothing,
        refused="is a raster of complex64",
    ),
)

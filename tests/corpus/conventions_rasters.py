"""Rasters of coverage and of signal strength, and how their nodata misleads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio

from coverage.pixels import SignalLayer
from tests.corpus import Case
from tests.corpus._layers import kinds, km2, read, write_raster

SAID = {"operator": "Viettel", "technology": "4G"}


def _made(name: str, values: list[list[float]], **how: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return write_raster(folder / name, values, **how)  # type: ignore[arg-type]  # as given

    return make


def _itu(path: Path) -> None:
    found = read(path, "itu_raster", **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    (layer,) = found.layers
    assert layer.extent is not None
    assert layer.extent.area.sum() == pytest.approx(1.5e6)
    assert layer.info.evidence == "declared"


def _itu_open(path: Path) -> None:
    read(path, "itu_raster", operator="Viettel")


def _strange(path: Path) -> None:
    read(path, "", **SAID)


def _strange_told(path: Path) -> None:
    found = read(path, "", name="mce_raster", **SAID)
    assert km2(found) == {"Viettel 4G": 0.5}


def _mce(path: Path) -> None:
    found = read(path, "mce_raster", operator="Viettel")
    assert km2(found) == {"Viettel 4G": 0.75}
    assert found.layers[0].info.as_of == date(2021, 1, 1)
    doubt = next(one for one in found.findings if one.kind == "grades")
    assert "strong: 2, variable: 1" in str(doubt.sentence)
    assert doubt.severity == "warning"
    asked = read(path, "mce_raster", operator="Viettel", grades=("strong",))
    assert km2(asked) == {"Viettel 4G": 0.5}


def _mce_unknown_value(path: Path) -> None:
    found = read(path, "mce_raster", operator="Viettel")
    assert km2(found) == {"Viettel 3G": 0.25}
    assert "unknown-pixels" in kinds(found)


def _degrees(folder: Path) -> Path:
    return write_raster(folder / "degrees.tif", [[1] * 300], dtype="uint8", crs="EPSG:4326",
                        origin=(104.6, 18.68), cell=0.01)  # fmt: skip


def _in_degrees(path: Path) -> None:
    """A row of pixels 3° long: its straight edges are 500 m off where they are not bent."""
    footprint = read(path, "itu_raster", **SAID).layers[0].footprint
    corners = footprint.to_crs("EPSG:4326").get_coordinates()
    assert np.abs(corners["y"] - 18.675).max() == pytest.approx(0.005, abs=1e-8)
    assert len(corners) > 600


def _wrong_nodata(path: Path) -> None:
    read(path, "itu_raster", **SAID)


LEVELS = [[-80.0, -100.0, -120.0], [-105.0, -999.0, -999.0]]
ZEROES = [[-80.0, -100.0, -120.0], [-105.0, 0.0, 0.0]]


def _signal(path: Path) -> None:
    found = read(path, "signal_raster", threshold_dbm=-105.0, **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    (layer,) = found.layers
    assert layer.info.evidence == "modelled"
    assert layer.extent is not None
    assert layer.extent.area.sum() == pytest.approx(1.5e6)
    assert not {"undeclared-nodata", "nodata-is-a-level"} & kinds(found)
    higher = read(path, "signal_raster", threshold_dbm=-85.0, **SAID)
    assert km2(higher) == {"Viettel 4G": 0.25}


def _signal_undeclared(path: Path) -> None:
    found = read(path, "signal_raster", threshold_dbm=-105.0, **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    doubt = next(one for one in found.findings if one.kind == "undeclared-nodata")
    assert "2 pixels hold 0" in str(doubt.sentence)


def _signal_level_as_nodata(path: Path) -> None:
    found = read(path, "signal_raster", threshold_dbm=-125.0, **SAID)
    assert km2(found) == {"Viettel 4G": 0.75}
    assert "nodata-is-a-level" in kinds(found)


def _signal_without_threshold(path: Path) -> None:
    (layer,) = read(path, "signal_raster", **SAID).layers
    assert isinstance(layer, SignalLayer)
    assert layer.info.kind == "signal"
    assert layer.levels((0, 0, 2, 3)).tolist() == [[62, 42, 22], [37, 1, 1]]


def _no_levels(path: Path) -> None:
    read(path, "", name="signal_raster", threshold_dbm=-105.0, **SAID)


def _two_bands(folder: Path) -> Path:
    path = folder / "bands.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=1, width=1, count=2, dtype="uint8", crs="EPSG:9208",
        transform=rasterio.Affine(1, 0, 0, 0, -1, 0),
    ):  # fmt: skip
        return path


def _broken(folder: Path) -> Path:
    path = write_raster(folder / "broken.tif", [[1, 0]], dtype="uint8")
    path.write_bytes(path.read_bytes()[:60])
    return path


def _far(folder: Path) -> Path:
    return write_raster(folder / "far.tif", [[1, 0]], dtype="uint8", origin=(0.0, 0.0))


def _near(path: Path) -> None:
    read(path, "itu_raster", near=(598_000.0, 2_065_000.0, 601_000.0, 2_068_000.0), **SAID)


ONES = [[1, 1, 0], [1, 0, 0]]

CASES = (
    Case(name="conventions-itu-raster", make=_made("c.tif", ONES, dtype="uint8"), check=_itu),
    Case(
        name="conventions-itu-raster-nodata-is-uncovered",
        make=_made("c.tif", ONES, dtype="uint8", nodata=0),
        check=_itu,
    ),
    Case(
        name="conventions-itu-raster-technology-open",
        make=_made("c.tif", ONES, dtype="uint8"),
        check=_itu_open,
        refused="does not say its technology",
    ),
    Case(
        name="conventions-itu-raster-nodata-means-covered",
        make=_made("c.tif", ONES, dtype="uint8", nodata=1),
        check=_wrong_nodata,
        refused="declares 1 as nodata, and in its convention 1 means covered",
    ),
    Case(name="conventions-itu-raster-in-degrees", make=_degrees, check=_in_degrees),
    Case(
        name="conventions-raster-without-a-system",
        make=_made("c.tif", ONES, dtype="uint8", crs=None),
        check=_wrong_nodata,
        refused="does not say its coordinate system",
    ),
    Case(
        name="conventions-raster-of-three-classes-nobody-names",
        make=_made("c.tif", [[1, 2, 0]], dtype="uint8"),
        check=_strange,
        refused="no convention explains",
    ),
    Case(
        name="conventions-raster-of-three-classes-told",
        make=_made("c.tif", [[1, 2, 0]], dtype="uint8"),
        check=_strange_told,
    ),
    Case(
        name="conventions-mce-raster",
        make=_made("MCE_VN4G_2021.tif", [[1, 1, 2], [0, 0, 0]], dtype="uint8"),
        check=_mce,
    ),
    Case(
        name="conventions-mce-raster-unknown-value",
        make=_made("MCE_VN3G_2022.tif", [[1, 255, 0]], dtype="uint8"),
        check=_mce_unknown_value,
    ),
    Case(
        name="conventions-signal",
        make=_made("rsrp.tif", LEVELS, dtype="float32", nodata=-999.0),
        check=_signal,
    ),
    Case(
        name="conventions-signal-nodata-zero",
        make=_made("rsrp.tif", ZEROES, dtype="float32", nodata=0.0),
        check=_signal,
    ),
    Case(
        name="conventions-signal-zero-undeclared",
        make=_made("rsrp.tif", ZEROES, dtype="float32"),
        check=_signal_undeclared,
    ),
    Case(
        name="conventions-signal-a-level-as-nodata",
        make=_made("rsrp.tif", [[-80.0, -100.0, -120.0, -105.0]], dtype="float32", nodata=-120.0),
        check=_signal_level_as_nodata,
    ),
    Case(
        name="conventions-signal-without-threshold",
        make=_made("rsrp.tif", LEVELS, dtype="float32", nodata=-999.0),
        check=_signal_without_threshold,
    ),
    Case(
        name="conventions-terrain-is-no-signal",
        make=_made("dem.tif", [[12.0, 430.5, 2711.0]], dtype="float32"),
        check=_no_levels,
        refused="holds values such as 12, 430.5, 2711",
    ),
    Case(
        name="conventions-raster-of-two-bands",
        make=_two_bands,
        check=_strange,
        refused="a raster of 2 bands; say which is meant with band",
    ),
    Case(
        name="conventions-raster-cut-short",
        make=_broken,
        check=_strange,
        refused="broken.tif cannot be read",
    ),
    Case(
        name="conventions-raster-far-away",
        make=_far,
        check=_near,
        refused="lies wholly outside the villages",
    ),
)

"""The nine villages under signal rasters: steps of level that a hand can count.

The rasters have pixels of 100 m, of which each village holds 10 × 10, and reach 500 m beyond the
villages. Gamma 4G falls by 5 dBm a column of villages, −95, −100, −105 and so on, in strips of
500 m from west to east; Gamma 3G is −90 dBm in the southern row of villages and nothing else.
Delta 4G is −100 dBm over v1 and v2, no signal elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio

from coverage.model import Evidence, LayerInfo, Technology
from coverage.pixels import (
    LOW_DBM,
    LOWEST_LEVEL,
    NO_SIGNAL,
    AmountRaster,
    PixelGrid,
    SignalLayer,
    Window,
)
from tests import tiny
from tests.tiny_study import write_study

STEP = 100.0
SIDE = 40
WKT = pyproj.CRS(tiny.CRS).to_wkt()
GRID = PixelGrid(
    crs=WKT,
    x=tiny.X0 - 500,
    y=tiny.Y0 + 3500,
    step_x=STEP,
    step_y=STEP,
    width=SIDE,
    height=SIDE,
)
NODATA = -9999.0

Dbm = npt.NDArray[np.float64]


def dbm(title: str) -> Dbm:
    """The values of a raster, NaN for no signal."""
    out = np.full((SIDE, SIDE), np.nan)
    if title == "Gamma 4G":
        out[:] = -90.0 - 5.0 * (np.arange(SIDE) // 5)
    elif title == "Gamma 3G":
        out[25:35, 5:35] = -90.0
    elif title == "Delta 4G":
        out[25:35, 5:25] = -100.0
    return out


def levels_of(values: Dbm) -> npt.NDArray[np.uint8]:
    """Levels of values in dBm, by the words of `coverage.pixels`."""
    level = np.floor(values) - LOW_DBM + LOWEST_LEVEL
    return np.where(np.isnan(values), NO_SIGNAL, np.nan_to_num(level)).astype(np.uint8)


def layer(
    operator: str,
    technology: Technology,
    level: npt.NDArray[np.uint8],
    *,
    grid: PixelGrid = GRID,
    evidence: Evidence = "modelled",
) -> SignalLayer:
    """A signal layer of levels held in memory."""
    info = LayerInfo(operator=operator, technology=technology, evidence=evidence, kind="signal")

    def read(window: Window) -> npt.NDArray[np.uint8]:
        top, left, rows, columns = window
        return level[top : top + rows, left : left + columns]

    return SignalLayer(info=info, grid=grid, levels=read, key=f"{operator} {technology}")


def people(amount: npt.NDArray[np.float64], *, grid: PixelGrid = GRID) -> AmountRaster:
    """A raster of people held in memory."""

    def read(window: Window) -> npt.NDArray[np.float64]:
        top, left, rows, columns = window
        return amount[top : top + rows, left : left + columns]

    return AmountRaster(grid=grid, amounts=read, key="people")


TITLES: tuple[tuple[str, Technology], ...] = (("Gamma", "4G"), ("Gamma", "3G"), ("Delta", "4G"))


def layers(titles: Sequence[tuple[str, Technology]] = TITLES) -> tuple[SignalLayer, ...]:
    """The three layers of the module, or some of them."""
    return tuple(layer(o, t, levels_of(dbm(f"{o} {t}"))) for o, t in titles)


def write_raster(path: Path, values: Dbm, *, nodata: float = NODATA) -> None:
    """A GeoTIFF of levels in dBm in the study's system."""
    held = np.where(np.isnan(values), nodata, values).astype(np.float32)
    with rasterio.open(
        path, "w", driver="GTiff", width=held.shape[1], height=held.shape[0], count=1,
        dtype="float32", crs=WKT, nodata=nodata,
        transform=rasterio.Affine(STEP, 0, GRID.x, 0, -STEP, GRID.y),
    ) as out:  # fmt: skip
        out.write(held, 1)


def write_signal_study(folder: Path) -> Path:
    """The nine-village study with the three rasters beside its footprints; its study file."""
    file = write_study(folder)
    told = file.read_text(encoding="utf-8")
    for operator, technology in TITLES:
        name = f"{operator}_{technology}.tif"
        write_raster(folder / name, dbm(f"{operator} {technology}"))
        told += (
            f'\n[[layers]]\noperator = "{operator}"\ntechnology = "{technology}"\n'
            f'kind = "signal"\npath = "{name}"\nevidence = "modelled"\nas_of = 2023-08-30\n'
            'source = "planning model"\n'
        )
    file.write_text(told, encoding="utf-8")
    return file

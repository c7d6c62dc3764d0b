"""Layers and amounts that come as pixels, and the levels that signals are told in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from coverage.model import Layer, LayerInfo

LOW_DBM, HIGH_DBM = -140, -44
"""Levels in which handsets report RSRP (3GPP TS 36.133, 9.1.4); stronger ones count as -44."""

UNSAID = 0
"""Level of a place outside what a signal layer speaks of."""

NO_SIGNAL = 1
"""Level of a place inside it for which no signal is predicted."""

LOWEST_LEVEL = 2
"""Level of `LOW_DBM`: level ``n`` holds the signals of at least ``n - 142`` dBm, 1 dB wide."""

LEVELS = LOWEST_LEVEL + HIGH_DBM - LOW_DBM + 1
"""So many levels there are, `UNSAID` and `NO_SIGNAL` among them."""

Window = tuple[int, int, int, int]
"""Part of a grid of pixels: first row, first column, rows, columns."""


@dataclass(frozen=True, kw_only=True)
class PixelGrid:
    """The pixels of a raster whose rows run east and follow one another southwards.

    ``crs`` as WKT. The upper left corner is (``x``, ``y``), a pixel is ``step_x`` wide and
    ``step_y`` high (both above 0), in the units of that system, metres or degrees.
    """

    crs: str
    x: float
    y: float
    step_x: float
    step_y: float
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalLayer:
    """A signal layer: how strong one operator's technology is, pixel by pixel.

    ``levels`` gives the levels (uint8, rows × columns; see `LOWEST_LEVEL`) of a window.
    ``key`` is a digest of the content. It speaks where its level is not `UNSAID`.
    """

    info: LayerInfo
    grid: PixelGrid
    levels: Callable[[Window], npt.NDArray[np.uint8]]
    key: str


@dataclass(frozen=True, kw_only=True, eq=False)
class AmountRaster:
    """How many people (or built-up square metres) there are, pixel by pixel.

    ``amounts`` gives the amount in each pixel (float64, or float32 where that is how it is kept;
    rows × columns, 0 where there is nothing) of a window. ``key`` is a digest of the content.
    """

    grid: PixelGrid
    amounts: Callable[[Window], npt.NDArray[np.float64] | npt.NDArray[np.float32]]
    key: str


@dataclass(frozen=True, kw_only=True, eq=False)
class AmountPoints:
    """Settled places as points in the study's system, each with its weight (1, or households)."""

    points: gpd.GeoSeries
    weight: npt.NDArray[np.float64]
    key: str


AmountSource = AmountRaster | AmountPoints
AnyLayer = Layer | SignalLayer

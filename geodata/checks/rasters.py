"""Rasters whose empty cells could be mistaken for no signal, for nobody, or for sea level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
from pyproj.exceptions import ProjError

from geodata.errors import MissingFileError
from geodata.findings import Finding, finding
from geodata.rasters import (
    Raster,
    corners_of,
    nodata_is_lowest,
    nodata_meant,
    opened,
    raster_notes,
    sample,
)

STRONGEST_DBM, WEAKEST_DBM = -44.0, -140.0
"""What RSRP can be (3GPP TS 36.133, 9.1.4)."""

ROOM_DEG = 0.005
"""About 500 m."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterAbout:
    """What a raster says of itself, and a thumbnail of its band (``values``, float).

    ``lowest``: its nodata is the least number of its type, as −128 is of signed bytes.
    """

    width: int
    height: int
    bands: int
    crs: str
    dtype: str
    nodata: float | None
    extent: tuple[float, float, float, float] | None
    values: npt.NDArray[np.float64]
    masked: float
    lowest: bool = False
    notes: tuple[Finding, ...] = ()

    @property
    def is_signal(self) -> bool:
        """Whether the values are dBm: decimals (or negative whole numbers) in RSRP's range."""
        told = self.values[np.isfinite(self.values) & (self.values != 0)]
        if not len(told):
            return False
        inside = (told >= WEAKEST_DBM - 20) & (told <= STRONGEST_DBM + 20)
        return bool(inside.mean() > 0.5)


def read_raster(path: Path, *, crs: str | None = None, band: int | None = None) -> RasterAbout:
    """What a raster is; ``crs`` and ``band`` are what the study says of it.

    Raises `MissingFileError`, and what `geodata.rasters.opened` does.
    """
    if not path.exists():
        raise MissingFileError("{file} is not there; check the path", file=str(path))
    head = opened(path, file=path.name, crs=crs, band=band, whole=False)
    block = sample(head)
    return RasterAbout(
        width=head.width,
        height=head.height,
        bands=head.bands,
        crs=_title(head.crs),
        dtype=head.dtype,
        nodata=nodata_meant(head),
        extent=_extent(head),
        values=np.asarray(block.values[block.there], dtype=np.float64),
        masked=float((~block.there).mean()),
        lowest=nodata_is_lowest(head),
        notes=raster_notes(head),
    )


def _title(crs: pyproj.CRS | None) -> str:
    return "" if crs is None else crs.to_string()


def _extent(head: Raster) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; None where that is not known."""
    if head.crs is None:
        return None
    way = pyproj.Transformer.from_crs(head.crs, "EPSG:4326", always_xy=True)
    corners = corners_of(head)
    try:
        bounds = way.transform_bounds(*corners.min(axis=0), *corners.max(axis=0))
    except ProjError:
        return None
    west, south, east, north = (float(side) for side in bounds)
    return (west, south, east, north) if np.isfinite(bounds).all() else None


def raster_findings(about: RasterAbout, *, file: str) -> tuple[Finding, ...]:
    """What there is to say of a raster by itself."""
    return (*(replace(note, file=file) for note in about.notes), *_found(about, file))


def _found(about: RasterAbout, file: str) -> Iterator[Finding]:
    if not about.crs:
        yield finding(
            "raster-no-crs",
            "error",
            "the raster does not say its coordinate system; ask for it, and save it with one",
            file=file,
        )
    if about.nodata is None and not about.masked:
        yield finding(
            "nodata-unset",
            "warning" if about.is_signal else "note",
            "the raster does not say which value means empty; a cell that was never computed "
            "would be read as a value, so ask which it is and have it set",
            file=file,
        )
    if about.nodata == 0 and not about.is_signal:
        yield finding(
            "nodata-zero",
            "warning",
            "the raster's empty value is 0, which is also a value it may hold; a cell of nobody "
            "and a cell that was never counted cannot be told apart",
            file=file,
        )
    declared = about.nodata is not None and not about.lowest and _is_signal_value(about.nodata)
    if about.is_signal and declared:
        yield finding(
            "nodata-signal",
            "error",
            "the raster's empty value is {value}, which is also a signal strength in dBm; cells "
            "that were never computed could be taken for no signal, so have another value set",
            file=file,
            value=f"{about.nodata:g}",
        )
    zeros = float((about.values == 0).mean()) if len(about.values) else 0.0
    if about.is_signal and zeros > 0.01:
        yield finding(
            "nodata-unmasked",
            "error",
            "{percent} % of the cells are 0, which is no signal strength; they are empty cells "
            "that nobody marked, and would be read as the strongest signal",
            file=file,
            percent=round(100 * zeros),
        )


def short_of(
    extent: tuple[float, float, float, float],
    area: tuple[float, float, float, float],
    *,
    file: str,
) -> Iterator[Finding]:
    """A raster that ends before the study does; both boxes in degrees (W, S, E, N)."""
    (w, s, e, n), (west, south, east, north) = extent, area
    if w > east or e < west or s > north or n < south:
        yield finding(
            "wholly-outside",
            "error",
            "the file lies wholly outside the study's area, though it is said to be part of it; "
            "check its coordinate system and that it is of this province",
            file=file,
        )
    elif max(w - west, s - south, east - e, north - n) > ROOM_DEG:
        yield finding(
            "raster-short",
            "warning",
            "the raster ends before the study does; beyond its edge nothing is known, which is "
            "not the same as no signal",
            file=file,
        )


def _is_signal_value(value: float) -> bool:
    return WEAKEST_DBM <= value <= 0

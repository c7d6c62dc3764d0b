"""Rasters whose empty cells could be mistaken for no signal, for nobody, or for sea level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds

from geodata.errors import GeodataError, MissingFileError, UnreadableError
from geodata.findings import Finding, finding
from geodata.readers import require_self_contained_raster
from geodata.readers.crs_files import require_no_files

STRONGEST_DBM, WEAKEST_DBM = -44.0, -140.0
"""What RSRP can be (3GPP TS 36.133, 9.1.4)."""

ROOM_DEG = 0.005
"""About 500 m."""

LOOKED_AT = 512
"""Side of the thumbnail that values are read from: a large raster is never read whole."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RasterAbout:
    """What a raster says of itself, and a thumbnail of its first band (``values``, float)."""

    width: int
    height: int
    bands: int
    crs: str
    dtype: str
    nodata: float | None
    extent: tuple[float, float, float, float] | None
    values: npt.NDArray[np.float64]
    masked: float

    @property
    def is_signal(self) -> bool:
        """Whether the values are dBm: decimals (or negative whole numbers) in RSRP's range."""
        told = self.values[np.isfinite(self.values) & (self.values != 0)]
        if not len(told):
            return False
        inside = (told >= WEAKEST_DBM - 20) & (told <= STRONGEST_DBM + 20)
        return bool(inside.mean() > 0.5)


def read_raster(path: Path) -> RasterAbout:
    """What a raster is. Raises `MissingFileError`, or `UnreadableError` for what is none."""
    if not path.exists():
        raise MissingFileError("{file} is not there; check the path", file=str(path))
    require_self_contained_raster(path)
    try:
        with rasterio.open(path, driver="GTiff") as source:
            shape = (min(source.height, LOOKED_AT), min(source.width, LOOKED_AT))
            held = source.read(1, out_shape=shape, masked=True)
            extent = None
            if source.crs is not None:
                require_no_files(source.crs.to_wkt(), name=path.name)
                extent = transform_bounds(source.crs, "EPSG:4326", *source.bounds)
            return RasterAbout(
                width=source.width,
                height=source.height,
                bands=source.count,
                crs=source.crs.to_string() if source.crs else "",
                dtype=str(source.dtypes[0]),
                nodata=None if source.nodata is None else float(source.nodata),
                extent=extent,
                values=np.asarray(held.compressed(), dtype=np.float64),
                masked=float(np.ma.getmaskarray(held).mean()),
            )
    except GeodataError:
        raise
    except (RasterioError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200].replace(str(path), path.name)
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=path.name,
            reason=reason,
        ) from error


def raster_findings(about: RasterAbout, *, file: str) -> tuple[Finding, ...]:
    """What there is to say of a raster by itself."""
    return tuple(_found(about, file))


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
    if about.is_signal and about.nodata is not None and _is_signal_value(about.nodata):
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

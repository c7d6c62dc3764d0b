"""GeoTIFF rasters: what their head says, and the exact polygons of their pixels, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
import shapely
from pyproj.exceptions import CRSError, ProjError
from rasterio.features import shapes
from rasterio.windows import Window, from_bounds
from rasterio.windows import transform as window_transform

from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.placing import brought, system_of
from geodata.readers import require_self_contained_raster
from geodata.readers.crs_files import parse_crs

PIXELS_AT_ONCE = 2**22
MOST_PIXELS = 10**9
MOST_BLOCK_BYTES = 2**28
"""A raster with more, or packed in larger blocks, is a mistake or meant to fill the memory."""

FILLING_DBM = -280.0
"""Whatever is lower is no level in dBm, but a filling."""

SAMPLE = 512
EDGE_SEGMENTS = 128

Pixel = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Raster:
    """The head of a raster of one band. ``crs`` is None where neither file nor study say it.

    A value means ``scale`` times itself and ``offset`` more; ``nodata`` is one as it is stored.
    """

    path: Path
    file: str
    width: int
    height: int
    dtype: str
    nodata: float | None
    crs: pyproj.CRS | None
    transform: rasterio.Affine
    block_height: int
    band: int = 1
    scale: float = 1.0
    offset: float = 0.0


def opened(
    path: Path, *, file: str, crs: str | None = None, band: int | None = None, whole: bool = True
) -> Raster:
    """The head of a GeoTIFF. ``crs`` is what the study says of its coordinate system.

    ``band`` chooses one of several; without ``whole`` it is read in windows alone, and may be as
    large as it likes. Raises `UnreadableError` for a broken one and `DataError` for one of several
    bands, without a place, or too large.
    """
    with _dataset(path, file) as found:
        at = 0 if band is None or band > found.count else band - 1
        head = Raster(
            path=path,
            file=file,
            width=found.width,
            height=found.height,
            dtype=str(found.dtypes[at]),
            nodata=None if found.nodatavals[at] is None else float(found.nodatavals[at]),
            crs=_system(found.crs, crs, file),
            transform=found.transform,
            block_height=int(found.block_shapes[0][0]),
            band=at + 1,
            scale=float(found.scales[at]),
            offset=float(found.offsets[at]),
        )
        block = int(np.prod(found.block_shapes[0])) * np.dtype(head.dtype).itemsize
        bands = found.count
    if band is not None:
        _require_band(head, band, bands)
        bands = 1
    _require_sane(head, bands=bands, block=block, whole=whole)
    return head


def _system(told: Any, said: str | None, file: str) -> pyproj.CRS | None:
    if said is not None:
        return system_of(said)
    return None if told is None else parse_crs(told.to_wkt(), name=file)


def _require_band(head: Raster, band: int, bands: int) -> None:
    if band > bands:
        raise DataError(
            "{file} has {count} bands, and band {band} was asked for; correct band in the study "
            "file",
            file=head.file,
            count=bands,
            band=band,
        )


def _require_sane(head: Raster, *, bands: int, block: int, whole: bool) -> None:
    if bands != 1:
        raise DataError(
            "{file} is a raster of {count} bands; a coverage raster has one", file=head.file,
            count=bands,
        )  # fmt: skip
    if (whole and head.width * head.height > MOST_PIXELS) or block > MOST_BLOCK_BYTES:
        raise DataError(
            "{file} is a raster of {width} × {height} pixels, too large to be read safely; cut it "
            "to the province, tiled",
            file=head.file,
            width=head.width,
            height=head.height,
        )
    if not np.isfinite([head.scale, head.offset]).all() or head.scale == 0:
        raise DataError(
            "{file} is a raster whose scale or offset is no number to reckon with; save it without",
            file=head.file,
        )
    if head.transform.is_identity or head.transform.determinant == 0:
        raise DataError(
            "{file} is a raster that does not say where it lies; save it as GeoTIFF with its place",
            file=head.file,
        )


@contextmanager
def _dataset(path: Path, file: str) -> Iterator[rasterio.DatasetReader]:
    """A GeoTIFF open, unless it leads to other files than came with it."""
    with _refused(file):
        require_self_contained_raster(path, name=file)
        with rasterio.open(path, driver="GTiff") as found:
            yield found


@contextmanager
def _refused(file: str) -> Iterator[None]:
    """Say in one sentence what GDAL says in a traceback."""
    try:
        yield
    except GeodataError:
        raise
    except (OSError, rasterio.errors.RasterioError, CRSError, ProjError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=file,
            reason=" ".join(str(error).split())[:200],
        ) from error


def sample(raster: Raster) -> Pixel:
    """Raw values of at most 512 × 512 pixels, spread evenly (nearest neighbour)."""
    shape = (min(raster.height, SAMPLE), min(raster.width, SAMPLE))
    with _dataset(raster.path, raster.file) as found:
        values: Pixel = found.read(raster.band, out_shape=shape)
    return values


def read_part(raster: Raster, window: Window) -> Pixel:
    """The raw values of a window. Raises `UnreadableError` where the file went away or broke."""
    with _dataset(raster.path, raster.file) as found:
        values: Pixel = found.read(raster.band, window=window)
    return values


def units_told(raster: Raster) -> str:
    """What the raster says of its units and meaning, in one text; mostly nothing."""
    with _dataset(raster.path, raster.file) as found:
        at = raster.band
        told = [found.units[at - 1], found.descriptions[at - 1]]
        told += [*found.tags(at).values(), *found.tags().values()]
    return " ".join(str(one) for one in told if one)


def pieces(
    raster: Raster, *, near: Bounds | None, crs: pyproj.CRS
) -> Iterator[tuple[Window, Pixel]]:
    """The raw values in windows of some four million pixels, so that memory stays bounded.

    Of a raster that reaches beyond ``near`` (in ``crs``) only the windows there are read.
    """
    whole = window_near(raster, near=near, crs=crs)
    rows = max(1, PIXELS_AT_ONCE // max(1, int(whole.width)))
    rows = max(rows // raster.block_height * raster.block_height, min(rows, raster.block_height))
    with _dataset(raster.path, raster.file) as found:
        for top in range(int(whole.row_off), int(whole.row_off + whole.height), rows):
            height = min(rows, int(whole.row_off + whole.height) - top)
            window = Window(int(whole.col_off), top, int(whole.width), height)
            yield window, found.read(raster.band, window=window)


def real(raster: Raster, values: Pixel) -> Pixel:
    """What raw values mean: the same, unless the raster has a scale or an offset.

    To a millionth, since −105 dBm kept in tenths must be −105 again.
    """
    if raster.scale == 1.0 and raster.offset == 0.0:
        return values
    meant: Pixel = np.round(values.astype(np.float64) * raster.scale + raster.offset, 6)
    return meant


def is_level(raster: Raster, values: Pixel) -> Mask:
    """Which raw values are a level in dBm: there, below zero, and no filling far below."""
    dbm = real(raster, values)
    found: Mask = ~missing(raster, values) & (dbm < 0) & (dbm >= FILLING_DBM)
    return found


def window_near(raster: Raster, *, near: Bounds | None, crs: pyproj.CRS) -> Window:
    """The pixels that lie near. Raises `DataError` where there are none."""
    whole = Window(0, 0, raster.width, raster.height)
    turned = raster.transform.b != 0 or raster.transform.d != 0
    if near is None or turned:
        return whole
    own = placed(raster)
    try:
        bounds = pyproj.Transformer.from_crs(crs, own, always_xy=True).transform_bounds(*near)
    except ProjError:
        return whole
    if not np.isfinite(bounds).all():
        return whole
    north_up = raster.transform.e < 0
    west, south, east, north = bounds
    asked = from_bounds(
        west, south if north_up else north, east, north if north_up else south, raster.transform
    )
    left, top = max(0, int(asked.col_off) - 1), max(0, int(asked.row_off) - 1)
    right = min(raster.width, int(asked.col_off + asked.width) + 2)
    bottom = min(raster.height, int(asked.row_off + asked.height) + 2)
    if right <= left or bottom <= top:
        raise DataError(
            "{file} lies wholly outside the villages; check its coordinate system",
            file=raster.file,
        )
    return Window(left, top, right - left, bottom - top)


def placed(raster: Raster) -> pyproj.CRS:
    """The raster's system. Raises `DataError` where neither file nor study say it."""
    if raster.crs is None:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "set crs = … in the study file once you know it",
            file=raster.file,
        )
    return raster.crs


def pixel_polygons(
    raster: Raster,
    served: Callable[[Pixel], Mask],
    *,
    crs: pyproj.CRS,
    near: Bounds | None = None,
) -> gpd.GeoSeries:
    """The area of the pixels for which ``served`` holds, in ``crs``: exact, merged in each piece.

    Outlines are brought to ``crs`` corner by corner of the pixels: a straight row of pixels is
    curved in another system, and without its inner corners it would lie metres off. May be
    empty.
    """
    own = placed(raster)
    found: list[shapely.Geometry] = []
    for window, values in pieces(raster, near=near, crs=crs):
        mask = served(values)
        if mask.any():
            place = window_transform(window, raster.transform)
            outlines = shapes(mask.astype(np.uint8), mask=mask, transform=place)
            found += [_outline(outline, raster.file) for outline, _ in outlines]
    step = max(np.hypot(raster.transform.a, raster.transform.d),
               np.hypot(raster.transform.b, raster.transform.e))  # fmt: skip
    held = np.array(found, dtype=object)
    if own != crs and len(held):
        held = shapely.segmentize(held, step * (1 + 1e-9))
    return brought(gpd.GeoSeries(held, crs=own), crs)


def _outline(told: Any, file: str) -> shapely.Geometry:
    """An outline that GDAL gave. Raises `DataError` for one whose corners are no numbers."""
    try:
        return shapely.geometry.shape(told)
    except shapely.errors.GEOSException as error:
        raise DataError(
            "{file} says places for its pixels that are no numbers; check its georeference and "
            "save it again",
            file=file,
        ) from error


def extent_polygon(raster: Raster, *, crs: pyproj.CRS, near: Bounds | None = None) -> gpd.GeoSeries:
    """The outline of the raster (of what was read of it, where ``near`` cuts it), in ``crs``."""
    own = placed(raster)
    window = window_near(raster, near=near, crs=crs)
    place = window_transform(window, raster.transform)
    pixels = ((0, 0), (window.width, 0), (window.width, window.height), (0, window.height))
    corners = [(place.a * x + place.b * y + place.c, place.d * x + place.e * y + place.f)
               for x, y in pixels]  # fmt: skip
    outline = shapely.Polygon(corners)
    fine = shapely.segmentize(outline, outline.length / (4 * EDGE_SEGMENTS))
    return brought(gpd.GeoSeries([fine], crs=own), crs)


def missing(raster: Raster, values: Pixel) -> Mask:
    """Where a raster says nothing: its nodata value, or NaN."""
    out: Mask = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if raster.nodata is not None:
        # a float raster holds its nodata rounded to its own width
        out |= values == np.asarray(raster.nodata).astype(values.dtype)
    return out

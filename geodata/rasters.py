"""GeoTIFF rasters: what their head says, and what their pixels mean, in windows.

This is the one place that reads pixels: it applies scale and offset, nodata, masks and alpha.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio
from pyproj.exceptions import CRSError, ProjError
from rasterio._err import CPLE_BaseError  # not offered elsewhere, and raised all the same
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from geodata.errors import DataError, GeodataError, UnreadableError
from geodata.findings import Finding, finding
from geodata.parts import parts_of
from geodata.placing import system_of
from geodata.readers import require_self_contained_raster
from geodata.readers.crs_files import parse_crs
from geodata.readers.tiff_structure import require_whole_tiff
from geodata.readers.tiff_tags import size_of

PIXELS_AT_ONCE = 2**22
MOST_PIXELS = 10**9
MOST_BLOCK_BYTES = 2**28
"""A raster with more, or packed in larger blocks, is a mistake or meant to fill the memory."""

SAMPLE = 512

WIDER = {
    "bool": "int16", "int8": "int16", "uint8": "int16", "uint16": "int32", "uint32": "int64",
    "uint64": "float64", "float16": "float32",
}  # fmt: skip
"""Types of pixels whose differences, or negative numbers, they cannot hold → types that can."""

Pixel = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Raster:
    """The head of a raster of so many ``bands``, of which ``band`` is read.

    ``crs`` is None where neither file nor study say it.
    A value means ``scale`` times itself and ``offset`` more; ``nodata`` is one as it is stored.
    ``masked``: the file has a mask, inside or beside it; ``alpha`` is the band of opacity, 0
    where there is none. ``images``: so many a TIFF holds, of which the first is read.
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
    bands: int = 1
    scale: float = 1.0
    offset: float = 0.0
    masked: bool = False
    alpha: int = 0
    images: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Pixels of a window: what their ``values`` mean, and where ``there`` is one at all.

    Values have their scale and offset, in a type that holds negative numbers. Where a raster
    says nothing (nodata, NaN, masked, transparent) they are any number.
    """

    values: Pixel
    there: Mask

    def flipped(self, *, rows: bool, columns: bool) -> Block:
        """The same with the order of its rows or of its columns reversed."""
        turn = (slice(None, None, -1 if rows else 1), slice(None, None, -1 if columns else 1))
        return Block(values=self.values[turn], there=self.there[turn])


def opened(
    path: Path, *, file: str, crs: str | None = None, band: int | None = None, whole: bool = True
) -> Raster:
    """The head of a GeoTIFF. ``crs`` is what the study says of its coordinate system.

    ``band`` chooses one of several; without ``whole`` it is read in windows alone, and may be as
    large as it likes. Raises `UnreadableError` for a broken one and `DataError` for one of several
    bands, without a place, of complex numbers, or too large.
    """
    with _refused(file):
        require_whole_tiff(path, name=file)
    with _dataset(path, file) as found:
        at, alpha = _bands(found, band, file)
        flags = found.mask_flag_enums[at]
        head = Raster(
            path=path,
            file=file,
            width=found.width,
            height=found.height,
            dtype=str(found.dtypes[at]),
            nodata=None if found.nodatavals[at] is None else float(found.nodatavals[at]),
            crs=_system(found.crs, crs, file),
            transform=found.transform,
            block_height=int(found.block_shapes[at][0]),
            band=at + 1,
            bands=found.count,
            scale=float(found.scales[at]),
            offset=float(found.offsets[at]),
            masked=MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags,
            alpha=alpha,
            images=max(1, len(found.subdatasets)),
        )
        block = int(np.prod(found.block_shapes[at])) * np.dtype(head.dtype).itemsize
    _require_sane(head, block=block, whole=whole)
    _require_mask_read(head)
    return head


def _bands(found: rasterio.DatasetReader, band: int | None, file: str) -> tuple[int, int]:
    """Which band is read, from 0 on, and the number of the band of opacity."""
    opacity = [k for k, told in enumerate(found.colorinterp) if told == ColorInterp.alpha]
    others = [k for k in range(found.count) if k not in opacity] or [0]
    if band is None and len(others) > 1:
        raise DataError(
            "{file} is a raster of {count} bands; say which is meant with band = … in its entry "
            "of the study file, or send that one alone",
            file=file,
            count=len(others),
        )
    if band is not None and band > found.count:
        raise DataError(
            "{file} has {count} bands, and band {band} was asked for; correct band in the study "
            "file",
            file=file,
            count=found.count,
            band=band,
        )
    at = others[0] if band is None else band - 1
    return at, next((k + 1 for k in opacity if k != at), 0)


def _system(told: Any, said: str | None, file: str) -> pyproj.CRS | None:
    if said is not None:
        return system_of(said)
    return None if told is None else parse_crs(told.to_wkt(), name=file)


def _require_sane(head: Raster, *, block: int, whole: bool) -> None:
    if (whole and head.width * head.height > MOST_PIXELS) or block > MOST_BLOCK_BYTES:
        raise DataError(
            "{file} is a raster of {width} × {height} pixels, too large to be read safely; cut it "
            "to the province, tiled",
            file=head.file,
            width=head.width,
            height=head.height,
        )
    if "complex" in head.dtype:
        raise DataError(
            "{file} is a raster of {found}, and whole or decimal numbers were expected; save it "
            "as such",
            file=head.file,
            found=head.dtype,
        )
    if not np.isfinite([head.scale, head.offset]).all() or head.scale == 0:
        raise DataError(
            "{file} is a raster whose scale or offset is no number to reckon with; save it without",
            file=head.file,
        )
    is_placed = np.isfinite(corners_of(head)).all()
    if head.transform.is_identity or head.transform.determinant == 0 or not is_placed:
        raise DataError(
            "{file} is a raster that does not say where it lies; save it as GeoTIFF with its place",
            file=head.file,
        )


def _require_mask_read(head: Raster) -> None:
    """Refuse a mask beside a raster that GDAL passes over, or that is not of the raster's size."""
    beside = next((one for end, one in parts_of(head.path).items() if end.endswith(".msk")), None)
    if beside is None:
        return
    with _refused(head.file):
        require_whole_tiff(beside, name=head.file)
    if not (size_of(beside) == (head.width, head.height) and head.masked):
        raise UnreadableError(
            "{file} came with the mask {entry}, which does not belong to it: it is of another size "
            "or was not written as a mask; make it again, or leave it out",
            file=head.file,
            entry=beside.name,
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
    except (OSError, CPLE_BaseError, rasterio.errors.RasterioError, CRSError, ProjError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; open it in a GIS and save it again",
            file=file,
            reason=" ".join(str(error).split())[:200],
        ) from error


def sample(raster: Raster, window: Window | None = None) -> Block:
    """At most 512 × 512 pixels, spread evenly (nearest neighbour), of all or of a window."""
    window = Window(0, 0, raster.width, raster.height) if window is None else window
    shape = (min(int(window.height), SAMPLE), min(int(window.width), SAMPLE))
    with _dataset(raster.path, raster.file) as found:
        return _read(found, raster, window=window, out_shape=shape)


def read_part(raster: Raster, window: Window) -> Block:
    """The pixels of a window. Raises `UnreadableError` where the file went away or broke."""
    with _dataset(raster.path, raster.file) as found:
        return _read(found, raster, window=window)


def _read(found: rasterio.DatasetReader, raster: Raster, **what: Any) -> Block:
    raw = found.read(raster.band, **what)
    there = _told(raster, raw)
    if raster.masked:
        there &= found.read_masks(raster.band, **what) > 0
    if raster.alpha:
        there &= found.read(raster.alpha, **what) > 0
    return Block(values=_meant(raster, raw), there=there)


def _told(raster: Raster, raw: Pixel) -> Mask:
    """Where raw values are numbers, and not nodata."""
    if raw.dtype.kind == "f":
        out: Mask = np.isfinite(raw)
    else:
        out = np.ones(raw.shape, bool)
        limits = np.iinfo(raw.dtype)
        if raster.nodata is None or not limits.min <= raster.nodata <= limits.max:
            return out
    if raster.nodata is not None:
        # a float raster holds its nodata rounded to its own width
        out &= raw != np.asarray(raster.nodata).astype(raw.dtype)
    return out


def _meant(raster: Raster, raw: Pixel) -> Pixel:
    """What raw values mean: the same, unless the raster has a scale or an offset.

    To a millionth, or less of a small scale, since −105 dBm kept in tenths must be −105 again.
    """
    if raster.scale == 1.0 and raster.offset == 0.0:
        return raw.astype(WIDER.get(str(raw.dtype), raw.dtype), copy=False)
    digits = max(6, ceil(-log10(abs(raster.scale))) + 4)
    with np.errstate(over="ignore", invalid="ignore"):  # of fillings, which are not there
        meant: Pixel = np.round(raw.astype(np.float64) * raster.scale + raster.offset, digits)
    return meant


def nodata_meant(raster: Raster) -> float | None:
    """The nodata value as its pixels would be read, None where the raster names none."""
    if raster.nodata is None:
        return None
    return float(_meant(raster, np.array([raster.nodata], np.float64))[0])


def nodata_is_lowest(raster: Raster) -> bool:
    """Whether nodata is the least number its type has, as −128 is of signed bytes."""
    dtype = np.dtype(raster.dtype)
    return dtype.kind in "iu" and raster.nodata == np.iinfo(dtype).min


def units_told(raster: Raster) -> str:
    """What the raster says of its units and meaning, in one text; mostly nothing."""
    with _dataset(raster.path, raster.file) as found:
        at = raster.band
        told = [found.units[at - 1], found.descriptions[at - 1]]
        told += [*found.tags(at).values(), *found.tags().values()]
    return " ".join(str(one) for one in told if one)


def raster_notes(raster: Raster) -> tuple[Finding, ...]:
    """What is to be said of any raster, whatever its pixels mean; mostly nothing."""
    if raster.images == 1:
        return ()
    note = finding(
        "several-images", "warning",
        "{file} holds {count} images, and only the first is read; send the others by themselves",
        file=raster.file, count=raster.images,
    )  # fmt: skip
    return (note,)


def pieces(
    raster: Raster, *, near: Bounds | None, crs: pyproj.CRS
) -> Iterator[tuple[Window, Block]]:
    """The pixels in windows of some four million, so that memory stays bounded.

    Of a raster that reaches beyond ``near`` (in ``crs``) only the windows there are read.
    """
    whole = window_near(raster, near=near, crs=crs)
    rows = max(1, PIXELS_AT_ONCE // max(1, int(whole.width)))
    rows = max(rows // raster.block_height * raster.block_height, min(rows, raster.block_height))
    with _dataset(raster.path, raster.file) as found:
        for top in range(int(whole.row_off), int(whole.row_off + whole.height), rows):
            height = min(rows, int(whole.row_off + whole.height) - top)
            window = Window(int(whole.col_off), top, int(whole.width), height)
            yield window, _read(found, raster, window=window)


def window_near(raster: Raster, *, near: Bounds | None, crs: pyproj.CRS) -> Window:
    """The pixels that lie near. Raises `DataError` where there are none."""
    whole = Window(0, 0, raster.width, raster.height)
    if near is None:
        return whole
    own = placed(raster)
    try:
        bounds = pyproj.Transformer.from_crs(crs, own, always_xy=True).transform_bounds(*near)
    except ProjError:
        return whole
    if not np.isfinite(bounds).all():
        return whole
    west, south, east, north = bounds
    x, y = np.array([west, west, east, east]), np.array([south, north, south, north])
    columns, rows = (sorted(side.tolist()) for side in applied(~raster.transform, x, y))
    left, top = max(0, floor(columns[0]) - 1), max(0, floor(rows[0]) - 1)
    right = min(raster.width, floor(columns[-1]) + 2)
    bottom = min(raster.height, floor(rows[-1]) + 2)
    if right <= left or bottom <= top:
        raise DataError(
            "{file} lies wholly outside the villages; check its coordinate system",
            file=raster.file,
        )
    return Window(left, top, right - left, bottom - top)


def applied(place: rasterio.Affine, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Columns and rows as x and y, or by the inverse of a raster's place the other way."""
    return place.a * x + place.b * y + place.c, place.d * x + place.e * y + place.f


def corners_of(raster: Raster) -> Floats:
    """The four corners (4 × 2) of a raster's outline, in its own system."""
    columns = np.array([0.0, raster.width, raster.width, 0.0])
    rows = np.array([0.0, 0.0, raster.height, raster.height])
    return np.column_stack(applied(raster.transform, columns, rows))


def placed(raster: Raster) -> pyproj.CRS:
    """The raster's system. Raises `DataError` where neither file nor study say it."""
    if raster.crs is None:
        raise DataError(
            "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
            "set crs = … in the study file once you know it",
            file=raster.file,
        )
    return raster.crs

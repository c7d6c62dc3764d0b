"""Counts and lengths of a Shapefile's parts compared: shapes, their index, rows of attributes.

GDAL pairs the n-th shape with the n-th row and drops what is left over, so that parts of
different counts give names to other shapes. Layouts: ESRI Shapefile Technical Description
(1998), pages 2-5 and 23-24; dBASE III header, bytes 4-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geodata.errors import UnreadableError
from geodata.readers.dbf_structure import dbf_of
from geodata.readers.mapinfo_parts import cut_short, unequal
from geodata.readers.wkt_words import is_wkt

HEAD = 100
"""Bytes of the header that the .shp and the .shx have in common."""

FILE_CODE = 9994
TYPES = (0, 1, 3, 5, 8, 11, 13, 15, 18, 21, 23, 25, 28, 31)
BOXED = (3, 5, 13, 15, 23, 25)
"""Lines and polygons, with heights or measures too."""

POINT_BYTES = {1: 20, 11: 28, 21: 20, 31: 44}

Body = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Index = npt.NDArray[np.int64]
"""Offset and length (n × 2, bytes) of each record."""

BIG_ENDIAN = [1 << 24, 1 << 16, 1 << 8, 1]


def require_matching_parts(path: Path, parts: Mapping[str, Path], *, name: str) -> None:
    """Refuse a Shapefile whose .shx or .dbf holds another number of rows than the .shp has shapes.

    ``parts`` are the files beside it by their endings. Raises `UnreadableError`, also for a part
    that is shorter than it declares, and for records whose lengths and counts disagree.
    """
    index = index_of(parts[".shx"], name)
    _require_lengths(path, index, name)
    _require_counts(path, index, name)
    if ".prj" in parts and not is_wkt(parts[".prj"]):
        raise cut_short(name, ".prj")
    shapes = _shapes(path, index)
    if shapes != len(index):
        raise unequal(name, shapes, ".shx", len(index))
    if ".dbf" in parts:
        rows = _rows(parts[".dbf"], name)
        if rows != shapes:
            raise unequal(name, shapes, ".dbf", rows)


def index_of(shx: Path, name: str) -> Index:
    """Offset and length (n × 2, bytes) of each record, as the .shx has them."""
    raw = shx.read_bytes()
    if len(raw) < HEAD or (len(raw) - HEAD) % 8:
        raise cut_short(name, ".shx")
    return np.frombuffer(raw, dtype=">i4", offset=HEAD).reshape(-1, 2).astype(np.int64) * 2


def _require_lengths(path: Path, index: Index, name: str) -> None:
    """Refuse an index that names places or lengths that the .shp does not have."""
    size = path.stat().st_size
    if not len(index):
        return
    starts, lengths = index[:, 0], index[:, 1]
    if (starts < HEAD).any() or (lengths < 0).any() or len(np.unique(starts)) < len(starts):
        raise cut_short(name, ".shx")
    if (starts + 8 + lengths > size).any():
        raise cut_short(name, ".shp")
    body = np.memmap(path, dtype=np.uint8, mode="r")
    told = body[starts[:, None] + np.arange(4, 8)].astype(np.int64) @ BIG_ENDIAN
    if (told * 2 != lengths).any():
        raise cut_short(name, ".shx")
    if (np.diff(starts) < 0).any():  # as where an editor wrote a shape anew, behind the others
        numbers = body[starts[:, None] + np.arange(4)].astype(np.int64) @ BIG_ENDIAN
        if (numbers != np.arange(1, len(numbers) + 1)).any():
            raise UnreadableError(
                "{file}: its .shx lists the shapes in another order than they are numbered in the "
                ".shp, so names would belong to other shapes; save the layer again and send all "
                "files of that name together",
                file=name,
            )


def _require_counts(path: Path, index: Index, name: str) -> None:
    """Refuse records of another type than the file, or not as long as their corners ask for."""
    if not len(index):
        return
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    told = int.from_bytes(head[32:36], "little")
    if int.from_bytes(head[:4], "big") != FILE_CODE or told not in TYPES:
        raise cut_short(name, ".shp")
    starts, lengths = index[:, 0] + 8, index[:, 1]
    body = np.memmap(path, dtype=np.uint8, mode="r")
    if (lengths < 4).any():
        raise cut_short(name, ".shp")
    kinds = _numbers(body, starts)
    filled = kinds != 0
    if (kinds[filled] != told).any() and told:
        raise cut_short(name, ".shp")
    starts, lengths = starts[filled], lengths[filled]
    if told % 10 == 1:
        if (lengths < POINT_BYTES[told]).any():
            raise cut_short(name, ".shp")
    elif told in (3, 5, 13, 15, 23, 25):
        _require_corners(body, starts, lengths, told, name)


def _require_corners(body: Body, starts: Integers, lengths: Integers, kind: int, name: str) -> None:
    """Refuse lines and polygons whose parts and corners take another length than they have."""
    if (lengths < 44).any():
        raise cut_short(name, ".shp")
    parts, corners = _numbers(body, starts + 36), _numbers(body, starts + 40)
    least = 44 + 4 * parts + 16 * corners
    more = 16 + 8 * corners  # of heights or measures
    asked = {3: (0,), 5: (0,), 13: (1, 2), 15: (1, 2), 23: (0, 1), 25: (0, 1)}[kind]
    fits = np.any([lengths == least + k * more for k in asked], axis=0)
    if (parts < 0).any() or (corners < 0).any() or not fits.all():
        raise cut_short(name, ".shp")
    rings, within = np.repeat(np.arange(len(parts)), parts), _counted(parts)
    begins = _numbers(body, starts[rings] + 44 + 4 * within)
    earlier = np.where(within == 0, -1, np.roll(begins, 1))
    if ((begins <= earlier) | (begins >= corners[rings]) | ((within == 0) & (begins != 0))).any():
        raise cut_short(name, ".shp")


def _counted(parts: Integers) -> Integers:
    """0, 1, 2 … for each of so many parts, record after record."""
    ends = np.cumsum(parts)
    counted: Integers = np.arange(int(parts.sum())) - np.repeat(ends - parts, parts)
    return counted


def boxes_of(path: Path, index: Index) -> npt.NDArray[np.float64]:
    """The box (west, south, east, north) that each record of lines or polygons declares."""
    body = np.memmap(path, dtype=np.uint8, mode="r")
    found = np.full((len(index), 4), np.nan)
    has_box = (index[:, 1] >= 44) & np.isin(_numbers(body, index[:, 0] + 8), BOXED)
    places = index[has_box, 0, None] + 12 + np.arange(32)
    found[has_box] = np.ascontiguousarray(body[places]).view("<f8")
    return found


def whole_box_of(path: Path) -> npt.NDArray[np.float64]:
    """The box (west, south, east, north) that the head declares for all shapes."""
    with path.open("rb") as stream:
        return np.frombuffer(stream.read(HEAD), "<f8", 4, offset=36)


def head_differs(path: Path, shx: Path) -> bool:
    """Whether the .shx repeats another head than that of the .shp, or the length is another."""
    with path.open("rb") as stream, shx.open("rb") as other:
        head, again = stream.read(HEAD), other.read(HEAD)
    sizes = [int.from_bytes(one[24:28], "big") * 2 for one in (head, again)]
    return (
        head[:4] + head[28:] != again[:4] + again[28:]
        or sizes != [path.stat().st_size, shx.stat().st_size]
    )  # fmt: skip


def _numbers(body: Body, places: Integers) -> Integers:
    """The four-byte numbers at some places, lowest byte first."""
    raw = np.ascontiguousarray(body[places[:, None] + np.arange(4)])
    return raw.view("<i4")[:, 0].astype(np.int64)


def _shapes(path: Path, index: Index) -> int:
    """How many records the .shp holds, by the index where it reaches the end of the file.

    Records that an editor left behind are passed over: where walking from record to record does
    not end at the end of the file, the index is right.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        size = path.stat().st_size
        end = min(size, int.from_bytes(head[24:28], "big") * 2)
        reached = HEAD if not len(index) else int((index[:, 0] + 8 + index[:, 1]).max())
        if reached >= end:
            return len(index)
        at, count = HEAD, 0
        while at + 8 <= end:
            stream.seek(at + 4)
            at += 8 + 2 * int.from_bytes(stream.read(4), "big")
            count += 1
    return count if at == end else len(index)


def _rows(dbf: Path, name: str) -> int:
    """How many rows a .dbf declares, all of which it must hold."""
    table = dbf_of(dbf)
    if table is None:
        raise cut_short(name, ".dbf")
    return table.rows

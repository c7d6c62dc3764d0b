"""Counts of a Shapefile's parts compared: shapes, their index and the rows of attributes.

GDAL pairs the n-th shape with the n-th row and drops what is left over, so that parts of
different counts give names to other shapes. Layouts: ESRI Shapefile Technical Description
(1998), pages 2-5 and 23-24; dBASE III header, bytes 4-11.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from geodata.errors import UnreadableError
from geodata.readers.mapinfo_parts import cut_short, unequal

HEAD = 100
"""Bytes of the header that the .shp and the .shx have in common."""

DBF_HEAD = 32

BIG_ENDIAN = [1 << 24, 1 << 16, 1 << 8, 1]


def require_matching_parts(path: Path, parts: Mapping[str, Path], *, name: str) -> None:
    """Refuse a Shapefile whose .shx or .dbf holds another number of rows than the .shp has shapes.

    ``parts`` are the files beside it by their endings. Raises `UnreadableError`, also for a part
    that is shorter than it declares.
    """
    index = _index(parts[".shx"], name)
    _require_lengths(path, index, name)
    shapes = _shapes(path, index)
    if shapes != len(index):
        raise unequal(name, shapes, ".shx", len(index))
    if ".dbf" in parts:
        rows = _rows(parts[".dbf"], name)
        if rows != shapes:
            raise unequal(name, shapes, ".dbf", rows)


def _index(shx: Path, name: str) -> npt.NDArray[np.int64]:
    """Offset and length (n × 2, bytes) of each record, as the .shx has them."""
    raw = shx.read_bytes()
    if len(raw) < HEAD or (len(raw) - HEAD) % 8:
        raise cut_short(name, ".shx")
    return np.frombuffer(raw, dtype=">i4", offset=HEAD).reshape(-1, 2).astype(np.int64) * 2


def _require_lengths(path: Path, index: npt.NDArray[np.int64], name: str) -> None:
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


def _shapes(path: Path, index: npt.NDArray[np.int64]) -> int:
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
    with dbf.open("rb") as stream:
        head = stream.read(DBF_HEAD)
    if len(head) < DBF_HEAD:
        raise cut_short(name, ".dbf")
    rows, first, width = struct.unpack("<IHH", head[4:12])
    if first + rows * width > dbf.stat().st_size:
        raise cut_short(name, ".dbf")
    return int(rows)


def deleted_rows(dbf: Path) -> list[int]:
    """The rows, from 1 on, that a .dbf marks as deleted: GDAL drops them, and their shapes."""
    with dbf.open("rb") as stream:
        rows, first, width = struct.unpack("<IHH", stream.read(DBF_HEAD)[4:12])
    if not rows or not width or first + rows * width > dbf.stat().st_size:
        return []
    marks = np.memmap(dbf, dtype=np.uint8, mode="r")[first : first + rows * width : width]
    found: list[int] = (np.flatnonzero(marks == ord("*")) + 1).tolist()
    return found

"""Parts of Shapefiles and MapInfo tables that name other rows, or hold less than they declare."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

from geodata.read import read
from tests.corpus import Case
from tests.hostile import villages

Change = Callable[[bytes], bytes]


def _changed(name: str, part: str, change: Change) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        villages().to_file(path, driver="MapInfo File" if path.suffix == ".tab" else None)
        one = path.with_suffix(part)
        one.write_bytes(change(one.read_bytes()))
        return path

    return make


def _second_deleted(dbf: bytes) -> bytes:
    _, first, width = struct.unpack("<IHH", dbf[4:12])
    at = first + width
    return dbf[:at] + b"*" + dbf[at + 1 :]


def _two_turned(shx: bytes) -> bytes:
    return shx[:100] + shx[108:116] + shx[100:108] + shx[116:]


def _first(body: bytes, *, kept: int) -> bytes:
    return body[:kept]


def _is_read(path: Path) -> None:
    read(path, unplaced=True)


def _eight(path: Path) -> None:
    """GDAL drops a row that is marked as deleted, and that is told."""
    found = read(path)
    assert len(found.table) == 8
    (doubt,) = [one for one in found.findings if one.kind == "rows-deleted"]
    assert (doubt.severity, doubt.rows) == ("warning", (2,))


CASES = (
    Case(
        name="shapefile-row-deleted",
        make=_changed("v.shp", ".dbf", _second_deleted),
        check=_eight,
    ),
    Case(
        name="shapefile-shx-turned",
        make=_changed("v.shp", ".shx", _two_turned),
        check=_is_read,
        refused="in another order than they are numbered",
    ),
    *(
        Case(
            name=f"tab-{part[1:]}-cut",
            make=_changed("v.tab", part, partial(_first, kept=kept)),
            check=_is_read,
            refused=f"its {part} is cut short or damaged",
        )
        for part, kept in ((".dat", -200), (".map", 600))
    ),
)

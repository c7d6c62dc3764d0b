"""Asks, for a file of a kind, whether it opens nothing but what came with it."""

from __future__ import annotations

import html
from pathlib import Path

from geodata.errors import UnreadableError
from geodata.files import require_usable_name
from geodata.parts import BESIDE
from geodata.readers.crs_files import require_no_files
from geodata.readers.geojson_crs import require_plain_geojson
from geodata.readers.mapinfo_table import require_own_table
from geodata.readers.raster_files import require_own_raster
from geodata.readers.sqlite_schema import require_plain_schema
from geodata.refusal import refused

HEADER_BYTES = 1_000_000
"""So much of a .prj and of a FlatGeobuf's header is searched for a coordinate system."""

TABLE_BYTES = 64_000
CATALOGUE = ("a00000003.gdbtable", "a00000004.gdbtable", "a00000007.gdbtable")
"""Of a geodatabase: so much of each table's list of columns, and all of those of its catalogue."""

MARKS = (b"nadgrids", b"grids", b"parameterfile", b"fileparameter", b"+init", b"&#")
"""Without one of these a table of a geodatabase names no file in a coordinate system."""


def require_self_contained(path: Path, kind: str, *, name: str = "") -> None:
    """Refuse a map file that leads to other files or hosts, before GDAL opens it.

    ``kind`` as `geodata.kinds.recognise` has it, ``name`` what people call the file. Raises
    `UnreadableError`.
    """
    called = name or path.name
    require_usable_name(path)
    with refused(path, name=called):
        if kind == "gdb":
            _require_plain_geodatabase(path, called)
            return
        _require_no_links(path, called)
        if kind == ".gpkg":
            require_plain_schema(path, name=called)
        elif kind == ".tab":
            require_own_table(path, name=called)
        elif kind == ".geojson":
            require_plain_geojson(path, name=called)
        elif kind == ".fgb":
            require_no_files(_flatgeobuf_header(path), name=called)
        elif kind == ".shp":
            _require_plain_prj(path, called)


def require_self_contained_raster(path: Path, *, name: str = "") -> None:
    """The same for a GeoTIFF."""
    called = name or path.name
    require_usable_name(path)
    with refused(path, name=called):
        require_own_raster(path, name=called)


def _require_no_links(path: Path, name: str) -> None:
    """Refuse a part of a file that is a link to elsewhere, unless all of it is one."""
    if path.is_symlink():
        return
    for ending in BESIDE:
        for one in (path.with_suffix(ending), path.with_suffix(ending.upper())):
            if one.is_symlink():
                raise _link(name, one.name)


def _require_plain_geodatabase(folder: Path, name: str) -> None:
    """No links among its files, and no files in the coordinate systems of its tables."""
    for one in sorted(folder.iterdir()):
        if one.is_symlink():
            raise _link(name, one.name)
        if one.suffix.lower() == ".gdbtable":
            raw = _columns_of(one)
            for body in (raw, raw.replace(b"\0", b"")):  # in UTF-8, and in UTF-16
                if any(mark in body.lower() for mark in MARKS):
                    require_no_files(html.unescape(body.decode("latin-1")), name=name)


def _columns_of(table: Path) -> bytes:
    """The list of columns of a table of a geodatabase, where it keeps their system."""
    with table.open("rb") as stream:
        if table.name.lower() in CATALOGUE:
            return stream.read(16 * HEADER_BYTES)
        head = stream.read(40)
        stream.seek(int.from_bytes(head[32:40], "little") if len(head) == 40 else 0)
        return stream.read(TABLE_BYTES)


def _flatgeobuf_header(path: Path) -> str:
    """The header of a FlatGeobuf: its length stands behind eight bytes of signature."""
    with path.open("rb") as stream:
        head = stream.read(12)
        size = int.from_bytes(head[8:12], "little")
        return stream.read(min(size, HEADER_BYTES)).decode("latin-1")


def _link(name: str, entry: str) -> UnreadableError:
    return UnreadableError(
        "{file} holds {entry}, which is a link and no file; send the file itself",
        file=name,
        entry=repr(entry),
    )


def _require_plain_prj(path: Path, name: str) -> None:
    for one in path.parent.iterdir():
        if one.stem == path.stem and one.suffix.lower() == ".prj":
            require_no_files(_head(one), name=name)


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(HEADER_BYTES).decode("latin-1")

"""SQLite files that have a library open others; as in `tests.reaching`."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from tests.canaries import Canary, squares
from tests.hostile import REGISTERED
from tests.reaching_rasters import Maker

VIEW = "CREATE VIEW w AS SELECT 1 AS fid, (SELECT geom FROM v LIMIT 1) AS geom, {} AS village"


def package(folder: Path, *schema: tuple[str, str], registered: bool = True) -> Path:
    """A GeoPackage with these entries of its schema, whatever SQLite thinks of them."""
    path = folder / "v.gpkg"
    squares().to_file(path, layer="v")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA writable_schema = ON")
        for kind, sql in schema:
            base.execute(
                "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
                "VALUES (?, ?, ?, 0, ?)",
                (kind, "w" if kind == "view" else "t", "w" if kind == "view" else "t", sql),
            )
        for statement in REGISTERED if registered else ():
            base.execute(statement)
    return path


def _virtual(folder: Path, arguments: str, *, column: str = "a") -> Path:
    return package(
        folder,
        ("table", f"CREATE VIRTUAL TABLE t USING {arguments}"),
        ("view", VIEW.format(column) + " FROM t"),
    )


def package_with_virtual_text(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return _virtual(folder, text)


def package_with_virtual_text_written_oddly(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return package(
        folder,
        ("table", f"create/* rtree */virtual\n\tTABLE\f[t]-- rtree\nUSING {text}"),
        ("view", VIEW.format("a") + " FROM t"),
    )


def package_with_virtual_text_said_to_be_an_index(folder: Path, canary: Canary) -> Path:
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    return package(
        folder,
        ("index", f"CREATE VIRTUAL TABLE t USING {text}"),
        ("view", VIEW.format("a") + " FROM t"),
    )


def package_with_virtual_dbf(folder: Path, canary: Canary) -> Path:
    squares().to_file(canary.file("shp"))
    return _virtual(folder, f"VirtualDbf('{canary.file('dbf')}', 'utf-8')", column="village")


def package_with_virtual_shape(folder: Path, canary: Canary) -> Path:
    squares().to_file(canary.file("shp"))
    bare = canary.file("shp").with_suffix("")
    return _virtual(folder, f"VirtualShape('{bare}', 'utf-8', 4326)", column="village")


def package_with_virtual_ogr(folder: Path, canary: Canary) -> Path:
    return _virtual(folder, f"VirtualOGR('{canary.file('gpkg')}')", column="village")


def package_in_its_journal(folder: Path, canary: Canary) -> Path:
    """The virtual table stands in the write-ahead log alone."""
    path = folder / "v.gpkg"
    squares().to_file(path, layer="v")
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA wal_autocheckpoint = 0")
    base.execute("PRAGMA writable_schema = ON")
    text = f"VirtualText('{canary.file('csv')}', 'utf-8', 1, COMMA, DOUBLEQUOTE, ',')"
    base.execute(
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
        "VALUES ('table', 't', 't', 0, ?)",
        (f"CREATE VIRTUAL TABLE t USING {text}",),
    )
    base.commit()
    kept = {ending: path.with_name(path.name + ending).read_bytes() for ending in ("", "-wal")}
    base.close()
    for ending, body in kept.items():
        path.with_name(path.name + ending).write_bytes(body)
    return path


def package_that_calls_for_a_blob(folder: Path, canary: Canary) -> Path:
    return package(folder, ("view", VIEW.format(f"BlobFromFile('{canary.file('csv')}')")))


def package_that_lists_databases(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # asks where it lies
    return package(folder, ("view", VIEW.format("file") + " FROM pragma_database_list"))


def package_whose_index_bears_the_name_of_a_list(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # asks where it lies
    path = package(folder, ("view", VIEW.format("file") + " FROM pragma_database_list"))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE INDEX pragma_database_list ON v (village)")
    return path


def tiles_as_geopackage(folder: Path, canary: Canary) -> Path:  # noqa: ARG001  # opens nothing, and is no layer
    path = folder / "v.gpkg"
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        base.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data BLOB)")
    return path


def package_with_a_journal_to_be_played_back(folder: Path, canary: Canary) -> Path:
    """The journal names the canary as the one above it: SQLite would open and delete it."""
    path = folder / "v.gpkg"
    squares().to_file(path, layer="v")
    name, magic = str(canary.file("csv")).encode(), bytes.fromhex("d9d505f920a163d7")
    head = magic + struct.pack(">IIIII", 0, 1, path.stat().st_size // 4096, 512, 4096)
    locked = struct.pack(">I", 0x40000000 // 4096 + 1)
    end = struct.pack(">II", len(name), sum(name) & 0xFFFFFFFF) + magic
    path.with_name("v.gpkg-journal").write_bytes(head.ljust(512, b"\0") + locked + name + end)
    return path


REFUSED: dict[Maker, str] = {
    package_with_virtual_text: "module VirtualText would fill",
    package_with_virtual_text_written_oddly: "module VirtualText would fill",
    package_with_virtual_text_said_to_be_an_index: "module VirtualText would fill",
    package_with_virtual_dbf: "module VirtualDbf would fill",
    package_with_virtual_shape: "module VirtualShape would fill",
    package_with_virtual_ogr: "module VirtualOGR would fill",
    package_in_its_journal: "module VirtualText would fill",
    package_with_a_journal_to_be_played_back: "broke off while writing",
    package_that_calls_for_a_blob: "calls the function BlobFromFile",
    package_that_lists_databases: "no table of the file",
    package_whose_index_bears_the_name_of_a_list: "no table of the file",
    tiles_as_geopackage: "no GeoPackage",
}
"""Maker → what its sentence holds."""

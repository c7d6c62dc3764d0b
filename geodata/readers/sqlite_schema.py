"""What the schema of a SQLite file declares, looked at before GDAL opens the file.

A virtual table is a program of SQLite's or SpatiaLite's that may read any file of the machine,
and a view lists it as a layer. Of those only the R-trees of the GeoPackage standard are let
through; views and triggers may use the tables of the file and functions that only reckon.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from geodata.errors import UnreadableError
from geodata.readers.crs_files import require_no_files
from geodata.readers.sql_tokens import NoStatementError, Token, tokens_of
from geodata.readers.sql_uses import sources, unknown_calls

MODULES = frozenset(("rtree",))
MOST_ENTRIES = 20_000
MOST_LETTERS = 1_000_000
"""A schema of more, or an entry longer than this, is no map layer's."""

MOST_STEPS = 20_000_000
"""Steps of SQLite's machine that looking may take; a view may never end."""

CLOSED = frozenset(
    ("SQLITE_CANTOPEN", "SQLITE_READONLY_CANTINIT", "SQLITE_READONLY_RECOVERY", "SQLITE_PERM",
    "SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY", "SQLITE_CANTOPEN_CANTLOCK", "SQLITE_IOERR")
)  # fmt: skip
"""How SQLite says that it may not write the index of a log that lies beside a file."""

TABLES = ("TABLE", "VIRTUAL", "VIEW")
"""What a view or trigger may read from."""

ALWAYS_THERE = frozenset(("sqlite_master", "sqlite_schema", "sqlite_sequence", "sqlite_stat1"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement of a schema: what it creates, and what that uses."""

    kind: str
    name: str
    module: str = ""
    calls: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def require_plain_schema(path: Path, *, name: str) -> None:
    """Refuse a GeoPackage that would have another file opened.

    Raises `UnreadableError` for a virtual table that is no R-tree, for a view or trigger that
    uses what is no table of the file or calls an unknown function, for a coordinate system
    that names a file, for a SQLite database that is no GeoPackage, and for a damaged one.
    """
    _require_closed(path, name)
    modes = ["mode=ro&immutable=1"]
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size:
        modes.append("mode=ro")  # what was written last stands there, and GDAL reads it
    for mode in modes:
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as base:
                _require_plain(base, name)
        except sqlite3.OperationalError as error:
            if mode != modes[0] and error.sqlite_errorname in CLOSED:
                raise _unmerged(name, log.name) from error
            raise _said(name, error) from error
        except (sqlite3.Error, NoStatementError) as error:
            raise _said(name, error) from error


def _said(name: str, error: Exception) -> UnreadableError:
    return UnreadableError(
        "{file} cannot be read: {reason}; open it in a GIS and save it again",
        file=name,
        reason=" ".join(str(error).split())[:200],
    )


def _unmerged(name: str, log: str) -> UnreadableError:
    return UnreadableError(
        "{file} lies beside {entry}, which holds what was written last and can only be read where "
        "its folder may be written to; open it in the program that wrote it, close it there, and "
        "send it again",
        file=name,
        entry=log,
    )


def _require_closed(path: Path, name: str) -> None:
    """Refuse a file with a rollback journal still to be played back.

    It may name another file, which SQLite opens and deletes when it may write.
    """
    journal = path.with_name(path.name + "-journal")
    if not journal.is_file():
        return
    with journal.open("rb") as stream:
        if stream.read(1) in (b"", b"\0"):
            return
    raise UnreadableError(
        "{file} lies beside {entry}, which a program left that broke off while writing; open it "
        "in that program, close it there, and send it again",
        file=name,
        entry=journal.name,
    )


def _require_plain(base: sqlite3.Connection, name: str) -> None:
    base.text_factory = lambda raw: raw.decode("utf-8", "replace")
    base.set_progress_handler(_Steps().over, 10_000)
    base.execute("PRAGMA writable_schema = ON")  # so that what is no statement is read as well
    entries = _entries(base, name)
    for entry in entries:
        _require_harmless(entry, name)
    tables = (one for one in entries if one.kind in TABLES)  # an index may bear any other name
    known = {entry.name.lower() for entry in tables} | ALWAYS_THERE
    for entry in entries:
        for source in entry.sources:
            if source.lower() not in known:
                raise UnreadableError(
                    "{file} has a view or trigger, {entry}, that uses {found}, which is no table "
                    "of the file; save the layer again, alone, as a GeoPackage",
                    file=name,
                    entry=entry.name,
                    found=source,
                )
    if "gpkg_contents" not in known:
        raise UnreadableError(
            "{file} is a SQLite database (SpatiaLite, MBTiles or another) and no GeoPackage; open "
            "it in a GIS and save the layer as a GeoPackage",
            file=name,
        )
    _require_plain_systems(base, known, name)


def _entries(base: sqlite3.Connection, name: str) -> list[Entry]:
    """The statements of the schema, whatever the other columns of its table say they are."""
    asked = "SELECT CAST(substr(sql, 1, ?) AS TEXT) FROM sqlite_master WHERE sql <> '' LIMIT ?"
    rows = base.execute(asked, (MOST_LETTERS + 1, MOST_ENTRIES + 1)).fetchall()
    if len(rows) > MOST_ENTRIES or any(len(sql) > MOST_LETTERS for (sql,) in rows):
        raise UnreadableError(
            "{file} declares more tables than a map layer needs; save the layer again, alone, as a "
            "GeoPackage",
            file=name,
        )
    return [entry_of(sql) for (sql,) in rows]


def _require_harmless(entry: Entry, name: str) -> None:
    if entry.kind == "VIRTUAL" and entry.module.lower() not in MODULES:
        raise UnreadableError(
            "{file} has a virtual table, {entry}, that SQLite's module {found} would fill from "
            "elsewhere; save the layer again, alone, as a GeoPackage",
            file=name,
            entry=entry.name,
            found=entry.module,
        )
    if entry.calls:
        raise UnreadableError(
            "{file} has a view or trigger, {entry}, that calls the function {found}, which is none "
            "of a GeoPackage's; save the layer again, alone, as a GeoPackage",
            file=name,
            entry=entry.name,
            found=entry.calls[0],
        )


@lru_cache(maxsize=4096)
def entry_of(statement: str) -> Entry:
    """What a statement of a schema creates. Raises `NoStatementError` for what creates nothing.

    >>> entry_of('CREATE /* x */ virtual TABLE "a b" USING [VirtualText](1)')
    Entry(kind='VIRTUAL', name='a b', module='VirtualText', calls=(), sources=())
    """
    tokens = tokens_of(statement)
    words = [token.upper for token in tokens[:3]]
    at = 1
    if words[:1] == ["CREATE"]:
        at += words[1:2] in (["UNIQUE"], ["VIRTUAL"])
    kind = tokens[at].upper if at < len(tokens) else ""
    if words[:1] != ["CREATE"] or kind not in ("TABLE", "INDEX", "VIEW", "TRIGGER"):
        raise NoStatementError(f"its schema holds {statement[:40]!r}")
    name, rest = _named(tokens, at + 1)
    if words[1] == "VIRTUAL":
        using = rest[1:2] if rest and rest[0].upper == "USING" else ()
        return Entry("VIRTUAL", name, module=using[0].value if using else "?")
    if kind == "INDEX":  # CREATE INDEX name ON table (…)
        rest = rest[2:]
    uses = tuple(sources(rest)) if kind in ("VIEW", "TRIGGER") else ()
    calls = tuple(unknown_calls(rest, types=kind == "TABLE"))
    return Entry(kind, name, calls=calls, sources=uses)


def _named(tokens: Sequence[Token], at: int) -> tuple[str, Sequence[Token]]:
    """The name of what is created, and what follows it."""
    if [token.upper for token in tokens[at : at + 3]] == ["IF", "NOT", "EXISTS"]:
        at += 3
    if at + 2 < len(tokens) and tokens[at + 1].upper == ".":
        at += 2
    if at >= len(tokens) or not tokens[at].is_name:
        raise NoStatementError(f"its schema names nothing after {tokens[at - 1].value!r}")
    return tokens[at].value, tokens[at + 1 :]


def _require_plain_systems(base: sqlite3.Connection, known: set[str], name: str) -> None:
    """Refuse a coordinate system of the file's own list that would open a file."""
    if "gpkg_spatial_ref_sys" not in known:
        return
    rows = base.execute("SELECT * FROM gpkg_spatial_ref_sys")
    says = [k for k, (column, *_) in enumerate(rows.description) if "definition" in column.lower()]
    for row in rows:
        for text in _texts([row[k] for k in says]):
            require_no_files(text, name=name)


def _texts(row: Sequence[Any]) -> Iterator[str]:
    for cell in row:
        if isinstance(cell, bytes):
            yield cell.decode("utf-8", "replace")
        elif isinstance(cell, str):
            yield cell


class _Steps:
    """Ends a query after `MOST_STEPS`."""

    def __init__(self) -> None:
        self.taken = 0

    def over(self) -> bool:
        self.taken += 10_000
        return self.taken > MOST_STEPS

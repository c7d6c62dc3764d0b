"""What a GeoPackage says of its own rows: how many a layer has, and what codes in it mean.

GDAL keeps the count of each layer in ``gpkg_ogr_contents`` and believes it; a program that does
not know that table adds rows beyond it. Codes are explained by the schema extension
(OGC 12-128r17, F.9).
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from geodata.errors import UnreadableError

MOST_CODES = 10_000
MOST_STEPS = 50_000_000
"""Steps of SQLite's machine that counting may take."""

MOST_BYTES = 1 << 30
MOST_FLAWS = 20
OF_VALUES = (b"NULL value", b"CHECK constraint", b"NUMERIC value", b"TEXT value", b"non-unique")
"""How flaws begin that are of values and not of pages."""

ASKED = """
SELECT c.column_name, k.value, k.description
FROM gpkg_data_columns AS c JOIN gpkg_data_column_constraints AS k
  ON lower(c.constraint_name) = lower(k.constraint_name)
WHERE lower(c.table_name) = lower(?) AND k.constraint_type = 'enum'
LIMIT ?
"""

Codes = Mapping[str, Mapping[str, str]]
"""Column → code as text → what the file says that it means."""


def codes_of(path: Path, layer: str) -> Codes:
    """The codes of a layer's columns that the file explains; none where it has no such tables."""
    found: dict[str, dict[str, str]] = {}
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            rows = base.execute(ASKED, (layer, MOST_CODES)).fetchall()
    except sqlite3.Error:  # without the tables; other damage was refused when it was opened
        return {}
    for column, value, description in rows:
        if isinstance(column, str) and value is not None and description is not None:
            found.setdefault(column, {})[str(value)] = str(description)
    return found


@contextmanager
def with_log(path: Path, log: Path) -> Iterator[Path]:
    """A copy of a database that holds what stands in its log, for as long as the block lasts.

    To open the file itself would write into its folder. Raises `UnreadableError` where the log
    cannot be read.
    """
    with TemporaryDirectory(prefix="phusong-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, copy.with_name(log.name))
        try:
            with closing(sqlite3.connect(copy)) as base:
                base.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error as error:
            raise UnreadableError(
                "{file} came with a log of changes ({log}) that cannot be read; close it in the "
                "program that has it open, and send it again",
                file=path.name,
                log=log.name,
            ) from error
        yield copy


BOXED = 40
"""Bytes of a shape's head with its box (OGC 12-128r17, 2.1.3)."""


def heads_of_shapes(path: Path, layer: str) -> npt.NDArray[np.float64]:
    """The box (west, south, east, north) in the head of each shape of a layer, in row order.

    NaN where none is declared; endless where the head is not one (OGC 12-128r17, 2.1.3). Empty
    where the layer is no table of shapes.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    asked = "SELECT column_name FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            (column,) = base.execute(asked, (layer,)).fetchone() or ("",)
            cut = (
                f"SELECT substr({_quoted(column)}, 1, {BOXED}) FROM {_quoted(layer)} ORDER BY rowid"  # noqa: S608  # names of the file, quoted
            )
            rows = [head for (head,) in base.execute(cut)]
    except sqlite3.Error:  # a view, or damaged
        return np.empty((0, 4))
    is_there = np.ones(len(rows), bool)
    if set(map(type, rows)) - {bytes} or set(map(len, rows)) - {BOXED}:  # nearly all have a box
        is_there = np.array([isinstance(one, bytes) for one in rows], bool)
        rows = [(one if isinstance(one, bytes) else b"").ljust(BOXED, b"\0") for one in rows]
    heads = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, BOXED)
    found = np.full((len(heads), 4), np.nan)
    flags = heads[:, 3]
    for first, order in ((1, "<f8"), (0, ">f8")):
        here = ((flags & 1) == first) & ((flags >> 1 & 7) > 0) & (flags >> 4 & 1 == 0)
        numbers = np.ascontiguousarray(heads[here, 8:]).view(order).astype(np.float64)
        found[here] = numbers[:, [0, 2, 1, 3]]
    is_head = (heads[:, 0] == ord("G")) & (heads[:, 1] == ord("P"))
    found[is_there & ~is_head] = np.inf
    return found


def require_whole_database(path: Path, *, name: str) -> None:
    """Refuse a GeoPackage whose pages contradict each other. Raises `UnreadableError`.

    SQLite keeps no checksums, but counts its pages, cells and free space; one larger than
    `MOST_BYTES` is not looked through.
    """
    if path.stat().st_size > MOST_BYTES:
        return
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            base.text_factory = bytes
            found = [row[0] for row in base.execute(f"PRAGMA quick_check({MOST_FLAWS})").fetchall()]
    except sqlite3.Error:  # GDAL says why
        return
    if any(one != b"ok" and not one.startswith(OF_VALUES) for one in found):
        raise UnreadableError(
            "{file} cannot be read: pages of its database contradict each other, so it is damaged "
            "or cut short; send it again, or save the layer anew",
            file=name,
        )


def recounted_gpkg(path: Path, target: Path, *, name: str) -> bool:  # noqa: ARG001  # one shape for all kinds
    """Write a copy with the right counts of rows; False where they are right already.

    The copy holds what stands in a log beside the file, too.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as base:
        wrong = _wrong_counts(base)
        if not wrong:
            return False
        with closing(sqlite3.connect(target)) as copy:
            base.backup(copy)
            copy.executemany(
                "UPDATE gpkg_ogr_contents SET feature_count = NULL WHERE table_name = ?",
                [(table,) for table in wrong],
            )
            copy.commit()
    return True


def require_whole_index(path: Path, *, name: str) -> None:
    """Refuse a GeoPackage with an R-tree that lacks rows of its layer.

    What is read by places would miss them. Raises `UnreadableError`.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    asked = "SELECT table_name, column_name FROM gpkg_geometry_columns"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as base:
            base.set_progress_handler(_Steps().over, 100_000)
            for table, column in base.execute(asked).fetchall():
                index = f"rtree_{table}_{column}"
                has_one = "SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?)"
                if not base.execute(has_one, [index]).fetchone():
                    continue
                # of a geometry's header, the fourth byte has a bit for an empty one (F.1)
                geometry = _quoted(column)
                placed = (
                    f"SELECT COUNT(*) FROM {_quoted(table)} "  # noqa: S608  # names of the file, quoted
                    f"WHERE {geometry} IS NOT NULL "
                    f"AND substr(hex(substr({geometry}, 4, 1)), 1, 1) IN ('0', '2')"
                )
                rows = base.execute(placed).fetchone()[0]
                indexed = base.execute(f"SELECT COUNT(*) FROM {_quoted(index)}").fetchone()[0]  # noqa: S608  # as above
                if indexed < rows:
                    raise UnreadableError(
                        "{file}: its spatial index has {found} of {count} rows; save the layer "
                        "again as a GeoPackage, so that the index is made anew",
                        file=name,
                        found=indexed,
                        count=rows,
                    )
    except sqlite3.Error:  # damaged: GDAL refuses it
        return


def _wrong_counts(base: sqlite3.Connection) -> list[str]:
    """Tables of which ``gpkg_ogr_contents`` tells another count than they have."""
    base.set_progress_handler(_Steps().over, 100_000)
    try:
        told = base.execute(
            "SELECT c.table_name, c.feature_count FROM gpkg_ogr_contents AS c "
            "JOIN sqlite_master AS m ON m.name = c.table_name AND m.type = 'table' "
            "AND m.sql NOT LIKE 'CREATE VIRTUAL%' WHERE c.feature_count IS NOT NULL"
        ).fetchall()
        return [
            table
            for table, count in told
            if isinstance(table, str)
            and base.execute(f"SELECT COUNT(*) FROM {_quoted(table)}").fetchone()[0] != count  # noqa: S608  # a quoted name of the file itself, opened to read
        ]
    except sqlite3.Error:  # without the table, or damaged: GDAL counts, or refuses
        return []


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Steps:
    """Ends what takes more than `MOST_STEPS`."""

    def __init__(self) -> None:
        self.left = MOST_STEPS // 100_000

    def over(self) -> bool:
        self.left -= 1
        return self.left < 0

"""Reading one table or query of PostGIS as the table a file would have given."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from pyproj.exceptions import CRSError

from geodata.errors import CallError, DataError, UnreadableError, phrase
from geodata.postgis.address import Address, address_of
from geodata.postgis.connect import Connection, connected, identifier, postgis_of
from geodata.postgis.model import TableInput
from geodata.postgis.systems import crs_of

NUMERIC = 1700
AS_THEY_ARE = frozenset({16, 20, 21, 23, 25, 700, 701, 1043, NUMERIC})
"""Types (their OIDs) that are numbers, truths or text; all others are read as text."""

Row = tuple[Any, ...]
"""Geometry as WKB and its SRID (None both where there is none), then the other columns."""

ROWS_AT_ONCE = 10_000
NAMES_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class _Column:
    """One column: its name, its type's OID, and how the statement calls it."""

    name: str
    type_oid: int
    at: int

    @property
    def alias(self) -> sql.Identifier:
        return sql.Identifier(f"c{self.at}")


def read_source(
    text: str, *, layer: str | None = None, crs: str | None = None, unplaced: bool = False
) -> tuple[pd.DataFrame, TableInput]:
    """A table or query as `geodata.read.read` gives a file: with geometry where it has some.

    ``layer`` names one geometry column of several, ``crs`` the system of rows that say none,
    or a wrong one; ``unplaced`` lets them go without. Rows stand in the order of their first
    column, so that the same content is the same table. Raises `UnreadableError` for what the
    server will not do, `CallError` for a choice of geometry or a query that writes, and
    `DataError` for no rows, or geometry without system.
    """
    address = address_of(text)
    label = address.label
    if bool(address.table) == bool(address.query):
        raise CallError(
            '{place}: say what to read of the database: table = "schema.table", or query = '
            '"select …"',
            place=address.place,
        )
    with connected(address, read_only=True) as connection:
        postgis = postgis_of(connection, address)
        source = _source(connection, address)
        columns, places = _columns(connection, source, postgis, label)
        shape = _chosen(places, layer, label)
        is_filtered = _is_filtered(connection, source)
        rows = _rows(connection, _select(source, columns, places, shape, postgis))
        if not rows and is_filtered:
            raise DataError(
                "{file}: row security of the database hides every row from this user; read it as "
                "a user who may see all rows (or with BYPASSRLS)",
                file=label,
            )
        if not rows:
            raise DataError("{file} holds no rows; a table with at least one is needed", file=label)
        srid = _srid(rows, label)
        system = (
            _system(crs, label)
            if crs is not None
            else crs_of(connection, srid, postgis=postgis, file=label)
        )
    rows, sha256 = _in_order(columns, rows)
    table = _frame(columns, rows)
    if shape is not None:
        table = _placed(table, _shapes(rows, label), system, shape.name, label)
        if system is None and not unplaced:
            raise DataError(
                "{file} does not say its coordinate system (its SRID is 0); set crs = … in the "
                "study file once you know it",
                file=label,
            )
    return table, TableInput(label=label, rows=len(rows), sha256=sha256, is_filtered=is_filtered)


def _source(connection: Connection, address: Address) -> sql.Composable:
    """What stands after FROM. Raises `UnreadableError` for a table that is not there."""
    if address.query:
        # the user's own words, run read-only; the line's end closes a comment at their end
        return sql.SQL("(") + sql.SQL(address.query.strip().rstrip(";")) + sql.SQL("\n)")
    name = identifier(address.table)
    there = connection.execute("SELECT to_regclass(%s)", [name.as_string(connection)]).fetchone()
    if there == (None,):
        near = difflib.get_close_matches(address.table, known := _tables(connection), n=1)
        raise UnreadableError(
            "{place} has no table {table}, or none this user may see; {hint}",
            place=address.place,
            table=address.table,
            hint=phrase("{near}?", near=near[0])
            if near
            else phrase("it has {names}", names=", ".join(known[:NAMES_SHOWN]) or "–"),
        )
    return name


def _is_filtered(connection: Connection, source: sql.Composable) -> bool:
    """Whether row security hides rows of a table or query from this user.

    With row_security off the server refuses to plan what a policy would filter.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL row_security = off")
            connection.execute(sql.SQL("EXPLAIN SELECT 1 FROM {} AS s").format(source))
    except InsufficientPrivilege:
        return True
    return False


def _tables(connection: Connection) -> list[str]:
    """Tables and views with geometry that this user sees."""
    rows = connection.execute(
        "SELECT DISTINCT n.nspname || '.' || c.relname FROM pg_attribute a "
        "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_type t ON t.oid = a.atttypid "
        "WHERE t.typname IN ('geometry', 'geography') AND c.relkind IN ('r', 'v', 'm', 'f', 'p') "
        "ORDER BY 1"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _columns(
    connection: Connection, source: sql.Composable, postgis: str, label: str
) -> tuple[list[_Column], list[_Column]]:
    """The columns with values, and those with geometry."""
    # binary, so that the extended protocol is used: it takes one statement and never two
    cursor = connection.execute(
        sql.SQL("SELECT * FROM {} AS source LIMIT 0").format(source), binary=True
    )
    types = connection.execute(
        "SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
        "WHERE n.nspname = %s AND t.typname IN ('geometry', 'geography')",
        [postgis],
    ).fetchall()
    spatial = {int(row[0]) for row in types}
    found = [
        _Column(name=c.name, type_oid=c.type_code, at=k)
        for k, c in enumerate(cursor.description or ())
    ]
    names = [column.name for column in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CallError(
            "{file} gives two columns called {column}; give them different names (… AS …)",
            file=label,
            column=twice,
        )
    places = [column for column in found if column.type_oid in spatial]
    return [column for column in found if column.type_oid not in spatial], places


def _chosen(places: Sequence[_Column], layer: str | None, label: str) -> _Column | None:
    """The geometry column asked for, or the only one; None where there is none."""
    names = [column.name for column in places]
    if layer is not None and layer not in names:
        raise CallError(
            "{file} has no geometry column {layer}; it has {names}",
            file=label,
            layer=layer,
            names=", ".join(names) or "–",
        )
    if layer is None and len(places) > 1:
        raise CallError(
            "{file} has {count} geometry columns ({names}); say which with layer = …",
            file=label,
            count=len(places),
            names=", ".join(names),
        )
    return next((c for c in places if layer in (None, c.name)), None)


def _select(
    source: sql.Composable,
    columns: Sequence[_Column],
    places: Sequence[_Column],
    shape: _Column | None,
    postgis: str,
) -> sql.Composed:
    """The statement that gives a `Row` a row, geometry without curves."""
    parts: list[sql.Composable] = [sql.SQL("NULL::bytea"), sql.SQL("NULL::integer")]
    if shape is not None:
        gis = sql.Identifier(postgis)
        at = sql.SQL("{at}::{gis}.geometry").format(gis=gis, at=shape.alias)
        parts = [
            sql.SQL("{gis}.ST_AsBinary({gis}.ST_CurveToLine({at}))").format(gis=gis, at=at),
            sql.SQL("{gis}.ST_SRID({at})").format(gis=gis, at=at),
        ]
    parts += [
        c.alias if c.type_oid in AS_THEY_ARE else sql.SQL("{}::text").format(c.alias)
        for c in columns
    ]
    aliases = [c.alias for c in sorted([*columns, *places], key=lambda c: c.at)]
    return sql.SQL("SELECT {} FROM {} AS source({})").format(
        sql.SQL(", ").join(parts), source, sql.SQL(", ").join(aliases)
    )


def _rows(connection: Connection, statement: sql.Composed) -> list[Row]:
    """All rows, fetched in binary through a cursor that stays on the server."""
    rows: list[Row] = []
    with connection.cursor("phusong", binary=True) as cursor:
        cursor.execute(statement)
        while some := cursor.fetchmany(ROWS_AT_ONCE):
            rows += some
    return rows


def _in_order(columns: Sequence[_Column], rows: Sequence[Row]) -> tuple[list[Row], str]:
    """The rows by their first column (2 before 10, v2 before v10), then by the others.

    And the digest of their content, which is therefore the same in any order.
    """
    keys = []
    for k, row in enumerate(rows):
        first = str(row[2]) if len(row) > 2 else ""
        keys.append((len(first), first, repr(row[1:]), row[0] or b"", k))
    keys.sort()
    digest = hashlib.sha256(repr([column.name for column in columns]).encode())
    for _, _, values, wkb, _ in keys:
        digest.update(f"\n{len(wkb)} {values}".encode("utf-8", "surrogatepass"))
        digest.update(wkb)
    return [rows[key[-1]] for key in keys], digest.hexdigest()


def _frame(columns: Sequence[_Column], rows: Sequence[Row]) -> pd.DataFrame:
    """The columns with values, indexed by row from 1."""
    data = {c.name: [row[k] for row in rows] for k, c in enumerate(columns, 2)}
    for column in columns:
        if column.type_oid == NUMERIC:
            data[column.name] = [_number(value) for value in data[column.name]]
    return pd.DataFrame(data, index=pd.RangeIndex(1, len(rows) + 1, name="row"))


def _number(value: Decimal | None) -> float | int | None:
    """A numeric of the server's: whole where it is whole, so that codes stay codes."""
    if value is None:
        return None
    return int(value) if value.is_finite() and value == value.to_integral() else float(value)


def _shapes(rows: Sequence[Row], label: str) -> npt.NDArray[np.object_]:
    try:
        return np.asarray(shapely.from_wkb([row[0] for row in rows]), dtype=object)
    except shapely.errors.ShapelyError as error:
        raise UnreadableError(
            "{file} has geometry we do not read: {reason}; give points or polygons",
            file=label,
            reason=" ".join(str(error).split())[:200],
        ) from error


def _srid(rows: Sequence[Row], label: str) -> int:
    """The one SRID of all geometries, 0 where nothing has any."""
    found = sorted({int(row[1]) for row in rows if row[1] is not None})
    if len(found) > 1:
        raise DataError(
            "{file} mixes geometry of SRID {srids}; give all rows one system (ST_Transform in a "
            "query)",
            file=label,
            srids=", ".join(map(str, found)),
        )
    return found[0] if found else 0


def _system(crs: str, label: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise UnreadableError(
            "{file}: crs is {found}, which is no coordinate system; for Nghệ An write EPSG:9208",
            file=label,
            found=repr(crs),
        ) from error


def _placed(
    table: pd.DataFrame,
    shapes: npt.NDArray[np.object_],
    crs: pyproj.CRS | None,
    name: str,
    label: str,
) -> gpd.GeoDataFrame:
    """The table with its geometry, which must be there."""
    present = shapes[~shapely.is_missing(shapes)]
    if shapely.is_empty(present).all():
        raise DataError("{file} has no geometry; give a layer of points or polygons", file=label)
    free = "geometry" if "geometry" not in table else name
    places = gpd.GeoSeries(shapes, index=table.index, crs=crs)
    return gpd.GeoDataFrame(table.assign(**{free: places}), geometry=free)

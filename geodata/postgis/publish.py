"""Publishing a run into PostGIS: all of it in one transaction, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import errors, sql

from geodata.errors import CallError, UnreadableError
from geodata.postgis.address import address_of, is_address
from geodata.postgis.connect import Connection, connected, postgis_of
from geodata.postgis.rows import rows_of
from geodata.postgis.shape import MARK, POLYGONS, RUNS, TABLES, WITH_VIEWS, Table
from geodata.postgis.systems import srid_for
from geodata.study.results import Run

SCHEMA = "phusong"
LONGEST_NAME = 63
"""So many bytes of a name count for PostgreSQL."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What was published where. ``already`` says that it stood there, as the current run."""

    place: str
    schema: str
    run_id: str
    villages: int
    already: bool


def publish(run: Run, url: str, *, schema: str = SCHEMA) -> Publication:
    """Write a run into a schema of a database, as the current one of its study.

    Runs published before stay, under their ids; the views ``current_…`` show the latest.
    Readers see the old or the new, never a part, and where anything fails all stays as it
    was. Raises `CallError` for a schema that holds others' tables of our names or another
    coordinate system, and `UnreadableError` for what the server will not do.
    """
    if not is_address(url):
        raise CallError(
            "results are published to an address such as postgresql://user@host/database"
        )
    address = address_of(url)
    if address.table or address.query:
        raise CallError(
            "results go into a schema, not into a table or query; take it out of the address and "
            "name another schema with --schema"
        )
    if not schema or "\0" in schema or len(schema.encode()) > LONGEST_NAME:
        raise CallError("{schema} is not a name for a schema", schema=repr(schema[:80]))
    with connected(address, read_only=False) as connection:
        target = _Target(
            connection=connection,
            schema=schema,
            place=address.place,
            postgis=postgis_of(connection, address),
        )
        already = _write(run, target)
    return Publication(
        place=address.place,
        schema=schema,
        run_id=run.run_id,
        villages=len(run.study.villages),
        already=already,
    )


@dataclass(frozen=True, kw_only=True)
class _Target:
    """One schema, inside one transaction; ``postgis`` is the schema of PostGIS itself."""

    connection: Connection
    schema: str
    place: str
    postgis: str

    def at(self, name: str) -> sql.Identifier:
        """A table or view of the schema."""
        return sql.Identifier(self.schema, name)

    def quoted(self, name: str) -> str:
        """A name as a statement needs it, in double quotes: a dash or a space would end it."""
        return sql.Identifier(name).as_string(self.connection)

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        """The first row that a statement gives."""
        return self.connection.execute(statement.encode(), values or None).fetchone()


def _write(run: Run, target: _Target) -> bool:
    """Write a run, or move it to the front; True where it stood there already."""
    _wait_for_turn(target)
    srid = srid_for(target.connection, run.study.crs, postgis=target.postgis, place=target.place)
    _prepare(target, srid, run)
    held = target.connection.execute(
        sql.SQL(
            "SELECT run_id, publication, publication = max(publication) OVER (PARTITION BY study), "
            "study FROM {}"
        ).format(target.at(RUNS.name))
    ).fetchall()
    publication = 1 + max((number for _, number, _, _ in held), default=0)
    standing = next((row for row in held if row[0] == run.run_id), None)
    if standing is None:
        _insert(run, target, srid=srid, publication=publication)
    elif standing[2:] != (True, run.study.name):
        _to_the_front(run, target, publication)
    _comment(target)
    return standing is not None


def _wait_for_turn(target: _Target) -> None:
    """Have one publication at a time; the lock ends with the transaction."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    try:
        target.one(lock, f"phusong {target.schema}")
    except errors.LockNotAvailable as error:
        raise UnreadableError(
            "{file}: another publication is still going on; try again when it has ended",
            file=target.place,
        ) from error


def _insert(run: Run, target: _Target, *, srid: int, publication: int) -> None:
    rows = rows_of(run, srid=srid, publication=publication, now=datetime.now(UTC))
    for table in TABLES:
        names = sql.SQL(", ").join(sql.Identifier(c.name) for c in table.columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(target.at(table.name), names)
        with target.connection.cursor().copy(statement) as copy:
            for row in rows[table.name]:
                copy.write_row(row)


def _to_the_front(run: Run, target: _Target, publication: int) -> None:
    """A run that was published before becomes the current one again."""
    target.connection.execute(
        sql.SQL(
            "UPDATE {} SET publication = %s, published_at = %s, study = %s WHERE run_id = %s"
        ).format(target.at(RUNS.name)),
        [publication, datetime.now(UTC), run.study.name, run.run_id],
    )


def _prepare(target: _Target, srid: int, run: Run) -> None:
    """See that the schema, its tables and its views are there, and are ours."""
    _ensure_schema(target)
    there = _ours(target)
    missing = [table for table in TABLES if table.name not in there]
    if "villages" in there:
        _require_system(target, srid, run)
    if missing or any(table.current not in there for table in WITH_VIEWS):
        _require_right(target, "schema", target.schema)
    for table in missing:
        _create(target, table, srid)
    for table in WITH_VIEWS:
        if table.current not in there:
            _create_view(target, table)


def _ensure_schema(target: _Target) -> None:
    if target.one("SELECT 1 FROM pg_namespace WHERE nspname = %s", target.schema) is None:
        name = target.one("SELECT current_database()") or ("",)
        _require_right(target, "database", str(name[0]))
        target.connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(target.schema)))


def _require_right(target: _Target, kind: str, name: str) -> None:
    """Raise `UnreadableError` where this user may not create in a schema or database."""
    if target.one(f"SELECT has_{kind}_privilege(%s, 'CREATE')", name) == (True,):
        return
    user = target.one("SELECT current_user") or ("",)
    raise UnreadableError(
        "{place}: {user} may not create schema {schema}; ask the administrator for CREATE SCHEMA "
        "{schema} AUTHORIZATION {user}"
        if kind == "database"
        else "{place}: {user} may not create tables in schema {schema}; ask its owner for GRANT "
        "USAGE, CREATE ON SCHEMA {schema} TO {user}",
        place=target.place,
        user=target.quoted(str(user[0])),
        schema=target.quoted(target.schema),
    )


def _ours(target: _Target) -> frozenset[str]:
    """Our tables and views that are there. Raises `CallError` where others bear their names."""
    names = [*(t.name for t in TABLES), *(t.current for t in WITH_VIEWS)]
    rows = target.connection.execute(
        "SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class'), '') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relname = ANY(%s) ORDER BY 1",
        [target.schema, names],
    ).fetchall()
    strange = [str(name) for name, comment in rows if not str(comment).endswith(MARK)]
    if strange:
        raise CallError(
            "schema {schema} of {place} has {names}, made by somebody else or by another version; "
            "nothing in it is touched, so name another schema with --schema",
            schema=target.schema,
            place=target.place,
            names=", ".join(strange),
        )
    return frozenset(str(name) for name, _ in rows)


def _require_system(target: _Target, srid: int, run: Run) -> None:
    """One schema holds one coordinate system: a map layer cannot be of two."""
    found = target.connection.execute(
        sql.SQL(
            "SELECT {}.postgis_typmod_srid(atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attname = 'geom'"
        ).format(sql.Identifier(target.postgis)),
        [target.at("villages").as_string(target.connection)],
    ).fetchone()
    if found is not None and found[0] != srid:
        raise CallError(
            "schema {schema} of {place} holds results in SRID {found}, and this study is in "
            "{system} (SRID {srid}); name another schema with --schema",
            schema=target.schema,
            place=target.place,
            found=found[0],
            system=run.study.crs.to_string() if run.study.crs.to_epsg() else run.study.crs.name,
            srid=srid,
        )


def _create(target: _Target, table: Table, srid: int) -> None:
    """One table with its key, its index of places and its comments."""
    areas = sql.SQL("{}.geometry(MultiPolygon, {})").format(
        sql.Identifier(target.postgis), sql.Literal(srid)
    )
    parts: list[sql.Composable] = [
        sql.SQL("{} {}").format(
            sql.Identifier(c.name), areas if c.kind == POLYGONS else sql.SQL(c.kind)
        )
        for c in table.columns
    ]
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    parts.append(sql.SQL("PRIMARY KEY ({})").format(key))
    if table is not RUNS:
        parts.append(
            sql.SQL("FOREIGN KEY (run_id) REFERENCES {} ON DELETE CASCADE").format(
                target.at(RUNS.name)
            )
        )
    target.connection.execute(
        sql.SQL("CREATE TABLE {} ({})").format(target.at(table.name), sql.SQL(", ").join(parts))
    )
    if any(column.kind == POLYGONS for column in table.columns):
        target.connection.execute(
            sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(target.at(table.name))
        )
    _comment_columns(target, table.name, table)


def _create_view(target: _Target, table: Table) -> None:
    """The rows of the run that was published last, of each study."""
    names = sql.SQL(", ").join(
        sql.SQL("t.{}").format(sql.Identifier(c.name)) for c in table.columns
    )
    target.connection.execute(
        sql.SQL(
            "CREATE VIEW {view} AS SELECT {names} FROM {table} t JOIN {runs} r USING (run_id) "
            "WHERE r.publication = "
            "(SELECT max(x.publication) FROM {runs} x WHERE x.study = r.study)"
        ).format(
            view=target.at(table.current),
            names=names,
            table=target.at(table.name),
            runs=target.at(RUNS.name),
        )
    )
    _comment_columns(target, table.current, table)


def _comment_columns(target: _Target, name: str, table: Table) -> None:
    for column in table.columns:
        target.connection.execute(
            sql.SQL("COMMENT ON COLUMN {} IS {}").format(
                sql.Identifier(target.schema, name, column.name), sql.Literal(column.comment)
            )
        )


def _comment(target: _Target) -> None:
    """Say what each table and view holds, and that some is reconstructed where some is."""
    made = target.connection.execute(
        sql.SQL("SELECT coalesce(bool_or(data_kind = 'reconstruction'), false) FROM {}").format(
            target.at(RUNS.name)
        )
    ).fetchone() == (True,)
    told = [("TABLE", t.name, t.comment(made=made)) for t in TABLES]
    told += [("VIEW", t.current, t.comment(made=made, view=True)) for t in WITH_VIEWS]
    for kind, name, comment in told:
        standing = target.one(
            "SELECT obj_description(to_regclass(%s), 'pg_class')",
            target.at(name).as_string(target.connection),
        )
        if standing != (comment,):  # only the owner may, so nobody is asked to in vain
            target.connection.execute(
                sql.SQL("COMMENT ON {} {} IS {}").format(
                    sql.SQL(kind), target.at(name), sql.Literal(comment)
                )
            )

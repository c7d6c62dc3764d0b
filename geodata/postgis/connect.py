"""Connections to PostGIS, and what a server says in one sentence instead of a traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql

from geodata.errors import CallError, GeodataError, UnreadableError
from geodata.postgis.address import Address

Connection = psycopg.Connection[tuple[Any, ...]]

CONNECT_S = 10
STATEMENT_S = 120
"""How long one statement may take where neither the address nor the server says."""

LOCK_S = 30
"""How long a statement waits for what others have locked, a publication for another one."""

LONGEST_REASON = 200
DENIED = "42501"
LOST = ("08", "57P", "XX")
"""How the codes begin of errors after which the connection is gone."""


@contextmanager
def connected(address: Address, *, read_only: bool) -> Iterator[Connection]:
    """A connection with one transaction, committed where the block ends well.

    A transaction that only reads sees one moment of the database, and the server refuses to
    change anything in it. Raises `UnreadableError` with one sentence for all that the server
    or the network say; none has the password.
    """
    connection = _connection(address)
    try:
        connection.read_only = read_only
        if read_only:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with _refused(address, connection), connection.transaction():
            _limits(connection)
            yield connection
    finally:
        connection.close()


def _connection(address: Address) -> Connection:
    defaults: dict[str, str | int] = {"application_name": "phusong", "client_encoding": "UTF8"}
    if "PGCONNECT_TIMEOUT" not in os.environ:
        defaults["connect_timeout"] = CONNECT_S
    try:
        return psycopg.connect(**{**defaults, **address.options})  # type: ignore[arg-type]  # libpq's own names
    except (psycopg.Error, UnicodeError) as error:
        raise _unreachable(error, address) from error


def _unreachable(error: psycopg.Error | UnicodeError, address: Address) -> UnreadableError:
    """Why there is no connection: libpq gives no codes here, only its words."""
    told = str(error).removeprefix("connection failed: ").partition("\n\tIs the server")[0]
    place, reason = address.place, _short(told)
    pgconn = error.pgconn if isinstance(error, psycopg.Error) else None
    if pgconn is not None and pgconn.needs_password:
        return UnreadableError(
            "{place} asks for a password and none was found; keep it in ~/.pgpass or in "
            "PGPASSWORD, not in the study file",
            place=place,
        )
    if "password authentication failed" in reason:
        return UnreadableError(
            "{place} refuses the user or the password; check the user in the address and the "
            "password in ~/.pgpass or PGPASSWORD",
            place=place,
        )
    if 'database "' in reason and "does not exist" in reason:
        return UnreadableError(
            "{place}: the server has no database of this name; check the address", place=place
        )
    return UnreadableError(
        "{place} cannot be reached: {reason}; check the address, and that the server runs and "
        "lets this machine in",
        place=place,
        reason=reason,
    )


def _limits(connection: Connection) -> None:
    """A limit for statements that have none, and one for waiting."""
    found = connection.execute("SELECT current_setting('statement_timeout')").fetchone()
    if found == ("0",):
        connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_S}s'".encode())
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_S}s'".encode())


@contextmanager
def _refused(address: Address, connection: Connection) -> Iterator[None]:
    try:
        yield
    except GeodataError:
        raise
    except (psycopg.Error, UnicodeError) as error:
        raise _refusal(error, address, lost=connection.broken) from error


def _refusal(error: psycopg.Error | UnicodeError, address: Address, *, lost: bool) -> GeodataError:
    """What the server would not do, and what to do about it."""
    name = address.label if address.table or address.query else address.place
    state = error.sqlstate or "" if isinstance(error, psycopg.Error) else ""
    told = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    reason = _short(told or str(error))
    if lost or state.startswith(LOST):
        return UnreadableError(
            "{file}: the connection was lost: {reason}; nothing was changed, so try again",
            file=name,
            reason=reason,
        )
    if state == DENIED:
        return UnreadableError(
            "{file}: the server lets this user not do that: {reason}; ask the administrator of "
            "the database for the right (docs/postgis.md names those that are needed)",
            file=name,
            reason=reason,
        )
    return _unanswered(error, name, reason)


def _unanswered(error: psycopg.Error | UnicodeError, name: str, reason: str) -> GeodataError:
    """Why one statement gave nothing, on a connection that stands."""
    if isinstance(error, errors.QueryCanceled):
        return UnreadableError(
            "{file}: the server stopped after its time limit; ask for less, or set a longer "
            "statement_timeout in the address",
            file=name,
        )
    if isinstance(error, errors.LockNotAvailable):
        return UnreadableError(
            "{file} is locked by somebody else at work in the database, and {seconds} seconds did "
            "not end it; nothing was changed, so try again when they have finished",
            file=name,
            seconds=LOCK_S,
        )
    if isinstance(error, errors.CharacterNotInRepertoire):
        return UnreadableError(
            "{file} holds text that is not Unicode; add client_encoding=LATIN1 to the address, and "
            "it is read as files in TCVN3 and VNI are",
            file=name,
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return CallError(
            "{file}: the query would change the database ({reason}); a study only reads, so give "
            "one that selects",
            file=name,
            reason=reason,
        )
    return UnreadableError(
        "{file}: the server answers: {reason}; check the query, the table and its columns",
        file=name,
        reason=reason,
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:LONGEST_REASON]


def postgis_of(connection: Connection, address: Address) -> str:
    """The schema in which PostGIS is installed. Raises `UnreadableError` where it is not."""
    found = connection.execute(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
        "WHERE e.extname = 'postgis'"
    ).fetchone()
    if found is None:
        raise UnreadableError(
            "{place} has no PostGIS; ask its administrator for CREATE EXTENSION postgis, or "
            "check that this is the right database",
            place=address.place,
        )
    return str(found[0])


def identifier(name: str) -> sql.Identifier:
    """The table of a name as people write it: ``schema.table``, parts with dots in quotes.

    Upper and lower case count as written. Raises `CallError` for what is no name.
    """
    parts = _name_parts(name)
    if parts is None:
        raise CallError(
            "{table} is not a table's name; expected schema.table, with a part that holds a dot "
            'in double quotes ("Quy hoạch"."thôn.2023")',
            table=repr(name),
        )
    return sql.Identifier(*parts)


def _name_parts(name: str) -> list[str] | None:
    """Schema and table of a name, or the table alone; None where it is not one."""
    parts, quoted, part, closed = [], False, "", False
    at = 0
    while at < len(name):
        letter = name[at]
        if quoted and letter == '"' and name[at + 1 : at + 2] == '"':
            part, at = part + '"', at + 1
        elif letter == '"' and (quoted or not part):
            quoted, closed = not quoted, quoted
        elif letter == "." and not quoted:
            parts.append(part)
            part, closed = "", False
        elif closed:
            return None
        else:
            part += letter
        at += 1
    parts.append(part)
    sound = not quoted and len(parts) <= 2 and all(parts) and "\0" not in name
    return parts if sound else None

"""Addresses of tables and queries: ``postgresql://user@host/database?table=schema.name``.

What libpq understands of an address counts (services, several hosts, sslmode …); ``table``
and ``query`` are ours. A password in one is used and never shown: everything that names a
source does so by its `Address.label`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from geodata.errors import CallError

SCHEMES = ("postgresql://", "postgres://")
OURS = ("table", "query")
LONGEST_QUERY = 60
"""So much of a query names it in sentences."""

SECRET = re.compile(r"(?i)(password|passwd|pwd)\s*=\s*('[^']*'|\"[^\"]*\"|\S+)")

QUOTED = re.compile(r"""(["'])((?i:postgres(?:ql)?)://(?:\\.|(?!\1).)*)\1""")
"""An address in quotes, as TOML has it."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """A database, and one table or one query of it; both are empty for the database alone.

    ``options`` are libpq's parameters, the password too: it stays out of what is printed.
    """

    options: Mapping[str, str] = field(repr=False)
    table: str = ""
    query: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """Server and database as people know them: "gis.nghean.vn/gis"."""
        told = self.options
        if "service" in told and "host" not in told:
            return f"service {told['service']}"
        host = told.get("host") or told.get("hostaddr") or os.environ.get("PGHOST") or "localhost"
        port = told.get("port") or os.environ.get("PGPORT") or "5432"
        user = told.get("user") or os.environ.get("PGUSER") or ""
        name = told.get("dbname") or os.environ.get("PGDATABASE") or user
        return f"{host}/{name}" if port == "5432" else f"{host}:{port}/{name}"

    @property
    def label(self) -> str:
        """What a sentence calls it: the table, or how the query begins, and where it is."""
        return f"{self.table or shown_query(self.query)} ({self.place})"


def is_address(text: str) -> bool:
    """Whether a path of the study file is an address of a database."""
    return text.strip().casefold().startswith(SCHEMES)


def name_of(text: str) -> str:
    """What a sentence calls a source: the label of an address, any other path as it stands."""
    return address_of(text).label if is_address(text) else text


def with_source(url: str, *, table: str | None = None, query: str | None = None) -> str:
    """One address of a database's and what is read of it.

    >>> with_source("postgresql://gis/gis", table="quyhoach.thôn")
    'postgresql://gis/gis?table=quyhoach.th%C3%B4n'
    """
    told = {"table": table, "query": query}
    more = [f"{name}={quote(text, safe='.')}" for name, text in told.items() if text]
    if not more:
        return url
    _, options = _split(url)
    return url + ("&" if options is not None else "?") + "&".join(more)


def address_of(text: str) -> Address:
    """An address in its parts.

    Raises `CallError` for one that libpq does not understand, or whose password is cut in
    two by a sign that should be escaped. The sentence never repeats the address.
    """
    from psycopg import Error  # noqa: PLC0415  # most studies need no database
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415  # see above

    body, tail = _split(text.strip())
    asked = [part.partition("=") for part in (tail or "").split("&") if part]
    ours = {name: unquote(value) for name, _, value in asked if name in OURS}
    others = "&".join(f"{name}={value}" for name, _, value in asked if name not in OURS)
    try:
        found = conninfo_to_dict(f"{body}?{others}" if others else body)
    except (Error, UnicodeError):
        found = {"host": "@"}  # its words repeat the address, password and all
    options = {name: str(value) for name, value in found.items() if value is not None}
    if not _whole(options):
        raise CallError(
            "the address of the database is not one that PostgreSQL understands; expected "
            "postgresql://user@host:port/database, with the signs @ : / ? # % in a name or "
            "password written as %40 %3A %2F %3F %23 %25"
        )
    return Address(options=options, table=ours.get("table", ""), query=ours.get("query", ""))


def shown_query(query: str) -> str:
    """How a query begins, on one line, without what looks like a password."""
    flat = " ".join(SECRET.sub(r"\1=…", query).split())
    return flat if len(flat) <= LONGEST_QUERY else flat[:LONGEST_QUERY].rstrip() + "…"


def hidden(text: str) -> str:
    """A text without the passwords of the addresses in it, however their scheme is spelt.

    >>> hidden("postgresql://an:bí mật@gis/gis?password=x")
    'postgresql://an:…@gis/gis?password=…'
    """
    bare = re.sub(r"(?i)([a-z][a-z0-9+.:-]*://[^:@/?\s]*):.*@", r"\1:…@", text)
    return re.sub(r"(?i)([?&]\w*password=)[^&]*", r"\1…", bare)


def without_passwords(text: str) -> str:
    """A study file's text with its addresses as they were, their passwords taken out.

    An address that is not understood is taken out whole: what is a password in it, nobody knows.

    >>> without_passwords('path = "postgresql://an:bimat@gis/gis?table=thon"')
    'path = "postgresql://an@gis/gis?table=thon"'
    """
    return QUOTED.sub(lambda found: f"{found[1]}{_bare(found[2])}{found[1]}", text)


def _bare(url: str) -> str:
    try:
        address_of(url)
    except CallError:
        return SCHEMES[0] + "…"
    open_to_all = re.sub(r"(//[^:@/]*):[^@/]*@", r"\1@", url, count=1)
    return re.sub(r"(?i)([?&])\w*password=[^&]*&?", r"\1", open_to_all).rstrip("?&")


def _split(text: str) -> tuple[str, str | None]:
    """An address before its "?" and after it; libpq lets a "?" stand in a password."""
    scheme = text.index("://") + 3
    login = re.match(r"[^@/]*@", text[scheme:])
    at = text.find("?", scheme + (login.end() if login else 0))
    return (text, None) if at < 0 else (text[:at], text[at + 1 :])


def _whole(options: Mapping[str, str]) -> bool:
    """Whether no part of a password has strayed into the host, the port or the name."""
    strayed = any("@" in options.get(name, "") for name in ("host", "port", "dbname"))
    return not strayed and re.fullmatch(r"[\d,]*", options.get("port", "")) is not None

"""A database with PostGIS for tests: who may do what in it, and tables put into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg import sql

PASSWORD = "kh@u: /m?t#%&ẩu'"  # noqa: S105  # of a database that lives as long as the tests
"""As bad as they come: every sign of an address is in it."""


@dataclass(frozen=True, kw_only=True)
class Gis:
    """One database: ``admin`` is its superuser's address, ``planner`` a plain user's."""

    admin: str
    planner: str
    user: str
    name: str
    place: str
    plain: str = field(default="")
    """The planner's address without the password."""

    def execute(self, text: str, *values: Any, autocommit: bool = True) -> list[tuple[Any, ...]]:
        """What a statement of the superuser's gives."""
        with psycopg.connect(self.admin, autocommit=autocommit) as connection:
            cursor = connection.execute(text.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def schema(self) -> str:
        """A new schema that is the planner's."""
        name = f"s_{uuid4().hex[:8]}"
        self.execute(f"CREATE SCHEMA {name} AUTHORIZATION {self.user}")
        return name

    def load(self, table: pd.DataFrame, schema: str, name: str, *, srid: int | None = None) -> str:
        """Put a table into the database and return its name as a study file writes it."""
        columns = {str(c): _type(table, c) for c in table.columns}
        at = sql.Identifier(schema, name)
        told = sql.SQL(", ").join(
            sql.SQL("{} " + kind).format(sql.Identifier(c)) for c, kind in columns.items()
        )
        with psycopg.connect(self.planner) as connection:
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(at, told))
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            with connection.cursor().copy(
                sql.SQL("COPY {} ({}) FROM STDIN").format(at, names)
            ) as copy:
                for row in table.itertuples(index=False):
                    copy.write_row([_cell(v, table, srid) for v in row])
        return f'{schema}."{name}"'


def _type(table: pd.DataFrame, column: Any) -> str:
    if isinstance(table[column], gpd.GeoSeries):
        return "geometry"
    kinds: Mapping[str, str] = {"i": "bigint", "f": "double precision", "b": "boolean"}
    return kinds.get(getattr(table[column].dtype, "kind", "O"), "text")


def _cell(value: Any, table: pd.DataFrame, srid: int | None) -> Any:
    if isinstance(value, shapely.Geometry):
        number = table.crs.to_epsg() or 0 if srid is None else srid
        return shapely.to_wkb(shapely.set_srid(value, number), hex=True, include_srid=True)
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124  # NaN
        return None
    return value.item() if hasattr(value, "item") else value


def make(server: str) -> Gis:
    """A new database on a server, given by its superuser's address."""
    name, user = (f"phusong_{what}_{uuid4().hex[:8]}" for what in ("test", "planner"))
    with psycopg.connect(server, autocommit=True) as connection:
        told = connection.info
        secret = sql.Literal(PASSWORD)
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(user), secret)
        )
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        host = f"{told.host}:{told.port}"
        admin = f"postgresql://{told.user}:{quote(told.password, safe='')}@{host}/{name}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
    return Gis(
        admin=admin,
        planner=f"postgresql://{user}:{quote(PASSWORD, safe='')}@{host}/{name}",
        plain=f"postgresql://{user}@{host}/{name}",
        user=user,
        name=name,
        place=f"{host}/{name}",
    )


def drop(gis: Gis, server: str) -> None:
    """Take a database and its user away."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {gis.name} WITH (FORCE)".encode())
        connection.execute(f"DROP ROLE {gis.user}".encode())

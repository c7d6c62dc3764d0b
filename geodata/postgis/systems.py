"""SRIDs and coordinate systems: what a number means, and a number for a system."""

from __future__ import annotations

import warnings

import pyproj
from psycopg import sql
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup

from geodata.errors import DataError, UnreadableError
from geodata.postgis.connect import Connection

OWN_SRIDS = (910_000, 998_999)
"""Numbers PostGIS leaves to its users."""

TO_WGS84 = "EPSG:4326"


def crs_of(connection: Connection, srid: int, *, postgis: str, file: str) -> pyproj.CRS | None:
    """The system of an SRID, None for 0 (nobody said).

    EPSG's own definition counts where spatial_ref_sys names it; the texts beside it are of
    the day PostGIS was made. Raises `DataError` for a number that means nothing here.
    """
    if srid == 0:
        return None
    row = connection.execute(
        sql.SQL("SELECT auth_name, auth_srid, srtext, proj4text FROM {} WHERE srid = %s").format(
            sql.Identifier(postgis, "spatial_ref_sys")
        ),
        [srid],
    ).fetchone()
    name, number, *texts = row or ("EPSG", srid)
    for told in (f"{name}:{number}" if name and number else None, *texts):
        try:
            if told:
                return pyproj.CRS.from_user_input(told)
        except CRSError:
            continue
    raise DataError(
        "{file} has SRID {srid}, which neither its spatial_ref_sys nor EPSG knows; set crs = … "
        "in its entry of the study file",
        file=file,
        srid=srid,
    )


def srid_for(connection: Connection, crs: pyproj.CRS, *, postgis: str, place: str) -> int:
    """The SRID of a system, entered into spatial_ref_sys where it is not there.

    PostGIS 3.3 lacks EPSG:9208, the system of Nghệ An. Raises `UnreadableError` where
    it is not there and this user may not enter it.
    """
    found = _known(connection, crs, postgis)
    if found is not None:
        return found
    may = connection.execute(
        "SELECT has_table_privilege(%s, 'INSERT')", [f'"{postgis}".spatial_ref_sys']
    ).fetchone()
    if may != (True,):
        raise UnreadableError(
            "{place} does not know {system}, and this user may not enter it; ask its "
            "administrator to (docs/postgis.md has the statement)",
            place=place,
            system=crs.to_string() if crs.to_epsg() else crs.name,
        )
    return _entered(connection, crs, postgis)


def _known(connection: Connection, crs: pyproj.CRS, postgis: str) -> int | None:
    """An SRID that means this system, by EPSG's number or else by its text."""
    by_number = "SELECT min(srid) FROM {} WHERE auth_name = 'EPSG' AND auth_srid = %s"
    by_text = "SELECT min(srid) FROM {} WHERE srtext = %s"
    epsg, table = crs.to_epsg(), sql.Identifier(postgis, "spatial_ref_sys")
    row = connection.execute(
        sql.SQL(by_number if epsg else by_text).format(table), [epsg or wkt_of(crs)]
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _entered(connection: Connection, crs: pyproj.CRS, postgis: str) -> int:
    """Enter a system: under EPSG's number where that is free, else under one of our own."""
    table, epsg = sql.Identifier(postgis, "spatial_ref_sys"), crs.to_epsg()
    taken = connection.execute(
        sql.SQL("SELECT srid FROM {} WHERE srid = %s OR srid BETWEEN %s AND %s").format(table),
        [epsg or 0, *OWN_SRIDS],
    ).fetchall()
    used = {int(row[0]) for row in taken}
    free = next(n for n in range(*OWN_SRIDS) if n not in used)
    srid = epsg if epsg and epsg not in used else free
    connection.execute(
        sql.SQL(
            "INSERT INTO {} (srid, auth_name, auth_srid, srtext, proj4text) "
            "VALUES (%s, %s, %s, %s, %s)"
        ).format(table),
        [srid, "EPSG" if epsg else "phusong", epsg or srid, wkt_of(crs), proj_of(crs)],
    )
    return srid


def wkt_of(crs: pyproj.CRS) -> str:
    """A system as PostGIS keeps it (WKT 1), the way to WGS 84 in it where there is one."""
    text = crs.to_wkt("WKT1_GDAL")
    shift = to_wgs84(crs)
    if not shift or "TOWGS84" in text:
        return text
    head, spheroid, rest = text.partition("SPHEROID[")
    end = _closing(rest) + 1
    told = ",".join(f"{value:.12g}" for value in shift)
    return f"{head}{spheroid}{rest[:end]},TOWGS84[{told}]{rest[end:]}"


def _closing(text: str) -> int:
    """Where the bracket that stands open before ``text`` closes."""
    depth = 1
    for at, letter in enumerate(text):
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if depth == 0:
            return at
    return len(text) - 1


def proj_of(crs: pyproj.CRS) -> str:
    """A system as PROJ's string, the way to WGS 84 in it where there is one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that strings lose something is known
        text = crs.to_proj4().replace(" +type=crs", "")
    shift = to_wgs84(crs)
    if not shift or "+towgs84" in text:
        return text
    told = ",".join(f"{value:.12g}" for value in shift)
    return text.replace(" +units=", f" +towgs84={told} +units=", 1)


def to_wgs84(crs: pyproj.CRS) -> tuple[float, ...]:
    """The seven parameters to WGS 84, turned as TOWGS84 has them; none where there are none.

    EPSG gives those of VN-2000 in the other convention (coordinate frame), in which the
    rotations have the other sign.
    """
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return ()
    for transformer in TransformerGroup(geodetic, TO_WGS84, always_xy=True).transformers:
        for operation in transformer.operations or ():
            values = tuple(operation.towgs84)
            if not any(values):
                continue
            frame = "coordinate_frame" in operation.to_proj4()
            turned = tuple(-v if frame else v for v in values[3:6])
            return (*values[:3], *turned, *values[6:])
    return ()

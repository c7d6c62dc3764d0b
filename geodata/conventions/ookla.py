"""Ookla's open tiles of speed tests; a tile without a row was not measured, and is not "none"."""

from __future__ import annotations

import re
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.columns import numbers, text
from geodata.convention import Candidate, Convention
from geodata.days import day_of
from geodata.errors import DataError, phrase
from geodata.filing import Filing, Measurements
from geodata.findings import Finding, finding

WEB_MERCATOR = "EPSG:3857"
HALF_M = 20_037_508.342789244
"""Half the width of Web Mercator: π times the radius of 6,378,137 m."""

ZOOM = 16
VALUES = {"down_kbps": "avg_d_kbps", "up_kbps": "avg_u_kbps", "latency_ms": "avg_lat_ms",
          "tests": "tests", "devices": "devices"}  # fmt: skip


def recognises(candidate: Candidate) -> bool:
    """``quadkey`` and ``avg_d_kbps``."""
    return {"quadkey", "avg_d_kbps"} <= candidate.find("quadkey", "avg_d_kbps").keys()


def means(candidate: Candidate, filing: Filing) -> Measurements:
    """One row a tile of about 610 m at the equator; its shape comes from its quadkey."""
    candidate.need("quadkey")
    table, found = candidate.table, candidate.find("quadkey", *VALUES.values())
    out = {
        ours: numbers(table[found[theirs]], field=theirs, file=candidate.file)
        if theirs in found
        else np.nan
        for ours, theirs in VALUES.items()
    }
    keys = text(table[found["quadkey"]]).str.zfill(ZOOM)
    tiles = tile_of(keys, file=candidate.file)
    return Measurements(
        table=gpd.GeoDataFrame({"quadkey": keys, **out}, geometry=tiles, index=table.index),
        as_of=filing.as_of or _day(candidate.names),
        source=filing.source,
        findings=_fixed(candidate),
    )


def tile_of(quadkeys: pd.Series[str], *, file: str) -> gpd.GeoSeries:
    """The squares of quadkeys, in Web Mercator. Raises `DataError` for what is none.

    Each digit halves the square twice: 1 and 3 go east, 2 and 3 go south (Bing Maps tile
    system).
    """
    good = quadkeys.str.fullmatch(rf"[0-3]{{{ZOOM}}}").fillna(value=False).to_numpy(bool)
    if not good.all():
        raise DataError(
            "{file}: quadkey {found} is not one of {zoom} digits from 0 to 3",
            file=file,
            found=repr(quadkeys[~good].iloc[0]),
            zoom=ZOOM,
        )
    digits = np.array([list(key) for key in quadkeys], dtype="int64").reshape(-1, ZOOM)
    weights = 2 ** np.arange(ZOOM - 1, -1, -1)
    x, y = (digits & 1) @ weights, (digits >> 1) @ weights
    side = 2 * HALF_M / 2**ZOOM
    west, north = x * side - HALF_M, HALF_M - y * side
    squares = shapely.box(west, north - side, west + side, north)
    return gpd.GeoSeries(squares, index=quadkeys.index, crs=WEB_MERCATOR)


def _day(names: tuple[str, ...]) -> date | None:
    """The quarter's first day, as Ookla's file names begin with it."""
    for name in names:
        found = re.search(r"\b(\d{4}) (\d\d) (\d\d)\b", name)
        if found:
            return day_of("-".join(found.groups()))
    return None


def _fixed(candidate: Candidate) -> tuple[Finding, ...]:
    if not any("fixed" in name.split() for name in candidate.names):
        return ()
    note = finding(
        "fixed-network", "warning",
        "{file}: by its name these are tests of fixed lines, not of mobile networks",
        file=candidate.file,
    )  # fmt: skip
    return (note,)


CONVENTION = Convention(
    name="ookla",
    title=phrase("Ookla's tiles of speed tests"),
    kind="measurements",
    recognises=recognises,
    means=means,
)

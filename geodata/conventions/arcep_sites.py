"""Sites as ARCEP lists them: ``;`` between cells, Lambert-93 and degrees, ``site_2g`` … flags."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.transformers import to_system
from geodata.columns import columns_told, numbers, text, truths
from geodata.convention import Candidate, Convention
from geodata.errors import DataError, phrase
from geodata.filing import Filing, Rows
from geodata.findings import Finding, finding
from geodata.systems import WGS84

LAMBERT_93 = "EPSG:2154"
FLAGS = ("site_2g", "site_3g", "site_4g", "site_5g")
PLACES = ("latitude", "longitude", "x", "y", "x_lambert_93", "y_lambert_93")
APART_M = 100.0
"""Degrees and Lambert-93 of one site may differ by rounding, and not by more than this."""


def recognises(candidate: Candidate) -> bool:
    """At least two of the flags."""
    return len(candidate.find(*FLAGS)) >= 2


def means(candidate: Candidate, filing: Filing) -> Rows:
    """One row a site and technology that its flags tell."""
    del filing
    table = candidate.table
    found = candidate.find(*FLAGS, *PLACES, "operator", "nom_op", "operateur", "code_op", "date")
    points, notes = _points(candidate, found)
    parts, words = [], []
    for flag in (name for name in FLAGS if name in found):
        on = truths(table[found[flag]], field=flag, file=candidate.file).fillna(value=False)
        held = points[on.to_numpy(bool)]
        parts.append(held)
        words += [flag[-2:].upper()] * len(held)
    placed = gpd.GeoDataFrame(pd.concat(parts), crs=points.crs)
    if placed.empty:
        raise DataError(
            "{file} flags no technology at any site; expected 1 in site_2g … site_5g",
            file=candidate.file,
        )
    return Rows(
        table=placed.drop(columns="operator"),
        operator=placed["operator"] if _operator(found) else None,
        technology=pd.Series(words, index=placed.index, dtype="string"),
        evidence="modelled",
        points=True,
        findings=notes,
    )


def _operator(found: dict[str, str]) -> str | None:
    names = ("operator", "nom_op", "operateur", "code_op")
    return next((found[name] for name in names if name in found), None)


def _points(
    candidate: Candidate, found: dict[str, str]
) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...]]:
    """The sites by degrees where they are told, else by Lambert-93; a doubt where both differ."""
    table, file = candidate.table, candidate.file
    metres = [found.get("x_lambert_93", found.get("x")), found.get("y_lambert_93", found.get("y"))]
    degrees = [found.get("longitude"), found.get("latitude")]
    made = {}
    for crs, columns in ((WGS84, degrees), (LAMBERT_93, metres)):
        if all(columns):
            east, north = (numbers(table[c], field=str(c), file=file) for c in columns)
            made[crs] = gpd.GeoSeries.from_xy(east, north, index=table.index, crs=crs)
    if not made:
        raise DataError(
            "{file} has no geometry and no coordinate columns; expected lon and lat, or x and y "
            "(found {names})",
            file=file,
            names=columns_told(table.columns),
        )
    column = _operator(found)
    operator = (
        text(table[column]) if column else pd.Series(pd.NA, index=table.index, dtype="string")
    )
    points = gpd.GeoDataFrame({"operator": operator}, geometry=next(iter(made.values())))
    return points, _apart(made, file)


def _apart(made: dict[str, gpd.GeoSeries], file: str) -> tuple[Finding, ...]:
    if len(made) < 2:
        return ()
    away = to_system(made[WGS84], LAMBERT_93).distance(made[LAMBERT_93]).to_numpy()
    count = int((np.nan_to_num(away) > APART_M).sum())
    if not count:
        return ()
    note = finding(
        "places-differ", "warning",
        "{file}: at {count} sites degrees and Lambert-93 lie more than {apart} m apart; the "
        "degrees are taken",
        file=file, count=count, apart=f"{APART_M:g}",
    )  # fmt: skip
    return (note,)


CONVENTION = Convention(
    name="arcep_sites",
    title=phrase("sites as ARCEP lists them"),
    kind="sites",
    recognises=recognises,
    means=means,
)

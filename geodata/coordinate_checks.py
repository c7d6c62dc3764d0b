"""What is doubtful or wrong about where a file lies: findings, each with what to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geodata.advice import advice, kind_of, length
from geodata.columns import row_number
from geodata.datum import Evidence, Truth, datum_evidence
from geodata.diagnose import MOST_POINTS, ROOM_M, AsSaid, Extent, diagnose
from geodata.errors import GeodataError, Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.placing import NOTHING_SAID, Placement, centroids, place
from geodata.systems import heir_of, lost_datum, title_of

Floats = npt.NDArray[np.float64]

LOST: Mapping[str, str] = {
    "lost": "{file}: its system ({system}) has a VN-2000 projection without VN-2000's datum; if "
    "the file is VN-2000 it lies {off} off, so write {lines} in its entry",
    "zeroed": "{file}: its system ({system}) sets the datum shift of VN-2000 to zero (towgs84 = "
    "0); if the file is VN-2000 it lies {off} off, so write {lines} in its entry",
    "wrong": "{file}: its system ({system}) has a VN-2000 projection with another datum shift; "
    "if the file is VN-2000 it lies {off} off, so write {lines} in its entry",
}
"""What a definition lost → the sentence; the kind of finding is named after it."""

STRAY: Mapping[str, str] = {
    "swapped": "{file}: {count} of {all} places lie outside, and inside with their two "
    "coordinates swapped; correct those rows",
    "outside": "{file}: {count} of {all} places lie more than {room} outside; check those rows",
}
"""What is said of single rows that lie outside."""

ELSEWHERE = "{file}: {count} of {all} places lie outside; {advice}"
"""What is said of a file that lies elsewhere as a whole."""


def definition_findings(table: gpd.GeoDataFrame, *, file: str) -> tuple[Finding, ...]:
    """What the definition of a layer's system has lost, with the shift at the layer's place."""
    system = table.crs
    if system is None:
        return ()
    found = []
    x0, y0, x1, y1 = table.total_bounds
    loss = lost_datum(system, at=((x0 + x1) / 2, (y0 + y1) / 2))
    if loss is not None:
        found.append(
            finding(
                f"crs-{loss.loss}-datum",
                "warning",
                LOST[loss.loss],
                file=file,
                system=title_of(system),
                off=length(loss.off_m),
                lines=f'crs = "{loss.right.code}"',
            )
        )
    heir = heir_of(system)
    if heir != system:
        found.append(
            finding(
                "crs-deprecated",
                "warning",
                "{file}: its system, {system}, is withdrawn for its mistakes; where the numbers "
                "are those of {heir}, write {lines} in its entry",
                file=file,
                system=title_of(system),
                heir=title_of(heir),
                lines=f'crs = "{title_of(heir).partition(" ")[0]}"',
            )
        )
    return tuple(found)


def coordinate_findings(
    table: pd.DataFrame,
    *,
    file: str,
    study: pyproj.CRS,
    extent: Extent | None = None,
    truth: Truth | None = None,
    columns: Mapping[str, str] | None = None,
    said: AsSaid = NOTHING_SAID,
) -> tuple[Finding, ...]:
    """All that is doubtful or wrong about where the rows of one file lie.

    ``table`` is as `geodata.read.read` gives it (``unplaced=True``), ``study`` the study's
    system, ``extent`` where the study lies, ``truth`` what is known of where its rows should
    lie, ``said`` what the study file says of the file. Kinds: crs-missing, crs-lost-datum,
    crs-zeroed-datum, crs-wrong-datum, crs-needless-datum, crs-wrong-meridian, crs-wrong,
    crs-deprecated, crs-assumed, xy-swapped, latlon-swapped, xy-kilometres, xy-northing-first,
    angles-packed, outside-extent, coordinates-unreadable. ``places`` are in the study's system.
    """
    try:
        placed = place(table, study, file=file, columns=columns, said=said)
    except GeodataError as error:
        sentence = Phrase(error.template, error.parts)
        return (
            Finding(kind="coordinates-unreadable", severity="error", sentence=sentence, file=file),
        )
    found = [replace(one, file=file) for one in placed.findings]
    if placed.system is None:
        return (*found, _missing(placed, file, extent))
    found += definition_findings(placed.table, file=file)
    if extent is None:
        return tuple(found)
    lies = _lies(placed, study, extent)
    elsewhere = _elsewhere(placed, file, extent, lies)
    if elsewhere is not None:
        return (*found, elsewhere)
    found += _strays(placed, file, extent, lies)
    settled = any(f.kind.startswith("crs-") and f.severity == "warning" for f in found)
    if truth is not None and not settled:
        found += [_shifted(e, file, placed) for e in datum_evidence(placed, study, truth)]
    return tuple(found)


def elsewhere_findings(
    placed: Placement, extent: Extent | None, *, file: str
) -> tuple[Finding, ...]:
    """That a layer lies elsewhere as a whole, by the middles of its parts; mostly nothing.

    At most `MOST_POINTS` parts are looked at, spread evenly, so that a study opens as fast with
    large layers. The finding is of the whole file: parts are no rows.
    """
    if extent is None or placed.system is None:
        return ()
    parts = shapely.get_parts(placed.table.geometry.to_numpy())
    parts = parts[np.linspace(0, len(parts) - 1, min(len(parts), MOST_POINTS)).astype(int)]
    middles = gpd.GeoSeries(shapely.centroid(parts), crs=placed.system)
    some = replace(placed, table=gpd.GeoDataFrame(geometry=middles))
    told = _elsewhere(some, file, extent, _lies(some, extent.crs, extent))
    return () if told is None else (replace(told, rows=(), count=0),)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Lies:
    """Where the rows lie in the study's system, and which of them far outside."""

    points: Floats
    outside: npt.NDArray[np.bool_]

    def places(self, crs: pyproj.CRS) -> gpd.GeoSeries:
        at = self.points[self.outside][:ROWS_KEPT]
        return gpd.GeoSeries(shapely.points(at[np.isfinite(at).all(axis=1)]), crs=crs)


def _lies(placed: Placement, study: pyproj.CRS, extent: Extent) -> _Lies:
    points = centroids(placed.brought_to(study).geometry)
    written = np.isfinite(placed.written()).all(axis=1)
    finite = np.asarray(np.isfinite(points).all(axis=1), dtype=np.bool_)
    inside = np.zeros(len(points), dtype=np.bool_)
    inside[finite] = extent.is_near(points[finite])
    return _Lies(points=points, outside=written & ~inside)


def _missing(placed: Placement, file: str, extent: Extent | None) -> Finding:
    """A file that says no system, with the systems its places fit."""
    found = () if extent is None else diagnose(placed.written(), extent, said=placed.said)
    hint = advice(found[0]) if found else phrase("set crs = … in the study file once you know it")
    return finding(
        "crs-missing",
        "error",
        "{file} does not say its coordinate system (for a shapefile: the .prj is missing); "
        "{advice}",
        file=file,
        advice=hint,
    )


def _elsewhere(placed: Placement, file: str, extent: Extent, lies: _Lies) -> Finding | None:
    """The finding that a file as a whole lies elsewhere, where another reading brings it home."""
    outside = int(lies.outside.sum())
    if not outside or (outside == 1 and len(lies.outside) > 1):
        return None
    found = diagnose(placed.written(), extent, declared=placed.system, said=placed.said)
    best = next((p for p in found[:1] if p.lines and p.better), None)
    if best is None or placed.system is None:
        return None
    return Finding(
        kind=kind_of(best, placed.system),
        severity="error",
        sentence=phrase(
            ELSEWHERE,
            file=file,
            count=outside,
            all=len(lies.outside),
            advice=advice(best, declared=placed.system),
        ),
        file=file,
        rows=_rows(placed.table, lies.outside),
        count=outside,
        places=lies.places(extent.crs),
    )


def _strays(placed: Placement, file: str, extent: Extent, lies: _Lies) -> Iterator[Finding]:
    """Rows that lie outside by themselves: those that the other way round lie inside, the rest."""
    turned = _turned(placed, extent, lies)
    degrees = placed.system is not None and placed.system.is_geographic
    for kind, template, rows in (
        ("latlon-swapped" if degrees else "xy-swapped", STRAY["swapped"], turned),
        ("outside-extent", STRAY["outside"], lies.outside & ~turned),
    ):
        if not rows.any():
            continue
        told = finding(
            kind,
            "error",
            template,
            file=file,
            count=int(rows.sum()),
            all=len(rows),
            room=length(ROOM_M),
        )
        yield replace(
            told,
            rows=_rows(placed.table, rows),
            count=int(rows.sum()),
            places=_Lies(points=lies.points, outside=rows).places(extent.crs),
        )


def _turned(placed: Placement, extent: Extent, lies: _Lies) -> npt.NDArray[np.bool_]:
    """Which of the rows outside lie inside once their two coordinates are swapped."""
    out = np.zeros(len(lies.outside), dtype=np.bool_)
    at = np.flatnonzero(lies.outside)
    if not len(at) or placed.system is None:
        return out
    swap = not placed.said.swap_xy
    rows = placed.written()[at]
    from_file = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*rows.T), crs=placed.system)
    other = place(from_file, extent.crs, file="", said=replace(placed.said, crs=None, swap_xy=swap))
    out[at] = ~_lies(other, extent.crs, extent).outside
    return out


def _rows(table: pd.DataFrame, chosen: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(row_number(table.index, int(at)) for at in np.flatnonzero(chosen)[:ROWS_KEPT])


def _shifted(evidence: Evidence, file: str, placed: Placement) -> Finding:
    """A datum that the places themselves speak against, with the numbers."""
    system = "" if placed.system is None else title_of(placed.system)
    return finding(
        evidence.kind,
        "warning",
        "{file}: likely {off} off: read as {fits} instead of {system}, {better} of {all} {what} "
        "fit better and {worse} worse; if so, write {lines} in its entry",
        file=file,
        off=length(evidence.off_m),
        fits=title_of(evidence.system.crs),
        system=system,
        better=evidence.better,
        worse=evidence.worse,
        all=evidence.of,
        what=evidence.what,
        lines=f'crs = "{evidence.system.code}"',
    )

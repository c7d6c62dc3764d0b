"""A datum shift too small for an extent to show: found where rows name their units, or edges meet.

Data whose datum was taken for another lies 224.5 m off here. Nothing outside tells it, but
villages near a border then fall into the neighbour of the unit they name, always on the same
side, and edges that should meet those of a map run beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geodata.areas import mended
from geodata.columns import find_columns, plain, text
from geodata.diagnose import sign_test
from geodata.errors import Phrase, phrase
from geodata.placing import Placement
from geodata.systems import System, projection_of, systems
from geodata.units import Units

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

SURE = 0.001
"""The chance, were there no shift, below which a one-sided change of rows counts as evidence."""

TIMES = 3
"""Of the rows that change, so many times more must get better than worse."""

SHARE = 0.01
"""A polygon changes where the part of it outside its own unit changes by more than this."""

NEAR_M = 5.0
"""A corner of a layer meets an edge of the map this near to it."""

MOST_CORNERS = 4_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """What is known of where the rows of a file should lie.

    ``owners`` is, per row, the area of the unit that it names, or None (see `owners_of`);
    ``edges`` are areas of another file whose borders the file's polygons should share.
    """

    owners: Shapes | None = None
    edges: gpd.GeoSeries | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """That a file's numbers fit better on another datum.

    Of ``of`` rows or corners (``what``) ``better`` fit once read in ``system``, and did not
    before; with ``worse`` it is the other way round. ``off_m`` is the shift there (median).
    """

    kind: str
    system: System
    off_m: float
    better: int
    worse: int
    of: int
    what: Phrase


def owners_of(table: pd.DataFrame, units: Units, *, file: str = "") -> Shapes:
    """Per row of a table the area of the unit that it names by code or name, else None.

    A commune's code or, where one commune alone bears it, its name; a district's else.
    """
    out = np.full(len(table), None, dtype=object)
    levels = (("district", units.districts), ("commune", units.communes))
    found = find_columns(
        table.columns, ("commune_code", "commune", "district_code", "district"), file=file
    )
    for level, areas in levels:
        if areas is None:
            continue
        shapes = areas.geometry.to_numpy()
        known = {str(code): k for k, code in enumerate(areas.index)}
        names = areas["name"].map(_bare)
        alone = {n: k for k, n in enumerate(names) if (names == n).sum() == 1}
        for field, places in ((level, alone), (f"{level}_code", known)):
            if field not in found:
                continue
            told = text(table[found[field]]).fillna("")
            keys = told.map(_bare) if field == level else told
            for at, key in enumerate(keys):
                if key in places:
                    out[at] = shapes[places[key]]
    return out


KINDS = ("thanh pho ", "thi xa ", "thi tran ", "huyen ", "quan ", "phuong ", "xa ", "tt ")


def _bare(name: str) -> str:
    told = plain(name)
    return told.removeprefix(next((k for k in KINDS if told.startswith(k)), ""))


def datum_evidence(placed: Placement, study: pyproj.CRS, truth: Truth) -> Iterator[Evidence]:
    """What speaks for another datum than a file says, the strongest first; mostly nothing.

    The same numbers are read on VN-2000 and on WGS 84. A row speaks where it lies in its own
    unit with one reading alone; as many would have to turn worse as better if the difference
    meant nothing, so a sign test decides (p < 0.001, and three times as many better as worse).
    """
    system = placed.system
    if system is None:
        return
    for other in _on_other_datums(system):
        again = Placement(
            table=placed.table.set_crs(other.crs, allow_override=True),
            system=other.crs,
            said=placed.said,
        )
        now = placed.brought_to(study).geometry
        then = again.brought_to(study).geometry
        kind = "crs-lost-datum" if other.name.startswith("VN-2000") else "crs-needless-datum"
        for what, (better, worse, of) in _changes(now, then, truth):
            if better > TIMES * worse and sign_test(better, worse) < SURE:
                yield Evidence(
                    kind=kind,
                    system=other,
                    off_m=_apart(now, then),
                    better=better,
                    worse=worse,
                    of=of,
                    what=what,
                )
                return


def _on_other_datums(system: pyproj.CRS) -> Iterator[System]:
    """Systems with the same projection (or the same degrees) on another of the two datums."""
    told = projection_of(system)
    for other in systems():
        if not other.name.startswith(("VN-2000", "WGS 84")) or other.crs == system:
            continue
        if system.is_geographic:
            if other.family == "degrees":
                yield other
            continue
        params = projection_of(other.crs)
        if params.keys() == told.keys() and all(abs(params[k] - told[k]) < 1e-9 for k in told):
            yield other


def _apart(now: gpd.GeoSeries, then: gpd.GeoSeries) -> float:
    return float(np.nanmedian(shapely.distance(_middles(now), _middles(then))))


def _middles(geometry: gpd.GeoSeries) -> Shapes:
    return np.asarray(shapely.centroid(geometry.to_numpy()), dtype=object)


def _changes(
    now: gpd.GeoSeries, then: gpd.GeoSeries, truth: Truth
) -> Iterator[tuple[Phrase, tuple[int, int, int]]]:
    if truth.owners is not None:
        yield phrase("rows that name their unit"), _rows(now, then, truth.owners)
    if truth.edges is not None:
        yield phrase("corners near borders"), _corners(now, then, truth.edges)


def _rows(now: gpd.GeoSeries, then: gpd.GeoSeries, owners: Shapes) -> tuple[int, int, int]:
    """Rows that lie in their own unit with the one reading alone: better, worse, of how many."""
    known = ~shapely.is_missing(owners) & (now.notna() & ~now.is_empty).to_numpy()
    before = _outside(now.to_numpy()[known], owners[known])
    after = _outside(then.to_numpy()[known], owners[known])
    return (
        int((before - after > SHARE).sum()),
        int((after - before > SHARE).sum()),
        int(known.sum()),
    )


def _outside(shapes: Shapes, owners: Shapes) -> Floats:
    """The share of each polygon outside its unit; 1 or 0 for a point."""
    flat = shapely.get_dimensions(shapes) == 2
    out = (~shapely.intersects(owners, np.asarray(shapely.centroid(shapes), dtype=object))).astype(
        float
    )
    areas = mended(shapes[flat])
    inside = shapely.area(shapely.intersection(areas, mended(owners[flat])))
    out[flat] = 1 - inside / np.maximum(shapely.area(areas), 1e-9)
    return out


def _corners(now: gpd.GeoSeries, then: gpd.GeoSeries, edges: gpd.GeoSeries) -> tuple[int, int, int]:
    """Corners that meet a border with the one reading alone: better, worse, of how many."""
    borders = np.asarray(shapely.boundary(edges.dropna().to_numpy()), dtype=object)
    tree = shapely.STRtree(shapely.get_parts(borders))
    before, after = (_meets(_sampled(shapes), tree) for shapes in (now, then))
    return int((after & ~before).sum()), int((before & ~after).sum()), len(before)


def _sampled(shapes: gpd.GeoSeries) -> Shapes:
    """Corners of shapes, at most `MOST_CORNERS`, evenly out of all of them."""
    at = shapely.get_coordinates(shapes.to_numpy())
    step = max(1, len(at) // MOST_CORNERS)
    return np.asarray(shapely.points(at[::step]), dtype=object)


def _meets(corners: Shapes, tree: shapely.STRtree) -> npt.NDArray[np.bool_]:
    met = np.zeros(len(corners), dtype=np.bool_)
    met[tree.query(corners, predicate="dwithin", distance=NEAR_M)[0]] = True
    return met

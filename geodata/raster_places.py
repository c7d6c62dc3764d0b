"""Whether a raster lies where it should: tried as the places of a table are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.exceptions import ProjError

from geodata.advice import advice, kind_of
from geodata.coordinate_checks import ELSEWHERE, definition_findings, elsewhere_findings
from geodata.diagnose import MOST_POINTS, ROOM_M, Extent, Proposal
from geodata.findings import Finding, finding
from geodata.placing import NOTHING_SAID, Placement
from geodata.rasters import Mask, Raster, applied, corners_of, placed
from geodata.systems import System, moved, systems

Floats = npt.NDArray[np.float64]

WHOLE = 0.98
"""A raster that holds this share of the units' middles is not short of the province."""

GAIN = 0.05
"""So much more of them must lie in it before another system is proposed."""


def place_findings(
    raster: Raster, extent: Extent | None, *, shown: Mask | None = None
) -> tuple[Finding, ...]:
    """What is doubtful about where a raster lies: its system, its pixels, its outline.

    ``shown`` marks pixels of a sample (`geodata.rasters.sample`) that show where it lies: those
    that serve, or the strongest levels. Nothing is said where no system is known; reading raises
    then.
    """
    if raster.crs is None:
        return ()
    shown = np.zeros((1, 1), bool) if shown is None else shown
    table = gpd.GeoDataFrame(geometry=_places(raster, shown), crs=raster.crs)
    box = gpd.GeoDataFrame(geometry=[shapely.Polygon(corners_of(raster))], crs=raster.crs)
    found = definition_findings(box, file=raster.file)
    if found or extent is None:
        return found
    pixels = Placement(table=table, system=raster.crs, said=NOTHING_SAID)
    found = elsewhere_findings(pixels, extent, file=raster.file) if len(table) else ()
    return found or tuple(_short(raster, extent))


def _places(raster: Raster, shown: Mask) -> npt.NDArray[np.object_]:
    """Middles of at most `MOST_POINTS` of the pixels shown, in the raster's own system."""
    rows, columns = np.nonzero(shown)
    some = np.linspace(0, len(rows) - 1, min(len(rows), MOST_POINTS)).astype(int)
    height, width = shown.shape
    x = (columns[some] + 0.5) * raster.width / width
    y = (rows[some] + 0.5) * raster.height / height
    return np.asarray(shapely.points(*applied(raster.transform, x, y)), dtype=object)


def _short(raster: Raster, extent: Extent) -> Iterator[Finding]:
    """That the raster leaves units out which it would hold in another system of its kind."""
    areas = extent.areas[~(extent.areas.isna() | extent.areas.is_empty)]
    if len(areas) < 2:
        return  # a box around a country tells nothing
    middles = shapely.get_coordinates(shapely.point_on_surface(areas.to_numpy()))
    own = placed(raster)
    inside = _share(raster, middles, own, extent.crs)
    if inside >= WHOLE:
        return
    tried = [(_share(raster, middles, one.crs, extent.crs), one) for one in systems()]
    most = max((share for share, _ in tried), default=0.0)
    if most < WHOLE or most - inside < GAIN:
        return
    fitting = [one for share, one in tried if share == most]
    proposal = _proposal(raster, fitting, extent, inside=round(most * len(middles)))
    yield finding(
        kind_of(proposal, own), "error", ELSEWHERE,
        file=raster.file, count=round((1 - inside) * len(middles)), all=len(middles),
        advice=advice(proposal, declared=own),
    )  # fmt: skip


def _share(raster: Raster, points: Floats, system: pyproj.CRS, crs: pyproj.CRS) -> float:
    """The share of points in ``crs`` that lie in the raster, were its numbers of ``system``."""
    try:
        at = moved(points, crs, system)
    except ProjError:
        return 0.0
    columns, rows = applied(~raster.transform, at[:, 0], at[:, 1])
    inside = (columns >= 0) & (columns <= raster.width) & (rows >= 0) & (rows <= raster.height)
    return float(inside.mean())


def _proposal(
    raster: Raster, fitting: Sequence[System], extent: Extent, *, inside: int
) -> Proposal:
    """The nearest of the systems that fit, and the others beside it."""
    middle = corners_of(raster).mean(axis=0, keepdims=True)
    now = moved(middle, placed(raster), extent.crs)
    off = [float(np.hypot(*(moved(middle, s.crs, extent.crs) - now)[0])) for s in fitting]
    order = np.argsort(off, kind="stable").tolist()
    best = fitting[order[0]]
    return Proposal(
        system=best,
        swap_xy=False,
        xy_unit="m",
        lines=(f'crs = "{best.code}"',),
        inside=inside,
        places=int((~extent.areas.isna()).sum()),
        moved_m=off[order[0]],
        twins=tuple(fitting[k].code for k in order[1:]),
        sure=off[order[-1]] - off[order[0]] < ROOM_M,
    )

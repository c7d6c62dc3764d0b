"""Why data lies elsewhere, or says no system: every likely reading tried against the province."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import comb, erfc, sqrt
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from coverage.transformers import transformer
from geodata.systems import (
    WGS84,
    System,
    crs_of,
    meridian_of,
    moved,
    projection_of,
    same_kind,
    systems,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Unit = Literal["m", "km"]

MOST_POINTS = 500
"""So many places, evenly out of all, are tried: more tell nothing new about a system."""

ROOM_M = 1_000.0
"""A village may lie so far beyond the units' outline, which maps draw differently."""

COARSE_M = 100.0
"""Outlines are drawn this coarse: what is told by them is told in kilometres."""

FAR_M = 10_000.0
"""A place farther out counts as this far: one stray village speaks for no other system."""

TIE_M = 30.0
"""Two readings whose places lie this near to each other's distance from the outline tie."""

DEGREES = (WGS84, "EPSG:4756", "EPSG:4147", "EPSG:4131")
"""Systems of degrees, the likelier first."""

ENOUGH = 0.9
"""The share of places that must lie inside before a reading is proposed at all."""


@dataclass(frozen=True, kw_only=True)
class AsSaid:
    """What a study file says of a file's coordinates; None where it says nothing.

    ``swap_xy`` true: what stands first (or as X) is the northing or latitude.
    """

    crs: str | None = None
    swap_xy: bool | None = None
    xy_unit: Unit = "m"


@dataclass(frozen=True, kw_only=True, eq=False)
class Extent:
    """Where a study lies: the ``areas`` of its units, in the study's system.

    ``owners`` is, per place of the file that is diagnosed, the area of the unit which its row
    names, or None: with it, systems that lie some hundred metres apart can be told apart.
    """

    areas: gpd.GeoSeries
    owners: npt.NDArray[np.object_] | None = None

    @property
    def crs(self) -> pyproj.CRS:
        """The study's system."""
        crs: pyproj.CRS = self.areas.crs
        return crs

    @cached_property
    def area(self) -> shapely.Geometry:
        """The areas as one, drawn 50 m coarse; the box around them where they are no areas."""
        whole: shapely.Geometry = shapely.simplify(shapely.union_all(self._coarse), COARSE_M)
        return whole

    @cached_property
    def _coarse(self) -> npt.NDArray[np.object_]:
        known = self.areas.to_numpy()[~(self.areas.isna() | self.areas.is_empty).to_numpy()]
        if not len(known) or (shapely.get_dimensions(known) != 2).any():
            return np.array([shapely.box(*self.areas.total_bounds)], dtype=object)
        return np.asarray(shapely.make_valid(shapely.simplify(known, COARSE_M)), dtype=object)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._coarse)

    def is_near(self, points: Floats) -> npt.NDArray[np.bool_]:
        """Which points (n × 2, finite) lie in one of the areas or at most `ROOM_M` from it."""
        near = np.zeros(len(points), dtype=np.bool_)
        near[self._tree.query(shapely.points(points), "dwithin", distance=ROOM_M)[0]] = True
        return near


def boxed(bounds: Floats, crs: pyproj.CRS) -> Extent:
    """The extent of a box (x0, y0, x1, y1)."""
    return Extent(areas=gpd.GeoSeries([shapely.box(*bounds)], crs=crs))


@lru_cache(maxsize=64)
def area_of_use(crs: pyproj.CRS) -> Extent | None:
    """The extent that a system is made for, where nothing better is known of a study."""
    area = crs.area_of_use
    if area is None:
        return None
    way = transformer(crs_of(WGS84), crs)
    return boxed(np.array(way.transform_bounds(*area.bounds)), crs)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One way to read a file's coordinates, and what speaks for it.

    ``lines`` are what to write into the file's entry of the study file, word for word.
    ``inside`` of ``places`` lie in the extent so read; ``moved_m`` is how far (median) that
    takes them from where they are read now, NaN where they are nowhere. ``twins`` are the
    codes of other systems that the places do not tell from this one, and ``sure`` whether all
    of these put them within a kilometre of here; ``better`` is false where the places do not
    tell this reading from how they are read now.
    """

    system: System
    swap_xy: bool
    xy_unit: Unit
    lines: tuple[str, ...]
    inside: int
    places: int
    moved_m: float = np.nan
    twins: tuple[str, ...] = ()
    sure: bool = True
    better: bool = True

    @property
    def turned(self) -> bool:
        """Whether it takes the two numbers the other way round than they are read now."""
        return any(line.startswith("swap_xy") for line in self.lines)

    @property
    def scaled(self) -> bool:
        """Whether it takes another unit than they are read in now."""
        return any(line.startswith("xy_unit") for line in self.lines)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reading:
    """One reading tried: how far each place then lies outside, and where it lies."""

    system: System
    swap_xy: bool
    xy_unit: Unit
    away_m: Floats = field(repr=False)
    at: Floats = field(repr=False)

    @property
    def cost_m(self) -> float:
        return float(np.minimum(self.away_m, FAR_M).mean())

    @property
    def inside(self) -> int:
        return int((self.away_m <= ROOM_M).sum())


def diagnose(
    points: Floats,
    extent: Extent,
    *,
    declared: pyproj.CRS | None = None,
    said: AsSaid | None = None,
) -> tuple[Proposal, ...]:
    """The likely readings of a file's numbers, the best first; empty where none fits.

    ``points`` (n × 2) are the numbers as written, first and second; ``declared`` is the
    system they are read in now. Every system of `systems` is tried, both ways round and, for
    small numbers, as kilometres. A reading fits where nine tenths of the places lie inside the
    extent. Readings that the places cannot tell apart stand as ``twins`` of the likelier one:
    a sign test over the places that lie inside with the one alone decides (p < 0.001), or a
    mean distance from the outline that differs by over 30 m.
    """
    said = said or AsSaid()
    kept = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(kept) or not np.isfinite(shapely.bounds(extent.area)).all():
        return ()
    kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), MOST_POINTS)).astype(int)]
    owners = None if extent.owners is None else extent.owners[kept]
    sample = points[kept]
    readings = sorted(_readings(sample, extent, owners), key=lambda r: r.cost_m)
    if not any(r.inside >= ENOUGH * len(sample) for r in readings):
        readings = sorted(_turned_earths(sample, extent, owners), key=lambda r: r.cost_m)
    fitting = [r for r in readings if r.inside >= ENOUGH * len(sample)]
    now = _now(sample, declared, extent, said, owners)
    proposals: list[Proposal] = []
    while fitting:
        tied = [r for r in fitting if not _told_apart(fitting[0], r)]
        tied.sort(key=lambda r: _prior(r, extent, declared, said))
        proposals += _proposals(tied, now, declared, said)
        fitting = [r for r in fitting if all(r is not t for t in tied)]
    return tuple(proposals)


def _readings(
    points: Floats, extent: Extent, owners: npt.NDArray[np.object_] | None
) -> Iterator[_Reading]:
    largest = float(np.abs(points).max())
    units: tuple[Unit, ...] = ("m", "km") if 360 < largest < 30_000 else ("m",)
    for system in systems():
        for swap in (False, True):
            for unit in units:
                written = points[:, ::-1] if swap else points
                scaled = written * (1000.0 if unit == "km" else 1.0)
                if not _plausible(scaled, system):
                    continue
                at = moved(scaled, system.crs, extent.crs)
                if not _near(at, extent):
                    continue
                yield _Reading(
                    system=system,
                    swap_xy=swap,
                    xy_unit=unit,
                    away_m=_away(at, extent.area, owners),
                    at=at,
                )


def _turned_earths(
    points: Floats, extent: Extent, owners: npt.NDArray[np.object_] | None
) -> Iterator[_Reading]:
    """Degrees made of metres with the wrong meridian: right but for quarters of a degree.

    Two zones differ by nothing but where they begin, so such data lies the difference of the
    two meridians too far east or west, and a prime meridian set off by it puts that right.
    """
    degrees = next(s for s in systems() if s.code == WGS84)
    for swap in (False, True):
        written = points[:, ::-1] if swap else points
        if not _plausible(written, degrees):
            continue
        for quarters in (q for q in range(-26, 27) if q):
            aside = np.array([quarters / 4, 0.0])
            at = moved(written + aside, degrees.crs, extent.crs)
            if not _near(at, extent):
                continue
            code = f"+proj=longlat +datum=WGS84 +pm={quarters / 4:g} +no_defs"
            system = System(
                code=code, name=degrees.name, family="degrees", meridian_deg=quarters / 4
            )
            away = _away(at, extent.area, owners)
            yield _Reading(system=system, swap_xy=swap, xy_unit="m", away_m=away, at=at)


def _plausible(points: Floats, system: System) -> bool:
    """Whether numbers are of the size of a system's, so that it need not be tried in vain."""
    middle = np.median(points, axis=0)
    if system.family == "degrees":
        return bool((np.abs(middle) <= (360.0, 90.0)).all())
    if not (500_000 < middle[1] < 3_500_000):
        return False
    easting = 0.0 if system.family == "wgs84-web" else projection_of(system.crs)["False easting"]
    room = 13_000_000 if system.family == "wgs84-web" else 700_000
    return bool(abs(middle[0] - easting) < room)


def _near(at: Floats, extent: Extent) -> bool:
    """Whether enough places lie in the box around an extent for the reading to be proposed."""
    box = shapely.bounds(extent.area)
    inside = (at >= box[:2] - ROOM_M) & (at <= box[2:] + ROOM_M)
    return bool(inside.all(axis=1).mean() >= ENOUGH)


def _away(at: Floats, area: shapely.Geometry, owners: npt.NDArray[np.object_] | None) -> Floats:
    """How far each place lies outside: its own unit where its row names one, else the area."""
    away = np.full(len(at), np.inf)
    finite = np.flatnonzero(np.isfinite(at).all(axis=1))
    known = np.full(len(at), fill_value=False)
    if owners is not None:
        known = ~shapely.is_missing(owners)
        own = finite[known[finite]]
        away[own] = shapely.distance(_points(at[own]), owners[own])
    rest = finite[~known[finite]]
    shapely.prepare(area)
    inside = shapely.intersects_xy(area, at[rest])
    away[rest[inside]] = 0.0
    out = rest[~inside]
    away[out] = shapely.distance(_points(at[out]), area)
    return away


def _points(at: Floats) -> npt.NDArray[np.object_]:
    return np.asarray(shapely.points(at), dtype=object)


def _told_apart(best: _Reading, other: _Reading) -> bool:
    if other.cost_m - best.cost_m > TIE_M:
        return True
    better = int(((best.away_m == 0) & (other.away_m > 0)).sum())
    worse = int(((best.away_m > 0) & (other.away_m == 0)).sum())
    return sign_test(better, worse) < 0.001


def sign_test(better: int, worse: int) -> float:
    """Chance of so many ``better`` of all that changed, were both ways as likely (one-sided).

    >>> sign_test(10, 0)
    0.0009765625
    """
    changed = better + worse
    if changed > 1000:  # the normal tail serves, and whole numbers would grow without end
        return 0.5 * erfc((better - worse - 1) / sqrt(2 * changed))
    return float(sum(comb(changed, k) for k in range(better, changed + 1)) / 2**changed)


def _prior(
    reading: _Reading, extent: Extent, declared: pyproj.CRS | None, said: AsSaid
) -> tuple[float, ...]:
    """What to propose first of readings that fit alike.

    The study's own system, then what is likelier in the field; as written rather than swapped.
    """
    own = reading.system.crs == extent.crs
    as_declared = declared is not None and reading.system.crs == declared
    families = [s.family for s in systems()]
    order = ("vn2000-utm", "wgs84-utm", "vn2000-tm3")
    family = reading.system.family
    rank = order.index(family) if family in order else 3 + families.index(family)
    rank = -1 if declared is not None and same_kind(reading.system.crs, declared) else rank
    if family == "degrees":
        rank = DEGREES.index(reading.system.code) if reading.system.code in DEGREES else 9
    home = meridian_of(extent.crs if declared is None or rank >= 0 else declared)
    apart = abs(reading.system.meridian_deg - home) if family == "vn2000-tm3" else 0.0
    apart = abs(reading.system.meridian_deg) if rank == 9 else apart
    turned = float(reading.swap_xy != bool(said.swap_xy)) + (reading.xy_unit != said.xy_unit)
    return (turned, 0.0 if own else 1.0, 0.0 if as_declared else 1.0, rank, apart)


def _now(
    points: Floats,
    declared: pyproj.CRS | None,
    extent: Extent,
    said: AsSaid,
    owners: npt.NDArray[np.object_] | None,
) -> _Reading | None:
    """The places as the file is read now; None where it says no system."""
    if declared is None:
        return None
    turned = points[:, ::-1] if said.swap_xy else points
    at = moved(turned * (1000.0 if said.xy_unit == "km" else 1.0), declared, extent.crs)
    return _Reading(
        system=System(code="", name="", family="degrees", meridian_deg=np.nan),
        swap_xy=bool(said.swap_xy),
        xy_unit=said.xy_unit,
        away_m=_away(at, extent.area, owners),
        at=at,
    )


def _proposals(
    tied: Sequence[_Reading],
    now: _Reading | None,
    declared: pyproj.CRS | None,
    said: AsSaid,
) -> Iterator[Proposal]:
    codes = [reading.system.code for reading in tied]
    for reading in tied:
        apart = np.full(1, np.nan) if now is None else np.hypot(*(reading.at - now.at).T)
        finite = apart[np.isfinite(apart)]
        yield Proposal(
            system=reading.system,
            swap_xy=reading.swap_xy,
            xy_unit=reading.xy_unit,
            lines=_lines(reading, declared, said),
            inside=reading.inside,
            places=len(reading.away_m),
            moved_m=float(np.median(finite)) if len(finite) else np.nan,
            twins=tuple(dict.fromkeys(c for c in codes if c != reading.system.code)),
            sure=all(_apart_m(reading, other) < ROOM_M for other in tied),
            better=now is None or _told_apart(reading, now),
        )


def _apart_m(one: _Reading, other: _Reading) -> float:
    apart = np.hypot(*(one.at - other.at).T)
    return float(np.median(apart[np.isfinite(apart)])) if np.isfinite(apart).any() else np.inf


def _lines(reading: _Reading, declared: pyproj.CRS | None, said: AsSaid) -> tuple[str, ...]:
    """What to write into the study file so that the file is read this way, and no more."""
    lines = []
    if declared is None or reading.system.crs != declared:
        lines.append(f'crs = "{reading.system.code}"')
    if reading.swap_xy != bool(said.swap_xy):
        lines.append(f"swap_xy = {str(reading.swap_xy).lower()}")
    if reading.xy_unit != said.xy_unit:
        lines.append(f'xy_unit = "{reading.xy_unit}"')
    return tuple(lines)

"""The coordinate systems met in Vietnam, from PROJ's own list, and what a definition has lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import ProjError

from coverage.transformers import to_system, transformer
from geodata.columns import plain
from geodata.errors import DataError

Family = Literal["vn2000-tm3", "vn2000-utm", "wgs84-utm", "wgs84-web", "hanoi", "indian", "degrees"]
Floats = npt.NDArray[np.float64]

WGS84 = "EPSG:4326"
VN2000 = "EPSG:4756"
TM3_SCALE = 0.9999
SAME_SHIFT_M = 2.0
"""Definitions of VN-2000 that differ by less are the same: three or seven parameters, and the
two ways of counting rotations, lie within 0.7 m of each other."""

GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, kw_only=True)
class System:
    """One system that data of Vietnam comes in. ``meridian_deg`` is NaN for degrees."""

    code: str
    name: str
    family: Family
    meridian_deg: float

    @property
    def crs(self) -> pyproj.CRS:
        """The definition."""
        return crs_of(self.code)


@lru_cache(512)
def crs_of(code: str) -> pyproj.CRS:
    """The system of a code. For codes of this module; study files go through `study_crs`."""
    return pyproj.CRS.from_user_input(code)


@cache
def systems() -> tuple[System, ...]:
    """Every system that data of Vietnam comes in, the likelier families first.

    VN-2000 in its TM-3 and UTM zones, UTM on WGS 84, degrees, the web's Mercator, Hanoi 1972
    and Indian 1960: those of PROJ's EPSG list that are not deprecated.
    """
    kinds = [PJType.PROJECTED_CRS, PJType.GEOGRAPHIC_2D_CRS]
    listed = {
        int(info.code): info.name
        for info in query_crs_info(auth_name="EPSG", pj_types=kinds)
        if info.name.startswith(BEGINNINGS)
    }
    found = [_system(str(code), name) for code, name in sorted(listed.items())]
    order: tuple[Family, ...] = get_args(Family)
    known = [system for system in found if system is not None]
    return tuple(sorted(known, key=lambda system: order.index(system.family)))


def _system(code: str, name: str) -> System | None:
    family = _family(name)
    if family is None:
        return None
    meridian = projection_of(crs_of(f"EPSG:{code}")).get("Longitude of natural origin", np.nan)
    return System(code=f"EPSG:{code}", name=name, family=family, meridian_deg=float(meridian))


NAMES: tuple[tuple[str, Family], ...] = (
    (r"VN-2000 / TM-3 .*", "vn2000-tm3"),
    (r"VN-2000 / UTM .*", "vn2000-utm"),
    (r"WGS 84 / UTM zone 4[89]N", "wgs84-utm"),
    (r"WGS 84 / Pseudo-Mercator", "wgs84-web"),
    (r"Hanoi 1972 / .*", "hanoi"),
    (r"Indian 1960 / .*", "indian"),
    (r"WGS 84|VN-2000|Hanoi 1972|Indian 1960", "degrees"),
)
"""How EPSG names the systems met here, and the family each belongs to."""

BEGINNINGS = ("VN-2000", "WGS 84", "Hanoi 1972", "Indian 1960")
"""What all of these begin with: of some 7,000 names few are looked at more closely."""


def _family(name: str) -> Family | None:
    return next((family for told, family in NAMES if re.fullmatch(told, name)), None)


def base_of(crs: pyproj.CRS) -> pyproj.CRS:
    """A system without the ``towgs84`` that is bound to it."""
    return crs.source_crs if crs.is_bound and crs.source_crs is not None else crs


def projection_of(crs: pyproj.CRS) -> dict[str, Any]:
    """The parameters of a system's projection by name; empty for degrees."""
    base = base_of(crs)
    operation = base.coordinate_operation if base.is_projected else None
    return {} if operation is None else {p.name: p.value for p in operation.params}


def on_earth(crs: pyproj.CRS | None) -> bool:
    """Whether a system says where on Earth its numbers lie (MapInfo's NonEarth does not)."""
    base = base_of(crs) if crs is not None else None
    return base is not None and (base.is_projected or base.is_geographic)


def title_of(crs: pyproj.CRS) -> str:
    """A system as people write it: its code and name where it has them."""
    base = base_of(crs)
    authority = None if crs.is_bound else crs.to_authority(min_confidence=100)
    code = ":".join(authority) if authority else ""
    known = base.name if base.name not in ("unknown", "unnamed", "") else ""
    return f"{code} ({known})" if code and known else code or known or projected_title(crs)


def projected_title(crs: pyproj.CRS) -> str:
    """A nameless system by its projection: ``Transverse Mercator, 104°45′``."""
    told = projection_of(crs)
    operation = base_of(crs).coordinate_operation
    method = operation.method_name if operation is not None else base_of(crs).type_name
    meridian = told.get("Longitude of natural origin")
    return method if meridian is None else f"{method}, {meridian_text(float(meridian))}"


def meridian_text(degrees: float) -> str:
    """A meridian as maps print it.

    >>> meridian_text(104.75), meridian_text(105.0)
    ('104°45′', '105°')
    """
    whole, minutes = divmod(round(degrees * 60, 3), 60)
    return f"{whole:.0f}°{minutes:02.0f}′" if minutes else f"{whole:.0f}°"


def moved(points: Floats, source: pyproj.CRS, target: pyproj.CRS) -> Floats:
    """Points (n × 2, x east) of one system in another, by way of WGS 84.

    Between two datums PROJ knows no way other than through WGS 84, it moves nothing at all and
    says nothing: Hanoi 1972 to VN-2000 would be 224.5 m off. A datum that a file does not name
    counts as WGS 84.
    """
    if same_datum(source, target):
        return _transformed(points, source, target)
    return _transformed(_transformed(points, source, crs_of(WGS84)), crs_of(WGS84), target)


def same_datum(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two systems stand on one datum, so that no shift lies between them."""
    if one.is_bound or other.is_bound:
        return False
    return bool(one.geodetic_crs == other.geodetic_crs)


def _transformed(points: Floats, source: pyproj.CRS, target: pyproj.CRS) -> Floats:
    way = transformer(crs_of(source.to_wkt()), crs_of(target.to_wkt()))
    return np.column_stack(way.transform(points[:, 0], points[:, 1]))


Loss = Literal["lost", "zeroed", "wrong"]


@dataclass(frozen=True, kw_only=True)
class LostDatum:
    """A VN-2000 projection that is not on VN-2000's datum, and what that does.

    ``off_m`` is how far from its true place it puts data that is VN-2000; ``right`` is the
    system it should be.
    """

    loss: Loss
    right: System
    off_m: float


def lost_datum(crs: pyproj.CRS | None, *, at: tuple[float, float]) -> LostDatum | None:
    """What a system lost that has VN-2000's projection without its datum; None where nothing.

    ``at`` is a place (x, y in that system) for which the shift is computed. A projection is
    VN-2000's where the definition bears that name, or by the scale 0.9999 on one of its
    meridians, which nothing else here uses.
    """
    if crs is None or not on_earth(crs) or same_datum(crs, crs_of(VN2000)):
        return None
    right = _meant(crs)
    if right is None:
        return None
    place = np.array([at], dtype=np.float64)
    read = moved(place, crs, crs_of(WGS84))[0]
    true = moved(place, right.crs, crs_of(WGS84))[0]
    if not np.isfinite([read, true]).all():
        return None
    off_m = float(GEOD.inv(*read, *true)[2])
    if off_m < SAME_SHIFT_M:
        return None
    return LostDatum(loss=_loss(crs, off_m, true), right=right, off_m=off_m)


def _loss(crs: pyproj.CRS, off_m: float, place: Floats) -> Loss:
    """How the shift went missing: never there, written as zeros, or another one."""
    whole = float(GEOD.inv(*place, *moved(place[None], crs_of(VN2000), crs_of(WGS84))[0])[2])
    if abs(off_m - whole) > SAME_SHIFT_M:
        return "wrong"
    shift = crs.coordinate_operation.towgs84 if crs.is_bound and crs.coordinate_operation else []
    return "zeroed" if crs.is_bound and not any(shift) else "lost"


@lru_cache(64)
def _meant(crs: pyproj.CRS) -> System | None:
    """The VN-2000 system that a definition means, by its name or its projection."""
    base = base_of(crs)
    told = plain(f"{base.name} {base.geodetic_crs.name if base.geodetic_crs else ''}")
    named = "vn2000" in told.replace(" ", "")
    if base.is_geographic:
        return next(s for s in systems() if s.code == VN2000) if named else None
    projection = projection_of(crs)
    if not (named or projection.get("Scale factor at natural origin") == TM3_SCALE):
        return None
    return next((s for s in _vn2000() if _same_projection(projection, s.crs)), None)


def _vn2000() -> Iterable[System]:
    return (system for system in systems() if system.family in ("vn2000-tm3", "vn2000-utm"))


def _same_projection(projection: dict[str, Any], crs: pyproj.CRS) -> bool:
    other = projection_of(crs)
    return projection.keys() == other.keys() and bool(
        np.allclose([projection[k] for k in other], list(other.values()), rtol=0, atol=1e-9)
    )


def heir_of(crs: pyproj.CRS) -> pyproj.CRS:
    """The system that replaced a deprecated one; else itself.

    They need not give the same numbers: EPSG:6956 to 6959 have their false easting and
    northing exchanged, which 5896 to 5899 put right.
    """
    heirs = crs.get_non_deprecated() if crs.is_deprecated else []
    return heirs[0] if len(heirs) == 1 else crs


def meridian_of(crs: pyproj.CRS) -> float:
    """The central meridian of a projected system, NaN of another."""
    return float(projection_of(crs).get("Longitude of natural origin", np.nan))


def same_kind(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two projections differ by nothing but their meridian."""
    fits, told = projection_of(one), projection_of(other)
    rest = [k for k in fits if k != "Longitude of natural origin"]
    same = told.keys() == fits.keys() and all(abs(told[k] - fits[k]) < 1e-9 for k in rest)
    return bool(fits) and same


def brought(shapes: gpd.GeoSeries, crs: pyproj.CRS) -> gpd.GeoSeries:
    """Shapes in another system, by way of WGS 84 where the two stand on two datums.

    Raises `DataError` where no way leads from the one to the other, or shapes do not come through.
    """
    try:
        if same_datum(shapes.crs, crs):
            return to_system(shapes, crs)
        return to_system(to_system(shapes, WGS84), crs)
    except ProjError as error:
        raise DataError(
            "from the coordinate system {found} no way leads to {wanted}; set crs = … to the one "
            "the file is in",
            found=shapes.crs.name,
            wanted=crs.name,
        ) from error
    except shapely.errors.GEOSException as error:  # of rings with corners that are endless
        raise DataError(
            "shapes in {found} have corners that {wanted} cannot hold; they may be damaged, or "
            "their coordinate system is another",
            found=shapes.crs.name,
            wanted=crs.name,
        ) from error

"""5G rollout zones in figures: villages, people and area inside each, by district and phase."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

import coverage
from coverage.model import SHARE_TOLERANCE, Assessment, Layer, LayerInfo, Measures
from coverage.unplaced import measured_where_placed
from geodata.areas import mended
from geodata.study.model import Study
from geodata.study.places import Structure

HALF = 0.5
FIGURES = ("villages", "people", "area_km2", "villages_5g")


@dataclass(frozen=True, kw_only=True, eq=False)
class ZoneFigures:
    """The zones of a study in figures.

    ``zones`` has a row a zone and operator: ``zone``, ``operator``, ``phase``, ``status``,
    ``start``, ``source`` and the figures ``villages`` (their centre inside, or where none is
    known at least half their area), ``people`` (missing where any village's are),
    ``area_km2`` and ``villages_5g`` (of these, served by a 5G layer). ``by_phase`` and
    ``by_district`` (a row a zone and district) count what operators share only once.
    """

    zones: pd.DataFrame
    by_phase: pd.DataFrame
    by_district: pd.DataFrame


def zone_figures(study: Study, assessment: Assessment, structure: Structure) -> ZoneFigures | None:
    """Figures of all zones, grouped by the districts (or communes) of a structure.

    None where the study has no zones.
    """
    zones = study.zones_5g
    if zones is None or zones.empty:
        return None
    zones = zones.reset_index(drop=True)
    level = structure.levels[0]
    inside = _Inside(study, assessment, zones)
    rows = [
        {**_told(zones, [k]), "operator": zones["operator"].iloc[k], **inside.figures([k])}
        for k in range(len(zones))
    ]
    phases = [
        {"phase": phase, "zones": ", ".join(_names(zones, at)), **inside.figures(at)}
        for phase, at in _groups(zones, "phase")
    ]
    districts = [
        {"zone": zone, "unit": name, "code": code, **inside.figures(at, within=(keep, shape))}
        for zone, at in _groups(zones, "zone")
        for code, name, keep, shape in _units(structure, level)
        if inside.touches(at, keep, shape)
    ]
    return ZoneFigures(
        zones=pd.DataFrame(rows),
        by_phase=pd.DataFrame(phases),
        by_district=pd.DataFrame(districts, columns=["zone", "unit", "code", *FIGURES]),
    )


class _Inside:
    """Which villages each zone holds, measured once."""

    def __init__(self, study: Study, assessment: Assessment, zones: gpd.GeoDataFrame) -> None:
        self.villages = study.villages
        self.shapes = [_area(zones, [k]) for k in range(len(zones))]
        layers = [
            Layer(
                info=LayerInfo(operator=f"zone {k}", technology="5G"),
                footprint=gpd.GeoSeries([zones.geometry.iloc[k]], crs=zones.crs),
            )
            for k in range(len(zones))
        ]
        measured = measured_where_placed(
            study.villages, lambda some: coverage.measure(some, layers)
        )
        self.holds = np.column_stack([_held(measured, k) for k in range(len(zones))])
        titles = [layer.title for layer in assessment.measures.layers if layer.technology == "5G"]
        found = [title for title in dict.fromkeys(titles) if title in assessment.served_by]
        served = assessment.served_by[found].any(axis=1)
        self.has_5g = served.reindex(study.villages.index).to_numpy(bool)

    def figures(
        self,
        at: Sequence[int],
        *,
        within: tuple[npt.NDArray[np.bool_], BaseGeometry | None] | None = None,
    ) -> dict[str, object]:
        """Villages, people, area and villages with 5G of the union of some zones."""
        keep = self.holds[:, list(at)].any(axis=1)
        area: BaseGeometry | None = shapely.union_all([self.shapes[k] for k in at])
        if within is not None:
            keep = keep & within[0]
            area = shapely.intersection(area, within[1]) if within[1] is not None else None
        people = self.villages["population"][keep]
        return {
            "villages": int(keep.sum()),
            "people": None if people.isna().any() else round(float(people.sum())),
            "area_km2": None if area is None else float(shapely.area(area)) / 1e6,
            "villages_5g": int((keep & self.has_5g).sum()),
        }

    def touches(
        self, at: Sequence[int], keep: npt.NDArray[np.bool_], shape: BaseGeometry | None
    ) -> bool:
        """Whether some zones hold a village, or a part, of a unit."""
        if (self.holds[:, list(at)].any(axis=1) & keep).any():
            return True
        if shape is None:
            return False
        common = [shapely.area(shapely.intersection(self.shapes[k], shape)) for k in at]
        return bool(max(common) > 1.0)


def _held(measured: Measures, k: int) -> npt.NDArray[np.bool_]:
    """Whether zone ``k`` holds each village's centre; its half where no centre is known."""
    centre = (measured.centre >> np.uint64(k)) & np.uint64(1)
    info = replace(coverage.RULES["vn-village"], operators=(f"zone {k}",), technologies=("5G",))
    share = coverage.judge(measured, info).operator_shares.iloc[:, 0].to_numpy(float)
    held: npt.NDArray[np.bool_] = np.where(
        measured.has_centre, centre.astype(bool), share >= HALF - SHARE_TOLERANCE
    )
    return held


def _area(zones: gpd.GeoDataFrame, at: Sequence[int]) -> BaseGeometry:
    return shapely.union_all(mended(zones.geometry.iloc[list(at)].to_numpy()))


def _groups(zones: gpd.GeoDataFrame, column: str) -> list[tuple[str, list[int]]]:
    """Each value of a column with its rows, in the order they first come; "" for none."""
    values = zones[column].fillna("").astype(str)
    return [
        (value, np.flatnonzero((values == value).to_numpy()).tolist())
        for value in dict.fromkeys(values)
    ]


def _names(zones: gpd.GeoDataFrame, at: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(zones["zone"].iloc[list(at)].fillna("").astype(str)))


def _told(zones: gpd.GeoDataFrame, at: Sequence[int]) -> dict[Hashable, Any]:
    row = zones.iloc[at[0]]
    return {name: row[name] for name in ("zone", "phase", "status", "start", "source")}


def _units(
    structure: Structure, level: Any
) -> list[tuple[str, str, npt.NDArray[np.bool_], BaseGeometry | None]]:
    boundaries = structure.boundaries[level]
    return [
        (
            code,
            name,
            structure.inside(level, code).to_numpy(bool),
            boundaries.get(code),
        )
        for code, name in structure.units(level).items()
    ]

"""The 5G rollout zones of the reconstruction: one observed fact, the rest simulated."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

from coverage.model import Layer
from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.write import AS_OF, SOURCE

VINH, CUA_LO, NGHI_LOC = "412", "413", "429"
DONG_NAM_COMMUNES = 6
"""So many communes of Nghi Lộc, those nearest to Cửa Lò, stand for the economic zone."""

FACT = (
    f"{SOURCE}. Sự kiện: 5G bắt đầu ở Vinh ngày 30/8/2023 (hội nghị của tỉnh 21/9/2023); ranh giới "
    "là mô phỏng / Fact: 5G was starting in Vinh on 30 August 2023; the outline is simulated"
)
LATER = (
    f"{SOURCE}. Giai đoạn, ranh giới và nhà mạng là mô phỏng / Phase, outline and operators are "
    "simulated"
)


def zones_5g(
    layers: Sequence[Layer], units: dict[str, gpd.GeoDataFrame], villages: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Vinh live, then Cửa Lò, then the Đông Nam economic zone, for each 5G operator.

    Vinh's zones are where the 5G layers serve. The day of Vinh's start is the study's, on
    which 5G was starting; later days were not published and stay missing.
    """
    live = [layer for layer in layers if layer.info.technology == "5G"]
    rows = []
    for layer in live:
        operator = layer.info.operator
        served = shapely.union_all(layer.footprint.to_numpy())
        rows.append(_zone("Vinh", operator, "1", "live", AS_OF, FACT, served))
    later = (
        ("Cửa Lò", "2", "building", _district(villages, CUA_LO)),
        ("Khu kinh tế Đông Nam", "3", "planned", _near_cua_lo(units, villages)),
    )
    for name, phase, status, area in later:
        if area is not None and not area.is_empty:
            rows += [
                _zone(name, layer.info.operator, phase, status, None, LATER, area) for layer in live
            ]
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)


def _zone(
    name: str,
    operator: str,
    phase: str,
    status: str,
    start: str | None,
    source: str,
    area: BaseGeometry,
) -> dict[str, object]:
    return {
        "zone": name,
        "operator": operator,
        "phase": phase,
        "status": status,
        "start": start,
        "source": source,
        "geometry": area,
    }


def _district(villages: gpd.GeoDataFrame, code: str) -> BaseGeometry | None:
    inside = villages.geometry[villages["district_code"] == code]
    return None if inside.empty else shapely.union_all(inside.to_numpy())


def _near_cua_lo(
    units: dict[str, gpd.GeoDataFrame], villages: gpd.GeoDataFrame
) -> BaseGeometry | None:
    """The communes of Nghi Lộc nearest to Cửa Lò."""
    town = _district(villages, CUA_LO)
    communes = units.get("communes_2023")
    if town is None or communes is None or "district_code" not in communes:
        return None
    around = communes[communes["district_code"] == NGHI_LOC].geometry
    nearest = around.centroid.distance(town.centroid).nsmallest(DONG_NAM_COMMUNES).index
    return shapely.union_all(around.loc[nearest].to_numpy()) if len(nearest) else None

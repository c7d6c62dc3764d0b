"""A study a hand can check: nine square villages of 1 km², two operators, two districts.

Villages v1 … v9 lie in a 3 × 3 grid, row by row from the south-west corner. Alpha 4G covers
the western 1.5 km: v1 v4 v7 wholly, v2 v5 v8 by half. Beta 3G covers the southern 0.3 km of
v3 and a tenth of v6 that misses its centre. v9 has nothing at all.
"""

from __future__ import annotations

from datetime import date

import geopandas as gpd
from shapely import box

from coverage.model import Layer, LayerInfo

CRS = "EPSG:9208"
X0, Y0 = 598_000.0, 2_065_000.0


def villages() -> gpd.GeoDataFrame:
    """Nine squares of 1 km with a hall in the middle of each."""
    rows = []
    for k in range(9):
        i, j = k % 3, k // 3
        x, y = X0 + 1000 * i, Y0 + 1000 * j
        rows.append(
            {
                "village_id": f"v{k + 1}",
                "village": f"Xóm {k + 1}",
                "commune_code": f"1{j}",
                "commune": f"Xã {j}",
                "district_code": "412" if j < 2 else "417",
                "district": "Thành phố Vinh" if j < 2 else "Huyện Kỳ Sơn",
                "population": 100 * (k + 1),
                "households": 25 * (k + 1),
                "electrified": k != 8,
                "fund_eligible": k >= 6,
                "geometry": box(x, y, x + 1000, y + 1000),
            }
        )
    table = gpd.GeoDataFrame(rows, crs=CRS).set_index("village_id")
    table["centre"] = table.geometry.centroid
    return table


def layers() -> tuple[Layer, ...]:
    """Alpha 4G and Beta 3G, as the module says."""
    alpha = gpd.GeoSeries([box(X0 - 500, Y0 - 500, X0 + 1500, Y0 + 3500)], crs=CRS)
    beta = gpd.GeoSeries(
        [
            box(X0 + 2000, Y0, X0 + 3000, Y0 + 300),
            box(X0 + 2000, Y0 + 1000, X0 + 3000, Y0 + 1100),
        ],
        crs=CRS,
    )
    day = date(2023, 8, 30)
    return (
        Layer(info=LayerInfo(operator="Alpha", technology="4G", as_of=day), footprint=alpha),
        Layer(info=LayerInfo(operator="Beta", technology="3G", as_of=day), footprint=beta),
    )

"""Villages split into compact parts, to be measured one after another or in many places."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from coverage.errors import CoverageError
from coverage.rings import Ints


def split(villages: gpd.GeoDataFrame, parts: int) -> list[Ints]:
    """Row numbers of ``parts`` spatially compact parts, each ascending, every row in one.

    In the order of a Hilbert curve over the middles of the villages' boxes, cut where about as
    many vertices are on either side; the same for the same villages, whatever their order up to
    rows in one place. Never more parts than villages, and none empty. Raises `CoverageError` for
    fewer than one part and for no villages.
    """
    if parts < 1 or len(villages) == 0:
        raise CoverageError(
            "{villages} villages cannot be split into {parts} parts; give at least one of each",
            villages=len(villages),
            parts=parts,
        )
    parts = min(parts, len(villages))
    shapes = villages.geometry.to_numpy()
    order = np.argsort(villages.geometry.hilbert_distance().to_numpy(), kind="stable")
    before = np.cumsum(shapely.get_num_coordinates(shapes)[order] + 1)
    cuts = np.searchsorted(before, before[-1] * np.arange(1, parts) / parts, side="left") + 1
    # each part has at least one village
    least = np.arange(1, parts)
    cuts = np.maximum.accumulate(np.maximum(cuts, least) - least) + least
    cuts = np.minimum(cuts, len(villages) - parts + least)
    return [np.sort(rows).astype(np.int64) for rows in np.split(order, cuts)]

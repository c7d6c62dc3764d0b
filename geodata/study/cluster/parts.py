"""Villages in compact parts, each with what it is measured with."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from coverage.apart import Packed, PackedLayer, Task
from coverage.area import require_projected, require_villages
from coverage.errors import CoverageError
from coverage.measure import cells_for
from coverage.model import Layer
from coverage.split import split
from geodata.study.cluster.near import Polygons, box_of

PARTS_A_THREAD = 6
"""Parts for every thread of the cluster: few enough to cost little, many enough to even out."""

VILLAGES_A_PART = 2_000
"""A part has no more villages than this."""


def parts_for(villages: int, threads: int) -> int:
    """Into how many parts so many villages are split for a cluster of so many threads."""
    wanted = max(PARTS_A_THREAD * threads, -(-villages // VILLAGES_A_PART))
    return max(1, min(villages, wanted))


class Tasks:
    """The parts of a study, made one by one: only those under way take memory twice."""

    def __init__(self, villages: gpd.GeoDataFrame, layers: Sequence[Layer], *, parts: int) -> None:
        extents = [layer.extent for layer in layers if layer.extent is not None]
        require_projected(villages.geometry, *(layer.footprint for layer in layers), *extents)
        require_villages(villages.geometry)
        if not villages.index.is_unique:
            twice = villages.index[villages.index.duplicated()][0]
            raise CoverageError(
                "village id {village} occurs twice; ids must be unique", village=twice
            )
        self.villages, self.layers = villages, layers
        self.rows = split(villages, min(parts, len(villages)))
        self._cells = cells_for(villages, layers)
        self._near = [
            (Polygons(one.footprint), None if one.extent is None else Polygons(one.extent))
            for one in layers
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def task(self, part: int) -> Task:
        """What is sent out for a part."""
        villages = self.villages.iloc[self.rows[part]]
        box = box_of(villages)
        bare = np.full(len(villages), None, dtype=object)
        return Task(
            crs=self.villages.crs.to_wkt(),
            ids=villages.index.to_numpy(),
            villages=Packed.of(villages.geometry.to_numpy()),
            centres=Packed.of(villages["centre"].to_numpy() if "centre" in villages else bare),
            layers=tuple(
                PackedLayer(
                    info=layer.info,
                    footprint=Packed.of(footprint.near(box)),
                    extent=None if extent is None else Packed.of(extent.near(box)),
                )
                for layer, (footprint, extent) in zip(self.layers, self._near, strict=True)
            ),
            cells=self._cells,
        )

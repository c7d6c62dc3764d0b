"""Villages in compact parts, each with what it is measured with, and the parts together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.area import require_projected, require_villages
from coverage.errors import CoverageError
from coverage.measure import cells_for
from coverage.model import Layer, Measures
from geodata.study.cluster.near import Polygons, box_of
from geodata.study.cluster.work import Packed, PackedLayer, Task

PARTS_A_THREAD = 6
"""Parts for every thread of the cluster: few enough to cost little, many enough to even out."""

VILLAGES_A_PART = 2_000
"""A part has no more villages than this."""

Rows = npt.NDArray[np.int64]
T = TypeVar("T", bound=np.generic)


def parts_for(villages: int, threads: int) -> int:
    """Into how many parts so many villages are split for a cluster of so many threads."""
    wanted = max(PARTS_A_THREAD * threads, -(-villages // VILLAGES_A_PART))
    return max(1, min(villages, wanted))


def split(villages: gpd.GeoDataFrame, parts: int) -> list[Rows]:
    """The rows of the villages in so many compact parts of about the same number each.

    Halved again and again across the longer side, by the middles of the villages' bounds.
    """
    bounds = shapely.bounds(villages.geometry.to_numpy())
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2

    def halves(rows: Rows, count: int) -> Iterator[Rows]:
        if count <= 1:
            yield np.sort(rows)
            return
        axis = int(np.argmax(np.ptp(middles[rows], axis=0)))
        order = rows[np.argsort(middles[rows, axis], kind="stable")]
        at = len(rows) * (count // 2) // count
        yield from halves(order[:at], count // 2)
        yield from halves(order[at:], count - count // 2)

    return list(halves(np.arange(len(villages), dtype=np.int64), parts))


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


def joined(parts: Sequence[tuple[Rows, Measures]], villages: gpd.GeoDataFrame) -> Measures:
    """The measures of all villages from those of parts that together have every row once."""
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    village = np.concatenate([rows[found.village] for rows, found in parts])
    by_village = np.argsort(village, kind="stable")

    def every(of: Callable[[Measures], npt.NDArray[T]]) -> npt.NDArray[T]:
        return np.concatenate([of(found) for _, found in parts])

    return Measures(
        villages=villages,
        layers=parts[0][1].layers,
        village=village[by_village].astype(np.int32),
        combination=every(lambda m: m.combination)[by_village],
        area_m2=every(lambda m: m.area_m2)[by_village],
        village_area_m2=every(lambda m: m.village_area_m2)[order],
        centre=every(lambda m: m.centre)[order],
        has_centre=every(lambda m: m.has_centre)[order],
        extent_share=every(lambda m: m.extent_share)[order],
        extent_centre=every(lambda m: m.extent_centre)[order],
    )

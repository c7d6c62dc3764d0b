"""Villages measured apart from the rest, in another process or on another machine.

A `Task` holds all that is needed and travels as bytes; `measure_part` is what a worker does. Only
this package is loaded for it, so that a worker is up in a second.
"""

from __future__ import annotations

import itertools
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numba
import numpy as np
import numpy.typing as npt
import shapely

from coverage.measure import ENGINE, Cells, measure
from coverage.model import Layer, LayerInfo, Measures
from coverage.rings import Geometries

TASKS = 1
"""Goes up when tasks hold something else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Packed:
    """Geometries as WKB, end to end; number ``k`` ends before ``ends[k]``, an empty one is None."""

    data: bytes
    ends: npt.NDArray[np.int64]

    @classmethod
    def of(cls, geometries: Geometries) -> Packed:
        """Geometries packed."""
        each = [one or b"" for one in shapely.to_wkb(np.asarray(geometries, dtype=object))]
        return cls(data=b"".join(each), ends=np.cumsum([len(one) for one in each], dtype=np.int64))

    def geometries(self) -> Geometries:
        """The same geometries again, to the last bit."""
        ends = [0, *self.ends.tolist()]
        each = [self.data[a:b] or None for a, b in itertools.pairwise(ends)]
        return np.asarray(shapely.from_wkb(np.array(each, dtype=object)), dtype=object)


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedLayer:
    """What of a layer lies near a part of the villages."""

    info: LayerInfo
    footprint: Packed
    extent: Packed | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One part: some villages, what of each layer lies near them, and the cells of the whole."""

    crs: str
    ids: npt.NDArray[Any]
    villages: Packed
    centres: Packed
    layers: tuple[PackedLayer, ...]
    cells: Cells

    @property
    def size(self) -> int:
        """Bytes of geometry."""
        layers = (p for one in self.layers for p in (one.footprint, one.extent) if p is not None)
        return sum(len(p.data) for p in (self.villages, self.centres, *layers))


def measure_part(task: Task) -> Measures:
    """The measures of a part, its villages left out: who asked has them.

    One thread: a worker measures as many parts at once as it has threads.
    """

    def series(packed: Packed) -> gpd.GeoSeries:
        return gpd.GeoSeries(packed.geometries(), crs=task.crs)

    villages = gpd.GeoDataFrame(
        {"centre": series(task.centres).to_numpy()},
        geometry=task.villages.geometries(),
        index=task.ids,
        crs=task.crs,
    )
    layers = [
        Layer(
            info=one.info,
            footprint=series(one.footprint),
            extent=None if one.extent is None else series(one.extent),
        )
        for one in task.layers
    ]
    found = measure(villages, layers, cells=task.cells, threads=1)
    return replace(found, villages=gpd.GeoDataFrame(geometry=[]), amounts=dict(found.amounts))


def versions() -> Mapping[str, str]:
    """What must be alike on two machines for their measures to be: the engine and its libraries."""
    return {
        "engine": f"{ENGINE}.{TASKS}",
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "GEOS": shapely.geos_version_string,
        "shapely": shapely.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
    }

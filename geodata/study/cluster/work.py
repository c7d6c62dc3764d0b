"""What a worker does: measure one part of the villages with what was sent along."""

from __future__ import annotations

import hashlib
import itertools
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

import coverage
from coverage.measure import Cells
from coverage.model import Layer, LayerInfo, Measures

Geometries = npt.NDArray[np.object_]


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
    found = coverage.measure(villages, layers, cells=task.cells, threads=1)
    return replace(found, villages=gpd.GeoDataFrame(geometry=[]), amounts=dict(found.amounts))


def versions() -> Mapping[str, str]:
    """What must be alike on all machines for their results to be: code and libraries."""
    digest = hashlib.sha256()
    for module in (coverage.__file__, __file__):
        for path in sorted(Path(module).parent.glob("*.py")):
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return {
        "phusong": digest.hexdigest()[:12],
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "GEOS": shapely.geos_version_string,
        **{name: version(name) for name in ("distributed", "numpy", "numba", "shapely")},
    }

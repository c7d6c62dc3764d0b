"""Villages measured apart from the rest, in another process or on another machine.

A `Task` holds all that is needed and travels as bytes; `measure_part`, `amounts_part` and
`levels_part` are what a worker does with it, `move_part` what it does with a `MoveTask`. Only this
package is loaded for them, so that a worker is up in a second.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numba
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from coverage.amounts import Places, measure_amounts
from coverage.measure import ENGINE, Cells, measure
from coverage.model import Amounts, Basis, Measures
from coverage.moved import Box, Tile, move_tile
from coverage.packed import Packed, PackedLayer, PackedPoints, PackedRaster, PackedSignal
from coverage.pixels import AmountSource, AnyLayer
from coverage.rings import Floats
from coverage.signal import Spoken, measure_levels

TASKS = 2
"""Goes up when tasks hold something else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One part: some villages, and of layers and sources what lies near them.

    ``cells`` are those of the whole, for areas. ``bases``: what is counted, with the place of its
    source among ``sources``. ``hexes``: the hexagons of these villages, where these are asked for.
    """

    crs: str
    ids: npt.NDArray[Any]
    villages: Packed
    centres: Packed
    layers: tuple[PackedLayer | PackedSignal, ...]
    cells: Cells | None = None
    sources: tuple[PackedRaster | PackedPoints, ...] = ()
    bases: tuple[tuple[Basis, int], ...] = ()
    hexes: Places | None = None

    @property
    def size(self) -> int:
        """Bytes of geometry and pixels."""
        return sum(one.size for one in (self.villages, self.centres, *self.layers, *self.sources))

    def table(self) -> gpd.GeoDataFrame:
        """The villages, as they are measured."""
        centres = gpd.GeoSeries(self.centres.geometries(), crs=self.crs)
        return gpd.GeoDataFrame(
            {"centre": centres.to_numpy()},
            geometry=self.villages.geometries(),
            index=self.ids,
            crs=self.crs,
        )

    def parted(self) -> list[AnyLayer]:
        """The layers, as far as they were sent."""
        return [one.layer(self.crs) for one in self.layers]

    def amounts(self) -> Mapping[Basis, AmountSource]:
        """The sources by what they are counted for."""
        found = [one.source(self.crs) for one in self.sources]
        return {basis: found[place] for basis, place in self.bases}


def measure_part(task: Task) -> Measures:
    """The measures of a part, its villages left out: who asked has them.

    One thread: a worker measures as many parts at once as it has threads.
    """
    found = measure(
        task.table(),
        task.parted(),
        amounts=task.amounts(),
        hexes=task.hexes or False,
        cells=task.cells,
        threads=1,
    )
    return replace(found, villages=gpd.GeoDataFrame(geometry=[]), amounts=dict(found.amounts))


def amounts_part(task: Task) -> dict[Basis, Amounts]:
    """People, places and hexagons of a part, without its areas; on one thread."""
    hexes = task.hexes or False
    found = measure_amounts(task.table(), task.parted(), task.amounts(), hexes=hexes, threads=1)
    return dict(found)


def levels_part(task: Task) -> Spoken:
    """What the signal layers say of a part; on one thread."""
    signals = [one.layer(task.crs) for one in task.layers if isinstance(one, PackedSignal)]
    return measure_levels(task.table(), signals, amounts=task.amounts(), threads=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class MoveTask:
    """A piece of a footprint to be moved, and the boxes (n × 4) of what is measured near it."""

    distance_m: float
    box: Box
    polygons: Packed
    seen: Floats


def move_part(task: MoveTask) -> tuple[Packed, Packed]:
    """The polygons of a piece drawn in and let out."""
    tile = Tile(
        layer=0, distance_m=task.distance_m, box=task.box, polygons=task.polygons.geometries()
    )
    boxes = np.asarray(shapely.box(*task.seen.T), dtype=object)
    inward, outward = move_tile(tile, shapely.STRtree(boxes))
    return Packed.of(inward), Packed.of(outward)


def versions() -> Mapping[str, str]:
    """What must be alike on two machines for their measures to be: the engine and its libraries."""
    return {
        "engine": f"{ENGINE}.{TASKS}",
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "GEOS": shapely.geos_version_string,
        "PROJ": pyproj.proj_version_str,
        "shapely": shapely.__version__,
        "numpy": np.__version__,
        "numba": numba.__version__,
    }

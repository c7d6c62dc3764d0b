"""What a worker is asked: files and a region. It reads, measures and gives its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from distributed import get_worker

from coverage.amounts import Places, hexagons, measure_amounts, owned_by
from coverage.model import Amounts, Basis, Measures
from coverage.moved import Chain, move_piece
from coverage.pixels import AmountPoints, AmountRaster, AmountSource, SignalLayer
from coverage.regions import NearLayer, measure_region
from coverage.rings import Floats, Geometries
from coverage.signal import Spoken, measure_levels
from geodata.signals import files_read_by
from geodata.study.cluster.errors import ClusterError
from geodata.study.cluster.files import PLACE, ROW, SelectedPoints, SelectedVillages
from geodata.study.selected_rows import SelectedPolygons


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """One region: readers of its villages, and of what lies near them.

    ``among``: the villages and their neighbours, where points on a border must count for one.
    ``bases``: what is counted, with the place of its source among ``sources``.
    """

    villages: SelectedVillages
    among: SelectedVillages | None = None
    layers: tuple[NearLayer, ...] = ()
    signals: tuple[SignalLayer, ...] = ()
    sources: tuple[AmountRaster | SelectedPoints, ...] = ()
    bases: tuple[tuple[Basis, int], ...] = ()
    hexes: bool = False

    @property
    def files(self) -> tuple[Path, ...]:
        """All that it reads."""
        readers: list[object] = [self.villages, *(x.footprint for x in self.layers)]
        readers += [x.extent for x in self.layers]
        readers += [x.levels for x in self.signals]
        readers += [x.amounts if isinstance(x, AmountRaster) else x for x in self.sources]
        found = [getattr(x, "func", x) for x in readers]  # what bounds were given to
        return tuple(dict.fromkeys(path for x in found for path in files_read_by(x) or ()))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Read:
    """What a task's readers gave, layers apart."""

    villages: gpd.GeoDataFrame
    amounts: Mapping[Basis, AmountSource]
    hexes: bool | Places

    @classmethod
    def of(cls, task: Task) -> _Read:
        require_readable(task.files)
        villages = task.villages()
        among = None if task.among is None else task.among()
        sources = [
            _own(source(), villages, among) if isinstance(source, SelectedPoints) else source
            for source in task.sources
        ]
        return cls(
            villages=villages,
            amounts={basis: sources[place] for basis, place in task.bases},
            hexes=hexagons(villages, among=among) if task.hexes else False,
        )


def _own(
    points: AmountPoints, villages: gpd.GeoDataFrame, among: gpd.GeoDataFrame | None
) -> AmountPoints:
    """The settled places that count for these villages."""
    xy = shapely.get_coordinates(points.points.to_numpy())
    own = owned_by(villages, xy, among=among) >= 0
    return replace(points, points=points.points[own], weight=points.weight[own])


def measure_task(task: Task) -> Measures:
    """Measures of a region, its villages left out: who asked has them. On one thread."""
    read = _Read.of(task)
    found = measure_region(
        read.villages, task.layers, amounts=read.amounts, hexes=read.hexes, threads=1
    )
    return replace(found, villages=gpd.GeoDataFrame(geometry=[]), amounts=dict(found.amounts))


def amounts_task(task: Task) -> dict[Basis, Amounts]:
    """People, places and hexagons of a region, without its areas; on one thread."""
    read, layers = _Read.of(task), [layer.layer() for layer in task.layers]
    found = measure_amounts(read.villages, layers, read.amounts, hexes=read.hexes, threads=1)
    return dict(found)


def levels_task(task: Task) -> Spoken:
    """What the signal layers say of a region; on one thread."""
    read = _Read.of(task)
    return measure_levels(read.villages, task.signals, amounts=read.amounts, threads=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class MoveTask:
    """A piece of a footprint to be moved (`coverage.moved.move_piece`).

    ``seen``: the boxes (n × 4) of what is measured near it.
    """

    chain: Chain
    distance_m: float
    polygons: SelectedPolygons
    seen: Floats


def move_task(task: MoveTask) -> tuple[list[bytes], list[bytes]]:
    """The polygons of a piece drawn in and let out, as WKB."""
    require_readable(task.polygons.files)
    boxes = np.asarray(shapely.box(*task.seen.T), dtype=object)
    polygons = rows_of(task.polygons)
    pair = move_piece(task.chain, polygons, task.distance_m, shapely.STRtree(boxes))
    inward, outward = (shapely.to_wkb(way).tolist() for way in pair)
    return inward, outward


def rows_of(polygons: SelectedPolygons) -> Geometries:
    """Single polygons put together to the rows that they come from."""
    table = polygons.rows.table([polygons.column, PLACE, ROW]).sort_by(PLACE)
    shapes, row = shapely.from_wkb(table[polygons.column].to_numpy()), table[ROW].to_numpy()
    first = np.flatnonzero(np.diff(row, prepend=-1) != 0)
    out = np.empty(len(first), dtype=object)
    for k, some in enumerate(np.split(shapes, first[1:]) if len(first) else []):
        out[k] = some[0] if len(some) == 1 else shapely.multipolygons(some)
    return out


def require_readable(files: Sequence[Path]) -> None:
    """Raises `ClusterError` for a file that this worker cannot read."""
    for path in files:
        try:
            path.open("rb").close()
        except OSError as error:
            raise ClusterError(
                "the worker at {worker} cannot read {file} ({reason}); workers read a study's "
                "files themselves: share its folder with every one of them, at the same path",
                worker=_address(),
                file=str(path),
                reason=error.strerror or type(error).__name__,
            ) from error


def _address() -> str:
    try:
        return str(get_worker().address)
    except ValueError:  # not on a worker
        return "127.0.0.1"

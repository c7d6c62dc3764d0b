"""Signal layers measured: the levels of each operator in every village, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from coverage.amounts import village_of
from coverage.area import centres_of
from coverage.combinations import Progress, default_threads
from coverage.grid import spread
from coverage.model import TECHNOLOGIES, Basis, Evidence, Levels, Measures
from coverage.pixels import (
    LEVELS,
    AmountPoints,
    AmountRaster,
    AmountSource,
    AnyLayer,
    PixelGrid,
    SignalLayer,
)
from coverage.places import grid_key
from coverage.rings import Floats
from coverage.sampled import Bytes, finer, laid_on, probes
from coverage.tabled import MEMORY, Pass, Rows, Wanted, in_order, run_pass
from coverage.weights import PixelWeights, WeightsCache, kept_weights

NOTHING: Mapping[Basis, AmountSource] = MappingProxyType({})
POINTS_TILE = 2**24


@dataclass(frozen=True, kw_only=True, eq=False)
class Spoken:
    """What signal layers say: their tables, and how far each speaks (villages × layers)."""

    levels: tuple[Levels, ...]
    extent_share: Floats
    extent_centre: npt.NDArray[np.bool_]


def with_levels(
    measures: Measures,
    layers: Sequence[AnyLayer],
    *,
    amounts: Mapping[Basis, AmountSource] = NOTHING,
    threads: int | None = None,
    progress: Progress | None = None,
    weights_cache: WeightsCache | None = None,
) -> Measures:
    """Measures of some layers with what the signal layers among them say.

    ``layers`` are those of the measures, in their order; what they say of how far signal layers
    speak is replaced, their areas stay as they are.
    """
    places = [k for k, layer in enumerate(layers) if isinstance(layer, SignalLayer)]
    spoken = measure_levels(
        measures.villages,
        [layer for layer in layers if isinstance(layer, SignalLayer)],
        amounts=amounts,
        threads=threads,
        progress=progress,
        weights_cache=weights_cache,
    )
    return joined(measures, spoken, places)


def joined(measures: Measures, spoken: Spoken, places: Sequence[int]) -> Measures:
    """Measures with what the signal layers at some places say."""
    share, centre = measures.extent_share.copy(), measures.extent_centre.copy()
    share[:, places], centre[:, places] = spoken.extent_share, spoken.extent_centre
    return replace(measures, levels=spoken.levels, extent_share=share, extent_centre=centre)


def measure_levels(
    villages: gpd.GeoDataFrame,
    layers: Sequence[SignalLayer],
    *,
    amounts: Mapping[Basis, AmountSource] = NOTHING,
    threads: int | None = None,
    progress: Progress | None = None,
    weights_cache: WeightsCache | None = None,
    memory: int = MEMORY,
) -> Spoken:
    """The levels of signal layers in every village, on any grids, read in windows.

    ``villages`` as `coverage.measure` takes them. Every operator has a table of the joint levels
    of its technologies for each kind of evidence, exact in the area of its pixels, and several
    operators have one together, of the best level of each technology. Several layers of one
    operator, technology and evidence count by the best of them. ``memory``: bytes that a window
    of all layers may take.

    Layers on several grids are not resampled: each grid has its table, and one more has all
    technologies together on the finest grid, a pixel of which has the level of the other
    layers' pixel that its centre lies in. People likewise: a pixel of ``amounts`` has, with
    its exact share inside the village, the level of the pixel that its centre lies in.
    """
    threads = threads or default_threads()
    work = _Work(villages, layers, amounts, memory=memory, threads=threads)
    grids = dict.fromkeys([x.grid for x in layers] + [r.grid for r in work.rasters.values()])
    weights = {
        grid: kept_weights(work.shapes, grid, work.crs, threads=threads, cache=weights_cache)
        for grid in grids
    }
    if progress:
        progress(0.3)
    wanted = tuple(_wanted(layers))
    passes = [
        Pass(
            grid=grid,
            weights=held,
            layers=work.layers,
            wanted=wanted,
            amounts={name: of for name, of in work.rasters.items() if of.grid == grid},
        )
        for grid, held in weights.items()
    ]
    found = []
    for k, one in enumerate(passes):
        found.append(run_pass(one, work.bases, threads=threads, memory=memory))
        if progress:
            progress(0.3 + 0.7 * (k + 1) / len(passes))
    work.look_up()
    tables = []
    for k, asked in enumerate(wanted):
        rows = [part for f in found for part in f.rows[k]]
        for f in found:
            f.rows[k].clear()  # at fine pixels these are the most there is in memory
        tables.append(work.table(asked, rows, weights[asked.grid]))
    said = sum((f.said for f in found), np.zeros((len(villages), len(layers))))
    return work.spoken(tuple(tables), said, weights)


class _Work:
    """What all tables share: the villages, and what is sampled at points."""

    def __init__(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[SignalLayer],
        amounts: Mapping[Basis, AmountSource],
        *,
        memory: int,
        threads: int,
    ) -> None:
        self._threads = threads
        self.crs = pyproj.CRS.from_user_input(villages.crs)
        self.shapes = villages.geometry.to_numpy()
        named = {id(of): n for n, of in reversed(list(amounts.items()))}
        self._same = {n: named[id(of)] for n, of in amounts.items()}  # measured once for all names
        first = {n: amounts[n] for n in dict.fromkeys(self._same.values())}
        grids = list(dict.fromkeys(layer.grid for layer in layers))
        self.rasters = {
            n: laid_on(grids, of) for n, of in first.items() if isinstance(of, AmountRaster)
        }
        points = {n: of for n, of in first.items() if isinstance(of, AmountPoints)}
        self.bases: tuple[Basis, ...] = (*self.rasters, *points)
        self._most_pixels = max(1, min(POINTS_TILE, memory))
        centres, self._known = centres_of(villages)
        self._inside: dict[Basis, tuple[npt.NDArray[np.int32], Floats]] = {}
        places = [centres]
        for name, of in points.items():
            xy = shapely.get_coordinates(of.points.to_numpy())
            village = village_of(villages, xy)
            here = village >= 0
            self._inside[name] = village[here], of.weight[here]
            places.append(xy[here])
        *self._ends, self._places = np.cumsum([len(xy) for xy in places]).tolist()
        self._probes = probes(layers, np.concatenate(places), self.crs)
        self.layers = [probe.layer for probe in self._probes]

    def look_up(self) -> None:
        """Levels at the centres and points, most of which were met as the layers were read."""
        level = np.empty((self._places, len(self._probes)), np.uint8)
        for k, probe in enumerate(self._probes):
            level[:, k] = probe.levels(self._most_pixels)
        self._centre, *each = np.split(level, self._ends)
        self._level = dict(zip(self._inside, each, strict=True))

    def table(self, one: Wanted, rows: Sequence[Rows], weights: PixelWeights) -> Levels:
        """One table, of the rows of all passes, what lies off the grid, and the points."""
        columns = 1 + len(self.bases)
        away = np.flatnonzero(weights.outside > 0)
        value = np.zeros((len(away), columns))
        value[:, 0] = weights.outside[away]
        parts = [*rows, Rows(village=away.astype(np.int32), key=_none(len(away)), value=value)]
        for name, (village, weight) in self._inside.items():
            value = np.zeros((len(village), columns))
            value[:, 1 + self.bases.index(name)] = weight
            order = np.argsort(village, kind="stable")
            key = _packed(_best(self._level[name], one)[order])
            parts.append(Rows(village=village[order], key=key, value=value[order]))
        return self._told(one, in_order(parts))

    def _told(self, one: Wanted, rows: Sequence[Rows]) -> Levels:
        """A table of rows that are in order, each a share of its village's total."""
        names: tuple[Basis, ...] = ("area", *self.bases)
        begins = np.cumsum([0, *(len(part.village) for part in rows)]).tolist()
        village = np.empty(begins[-1], np.int32)
        level = np.empty((len(one.technologies), begins[-1]), np.uint8)
        parts = np.empty((len(names), begins[-1]))

        def write(k: int) -> None:
            from coverage import direct

            given = (rows[k].village, rows[k].key, rows[k].value)
            direct.told(given, begins[k], village, level, parts)

        spread(write, range(len(rows)), threads=self._threads)
        told = dict(zip(names, parts, strict=True))
        return Levels(
            operator=one.operator,
            evidence=one.evidence,
            technologies=one.technologies,
            village=village,
            level=level.T,
            parts={"area": told["area"], **{n: told[of] for n, of in self._same.items()}},
            centre=_best(self._centre, one),
            grid=grid_key(one.grid),
        )

    def spoken(
        self,
        tables: tuple[Levels, ...],
        said: Floats,
        weights: Mapping[PixelGrid, PixelWeights],
    ) -> Spoken:
        """The tables, with how far each layer speaks."""
        for k, layer in enumerate(self.layers):
            said[:, k] /= weights[layer.grid].total
        return Spoken(
            levels=tables,
            extent_share=np.clip(said, 0.0, 1.0),
            extent_centre=(self._centre > 0) | ~self._known[:, None],
        )


def _wanted(layers: Sequence[SignalLayer]) -> Iterator[Wanted]:
    """The tables to make: by evidence and operator, in the order of their names, "" first."""
    for evidence in sorted({x.info.evidence for x in layers}):
        of = [k for k, x in enumerate(layers) if x.info.evidence == evidence]
        operators = sorted({layers[k].info.operator for k in of})
        groups = {"": of} if len(operators) > 1 else {}
        groups |= {o: [k for k in of if layers[k].info.operator == o] for o in operators}
        for operator, theirs in groups.items():
            grids = _by_fineness([layers[k].grid for k in theirs])
            yield _one(operator, evidence, layers, theirs, grids[0])
            for grid in grids[1:] if operator else ():
                own = [k for k in theirs if layers[k].grid == grid]
                yield _one(operator, evidence, layers, own, grid)


def _by_fineness(grids: Sequence[PixelGrid]) -> list[PixelGrid]:
    """Each grid once, the finest first; of two alike the one of the smaller name."""
    found = list(dict.fromkeys(grids))
    if len(found) == 1:
        return found
    return sorted(found, key=lambda grid: (round(finer(grid, found[0]), 6), grid_key(grid)))


def _one(
    operator: str,
    evidence: Evidence,
    layers: Sequence[SignalLayer],
    chosen: Sequence[int],
    grid: PixelGrid,
) -> Wanted:
    there = tuple(t for t in TECHNOLOGIES if any(layers[k].info.technology == t for k in chosen))
    use = sorted((there.index(layers[k].info.technology), k) for k in chosen)
    return Wanted(
        operator=operator,
        evidence=evidence,
        technologies=there,
        grid=grid,
        use=np.array([(k, t) for t, k in use], np.int64),
    )


def _best(level: Bytes, one: Wanted) -> Bytes:
    """Best level of each of a table's technologies (rows × technologies), from rows × layers."""
    out = np.zeros((len(level), len(one.technologies)), np.uint8)
    for layer, technology in one.use.tolist():
        np.maximum(out[:, technology], level[:, layer], out=out[:, technology])
    return out


def _none(count: int) -> npt.NDArray[np.uint32]:
    return np.zeros(count, np.uint32)


def _packed(level: Bytes) -> npt.NDArray[np.uint32]:
    out = np.zeros(len(level), np.uint32)
    for k in range(level.shape[1]):
        out |= level[:, k].astype(np.uint32) << np.uint32(8 * k)
    return out


def histogram(levels: Levels, technology: str, villages: int, basis: Basis = "area") -> Floats:
    """How much of each village has which level of one technology (villages × `LEVELS`).

    Shares of 0 to 1 whose sum over a village is 1 (0 in one that has nothing of the basis).
    Raises `KeyError` for a basis that was not measured, `ValueError` for a technology that is
    not in the table.
    """
    from coverage import tally

    out = np.zeros((villages, LEVELS))
    column = np.ascontiguousarray(levels.level[:, levels.technologies.index(technology)])
    tally.binned(levels.village, column, levels.parts[basis], out)
    return out

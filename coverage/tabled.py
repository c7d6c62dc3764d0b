"""One pass over the pixels of a grid: what it adds to the tables of levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage.errors import CoverageError
from coverage.grid import spread
from coverage.model import Basis, Evidence, Technology
from coverage.pixels import AmountRaster, PixelGrid, SignalLayer, Window
from coverage.places import system, tiles
from coverage.rings import Floats, Ints
from coverage.sampled import finer, levels_in
from coverage.weights import PixelWeights

MEMORY = 2**27
"""Bytes that a tile of all layers may take."""

PAIR = 2
"""Up to so many technologies a table's rows are looked up by the levels themselves."""

ROWS_AT_ONCE = 2**19
"""About so many rows of a table are put in order at once: it takes some copies of them."""

BLOCKS = 4
"""Pieces of work for each thread: villages differ in size."""


Ints32 = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    """A table to make. ``use``: pairs of a layer and its technology's place, by technology."""

    operator: str
    evidence: Evidence
    technologies: tuple[Technology, ...]
    grid: PixelGrid
    use: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows of a table: village, packed levels, and ``value`` (rows × (area, bases …))."""

    village: Ints32
    key: Keys
    value: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """What is to be done on one grid: the area of its own tables, its amounts for all."""

    grid: PixelGrid
    weights: PixelWeights
    layers: Sequence[SignalLayer]
    wanted: tuple[Wanted, ...]
    amounts: Mapping[Basis, AmountRaster]


@dataclass(frozen=True, kw_only=True, eq=False)
class Passed:
    """What a pass found: rows by table, and the area of which each layer here says anything."""

    rows: tuple[list[Rows], ...]
    said: Floats


def run_pass(one: Pass, bases: Sequence[Basis], *, threads: int, memory: int = MEMORY) -> Passed:
    """Go over the pixels of a grid, tile by tile, within ``memory`` bytes for a tile.

    The values of the rows have a column for the area and one for each of ``bases``.
    """
    tables = [k for k, w in enumerate(one.wanted) if one.amounts or w.grid == one.grid]
    rows: tuple[list[Rows], ...] = tuple([] for _ in one.wanted)
    said = np.zeros((len(one.weights.total), len(one.layers)))
    box = one.weights.box
    if box is None or not tables:
        return Passed(rows=rows, said=said)
    blocks = _blocks(one.weights, threads * BLOCKS)
    inside = one.weights.total - one.weights.outside
    own = [j for j in needed_by(one, tables) if one.layers[j].grid == one.grid]
    for tile in tiles(box, _most_pixels(one, tables, memory)):
        here = _Tile(one, tables, tile, bases)
        groups = here.groups()
        here.ready(threads=threads)
        asked = [(together, chosen) for together in groups for chosen in blocks]
        for (some, _), found in zip(asked, spread(here.rows, asked, threads=threads), strict=True):
            for k, of in zip(some, found, strict=True):
                rows[k].append(of)
        silent = own if tile != box else [j for j in own if here.is_silent(j)]
        said[:, [j for j in own if j not in silent]] = inside[:, None]
        told = [(j, chosen) for j in silent for chosen in blocks]
        for (j, chosen), area in zip(told, spread(here.said, told, threads=threads), strict=True):
            said[chosen, j] += area
    return Passed(rows=rows, said=said)


class _Tile:
    """A tile read: the levels of all layers that count on this grid, and its amounts."""

    def __init__(
        self, one: Pass, tables: Sequence[int], tile: Window, bases: Sequence[Basis]
    ) -> None:
        self._one, self._bases, self._tile = one, bases, np.array(tile)
        needed = needed_by(one, tables)
        self._place = {j: k for k, j in enumerate(needed)}
        joint = _joint(one, tables)
        self._joint = {of: len(needed) + k for k, of in enumerate(joint)}
        layers = [one.layers[j] for j in needed]
        self._levels = levels_in(layers, one.grid, tile, more=len(joint))
        self._amounts = _amounts(one, tile)
        self._tables = tables
        self._packed: dict[int, npt.NDArray[np.uint32]] = {}

    def groups(self) -> list[tuple[int, ...]]:
        """Tables that are made together: all of one technology, and each of several."""
        alone = [k for k in self._tables if len(self._one.wanted[k].technologies) == 1]
        others: list[tuple[int, ...]] = [(k,) for k in self._tables if k not in alone]
        return [tuple(alone), *others] if alone else others

    def ready(self, *, threads: int) -> None:
        """Make the best levels of several layers ready: a plane each, or packed in one."""
        spread(self._best, list(self._joint), threads=threads)
        wide = [k for k in self._tables if len(self._one.wanted[k].technologies) > PAIR]
        for k, found in zip(wide, spread(self._pack, wide, threads=threads), strict=True):
            self._packed[k] = found

    def _best(self, joint: tuple[int, ...]) -> None:
        out = self._levels[self._joint[joint]]
        out[:] = self._levels[self._place[joint[0]]]
        for j in joint[1:]:
            np.maximum(out, self._levels[self._place[j]], out=out)

    def _pack(self, k: int) -> npt.NDArray[np.uint32]:
        from coverage import tally

        use = [(self._place[j], t) for j, t in self._one.wanted[k].use.tolist()]
        packed: npt.NDArray[np.uint32] = tally.packed(self._levels, np.array(use))
        return packed

    def _planes(self, some: tuple[int, ...]) -> Ints:
        """The plane of each technology of each table."""
        layers = [of for k in some for of in _layers_of(self._one.wanted[k])]
        return np.array([self._joint[of] if len(of) > 1 else self._place[of[0]] for of in layers])

    def rows(self, asked: tuple[tuple[int, ...], Ints]) -> list[Rows]:
        """What some villages add to each table of a group."""
        from coverage import direct, tally

        some, chosen = asked
        given = (arrays_of(self._one.weights), chosen, self._tile)
        of = [self._one.wanted[k] for k in some]
        by_area = [one.grid == self._one.grid for one in of]
        technologies = len(of[0].technologies)
        if technologies > PAIR:
            packed = self._packed[some[0]]
            return [self._told(*tally.tuples(*given, packed, self._amounts, by_area[0]))]
        levels = self._levels, self._planes(some), self._amounts
        if technologies == PAIR:
            out = _room_for_pairs(self._one.weights, chosen, 1 + len(self._amounts))
            rows = direct.pairs(*given, *levels, out)
            village, key, value = out[0][:rows].copy(), out[1][:rows].copy(), out[2][:rows].copy()
            if not by_area[0]:  # then many have no amount either, and say nothing
                value[:, 0] = 0.0
                there = (value > 0.0).any(axis=1)
                village, key, value = village[there], key[there], value[there]
            return [self._told(village, key, value)]
        found = direct.histograms(*given, *levels, np.array(by_area))
        return [self._told(*_one_of(found, k)) for k in range(len(some))]

    def _told(self, village: Ints32, key: Keys, value: Floats) -> Rows:
        return Rows(village=village, key=key, value=_spread(value, self._one.amounts, self._bases))

    def is_silent(self, j: int) -> bool:
        """Whether a layer says nothing of some pixel here."""
        return not self._levels[self._place[j]].all()

    def said(self, asked: tuple[int, Ints]) -> Floats:
        """The area of some villages of which a layer says anything."""
        from coverage import tally

        level = self._levels[self._place[asked[0]]]
        return np.asarray(tally.said(arrays_of(self._one.weights), asked[1], self._tile, level))


def _room_for_pairs(
    weights: PixelWeights, chosen: Ints, columns: int
) -> tuple[Ints32, Keys, Floats]:
    """Room for the rows of some villages, more than they will need.

    From numpy, which asks for large pages: where compiled code did, a quarter of the time went
    into small ones.
    """
    from coverage import direct

    top, left, bottom, right = weights.boxes[chosen].astype(np.int64).T
    most = int(np.minimum((bottom - top) * (right - left), direct.PAIRS).sum())
    return np.empty(most, np.int32), np.empty(most, np.uint32), np.empty((most, columns))


def _layers_of(one: Wanted) -> list[tuple[int, ...]]:
    """The layers of each technology of a table."""
    places = range(len(one.technologies))
    return [tuple(one.use[one.use[:, 1] == t, 0].tolist()) for t in places]


def _joint(one: Pass, tables: Sequence[int]) -> list[tuple[int, ...]]:
    """Layers of which the best is looked up, each set of several once."""
    few = [one.wanted[k] for k in tables if len(one.wanted[k].technologies) <= PAIR]
    return list(dict.fromkeys(of for wanted in few for of in _layers_of(wanted) if len(of) > 1))


def _one_of(found: Any, k: int) -> tuple[Ints32, Keys, Floats]:
    """Village, key and value of one table, of those that were made together."""
    count, names, value = found
    n = int(count[k])
    return names[k, :n, 0].astype(np.int32), names[k, :n, 1].copy(), value[k, :n].copy()


def arrays_of(w: PixelWeights) -> Any:
    """What the compiled pass takes."""
    return (
        w.run_first, w.runs, w.edge_first, w.edges, w.part, w.boxes, w.middle, w.slope,
    )  # fmt: skip


def needed_by(one: Pass, tables: Sequence[int]) -> list[int]:
    """The layers that some tables are made of."""
    return sorted({j for k in tables for j in one.wanted[k].use[:, 0].tolist()})


def _most_pixels(one: Pass, tables: Sequence[int], memory: int) -> int:
    """Pixels of a tile, so that it and what is read for it stay within the memory."""
    layers = [one.layers[j] for j in needed_by(one, tables)]
    each = 8.0 * len(one.amounts)
    for layer in layers:
        each += 1.0 if layer.grid == one.grid else 1.0 + finer(one.grid, layer.grid)
    each += len(_joint(one, tables))
    each += 4.0 * sum(len(one.wanted[k].technologies) > PAIR for k in tables)
    if any(system(layer.grid.crs) != system(one.grid.crs) for layer in layers):
        each += 96.0  # the places of its pixels in another system
    return max(1, int(memory / max(each, 1.0)))


def _blocks(weights: PixelWeights, count: int) -> list[Ints]:
    """The villages in runs of about as many pixels."""
    pixels = np.cumsum(weights.total + 100.0)
    cuts = np.searchsorted(pixels, np.linspace(0, pixels[-1], count + 1)[1:-1])
    every = np.arange(len(pixels))
    return [block for block in np.split(every, np.unique(cuts)) if len(block)]


def _amounts(one: Pass, tile: Window) -> npt.NDArray[np.floating]:
    """The amounts of a tile (sources × rows × columns), none below zero, none missing."""
    found_of = []
    for name, raster in one.amounts.items():
        found = np.asarray(raster.amounts(tile))
        if found.dtype != np.float32:
            found = found.astype(np.float64, copy=False)
        if found.shape != (tile[2], tile[3]) or not (found.min() >= 0 and found.max() < np.inf):
            raise CoverageError(
                "the raster of {basis} gave something other than {rows} × {columns} numbers from "
                "0 up; mend its reader",
                basis=name,
                rows=tile[2],
                columns=tile[3],
            )
        found_of.append(np.ascontiguousarray(found))
    if len(found_of) == 1:
        return found_of[0][None]  # not copied: it may be as large as all levels together
    return np.stack(found_of) if found_of else np.empty((0, tile[2], tile[3]))


def _spread(value: Floats, here: Mapping[Basis, AmountRaster], bases: Sequence[Basis]) -> Floats:
    """Columns of all bases, zero for those that are not of this pass."""
    if tuple(here) == tuple(bases):
        return value
    out = np.zeros((len(value), 1 + len(bases)))
    out[:, 0] = value[:, 0]
    for k, name in enumerate(here):
        out[:, 1 + bases.index(name)] = value[:, 1 + k]
    return out


def in_order(parts: Sequence[Rows]) -> list[Rows]:
    """Rows of several tiles and passes, by village, each tuple once.

    They stay in parts, each of which has later villages than the one before.
    """
    parts = [part for part in parts if len(part.village)]
    ends = [(part.village[0], part.village[-1]) for part in parts]
    if all(a[1] < b[0] for a, b in pairwise(ends)):
        return parts
    return [_added(some) for some in _by_villages(parts)]


def _by_villages(parts: Sequence[Rows]) -> Iterator[list[Rows]]:
    """The parts cut into runs of villages, so that few rows at a time are put in order.

    In every part villages rise.
    """
    villages = 1 + max(int(part.village[-1]) for part in parts)
    rows = sum(np.bincount(part.village, minlength=villages) for part in parts)
    cuts = np.searchsorted(np.cumsum(rows), np.arange(ROWS_AT_ONCE, np.sum(rows), ROWS_AT_ONCE))
    for first, end in pairwise([0, *np.unique(cuts[cuts > 0]).tolist(), villages]):
        spans = [np.searchsorted(part.village, (first, end)).tolist() for part in parts]
        some = [
            Rows(village=part.village[a:b], key=part.key[a:b], value=part.value[a:b])
            for part, (a, b) in zip(parts, spans, strict=True)
            if a < b
        ]
        if some:
            yield some


def _added(parts: Sequence[Rows]) -> Rows:
    """Rows of several tiles and passes as one table, by village, each tuple once."""
    from coverage import tally

    village = np.concatenate([part.village for part in parts])
    key = np.concatenate([part.key for part in parts])
    value = np.concatenate([part.value for part in parts])
    seen = np.zeros(int(village.max()) + 1, np.int32)
    for part in parts:
        seen[part.village[np.flatnonzero(np.diff(part.village, prepend=-1))]] += 1
    often = seen[village] > 1
    if often.any():
        some, names, held = village[often], key[often], value[often]
        order = np.argsort((some.astype(np.uint64) << np.uint64(32)) | names, kind="stable")
        some, names, held = tally.merged(some, names, held, order)
        village = np.concatenate([village[~often], some])
        key = np.concatenate([key[~often], names])
        value = np.concatenate([value[~often], held])
    if (np.diff(village) < 0).any():
        order = np.argsort(village, kind="stable")
        village, key, value = village[order], key[order], value[order]
    return Rows(village=village, key=key, value=value)

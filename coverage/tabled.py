"""One pass over the pixels of a grid: what it adds to the tables of levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage import tally
from coverage.errors import CoverageError
from coverage.grid import spread
from coverage.model import Basis, Evidence, Technology
from coverage.pixels import AmountRaster, PixelGrid, SignalLayer, Window
from coverage.places import system, tiles
from coverage.rings import Floats, Ints
from coverage.sampled import finer, levels_in
from coverage.weights import PixelWeights

MEMORY = 2**28
"""Bytes that a tile of all layers may take."""

BLOCKS = 4
"""Pieces of work for each thread: villages differ in size."""


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

    village: npt.NDArray[np.int32]
    key: npt.NDArray[np.uint32]
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
    needed = sorted({j for k in tables for j in one.wanted[k].use[:, 0].tolist()})
    rows: tuple[list[Rows], ...] = tuple([] for _ in one.wanted)
    said = np.zeros((len(one.weights.total), len(one.layers)))
    box = one.weights.box
    if box is None or not tables:
        return Passed(rows=rows, said=said)
    blocks = _blocks(one.weights, threads * BLOCKS)
    inside = one.weights.total - one.weights.outside
    own = [j for j in needed if one.layers[j].grid == one.grid]
    for tile in tiles(box, _most_pixels(one, [one.layers[j] for j in needed], memory)):
        here = _Tile(one, needed, tile, bases)
        spread(here.pack, tables, threads=threads)
        asked = [(k, chosen) for k in tables for chosen in blocks]
        for (k, _), found in zip(asked, spread(here.rows, asked, threads=threads), strict=True):
            rows[k].append(found)
        silent = own if tile != box else [j for j in own if here.is_silent(j)]
        said[:, [j for j in own if j not in silent]] = inside[:, None]
        asked = [(j, chosen) for j in silent for chosen in blocks]
        for (j, chosen), area in zip(asked, spread(here.said, asked, threads=threads), strict=True):
            said[chosen, j] += area
    return Passed(rows=rows, said=said)


class _Tile:
    """A tile read: the levels of all layers that count on this grid, and its amounts."""

    def __init__(
        self, one: Pass, needed: Sequence[int], tile: Window, bases: Sequence[Basis]
    ) -> None:
        self._one, self._bases, self._tile = one, bases, np.array(tile)
        self._place = {j: k for k, j in enumerate(needed)}
        self._levels = levels_in([one.layers[j] for j in needed], one.grid, tile)
        self._amounts = _amounts(one, tile)
        self._packed: dict[int, npt.NDArray[np.uint32]] = {}

    def pack(self, k: int) -> None:
        """Make a table's tuples of levels ready."""
        use = self._one.wanted[k].use.copy()
        use[:, 0] = [self._place[j] for j in use[:, 0].tolist()]
        self._packed[k] = tally.packed(self._levels, use)

    def is_silent(self, j: int) -> bool:
        """Whether a layer says nothing of some pixel here."""
        return not self._levels[self._place[j]].all()

    def rows(self, asked: tuple[int, Ints]) -> Rows:
        """What some villages add to a table."""
        wanted = self._one.wanted[asked[0]]
        village, key, value = tally.tuples(
            arrays_of(self._one.weights),
            asked[1],
            self._tile,
            self._packed[asked[0]],
            self._amounts,
            wanted.grid == self._one.grid,
        )
        return Rows(village=village, key=key, value=_spread(value, self._one.amounts, self._bases))

    def said(self, asked: tuple[int, Ints]) -> Floats:
        """The area of some villages of which a layer says anything."""
        level = self._levels[self._place[asked[0]]]
        return np.asarray(tally.said(arrays_of(self._one.weights), asked[1], self._tile, level))


def arrays_of(w: PixelWeights) -> Any:
    """What the compiled pass takes."""
    return (
        w.run_first, w.runs, w.edge_first, w.edges, w.part, w.boxes, w.middle, w.slope,
    )  # fmt: skip


def _most_pixels(one: Pass, layers: Sequence[SignalLayer], memory: int) -> int:
    """Pixels of a tile, so that it and what is read for it stay within the memory."""
    each = 8.0 * len(one.amounts)
    for layer in layers:
        each += 1.0 if layer.grid == one.grid else 1.0 + finer(one.grid, layer.grid)
    if any(system(layer.grid.crs) != system(one.grid.crs) for layer in layers):
        each += 96.0  # the places of its pixels in another system
    return max(1, int(memory / max(each, 1.0)))


def _blocks(weights: PixelWeights, count: int) -> list[Ints]:
    """The villages in runs of about as many pixels."""
    pixels = np.cumsum(weights.total + 100.0)
    cuts = np.searchsorted(pixels, np.linspace(0, pixels[-1], count + 1)[1:-1])
    every = np.arange(len(pixels))
    return [block for block in np.split(every, np.unique(cuts)) if len(block)]


def _amounts(one: Pass, tile: Window) -> Floats:
    """The amounts of a tile (bases × rows × columns), none below zero, none missing."""
    out = np.zeros((len(one.amounts), tile[2], tile[3]))
    for k, (name, raster) in enumerate(one.amounts.items()):
        found = np.asarray(raster.amounts(tile), np.float64)
        if found.shape != out.shape[1:] or not (found >= 0).all() or np.isinf(found).any():
            raise CoverageError(
                "the raster of {basis} gave something other than {rows} × {columns} numbers from "
                "0 up; mend its reader",
                basis=name,
                rows=tile[2],
                columns=tile[3],
            )
        out[k] = found
    return out


def _spread(value: Floats, here: Mapping[Basis, AmountRaster], bases: Sequence[Basis]) -> Floats:
    """Columns of all bases, zero for those that are not of this pass."""
    if tuple(here) == tuple(bases):
        return value
    out = np.zeros((len(value), 1 + len(bases)))
    out[:, 0] = value[:, 0]
    for k, name in enumerate(here):
        out[:, 1 + bases.index(name)] = value[:, 1 + k]
    return out


def added(parts: Sequence[Rows], *, columns: int) -> Rows:
    """Rows of several tiles and passes as one table, by village, each tuple once."""
    parts = [part for part in parts if len(part.village)]
    if not parts:
        nothing = np.empty((0, columns))
        return Rows(village=np.empty(0, np.int32), key=np.empty(0, np.uint32), value=nothing)
    village = np.concatenate([part.village for part in parts])
    key = np.concatenate([part.key for part in parts])
    value = np.concatenate([part.value for part in parts])
    ends = [(part.village[0], part.village[-1]) for part in parts]
    if all(a[1] < b[0] for a, b in pairwise(ends)):
        return Rows(village=village, key=key, value=value)
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

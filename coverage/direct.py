"""The compiled pass over pixels where an operator has one technology, or two.

There are few levels, so that a place in a table is looked up by the levels themselves. All
functions release the GIL, and call nothing outside this module.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

Array = np.ndarray[Any, Any]
Weights = tuple[Array, Array, Array, Array, Array, Array, Array, Array]

BITS = 7
"""So many bits hold a level."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def _met(weights: Weights, v: int, k: int, tile: Array) -> Any:
    """Row, first column, end and part of a village's ``k``-th run, or then pixel at its edge.

    What lies outside the tile has its end at its first column.
    """
    run_first, runs, edge_first, edges, part = weights[:5]
    whole = run_first[v + 1] - run_first[v]
    if k < whole:
        r = run_first[v] + k
        row, begin, end, share = runs[r, 0], runs[r, 1], runs[r, 2], 1.0
    else:
        e = edge_first[v] + k - whole
        row, begin, end, share = edges[e, 0], edges[e, 1], edges[e, 1] + 1, part[e]
    begin, end = max(begin, tile[1]), min(end, tile[1] + tile[3])
    if row < tile[0] or row >= tile[0] + tile[2]:
        end = begin
    return np.int64(row), np.int64(begin), np.int64(end), share


@_jit
def _there(weights: Weights, v: int, tile: Array) -> int:
    """Runs and pixels at the edge of a village; 0 where none can lie in a tile."""
    run_first, edge_first, box = weights[0], weights[2], weights[5][v]
    apart = box[0] >= tile[0] + tile[2] or box[2] <= tile[0]
    apart |= box[1] >= tile[1] + tile[3] or box[3] <= tile[1]
    if apart:
        return 0
    return run_first[v + 1] - run_first[v] + edge_first[v + 1] - edge_first[v]


@_jit
def _wider(old: Array, needed: int) -> Array:
    """The same rows of every table, with room for ``needed`` at least."""
    if needed <= old.shape[1]:
        return old
    new = np.empty((old.shape[0], max(2 * old.shape[1], needed), old.shape[2]), old.dtype)
    new[:, : old.shape[1]] = old
    return new


@_jit
def histograms(
    weights: Weights, chosen: Array, tile: Array, best: Array, amounts: Array, by_area: Array
) -> tuple[Array, Array, Array]:
    """Area and amounts by village and level, of the pixels in one tile, for several tables.

    ``weights``: run starts, runs, edge starts, edges, parts, boxes, middles and slopes, as
    `PixelWeights` has them; ``chosen``: the villages. ``tile``: first row, first column, rows,
    columns. ``best``: the levels of each table (tables × rows × columns); ``amounts``: bases ×
    rows × columns; ``by_area``: for each table whether its areas are counted, or left at zero.
    Returns how many rows each table has, ``names`` (tables × rows × (village, level)) and
    ``value`` (tables × rows × (1 + bases)), by village and level.
    """
    middle, slope = weights[6], weights[7]
    bases, tables, levels = amounts.shape[0], best.shape[0], 1 << BITS
    held = np.zeros((tables, levels, 1 + bases))
    count = np.zeros(tables, np.int64)
    names = np.empty((tables, 32 * chosen.size, 2), np.uint32)
    value = np.empty((tables, 32 * chosen.size, 1 + bases))
    for v in chosen:
        even = slope[v, 0] == 0.0 and slope[v, 1] == 0.0
        pieces = _there(weights, v, tile)
        for k in range(pieces):
            row, begin, end, share = _met(weights, v, k, tile)
            line = 1.0 + slope[v, 0] * (row + 0.5 - middle[v, 0])
            y, left = row - tile[0], tile[1]
            for t in range(tables):
                if by_area[t] and even:
                    for col in range(begin, end):
                        held[t, best[t, y, col - left], 0] += share
                elif by_area[t]:
                    for col in range(begin, end):
                        bend = slope[v, 1] * (col + 0.5 - middle[v, 1])
                        held[t, best[t, y, col - left], 0] += share * (line + bend)
                for b in range(bases):
                    for col in range(begin, end):
                        amount = share * amounts[b, y, col - left]
                        held[t, best[t, y, col - left], 1 + b] += amount
        if pieces == 0:
            continue
        names = _wider(names, count.max() + levels)
        value = _wider(value, count.max() + levels)
        for t in range(tables):
            n = count[t]
            for level in range(levels):
                some = False
                for b in range(1 + bases):
                    value[t, n, b] = held[t, level, b]
                    some |= value[t, n, b] > 0.0
                names[t, n, 0], names[t, n, 1] = v, level
                n += some
            count[t] = n
        held[:] = 0.0
    return count, names, value


@_jit
def pairs(
    weights: Weights,
    chosen: Array,
    tile: Array,
    best: Array,
    amounts: Array,
    by_area: bool,  # noqa: FBT001  # compiled functions take no keywords
) -> tuple[Array, Array, Array]:
    """Area and amounts by village and pair of levels, of the pixels in one tile.

    As `histograms` takes them; ``best`` has the levels of both technologies. Returns ``village``,
    ``key`` (a byte for each technology) and ``value`` (rows × (1 + bases)), by village.
    """
    boxes, middle, slope = weights[5], weights[6], weights[7]
    bases, levels = amounts.shape[0], 1 << BITS
    most = np.int64(0)
    for v in chosen:
        most += min(levels * levels, (boxes[v, 2] - boxes[v, 0]) * (boxes[v, 3] - boxes[v, 1]))
    village, keys = np.empty(most, np.int32), np.empty(most, np.uint32)
    value = np.empty((most, 1 + bases))
    number = np.zeros(levels * levels, np.int16)
    of = np.empty(tile[3], np.int64)
    total: Any = np.int64(0)
    for v in chosen:
        count = _there(weights, v, tile)
        if count == 0:
            continue
        room = min(levels * levels, (boxes[v, 2] - boxes[v, 0]) * (boxes[v, 3] - boxes[v, 1]))
        value[total : total + room] = 0.0
        n = np.int64(0)
        for k in range(count):
            row, begin, end, share = _met(weights, v, k, tile)
            if begin >= end:
                continue
            y, left = row - tile[0], tile[1]
            for col in range(begin, end):
                key = (np.int64(best[1, y, col - left]) << BITS) | best[0, y, col - left]
                place = np.int64(number[key])
                fresh = place == 0
                n += fresh
                place = n if fresh else place
                number[key] = place
                keys[total + place - 1] = key
                of[col - begin] = total + place - 1
            if by_area:
                line = 1.0 + slope[v, 0] * (row + 0.5 - middle[v, 0])
                for col in range(begin, end):
                    bend = slope[v, 1] * (col + 0.5 - middle[v, 1])
                    value[of[col - begin], 0] += share * (line + bend)
            for b in range(bases):
                for col in range(begin, end):
                    value[of[col - begin], 1 + b] += share * amounts[b, y, col - left]
        for k in range(total, total + n):
            key = np.int64(keys[k])
            number[key] = 0
            keys[k] = ((key >> BITS) << 8) | (key & (levels - 1))
            village[k] = v
        total += n
    return village[:total].copy(), keys[:total].copy(), value[:total].copy()


@_jit
def told(
    rows: tuple[Array, Array, Array],
    at: int,
    out_village: Array,
    out_level: Array,
    out_parts: Array,
) -> None:
    """Write rows (village, key, value) from place ``at`` on, each value over its village's sum.

    Rows of one village stand together. ``out_level``: technologies × rows; ``out_parts``: bases ×
    rows, 0 where the village has nothing of a basis.
    """
    village, key, value = rows
    begin = 0
    while begin < village.size:
        end = begin
        while end < village.size and village[end] == village[begin]:
            out_village[at + end] = village[end]
            for t in range(out_level.shape[0]):
                out_level[t, at + end] = (key[end] >> np.uint32(8 * t)) & np.uint32(255)
            end += 1
        for b in range(value.shape[1]):
            total = 0.0
            for k in range(begin, end):
                total += value[k, b]
            for k in range(begin, end):
                out_parts[b, at + k] = value[k, b] / total if total > 0.0 else 0.0
        begin = end

"""The compiled pass over pixels where an operator has one technology, or two.

There are few levels, so that a place in a table is looked up by the levels themselves. All
functions release the GIL, and call nothing outside this module.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from coverage.compiled_code import CACHES

Array = np.ndarray[Any, Any]
Weights = tuple[Array, Array, Array, Array, Array, Array, Array, Array]

BITS = 7
"""So many bits hold a level."""

PAIRS = 1 << (2 * BITS)
"""No more pairs of levels than this there are."""

_jit = numba.njit(cache=CACHES, nogil=True, error_model="numpy")


@_jit
def _most_pieces(weights: Weights, chosen: Array) -> Any:
    """So many runs and pixels at the edge has the village that has most of them."""
    run_first, edge_first = weights[0], weights[2]
    most = np.int64(0)
    for v in chosen:
        count = run_first[v + 1] - run_first[v] + edge_first[v + 1] - edge_first[v]
        most = max(most, count)
    return most


@_jit
def _pieces(weights: Weights, v: int, tile: Array, place: Array, area: Array) -> Any:
    """Write a village's runs and pixels at its edge, as far as they lie in a tile; how many.

    ``place``: row, first column and end, from the tile's own corner; ``area``: the part of each
    pixel inside, the area of that in the first pixel, and how much larger it is in the next.
    """
    run_first, runs, edge_first, edges, part, boxes, middle, slope = weights
    top, left, bottom, right = tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[3]
    n = np.int64(0)
    box = boxes[v]
    if box[0] >= bottom or box[2] <= top or box[1] >= right or box[3] <= left:
        return n
    whole = run_first[v + 1] - run_first[v]
    for k in range(whole + edge_first[v + 1] - edge_first[v]):
        if k < whole:
            r = run_first[v] + k
            row, begin, end, share = runs[r, 0], runs[r, 1], runs[r, 2], 1.0
        else:
            e = edge_first[v] + k - whole
            row, begin, end, share = edges[e, 0], edges[e, 1], edges[e, 1] + 1, part[e]
        begin, end = max(begin, left), min(end, right)
        if row < top or row >= bottom or begin >= end:
            continue
        place[n, 0], place[n, 1], place[n, 2] = row - top, begin - left, end - left
        line = 1.0 + slope[v, 0] * (row + 0.5 - middle[v, 0])
        area[n, 0] = share
        area[n, 1] = share * (line + slope[v, 1] * (begin + 0.5 - middle[v, 1]))
        area[n, 2] = share * slope[v, 1]
        n += 1
    return n


@_jit
def _wider(old: Array, n: Array, needed: int) -> Array:
    """The first ``n`` rows of every table, with room for ``needed`` at least."""
    if needed <= old.shape[1]:
        return old
    new = np.empty((old.shape[0], max(2 * old.shape[1], needed), old.shape[2]), old.dtype)
    for t in range(n.size):
        new[t, : n[t]] = old[t, : n[t]]
    return new


@_jit
def _added(
    place: Array, area: Array, levels: Array, pick: Array, amounts: Array, held: Array
) -> None:
    """Add the pixels of some pieces to ``held`` (levels × tables × (area, bases …))."""
    for k in range(place.shape[0]):
        y, begin, end = place[k, 0], place[k, 1], place[k, 2]
        share, here, step = area[k, 0], area[k, 1], area[k, 2]
        for x in range(begin, end):
            in_pixel = here + step * (x - begin)
            for t in range(pick.size):
                held[levels[pick[t], y, x], t, 0] += in_pixel
            for b in range(amounts.shape[0]):
                amount = share * amounts[b, y, x]
                for t in range(pick.size):
                    held[levels[pick[t], y, x], t, 1 + b] += amount


@_jit
def _added_with_one(
    place: Array, area: Array, levels: Array, pick: Array, amounts: Array, held: Array
) -> None:
    """The same where there are amounts of one kind: a third faster."""
    for k in range(place.shape[0]):
        y, begin, end = place[k, 0], place[k, 1], place[k, 2]
        share, here, step = area[k, 0], area[k, 1], area[k, 2]
        for x in range(begin, end):
            in_pixel, amount = here + step * (x - begin), share * amounts[0, y, x]
            for t in range(pick.size):
                level = levels[pick[t], y, x]
                held[level, t, 0] += in_pixel
                held[level, t, 1] += amount


@_jit
def histograms(
    weights: Weights,
    chosen: Array,
    tile: Array,
    levels: Array,
    pick: Array,
    amounts: Array,
    by_area: Array,
) -> tuple[Array, Array, Array]:
    """Area and amounts by village and level, of the pixels in one tile, for several tables.

    ``weights``: run starts, runs, edge starts, edges, parts, boxes, middles and slopes, as
    `PixelWeights` has them; ``chosen``: the villages. ``tile``: first row, first column, rows,
    columns. ``levels``: planes of levels × rows × columns, of which ``pick`` has one for each
    table; ``amounts``: bases × rows × columns; ``by_area``: for each table whether its areas
    are counted, or left at zero. Returns how many rows each table has, ``names`` (tables × rows ×
    (village, level)) and ``value`` (tables × rows × (1 + bases)), by village and level.
    """
    bases, tables, most = amounts.shape[0], pick.size, 1 << BITS
    held = np.zeros((most, tables, 1 + bases))
    count = np.zeros(tables, np.int64)
    names = np.empty((tables, 48 * chosen.size, 2), np.uint32)
    value = np.empty((tables, 48 * chosen.size, 1 + bases))
    room = _most_pieces(weights, chosen)
    place, area = np.empty((room, 3), np.int64), np.empty((room, 3))
    for v in chosen:
        pieces = _pieces(weights, v, tile, place, area)
        if pieces == 0:
            continue
        if bases == 1:
            _added_with_one(place[:pieces], area[:pieces], levels, pick, amounts, held)
        else:
            _added(place[:pieces], area[:pieces], levels, pick, amounts, held)
        names = _wider(names, count, count.max() + most)
        value = _wider(value, count, count.max() + most)
        _rows_of(v, held, by_area, count, names, value)
    return count, names, value


@_jit
def _rows_of(v: int, held: Array, by_area: Array, count: Array, names: Array, value: Array) -> None:
    """Write what a village has of each level as a row of every table, and forget it."""
    for t in range(held.shape[1]):
        n = count[t]
        if not by_area[t]:
            held[:, t, 0] = 0.0
        for level in range(held.shape[0]):
            there, counts = False, False
            for b in range(held.shape[2]):
                there |= held[level, t, b] != 0.0
                counts |= held[level, t, b] > 0.0
            if there:
                names[t, n, 0], names[t, n, 1] = v, level
                for b in range(held.shape[2]):
                    value[t, n, b] = held[level, t, b]
                    held[level, t, b] = 0.0
                n += counts
        count[t] = n


@_jit
def pairs(
    weights: Weights,
    chosen: Array,
    tile: Array,
    levels: Array,
    pick: Array,
    amounts: Array,
    out: tuple[Array, Array, Array],
) -> Any:
    """Area and amounts by village and pair of levels, of the pixels in one tile.

    As `histograms` takes them; ``pick`` has the planes of both technologies. Writes ``village``,
    ``key`` (a byte for each technology) and ``value`` (rows × (1 + bases)), by village, to
    ``out``, which has room for `PAIRS` rows a village, or for as many as its box has pixels.
    Returns how many rows there are.
    """
    boxes = weights[5]
    bases = amounts.shape[0]
    village, keys, value = out
    number, of = np.zeros(PAIRS, np.int16), np.empty(tile[3], np.int64)
    room = _most_pieces(weights, chosen)
    place, area = np.empty((room, 3), np.int64), np.empty((room, 3))
    total: Any = np.int64(0)
    for v in chosen:
        pieces = _pieces(weights, v, tile, place, area)
        if pieces == 0:
            continue
        box = (boxes[v, 2] - boxes[v, 0]) * (boxes[v, 3] - boxes[v, 1])
        value[total : total + min(PAIRS, box)] = 0.0
        n = np.int64(0)
        for k in range(pieces):
            y, begin, end = place[k, 0], place[k, 1], place[k, 2]
            share, here, step = area[k, 0], area[k, 1], area[k, 2]
            for x in range(begin, end):
                key = (np.int64(levels[pick[1], y, x]) << BITS) | levels[pick[0], y, x]
                place_of = np.int64(number[key])
                fresh = place_of == 0
                n += fresh
                place_of = n if fresh else place_of
                number[key] = place_of
                keys[total + place_of - 1] = key
                of[x - begin] = total + place_of - 1
            for x in range(begin, end):
                value[of[x - begin], 0] += here + step * (x - begin)
            for b in range(bases):
                for x in range(begin, end):
                    value[of[x - begin], 1 + b] += share * amounts[b, y, x]
        for k in range(total, total + n):
            key = np.int64(keys[k])
            number[key] = 0
            keys[k] = ((key >> BITS) << 8) | (key & ((1 << BITS) - 1))
            village[k] = v
        total += n
    return total


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

"""The compiled pass over pixels: what each village has of every tuple of levels.

Tuples are packed, a byte for each technology. All functions release the GIL, and call nothing
outside this module.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

Array = np.ndarray[Any, Any]

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def _slot(key: int, slots: Array, keys: Array, bits: int) -> Any:
    """Where a key stands in the table, or the free place where it is to stand."""
    mask = slots.size - 1
    at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))
    while slots[at] >= 0 and keys[slots[at]] != key:
        at = (at + 1) & mask
    return at


@_jit
def _rehashed(keys: Array, n: int, bits: int) -> Array:
    """A table of twice the size, with the first ``n`` keys in it."""
    slots = np.full(1 << (bits + 1), -1, np.int64)
    for k in range(n):
        slots[_slot(keys[k], slots, keys, bits + 1)] = k
    return slots


@_jit
def _wider(old: Array, n: int, needed: int) -> Array:
    """The first ``n`` rows, with room for ``needed`` at least; the others are zero."""
    new = np.zeros((max(2 * old.shape[0], needed), old.shape[1]), old.dtype)
    new[:n] = old[:n]
    return new


@_jit
def _longer(old: Array, n: int, needed: int) -> Array:
    new = np.zeros(max(2 * old.size, needed), old.dtype)
    new[:n] = old[:n]
    return new


@_jit
def _key(levels: Array, use: Array, row: int, col: int) -> int:
    """The best level of each technology in one pixel; ``use``: layer and technology, in pairs."""
    key, best, technology = 0, 0, 0
    for j in range(use.shape[0]):
        if use[j, 1] != technology:
            key |= best << (8 * technology)
            technology, best = use[j, 1], 0
        level = int(levels[use[j, 0], row, col])
        best = max(best, level)
    return key | (best << (8 * technology))


@_jit
def _apart(box: Array, tile: Array) -> bool:
    """Whether no pixel of a village can lie in a tile."""
    below, above = box[0] >= tile[0] + tile[2], box[2] <= tile[0]
    return below or above or box[1] >= tile[1] + tile[3] or box[3] <= tile[1]


@_jit
def tuples(
    weights: tuple[Array, Array, Array, Array, Array, Array, Array, Array],
    chosen: Array,
    tile: Array,
    levels: tuple[Array, Array],
    amounts: Array,
    by_area: bool,  # noqa: FBT001  # compiled functions take no keywords
) -> tuple[Array, Array, Array]:
    """Area and amounts by village and tuple of levels, of the pixels in one tile.

    ``weights``: run starts, runs, edge starts, edges, parts, boxes, middles and slopes, as
    `PixelWeights` has them; ``chosen``: the villages. ``tile``: first row, first column, rows,
    columns. ``levels``: those of the layers there (layers × rows × columns), and the pairs of
    layer and technology that count, sorted by technology. ``amounts``: bases × rows × columns.
    Returns ``village``, ``key`` and ``value`` (rows × (1 + bases)), by village; ``by_area``
    False leaves the areas at zero.
    """
    run_first, runs, edge_first, edges, part, boxes, middle, slope = weights
    pixels, use = levels
    top, left, bottom, right = tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[3]
    bases = amounts.shape[0]
    bits = 10
    slots = np.full(1 << bits, -1, np.int64)
    keys = np.zeros(1 << 10, np.int64)
    held = np.zeros((1 << 10, 1 + bases))
    out_village, out_key = np.zeros(1 << 14, np.int32), np.zeros(1 << 14, np.uint32)
    out = np.zeros((1 << 14, 1 + bases))
    total = 0
    for v in chosen:
        if _apart(boxes[v], tile):
            continue
        n, last, at = 0, -1, 0
        first_edge = run_first[v + 1] - run_first[v]
        count = first_edge + edge_first[v + 1] - edge_first[v]
        for k in range(count):
            share = 1.0
            if k < first_edge:
                r = run_first[v] + k
                row, begin, end = runs[r, 0], max(runs[r, 1], left), min(runs[r, 2], right)
            else:
                e = edge_first[v] + k - first_edge
                row, begin = edges[e, 0], max(edges[e, 1], left)
                end = min(edges[e, 1] + 1, right)
                share = part[e]
            if row < top or row >= bottom:
                continue
            line = slope[v, 0] * (row + 0.5 - middle[v, 0])
            for col in range(begin, end):
                key = _key(pixels, use, row - top, col - left)
                if key != last:
                    slot = _slot(key, slots, keys, bits)
                    if slots[slot] < 0:
                        if n == keys.size:
                            keys, held = _longer(keys, n, n + 1), _wider(held, n, n + 1)
                        keys[n] = key
                        held[n] = 0.0
                        slots[slot] = n
                        n += 1
                        if 2 * n > slots.size:
                            slots = _rehashed(keys, n, bits)
                            bits += 1
                            slot = _slot(key, slots, keys, bits)
                    at, last = slots[slot], key
                if by_area:
                    bend = line + slope[v, 1] * (col + 0.5 - middle[v, 1])
                    held[at, 0] += share * (1.0 + bend)
                for b in range(bases):
                    held[at, 1 + b] += share * amounts[b, row - top, col - left]
        if total + n > out_key.size:
            out_village = _longer(out_village, total, total + n)
            out_key = _longer(out_key, total, total + n)
            out = _wider(out, total, total + n)
        for k in range(n):
            out_village[total + k] = v
            out_key[total + k] = keys[k]
            for b in range(1 + bases):
                out[total + k, b] = held[k, b]
        if bits > 10:
            bits = 10
            slots = np.full(1 << bits, -1, np.int64)
        else:
            slots[:] = -1
        total += n
    return out_village[:total].copy(), out_key[:total].copy(), out[:total].copy()


@_jit
def said(
    weights: tuple[Array, Array, Array, Array, Array, Array, Array, Array],
    chosen: Array,
    tile: Array,
    level: Array,
) -> Array:
    """Area of each chosen village in pixels of a tile of which the layer says anything."""
    run_first, runs, edge_first, edges, part, boxes, middle, slope = weights
    top, left, bottom, right = tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[3]
    out = np.zeros(chosen.size)
    for i in range(chosen.size):
        v = chosen[i]
        if _apart(boxes[v], tile):
            continue
        whole = run_first[v + 1] - run_first[v]
        for k in range(whole + edge_first[v + 1] - edge_first[v]):
            share = 1.0
            if k < whole:
                r = run_first[v] + k
                row, begin, end = runs[r, 0], max(runs[r, 1], left), min(runs[r, 2], right)
            else:
                e = edge_first[v] + k - whole
                row, begin = edges[e, 0], max(edges[e, 1], left)
                end = min(edges[e, 1] + 1, right)
                share = part[e]
            if row < top or row >= bottom:
                continue
            line = 1.0 + slope[v, 0] * (row + 0.5 - middle[v, 0])
            for col in range(begin, end):
                if level[row - top, col - left] > 0:
                    out[i] += share * (line + slope[v, 1] * (col + 0.5 - middle[v, 1]))
    return out


@_jit
def merged(village: Array, key: Array, value: Array, order: Array) -> tuple[Array, Array, Array]:
    """Rows of one village and one key added up; ``order`` sorts them by both."""
    out_village, out_key = np.empty(village.size, np.int32), np.empty(village.size, np.uint32)
    out = np.zeros(value.shape)
    n = -1
    for k in order:
        if n < 0 or out_village[n] != village[k] or out_key[n] != key[k]:
            n += 1
            out_village[n], out_key[n] = village[k], key[k]
        for b in range(value.shape[1]):
            out[n, b] += value[k, b]
    return out_village[: n + 1].copy(), out_key[: n + 1].copy(), out[: n + 1].copy()


@_jit
def reaching(first: Array, level: Array, least: Array, part: Array, area: Array) -> Array:
    """Share of each village in whose rows some technology reaches its level in ``least``.

    ``first``: each village's first row; ``level``: technologies × rows. The share is of
    ``part``, and where a village has nothing of that, of ``area``.
    """
    villages, technologies = first.size - 1, level.shape[0]
    out = np.zeros(villages)
    for v in range(villages):
        strong, weak = 0.0, 0.0
        for k in range(first[v], first[v + 1]):
            reached = False
            for t in range(technologies):
                reached |= level[t, k] >= least[t]
            if reached:
                strong += part[k]
            else:
                weak += part[k]
        if strong + weak <= 0.0:
            for k in range(first[v], first[v + 1]):
                for t in range(technologies):
                    if level[t, k] >= least[t]:
                        strong += area[k]
                        break
        out[v] = min(strong, 1.0)
    return out


@_jit
def binned(village: Array, level: Array, part: Array, out: Array) -> None:
    """Add the parts of rows to ``out`` (villages × levels) by the level of one technology."""
    for k in range(village.size):
        out[village[k], level[k]] += part[k]

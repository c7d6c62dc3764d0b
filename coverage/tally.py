"""The compiled pass over pixels: what each village has of every tuple of levels.

Tuples are packed, a byte for each technology. All functions release the GIL, and call nothing
outside this module.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from coverage.compiled_code import CACHES

Array = np.ndarray[Any, Any]

_jit = numba.njit(cache=CACHES, nogil=True, error_model="numpy")


@_jit
def _slot(key: Any, slots: Array, bits: int) -> Any:
    """Where a key stands in the table, or the free place where it is to stand.

    A place holds a key in its upper half and one more than its number in its lower; 0 is free.
    """
    mask = slots.size - 1
    at = np.int64((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - bits))
    while slots[at] != 0 and slots[at] >> 32 != key:
        at = (at + 1) & mask
    return at


@_jit
def _rehashed(keys: Array, n: int, bits: int) -> Array:
    """A table for ``bits`` bits, with the first ``n`` keys in it."""
    slots = np.zeros(1 << bits, np.int64)
    for k in range(n):
        key = np.int64(keys[k])
        slots[_slot(key, slots, bits)] = (key << 32) | (k + 1)
    return slots


@_jit
def _wider(old: Array, n: int, needed: int) -> Array:
    """The first ``n`` rows, with room for ``needed`` at least."""
    new = np.empty((max(2 * old.shape[0], needed), old.shape[1]), old.dtype)
    new[:n] = old[:n]
    return new


@_jit
def _longer(old: Array, n: int, needed: int) -> Array:
    new = np.empty(max(2 * old.size, needed), old.dtype)
    new[:n] = old[:n]
    return new


@_jit
def packed(levels: Array, use: Array) -> Array:
    """The best level of each technology in every pixel, a byte each (uint32, rows × columns).

    ``use``: pairs of a layer and its technology.
    """
    out = np.zeros(levels.shape[1:], np.uint32)
    for row in range(out.shape[0]):
        for j in range(use.shape[0]):
            layer, shift = use[j, 0], np.uint32(8 * use[j, 1])
            for col in range(out.shape[1]):
                held = (out[row, col] >> shift) & np.uint32(255)
                level = np.uint32(levels[layer, row, col])
                if level > held:
                    out[row, col] += (level - held) << shift
    return out


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
    packed_levels: Array,
    amounts: Array,
    by_area: bool,  # noqa: FBT001  # compiled functions take no keywords
) -> tuple[Array, Array, Array]:
    """Area and amounts by village and tuple of levels, of the pixels in one tile.

    ``weights``: run starts, runs, edge starts, edges, parts, boxes, middles and slopes, as
    `PixelWeights` has them; ``chosen``: the villages. ``tile``: first row, first column, rows,
    columns. ``packed_levels``: as `packed` has them; ``amounts``: bases × rows × columns.
    Returns ``village``, ``key`` and ``value`` (rows × (1 + bases)), by village, each tuple in
    the order in which it is met; ``by_area`` False leaves the areas at zero.
    """
    run_first, runs, edge_first, edges, part, boxes, middle, slope = weights
    top, left, bottom, right = tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[3]
    bases = amounts.shape[0]
    bits, least = 10, 10
    slots = np.zeros(1 << bits, np.int64)
    village, keys = np.empty(1 << 14, np.int32), np.empty(1 << 14, np.uint32)
    value = np.empty((1 << 14, 1 + bases))
    total = 0
    for v in chosen:
        if _apart(boxes[v], tile):
            continue
        n, last, at = 0, np.int64(-1), total
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
                key = np.int64(packed_levels[row - top, col - left])
                if key != last:
                    slot = _slot(key, slots, bits)
                    if slots[slot] == 0:
                        if total + n == keys.size:
                            village = _longer(village, total + n, total + n + 1)
                            keys = _longer(keys, total + n, total + n + 1)
                            value = _wider(value, total + n, total + n + 1)
                        village[total + n], keys[total + n] = v, key
                        for b in range(1 + bases):
                            value[total + n, b] = 0.0
                        n += 1
                        slots[slot] = (key << 32) | n
                        at = total + n - 1
                        if 2 * n > slots.size:
                            bits += 1
                            slots = _rehashed(keys[total:], n, bits)
                    else:
                        at = total + (slots[slot] & 0xFFFFFFFF) - 1
                    last = key
                if by_area:
                    bend = slope[v, 1] * (col + 0.5 - middle[v, 1])
                    value[at, 0] += share * (line + bend)
                for b in range(bases):
                    value[at, 1 + b] += share * amounts[b, row - top, col - left]
        total += n
        if bits > least:
            bits = least
            slots = np.zeros(1 << bits, np.int64)
        else:
            slots[:] = 0
    return village[:total], keys[:total], value[:total]


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


@numba.njit(cache=CACHES, nogil=True, error_model="numpy", fastmath={"reassoc", "nsz"})
def reaching(first: Array, level: Array, asked: Array, least: Array, part: Array) -> Array:
    """How much of each village has, of some technologies, any at its level in ``least``.

    ``first``: each village's first row; ``level``: technologies × rows, of which those ``asked``
    count; ``part``: how much each row is.
    """
    out = np.zeros(first.size - 1)
    most = 0
    for v in range(out.size):
        most = max(most, first[v + 1] - first[v])
    reached = np.zeros(most, np.uint8)
    for v in range(out.size):
        begin, count = first[v], first[v + 1] - first[v]
        reached[:count] = 0
        for t in asked:
            enough = least[t]
            of = level[t, begin : begin + count]
            for k in range(count):
                reached[k] |= np.uint8(of[k] >= enough)
        total = 0.0
        weigh = part[begin : begin + count]
        for k in range(count):
            total += weigh[k] * reached[k]
        out[v] = total
    return out


@_jit
def binned(village: Array, level: Array, part: Array, out: Array) -> None:
    """Add the parts of rows to ``out`` (villages × levels) by the level of one technology."""
    for k in range(village.size):
        out[village[k], level[k]] += part[k]

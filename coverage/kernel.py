"""The compiled heart: exact areas of villages by the combination of layers that serves them.

Everything here works cell by cell of one square grid. A polygon's indicator is a sum over
its edges: a point is inside where the signed number of edges *above* it is positive. Cut to
one cell, a polygon is therefore a short list of *pieces*: its own edges inside the cell and,
for what passes above, horizontal pieces along the cell's upper side. A piece is
``(x0, y0, x1, y1, weight, slope)`` with ``x0 < x1``, in metres from the cell's lower left
corner.

Two areas follow without ever constructing a geometry, and without a single decision that
rounding could turn (a moved end moves the area by as much, no more):

* of two polygons whose windings are 0 or 1, the sum over pairs of pieces of
  ``weight · weight · ∫ min(y, y') dx``;
* of any number of polygons, overlapping or not, a sweep over the slabs between the pieces'
  ends and crossings, in which each layer is inside where its winding is positive.

Edges that coincide, touch or run through each other's ends are therefore ordinary input.
All functions release the GIL. They stand in one module because the compiler's cache on disk
only notices changes in the module it belongs to.

To compile them is most of a first start. A number that is handed on and changes begins as `ZERO`,
and arrays are copied and sorted by loops of our own: numpy's ways bring a library along each.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from coverage.compiled_code import CACHES

EMPTY = 0
"""Cell code: nothing of the polygon is in the cell."""
FULL = -1
"""Cell code: the cell lies wholly inside the polygon."""

Array = np.ndarray[Any, Any]

OUTSIDE = -1
"""Face of a sweep: beside the village."""
UNBEGUN = -2
"""Face of a piece that a sweep has not come to."""

NO_AREA = 1e-14
"""This part of a cell, or of as much of it as is as wide as a village, is what rounding leaves
between edges that coincide."""

ROOM = 256
"""So many pieces of a cell a sweep has room for without asking for more."""

Room = tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array, Array, Array]

ZERO: int = np.int64(0)  # type: ignore[assignment]  # an int, for all that is done with it
"""A first value of its type alone: what is called with a bare 0 is compiled for 0 by itself too."""
NO_RING: int = np.int64(-1)  # type: ignore[assignment]  # the same

UNWEIGHTED = np.empty(0)
"""Weights of cells that each count for 1."""

_jit = numba.njit(cache=CACHES, nogil=True, error_model="numpy")
_inlined = numba.njit(cache=CACHES, nogil=True, error_model="numpy", forceinline=True)


@_jit
def ring_signs(xy: Array, ring_start: Array, is_shell: Array) -> Array:
    """+1 or −1 for each ring, so that shells add and holes take away, however they run."""
    signs = np.zeros(ring_start.size - 1, np.int64)
    for r in range(signs.size):
        a, b = ring_start[r], ring_start[r + 1]
        twice = 0.0
        for k in range(a + 1, b - 2):
            ux, uy = xy[k, 0] - xy[a, 0], xy[k, 1] - xy[a, 1]
            vx, vy = xy[k + 1, 0] - xy[a, 0], xy[k + 1, 1] - xy[a, 1]
            twice += ux * vy - uy * vx
        sign = 1 if twice > 0 else -1
        signs[r] = sign if is_shell[r] else -sign
    return signs


@_jit
def _longer(old: Array, needed: int) -> Array:
    """The same rows with room for at least ``needed``, and twice as many."""
    new = np.empty((max(2 * old.shape[0], needed), old.shape[1]), old.dtype)
    for k in range(old.shape[0]):
        for c in range(old.shape[1]):
            new[k, c] = old[k, c]
    return new


@_inlined
def _sift(keys: Array, values: Array, root: int, end: int) -> None:
    """Let the key at ``root`` sink in the heap that ends before ``end``."""
    key, value = keys[root], values[root]
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and keys[child + 1] > keys[child]:
            child += 1
        if keys[child] <= key:
            break
        keys[root], values[root] = keys[child], values[child]
        root = child
    keys[root], values[root] = key, value


@_jit
def _sort(keys: Array, values: Array, n: int) -> None:
    """Sort the first n keys, each with its value, in place."""
    for root in range(n // 2 - 1, -1, -1):
        _sift(keys, values, root, n)
    for end in range(n - 1, 0, -1):
        keys[0], keys[end] = keys[end], keys[0]
        values[0], values[end] = values[end], values[0]
        _sift(keys, values, ZERO, end)


@_jit
def _cut_edge(out: Array, n: int, edge: Array, grid: Array, window: Array) -> int:
    """Append the pieces of one edge (x0, y0, x1, y1, weight, ring), cell by cell.

    Returns how many there are then, though only those are written that fit. Rows of ``out``:
    column-major cell number, x0, y0, x1, y1 (in the cell), weight, ring. What passes above the
    window keeps only its width, in a row of its own on top.
    """
    g = grid[2]
    c0, r0, nx, ny = window[0], window[1], window[2], window[3]
    x0, y0, x1, y1 = edge[0], edge[1], edge[2], edge[3]
    left, right = grid[0] + c0 * g, grid[0] + (c0 + nx) * g
    if x1 <= left or x0 >= right or max(y0, y1) <= grid[1] + r0 * g:
        return n
    slope = (y1 - y0) / (x1 - x0)
    xa, ya = x0, y0
    if xa < left:
        xa, ya = left, y0 + slope * (left - x0)
    col = min(max(int((xa - left) / g), 0), nx - 1)
    while col < nx - 1 and grid[0] + (c0 + col + 1) * g <= xa:
        col += 1
    while col > 0 and grid[0] + (c0 + col) * g > xa:
        col -= 1
    while xa < x1 and col < nx:
        col_x, col_end = grid[0] + (c0 + col) * g, grid[0] + (c0 + col + 1) * g
        xb, yb = (x1, y1) if x1 <= col_end else (col_end, y0 + slope * (col_end - x0))
        yb = min(max(yb, min(y0, y1)), max(y0, y1))
        step = 1 if yb > ya else -1
        row = min(max(int(np.floor((ya - grid[1]) / g)) - r0, -1), ny)
        px, py = xa, ya
        while px < xb:
            border = r0 + row + (1 if step > 0 else 0)
            border_y = grid[1] + border * g
            ends_here = (step > 0 and (row == ny or yb <= border_y)) or (
                step < 0 and (row == -1 or yb >= border_y)
            )
            if ends_here:
                qx, qy = xb, yb
            else:
                t = (border_y - ya) / (yb - ya)
                qx, qy = min(max(xa + (xb - xa) * t, px), xb), border_y
            if row >= 0 and qx > px and n >= out.shape[0]:
                n += 1
            elif row >= 0 and qx > px:
                base_y = grid[1] + (r0 + row) * g
                out[n, 0] = col * (ny + 1) + row
                out[n, 1] = px - col_x
                out[n, 2] = min(max(py - base_y, 0.0), g) if row < ny else g
                out[n, 3] = qx - col_x if qx < col_end else g
                out[n, 4] = min(max(qy - base_y, 0.0), g) if row < ny else g
                out[n, 5] = edge[4]
                out[n, 6] = edge[5]
                n += 1
            px, py = qx, qy
            if ends_here:
                break
            row += step
        xa, ya = xb, yb
        col += 1
    return n


@_inlined
def _in_one_cell(out: Array, n: int, edge: Array, grid: Array, window: Array) -> bool:
    """Write an edge that lies in one cell, as most do, as row n; False where it does not."""
    g = grid[2]
    x0, y0, x1, y1 = edge[0], edge[1], edge[2], edge[3]
    col = int(np.floor((x0 - grid[0]) / g)) - window[0]
    row = int(np.floor((min(y0, y1) - grid[1]) / g)) - window[1]
    if not (0 <= col < window[2] and 0 <= row < window[3]):
        return False
    left, low = grid[0] + (window[0] + col) * g, grid[1] + (window[1] + row) * g
    if x0 < left or x1 > left + g or min(y0, y1) < low or max(y0, y1) > low + g:
        return False
    if x1 - left <= x0 - left:
        return False
    out[n, 0] = col * (window[3] + 1) + row
    out[n, 1], out[n, 2] = x0 - left, y0 - low
    out[n, 3], out[n, 4] = x1 - left, y1 - low
    out[n, 5], out[n, 6] = edge[4], edge[5]
    return True


@_jit
def _cut_rings(
    xy: Array, ring_start: Array, signs: Array, rings: Array, grid: Array, window: Array
) -> tuple[Array, Array, Array]:
    """The pieces of the rings ``rings[0] … rings[1] − 1``, and where those of each cell are.

    Pieces stand as `_cut_edge` appends them; those of cell ``key`` are the rows
    ``order[start[key]]`` to ``order[start[key + 1] − 1]``, by x0.
    """
    count = ring_start[rings[1]] - ring_start[rings[0]]
    out = np.empty((count + count // 2 + 32, 7), np.float64)
    n = _cut_edges(xy, ring_start, signs, rings, grid, window, out)
    while n > out.shape[0]:
        out = np.empty((n, 7), np.float64)
        n = _cut_edges(xy, ring_start, signs, rings, grid, window, out)
    n_keys = window[2] * (window[3] + 1)
    start = np.zeros(n_keys + 1, np.int64)
    for k in range(n):
        start[int(out[k, 0]) + 1] += 1
    for k in range(n_keys):
        start[k + 1] += start[k]
    return out[:n], _by_x0(out, n, start), start


@_jit
def _cut_edges(
    xy: Array,
    ring_start: Array,
    signs: Array,
    rings: Array,
    grid: Array,
    window: Array,
    out: Array,
) -> int:
    """Write the pieces of rings, as many as fit; returns how many there are.

    Nothing grows here, nor in other loops over very many: an array that a loop may replace is
    counted as held anew at every turn, which takes longer than all else.
    """
    edge = np.empty(6, np.float64)
    n = ZERO
    for r in range(rings[0], rings[1]):
        for k in range(ring_start[r], ring_start[r + 1] - 1):
            ax, ay, bx, by = xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1]
            if ax == bx:
                continue  # a vertical edge has no width, hence nothing under it
            if ax < bx:
                edge[0], edge[1], edge[2], edge[3], edge[4] = ax, ay, bx, by, -signs[r]
            else:
                edge[0], edge[1], edge[2], edge[3], edge[4] = bx, by, ax, ay, signs[r]
            edge[5] = r
            if n < out.shape[0] and _in_one_cell(out, n, edge, grid, window):
                n += 1
            else:
                n = _cut_edge(out, n, edge, grid, window)
    return n


@_jit
def _by_x0(cut: Array, n: int, start: Array) -> Array:
    """Pieces by cell and, in each, by x0; ``start`` has how many come before each cell."""
    order = np.empty(n, np.int64)
    end = start[:-1].copy()
    for k in range(n):
        key, x0 = int(cut[k, 0]), cut[k, 1]
        j = end[key]
        end[key] += 1
        while j > start[key] and cut[order[j - 1], 1] > x0:
            order[j] = order[j - 1]
            j -= 1
        order[j] = k
    return order


@_jit
def _merge_events(ev_x: Array, ev_w: Array, n: int) -> int:
    """Sort steps of the winding by place and drop those that cancel; returns how many stay."""
    if n <= 32:  # nearly always, and then mostly sorted already
        for k in range(1, n):
            x, w = ev_x[k], ev_w[k]
            j = k
            while j > 0 and ev_x[j - 1] > x:
                ev_x[j], ev_w[j] = ev_x[j - 1], ev_w[j - 1]
                j -= 1
            ev_x[j], ev_w[j] = x, w
    else:
        _sort(ev_x, ev_w, n)
    m = 0
    k = 0
    while k < n:
        x, w = ev_x[k], 0.0
        while k < n and ev_x[k] == x:
            w += ev_w[k]
            k += 1
        if w != 0.0:
            ev_x[m], ev_w[m] = x, w
            m += 1
    return m


@_inlined
def _under_both(p: Array, i: int, q: Array, j: int) -> float:
    """∫ min(y_p, y_q) dx over the x that pieces ``p[i]`` and ``q[j]`` both span."""
    xl, xr = max(p[i, 0], q[j, 0]), min(p[i, 2], q[j, 2])
    if xl >= xr:
        return 0.0
    pl, ql = p[i, 1] + p[i, 5] * (xl - p[i, 0]), q[j, 1] + q[j, 5] * (xl - q[j, 0])
    pr, qr = p[i, 1] + p[i, 5] * (xr - p[i, 0]), q[j, 1] + q[j, 5] * (xr - q[j, 0])
    dl, dr = pl - ql, pr - qr
    if (dl >= 0.0) == (dr >= 0.0):
        return (min(pl, ql) + min(pr, qr)) * 0.5 * (xr - xl)
    gap = (dl * dl + dr * dr) / (abs(dl) + abs(dr))
    return ((pl + pr + ql + qr) * 0.25 - gap * 0.25) * (xr - xl)


@_jit
def _area_under(pieces: Array, a: int, b: int) -> float:
    """Signed area of a polygon in one cell, from its pieces."""
    total = 0.0
    for k in range(a, b):
        total += pieces[k, 4] * (pieces[k, 1] + pieces[k, 3]) * 0.5 * (pieces[k, 2] - pieces[k, 0])
    return total


@_jit
def _pair_area(p: Array, a: int, b: int, q: Array, c: int, d: int) -> float:
    """Area common to two polygons in one cell; exact where both windings are 0 or 1.

    Both have their pieces by x0.
    """
    total = 0.0
    for i in range(a, b):
        x0, x1, weight = p[i, 0], p[i, 2], p[i, 4]
        for j in range(c, d):
            if q[j, 0] >= x1:
                break
            if x0 < q[j, 2]:
                total += weight * q[j, 4] * _under_both(p, i, q, j)
    return total


@_jit
def index_rings(
    xy: Array, ring_start: Array, signs: Array, rings: Array, grid: Array, window: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """A polygon, or a layer of them, laid out by cell.

    Returns ``code`` (one a cell, column-major: EMPTY, FULL, or k + 1 for the k-th mixed
    cell), ``start`` and ``pieces`` (rows ``start[k]`` to ``start[k + 1]`` are mixed cell k),
    ``area`` (m², of each mixed cell) and ``owner`` (ring of each piece; on upper sides, of the
    nearest piece above).
    """
    cut, order, begin = _cut_rings(xy, ring_start, signs, rings, grid, window)
    return _laid_out(cut, order, begin, grid, window)


@_jit
def index_layer(
    arrays: tuple[Array, Array, Array, Array], grid: Array, window: Array
) -> tuple[Array, Array, Array, Array, Array, Array, Array]:
    """The same of a whole layer, and which of its rows are wound where they meet others.

    ``arrays``: coordinates, ring starts, signs and each row's first ring. Two more arrays:
    ``wound`` and ``shared`` (see `_wound_where_shared`).
    """
    xy, ring_start, signs, first = arrays
    rings = np.empty(2, np.int64)
    rings[0], rings[1] = 0, ring_start.size - 1
    cut, order, begin = _cut_rings(xy, ring_start, signs, rings, grid, window)
    code, start, pieces, area, owner = _laid_out(cut, order, begin, grid, window)
    inside = _ends_inside(arrays, grid[1] + window[1] * grid[2])
    wound, shared = _wound_where_shared(cut, order, begin, first, inside, grid, window)
    return code, start, pieces, area, owner, wound, shared


@_jit
def _lay(
    out: tuple[Array, Array, int],
    above: tuple[Array, Array, int, int],
    g: float,
    cut: Array,
    rows: Array,
) -> int:
    """Write the pieces of one cell, by x0: its own ``rows`` and those along its upper side.

    ``out``: pieces, the ring of each (or nothing, where nobody asks), and where to begin; returns
    where they end, though only those are written that fit. ``above``: the steps of the winding of
    what passes above, by place, how many there are, and a ring of these.
    """
    pieces, owner, n = out
    ev_x, ev_w, events, ring = above
    w, e = 0.0, 0
    for k in range(rows.size + 1):
        while e < events - 1 and (k == rows.size or ev_x[e] <= cut[rows[k], 1]):
            w += ev_w[e]
            if w != 0.0:
                if n < pieces.shape[0]:
                    pieces[n, 0], pieces[n, 2] = ev_x[e], ev_x[e + 1]
                    pieces[n, 1] = pieces[n, 3] = g
                    pieces[n, 4], pieces[n, 5] = w, 0.0
                if n < owner.size:
                    owner[n] = ring
                n += 1
            e += 1
        if k < rows.size:
            row = rows[k]
            if n < pieces.shape[0]:
                for c in range(5):
                    pieces[n, c] = cut[row, 1 + c]
                pieces[n, 5] = (cut[row, 4] - cut[row, 2]) / (cut[row, 3] - cut[row, 1])
            if n < owner.size:
                owner[n] = int(cut[row, 6])
            n += 1
    return n


@_jit
def _step(ev_x: Array, ev_w: Array, events: int, cut: Array, rows: Array) -> int:
    """Add the pieces of a cell to what passes above those below it."""
    for row in rows:
        ev_x[events], ev_w[events] = cut[row, 1], cut[row, 5]
        ev_x[events + 1], ev_w[events + 1] = cut[row, 3], -cut[row, 5]
        events += 2
    return _merge_events(ev_x, ev_w, events) if rows.size else events


@_jit
def _laid_out(
    cut: Array, order: Array, begin: Array, grid: Array, window: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Pieces as `_cut_rings` gives them, by cell, with what passes above each cell."""
    code = np.zeros(window[2] * window[3], np.int32)
    start = np.empty(code.size + 1, np.int64)
    pieces = np.empty((cut.shape[0] + cut.shape[0] // 2 + 64, 6), np.float64)
    owner = np.empty(pieces.shape[0], np.int64)
    mixed = _lay_all(cut, order, begin, grid, window, (code, start, pieces, owner))
    n = start[mixed]
    if n > pieces.shape[0]:
        pieces, owner = np.empty((n, 6), np.float64), np.empty(n, np.int64)
        _lay_all(cut, order, begin, grid, window, (code, start, pieces, owner))
    area = np.empty(mixed, np.float64)
    for m in range(mixed):
        area[m] = _area_under(pieces, start[m], start[m + 1])
    return code, start[: mixed + 1], pieces[:n], area, owner[:n]


@_jit
def _lay_all(
    cut: Array,
    order: Array,
    begin: Array,
    grid: Array,
    window: Array,
    out: tuple[Array, Array, Array, Array],
) -> int:
    """Write codes, starts, pieces and owners of all cells; returns how many are mixed.

    Of pieces only those are written that fit, but starts count all.
    """
    code, start, pieces, owner = out
    nx, ny, g = window[2], window[3], grid[2]
    ev_x, ev_w = np.empty(2 * cut.shape[0] + 4, np.float64), np.empty(2 * cut.shape[0] + 4)
    mixed, n = ZERO, ZERO
    for col in range(nx - 1, -1, -1):
        events, ring = ZERO, NO_RING
        for row in range(ny, -1, -1):
            key = col * (ny + 1) + row
            if begin[key] == begin[key + 1]:  # as in nearly all cells, which nothing is done for
                if events == 0 or row == ny:
                    continue
                if events == 2 and ev_x[0] == 0.0 and ev_x[1] == g and ev_w[0] > 0.0:
                    code[col * ny + row] = FULL
                    continue
            rows = order[begin[key] : begin[key + 1]]
            if row < ny:
                start[mixed] = n
                n = _lay((pieces, owner, n), (ev_x, ev_w, events, ring), g, cut, rows)
                mixed += 1
                code[col * ny + row] = mixed
            events = _step(ev_x, ev_w, events, cut, rows)
            ring = int(cut[rows[0], 6]) if rows.size else ring
    start[mixed] = n
    return mixed


@_jit
def join_codes(code: Array, before: int, column: int, out: Array) -> None:
    """Write one layer's codes to its column of all layers' (cells × layers).

    ``before``: how many mixed cells the layers before it have.
    """
    for k in range(code.size):
        out[k, column] = code[k] + before if code[k] > 0 else code[k]


@_jit
def simple_cells(start: Array, pieces: Array, area: Array, g: float) -> Array:
    """Whether the winding is 0 or 1 all over each mixed cell.

    ∫ (w² − w) is zero exactly then, and is the pair area of the polygon with itself less
    its own area; overlaps and wrongly wound parts make it positive.
    """
    simple = np.empty(area.size, np.bool_)
    for m in range(area.size):
        excess = _excess(pieces, start[m], start[m + 1], area[m])
        simple[m] = abs(excess) <= 1e-11 * g * g
    return simple


@_jit
def _excess(pieces: Array, a: int, b: int, area: float) -> float:
    """∫ (w² − w) of a polygon in one cell: its pair area with itself, less its own."""
    twice, once = 0.0, 0.0
    for i in range(a, b):
        x0, y0, x1, y1, weight = (
            pieces[i, 0],
            pieces[i, 1],
            pieces[i, 2],
            pieces[i, 3],
            pieces[i, 4],
        )
        once += weight * weight * (y0 + y1) * 0.5 * (x1 - x0)
        for j in range(i + 1, b):
            if pieces[j, 0] >= x1:
                break
            twice += weight * pieces[j, 4] * _under_both(pieces, i, pieces, j)
    return 2.0 * twice + once - area


@_jit
def _ends_inside(arrays: tuple[Array, Array, Array, Array], low: float) -> Array:
    """Whether each row of a layer lies above ``low``, so that nothing of it goes on below."""
    xy, ring_start, _, first = arrays
    inside = np.ones(first.size - 1, np.bool_)
    for row in range(inside.size):
        for k in range(ring_start[first[row]], ring_start[first[row + 1]]):
            if xy[k, 1] <= low:
                inside[row] = False
                break
    return inside


@_jit
def _beside_others(
    rows: Array, of: Array, cut: Array, work: tuple[Array, Array, Array, Array], window: Array
) -> None:
    """Which rows of a layer may meet others in one column, whose pieces are ``rows``, by cell.

    ``of`` has the row of each piece. A row is in the lines from its lowest piece to its highest,
    from the grid's lower side where it does not end inside, and meets all that may come from
    above. ``work``: room for lowest and highest lines and for the rows found, which rows end
    inside, room for how many are in each line, and the answer, ``beside``.
    """
    spans, inside, many, beside = work
    found = 0
    for row in of:
        spans[row, 0] = -1
    for k in range(of.size):
        row, line = of[k], int(cut[rows[k], 0]) % (window[3] + 1)
        if spans[row, 0] < 0:
            spans[row, 0] = line if inside[row] else 0
            spans[found, 2] = row
            found += 1
        spans[row, 1] = line
    many[:] = 0
    for row in spans[:found, 2]:
        many[spans[row, 0]] += 1
        many[spans[row, 1] + 1] -= 1
    for line in range(1, many.size):
        many[line] += many[line - 1]
    for row in spans[:found, 2]:
        beside[row] = spans[row, 1] == window[3]
        for line in range(spans[row, 0], spans[row, 1] + 1):
            beside[row] = beside[row] or many[line] > 1


@_jit
def _wound_where_shared(
    cut: Array,
    order: Array,
    begin: Array,
    first: Array,
    inside: Array,
    grid: Array,
    window: Array,
) -> tuple[Array, Array]:
    """Rows of a layer with a winding other than 0 and 1 in a cell where others are too.

    Together such rows can look sound: what one takes away wrongly another gives. In a cell that
    a row has to itself the layer's own winding tells. ``first``: each row's first ring; ``inside``:
    which rows `_ends_inside`. Returns ``wound`` (one a row) and ``shared`` (one a cell): whether
    more than one row is there.
    """
    nx, ny, g = window[2], window[3], grid[2]
    wound = np.zeros(first.size - 1, np.bool_)
    shared = np.zeros(nx * ny, np.bool_)
    present = np.zeros(ny, np.int64)
    row_of = np.empty(first[-1], np.int64)
    for row in range(first.size - 1):
        row_of[first[row] : first[row + 1]] = row
    spans = np.empty((first.size - 1, 3), np.int64)
    beside = np.zeros(first.size - 1, np.bool_)
    many = np.empty(ny + 2, np.int64)
    lots = np.empty((64, 4), np.int64)  # of one column: line, row, first piece, whether only above
    pieces = np.empty((256, 6), np.float64)
    nobody = np.empty(0, np.int64)
    for col in range(nx):
        rows = order[begin[col * (ny + 1)] : begin[(col + 1) * (ny + 1)]]
        of = np.empty(rows.size, np.int64)
        several = False
        for k in range(of.size):
            of[k] = row_of[int(cut[rows[k], 6])]
            several = several or of[k] != of[0]
        if not several:
            continue
        _beside_others(rows, of, cut, (spans, inside, many, beside), window)
        found, by_row, own = ZERO, np.empty(of.size, np.int64), np.empty(of.size, np.int64)
        for k in range(of.size):
            if beside[of[k]]:
                by_row[found], own[found] = of[k] * of.size + k, rows[k]
                found += 1
        if found == 0:
            continue
        _sort(by_row, own, found)
        for k in range(found):
            by_row[k] //= of.size
        of, rows = by_row[:found], own[:found]
        present[:] = 0
        ev_x, ev_w = np.empty(2 * of.size), np.empty(2 * of.size)
        m, n, last = 0, ZERO, 0
        while last < of.size:
            a, row = last, of[last]
            while last < of.size and of[last] == row:
                last += 1
            at, events, line = last, ZERO, 0
            while True:
                if events == 0:
                    if at == a:
                        break
                    line = int(cut[rows[at - 1], 0]) - col * (ny + 1)
                else:
                    line -= 1
                    if line < 0:
                        break
                low = at
                while low > a and cut[rows[low - 1], 0] == col * (ny + 1) + line:
                    low -= 1
                here = rows[low:at]
                if line < ny:
                    if m + 1 >= lots.shape[0]:
                        lots = _longer(lots, 0)
                    while n + here.size + events >= pieces.shape[0]:
                        pieces = _longer(pieces, 0)
                    lots[m, 0], lots[m, 1], lots[m, 2], lots[m, 3] = line, row, n, low == at
                    m += 1
                    present[line] += 1
                    above = (ev_x, ev_w, events, NO_RING)
                    n = _lay((pieces, nobody, n), above, g, cut, here)
                events = _step(ev_x, ev_w, events, cut, here)
                at = low
        if m == lots.shape[0]:
            lots = _longer(lots, 0)
        lots[m, 2] = n
        for k in range(m):
            line, row = lots[k, 0], lots[k, 1]
            if present[line] > 1:
                shared[col * ny + line] = True
            # what only passes above may come from beyond the grid, where nobody looked
            if not wound[row] and (present[line] > 1 or lots[k, 3] == 1):
                a, b = lots[k, 2], lots[k + 1, 2]
                off = _excess(pieces, a, b, _area_under(pieces, a, b))
                wound[row] = abs(off) > 1e-11 * g * g
    return wound, shared


@_jit
def _add(keys: Array, values: Array, n: int, key: Any, value: float) -> Any:
    """Add ``value`` under ``key`` to a short table; returns the table and the key's place."""
    for k in range(n - 1, -1, -1):
        if keys[k] == key:
            values[k] += value
            return keys, values, n, k
    if n == keys.size:
        more_keys, more_values = np.empty(2 * n, np.uint64), np.empty(2 * n, np.float64)
        for k in range(n):
            more_keys[k], more_values[k] = keys[k], values[k]
        keys, values = more_keys, more_values
    keys[n], values[n] = key, value
    return keys, values, n + 1, n


@_inlined
def _note_crossings(e: Array, out: Array) -> int:
    """Write the x of crossings of pieces that are sorted by x0, as many as fit; returns how many.

    Nothing grows here (see `_cut_edges`).
    """
    m = 0
    for i in range(e.shape[0]):
        x0, y0, x1, slope = e[i, 0], e[i, 1], e[i, 2], e[i, 5]
        low, high = min(y0, e[i, 3]), max(y0, e[i, 3])
        for j in range(i + 1, e.shape[0]):
            xl = e[j, 0]
            if xl >= x1:
                break
            if min(e[j, 1], e[j, 3]) > high or max(e[j, 1], e[j, 3]) < low:
                continue
            xr = min(x1, e[j, 2])
            dl = y0 + slope * (xl - x0) - e[j, 1]
            dr = y0 + slope * (xr - x0) - (e[j, 1] + e[j, 5] * (xr - xl))
            if dl * dr < 0.0:
                if m < out.size:
                    out[m] = min(max(xl + (xr - xl) * (dl / (dl - dr)), xl), xr)
                m += 1
    return m


@_jit
def _crossings(e: Array, room: Array) -> Array:
    """Sorted x of the crossings of pieces that are sorted by x0; in ``room``, if it is enough."""
    out = room
    m = _note_crossings(e, out)
    if m > out.size:
        out = np.empty(m, np.float64)
        _note_crossings(e, out)
    if m > 64:
        _sort(out, np.empty(m, np.float64), m)
        return out[:m]
    for k in range(1, m):
        x, j = out[k], k
        while j > 0 and out[j - 1] > x:
            out[j] = out[j - 1]
            j -= 1
        out[j] = x
    return out[:m]


@_inlined
def _by_end(e: Array, order: Array) -> None:
    """Write the numbers of pieces that are sorted by x0, by x1."""
    for k in range(e.shape[0]):
        x1, j = e[k, 2], k
        while j > 0 and e[order[j - 1], 2] > x1:
            order[j] = order[j - 1]
            j -= 1
        order[j] = k


@_jit
def sweep_room() -> Room:
    """What a sweep works in, for cells of up to `ROOM` pieces; larger ones get their own."""
    return (
        np.empty(ROOM, np.float64),
        np.empty((2, ROOM), np.int64),
        np.empty((ROOM, 2), np.int64),
        np.empty(ROOM, np.float64),
        np.empty(65, np.float64),
        np.zeros(64, np.int64),
        np.empty((ROOM, 8), np.float64),
        np.empty(64, np.uint64),
        np.empty(64, np.float64),
        np.empty(64, np.int64),
        np.empty(64, np.uint64),
    )


@_jit
def _room_for(rows: int, room: Room) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Room for ends, active pieces, faces, heights, windings and hints of a sweep."""
    numbers, faces, height, winding, hint = room[1], room[2], room[3], room[4], room[5]
    if rows <= height.size:
        return numbers[0], numbers[1], faces, height, winding, hint
    own = np.empty((2, rows), np.int64)
    more = np.empty((rows, 2), np.int64)
    return own[0], own[1], more, np.empty(rows, np.float64), winding, hint


@_inlined
def _settle(e: Array, i: int, x: float, faces: Array, areas: Array) -> None:
    """Give the area under a piece, up to x, to the face below it, and take it from that above."""
    above, below = faces[i, 0], faces[i, 1]
    if above != below:
        width = x - e[i, 7]
        area = (e[i, 1] + e[i, 5] * (e[i, 7] + 0.5 * width - e[i, 0])) * width
        if above >= 0:
            areas[above] -= area
        if below >= 0:
            areas[below] += area
    e[i, 7] = x


@_inlined
def _begin(e: Array, j: int, x: float, heir_of: int, faces: Array) -> bool:
    """Whether a piece begins at x in the place of another of its owner; then with its faces."""
    if faces[j, 0] != UNBEGUN or e[j, 2] <= x:
        return False
    if e[j, 6] != e[heir_of, 6] or e[j, 4] != e[heir_of, 4]:
        return False
    faces[j, 0], faces[j, 1], e[j, 7] = faces[heir_of, 0], faces[heir_of, 1], x
    return True


@_inlined
def _descending(e: Array, x: float, active: Array, height: Array) -> bool:
    """The heights of pieces at x, and whether none is above the one before."""
    in_order = True
    for k in range(active.size):
        i = active[k]
        height[k] = e[i, 1] + e[i, 5] * (x - e[i, 0])
        in_order = in_order and (k == 0 or height[k] <= height[k - 1])
    return in_order


@_jit
def _descend(active: Array, height: Array) -> None:
    """Sort pieces from the highest to the lowest."""
    for k in range(1, active.size):
        i, y, j = active[k], height[k], k
        while j > 0 and height[j - 1] < y:
            height[j], active[j] = height[j - 1], active[j - 1]
            j -= 1
        height[j], active[j] = y, i


@_jit
def _sweep(e: Array, base: Any, bits: Array, table: tuple[Array, Array], room: Room) -> int:
    """Areas of one cell by combination, for any windings: how many there are, or −1.

    Combinations and areas are written to ``table``; −1 tells that it is too short, and areas are
    then of no use. ``e``: pieces as `_gather` gives them; owner 0 is the village,
    owner o ≥ 1 the layer of ``bits[o − 1]``. ``base``: the layers that fill the cell.

    Pieces are taken from left to right, in slabs between their ends and crossings. The area of a
    face is what lies under the pieces above it less what lies under those below it, so a piece is
    settled only where it ends or has another face beside it than before. That the pieces stand in
    order is seen anew in the middle of every slab: no order is taken on trust.
    """
    keys, areas = table
    n = 0
    rows = e.shape[0]
    cross = _crossings(e, room[0])
    ends, active, faces, height, winding, hint = _room_for(rows, room)
    _by_end(e, ends)
    for k in range(rows):
        faces[k, 0] = UNBEGUN
    count, begun, done, met = 0, ZERO, 0, 0
    x = e[0, 0]
    while done < rows:
        stop, anew = begun, False
        while stop < rows and e[stop, 0] <= x:
            stop += 1
        while done < rows and e[ends[done], 2] <= x:
            i, k = ends[done], 0
            done += 1
            while k < count and active[k] != i:
                k += 1
            if k == count:
                continue  # narrower than any slab
            _settle(e, i, x, faces, areas)
            j = begun
            while j < stop and not _begin(e, j, x, i, faces):
                j += 1
            if j < stop:
                active[k] = j
                continue
            anew = True
            count -= 1
            for later in range(k, count):
                active[later] = active[later + 1]
        for j in range(begun, stop):
            if faces[j, 0] == UNBEGUN and e[j, 2] > x:
                faces[j, 0], faces[j, 1], e[j, 7] = OUTSIDE, OUTSIDE, x
                active[count] = j
                count, anew = count + 1, True
        begun = stop
        if done == rows:
            break
        after = e[ends[done], 2]
        if begun < rows:
            after = min(after, e[begun, 0])
        while met < cross.size and cross[met] <= x:
            met += 1
        if met < cross.size:
            after = min(after, cross[met])
        if not _descending(e, 0.5 * (x + after), active[:count], height):
            _descend(active[:count], height)
            anew = True
        if anew:
            winding[: bits.size + 1] = 0.0
            mask, above = base, OUTSIDE
            for k in range(count):
                i = active[k]
                o = int(e[i, 6])
                winding[o] += e[i, 4]
                if o > 0:
                    bit = bits[o - 1]
                    mask = (mask | bit) if winding[o] > 0.0 else (mask & ~bit)
                below = OUTSIDE
                if winding[0] > 0.0:
                    folded = mask ^ (mask >> np.uint64(6)) ^ (mask >> np.uint64(12))
                    slot = int(folded & np.uint64(63))
                    if not (hint[slot] < n and keys[hint[slot]] == mask):
                        place = 0
                        while place < n and keys[place] != mask:
                            place += 1
                        if place == keys.size:
                            return -1
                        if place == n:
                            keys[n], areas[n] = mask, 0.0
                            n += 1
                        hint[slot] = place
                    below = hint[slot]
                if faces[i, 0] != above or faces[i, 1] != below:
                    _settle(e, i, x, faces, areas)
                    faces[i, 0], faces[i, 1] = above, below
                above = below
        x = after
    return n


@_jit
def _gather(
    own: tuple[Array, int, int], mixed: Array, start: Array, pieces: Array, room: Array
) -> Array:
    """Pieces of a village (owner 0) and of some layers' mixed cells (owners 1 …), by x0.

    The owner is in the seventh column; the eighth is for `_sweep` to write in. In ``room``, if it
    is enough.
    """
    village, a, b = own
    count = b - a
    for m in mixed:
        count += start[m + 1] - start[m]
    e = room[:count] if count <= room.shape[0] else np.empty((count, 8), np.float64)
    n = b - a
    for k in range(n):
        for c in range(6):
            e[k, c] = village[a + k, c]
        e[k, 6] = 0.0
    for o in range(mixed.size):
        first, last = start[mixed[o]], start[mixed[o] + 1] - 1
        i, at = n - 1, n + last - first
        n = at + 1
        while last >= first:
            if i >= 0 and e[i, 0] > pieces[last, 0]:
                for c in range(7):
                    e[at, c] = e[i, c]
                i -= 1
            else:
                for c in range(6):
                    e[at, c] = pieces[last, c]
                e[at, 6] = o + 1
                last -= 1
            at -= 1
    return e


@_jit
def _two_in_whole(
    layers: tuple[Array, Array, Array, Array, Array],
    two: tuple[int, int],
    cell: tuple[Any, Array, float, float],
    table: tuple[Array, Array, int],
) -> Any:
    """Add a cell that is all a village's, with two layers whose windings are 0 or 1.

    ``two``: their mixed cells. ``cell``: the layers that fill it, the bits of the two, its area
    and its weight.
    """
    _, start, pieces, area, _ = layers
    base, bits, own_area, weight = cell
    keys, values, n = table
    i, j = two
    both = _pair_area(pieces, start[i], start[i + 1], pieces, start[j], start[j + 1])
    beside = own_area - area[i] - area[j] + both
    keys, values, n, _ = _add(keys, values, n, base | bits[0] | bits[1], both * weight)
    keys, values, n, _ = _add(keys, values, n, base | bits[0], (area[i] - both) * weight)
    keys, values, n, _ = _add(keys, values, n, base | bits[1], (area[j] - both) * weight)
    keys, values, n, _ = _add(keys, values, n, base, beside * weight)
    return keys, values, n


@_jit
def add_cell(
    village: tuple[Array, int, int, float],
    layers: tuple[Array, Array, Array, Array, Array],
    cell: tuple[int, float, bool],
    table: tuple[Array, Array, int],
    room: Room,
) -> Any:
    """Add one cell of one village to its table by combination.

    ``village``: its pieces, of which ``a`` to ``b`` are in the cell, and its area there. ``cell``:
    the number and weight, and whether all of the cell is the village's own.
    """
    pieces, a, b, own_area = village
    code, start, layer_pieces, area, simple = layers
    number, weight, whole = cell
    keys, values, n = table
    base = np.uint64(0)
    mixed, bits, count = room[9], room[10], 0
    for k in range(code.shape[1]):
        c = code[number, k]
        if c == FULL:
            base |= np.uint64(1) << np.uint64(k)
        elif c != EMPTY:
            mixed[count], bits[count] = c - 1, np.uint64(1) << np.uint64(k)
            count += 1
    if count == 0:
        keys, values, n, _ = _add(keys, values, n, base, own_area * weight)
        return keys, values, n
    if count == 1 and simple[mixed[0]]:
        m = mixed[0]
        both = area[m]
        if not whole:
            both = _pair_area(pieces, a, b, layer_pieces, start[m], start[m + 1])
        keys, values, n, _ = _add(keys, values, n, base | bits[0], both * weight)
        keys, values, n, _ = _add(keys, values, n, base, (own_area - both) * weight)
        return keys, values, n
    if whole and count == 2 and simple[mixed[0]] and simple[mixed[1]]:
        return _two_in_whole(layers, (mixed[0], mixed[1]), (base, bits, own_area, weight), table)
    e = _gather((pieces, a, b), mixed[:count], start, layer_pieces, room[6])
    found, own_keys, own_areas = -1, room[7], room[8]
    while found < 0:
        found = _sweep(e, base, bits[:count], (own_keys, own_areas), room)
        if found < 0:
            own_keys = np.empty(2 * own_keys.size, np.uint64)
            own_areas = np.empty(own_keys.size, np.float64)
    for k in range(found):
        keys, values, n, _ = _add(keys, values, n, own_keys[k], own_areas[k] * weight)
    return keys, values, n


@_jit
def _window(xy: Array, a: int, b: int, grid: Array, size: Array) -> Array:
    """The cells (column, row, columns, rows) that the points ``a`` to ``b`` lie in."""
    low_x, low_y = xy[a, 0], xy[a, 1]
    high_x, high_y = low_x, low_y
    for k in range(a + 1, b):
        low_x, high_x = min(low_x, xy[k, 0]), max(high_x, xy[k, 0])
        low_y, high_y = min(low_y, xy[k, 1]), max(high_y, xy[k, 1])
    out = np.empty(4, np.int64)
    out[0] = min(max(int((low_x - grid[0]) / grid[2]), 0), size[0] - 1)
    out[1] = min(max(int((low_y - grid[1]) / grid[2]), 0), size[1] - 1)
    out[2] = min(max(int((high_x - grid[0]) / grid[2]), 0), size[0] - 1) - out[0] + 1
    out[3] = min(max(int((high_y - grid[1]) / grid[2]), 0), size[1] - 1) - out[1] + 1
    return out


@_jit
def _width(xy: Array, a: int, b: int) -> float:
    """How far apart in x the points ``a`` to ``b`` are."""
    low, high = xy[a, 0], xy[a, 0]
    for k in range(a + 1, b):
        low, high = min(low, xy[k, 0]), max(high, xy[k, 0])
    return high - low


@_jit
def combine(
    villages: tuple[Array, Array, Array, Array],
    chosen: tuple[int, int],
    grid: Array,
    size: Array,
    layers: tuple[Array, Array, Array, Array, Array],
    weights: Array,
) -> tuple[Array, Array, Array, Array]:
    """Areas by combination of the villages ``chosen[0] … chosen[1] − 1``.

    ``villages``: coordinates, ring starts, ring signs and the first ring of each village.
    ``layers``: codes (cells × layers), and the joined starts, pieces, areas and simple flags.
    ``weights``: what an m² of each cell counts for; empty where each counts for 1.
    Returns parallel ``village``, ``combination`` and ``area`` (m²), and ``simple``: whether
    each village's own winding is 0 or 1 all over.
    """
    xy, ring_start, signs, first_ring = villages
    g = grid[2]
    roof = np.zeros((1, 6), np.float64)
    roof[0, 1] = roof[0, 2] = roof[0, 3] = g
    roof[0, 4] = 1.0
    room = sweep_room()
    rows, masks, areas = np.empty(0, np.int32), np.empty(0, np.uint64), np.empty(0)
    total = 0
    simple = np.ones(chosen[1] - chosen[0], np.bool_)
    rings = np.empty(2, np.int64)
    for v in range(chosen[0], chosen[1]):
        rings[0], rings[1] = first_ring[v], first_ring[v + 1]
        window = _window(xy, ring_start[rings[0]], ring_start[rings[1]], grid, size)
        code, start, pieces, area, _ = index_rings(xy, ring_start, signs, rings, grid, window)
        simple[v - chosen[0]] = simple_cells(start, pieces, area, g).all()
        keys, values, n = np.empty(32, np.uint64), np.empty(32, np.float64), ZERO
        for col in range(window[2]):
            for row in range(window[3]):
                c = code[col * window[3] + row]
                if c == EMPTY:
                    continue
                cell = (window[0] + col) * size[1] + window[1] + row
                weight = weights[cell] if weights.size else 1.0
                if weight == 0.0:
                    continue
                if c == FULL:
                    village = (roof, 0, 1, g * g)
                else:
                    village = (pieces, start[c - 1], start[c], area[c - 1])
                told = (cell, weight, c == FULL)
                keys, values, n = add_cell(village, layers, told, (keys, values, n), room)
        if total + n > rows.size:
            length = 2 * (total + n) + 1024
            more_rows, more_masks = np.empty(length, np.int32), np.empty(length, np.uint64)
            more_areas = np.empty(length, np.float64)
            for k in range(total):
                more_rows[k], more_masks[k], more_areas[k] = rows[k], masks[k], areas[k]
            rows, masks, areas = more_rows, more_masks, more_areas
        greatest = 0
        for k in range(1, n):
            if values[k] > values[greatest]:
                greatest = k
        greatest_key = keys[greatest]
        _sort(keys, values, n)
        wide = _width(xy, ring_start[rings[0]], ring_start[rings[1]])
        for k in range(n):
            real = values[k] > NO_AREA * g * min(g, wide)
            if real or (keys[k] == greatest_key and values[k] > 0.0):
                rows[total], masks[total], areas[total] = v, keys[k], values[k]
                total += 1
    return rows[:total].copy(), masks[:total].copy(), areas[:total].copy(), simple


@_jit
def points_in(
    points: Array, grid: Array, size: Array, layers: tuple[Array, Array, Array, Array, Array]
) -> Array:
    """For each point (x, y) the bits of the layers it lies in; points off the grid get none."""
    code, start, pieces, _, _ = layers
    g = grid[2]
    out = np.zeros(points.shape[0], np.uint64)
    for i in range(points.shape[0]):
        col, row = int((points[i, 0] - grid[0]) // g), int((points[i, 1] - grid[1]) // g)
        if not (0 <= col < size[0] and 0 <= row < size[1]):
            continue
        x, y = points[i, 0] - (grid[0] + col * g), points[i, 1] - (grid[1] + row * g)
        for k in range(code.shape[1]):
            c = code[col * size[1] + row, k]
            winding = 1.0 if c == FULL else 0.0
            if c > 0:
                for m in range(start[c - 1], start[c]):
                    p = pieces[m]
                    if p[0] <= x < p[2]:
                        above = p[1] + p[5] * (x - p[0])
                        winding += p[4] if above > y else 0.0
            if winding > 0.0:
                out[i] |= np.uint64(1) << np.uint64(k)
    return out


@_jit
def _wound(start: Array, pieces: Array, area: Array, most: int) -> bool:
    """Whether some winding may be other than 0 and 1; unasked of cells with very many pieces."""
    for m in range(area.size):
        a, b = start[m], start[m + 1]
        if b - a > most or abs(_excess(pieces, a, b, area[m])) > 1e-9:
            return True
    return False


@_jit
def pixel_parts(
    villages: tuple[Array, Array, Array, Array],
    chosen: tuple[int, int],
    size: Array,
    most: tuple[int, int],
) -> tuple[Array, Array, Array, Array, Array]:
    """The pixels of the villages ``chosen[0] … chosen[1] − 1``, exactly.

    ``villages`` as in `combine`, in units of pixels from the raster's lower left corner;
    ``size``: its columns and rows. Returns ``runs`` (row, first column, end) of whole pixels,
    ``edges`` (row, column) of the others with the ``part`` of each, rows counted from the top;
    ``counts`` (of runs and of edges, by village), and ``sure``: no winding but 0 and 1 was seen.
    ``most``: cells that are laid out at once, and pieces of a cell of which that is asked.
    """
    xy, ring_start, signs, first_ring = villages
    grid = np.array([0.0, 0.0, 1.0])
    runs, edges = np.empty((1024, 3), np.int32), np.empty((1024, 2), np.int32)
    part = np.empty((1024, 1))
    counts = np.zeros((chosen[1] - chosen[0], 2), np.int64)
    sure = np.ones(chosen[1] - chosen[0], np.bool_)
    n_runs, n_edges = 0, 0
    window, rings = np.empty(4, np.int64), np.empty(2, np.int64)
    for v in range(chosen[0], chosen[1]):
        rings[0], rings[1] = first_ring[v], first_ring[v + 1]
        whole = _window(xy, ring_start[rings[0]], ring_start[rings[1]], grid, size)
        before = (n_runs, n_edges)
        high = min(whole[3], most[0])
        wide = max(1, most[0] // high)
        for top in range(whole[3], 0, -high):
            for left in range(0, whole[2], wide):
                window[0], window[2] = whole[0] + left, min(wide, whole[2] - left)
                window[3] = min(high, top)
                window[1] = whole[1] + top - window[3]
                code, start, pieces, area, _ = index_rings(
                    xy, ring_start, signs, rings, grid, window
                )
                if _wound(start, pieces, area, most[1]):
                    sure[v - chosen[0]] = False
                for row in range(window[3] - 1, -1, -1):
                    if n_runs + window[2] > runs.shape[0]:
                        runs = _longer(runs, n_runs + window[2])
                    if n_edges + window[2] > edges.shape[0]:
                        edges = _longer(edges, n_edges + window[2])
                        part = _longer(part, n_edges + window[2])
                    line = size[1] - 1 - (window[1] + row)
                    open_ = False
                    for col in range(window[2]):
                        c = code[col * window[3] + row]
                        if c == FULL:
                            if not open_:
                                runs[n_runs, 0], runs[n_runs, 1] = line, window[0] + col
                                n_runs += 1
                                open_ = True
                            runs[n_runs - 1, 2] = window[0] + col + 1
                        else:
                            open_ = False
                            if c != EMPTY and area[c - 1] > 0.0:
                                edges[n_edges, 0], edges[n_edges, 1] = line, window[0] + col
                                part[n_edges, 0] = area[c - 1]
                                n_edges += 1
        counts[v - chosen[0], 0] = n_runs - before[0]
        counts[v - chosen[0], 1] = n_edges - before[1]
    return runs[:n_runs].copy(), edges[:n_edges].copy(), part[:n_edges, 0].copy(), counts, sure

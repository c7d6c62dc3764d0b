"""Compiles the kernels of polygons before anything is measured, for the arguments it will have."""

from __future__ import annotations

from typing import Any

from numba import types

from coverage import kernel

FLOATS, INTEGERS = types.Array(types.float64, 1, "C"), types.Array(types.int64, 1, "C")
POINTS = types.Array(types.float64, 2, "C")
RINGS = types.Tuple((POINTS, INTEGERS, INTEGERS, INTEGERS))  # type: ignore[no-untyped-call]  # numba has no types
CELLS = types.Array(types.int32, 2, "C")
TRUTHS = types.Array(types.boolean, 1, "C")
INDEXED = types.Tuple((CELLS, INTEGERS, POINTS, FLOATS, TRUTHS))  # type: ignore[no-untyped-call]  # see above
PAIR = types.UniTuple(types.int64, 2)  # type: ignore[no-untyped-call]  # see above

PAIRS, BITS = types.Array(types.int64, 2, "C"), types.Array(types.uint64, 1, "C")
ROOM = types.Tuple(  # type: ignore[no-untyped-call]  # see above
    (FLOATS, PAIRS, PAIRS, FLOATS, FLOATS, INTEGERS, POINTS, BITS, FLOATS, INTEGERS, BITS)
)
LAID_OUT = (INTEGERS, POINTS, FLOATS)
TABLE = types.Tuple((BITS, FLOATS, types.int64))  # type: ignore[no-untyped-call]  # see above
VILLAGE = types.Tuple((POINTS, types.int64, types.int64, types.float64))  # type: ignore[no-untyped-call]  # see above
CELL = types.Tuple((types.int64, types.float64, types.boolean))  # type: ignore[no-untyped-call]  # see above

SIGNATURES = {
    "index_layer": (RINGS, FLOATS, INTEGERS),
    "ring_signs": (POINTS, INTEGERS, TRUTHS),
    "join_codes": (types.Array(types.int32, 1, "C"), types.int64, types.int64, CELLS),
    "add_cell": (VILLAGE, INDEXED, CELL, TABLE, ROOM),
    "simple_cells": (*LAID_OUT, types.float64),
    "points_in": (POINTS, FLOATS, INTEGERS, INDEXED),
    "combine": (RINGS, PAIR, FLOATS, INTEGERS, INDEXED, FLOATS),
}
"""The kernels of polygons, and what they are called with."""

PROCESSES = (
    ("index_layer", "ring_signs", "join_codes"),
    ("add_cell", "simple_cells", "points_in", "combine"),
)
"""What each process compiles; the two take about as long.

The second begins with what it alone needs: what both do the first has kept by then.
"""


def compile_kernels(names: tuple[str, ...] = tuple(SIGNATURES)) -> None:
    """Have numba compile these kernels and keep them, or see that it has kept them."""
    for name in names:
        compiled: Any = getattr(kernel, name)
        compiled.compile(SIGNATURES[name])

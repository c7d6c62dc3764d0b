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

SIGNATURES = {
    "index_layer": (RINGS, FLOATS, INTEGERS),
    "combine": (RINGS, PAIR, FLOATS, INTEGERS, INDEXED, FLOATS),
    "points_in": (POINTS, FLOATS, INTEGERS, INDEXED),
}
"""The kernels of polygons that take longest, and what they are called with."""

PROCESSES = (("index_layer",), ("combine", "points_in"))
"""What each process compiles; the two take about as long."""


def compile_kernels(names: tuple[str, ...] = tuple(SIGNATURES)) -> None:
    """Have numba compile these kernels and keep them, or see that it has kept them."""
    for name in names:
        compiled: Any = getattr(kernel, name)
        compiled.compile(SIGNATURES[name])

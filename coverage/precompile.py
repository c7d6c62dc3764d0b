"""Compiles the kernels of polygons in processes of their own, while this one does something else.

numba compiles one function at a time in a process. On a machine that has never measured, these
kernels take half a minute: beside work of another kind they cost other cores instead of time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from numba import types

from coverage import kernel
from coverage.compiled_code import CACHES

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


@contextmanager
def compiling_beside() -> Iterator[Callable[[], None]]:
    """Compile the kernels of polygons beside the block; gives what waits for them.

    They come through numba's cache: where nothing can be kept, and where a process fails, who
    measures first compiles them. The processes end with the block.
    """
    with ExitStack() as held:
        started = [held.enter_context(_compiler(names)) for names in PROCESSES if CACHES]

        def wait() -> None:
            for one in started:
                one.wait()

        try:
            yield wait
        finally:
            for one in started:
                one.kill()


def _compiler(names: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = f"from coverage.precompile import compile_kernels; compile_kernels({names!r})"
    return subprocess.Popen(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", command],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def compile_kernels(names: tuple[str, ...] = tuple(SIGNATURES)) -> None:
    """Have numba compile these kernels and keep them, or see that it has kept them."""
    for name in names:
        compiled: Any = getattr(kernel, name)
        compiled.compile(SIGNATURES[name])

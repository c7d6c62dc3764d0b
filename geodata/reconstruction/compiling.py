"""Compiles the kernels of polygons in processes of their own, while this one does something else.

numba compiles one function at a time in a process. On a machine that has never measured, these
kernels take half a minute: beside work of another kind they cost other cores instead of time. They
give way to that work where all cores are busy, since it is what takes longest; whoever waits for
them leaves them the cores.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def compiling_beside() -> Iterator[Callable[[], None]]:
    """Compile the kernels of polygons beside the block; gives what waits for them.

    They come through numba's cache: where nothing can be kept, and where a process fails, who
    measures first compiles them. The processes end with the block.
    """
    from coverage.compiled_code import CACHES  # noqa: PLC0415  # numba loads for a third of a second
    from coverage.precompile import PROCESSES  # noqa: PLC0415  # see above

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


GIVES_WAY = 5
"""How much less the system thinks of these processes (POSIX), on its scale to 19."""


def _compiler(names: tuple[str, ...]) -> subprocess.Popen[bytes]:
    command = (
        f"import os; hasattr(os, 'nice') and os.nice({GIVES_WAY}); "
        f"from coverage.precompile import compile_kernels; compile_kernels({names!r})"
    )
    return subprocess.Popen(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", command],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
    )

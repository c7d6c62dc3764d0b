"""Makes and measures the reconstruction in a process beside the server, and tells how far it is.

The server answers meanwhile: what it does with Python's lock held would otherwise stop it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Event, Lock, Thread

COMMAND = "from ui.making import make; make()"
GIVES_WAY = 5
"""How much less the system thinks of that process (POSIX), on its scale to 19."""

MADE = 0.85
"""So much of the whole is done once the reconstruction is made; the rest is measuring it."""


class Making:
    """The reconstruction while it is made: started once, looked at and waited for by many."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ended: Event | None = None
        self._part = 0.0

    @property
    def part(self) -> float | None:
        """How much is done, 0 to 1; None where nothing is being made."""
        ended = self._ended
        return None if ended is None or ended.is_set() else self._part

    def start(self) -> None:
        """Begin, unless it has begun already."""
        with self._lock:
            if self._ended is None:
                self._ended = Event()
                Thread(target=self._run, args=(self._ended,), daemon=True).start()

    def wait(self) -> None:
        """Return once nothing is being made. It may have failed: who needs it tries again."""
        if self._ended is not None:
            self._ended.wait()

    def _run(self, ended: Event) -> None:
        try:
            with subprocess.Popen(  # noqa: S603  # our own interpreter and words
                [sys.executable, "-c", COMMAND],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.PIPE,  # its end tells that the server has ended
                stdout=subprocess.PIPE,
                text=True,
                encoding="ascii",
                creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
            ) as maker:
                for line in maker.stdout or ():
                    with suppress(ValueError):
                        self._part = float(line)
        finally:
            ended.set()


@cache
def making() -> Making:
    """What this server makes."""
    return Making()


def make() -> None:
    """Make the built-in study and publish its first run; writes the part done to stdout.

    It gives way to the server, whose first page says how far it is.
    """
    if sys.platform != "win32":
        os.nice(GIVES_WAY)
    output = os.dup(1)
    os.dup2(2, 1)  # whatever else is printed goes to the log
    Thread(target=_end_with_server, daemon=True).start()

    def tell(part: float) -> None:
        with suppress(OSError):
            os.write(output, f"{part:.3f}\n".encode("ascii"))

    make_and_measure(tell)


def make_and_measure(tell: Callable[[float], None]) -> None:
    """Make the built-in study where it is not there, and measure it where it has no run."""
    tell(0.01)
    import geodata  # noqa: PLC0415  # takes a second, and the page waits for the first word
    from geodata.study.assess import run_to_show  # noqa: PLC0415  # see above
    from ui.studies import built_in_study  # noqa: PLC0415  # see above

    study = geodata.open_study(built_in_study(progress=lambda part: tell(MADE * part)))
    run_to_show(study, publish=True, progress=lambda part: tell(MADE + (1 - MADE) * part))


def _end_with_server() -> None:
    """End this process where the server that started it has."""
    while os.read(0, 1):
        continue
    os._exit(1)

"""What a process that reads for this one must offer, and how its interpreter is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from geodata.sandbox.channel import Channel
from geodata.sandbox.limits import Limits
from geodata.sandbox.paths import PROGRAM, clean_environment

START_S = 120.0
"""So long may a process take to load what reading needs, on a machine that is busy."""

IMPORTS = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "


Ending = Literal["late", "crashed", "stopped"]


class Worker(Protocol):
    """One process that does one call."""

    channel: Channel
    folder: Path | None

    def exceeds(self, limits: Limits) -> bool:
        """Whether it has to be watched for its memory, and holds too much."""

    def kill(self) -> None:
        """End it; whoever reads its answer finds the end. May be called twice, from any thread."""

    def ending(self) -> Ending:
        """How it ended: for the processor time it took, by itself, or killed with its server.

        Waits for its end.
        """

    def close(self) -> None:
        """End it and free what it held here."""


class Starter(Protocol):
    """Starts workers."""

    def warm(self) -> None:
        """Have the next one start at once. Does not wait."""

    def start(self, limits: Limits) -> Worker:
        """A worker that has loaded all it needs. Raises `OSError` where none can be had."""

    def close(self) -> None:
        """End what waits."""


def start_python(
    code: str, *words: str, passed: Sequence[int] = (), piped: bool = False
) -> subprocess.Popen[bytes]:
    """Our own interpreter, isolated from the environment and the working folder.

    It imports from where this process does, so that it runs the same program.
    """
    places = [entry for entry in sys.path if entry] + [str(PROGRAM)]
    pipe = subprocess.PIPE if piped else subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-I", "-X", "utf8", "-c", IMPORTS + code, json.dumps(places), *words],
        cwd=tempfile.gettempdir(),
        env=clean_environment(os.environ),
        stdin=pipe,
        stdout=pipe,
        pass_fds=passed,
        start_new_session=sys.platform != "win32",
    )

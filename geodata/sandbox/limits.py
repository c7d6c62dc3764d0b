"""How much time, memory and disk one call in a sandbox may take."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

MEGABYTE = 1_000_000

OVERHEAD_BYTES = 1_000_000
"""What comes back beside the content of an answer."""

LIBRARIES_BYTES = 500_000_000
"""What the libraries hold of their own, where the system does not tell."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The bounds of one call.

    ``seconds`` are by the clock, from the moment its process has the request;
    ``cpu_seconds`` of the processor, all threads together (None: ``seconds`` on every core).
    ``megabytes`` come on top of what the libraries hold already. ``file_megabytes`` is the
    largest file that may be written, ``folder_megabytes`` and ``folder_files`` what all that is
    written may come to, ``open_files`` the number of files open at a time,
    ``answer_megabytes`` the largest answer.
    """

    seconds: float
    megabytes: int
    cpu_seconds: int | None = None
    file_megabytes: int = 1_000
    folder_megabytes: int = 2_000
    folder_files: int = 100_000
    open_files: int = 256
    answer_megabytes: int = 200

    @property
    def processor_seconds(self) -> int:
        """Seconds of the processor, rounded up; one is the least that the system counts."""
        if self.cpu_seconds is not None:
            return max(1, self.cpu_seconds)
        return int(self.seconds * (os.cpu_count() or 1)) + 1

    @property
    def answer_bytes(self) -> int:
        """All that may come back: the answer, its lengths, messages of progress."""
        return self.answer_megabytes * MEGABYTE + OVERHEAD_BYTES


def hold_to(limits: Limits) -> None:
    """Set this process's resource limits, as far as the system has them. They cannot be raised.

    Where the processor time is used up the process gets SIGXCPU, and SIGKILL a second later.
    """
    hold_memory(limits.megabytes)
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # there is none on Windows

    written = limits.file_megabytes * MEGABYTE
    cpu = limits.processor_seconds
    bounds: Mapping[int, tuple[int, int]] = MappingProxyType(
        {
            resource.RLIMIT_CPU: (cpu, cpu + 1),
            resource.RLIMIT_FSIZE: (written, written),
            resource.RLIMIT_NOFILE: (limits.open_files, limits.open_files),
        }
    )
    for kind, bound in bounds.items():
        resource.setrlimit(kind, bound)


def hold_memory(megabytes: int) -> None:
    """Let this process take so much more private memory than it has (RLIMIT_DATA).

    Does nothing where the system does not keep to it: on Windows and macOS.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  # there is none on Windows

    held = _data_bytes() + megabytes * MEGABYTE
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (held, held))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):  # macOS refuses what it does not keep to
        return


def _data_bytes() -> int:
    """The private memory of this process now (VmData)."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return LIBRARIES_BYTES
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))

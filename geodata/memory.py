"""How much memory a study needs, and how much there is: told before the system ends a run."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from geodata.archives import files_in
from geodata.study.settings import FILE, named_paths

if sys.platform != "win32":
    import resource

MEGABYTE = 1_000_000
PROGRAM_MB = 480
"""What `phusong assess` takes whatever the study: libraries, compiled code, its threads."""

SMALL_MB, A_SMALL_MB, A_LARGE_MB = 50, 15.0, 2.0
"""Megabytes of memory for each of input files: of the first fifty, whose outlines are moved too,
and of all further ones, which are measured region by region.

Seen: 526 MB for 4.9 of a small study, 651 for the 12.0 of a province, 1,303 for the 395 of a
country (bench/COUNTRY.md); estimated 554, 660 and 1,920.
"""

IN_WINDOWS = (".tif", ".tiff")
"""Rasters are read in windows and take no more memory where they are larger."""

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")
V2 = ("memory.max", "memory.current", "inactive_file")
V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
"""A control group's limit and use, and of ``memory.stat`` what the kernel gives up first."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a study is estimated to need, and what this process may use, what it has included."""

    needed_mb: float
    usable_mb: float

    @property
    def suffices(self) -> bool:
        """Whether there is as much as is needed."""
        return self.needed_mb <= self.usable_mb


def memory_for(study: Path) -> Memory | None:
    """Estimate what assessing a study needs; None for a study file that cannot be read.

    An estimate from the sizes of its files, within a factor of two on the studies it was seen on.
    """
    file = study / FILE if study.is_dir() or not study.suffix else study
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        paths = {path for _, _, found in named_paths(data, file.parent) for path in found}
        size = sum(map(_size_bytes, paths)) / MEGABYTE
    except (OSError, ValueError):
        return None
    grown = A_SMALL_MB * min(size, SMALL_MB) + A_LARGE_MB * max(0.0, size - SMALL_MB)
    own = int(psutil.Process().memory_info().rss)
    return Memory(needed_mb=PROGRAM_MB + grown, usable_mb=(free_bytes() + own) / MEGABYTE)


def _size_bytes(path: Path) -> int:
    if path.suffix.lower() in IN_WINDOWS:
        return 0
    return (
        sum(one.stat().st_size for one in files_in(path)) if path.is_dir() else path.stat().st_size
    )


def free_bytes() -> int:
    """What this process may still take: of the machine, its control groups (Linux) and limits."""
    of_machine = int(psutil.virtual_memory().available)
    return max(0, min([of_machine, *_free_in_groups(), *_free_of_limits()]))


def _free_of_limits() -> Iterator[int]:
    """What the limits of this process leave it (``ulimit -v``, ``ulimit -d``), where it has any."""
    if sys.platform == "win32":
        return
    used = psutil.Process().memory_info()
    for name, taken in ((resource.RLIMIT_AS, used.vms), (resource.RLIMIT_DATA, used.rss)):
        most, _ = resource.getrlimit(name)
        if most != resource.RLIM_INFINITY:
            yield most - int(taken)


def _free_in_groups() -> Iterator[int]:
    """What is left in each control group that bounds this process's memory."""
    try:
        lines = OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root = GROUPS / "memory" if controllers else GROUPS
        group = root / place.lstrip("/")
        for one in (group, *group.parents):
            if one.is_relative_to(root):
                yield from _free_in(one, V1 if controllers else V2)


def _free_in(group: Path, names: tuple[str, str, str]) -> Iterator[int]:
    """What is left below a group's limit; nothing where it has none."""
    limit, used, given_up = names
    try:
        most = int((group / limit).read_text(encoding="ascii"))
        taken = int((group / used).read_text(encoding="ascii"))
        stat = (group / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):  # no such group here, or no limit: "max"
        return
    counts = dict(line.split(" ", 1) for line in stat.splitlines() if " " in line)
    yield most - taken + int(counts.get(given_up, 0))

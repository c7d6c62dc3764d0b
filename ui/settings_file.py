"""The access settings, parsed again once their file has changed, and read anew each second."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from geodata.access import Access
from geodata.rights import access_bytes, parse_access

PERIOD_S = 1.0
"""So long a file is taken to be as it was read while the system tells no change of it."""

CLOCK_TICK_NS = 50_000_000
"""Two changes within a tick of the file system's clock bear the same time."""

Mark = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class _Read:
    path: Path
    mark: Mark
    until_s: float
    settings: Access | None


class SettingsFile:
    """Reads settings files, and spares reading one whose content cannot be another by now."""

    def __init__(self) -> None:
        self._last: _Read | None = None

    def read(self, path: Path) -> Access | None:
        """As `geodata.rights.read_access`, at most `PERIOD_S` old.

        A file is taken as read before while its inode, size and both times are what they were.
        Other content with all of these is noticed with the next reading.
        """
        mark, last, now_s = _mark_of(path), self._last, time.monotonic()
        if last is not None and (last.path, last.mark) == (path, mark) and now_s < last.until_s:
            return last.settings
        settings = _parsed(path, access_bytes(path))
        if mark is not None and time.time_ns() - mark[-1] > CLOCK_TICK_NS:
            until_s = now_s + PERIOD_S
            self._last = _Read(path=path, mark=mark, until_s=until_s, settings=settings)
        return settings


@lru_cache(2)
def _parsed(path: Path, content: bytes) -> Access | None:
    return parse_access(path, content)


def _mark_of(path: Path) -> Mark | None:
    """What tells most changes of a file: inode, size, and the times of content and of state."""
    try:
        state = os.stat(path)  # noqa: PTH116  # asked for with every step of a page
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


@cache
def settings_file() -> SettingsFile:
    """The settings of this process."""
    return SettingsFile()

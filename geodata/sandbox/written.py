"""How much a process in a sandbox has written into the folders it may change.

The kernel bounds each file (RLIMIT_FSIZE) but neither their number nor their sum, and disk
quotas are of users: so the folders are looked at while it works, and when it has ended.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from geodata.sandbox.limits import MEGABYTE, Limits

DEEPEST = 64
"""Folders in folders beyond this are more than any library writes."""


class WrittenFiles:
    """What is in some folders beyond what was there when this was made."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._before = {entry.path: _bytes_of(entry) for entry, _ in self._entries()}

    def exceeds(self, limits: Limits) -> bool:
        """Whether more has been written than is allowed. Looks no further once it is."""
        left, files = limits.folder_megabytes * MEGABYTE, limits.folder_files
        for entry, depth in self._entries():
            before = self._before.get(entry.path)
            files -= before is None
            left -= max(0, _bytes_of(entry) - (before or 0))
            if left < 0 or files < 0 or depth > DEEPEST:
                return True
        return False

    def remove(self) -> None:
        """Remove what was not there before; what was there and has grown stays."""
        new = [entry for entry, _ in self._entries() if entry.path not in self._before]
        for entry in reversed(new):  # a folder comes before what is in it
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    Path(entry.path).rmdir()
                else:
                    Path(entry.path).unlink()

    def _entries(self) -> Iterator[tuple[os.DirEntry[str], int]]:
        """Files and folders, links not followed, with how deep they lie."""
        waiting = [(str(folder), 1) for folder in self._folders]
        while waiting:
            folder, depth = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        yield entry, depth
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((entry.path, depth + 1))
            except OSError:  # removed meanwhile, or deeper than a path can say
                continue


def _bytes_of(entry: os.DirEntry[str]) -> int:
    """The size of a file; 0 where it is gone."""
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0

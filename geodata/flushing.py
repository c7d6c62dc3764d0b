"""Bytes brought to the disk: only then has the system said whether they fit."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_NOT_HERE = frozenset(
    {errno.EINVAL, errno.EBADF, errno.ENOSYS, getattr(errno, "ENOTSUP", errno.EINVAL)}
)
"""A disk or share that knows no flushing, or not that of folders."""

MOST_AT_ONCE = 8
"""So many files are waited for at one time."""


def flush_folder(folder: Path) -> None:
    """Bring all files of a folder to the disk, at every depth, and their names. Raises OSError."""
    walked = list(os.walk(folder))
    flush_files([Path(above, name) for above, _, names in walked for name in names])
    for above, _, _ in walked:
        flush(Path(above))


def flush_files(paths: Sequence[Path]) -> None:
    """Bring files to the disk at one time: it writes them together. Raises as `flush` does."""
    if len(paths) < 2:
        for path in paths:
            flush(path)
        return
    with ThreadPoolExecutor(min(len(paths), MOST_AT_ONCE)) as pool:
        list(pool.map(flush, paths))


def flush(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk, where the system does that.

    Raises OSError where bytes were lost.
    """
    is_folder = path.is_dir()
    if path.is_symlink() or (is_folder and sys.platform == "win32"):
        return
    try:
        opened = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except PermissionError:  # a file copied with its rights, a folder that is only passed through
        return
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    finally:
        os.close(opened)

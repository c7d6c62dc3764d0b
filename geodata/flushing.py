"""Bytes brought to the disk: only then has the system said whether they fit."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_NOT_HERE = frozenset(
    {errno.EINVAL, errno.EBADF, errno.ENOSYS, getattr(errno, "ENOTSUP", errno.EINVAL)}
)
"""A disk or share that knows no flushing, or not that of folders."""


def flush_folder(folder: Path) -> None:
    """Bring all files of a folder to the disk, at every depth, and their names. Raises OSError."""
    for above, _, names in os.walk(folder):
        for name in names:
            flush(Path(above, name))
        flush(Path(above))


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

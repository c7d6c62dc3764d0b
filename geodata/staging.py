"""Folders in which files are made before they take their places, and what of them is left over.

Whoever is at work in one holds a lock of the system on it (flock, where there is one), which
ends with the process: what is not locked and a day old was left by one that died.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

if sys.platform != "win32":
    import fcntl

UNFINISHED = ".unfinished-"
"""Begins the name of a folder in which something is being made."""

CHANGING = ".changing-"
"""Begins the name of a folder whose files, all of them whole, are on the way to their places."""

LEFT_S = 24 * 3600.0
"""What a process left so long ago was left by one that died."""


@dataclass(frozen=True)
class Leftovers:
    """What processes that died left: how many folders, and their bytes."""

    count: int
    size_bytes: int


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A new folder in ``parent`` that nobody else has, locked while the block lasts.

    It is gone afterwards, unless it has another name by then. Not ``tempfile.mkdtemp``: its
    folders are closed to all but their maker, and results are for the whole office.
    """
    folder = parent / f"{UNFINISHED}{uuid4().hex}"
    folder.mkdir(parents=True)
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def changing_name(folder: Path) -> Path:
    """What a folder of `staging` is called once its files are on the way to their places."""
    return folder.with_name(CHANGING + folder.name.removeprefix(UNFINISHED))


@contextmanager
def locked(folder: Path, *, waits: bool = True) -> Iterator[bool]:
    """Lock a folder for this process; False where another has it and the block does not wait.

    True also where the system has no such locks.
    """
    opened = _opened(folder)
    try:
        yield opened is None or _lock(opened, waits=waits)
    finally:
        if opened is not None:
            os.close(opened)


def _opened(folder: Path) -> int | None:
    """The folder open for a lock; None on Windows, where the age alone tells."""
    if sys.platform == "win32":
        return None
    try:
        return os.open(folder, os.O_RDONLY)
    except OSError:  # not ours to read
        return None


def _lock(opened: int, *, waits: bool) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        except OSError:  # a share without locks
            return True
    return True


def leftovers(parent: Path, *, also: str = "") -> tuple[Path, ...]:
    """What lies unfinished in a folder, whoever made it; ``also``: a pattern of further names."""
    patterns = (f"{UNFINISHED}*", f"{CHANGING}*", also)
    try:
        found = {one for pattern in patterns if pattern for one in parent.glob(pattern)}
        return tuple(sorted(one for one in found if one.is_dir() and not one.is_symlink()))
    except OSError:
        return ()


def sweep(parent: Path, *, also: str = "") -> None:
    """Clear away what processes that died left unfinished in a folder, a day ago or longer.

    Files on the way to their places stay: `geodata.files` finishes their change.
    """
    for folder in leftovers(parent, also=also):
        if folder.name.startswith(CHANGING):
            continue
        with suppress(OSError), locked(folder, waits=False) as free:
            if free and time.time() - _last_change_s(folder) > LEFT_S:
                shutil.rmtree(folder, ignore_errors=True)


def measure_leftovers(parents: Iterable[Path]) -> Leftovers:
    """How many such folders lie in some folders, and what they take."""
    found = [folder for parent in parents for folder in leftovers(parent)]
    sizes = (_size(one) for folder in found for one in folder.rglob("*"))
    return Leftovers(count=len(found), size_bytes=sum(sizes))


def _last_change_s(folder: Path) -> float:
    """Of the links themselves: what they led to may be gone, or elsewhere."""
    return max(one.lstat().st_mtime for one in (folder, *folder.rglob("*")))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:  # gone meanwhile
        return 0

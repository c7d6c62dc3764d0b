"""Files that belong together change places: all of them, or none.

Several names cannot change at once. So the new files lie whole in one folder, whose name then
says that they are on their way (`CHANGING`): from there on the change is decided. What stood
there is moved into that folder, and back where anything is refused; then the new files are
moved to their places. Where a process dies between, the next one that writes into the folder
moves the rest; until then the file that a set is opened by is not there, so that nobody reads a
table without its columns. One file alone changes by its name.

What other programs keep beside a file and read with it, such as an index of places or the log of
a database that is open, is of the file that stood there, and leaves with it.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from geodata.flushing import flush
from geodata.staging import CHANGING, changing_name, leftovers, locked

AT_WORK_S = 60.0
"""A change takes no longer, where only its age tells whether somebody is at work on it."""

OPENED = (".shp", ".tab", ".mif", ".gpkg")
"""Endings of the files that sets are opened by."""

BESIDE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ".shp": (".qix", ".sbn", ".sbx", ".idm", ".ind", ".qpj"),
        ".tab": (".ind",),
    }
)
"""Endings of files that are read with the one of another ending, where they lie beside it.

None that is written with it: such a one is replaced, and may be new while a change is finished.
"""

LOGS: Mapping[str, tuple[str, ...]] = MappingProxyType({".gpkg": ("-wal", "-journal", "-shm")})
"""What SQLite appends to a database's name for its logs: whoever opens the next file of that name
would be given their pages."""

FORMER = ".former"
"""Folder, in that of the new files, of those that stood in their places."""


def take_places(folder: Path) -> None:
    """Move all files of a folder to the one that it lies in. Raises OSError; nothing is changed."""
    parent = folder.parent
    names = sorted(one.name for one in folder.iterdir())
    with locked(parent):
        is_one = len(names) == 1 and not _outdated(parent, names)
        if is_one:
            (folder / names[0]).replace(parent / names[0])
        else:
            _change(folder, names)
        _supersede(parent, names)
        if is_one:  # of several, the change has seen to it
            flush(parent)


def _outdated(parent: Path, names: Iterable[str]) -> list[str]:
    """Files beside those of some names that would be read with them, and are of earlier ones."""
    known = set(names)
    beside = {
        beside
        for file in map(Path, known)
        for beside in (
            *(f"{file.stem}{end}" for end in BESIDE.get(file.suffix.lower(), ())),
            *(f"{file.name}{end}" for end in LOGS.get(file.suffix.lower(), ())),
        )
    }
    return sorted(name for name in beside - known if (parent / name).is_file())


def finish_changes(parent: Path) -> None:
    """Finish the changes that processes died in; one that cannot be now is left for later."""
    changes = [one for one in leftovers(parent) if one.name.startswith(CHANGING)]
    if sys.platform == "win32":  # no lock says whether somebody is at work
        changes = [one for one in changes if time.time() - one.stat().st_mtime > AT_WORK_S]
    if not changes:
        return
    with locked(parent):
        for folder in changes:
            with suppress(OSError):
                _finish(folder)


def _change(folder: Path, names: list[str]) -> None:
    (folder / FORMER).mkdir()
    flush(folder)
    changing = folder.rename(changing_name(folder))
    former, parent = changing / FORMER, folder.parent
    try:
        stood = [name for name in names if (parent / name).exists()]
        _move(parent, former, _opened_first([*stood, *_outdated(parent, names)]))
        flush(former)
        _move(changing, parent, _opened_last(names))
    except BaseException:
        _move(parent, changing, _opened_first(n for n in names if not (changing / n).exists()))
        _move(former, parent, _opened_last(one.name for one in former.iterdir()))
        changing.rename(folder)
        raise
    flush(parent)
    shutil.rmtree(changing, ignore_errors=True)


def _finish(folder: Path) -> None:
    """Move what is left of a change to its places. The folder may be gone by now."""
    if not folder.is_dir():
        return
    left = [one.name for one in folder.iterdir() if one.name != FORMER]
    _move(folder.parent, folder / FORMER, _outdated(folder.parent, left))
    _move(folder, folder.parent, _opened_last(left))
    flush(folder.parent)
    shutil.rmtree(folder, ignore_errors=True)


def _supersede(parent: Path, names: Iterable[str]) -> None:
    """Files of these names that are still on their way from an earlier change are out of date."""
    for folder in leftovers(parent):
        if folder.name.startswith(CHANGING):
            for name in names:
                (folder / name).unlink(missing_ok=True)


def _opened_last(names: Iterable[str]) -> list[str]:
    """Names in the order in which a set comes to its place."""
    return sorted(names, key=lambda name: (name.lower().endswith(OPENED), name))


def _opened_first(names: Iterable[str]) -> list[str]:
    """Names in the order in which a set leaves its place."""
    return _opened_last(names)[::-1]


def _move(source: Path, target: Path, names: Iterable[str]) -> None:
    for name in names:
        (source / name).replace(target / name)

"""Files that a study names, and files and folders that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path

from geodata.errors import CallError, UnreadableError
from geodata.flushing import flush, flush_folder
from geodata.replacing import finish_changes, take_places
from geodata.staging import changing_name, staging, sweep
from geodata.write_errors import unwritten, writing

Check = Callable[[Path], None]
"""Reads back what was written; raises OSError where it is not what was meant."""


def require_usable_name(path: Path) -> None:
    """Raise `UnreadableError` for a path under which libraries find nothing, or another file.

    GDAL is given paths in UTF-8, and pyogrio leaves out line breaks and tabs.
    """
    if any(sign in "\t\r\n" or "\ud800" <= sign <= "\udfff" for sign in str(path)):
        raise UnreadableError(
            "{file} has a line break, a tab or a byte of no known encoding in its name, and what "
            "reads and writes maps cannot open it; rename it, or the folder it lies in",
            file=path,
        )


def require_file(path: Path) -> None:
    """Raise `UnreadableError` for a pipe, a device or a socket: some are waited for without end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UnreadableError(
            "{file} is a pipe, a device or a socket, and a file was expected; remove it, or put "
            "the file in its place",
            file=path.name,
        )


def text_of(path: Path, *, encoding: str = "utf-8", errors: str = "strict") -> str:
    """The text of a file. Raises `UnreadableError` for what is none, and OSError."""
    require_file(path)
    return path.read_text(encoding=encoding, errors=errors)


@contextmanager
def whole_file(path: Path, *, check: Check | None = None) -> Iterator[Path]:
    """A path to write to beside ``path``, which takes its place once the block has ended well.

    It lies in a folder of its own and has the same name, for writers that go by the ending or
    write several files: all that the folder then holds is flushed to the disk, read back by
    ``check``, and moved. Several files change places as `geodata.replacing` says. Raises
    `UnwrittenError`, or `UnreadableError` as `require_usable_name` does, and nothing has changed.
    """
    require_usable_name(path)
    with writing(path):
        _require_file(path)
    with _made_beside(path) as folder, writing(path, path, folder, changing_name(folder)):
        yield folder / path.name
        flush_folder(folder)
        if check is not None:
            check(folder / path.name)
        take_places(folder)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill beside ``path``, which takes its place once the block has ended well.

    Where ``path`` is there by then, another process was first with the same content, and
    its folder stays. Raises `UnwrittenError`, or `UnreadableError` as `require_usable_name`
    does, and nothing has changed.
    """
    require_usable_name(path)
    with _made_beside(path) as folder, writing(path, path, folder):
        yield folder
        flush_folder(folder)
        try:
            folder.rename(path)
        except OSError:
            if not path.is_dir():
                raise
        flush(path.parent)


@contextmanager
def _made_beside(path: Path) -> Iterator[Path]:
    """A folder of `staging` beside a path; what lies there from earlier is seen to first."""
    finish_changes(path.parent)
    sweep(path.parent)
    with ExitStack() as held:
        with writing(path):
            folder = held.enter_context(staging(path.parent))
        yield folder


def _require_file(path: Path) -> None:
    """Nothing that is no file, a device say, is replaced by one."""
    if path.is_dir():
        raise unwritten(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if path.exists() and not path.is_file():
        raise CallError("{file} is no ordinary file; name another", file=str(path))


def copy_folder(
    source: Path, target: Path, *, without: Sequence[str] = (), follows_links: bool = True
) -> None:
    """Copy the content of a folder and not its times and rights, which a sandbox may not set.

    Entries whose names match a pattern of ``without`` are left behind at every depth. Raises
    `UnreadableError` for a link, unless they are followed.
    """
    target.mkdir(exist_ok=True)
    for one in source.iterdir():
        if any(fnmatch(one.name, pattern) for pattern in without):
            continue
        if one.is_symlink() and not follows_links:
            raise UnreadableError(
                "{file} holds {entry}, which is a link and no file; send the file itself",
                file=source.name,
                entry=repr(one.name),
            )
        if one.is_dir():
            copy_folder(one, target / one.name, without=without, follows_links=follows_links)
        else:
            shutil.copyfile(one, target / one.name)


def found_files(folder: Path, name: str) -> list[Path]:
    """The file of a name, or those of a pattern, in their order; relative to the study."""
    try:
        return _found(folder, name)
    except OSError:  # a name too long, a folder closed to us: nothing there that can be read
        return []


def _found(folder: Path, name: str) -> list[Path]:
    path = folder / name
    if path.is_file() or (path.is_dir() and not folder.resolve().is_relative_to(path.resolve())):
        return [path]  # a folder of files, but not the one that the study itself lies in
    if not any(c in name for c in "*?["):
        return []
    root = Path(path.anchor) if Path(name).is_absolute() else folder
    pattern = str(path.relative_to(root)) if Path(name).is_absolute() else name
    return sorted(one for one in root.glob(pattern) if one.is_file())

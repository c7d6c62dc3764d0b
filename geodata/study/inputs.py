"""A study's input files as they were read: whether they are the same still, and their digests.

A file is believed to be the one that was read while its size, both its times and its inode are
what they were; where one of them differs its content decides. No clock is asked: files are dated
ahead by other clocks, and copied with the times of others. Where the system does not tell when a
file was changed (Windows: its second time is that of its making), `is_unchanged` can be asked to
look at the content whatever the times say.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geodata.archives import files_in
from geodata.errors import UnreadableError
from geodata.parts import Names, digested_parts

BLOCK = 1 << 20
TIMES_TELL = sys.platform != "win32"
"""Whether the system dates every change of a file, in a way that nobody sets."""

Stats = tuple[tuple[int, int, int, int], ...]
"""Size, time of writing, time of change and inode of a file and of those that belong to it."""


@dataclass(frozen=True)
class Seen:
    """A file as it was read. Without a ``sha256`` it was changed while it was."""

    stats: Stats
    sha256: str = ""


def stats_of(path: Path, *, names: Names = os.listdir) -> Stats:
    """What the system tells of a file and the files that belong to it; () where it is not there."""
    try:
        told = [one.stat() for one in _files(path, names=names)]
    except OSError:
        return ()
    return tuple((s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for s in told)


def seen_from(path: Path, before: Stats) -> Seen:
    """A file that was read after ``before`` was told of it, with its digest if it is the same."""
    try:
        sha256 = _sha256(path)
    except OSError:
        sha256 = ""
    return Seen(before, sha256 if before and stats_of(path) == before else "")


def are_unchanged(seen: Mapping[Path, Seen]) -> bool:
    """`is_unchanged` for all of these files; each folder is listed once."""
    names = cache(os.listdir)
    return all(is_unchanged(path, one, names=names) for path, one in seen.items())


def is_unchanged(
    path: Path, seen: Seen, *, thorough: bool = False, names: Names = os.listdir
) -> bool:
    """Whether a file is the one that was read; so is one that is gone or cannot be asked about.

    ``thorough``: its content is looked at where the system's times do not tell of every change.
    """
    now = stats_of(path, names=names)
    if not now or (now == seen.stats and seen.sha256 and (TIMES_TELL or not thorough)):
        return True
    try:
        return bool(seen.sha256) and _sha256(path) == seen.sha256
    except OSError:
        return True


def require_unchanged(seen: Mapping[Path, Seen]) -> None:
    """Raise `UnreadableError` where a file is another than was read, or was while it was read."""
    for path, one in seen.items():
        if not is_unchanged(path, one, thorough=True):
            raise UnreadableError(
                "{file} has changed since the study was opened; open the study again",
                file=path.name,
            )


def digests_of(
    paths: Iterable[Path], folder: Path, *, seen: Mapping[Path, Seen] | None = None
) -> dict[str, str]:
    """The SHA-256 of each file, by its path from ``folder``; of those ``seen``, as they were."""
    known = {path: one.sha256 for path, one in (seen or {}).items() if one.sha256}
    return {_relative(path, folder): known.get(path) or _sha256(path) for path in paths}


def _relative(path: Path, folder: Path) -> str:
    """An input's path from the study's folder, alike on every system."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _files(path: Path, *, names: Names = os.listdir) -> Iterator[Path]:
    """A file and those that belong to it (a shapefile's, a table's), or all of a folder."""
    if path.is_dir():
        for part in files_in(path):
            yield from _files(part, names=names)
    else:
        yield from sorted([path, *digested_parts(path, names=names).values()])


def _sha256(path: Path) -> str:
    """Digest of a file, with the files that belong to it."""
    digest = hashlib.sha256()
    if path.is_dir():
        for part in files_in(path):
            digest.update(f"{part.relative_to(path).as_posix()}\0".encode())
            digest.update(_sha256(part).encode())
        return digest.hexdigest()
    for part in _files(path):
        with part.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()

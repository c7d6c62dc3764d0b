"""What the system says of a file that cannot be written, as one sentence with its path."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from geodata.errors import GeodataError, Phrase, UnwrittenError, phrase

MEGABYTE = 1_000_000

_CLOSED = phrase(
    "nothing may be written there; choose another folder, or ask who looks after this one"
)
_GONE = phrase("the disk or the share does not answer; try again when it does")
_FULL = phrase("the disk is full; make room and try again")
_QUOTA = phrase("what this account may keep there is used up; make room and try again")
_TORN = phrase("not all of it arrived on the disk; see to the disk, or name another folder")

REASONS: Mapping[int, Phrase] = MappingProxyType(
    {
        errno.ENOSPC: _FULL,
        getattr(errno, "EDQUOT", errno.ENOSPC): _QUOTA,
        errno.EFBIG: phrase("files may not grow so large here; raise the limit (ulimit -f)"),
        errno.EROFS: _CLOSED,
        errno.EACCES: _CLOSED,
        errno.EPERM: _CLOSED,
        errno.EIO: _GONE,
        getattr(errno, "ESTALE", errno.EIO): _GONE,
        errno.ENXIO: _GONE,
        errno.ENODEV: _GONE,
        errno.ENOTCONN: _GONE,
        errno.ETIMEDOUT: _GONE,
        getattr(errno, "EHOSTDOWN", errno.EIO): _GONE,
        errno.EISDIR: phrase("a folder has this name; name a file"),
        errno.ENOTDIR: phrase("a file lies where its folder should be; name another folder"),
        errno.ENAMETOOLONG: phrase("its name is too long; name a shorter one"),
    }
)
"""What a number of the system means for who wants a file written."""

OF_WRITING = frozenset(
    {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EROFS}
)
"""Numbers that only writing meets."""


def unwritten(path: Path, error: OSError) -> UnwrittenError:
    """The error to raise where ``path``, as it was asked for, could not be written."""
    reason = REASONS.get(error.errno or 0) or (error.strerror and str(error.strerror)) or _TORN
    free = free_bytes(path)
    if free is None:
        made = UnwrittenError("{file} cannot be written: {reason}", file=str(path), reason=reason)
    else:
        made = UnwrittenError(
            "{file} cannot be written: {reason} ({free} MB are free there)",
            file=str(path),
            reason=reason,
            free=round(free / MEGABYTE, 1),
        )
    made.errno, made.strerror, made.filename = error.errno, error.strerror, str(path)
    return made


def free_bytes(path: Path) -> int | None:
    """What is free where a file is or would be; None where the system does not say."""
    try:
        folder = next(one for one in (path, *path.absolute().parents) if one.is_dir())
        return shutil.disk_usage(folder).free
    except (OSError, StopIteration):
        return None


@contextmanager
def writing(path: Path, *places: Path) -> Iterator[None]:
    """Tell what the system refuses in the block as an error about ``path``.

    With ``places`` only where it is of a file in one of them or names none: the block reads
    other files too.
    """
    try:
        yield
    except OSError as error:
        if not isinstance(error, UnwrittenError) and isinstance(error, GeodataError):
            raise
        if places and not _is_below(error, places):
            raise
        raise unwritten(path, error) from error


def _is_below(error: OSError, places: tuple[Path, ...]) -> bool:
    """Whether an error is of a file in one of some places, or names none.

    One of copying names the source first, and then the copy.
    """
    named = [
        Path(os.fsdecode(one)).absolute()
        for one in (error.filename, error.filename2)
        if isinstance(one, str | bytes | os.PathLike)
    ]
    below = (file.is_relative_to(place.absolute()) for file in named for place in places)
    return not named or any(below)

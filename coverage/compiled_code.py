"""Chooses the folder in which numba keeps compiled kernels, where none of its own can be written.

numba tries ``NUMBA_CACHE_DIR``, the folder of the source and the user's cache folder
(``XDG_CACHE_HOME``), and raises where it may write none of them: a service account without a
home, say, under a program that an administrator installed. The next choice is a folder of this
user below that of temporary files; without that the kernels are compiled in each process. A
study's folder is none: compiled code is run when it is read, and studies come from strangers.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numba

VARIABLE = "NUMBA_CACHE_DIR"


@dataclass(frozen=True, kw_only=True)
class Fallback:
    """Where kernels are kept instead: a folder, or None where each process compiles its own."""

    folder: Path | None
    is_new: bool


def _can_keep() -> bool:
    """Whether numba finds a folder for compiled code of this package."""
    try:
        numba.njit(cache=True)(_nothing)
    except RuntimeError:
        return False
    return True


def _nothing() -> None:
    """Stand for a kernel; it is never compiled."""


def choose_folder() -> Fallback | None:
    """Have numba keep its code in a temporary folder where it has no other; None where it has.

    The choice stands in the environment, so that processes started from here share it.
    """
    if _can_keep():
        return None
    found = _own_temporary_folder()
    if found is not None:
        os.environ[VARIABLE] = str(found.folder)
        numba.config.reload_config()  # type: ignore[no-untyped-call]  # numba has no types
        if _can_keep():
            return found
    return Fallback(folder=None, is_new=True)


def _own_temporary_folder() -> Fallback | None:
    """The same folder at each call; None where it cannot be made or others could write there.

    What lies in it is run: one that somebody else made beforehand would be their code.
    """
    try:
        folder = Path(tempfile.gettempdir()) / f"phusong-compiled-{_user()}"
        try:
            folder.mkdir(mode=0o700)
            is_new = True
        except FileExistsError:
            is_new = False
        found = folder.lstat()
    except OSError:
        return None
    return Fallback(folder=folder, is_new=is_new) if _is_own(found) else None


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "own"  # Windows: below the user's profile


def _is_own(found: os.stat_result) -> bool:
    """Whether this is a folder, no link, of this user alone."""
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(found.st_mode)
    is_shut = not found.st_mode & 0o077
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and is_shut


FALLBACK = choose_folder()
"""Where kernels are kept if numba has no folder of its own; None where it has."""

CACHES = FALLBACK is None or FALLBACK.folder is not None
"""Whether compiled kernels are kept at all."""

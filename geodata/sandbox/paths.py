"""What a process in a sandbox may read beside the caller's files: Python, libraries, our code.

Not the program's folder as a whole, in which a checkout keeps secrets and studies, and nothing
of the user's home but an interpreter or packages that are installed there, and numba's cache.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2]
"""The folder that holds `coverage` and `geodata`: a checkout, or where packages lie."""

PACKAGES = ("coverage", "geodata")

SHARED = (
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/usr/share/proj",
    "/usr/share/gdal",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/sys/devices/system/cpu",
    "/dev/urandom",
)
"""Shared libraries and tables of the system. Of ``/proc`` nothing: the environment of other
processes of the same user stands there."""

NULL = "/dev/null"

DATA_VARIABLES = ("GDAL_DATA", "PROJ_DATA", "PROJ_LIB")

CACHES = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111  # Path's raises without a home
NUMBA_CACHE = Path(CACHES) / "numba"
"""Where numba keeps compiled kernels if our code lies where nobody may write.

Asked for when this module is loaded: each call has a home of its own.
"""

INSIDE_PREFIX = ("lib", "lib64", "share", "DLLs", "Lib", "Library")
"""Folders of a Python installation, or of a conda environment, that hold code and tables."""

KEPT_VARIABLES = frozenset(
    {
        "PATH", "LANG", "LANGUAGE", "TZ", "HOME", "TMPDIR", "LD_LIBRARY_PATH",
        "NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "NUMBA_NUM_THREADS", "NUMBA_OPT",
        "XDG_CACHE_HOME", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GDAL_NUM_THREADS",
        *DATA_VARIABLES,
        "SYSTEMROOT", "WINDIR", "TEMP", "TMP", "LOCALAPPDATA", "USERPROFILE",
    }
)  # fmt: skip
"""Of the environment only these, and ``LC_…``, reach a process that reads strangers' files."""


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that libraries need, and none that may hold a secret.

    SQLite's temporary files go into the working folder, which is a call's own.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name.upper() in KEPT_VARIABLES or name.startswith("LC_")
    }
    return {**kept, "SQLITE_TMPDIR": "."}


def readable_paths() -> tuple[Path, ...]:
    """Files and folders to read only, those that are there."""
    return tuple(path for path in dict.fromkeys(_candidates()) if path.exists())


def _candidates() -> Iterator[Path]:
    yield from map(Path, SHARED)
    yield from (PROGRAM / package for package in PACKAGES)
    yield NUMBA_CACHE
    for prefix in {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}:
        yield from (Path(prefix) / inside for inside in INSIDE_PREFIX)
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    yield from (Path(entry) for entry in sys.path if _holds_packages(entry))
    for name in (*DATA_VARIABLES, "NUMBA_CACHE_DIR"):
        yield from (Path(one) for one in os.environ.get(name, "").split(os.pathsep) if one)


def _holds_packages(entry: str) -> bool:
    """Whether an entry of the import path is a place where packages are installed."""
    path = Path(entry)
    return path.name in ("site-packages", "dist-packages") or entry == site.getusersitepackages()

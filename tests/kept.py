"""What tests build often, built once and kept between runs under a key of its sources.

It lies in pytest's cache (``pytest --cache-clear`` takes it away). The key is of every file of
the packages that build it, of the exact versions of what they use, and of Python: a line changed
in ``geodata`` or ``coverage`` builds it anew.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("coverage", "geodata")
BUILDS_S = 900


class Kept:
    """A store of folders, each under its name and the key of its sources."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def folder(self, name: str, make: Callable[[Path], object], *, more: str = "") -> Path:
        """The folder that ``make`` fills, made now unless it is there from an earlier run.

        It is for reading: who writes takes a `copy`. Processes that ask at the same time wait
        for the one that makes it. ``more`` is part of the key. Older ones are cleared away.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        wanted = self.home / f"{name}-{_key(more)}"
        with FileLock(self.home / f"{name}.lock", timeout=BUILDS_S):
            if not wanted.is_dir():
                for old in self.home.glob(f"{name}-*"):
                    shutil.rmtree(old, ignore_errors=True)
                unfinished = self.home / f"{name}.unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                make(unfinished / "study")
                unfinished.rename(wanted)
        return wanted / "study"

    def copy(
        self, name: str, make: Callable[[Path], object], target: Path, *, more: str = ""
    ) -> Path:
        """As `folder`, copied to ``target`` with the times of its files."""
        shutil.copytree(self.folder(name, make, more=more), target)
        return target


def _key(more: str) -> str:
    return hashlib.sha256(f"{_sources()} {more}".encode()).hexdigest()[:16]


@cache
def _sources() -> str:
    """A digest of all that a study is built from."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update((ROOT / "requirements.txt").read_bytes())
    for package in SOURCES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()

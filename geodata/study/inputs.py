"""Digests of a study's input files, so that a run says what it was made of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from geodata.archives import files_in
from geodata.parts import digested_parts


def digests_of(paths: Iterable[Path], folder: Path) -> dict[str, str]:
    """The SHA-256 of each file, by its path from ``folder``."""
    return {_relative(path, folder): _sha256(path) for path in paths}


def _relative(path: Path, folder: Path) -> str:
    """An input's path from the study's folder, alike on every system."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive
        return path.as_posix()


def _sha256(path: Path) -> str:
    """Digest of a file, with the files that belong to it (a shapefile's, a table's)."""
    digest = hashlib.sha256()
    if path.is_dir():
        for part in files_in(path):
            digest.update(f"{part.relative_to(path).as_posix()}\0".encode())
            digest.update(_sha256(part).encode())
        return digest.hexdigest()
    for part in sorted([path, *digested_parts(path).values()]):
        digest.update(part.read_bytes())
    return digest.hexdigest()

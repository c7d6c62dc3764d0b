"""The files that belong to another by their names, and change what it means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

Names = Callable[[Path], Sequence[str]]
"""Lists the names in a folder, as `os.listdir` does."""

BESIDE = (".shx", ".dbf", ".prj", ".cpg", ".dat", ".map", ".id", ".idm", ".ind", ".mid")
"""Endings of the files that belong to a Shapefile, a TAB or a MIF."""

WORLD = (".tfw", ".tifw", ".tiffw", ".wld")
"""Endings of a raster's world file, which says where it lies."""

AFTER = (".msk", ".aux.xml", ".ovr")
"""What follows a raster's whole name: its mask, its metadata, its overviews."""

RASTER = (".tif", ".tiff")

LOG = "-wal"
"""What follows a GeoPackage's whole name: the log that holds what was written last."""

DOUBLE = re.compile(r"(?i)\.[a-z0-9]{1,10}\.(msk|aux\.xml|ovr)$")


def split_ending(name: str) -> tuple[str, str]:
    """A file's name as its stem and its ending; what lies beside a raster has two.

    >>> split_ending("v.TIF"), split_ending("v.TIF.msk"), split_ending("v.tif.aux.xml")
    (('v', '.TIF'), ('v', '.TIF.msk'), ('v', '.tif.aux.xml'))
    >>> split_ending("v"), split_ending("a.b.csv")
    (('v', ''), ('a.b', '.csv'))
    """
    double = DOUBLE.search(name)
    if double and double.start():
        return name[: double.start()], double[0]
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending}") if dot and stem else (name, "")


def beside_raster(name: str) -> bool:
    """Whether a file of this name is the mask, the metadata, the overviews or the place of one."""
    return name.lower().endswith(WORLD) or name.lower().endswith(AFTER)


def digested_parts(path: Path, *, names: Names = os.listdir) -> dict[str, Path]:
    """The parts of a file, no folder, that change what it means: all but a raster's overviews."""
    return {e: one for e, one in _parts_of_file(path, names).items() if not e.endswith(".ovr")}


def parts_of(path: Path) -> dict[str, Path]:
    """The files that belong to a map file, a table or a GeoTIFF, by their endings in lower case.

    Those of a Shapefile, a TAB or a MIF, the log of a GeoPackage that is not empty
    (``.gpkg-wal``), and of a raster its world file, and what follows its whole name:
    ``.tif.msk``, ``.tif.aux.xml`` and ``.tif.ovr``. Of a folder there are none.
    """
    return {} if path.is_dir() else _parts_of_file(path, os.listdir)


def log_of(path: Path) -> Path | None:
    """The log of a database that holds what was written last; None where it is empty.

    None too beside a rollback journal, which `geodata.readers` refuses: it may name other files.
    """
    log = path.with_name(path.name + LOG)
    if path.with_name(f"{path.name}-journal").exists() or not log.is_file():
        return None
    return log if log.stat().st_size else None


def _parts_of_file(path: Path, names: Names) -> dict[str, Path]:
    own, start = path.suffix.lower(), path.stem
    after_own = tuple(own + ending for ending in AFTER)
    log = own + LOG
    wanted = (*WORLD, *after_own) if own in RASTER else (*BESIDE, *WORLD, *after_own, log)
    found = {}
    alike = (name for name in names(path.parent) if name.startswith(start) and name != path.name)
    for name in sorted(alike):
        stem, ending = split_ending(name)
        if ending.lower() in wanted and stem == start:
            one = path.with_name(name)
            if one.is_file() and (ending.lower() != log or one.stat().st_size):
                found[ending.lower()] = one
    return found

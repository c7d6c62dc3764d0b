"""Kept measures seen from outside: what they are, who needs them, how large they may grow.

``PHUSONG_KEPT_MB`` says how many megabytes (of 1,000,000 bytes) the kept measures of one study
may take: 2000 unless it says another number. Where they take more, those no kept run needs go
first, then those that earlier runs need, then those of the published one, each time the one used
longest ago; never those that a process is at work with.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from geodata.errors import CallError, GeodataError, MissingFileError
from geodata.staging import Leftovers, measure_leftovers, sweep
from geodata.study.manifests import parts_named, published_if_told, read_manifest
from geodata.study.settings import FILE
from geodata.study.store import Entry, Store

LIMIT_VARIABLE = "PHUSONG_KEPT_MB"
LIMIT_MB = 2000.0
MEGABYTE = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The kept measures of a study folder: ``needed`` has the runs that need an entry, by key.

    ``left`` is what processes that died left in it, or some at work have not finished.
    """

    folder: Path
    entries: tuple[Entry, ...]
    needed: Mapping[str, tuple[str, ...]]
    published: str | None
    limit_bytes: float
    left: Leftovers

    @property
    def size_bytes(self) -> int:
        """What all entries take."""
        return sum(entry.size_bytes for entry in self.entries)

    def worth(self, key: str) -> int:
        """0 where no kept run needs an entry, 2 where the published one does, else 1."""
        runs = self.needed.get(key, ())
        return 2 if self.published in runs else 1 if runs else 0


def kept_in(path: Path) -> Cache:
    """The kept measures of a study, from its folder or its study file. Reads no data.

    Raises `MissingFileError` where there is no study.
    """
    file = path / FILE if path.is_dir() or not path.suffix else path
    if not file.is_file():
        raise MissingFileError(
            "{file} is not there; a study is a folder with a study.toml", file=str(file)
        )
    return _cache(file.parent)


def clear_kept(path: Path, *, everything: bool = False) -> tuple[Entry, ...]:
    """Remove what no kept run needs, or ``everything``; returns what went.

    What a process is at work with stays. What one left a day ago or longer goes too.
    """
    cache = kept_in(path)
    for parent in _written_to(cache.folder):
        sweep(parent)
    keys = [entry.key for entry in cache.entries if everything or not cache.worth(entry.key)]
    return _store(cache.folder).trim(0, worth=cache.worth, of=keys)


def limit_kept(folder: Path, *, mine: Collection[str]) -> tuple[Entry, ...]:
    """Keep a study's measures within their limit. ``mine``: keys the caller has locked."""
    cache = _cache(folder)
    if cache.size_bytes <= cache.limit_bytes:
        return ()
    return _store(folder).trim(cache.limit_bytes, worth=cache.worth, mine=mine)


def limit_bytes() -> float:
    """What the kept measures of one study may take. Raises `CallError` for what is no number."""
    told = os.environ.get(LIMIT_VARIABLE, "").strip()
    try:
        limit = float(told) if told else LIMIT_MB
    except ValueError:
        limit = -1.0
    if not limit >= 0:
        raise CallError(
            "{name} is {found}, which is no number of megabytes; write one such as {such}",
            name=LIMIT_VARIABLE,
            found=told,
            such=f"{LIMIT_MB:.0f}",
        )
    return limit * MEGABYTE


def _store(folder: Path) -> Store:
    return Store(folder / "results" / "measures")


def _written_to(folder: Path) -> tuple[Path, ...]:
    """Folders of a study, that results and what people keep are written into."""
    results = folder / "results"
    below = (results, results / "measures", results / "levels", folder / "variants")
    return (folder, *below, folder / "followup")


def _cache(folder: Path) -> Cache:
    needed: dict[str, tuple[str, ...]] = {}
    for file in sorted((folder / "results").glob("[!.]*/manifest.json")):
        try:
            manifest = read_manifest(file.parent)
        except GeodataError:
            continue
        for _, key in parts_named(manifest):
            needed[key] = (*needed.get(key, ()), file.parent.name)
    return Cache(
        folder=folder,
        entries=_store(folder).entries(),
        needed=needed,
        published=published_if_told(folder / "results"),
        limit_bytes=limit_bytes(),
        left=measure_leftovers(_written_to(folder)),
    )

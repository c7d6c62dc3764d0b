"""What was measured, on disk: entries found by their content, shared by processes, bounded.

An entry is a folder ``results/measures/<key>`` with ``measures.npz`` (named arrays) and
``about.json`` (what it is, its key, with a digest of both files). It appears whole or not at all,
and is never changed. It proves itself: by its key, which is a digest of the inputs, and by the
digest of its content. One that is cut short, bears another key or none, or is not what its digest
says counts as absent, and `Store.doubted` names it. Locks are held by the system and end with
their process; they lie in ``.locks`` and are never removed, which would be a race.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout

from geodata.files import text_of, whole_folder
from geodata.staging import UNFINISHED, sweep

Arrays = Mapping[str, npt.NDArray[Any]]
About = dict[str, Any]

DIGEST = "sha256"
"""Where an entry has its digest; versions to November 2026 wrote none."""

KEY = "key"
"""Where an entry has its key; versions to November 2026 may have written none."""

Doubt = Literal["damaged", "unproven"]

NOT_OURS = (
    BadZipFile, EOFError, KeyError, MemoryError, NotImplementedError, OSError, RecursionError,
    RuntimeError, struct.error, SyntaxError, TypeError, ValueError, zlib.error,
)  # fmt: skip
"""What numpy raises where a file holds something else."""

WAIT_S = 600.0
"""So long one process waits for another that measures the same; then it measures too."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: ``kind`` "" where it does not say what it is. ``used`` is the last time."""

    key: str
    kind: str
    about: About
    size_bytes: int
    used: datetime


@dataclass(frozen=True)
class Store:
    """The entries in one folder. One that does not write keeps nothing.

    ``doubted``: entries that were asked for and not believed, and why: damaged, of something else,
    or without a proof of what they are. ``mended``: those of them that were kept anew.
    """

    folder: Path
    writes: bool = True
    doubted: dict[str, Doubt] = field(default_factory=dict, compare=False, repr=False)
    mended: dict[str, Doubt] = field(default_factory=dict, compare=False, repr=False)

    def read(self, key: str, *, proven: bool = True) -> tuple[About, Arrays] | None:
        """An entry, which counts as used now; None where there is none that can be believed.

        Without ``proven`` one of an earlier version is given too, which bears no proof: the caller
        has another.
        """
        if Path(key).name != key or not (self.folder / key).exists():
            return None  # the former of a manifest that somebody wrote
        about = _about(self.folder / key) or {}
        if proven and about and (KEY not in about or DIGEST not in about):
            self.doubted[key] = "unproven"
            return None
        found = self._read(key, about) if about and about.get(KEY, key) == key else None
        if found is None:
            self.doubted[key] = "damaged"
        return found

    def doubt(self, key: str) -> None:
        """Note that an entry is not what its reader expects."""
        self.doubted[key] = "damaged"

    def _read(self, key: str, about: About) -> tuple[About, Arrays] | None:
        path = self.folder / key
        try:
            told = about.pop(DIGEST, None)
            if told is not None and told != _digest(path / "measures.npz", about):
                return None
            with np.load(path / "measures.npz", allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
        except NOT_OURS:
            return None  # cut short, or nothing of ours
        with suppress(OSError):  # a folder that is only read
            os.utime(path / "measures.npz")
        return about, arrays

    def keep(self, key: str, about: Mapping[str, Any], arrays: Arrays) -> None:
        """Keep an entry whole, in place of one that was no good."""
        if not self.writes:
            return
        with whole_folder(self.folder / key) as folder:
            np.savez_compressed(folder / "measures.npz", allow_pickle=False, **arrays)
            told = json.loads(json.dumps({**about, KEY: key}))
            told[DIGEST] = _digest(folder / "measures.npz", told)
            text = json.dumps(told, ensure_ascii=False)
            (folder / "about.json").write_text(text, encoding="utf-8")
            self.remove(key)
        if key in self.doubted:
            self.mended[key] = self.doubted.pop(key)

    def entries(self) -> tuple[Entry, ...]:
        """All entries, the one used longest ago first, also such as cannot be read."""
        found = [_entry(path) for path in _folders(self.folder) if not path.name.startswith(".")]
        return tuple(sorted((e for e in found if e is not None), key=lambda e: (e.used, e.key)))

    def remove(self, key: str) -> bool:
        """Remove an entry; False where it is not there or the system holds it open.

        It is moved away first, so that nobody ever finds half of it.
        """
        gone = self.folder / f"{UNFINISHED}{uuid4().hex}"
        try:
            (self.folder / key).rename(gone)
        except OSError:
            return False
        shutil.rmtree(gone, ignore_errors=True)
        return True

    @contextmanager
    def locked(self, keys: Iterable[str]) -> Iterator[None]:
        """The entries of some keys for this thread alone, among those that ask.

        Where the folder allows no locks, or another holds one too long, the block runs all the
        same: entries appear whole whoever writes them, only the work may be done twice.
        """
        with ExitStack() as held:
            for name in sorted({_lock(key) for key in keys}):  # in one order: no deadlock
                with suppress(OSError, NotImplementedError):  # a time-out is an OSError too
                    held.enter_context(self._lock(name, wait_s=WAIT_S))
            yield

    def trim(
        self,
        most_bytes: float,
        *,
        worth: Callable[[str], int],
        mine: Collection[str] = (),
        of: Collection[str] | None = None,
    ) -> tuple[Entry, ...]:
        """Remove entries until the rest is no larger than ``most_bytes``; returns what went.

        Those of the least ``worth`` (of a key) go first, and among them those used longest ago.
        Never one of ``mine``, which the caller has locked, nor one locked by another. With
        ``of`` only these keys are looked at.
        """
        sweep(self.folder)
        entries = [entry for entry in self.entries() if of is None or entry.key in of]
        total = sum(entry.size_bytes for entry in entries)
        held = {_lock(key) for key in mine}
        gone = []
        for entry in sorted(entries, key=lambda e: worth(e.key)):  # stable: oldest first in each
            if total <= most_bytes:
                break
            if entry.key not in mine and self._free(entry.key, held):
                total -= entry.size_bytes
                gone.append(entry)
        return tuple(gone)

    def _free(self, key: str, held: Collection[str]) -> bool:
        """Remove an entry unless another process has it locked."""
        name = _lock(key)
        if name in held:
            return self.remove(key)
        try:
            with self._lock(name, wait_s=0):
                return self.remove(key)
        except Timeout:
            return False
        except (OSError, NotImplementedError):  # no locks here, so nobody has one
            return self.remove(key)

    def _lock(self, name: str, *, wait_s: float) -> FileLock:
        folder = self.folder / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / name, timeout=wait_s)


def _digest(file: Path, about: Mapping[str, Any]) -> str:
    """A digest of an entry's arrays and of what is said of them."""
    told = json.dumps(about, sort_keys=True).encode()
    with file.open("rb") as stream:
        return hashlib.sha256(hashlib.file_digest(stream, "sha256").digest() + told).hexdigest()


def _lock(key: str) -> str:
    """Name of the lock of a key: one of 256, so that they need never be removed."""
    return f"{key[:2]}.lock"


def _folders(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def _about(path: Path) -> About | None:
    """What an entry says of itself; None where it says nothing that can be read."""
    try:
        about = json.loads(text_of(path / "about.json"))
    except (OSError, RecursionError, ValueError):
        return None
    return about if isinstance(about, dict) else None


def _entry(path: Path) -> Entry | None:
    """None where it went away meanwhile."""
    try:
        told = [file.stat() for file in path.iterdir()]
        used = max((one.st_mtime for one in told), default=path.stat().st_mtime)
    except OSError:
        return None
    about = _about(path) or {}
    return Entry(
        key=path.name,
        kind=str(about.get("kind", "")),
        about=about,
        size_bytes=sum(one.st_size for one in told),
        used=datetime.fromtimestamp(used, UTC),
    )

"""Archives unpacked safely: nothing leads out of the folder, nothing grows beyond measure.

What an archive says of itself is checked first, and what comes out of it is counted: its
headers may lie.
"""

from __future__ import annotations

import gzip
import re
import stat
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from geodata.errors import DataError
from geodata.parts import split_ending
from geodata.readers.zip_directory import require_few_entries
from geodata.refusal import refused

ARCHIVES = (".zip", ".kmz", ".gz", ".tgz", ".7z", ".rar", ".tar", ".bz2", ".xz", ".zst")
RESERVED = {"con", "prn", "aux", "nul", *(f"{n}{k}" for n in ("com", "lpt") for k in range(1, 10))}
"""Names that Windows keeps for devices."""

LONGEST = 80
CHUNK = 1 << 18
SMALL = 10_000_000
"""Bytes that harm nobody, however tightly they were packed."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much an archive may hold: more is a mistake, or meant to fill the disk.

    ``most_ratio`` is bytes unpacked for each byte packed, ``most_seconds`` the time that
    unpacking may take.
    """

    most_files: int = 2_000
    most_bytes: int = 8_000_000_000
    most_ratio: int = 300
    most_seconds: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """One file out of an archive: its name there, and where it lies now."""

    name: str
    path: Path


def unpacked_zip(
    path: Path, folder: Path, *, name: str = "", limits: Limits | None = None
) -> tuple[Unpacked, ...]:
    """Unpack a ZIP into an empty folder, under harmless names.

    Folders of the archive become folders of one level. Raises `DataError` for an archive that
    leads out of itself, holds another, a link or two files of one name, or is beyond
    ``limits``; `UnreadableError` for a damaged one. What was unpacked until then stays in
    ``folder``, which is the caller's to remove.
    """
    called = name or path.name
    require_few_entries(path, name=called)
    with refused(path, name=called), zipfile.ZipFile(path) as archive:
        entries = [(_entry_name(entry), entry) for entry in archive.infolist()]
        kept = [(told, entry) for told, entry in entries if not _passed_over(told, entry)]
        budget = _Budget(file=called, packed=path.stat().st_size, limits=limits or Limits())
        budget.announced(len(entries), sum(entry.file_size for _, entry in entries))
        _require_harmless(called, entries)
        places = _places(called, [told for told, _ in kept], folder)
        for (_, entry), place in zip(kept, places, strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source:
                _poured(source, place, budget)
    return tuple(
        Unpacked(name=told, path=place) for (told, _), place in zip(kept, places, strict=True)
    )


def unpacked_gzip(
    path: Path, folder: Path, *, name: str = "", limits: Limits | None = None
) -> Unpacked:
    """Unpack a gzip file into a folder. Raises as `unpacked_zip` does."""
    called = name or path.name
    inner = re.sub(r"(?i)\.gz(ip)?$", "", called) or "file"
    place = folder / harmless(inner)
    budget = _Budget(file=called, packed=path.stat().st_size, limits=limits or Limits())
    with refused(path, name=called), gzip.open(path) as source:
        _poured(source, place, budget)
    return Unpacked(name=inner, path=place)


def harmless(name: str) -> str:
    """A file name that every system takes, and that keeps its letters.

    The log of a GeoPackage keeps its name too, which SQLite looks for.

    >>> harmless("a:b?.shp"), harmless("con.csv"), harmless("Thôn bản.kml")
    ('a_b_.shp', '_con.csv', 'Thôn bản.kml')
    """
    stem, ending = split_ending(name)
    stem = re.sub(r"[^\w .()+=@,-]", "_", stem)[:LONGEST].strip(" .") or "file"
    parts = [re.sub(r"\W(?!wal$)", "", part)[:12] for part in ending.split(".")]
    stem = f"_{stem}" if stem.split(".")[0].casefold() in RESERVED else stem
    return ".".join([stem, *filter(None, parts)])


@dataclass(kw_only=True)
class _Budget:
    """What one archive may still unpack."""

    file: str
    packed: int
    limits: Limits
    taken: int = 0
    until: float = field(init=False)

    def __post_init__(self) -> None:
        self.until = time.monotonic() + self.limits.most_seconds

    def announced(self, count: int, size: int) -> None:
        """Refuse by what the archive says of itself."""
        if count > self.limits.most_files or self._too_much(size):
            raise DataError(
                "{file} unpacks to {count} files of {size} MB together; send an archive of at "
                "most {most} files that is not packed beyond measure",
                file=self.file,
                count=count,
                size=size // 1_000_000,
                most=self.limits.most_files,
            )

    def take(self, size: int) -> None:
        """Refuse by what really comes out of it."""
        self.taken += size
        if self._too_much(self.taken):
            raise DataError(
                "{file} grows beyond {size} MB when it is unpacked, which is beyond measure for "
                "its {packed} kB; send the files themselves",
                file=self.file,
                size=self.taken // 1_000_000,
                packed=max(1, self.packed // 1000),
            )
        if time.monotonic() > self.until:
            raise DataError(
                "{file} takes longer than {seconds} seconds to unpack; unpack it and name its "
                "files in a study file",
                file=self.file,
                seconds=round(self.limits.most_seconds),
            )

    def _too_much(self, size: int) -> bool:
        ratio = size / max(1, self.packed)
        return size > self.limits.most_bytes or (size > SMALL and ratio > self.limits.most_ratio)


def _poured(source: IO[bytes] | gzip.GzipFile, place: Path, budget: _Budget) -> None:
    with place.open("xb") as target:
        while block := source.read(CHUNK):
            budget.take(len(block))
            target.write(block)


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry, with / between folders. Old writers put UTF-8 and do not say so."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/")


def _passed_over(name: str, entry: zipfile.ZipInfo) -> bool:
    """Folders, and what macOS and editors leave beside files."""
    parts = PurePosixPath(name).parts
    return not parts or entry.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".")


def _require_harmless(file: str, entries: Sequence[tuple[str, zipfile.ZipInfo]]) -> None:
    for name, entry in entries:
        harm = _harm(file, name, entry)
        if harm is not None:
            raise harm


def _harm(file: str, name: str, entry: zipfile.ZipInfo) -> DataError | None:
    """Why an entry cannot be unpacked, None for a harmless one."""
    parts = PurePosixPath(name).parts
    kind = stat.S_IFMT(entry.external_attr >> 16)
    shown = repr(name[:LONGEST])
    if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
        return DataError(
            "{file} holds {entry}, which leads out of the archive; it was not unpacked",
            file=file,
            entry=shown,
        )
    if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
        return DataError(
            "{file} holds {entry}, which is a link and no file; it was not unpacked",
            file=file,
            entry=shown,
        )
    if entry.flag_bits & 0x1:
        return DataError("{file} is locked with a password; send it without one", file=file)
    if name.lower().endswith(ARCHIVES):
        return DataError(
            "{file} holds another archive, {entry}; send that one by itself",
            file=file,
            entry=shown,
        )
    return None


def _places(file: str, names: Sequence[str], folder: Path) -> list[Path]:
    """Where each entry goes: a numbered folder for each of the archive's own."""
    numbers: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    found = []
    for name in names:
        inside = PurePosixPath(name).parent.as_posix()
        number = numbers.setdefault(inside, _numbered(inside, len(numbers)))
        last = harmless(PurePosixPath(name).name)
        if (number, last.casefold()) in taken:
            raise DataError(
                "{file} holds two files of the name {entry}; keep one of them",
                file=file,
                entry=repr(name[:LONGEST]),
            )
        taken.add((number, last.casefold()))
        found.append(folder / number / last)
    return found


def _numbered(inside: str, number: int) -> str:
    """A geodatabase keeps its folder's name, whose ending GDAL knows it by."""
    name = PurePosixPath(inside).name
    return f"{number}/{harmless(name)}" if name.lower().endswith(".gdb") else f"{number}"


def files_in(folder: Path, *, deepest: int = 6) -> Iterator[Path]:
    """The files and geodatabases below a folder, by name; links are not followed."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.name.startswith("."):
            continue
        if path.is_dir() and not path.name.lower().endswith(".gdb"):
            if deepest:
                yield from files_in(path, deepest=deepest - 1)
        else:
            yield path

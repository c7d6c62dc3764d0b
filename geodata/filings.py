"""From a file to layers: its parts, the convention each follows, and what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyproj

from coverage.model import TECHNOLOGIES, Technology
from geodata.containers import Part, chosen, opened
from geodata.convention import Candidate, Convention
from geodata.conventions import convention_of, recognised
from geodata.coordinates import to_study
from geodata.encodings import Told as Encoding
from geodata.errors import DataError
from geodata.filing import Filed, Filing, Kind, Listed, Meaning, Measurements, Pixels, Rows, Told
from geodata.findings import Finding, finding
from geodata.layers import technology_in
from geodata.pixels import drawn
from geodata.rows import filed

SILENT = Filing(
    operator=None,
    technology=None,
    evidence=None,
    as_of=None,
    source="",
    columns=MappingProxyType({}),
)
"""A study file that says nothing of a file."""

COVERAGE: tuple[Kind, ...] = ("footprint", "signal", "sites")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one filing comes from: the file as sentences name it, and how it is to be read."""

    path: Path
    file: str
    layer: str | None = None
    crs: str | None = None
    encoding: Encoding | None = None
    band: int | None = None


@contextmanager
def candidates(source: Source) -> Iterator[tuple[Candidate, ...]]:
    """The parts of a file that are to be read, for as long as the block lasts.

    One, where the study file names a layer or the file holds one; all, where each of several
    follows a convention of its own accord. Raises `CallError` where a choice is left open.
    """
    with opened(source.path) as parts:
        several = len(parts) > 1
        seen = tuple(
            _candidate(part, f"{source.file}: {part.title}" if several else source.file, source)
            for part in parts
        )  # fmt: skip
        if source.layer is None and several and all(recognised(one) is not None for one in seen):
            yield seen
            return
        part = chosen(parts, source.layer, file=source.path.name)
        found = [one for one in seen if one.part == part]
        yield (found[0] if found else _candidate(part, source.file, source),)


def _candidate(part: Part, file: str, source: Source) -> Candidate:
    return Candidate(
        part=part,
        file=file,
        crs=source.crs,
        encoding=source.encoding,
        lasting=part.path == source.path or source.path in part.path.parents,
        band=source.band,
    )


def layers_in(
    candidate: Candidate,
    filing: Filing,
    *,
    crs: pyproj.CRS,
    kind: Kind | None = None,
    convention: str | None = None,
) -> Filed:
    """The layers of one part, by the convention it follows or the one named.

    Raises `DataError` for another ``kind`` than the study file says, and whatever is wrong.
    """
    kinds = COVERAGE if kind is None else (kind,)
    found = convention_of(candidate, kinds=kinds, name=convention)
    meaning = found.means(candidate, filing)
    if isinstance(meaning, Rows):
        made = filed(meaning, filing, crs=crs, file=candidate.file)
    elif isinstance(meaning, Pixels):
        made = drawn(
            meaning,
            filing,
            crs=crs,
            file=candidate.file,
            lasting=candidate.lasting,
            sampled=candidate.sampled,
        )
    else:
        raise DataError(
            "{file} holds nothing that counts as coverage; change grades or threshold_dbm in its "
            "entry, or take the file out",
            file=candidate.file,
        )
    notes = (*secondhand(found, candidate.file), *made.findings)
    if not found.fallback:
        notes = (_understood(candidate.file, found, made), *notes)
    return replace(made, findings=notes)


def _understood(file: str, convention: Convention, made: Filed) -> Finding:
    layers = [f"{one.info.title}, {one.info.as_of or '–'}" for one in made.layers]
    return finding(
        "understood", "note",
        "{file}: read as {convention}: {layers}",
        file=file, convention=convention.title,
        layers="; ".join(layers[:8]) + ("; …" if len(layers) > 8 else ""),
    )  # fmt: skip


def measurements_in(candidate: Candidate, filing: Filing, *, crs: pyproj.CRS,
                    convention: str | None = None) -> Measurements:  # fmt: skip
    """The measurements of one part, in the study's system. Raises `DataError` for none."""
    found = convention_of(candidate, kinds=("measurements",), name=convention)
    meaning = found.means(candidate, filing)
    if not isinstance(meaning, Measurements):
        raise DataError("{file} holds no measurements", file=candidate.file)
    note = finding(
        "understood", "note",
        "{file}: read as {convention}: {count} rows", file=candidate.file,
        convention=found.title, count=len(meaning.table),
    )  # fmt: skip
    return replace(
        meaning,
        table=to_study(
            meaning.table, crs, file=candidate.file, said=filing.said, extent=filing.within
        ),
        convention=found.name,
        findings=(note, *meaning.findings),
    )


def secondhand(convention: Convention, file: str) -> tuple[Finding, ...]:
    """What is said of a convention whose columns only a third party has told us."""
    if not convention.secondhand:
        return ()
    note = finding(
        "secondhand", "note",
        "{file}: the columns of {convention} are known from a third party's account; compare a "
        "few places with its sender's own map",
        file=file, convention=convention.title,
    )  # fmt: skip
    return (note,)


def listed_in(candidate: Candidate) -> Listed:
    """A table of villages: by its convention where it follows one, else as it stands."""
    found = None if candidate.part.is_raster else recognised(candidate)
    if found is None or found.kind != "villages":
        return Listed(table=candidate.table)
    meaning = found.means(candidate, SILENT)
    held = meaning.table if isinstance(meaning, Listed) else candidate.table
    return Listed(table=held, findings=meaning.findings)


def told(meaning: Meaning) -> Told:
    """Who, what and when a file speaks of, as far as it tells."""
    if isinstance(meaning, Pixels):
        technologies = (meaning.technology,) if meaning.technology else ()
        return Told(technologies=technologies, as_of=meaning.as_of)
    rows = len(meaning.table)
    if isinstance(meaning, Rows):
        return Told(
            operators=tuple(sorted(_values(meaning.operator))),
            technologies=tuple(t for t in TECHNOLOGIES if t in _technologies(meaning)),
            as_of=max(_days(meaning), default=None),
            rows=rows,
        )
    return Told(rows=rows, as_of=meaning.as_of if isinstance(meaning, Measurements) else None)


def _values(told: pd.Series | str | None) -> set[str]:
    if isinstance(told, pd.Series):
        return set(told.dropna().unique())
    return {told} if told else set()


def _technologies(rows: Rows) -> set[Technology | None]:
    return {technology_in(word, rows.codes) for word in _values(rows.technology)}


def _days(rows: Rows) -> set[date]:
    if isinstance(rows.as_of, pd.Series):
        return {day for day in rows.as_of if isinstance(day, date)}
    return {rows.as_of} if rows.as_of else set()

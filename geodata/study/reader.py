"""Reading what a study names: files and tables of databases, each remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import pandas as pd

from geodata.containers import Part
from geodata.convention import Candidate
from geodata.coordinate_checks import definition_findings
from geodata.encodings import Told, mended
from geodata.filings import Source, candidates
from geodata.findings import Finding
from geodata.postgis.address import is_address, name_of
from geodata.postgis.model import TableInput
from geodata.read import Reading, read
from geodata.study.in_files import Seen as FileSeen
from geodata.study.inputs import Seen, Stats, seen_from, stats_of


class Reader:
    """Reads what one study names, and remembers what that was and what was found."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs: list[Path] = []
        self._before: dict[Path, Stats] = {}
        self._seen: dict[Path, Seen] = {}
        self.tables: list[TableInput] = []
        self.doubts: list[Finding] = []
        self.findings: list[Finding] = []
        self.ahead: Mapping[Path, Future[FileSeen | None]] = {}
        """Layers that are looked at before it is their turn, by the path of their file."""

    def take(self, path: Path, *, before: Stats | None = None, seen: Seen | None = None) -> None:
        """Remember a file that is about to be read.

        ``before`` is how it was before it was read, where that was done, ``seen`` how it was read.
        """
        self.inputs.append(path)
        if seen is not None:
            self._seen.setdefault(path, seen)
        self._before.setdefault(path, stats_of(path) if before is None else before)

    def seen(self) -> Mapping[Path, Seen]:
        """Each file as it was read, once all are."""
        found = {
            one: self._seen.get(one) or seen_from(one, was) for one, was in self._before.items()
        }
        return MappingProxyType(found)

    def read(
        self,
        name: str,
        *,
        layer: str | None = None,
        crs: str | None = None,
        encoding: Told | None = None,
    ) -> pd.DataFrame:
        """What the study names, a file or a table of a database, each read once.

        ``crs`` is its system where it says none.
        """
        if is_address(name):
            return self._from_database(name, layer=layer, crs=crs, encoding=encoding)
        path = self.folder / name
        self.take(path)
        reading = read(path, layer=layer, crs=crs, encoding=encoding, unplaced=True)
        self._doubt(reading, Path(name).name)
        return reading.table

    @contextmanager
    def open(
        self,
        name: str,
        *,
        file: str,
        layer: str | None = None,
        crs: str | None = None,
        encoding: Told | None = None,
        band: int | None = None,
    ) -> Iterator[tuple[Candidate, ...]]:
        """The parts of what the study names, to be recognised; ``file`` is its name in sentences.

        They can be read for as long as the block lasts.
        """
        if is_address(name):
            table = self._from_database(name, layer=layer, crs=crs, encoding=encoding)
            part = Part(name=file, path=Path(file), layer=None, kind="table")
            yield (Candidate(part=part, file=file, read=Reading(table=table)),)
            return
        path = self.folder / name
        self.take(path)
        source = Source(path=path, file=file, layer=layer, crs=crs, encoding=encoding, band=band)
        with candidates(source) as found:
            yield found
            for one in found:
                if one.was_read:
                    self._doubt(one.reading, path.name)

    def _from_database(
        self, name: str, *, layer: str | None, crs: str | None, encoding: Told | None
    ) -> pd.DataFrame:
        from geodata.postgis.table import read_source  # noqa: PLC0415  # loads libpq

        raw, found = read_source(name, layer=layer, crs=crs, unplaced=True)
        self.tables.append(found)
        table, findings = mended(raw, file=name_of(name), encoding=encoding)
        self._doubt(Reading(table=table, findings=(*found.findings, *findings)), name_of(name))
        return table

    def _doubt(self, reading: Reading, file: str) -> None:
        """Note what was found in reading, and what may be wrong with a coordinate system."""
        self.doubts += reading.findings
        table = reading.table
        if isinstance(table, gpd.GeoDataFrame):
            self.doubts += definition_findings(table, file=file)

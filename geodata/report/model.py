"""What a report holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from geodata.checks.model import Role
from geodata.errors import Phrase
from geodata.findings import SEVERITIES, Finding, Severity, by_severity

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class FileReport:
    """One file of a report.

    ``columns`` maps our fields to the file's columns, ``strange`` are columns that nobody
    knows. ``shapes`` counts the kinds of geometry. ``crs`` is the system as people write it,
    "" where the file has none; ``extent`` is west, south, east, north in degrees (WGS 84),
    None where there is no place. ``convention`` is the layout it follows, None for a plain one.
    ``readable`` is False where the file could not be read at all.
    """

    file: str
    role: Role
    title: str = ""
    convention: Phrase | None = None
    rows: int = 0
    crs: str = ""
    shapes: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    strange: tuple[str, ...] = ()
    extent: Box | None = None
    as_of: date | None = None
    readable: bool = True
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """What was found in a study, or in one file.

    ``findings`` are about the whole; each file has its own besides. ``path`` is what was
    asked for. ``is_study`` is False for a file by itself.
    """

    name: str
    path: Path
    is_study: bool
    files: tuple[FileReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    as_of: date | None = None
    crs: str = ""
    reconstruction: bool = False

    @property
    def everything(self) -> tuple[Finding, ...]:
        """All findings, of the whole and of each file, the worst first."""
        held = (*self.findings, *(f for file in self.files for f in file.findings))
        return tuple(f for found in by_severity(held).values() for f in found)

    @property
    def counts(self) -> Mapping[Severity, int]:
        """How many findings of each severity."""
        found = Counter(finding.severity for finding in self.everything)
        return MappingProxyType({severity: found[severity] for severity in SEVERITIES})

    @property
    def is_readable(self) -> bool:
        """Whether every file could be read."""
        return all(file.readable for file in self.files)

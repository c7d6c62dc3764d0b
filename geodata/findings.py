"""What is wrong, doubtful or worth knowing about a file: one finding a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

import geopandas as gpd

from geodata.errors import Phrase, phrase

Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From what makes a result wrong to what is only worth knowing."""

ROWS_KEPT = 50
"""So many rows are named with a finding; ``count`` has them all."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found in one file.

    ``kind`` names the check ("village-overlap"), the same in every language; ``rows`` are the
    first rows it concerns, as people count them in that file, and ``count`` is how many there
    are in all (0 where it concerns the whole file). ``places`` show where, in a coordinate
    system of their own.
    """

    kind: str
    severity: Severity
    sentence: Phrase
    file: str = ""
    rows: tuple[int, ...] = ()
    count: int = 0
    places: gpd.GeoSeries | None = field(default=None, compare=False, repr=False)


def finding(
    kind: str, severity: Severity, template: str, /, *, file: str = "", **parts: object
) -> Finding:
    """A finding about a whole file, from its sentence and what fills it.

    >>> str(finding("no-crs", "error", "{file} says no system", file="a.shp").sentence)
    'a.shp says no system'
    """
    return Finding(
        kind=kind, severity=severity, sentence=phrase(template, file=file, **parts), file=file
    )


def by_severity(findings: Iterable[Finding]) -> Mapping[Severity, tuple[Finding, ...]]:
    """Findings of each severity, the worst first, in the order they came."""
    held = tuple(findings)
    return MappingProxyType(
        {severity: tuple(f for f in held if f.severity == severity) for severity in SEVERITIES}
    )

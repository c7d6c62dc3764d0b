"""Every check there is. A new one is a function in a module of its own, named here once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from geodata.checks import (
    border,
    days,
    filed,
    geometry,
    names,
    outlines,
    outside,
    overlaps,
    people,
    precision,
    repeats,
    understood,
)
from geodata.checks.model import Subject, Together
from geodata.findings import Finding

FILE_CHECKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    understood.nothing_known,
    geometry.missing,
    geometry.invalid,
    geometry.kinds,
    geometry.flat_villages,
    repeats.same_rows,
    repeats.same_ids,
    repeats.same_places,
    precision.rounded,
    names.names,
    people.unreadable,
    people.impossible,
    people.total_rows,
    overlaps.neighbours,
)
"""What can be said of one file by itself; each decides by the file's role."""

STUDY_CHECKS: tuple[Callable[[Together], Iterator[Finding]], ...] = (
    outside.outside,
    outside.stops_short,
    border.cut_at_border,
    outlines.outlines,
    people.sums,
    days.days,
    filed.missing_filings,
)
"""What can only be said of several files side by side."""


def findings_of(together: Together) -> tuple[Finding, ...]:
    """What all checks find, file by file and then of the whole."""
    of_files = (f for s in together.subjects for check in FILE_CHECKS for f in check(s))
    of_study = (f for check in STUDY_CHECKS for f in check(together))
    return (*of_files, *of_study)

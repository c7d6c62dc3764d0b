"""Grades of coverage ("strong", "variable"; "TBC", "BC", "CL"): which of them count as served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geodata.columns import plain
from geodata.errors import DataError
from geodata.filing import Filing
from geodata.findings import Finding, finding


def counted_grades(known: Sequence[str], filing: Filing, file: str) -> tuple[str, ...]:
    """The grades that count. Raises `DataError` for one that the file cannot hold."""
    if filing.grades is None:
        return tuple(known)
    names = {plain(grade): grade for grade in known}
    for grade in filing.grades:
        if plain(grade) not in names:
            raise DataError(
                "{file}: grade {found} is not known; expected some of {known}",
                file=file,
                found=repr(grade),
                known=", ".join(known),
            )
    return tuple(names[plain(grade)] for grade in filing.grades)


def no_grades(filing: Filing, file: str) -> tuple[Finding, ...]:
    """What is said where the study file chooses grades of a file that has none."""
    if filing.grades is None:
        return ()
    return (finding("no-grades", "warning", "{file} holds no grades; all of it counts", file=file),)


def told_grades(
    counts: Mapping[str, int], counted: Sequence[str], filing: Filing, file: str
) -> tuple[Finding, ...]:
    """Which grades count and which do not; a doubt where weaker ones count unasked."""
    there = [grade for grade, count in counts.items() if count]
    if set(there) <= {next(iter(counts), "")} & set(counted):
        return ()  # the strongest alone, and it counts
    weaker = filing.grades is None
    note = finding(
        "grades", "warning" if weaker else "note",
        "{file} tells {counts}; what counts as served is {counted} (grades = … in its entry "
        "says otherwise)",
        file=file, counts=", ".join(f"{grade}: {counts[grade]}" for grade in there),
        counted=", ".join(counted),
    )  # fmt: skip
    return (note,)

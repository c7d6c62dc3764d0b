"""Layers of another day than the study."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from geodata.checks.model import Subject, Together
from geodata.findings import Finding, finding

A_QUARTER = 92
A_YEAR = 366


def days(together: Together) -> Iterator[Finding]:
    """Layers filed long before the study's day, after it, or without a day."""
    for subject in together.of("layer"):
        if subject.as_of is None:
            yield finding(
                "layer-undated",
                "note",
                "{layer} has no date; write as_of = … in its entry, so that everybody knows how "
                "old it is",
                file=subject.file,
                layer=subject.title,
            )
        elif together.as_of is not None:
            yield from _compared(subject, subject.as_of, together.as_of)


def _compared(subject: Subject, day: date, study: date) -> Iterator[Finding]:
    age = (study - day).days
    if age < 0:
        yield finding(
            "layer-newer",
            "warning",
            "{layer} is of {day}, {days} days after the study's day ({study}): it may show signal "
            "that was not there yet",
            file=subject.file,
            layer=subject.title,
            day=day,
            days=-age,
            study=study,
        )
    elif age > A_QUARTER:
        yield finding(
            "layer-older",
            "warning" if age > A_YEAR else "note",
            "{layer} is of {day}, {months} months before the study's day ({study}); ask the "
            "operator for a new one",
            file=subject.file,
            layer=subject.title,
            day=day,
            months=round(age / 30.44),
            study=study,
        )

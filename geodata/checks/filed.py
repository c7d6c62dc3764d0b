"""Who should have filed and has not."""

from __future__ import annotations

from collections.abc import Iterator

from geodata.checks.model import Subject, Together
from geodata.columns import text
from geodata.errors import DataError
from geodata.findings import Finding, finding
from geodata.layers import technology_of
from geodata.operators import operator_key


def missing_filings(together: Together) -> Iterator[Finding]:
    """Expected operators without a layer, or without one of an expected technology."""
    filed = {
        (operator_key(operator), technology)
        for subject in together.of("layer")
        for operator, technology in filings_in(subject)
    }
    filed |= {(operator_key(operator), technology) for operator, technology in together.unread}
    there = {operator for operator, _ in filed}
    for operator in together.operators:
        if operator_key(operator) not in there:
            yield finding(
                "filing-missing",
                "warning",
                "{operator} has filed nothing, though it should have; without it villages stay "
                "unknown, so ask for its layers",
                operator=operator,
            )
            continue
        gone = [t for t in together.technologies if (operator_key(operator), t) not in filed]
        if gone:
            yield finding(
                "filing-missing",
                "warning",
                "{operator} has filed no {technologies}; ask whether it has none, or forgot the "
                "file",
                operator=operator,
                technologies=", ".join(gone),
            )


def filings_in(subject: Subject) -> set[tuple[str, str]]:
    """Operator and technology of each layer in a file, from the study file or its columns."""
    if subject.filings:
        return set(subject.filings)
    operators = _told(subject, "operator", subject.operator)
    technologies = _told(subject, "technology", subject.technology)
    found: set[tuple[str, str]] = set()
    for operator, word in set(zip(operators, technologies, strict=True)):
        try:
            found.add((operator, technology_of(word, file=subject.file)))
        except DataError:
            found.add((operator, word))
    return found


def _told(subject: Subject, field: str, said: str) -> list[str]:
    column = subject.column(field)
    if said or column is None:
        return [said] * len(subject.table)
    return [str(word) for word in text(column).fillna("")]

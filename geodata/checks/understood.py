"""Files of which nothing was understood."""

from __future__ import annotations

from collections.abc import Iterator

from geodata.checks.model import Subject
from geodata.findings import Finding, finding


def nothing_known(subject: Subject) -> Iterator[Finding]:
    """A file by itself without one column that we know."""
    if subject.role != "table" or subject.columns:
        return
    yield finding(
        "not-understood",
        "warning",
        "none of the {count} columns of this file is known by name; say what it is when a study is "
        "made of it, or give the columns names such as Thôn, Xã, Huyện, Dân số",
        file=subject.file,
        count=len(subject.table.columns),
    )

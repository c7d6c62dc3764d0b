"""Coverage as the French regulator ARCEP publishes it: graded TBC, BC and CL."""

from __future__ import annotations

from geodata.columns import text
from geodata.convention import Candidate, Convention
from geodata.days import days_of
from geodata.errors import phrase
from geodata.filing import Filing, Rows
from geodata.findings import Finding, finding

GRADES = ("TBC", "BC", "CL")
"""Very good, good and limited coverage, the strongest first."""


def recognises(candidate: Candidate) -> bool:
    """``niveau`` and ``techno``."""
    return {"niveau", "techno"} <= candidate.find("niveau", "techno").keys()


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row an area of one operator, technology, date and grade."""
    del filing
    candidate.need("niveau", "techno")
    table = candidate.table
    found = candidate.find("operateur", "date", "techno", "usage", "niveau")
    return Rows(
        table=table,
        operator=text(table[found["operateur"]]) if "operateur" in found else None,
        technology=text(table[found["techno"]]),
        as_of=days_of(table[found["date"]]) if "date" in found else None,
        grade=text(table[found["niveau"]]).str.upper(),
        grades=GRADES,
        findings=_uses(candidate, found.get("usage")),
    )


def _uses(candidate: Candidate, column: str | None) -> tuple[Finding, ...]:
    """Voice and data lie in one file; both count, and that is told."""
    if column is None:
        return ()
    uses = sorted(text(candidate.table[column]).dropna().unique())
    if len(uses) < 2:
        return ()
    note = finding(
        "uses", "warning",
        "{file}: {column} tells {uses}, and all of them count; leave the rows of voice out where "
        "broadband is asked for",
        file=candidate.file, column=column, uses=", ".join(uses[:8]),
    )  # fmt: skip
    return (note,)


CONVENTION = Convention(
    name="arcep_footprints",
    title=phrase("coverage as ARCEP publishes it"),
    kind="footprint",
    recognises=recognises,
    means=means,
    secondhand=True,
)

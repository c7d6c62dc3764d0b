"""Mobile coverage as filed with the United States' FCC (Broadband Data Collection)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coverage.model import Technology
from geodata.columns import numbers, text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows
from geodata.findings import Finding, finding

CODES: Mapping[str, Technology] = MappingProxyType({"300": "3G", "400": "4G", "500": "5G"})
"""Code of ``technology`` → ours: 3G, LTE and NR."""


def recognises(candidate: Candidate) -> bool:
    """``providerid`` and ``technology`` together."""
    return {"providerid", "technology"} <= candidate.find("providerid", "technology").keys()


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row an area of one brand and technology, with the weakest signal in it."""
    del filing
    candidate.need("providerid", "technology")
    table = candidate.table
    found = candidate.find("brandname", "providerid", "technology", "minsignal", "environmnt",
                           "environment")  # fmt: skip
    signal = None
    if "minsignal" in found:
        signal = numbers(table[found["minsignal"]], field="minsignal", file=candidate.file)
    return Rows(
        table=table,
        operator=text(table[found.get("brandname", found["providerid"])]),
        technology=text(table[found["technology"]]),
        signal_dbm=signal,
        codes=CODES,
        findings=_environments(candidate, found),
    )


def _environments(candidate: Candidate, found: Mapping[str, str]) -> tuple[Finding, ...]:
    """Outdoor and in-vehicle areas lie in one file; both count, and that is told."""
    column = found.get("environmnt", found.get("environment"))
    if column is None:
        return ()
    counts = text(candidate.table[column]).value_counts().sort_index()
    note = finding(
        "environments", "note",
        "{file}: {column} tells {counts} (the FCC's codes of outdoor and in-vehicle use); all of "
        "them count",
        file=candidate.file, column=column,
        counts=", ".join(f"{value}: {count}" for value, count in counts.items()),
    )  # fmt: skip
    return (note,)


CONVENTION = Convention(
    name="fcc_bdc",
    title=phrase("coverage as filed with the FCC (BDC)"),
    kind="footprint",
    recognises=recognises,
    means=means,
    secondhand=True,
)

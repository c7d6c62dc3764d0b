"""Coverage as the ITU Connectivity Planning Platform has it: one ``radio_type`` a row."""

from __future__ import annotations

from geodata.columns import text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows


def recognises(candidate: Candidate) -> bool:
    """Polygons with a ``radio_type``, and none of Giga's ids."""
    found = candidate.find("radio_type", "mobile_coverage_id")
    return set(found) == {"radio_type"} and candidate.shape in ("polygon", "mixed")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row the area of one technology; the operator is rarely told."""
    del filing
    candidate.need("radio_type")
    table, found = candidate.table, candidate.find("radio_type", "operator")
    return Rows(
        table=table,
        operator=text(table[found["operator"]]) if "operator" in found else None,
        technology=text(table[found["radio_type"]]),
    )


CONVENTION = Convention(
    name="itu_vector",
    title=phrase("coverage of the ITU Connectivity Planning Platform"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

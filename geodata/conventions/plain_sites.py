"""Sites as operators list them: points, an operator, technologies; the reach is the study's."""

from __future__ import annotations

from geodata.columns import find_columns, numbers, text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows
from geodata.words import each_technology


def recognises(candidate: Candidate) -> bool:
    """Points, or a table without shapes."""
    return not candidate.part.is_raster and candidate.shape in ("point", "")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """One row a site and technology: "3G, 4G" becomes two."""
    table, fields = candidate.table, ("operator", "technologies", "technology", "reach_m")
    given = {k: v for k, v in filing.columns.items() if k in fields}
    found = find_columns(table.columns, fields, given=given, file=candidate.file)
    column = found.get("technologies", found.get("technology"))
    words = None
    if column is not None:
        table, words = each_technology(table, text(table[column]))
    return Rows(
        table=table,
        operator=text(table[found["operator"]]) if "operator" in found else None,
        technology=words,
        evidence="modelled",
        reach_m=numbers(table[found["reach_m"]], field="reach_m", file=candidate.file)
        if "reach_m" in found
        else None,
        points=True,
    )


CONVENTION = Convention(
    name="plain_sites",
    title=phrase("a list of sites"),
    kind="sites",
    recognises=recognises,
    means=means,
    fallback=True,
)

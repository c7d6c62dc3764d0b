"""Polygons as any GIS writes them; operator and technology in columns or in the study file."""

from __future__ import annotations

from geodata.columns import find_columns, text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows


def recognises(candidate: Candidate) -> bool:
    """Shapes, and not points alone."""
    return candidate.shape not in ("point", "")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row one area of the operator and technology it names."""
    table, fields = candidate.table, ("operator", "technology")
    given = {k: v for k, v in filing.columns.items() if k in fields}
    found = find_columns(table.columns, fields, given=given, file=candidate.file)
    told = {field: text(table[column]) for field, column in found.items()}
    return Rows(
        table=table,
        operator=told.get("operator"),
        technology=told.get("technology"),
        strict=True,
    )


CONVENTION = Convention(
    name="plain_polygons",
    title=phrase("plain polygons"),
    kind="footprint",
    recognises=recognises,
    means=means,
    fallback=True,
)

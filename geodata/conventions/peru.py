"""Coverage as Peru publishes it: ``4g-cobertura_garantizada.shp``, ``…_adicional.shp``."""

from __future__ import annotations

import re

import pandas as pd

from geodata.columns import text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows

GRADES = ("garantizada", "adicional")
"""Guaranteed by the operator, and additional without a guarantee."""


def told_by_name(candidate: Candidate) -> tuple[str, str] | None:
    """Technology and grade that the file's name tells, None where it is no such name."""
    for name in candidate.names:
        found = re.search(r"\b([2-5]g) cobertura (garantizada|adicional)\b", name)
        if found:
            return found[1], found[2]
    return None


def recognises(candidate: Candidate) -> bool:
    """Polygons under such a name."""
    return told_by_name(candidate) is not None and candidate.shape in ("polygon", "mixed")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """All of it one technology and one grade."""
    del filing
    table, found = candidate.table, candidate.find("operator", "operador", "empresa")
    operator = next((found[k] for k in ("operator", "operador", "empresa") if k in found), None)
    word, grade = told_by_name(candidate) or (None, GRADES[0])
    return Rows(
        table=table,
        operator=text(table[operator]) if operator else None,
        technology=word,
        grade=pd.Series(grade, index=table.index, dtype="string"),
        grades=GRADES,
    )


CONVENTION = Convention(
    name="peru",
    title=phrase("coverage as Peru publishes it"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

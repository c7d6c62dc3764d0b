"""GSMA / Collins Bartholomew Mobile Coverage Explorer to 2019: ``MCE_YYYYMM_<technology>.shp``."""

from __future__ import annotations

import re
from datetime import date

from geodata.columns import text
from geodata.convention import Candidate, Convention
from geodata.days import day_of
from geodata.errors import phrase
from geodata.filing import Filing, Rows


def told_by_name(candidate: Candidate) -> tuple[date | None, str] | None:
    """Month and technology that the file's name tells, None where it is no such name."""
    for name in candidate.names:
        found = re.search(r"\bmce (\d{6}) (.+)", name)
        if found:
            return day_of(found[1]), found[2].split()[0]
    return None


def recognises(candidate: Candidate) -> bool:
    """Polygons under such a name."""
    return told_by_name(candidate) is not None and candidate.shape in ("polygon", "mixed")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """All of it one technology, of the first day of the month in the name."""
    del filing
    table, found = candidate.table, candidate.find("operator")
    day, word = told_by_name(candidate) or (None, None)
    return Rows(
        table=table,
        operator=text(table[found["operator"]]) if "operator" in found else None,
        technology=word,
        as_of=day,
    )


CONVENTION = Convention(
    name="mce_vector",
    title=phrase("GSMA mobile coverage (MCE) as polygons"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

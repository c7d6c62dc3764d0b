"""GSMA / Collins Bartholomew Mobile Coverage Explorer from 2020: ``MCE_<ISO2><tech>_<year>``."""

from __future__ import annotations

import re
from datetime import date

from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Pixels
from geodata.layers import technology_in


def told_by_name(candidate: Candidate) -> tuple[str, date] | None:
    """Technology and year that the file's name tells, None where it is no such name."""
    for name in candidate.names:
        found = re.search(r"\bmce [a-z]{2} ?([2-5]g|gsm|umts|lte|nr) (\d{4})\b", name)
        if found:
            return found[1], date(int(found[2]), 1, 1)
    return None


def recognises(candidate: Candidate) -> bool:
    """A raster under such a name."""
    return candidate.part.is_raster and told_by_name(candidate) is not None


def means(candidate: Candidate, filing: Filing) -> Pixels:
    """1 is strong signal and 2 variable, of the first day of the year in the name."""
    del filing
    word, day = told_by_name(candidate) or (None, None)
    return Pixels(
        raster=candidate.need_raster(),
        classes={1: "strong", 2: "variable"},
        technology=technology_in(word, {}) if word else None,
        as_of=day,
    )


CONVENTION = Convention(
    name="mce_raster",
    title=phrase("GSMA mobile coverage (MCE) as a raster"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

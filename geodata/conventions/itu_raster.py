"""A raster as the ITU Connectivity Planning Platform has it: 1 is covered, all else is not.

Beside 0 and 1 one number may stand for cells of which nothing is known, though the raster does
not declare it; that is told (`geodata.pixels`), and such cells are never covered.
"""

from __future__ import annotations

import numpy as np

from geodata.convention import Candidate, Convention
from geodata.conventions.mce_raster import told_by_name
from geodata.errors import phrase
from geodata.filing import Filing, Pixels

FILLINGS = frozenset({9.0, 99.0, 127.0, 128.0, 254.0, 255.0, 999.0, 9999.0, 32767.0, 65535.0,
                      2147483647.0, 4294967295.0})  # fmt: skip
"""Numbers that programs write where they know nothing: the largest of a type, and nines."""


def recognises(candidate: Candidate) -> bool:
    """A raster of 0 and 1, and at most one filling, that is not named as GSMA's are."""
    if candidate.raster is None or told_by_name(candidate):
        return False
    found = set(np.unique(candidate.values).tolist())
    others = found - {0, 1}
    filled = len(others) == 1 and {0, 1} <= found
    return not others or (filled and all(one < 0 or one in FILLINGS for one in others))


def means(candidate: Candidate, filing: Filing) -> Pixels:
    """Pixels of 1 are covered; operator and technology are the study's to say."""
    del filing
    return Pixels(raster=candidate.need_raster(), classes={1: "covered"})


CONVENTION = Convention(
    name="itu_raster",
    title=phrase("a coverage raster of the ITU Connectivity Planning Platform"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

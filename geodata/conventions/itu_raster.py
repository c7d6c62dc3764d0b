"""A raster as the ITU Connectivity Planning Platform has it: 1 is covered, all else is not."""

from __future__ import annotations

import numpy as np

from geodata.convention import Candidate, Convention
from geodata.conventions.mce_raster import told_by_name
from geodata.errors import phrase
from geodata.filing import Filing, Pixels


def recognises(candidate: Candidate) -> bool:
    """A raster of 0 and 1 alone that is not named as GSMA's are."""
    if candidate.raster is None or told_by_name(candidate):
        return False
    return set(np.unique(candidate.values).tolist()) <= {0, 1}


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

"""A raster of predicted signal strength in dBm; a rule, or a threshold, says what serves."""

from __future__ import annotations

import numpy as np

from coverage.pixels import HIGH_DBM, LOW_DBM
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Pixels

MOSTLY = 0.9


def recognises(candidate: Candidate) -> bool:
    """Numbers below zero, nearly all of them from −140 to −44, and besides one filling at most."""
    raster = candidate.raster
    if raster is None:
        return False
    values = candidate.values
    if values.dtype.kind not in "fi":
        return False
    signal = values[(values < 0) & (values > 2 * LOW_DBM)]
    filling = np.unique(values[~((values < 0) & (values > 2 * LOW_DBM))])
    if not signal.size or filling.size > 1:
        return False
    return bool(((signal >= LOW_DBM) & (signal <= HIGH_DBM)).mean() >= MOSTLY)


def means(candidate: Candidate, filing: Filing) -> Pixels:
    """Each pixel a level in dBm; no data is no signal inside the raster, unknown outside."""
    del filing
    return Pixels(raster=candidate.need_raster(), classes=None, evidence="modelled")


CONVENTION = Convention(
    name="signal_raster",
    title=phrase("a raster of signal strength in dBm"),
    kind="signal",
    recognises=recognises,
    means=means,
)

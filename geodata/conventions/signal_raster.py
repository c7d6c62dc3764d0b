"""A raster of predicted signal strength in dBm; a rule, or a threshold, says what serves."""

from __future__ import annotations

import numpy as np

from coverage.pixels import HIGH_DBM, LOW_DBM
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Pixels
from geodata.fillings import Above, is_dbm

MOSTLY = 0.9


def recognises(candidate: Candidate) -> bool:
    """Numbers below zero, nearly all of them from −140 to −44, and few fillings."""
    if candidate.raster is None:
        return False
    values = candidate.values
    dbm = is_dbm(values)
    seen = Above()
    seen.add(values[dbm])
    signal = values[dbm & ~np.isin(values, seen.fillings())]
    if not signal.size or np.unique(values[~dbm]).size > 1:
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

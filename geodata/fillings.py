"""Numbers in a raster of dBm that are no levels: fillings that nobody declared as nodata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from coverage.pixels import HIGH_DBM

LOWEST_DBM = -280.0
"""Whatever is lower is no level in dBm, but a filling."""

GAP_DB = 5.0
"""Levels fall off step by step around a site: a number that so much of nothing parts from the
next lower one, and that is repeated, was put there."""

MOST_FILLINGS = 2
"""So many values that are no level may be fillings that nobody declared; more are no dBm."""

MOST_VALUES = 4096

Mask = npt.NDArray[np.bool_]


def is_dbm(values: npt.NDArray[np.number]) -> Mask:
    """Which numbers can be dBm at all: below zero, and no filling far below."""
    found: Mask = (values < 0) & (values >= LOWEST_DBM)
    return found


@dataclass(kw_only=True)
class Above:
    """How often each level above what handsets report occurs, and the ``highest`` below those."""

    from_dbm: float = HIGH_DBM
    counts: Counter[float] = field(default_factory=Counter)
    highest: float = -np.inf

    def add(self, dbm: npt.NDArray[np.number]) -> None:
        """Count some numbers, all of them dBm."""
        if not dbm.size:
            return
        above = dbm > self.from_dbm
        if not above.any():
            self.highest = max(self.highest, float(dbm.max()))
            return
        if not above.all():
            self.highest = max(self.highest, float(dbm[~above].max()))
        values, counts = np.unique(dbm[above], return_counts=True)
        if len(values) + len(self.counts) > MOST_VALUES:  # decimals: what is repeated stays
            values, counts = values[counts > 1][-MOST_VALUES:], counts[counts > 1][-MOST_VALUES:]
        self.counts.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))

    def fillings(self) -> tuple[float, ...]:
        """Those that are repeated by themselves: no other number lies near below."""
        return tuple(sorted(_alone(self.counts, self.highest)))


def _alone(counts: Mapping[float, int], highest: float) -> set[float]:
    """From the top, groups of at most two values, each repeated, with a gap below."""
    found: set[float] = set()
    group: list[float] = []
    falling = [*sorted(counts, reverse=True), highest]
    for value, lower in pairwise(falling):
        group.append(value)
        if value - lower < GAP_DB:
            continue
        if len(group) > MOST_FILLINGS or min(counts[one] for one in group) < 2:
            break
        found |= set(group)
        group = []
    return found

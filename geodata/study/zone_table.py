"""A run's shares by zone, in a structure of units."""

from __future__ import annotations

import pandas as pd

from coverage.zones import Level, zone_shares
from geodata.study.places import Structure
from geodata.study.results import Run

__all__ = ["Level", "shares_by_zone"]


def shares_by_zone(run: Run, level: Level, *, units: Structure | None = None) -> pd.DataFrame:
    """`coverage.zones.zone_shares` in ``units``, the village file's own where none are given."""
    places = None if units is None else units.places
    return zone_shares(run.assessment, level, places=places)

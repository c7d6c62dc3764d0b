"""The areas a map is coloured by and a list is filtered by: districts, or communes without them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import geopandas as gpd
import pandas as pd

from coverage.model import Headline
from geodata.display import dissolve_by
from geodata.study.results import Run
from geodata.units import Units

Level = Literal["district", "commune"]

COUNTS = ("villages", "covered", "weak", "none", "unknown")


@dataclass(frozen=True, kw_only=True, eq=False)
class Areas:
    """One level of administrative areas with its figures.

    ``figures`` is the summary's table, indexed by code; ``geometry`` has the same index,
    None where no boundary is known.
    """

    level: Level
    figures: pd.DataFrame
    geometry: gpd.GeoSeries

    @property
    def names(self) -> dict[str, str]:
        """Code to name, made unique, in the order of the names; without the unplaced."""
        known = self.figures[self.figures.index != ""]
        names = known["name"].fillna("").astype(str)
        repeated = names.duplicated(keep=False)
        shown = names.where(~repeated & (names != ""), names + " (" + names.index.astype(str) + ")")
        return {str(code): name for code, name in shown.sort_values().items()}

    def headline(self, code: str, *, whole: Headline) -> Headline:
        """The figures of one area in the shape of the headline; all of them for an empty code."""
        if not code:
            return whole
        table = self.figures.loc[[code]]
        counts = {name: int(table[name].iloc[0]) for name in COUNTS}
        return Headline(
            **counts,
            population=_whole(table["population"].iloc[0]),
            population_uncovered=_whole(table["population_uncovered"].iloc[0]),
        )


def areas_of(run: Run) -> Areas:
    """The districts of a run; its communes where the study has no districts."""
    summary, villages = run.summary, run.study.villages
    level: Level = "district" if (summary.by_district.index != "").any() else "commune"
    figures = summary.by_district if level == "district" else summary.by_commune
    drawn = _boundaries(run.study.units, level, run.study.as_of)
    if drawn is None or not figures.index.isin(drawn.index).any():
        codes = villages[f"{level}_code"].fillna("").to_numpy(dtype=object)
        drawn = dissolve_by(villages.geometry, codes)
    return Areas(level=level, figures=figures, geometry=drawn.reindex(figures.index))


def _boundaries(units: tuple[Units, ...], level: Level, as_of: date) -> gpd.GeoSeries | None:
    """The boundaries in force on ``as_of``, or the earliest known."""
    ordered = sorted(units, key=lambda unit: unit.valid_from)
    in_force = [unit for unit in ordered if unit.valid_from <= as_of] or ordered[:1]
    if not in_force:
        return None
    table = in_force[-1].districts if level == "district" else in_force[-1].communes
    return None if table is None else table.geometry


def _whole(value: float | None) -> int | None:
    """A count, or None where the table has none."""
    return None if value is None or pd.isna(value) else int(value)

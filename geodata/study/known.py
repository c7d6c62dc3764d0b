"""Villages whose place is known, of a study or of one file, for a list to be matched to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geodata.columns import row_number
from geodata.coordinates import study_crs
from geodata.filings import Source, candidates, listed_in
from geodata.findings import Finding
from geodata.leading_zeros import with_zeros
from geodata.listed import findings_of, other_names
from geodata.lists import read_list
from geodata.matching import Matches, match_villages
from geodata.study.open import open_study
from geodata.study.settings import FILE, StudySettings
from geodata.units import units_at
from geodata.villages import indexed, village_table

CRS = StudySettings.model_fields["crs"].default
"""System in which the villages of a file outside a study are read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MatchedList:
    """A list, the villages it was matched to, what came of it, and what was found on the way."""

    listed: pd.DataFrame
    known: gpd.GeoDataFrame
    matches: Matches
    findings: tuple[Finding, ...]


def match_list(path: Path, to: Path, *, layer: str | None = None) -> MatchedList:
    """Match an official list to the villages of a study, or to those of a file with geometry.

    Villages of a file without ids go by their rows. Raises the errors of reading either.
    """
    listed, found = read_list(path, layer=layer)
    known, also_in = _known(to)
    listed["village_id"] = with_zeros(listed["village_id"].astype("string"), known.index)
    matches = match_villages(listed, known, also_in=also_in)
    told = findings_of(known, matches, file=path.name, only_listed=False)
    findings = (*found, *(one for one in told if one.kind != "list-others"))
    return MatchedList(listed=listed, known=known, matches=matches, findings=findings)


def _known(path: Path) -> tuple[gpd.GeoDataFrame, tuple[pd.DataFrame, ...]]:
    if path.suffix == ".toml" or (path / FILE).exists():
        study = open_study(path, take_list=False)
        current = units_at(study.units, study.as_of) if study.units else None
        return study.villages, other_names(study.villages, study.units, current)
    with candidates(Source(path=path, file=path.name)) as (one, *_):
        raw = listed_in(one).table
    made, _notes = village_table(raw, crs=study_crs(CRS), file=path.name, radius_m=1.0)
    rows = [f"row {row_number(made.index, at)}" for at in range(len(made))]
    made["village_id"] = made["village_id"].fillna(pd.Series(rows, index=made.index))
    return indexed(made, file=path.name), ()

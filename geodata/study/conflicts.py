"""A study's measurements held against its layers: the list of conflicts, and what was left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.conflicts import Conflicts, find_conflicts
from coverage.model import Assessment
from geodata.access import restrict, seen_villages
from geodata.days import day_of
from geodata.errors import CallError
from geodata.filing import Measurements
from geodata.findings import Finding, Severity, finding
from geodata.operators import operator_key, same_operator
from geodata.postgis.address import name_of
from geodata.rights import Rights
from geodata.study.model import Study
from geodata.study.results import Run

CONFLICTING = ("overclaims", "underclaims")
"""Kinds of rows that are conflicts."""

YEAR_DAYS = 365
"""Measurements and filings so far apart may well differ without anybody being wrong."""

DAY_LETTERS = 10
"""A time begins with its day, and that has no more letters: 2023-08-30, 30/08/2023."""

COLUMNS = (
    "rank", "village_id", "village", "commune_code", "commune", "district_code", "district",
    "operator", "technology", "evidence", "claimed", "kind", "samples", "below", "share_below",
    "low", "high", "sure", "places", "tests", "first", "last", "filed", "hangs", "verdict",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundConflicts:
    """What measurements say against layers.

    ``table`` is that of `coverage.conflicts.Conflicts` with the villages' names and units
    (`COLUMNS`), everything compared in it; ``conflicts`` are those of its rows that have a
    rank. ``findings`` say what was not compared. ``given`` and ``used`` count samples.
    """

    table: pd.DataFrame
    findings: tuple[Finding, ...]
    given: int
    used: int

    @property
    def conflicts(self) -> pd.DataFrame:
        """The conflicts alone, ranked."""
        return self.table[self.table["rank"].notna()]


NOTHING = FoundConflicts(table=pd.DataFrame(columns=list(COLUMNS)), findings=(), given=0, used=0)
"""Of a study without measurements."""


def conflicts_of(study: Study, assessment: Assessment) -> FoundConflicts:
    """The conflicts of a study by the rule of an assessment of it; no verdict is changed.

    Without measurements there are none. Raises `CoverageError` as `find_conflicts` does.
    """
    if study.measurements is None or study.settings.measurements is None:
        return NOTHING
    file = name_of(study.settings.measurements.address)
    if any(one.kind == "fixed-network" for one in study.measurements.findings):
        note = finding(
            "measurements-fixed", "warning",
            "{file}: tests of fixed lines are not held against mobile layers", file=file,
        )  # fmt: skip
        return FoundConflicts(
            table=NOTHING.table,
            findings=(note,),
            given=len(study.measurements.table),
            used=0,
        )
    found = find_conflicts(
        assessment,
        study.layers,
        samples_of(study.measurements, [layer.info.operator for layer in study.layers]),
        limits=study.settings.measurements.limits,
    )
    names = study.villages.drop(columns=["geometry", "centre"], errors="ignore")
    own = [name for name in COLUMNS if name in names]
    table = found.table.join(names[own], on="village_id")
    return FoundConflicts(
        table=table[list(COLUMNS)],
        findings=tuple(_findings(found, file)),
        given=found.given,
        used=found.used,
    )


def samples_of(measurements: Measurements, operators: Sequence[str]) -> gpd.GeoDataFrame:
    """Measurements as `find_conflicts` takes them, operators spelt as the layers spell them."""
    table = measurements.table
    spelt = {operator_key(name): name for name in reversed(operators)}
    told = {
        name: table[theirs]
        for name, theirs in (
            ("technology", "technology"), ("dbm", "signal_dbm"), ("served", "served"),
            ("down_kbps", "down_kbps"), ("tests", "tests"),
        )
        if theirs in table
    }  # fmt: skip
    if "operator" in table:
        names = {word: spelt.get(operator_key(word), word) for word in _words(table["operator"])}
        told["operator"] = table["operator"].map(names, na_action="ignore")
    return gpd.GeoDataFrame(
        {**told, "day": _days(table, measurements)}, geometry=table.geometry, crs=table.crs
    )


def _days(table: pd.DataFrame, measurements: Measurements) -> pd.Series:
    """The day of each sample; of those that tell none, that of the whole."""
    whole = pd.to_datetime(pd.Series(measurements.as_of, index=table.index))
    if "time" not in table:
        return whole
    words = table["time"].astype("string").str.strip().str.slice(0, DAY_LETTERS)
    told = pd.Index(words.dropna().unique())
    days = pd.to_datetime(pd.Series([_day(str(word)) for word in told], dtype=object))
    at = told.get_indexer(words.fillna(""))
    return pd.Series(days.reindex(at).to_numpy(), index=table.index).fillna(whole)


def _day(word: str) -> date | None:
    """The day that the beginning of a time tells; seconds since 1970, as of 2001 to 2033, too.

    Milliseconds begin with their seconds.
    """
    if re.fullmatch(r"1\d{9}", word):
        return datetime.fromtimestamp(int(word), UTC).date()
    return day_of(word)


def _words(column: pd.Series) -> list[str]:
    return [str(word) for word in column.dropna().unique()]


def _findings(found: Conflicts, file: str) -> Iterator[Finding]:
    """What was not compared, and why; and what makes the rest less sure."""
    yield from _marked(
        "measurements-outside", found.outside, file,
        "{file}: {count} measurements lie in no village and are not compared",
    )  # fmt: skip
    yield from _marked(
        "measurements-old", found.old, file,
        "{file}: {count} measurements are older than newest_days asks and are not compared",
    )  # fmt: skip
    yield from _marked(
        "measurements-silent", found.unheard, file,
        "{file}: {count} measurements tell no level for which the rule has a threshold, no speed "
        "and no service, and are not compared",
    )  # fmt: skip
    yield from _marked(
        "measurements-no-layer", found.unlayered, file,
        "{file}: {count} measurements are of operators or technologies without a layer that "
        "counts, and are not compared",
    )  # fmt: skip
    yield from _marked(
        "measurements-undecided", found.unclaimed, file,
        "{file}: {count} measurements lie where the layers say nothing or do not agree, and are "
        "not compared",
    )  # fmt: skip
    yield from _marked(
        "measurements-no-operator", found.without_operator, file,
        "{file}: {count} measurements name no operator; they are compared only where all "
        "operators say the same",
    )  # fmt: skip
    apart = (found.table["last"] - found.table["filed"]).abs() > pd.Timedelta(days=YEAR_DAYS)
    yield from _marked(
        "measurements-far", int(apart.sum()), file,
        "{file}: {count} comparisons are of measurements and layers more than a year apart",
        severity="warning",
    )  # fmt: skip


def _marked(
    kind: str, count: int, file: str, template: str, *, severity: Severity = "note"
) -> Iterator[Finding]:
    if count:
        yield replace(finding(kind, severity, template, file=file, count=count), count=count)


def conflicts_for(run: Run, rights: Rights) -> FoundConflicts:
    """The conflicts of ``run``, the whole one, as far as ``rights`` go.

    For an operator's people nobody else's layer is looked at, so no error speaks of one either.
    """
    if rights.operator:
        return _restricted(_of_one(run, rights), run, rights)
    return _restricted(conflicts_of(run.study, run.assessment), run, rights)


def _restricted(found: FoundConflicts, run: Run, rights: Rights) -> FoundConflicts:
    """What was found without what ``rights`` keep back.

    Villages outside the units are gone; for an operator's people so are the rows of others, and
    those in which all operators are held together, and the verdicts are those of their own layers
    alone, as everywhere. The findings speak of whole files: gone.
    """
    if rights.sees_all:
        return found
    table = found.table[found.table["village_id"].isin(seen_villages(run, rights))]
    if rights.operator:
        own = [same_operator(str(name), rights.operator) for name in table["operator"]]
        table = table[np.array(own, np.bool_)]
    table = table.reset_index(drop=True)
    ranks = pd.Series(np.arange(1, len(table) + 1), dtype="Int64").where(table["rank"].notna())
    used = int(table["samples"].sum())
    return FoundConflicts(table=table.assign(rank=ranks), findings=(), given=used, used=used)


def _of_one(run: Run, rights: Rights) -> FoundConflicts:
    """The conflicts of an operator's own layers, in the villages seen, as if nobody else filed."""
    seen = restrict(run, rights)
    own = [x for x in run.study.layers if same_operator(x.info.operator, rights.operator)]
    study = replace(run.study, villages=seen.study.villages, layers=tuple(own))
    return conflicts_of(study, seen.assessment)


def require_measurements(study: Study) -> None:
    """Raise `CallError` for a study that names no measurements."""
    if study.measurements is None:
        raise CallError(
            "the study names no measurements; write [measurements] with a path into its study.toml"
        )

"""What a matched list brings to the villages, and what is told of the rows that bring nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import pandas as pd

from geodata.errors import DataError, Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding, Severity
from geodata.matching import Matches
from geodata.units import Units, assign_units

BROUGHT = ("village", "population", "households", "electrified", "fund_eligible")
"""What a list says of a village and its geometry does not know as well."""


def other_names(
    villages: gpd.GeoDataFrame, structures: Sequence[Units], current: Units | None
) -> tuple[pd.DataFrame, ...]:
    """Commune and district of each village in every structure of units, by its place.

    So a list written in the communes of before or after a merger finds its villages.
    """
    others = [units for units in structures if units is not current]
    return tuple(assign_units(villages, units)[["commune", "district"]] for units in others)


def taken_over(
    villages: gpd.GeoDataFrame,
    listed: pd.DataFrame,
    matches: Matches,
    *,
    file: str,
    only_listed: bool,
) -> gpd.GeoDataFrame:
    """The villages with what the matched rows of a list say, and under the list's ids if any.

    What the list leaves empty stays as it was. Raises `DataError` where an id of the list is
    another village's, and where ``only_listed`` would leave no village.
    """
    pairs = matches.matched["village_id"]
    rows = listed.loc[pairs.index].set_axis(pd.Index(pairs), axis=0)
    out = villages.copy()
    for field in BROUGHT:
        said = rows[field].dropna()
        if len(said):
            out.loc[said.index, field] = said.astype(out[field].dtype)
    if only_listed:
        out = out.loc[out.index.isin(rows.index)]
        if out.empty:
            raise DataError(
                "{file}: no row of the list is a village of the study, and only_listed = true "
                "leaves none; check the names of its units",
                file=file,
            )
    renamed = rows["village_id"].dropna().to_dict()
    ids = pd.Index([str(renamed.get(old, old)) for old in out.index], name="village_id")
    if ids.has_duplicates:
        raise DataError(
            "{file}: village id {first} is in the list and is another village's too; ids must be "
            "unique",
            file=file,
            first=str(ids[ids.duplicated()][0]),
        )
    return out.set_axis(ids, axis=0)


def findings_of(
    villages: gpd.GeoDataFrame, matches: Matches, *, file: str, only_listed: bool
) -> Iterator[Finding]:
    """What became of a list: how many rows matched, and each row that did not."""
    unsure = matches.ambiguous.index.unique()
    count = len(matches.matched) + len(unsure) + len(matches.unmatched)
    sentence = phrase(
        "{file}: {matched} of {count} rows are villages whose place is known, by unit and name",
        file=file,
        matched=len(matches.matched),
        count=count,
    )
    yield _finding("list-matched", "note", sentence, [], len(matches.matched))
    if len(unsure):
        sentence = phrase(
            "{file}: {count} rows may be one of several villages or are not sure, and change "
            "nothing; phusong match writes their candidates for a person to choose from",
            file=file,
            count=len(unsure),
        )
        yield _finding("list-ambiguous", "warning", sentence, unsure.tolist(), len(unsure))
    if len(matches.unmatched):
        sentence = phrase(
            "{file}: {count} rows are none of the villages whose place is known; they are given "
            "no place and are not in the study",
            file=file,
            count=len(matches.unmatched),
        )
        rows = matches.unmatched.index.tolist()
        yield _finding("list-unmatched", "warning", sentence, rows, len(rows))
    others = int((~villages.index.isin(matches.matched["village_id"])).sum())
    if others:
        sentence = phrase(
            "{file}: {count} villages are not on the list and are left out (only_listed = true)"
            if only_listed
            else "{file}: {count} villages are not on the list and are kept; only_listed = true "
            "leaves them out",
            file=file,
            count=others,
        )
        yield _finding("list-others", "note", sentence, [], others)


def _finding(
    kind: str, severity: Severity, sentence: Phrase, rows: Sequence[int], count: int
) -> Finding:
    file = str(sentence.parts["file"])
    kept = tuple(int(row) for row in rows[:ROWS_KEPT])
    return Finding(
        kind=kind, severity=severity, sentence=sentence, file=file, rows=kept, count=count
    )

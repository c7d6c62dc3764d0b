"""Where the villages of a study stand, in each structure of units it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.combinations import default_threads
from coverage.grid import spread
from geodata.columns import plain
from geodata.display import dissolve_by
from geodata.errors import CallError
from geodata.study.model import Study
from geodata.unit_changes import carried, list_day, listed_codes
from geodata.unit_tables import DAYS
from geodata.units import Units, assign_units

Level = Literal["district", "commune"]
LEVELS: tuple[Level, ...] = ("district", "commune")
PLACE_COLUMNS = ("commune_code", "commune", "district_code", "district")


@dataclass(frozen=True, kw_only=True, eq=False)
class Structure:
    """One structure of units with every village in its place.

    ``places`` is indexed by ``village_id`` and has `PLACE_COLUMNS` ("" where not known);
    ``boundaries`` holds the units' areas by level, indexed by code. ``carried`` says that the
    study has no map of this structure: its units are those of the village file, carried
    forward by the table of changes.
    """

    valid_from: date
    places: pd.DataFrame
    boundaries: dict[Level, gpd.GeoSeries]
    carried: bool = False

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The levels that exist in this structure, the larger first; never none.

        Where the place of no village is known it is communes, of which there are none.
        """
        told = tuple(level for level in LEVELS if (self.places[f"{level}_code"] != "").any())
        return told or LEVELS[-1:]

    @cached_property
    def is_empty(self) -> bool:
        """Whether the place of no village is known."""
        return not any((self.places[f"{level}_code"] != "").any() for level in self.levels)

    def units(self, level: Level, *, within: str = "") -> Mapping[str, str]:
        """Code to name of the units that hold villages, in the order of their names.

        ``within`` is the code of a district. A name that two communes bear has its
        district behind it, else its code.
        """
        found = self._named.get((level, within))
        if found is None:
            found = MappingProxyType(self._units(level, within))
            self._named[level, within] = found
        return found

    @cached_property
    def _named(self) -> dict[tuple[Level, str], Mapping[str, str]]:
        return {}

    def _units(self, level: Level, within: str) -> dict[str, str]:
        table = self.places[self.places[f"{level}_code"] != ""]
        rows = table.drop_duplicates(f"{level}_code").set_index(f"{level}_code")
        names = rows[level].astype(str)
        twice = names.duplicated(keep=False)
        behind = rows["district"].where(rows["district"] != "", rows.index.to_series())
        if level == "district":
            behind = rows.index.to_series()
        names = names.where(~twice, names + " (" + behind + ")")
        if within and level == "commune":
            names = names[rows["district_code"] == within]
        order = names.map(plain).sort_values(kind="stable").index
        return {str(code): str(names[code]) for code in order}

    def inside(self, level: Level, code: str) -> pd.Series[bool]:
        """Which villages lie in a unit; all of them for an empty code."""
        if not code:
            return pd.Series(data=True, index=self.places.index)
        return self.places[f"{level}_code"] == code


def structures_of(study: Study) -> tuple[Structure, ...]:
    """Every structure of a study, the oldest first.

    A study without units has the one that its village file tells, and, where the file tells
    communes that the table of changes knows, the later ones that follow from it.
    """
    ordered = sorted(study.units, key=lambda units: units.valid_from)
    if not ordered:
        return _told_structures(study)
    own = own_units(study)

    def structure(units: Units) -> Structure:
        return _structure(study, units, own=units is own)

    return tuple(spread(structure, ordered, threads=default_threads()))


def structure_in_force(study: Study) -> Structure:
    """The structure in force on the study's day, or the earliest, without making the others."""
    units = own_units(study)
    if units is None:
        return structure_on(_told_structures(study), study.as_of)
    return _structure(study, units, own=True)


def own_units(study: Study) -> Units | None:
    """The units in force on the study's day, or the earliest; None where the study has none."""
    ordered = sorted(study.units, key=lambda units: units.valid_from)
    in_force = [units for units in ordered if units.valid_from <= study.as_of]
    known = in_force or ordered[:1]
    return known[-1] if known else None


def structure_at(structures: Sequence[Structure], day: date) -> Structure:
    """The structure in force on a day. Raises `CallError` where none was yet."""
    past = [structure for structure in structures if structure.valid_from <= day]
    if not past:
        raise CallError(
            "no administrative units are in force on {day}; the study has those from {known}",
            day=day.isoformat(),
            known=", ".join(s.valid_from.isoformat() for s in structures),
        )
    return past[-1]


def structure_on(structures: Sequence[Structure], day: date) -> Structure:
    """The structure in force on a day, or the earliest."""
    past = [structure for structure in structures if structure.valid_from <= day]
    return past[-1] if past else structures[0]


def unchanged(older: Structure, newer: Structure, level: Level) -> frozenset[str]:
    """Codes of units of ``newer`` that are as in ``older``: code, name and villages."""
    names, before = newer.units(level), older.units(level)
    old = older.places[f"{level}_code"].astype(str)
    new = newer.places[f"{level}_code"].astype(str)
    stayed = new[(old == new).to_numpy()].value_counts()
    was, now = old.value_counts(), new.value_counts()
    return frozenset(
        code
        for code, name in names.items()
        if stayed.get(code, 0) == was.get(code, 0) == now.get(code, 0)
        and plain(before.get(code, "")) == plain(name)
    )


def former_places(
    structures: Sequence[Structure], chosen: Structure, day: date
) -> pd.DataFrame | None:
    """What the units of each village were before those of ``chosen``, to stand beside them.

    ``commune`` and ``district`` of the structure in force on ``day``, then for each other
    earlier one a column with its commune and district where they are not the same again.
    None where ``chosen`` is in force on that day itself.
    """
    first = structure_on(structures, day)
    if first is chosen:
        return None
    out = first.places[["commune", "district"]].copy()
    told = [_joined(first), _joined(chosen)]
    for other in structures:
        if other is first or other.valid_from >= chosen.valid_from:
            continue
        now = _joined(other)
        new = ~pd.concat([now.map(plain) == one.map(plain) for one in told], axis=1).any(axis=1)
        dated = f"{other.valid_from:%d/%m/%Y}: " + now
        out[other.valid_from.isoformat()] = dated.where(new & (now != ""), "")
        told.append(now)
    return out


def _joined(structure: Structure) -> pd.Series[str]:
    """Commune and district of each village as one text."""
    places = structure.places
    commune, district = places["commune"].astype(str), places["district"].astype(str)
    both = (commune != "") & (district != "")
    return commune + both.map({True: ", ", False: ""}) + district


def searchable(study: Study, structures: Sequence[Structure]) -> pd.Series[str]:
    """Per village all its names in all structures, and its id, as `plain` text."""
    pieces = [study.villages["village"].fillna("").astype(str)]
    pieces += [s.places[level].astype(str) for s in structures for level in reversed(LEVELS)]
    pieces.append(study.villages.index.to_series().astype(str))
    table = pd.concat([piece.reset_index(drop=True) for piece in pieces], axis=1)
    text = [plain(" ".join(dict.fromkeys(row))) for row in table.itertuples(index=False)]
    return pd.Series(text, index=study.villages.index, dtype="str")


def named(texts: pd.Series[str], asked: str) -> pd.Series[bool]:
    """Which villages bear every word of ``asked``, marks ignored; words may be beginnings."""
    keep = np.ones(len(texts), dtype=np.bool_)
    padded = " " + texts
    for word in plain(asked).split():
        keep &= padded.str.contains(f" {word}", regex=False).to_numpy(np.bool_)
    return pd.Series(keep, index=texts.index, dtype="bool")


def units_day(text: str) -> date | None:
    """The day that somebody writes as a day or a year (its last day); None for anything else.

    >>> units_day("2025"), units_day("2024-12-01"), units_day("soon")
    (datetime.date(2025, 12, 31), datetime.date(2024, 12, 1), None)
    """
    year = text.isascii() and text.isdecimal() and len(text) == 4
    try:
        return date.fromisoformat(f"{text}-12-31" if year else text)
    except ValueError:
        return None


def _structure(study: Study, units: Units, *, own: bool) -> Structure:
    places = study.villages if own else assign_units(study.villages, units)
    return _with_places(study, places, units.valid_from, units)


def _told_structures(study: Study) -> tuple[Structure, ...]:
    """What the village file tells, and what became of it by the table of changes."""
    places = pd.DataFrame(study.villages[list(PLACE_COLUMNS)]).astype("string")
    day = list_day(places, in_force=study.as_of)
    own = _with_places(study, places, day or study.as_of)
    if day is None:
        return (own,)
    listed = pd.DataFrame({"commune_code": listed_codes(places, day)})
    later = [
        _with_places(study, carried(listed, since=day, to=to), to, carried=True)
        for to in DAYS
        if to > day
    ]
    return (own, *later)


def _with_places(
    study: Study,
    places: pd.DataFrame,
    day: date,
    units: Units | None = None,
    *,
    carried: bool = False,
) -> Structure:
    table = pd.DataFrame(places[list(PLACE_COLUMNS)]).astype("string").fillna("").astype(object)
    boundaries: dict[Level, gpd.GeoSeries] = {}
    for level in LEVELS:
        drawn = _boundaries(units, level)
        codes = table[f"{level}_code"]
        if drawn is None or not codes.isin(drawn.index).any():
            known = (codes != "").to_numpy()
            of = study.villages.geometry[known]
            drawn = dissolve_by(of, codes[known].to_numpy(dtype=object)) if known.any() else of
        boundaries[level] = drawn
    return Structure(valid_from=day, places=table, boundaries=boundaries, carried=carried)


def _boundaries(units: Units | None, level: Level) -> gpd.GeoSeries | None:
    table = None if units is None else units.districts if level == "district" else units.communes
    return None if table is None else table.geometry

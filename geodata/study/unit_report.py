"""Villages that lie in two units, in none, or not where their file says: one row a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage.unplaced import has_place
from geodata.errors import Phrase, phrase
from geodata.findings import ROWS_KEPT, Finding, Severity
from geodata.postgis.address import name_of
from geodata.study.model import Study
from geodata.study.places import Level, own_units
from geodata.unit_changes import carried, list_day, listed_codes
from geodata.unit_names import Register
from geodata.unit_tables import DAYS
from geodata.units import Units, looked_up, placed

SPLIT_SHARE = 0.1
"""A village is split when its second unit has at least this share of its area. Ours."""

COLUMNS = (
    "village_id", "village", "row", "kind", "level", "valid_from", "code", "name", "share",
    "second_code", "second_name", "second_share", "told_code", "told_name",
)  # fmt: skip

KINDS: Mapping[str, tuple[Severity, Phrase]] = MappingProxyType(
    {
        "unit-none": (
            "warning",
            phrase(
                "{file}: {count} villages lie in no unit of those from {day}; check their place"
                " and the extent of the units"
            ),
        ),
        "unit-code-foreign": (
            "warning",
            phrase(
                "{file}: {count} villages have a commune code that is none of the units from "
                "{day}; they are placed by where they lie"
            ),
        ),
        "unit-code-name": (
            "warning",
            phrase(
                "{file}: {count} villages have a commune code and name that are not of one unit"
                " from {day}; correct one of the two"
            ),
        ),
        "unit-name-foreign": (
            "note",
            phrase(
                "{file}: {count} villages have a commune name that no unit from {day} bears; "
                "they are placed by where they lie"
            ),
        ),
        "unit-name-several": (
            "note",
            phrase(
                "{file}: {count} villages have a commune name that several units from {day} "
                "bear; they are placed by where they lie"
            ),
        ),
        "unit-name-differs": (
            "warning",
            phrase(
                "{file}: {count} villages lie in another unit from {day} than their file says; "
                "the file is followed, so check their place"
            ),
        ),
        "unit-carried": (
            "note",
            phrase(
                "{file}: {count} villages have a commune of an earlier structure and are "
                "carried forward to that of {day} by the table of changes"
            ),
        ),
        "unit-carried-split": (
            "warning",
            phrase(
                "{file}: {count} villages are of a commune that was divided before {day}, so "
                "the table of changes cannot tell where they went"
            ),
        ),
        "unit-split": (
            "note",
            phrase(
                "{file}: {count} villages have a considerable part in a second unit of those "
                "from {day}; each counts where most of it lies"
            ),
        ),
    }
)
"""Kind of case: how grave it is, and its sentence. The gravest come first."""

DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        "code-foreign": "unit-code-foreign",
        "code-name": "unit-code-name",
        "name-foreign": "unit-name-foreign",
        "name-several": "unit-name-several",
        "carried": "unit-carried",
        "split": "unit-carried-split",
    }
)


def unit_cases(study: Study) -> pd.DataFrame:
    """Every split or doubtful village in every structure of a study, one row a case.

    `COLUMNS`: ``kind`` is one of `KINDS`; ``code`` and ``share`` say in which unit of the
    structure of ``valid_from`` the village lies and with how much of its area, ``second_…``
    the next; ``told_…`` is what the village file says. NA where there is nothing.
    """
    own = own_units(study)
    found = [_of_structure(study, units, own=units is own) for units in study.units]
    found += _carried_cases(study) if own is None else []
    rows = [table for table in found if len(table)]
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    order = {kind: place for place, kind in enumerate(KINDS)}
    cases = pd.concat(rows, ignore_index=True)[list(COLUMNS)]
    return cases.sort_values(
        ["valid_from", "kind", "row"], key=lambda s: s.map(order) if s.name == "kind" else s,
        kind="stable", ignore_index=True,
    )  # fmt: skip


def unit_findings(study: Study, cases: pd.DataFrame | None = None) -> tuple[Finding, ...]:
    """The cases of `unit_cases` as findings, one for each kind and structure."""
    cases = unit_cases(study) if cases is None else cases
    file = name_of(study.settings.villages.address)
    centres = study.villages.geometry.representative_point()
    found = []
    for (kind, day), rows in cases.groupby(["kind", "valid_from"], sort=False):
        severity, sentence = KINDS[str(kind)]
        numbers = tuple(int(row) for row in rows["row"].dropna())
        found.append(
            Finding(
                kind=str(kind),
                severity=severity,
                sentence=Phrase(sentence.template, {"file": file, "count": len(rows), "day": day}),
                file=file,
                rows=numbers[:ROWS_KEPT],
                count=len(rows),
                places=gpd.GeoSeries(centres.loc[list(rows["village_id"])].dropna(), crs=study.crs),
            )
        )
    return tuple(found)


def _of_structure(study: Study, units: Units, *, own: bool) -> pd.DataFrame:
    """The cases of one structure; what the file tells counts in the one in force."""
    found: list[pd.DataFrame] = []
    tables: dict[Level, gpd.GeoDataFrame | None] = {
        "commune": units.communes if len(units.communes) else None,
        "district": units.districts,
    }
    for level, table in tables.items():
        if table is None:
            continue
        facts = _facts(study, units.valid_from, level)
        facts[["code", "share", "second_code", "second_share"]] = placed(study.villages, table)[
            ["code", "share", "second", "second_share"]
        ]
        facts["name"] = looked_up(facts["code"], table["name"])
        facts["second_name"] = looked_up(facts["second_code"], table["name"])
        kinds: dict[str, pd.Series[bool]] = {}
        if not found:
            kinds["unit-none"] = facts["code"].isna() & has_place(study.villages.geometry)
            kinds["unit-split"] = facts["second_share"] >= SPLIT_SHARE
        if own and study.told is not None:
            doubt = study.told["unit_doubt"].reindex(facts.index)
            kinds["unit-name-differs"] = _differs(facts, table, doubt)
            if not found:
                kinds |= {kind: doubt == name for name, kind in DOUBTS.items()}
        found.append(_rows(facts, kinds))
    return pd.concat(found)


def _differs(
    facts: pd.DataFrame, table: gpd.GeoDataFrame, doubt: pd.Series[str]
) -> pd.Series[bool]:
    """Where what the file tells is one unit of the structure, and the village lies in another."""
    register, told = Register.of(table), facts[["told_code", "told_name"]].fillna("")
    named = [
        register.find(str(code), str(name))[0] or str(code) * (str(code) in register.names)
        for code, name in told.itertuples(index=False, name=None)
    ]
    codes = pd.Series(named, index=facts.index, dtype="string")
    differs = (codes != "") & facts["code"].notna() & (codes != facts["code"])
    return differs.fillna(value=False).astype(bool) & ~doubt.isin(["carried", "split", "code-name"])


def _carried_cases(study: Study) -> list[pd.DataFrame]:
    """Villages known by their commune's name alone, whose commune was divided since."""
    names = ["commune_code", "commune", "district_code", "district"]
    places = pd.DataFrame(study.villages[names]).astype("string")
    day = list_day(places, in_force=study.as_of)
    if day is None:
        return []
    listed = pd.DataFrame({"commune_code": listed_codes(places, day)})
    found = []
    for to in (one for one in DAYS if one > day):
        moved = carried(listed, since=day, to=to)
        facts = _facts(study, to, "commune")
        facts["code"], facts["name"] = moved["commune_code"], moved["commune"]
        kinds = {
            "unit-carried-split": moved["doubtful"].astype(bool),
            "unit-none": moved["commune_code"].isna(),
        }
        found.append(_rows(facts, kinds))
    return found


def _facts(study: Study, day: date, level: Level) -> pd.DataFrame:
    """One row a village, with nothing known yet of its place."""
    facts = pd.DataFrame(index=study.villages.index)
    facts["village_id"], facts["village"] = facts.index, study.villages["village"]
    facts["level"], facts["valid_from"] = level, day
    for name in ("code", "name", "second_code", "second_name"):
        facts[name] = pd.Series(pd.NA, index=facts.index, dtype="string")
    facts["share"] = facts["second_share"] = float("nan")
    told: Any = study.told.reindex(facts.index) if study.told is not None else None
    facts["row"] = pd.NA if told is None else told["row"]
    facts["told_code"] = pd.NA if told is None else told[f"told_{level}_code"]
    facts["told_name"] = pd.NA if told is None else told[f"told_{level}"]
    return facts


def _rows(facts: pd.DataFrame, kinds: dict[str, pd.Series[bool]]) -> pd.DataFrame:
    found = [facts[hit.to_numpy(bool)].assign(kind=kind) for kind, hit in kinds.items()]
    kept = [table for table in found if len(table)]
    return pd.concat(kept) if kept else pd.DataFrame(columns=list(COLUMNS))

"""The area sheet: one district or commune on one page, as data. `paper` and `filing` write it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.model import NO_PLACE, Headline
from coverage.transformers import to_system
from geodata.export.listing import WORST_FIRST
from geodata.export.picture import Picture, area_svg
from geodata.export.safe import without_controls
from geodata.export.sheet_words import SHEET
from geodata.export.standing import standing_text
from geodata.export.words import Language
from geodata.nearest import middles
from geodata.study.area import area_headline, area_others, area_table
from geodata.study.changes import Changes
from geodata.study.results import Run

LISTED = ("none", "weak", "unknown")
LONGEST = 160
"""A name longer than this is cut, with an ellipsis: paper has an edge."""


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """One village of the sheet, in words."""

    village_id: str
    village: str
    unit: str
    former: str
    verdict: str
    kind: str
    people: str
    households: str
    power: str
    duty: str
    best: str
    place: str
    note: str


@dataclass(frozen=True, kw_only=True)
class AreaSheet:
    """All that is written about one area, in the reader's language.

    ``title`` to ``foot`` are lines of text; ``rows`` the villages that are not covered, the
    worst first; ``svg`` the map; ``stamp`` and ``variant`` are empty where there is nothing to
    warn of.
    """

    language: Language
    unit: str
    parent: str
    title: str
    of: str
    headline: str
    change: str
    foot: str
    stamp: str
    warning: str
    variant: str
    counts: Headline
    rows: tuple[SheetRow, ...]
    svg: str

    @property
    def words(self) -> Mapping[str, str]:
        """The sheet's fixed words."""
        return SHEET[self.language]


def area_sheet(  # noqa: PLR0913  # each is one thing that stands on the sheet
    run: Run,
    keep: pd.Series[bool],
    *,
    unit: str,
    parent: str = "",
    places: pd.DataFrame,
    former: pd.DataFrame | None = None,
    changes: Changes | None = None,
    follow_up: pd.DataFrame | None = None,
    rule_title: str | None = None,
    language: Language = "vi",
    picture: Picture = area_svg,
) -> AreaSheet:
    """The sheet of the villages that ``keep`` marks, which together are ``unit``.

    ``places`` (and ``former``, an earlier structure) are indexed by village id with
    ``commune`` and ``district``. ``follow_up`` has ``note`` by village id; ``rule_title`` is
    the rule's title in the reader's language; ``picture`` draws the map.
    """
    words, study = SHEET[language], run.study
    rule = _cut(rule_title or run.assessment.rule.title)
    villages = study.villages[keep.to_numpy()]
    verdicts = run.assessment.verdicts.loc[villages.index]
    counts = area_headline(run, keep)
    unit = _cut(unit)
    stamp = words["simulated"] if study.reconstruction else ""
    return AreaSheet(
        language=language,
        unit=unit,
        parent=_cut(parent),
        title=words["title_alone" if run.alone else "title"].format(operator=_cut(run.alone)),
        of=words["of"].format(unit=unit, date=day_text(study.as_of, language)),
        headline=_headline(counts, language) + _alone(run, keep, language),
        change=words["not_compared"] if run.alone else _change(changes, language),
        foot=words["foot"].format(
            unit=unit,
            date=day_text(study.as_of, language),
            rule=rule,
            run=run.run_id,
        ),
        stamp=stamp,
        warning=_warning(run, language),
        variant=words["variant"].format(name=rule) if run.what_if else "",
        counts=counts,
        rows=_rows(run, area_table(run, keep), places, former, follow_up, language),
        svg=picture(villages, verdicts["verdict"], north=words["north"], stamp=stamp),
    )


def _warning(run: Run, language: Language) -> str:
    """That the study is reconstructed, and why the run is not what it would give now."""
    made = SHEET[language]["simulated_long"] if run.study.reconstruction else ""
    return " ".join(text for text in (made, standing_text(run, language)) if text)


def with_rows(sheet: AreaSheet, most: int) -> AreaSheet:
    """The sheet with at most so many rows."""
    return replace(sheet, rows=sheet.rows[:most])


def day_text(day: date, language: Language) -> str:
    """30/08/2023 for Vietnamese readers, 30 August 2023 in English."""
    return f"{day:%d/%m/%Y}" if language == "vi" else f"{day.day} {day:%B %Y}"


def grouped(number: float | None, language: Language) -> str:
    """A whole number with the language's separators; a dash where there is none."""
    if number is None or pd.isna(number):
        return "–"
    return f"{round(number):,}".replace(",", "." if language == "vi" else ",")


def percent(share: float, language: Language) -> str:
    """A share as percent with two decimals."""
    if math.isnan(share):
        return "–"
    text = f"{share * 100:.2f}"
    return f"{text.replace('.', ',') if language == 'vi' else text}\u00a0%"


def _headline(counts: Headline, language: Language) -> str:
    return SHEET[language]["headline"].format(
        covered=grouped(counts.covered, language),
        villages=grouped(counts.villages, language),
        share=percent(counts.share, language),
        uncovered=grouped(counts.uncovered, language),
        none=grouped(counts.none, language),
        weak=grouped(counts.weak, language),
        unknown=grouped(counts.unknown, language),
        people=grouped(counts.population_uncovered, language),
    )


def _alone(run: Run, keep: pd.Series[bool], language: Language) -> str:
    """Whose figures these are where they are one operator's, and what others serve of them."""
    others = area_others(run, keep)
    if not run.alone:
        return ""
    told = SHEET[language]["alone"].format(
        operator=_cut(run.alone), others=grouped(others, language)
    )
    return f" {told}"


def _change(changes: Changes | None, language: Language) -> str:
    words = SHEET[language]
    if changes is None:
        return words["first"]
    told = {"since": day_text(changes.since_day, language), "run": changes.since_run}
    if not (changes.newly_covered or changes.newly_uncovered or changes.newly_unknown):
        return words["no_change"].format(**told)
    return words["change"].format(
        covered=grouped(len(changes.newly_covered), language),
        uncovered=grouped(len(changes.newly_uncovered), language),
        unknown=grouped(len(changes.newly_unknown), language),
        **told,
    )


def _rows(
    run: Run,
    table: pd.DataFrame,
    places: pd.DataFrame,
    former: pd.DataFrame | None,
    follow_up: pd.DataFrame | None,
    language: Language,
) -> tuple[SheetRow, ...]:
    table = table.drop(columns=["commune", "district"]).join(places[["commune", "district"]])
    table = table[table["verdict"].isin(LISTED)]
    degrees = _degrees(run, run.study.villages.loc[table.index])
    table = table.assign(order=table["verdict"].map(WORST_FIRST), at=degrees)
    table = table.sort_values(["order", "district", "commune", "village"], kind="stable")
    return tuple(
        _row(str(key), row, former, follow_up, language)
        for key, row in zip(table.index, table.to_dict("records"), strict=True)
    )


def _row(
    key: str,
    row: Mapping[Any, Any],
    former: pd.DataFrame | None,
    follow_up: pd.DataFrame | None,
    language: Language,
) -> SheetRow:
    words = SHEET[language]
    power = {True: words["yes"], False: words["no"]}
    names = [] if former is None else [_cut(name) for name in former.loc[key]]
    before = ", ".join(name for name in names if name)
    share = float(str(row["best_share"]))
    best = _cut(row["best_operator"])
    note = None if follow_up is None or key not in follow_up.index else follow_up.at[key, "note"]
    duty = str(row["duty"])
    served = words["others"] if bool(row.get("served_by_others", False)) else ""
    why = words["no_place"] if row["decided_by"] == NO_PLACE else ""
    return SheetRow(
        village_id=key,
        village=_cut(row["village"]) or key,
        unit=_cut(row["commune"]),
        former=before,
        verdict=" ".join(filter(None, (words[str(row["verdict"])], why, served))),
        kind=str(row["verdict"]),
        people=_count(row["population"], language),
        households=_count(row["households"], language),
        power=words["not_known"]
        if pd.isna(row["electrified"])
        else power[bool(row["electrified"])],
        duty=words["not_known"] if duty == "unknown" else words[duty],
        best=f"{best} {percent(share, language)}" if best and share > 0 else "–",
        place=str(row["at"]),
        note=_cut(note),
    )


def _degrees(run: Run, villages: gpd.GeoDataFrame) -> list[str]:
    """Latitude and longitude of each centre, five decimals: about a metre; – without a place."""
    xy = middles(villages)
    points = to_system(gpd.GeoSeries(gpd.points_from_xy(*xy.T), crs=run.study.crs), "EPSG:4326")
    return [
        f"{y:.5f}, {x:.5f}" if np.isfinite(x) else "–"
        for x, y in zip(points.x, points.y, strict=True)
    ]


def _count(value: Any, language: Language) -> str:
    return "–" if pd.isna(value) else grouped(float(value), language)


def _cut(value: Any) -> str:
    """A name for paper: one line, nothing that turns text around, not too long."""
    if value is None or pd.isna(value):
        return ""
    text = " ".join(str(without_controls(str(value))).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

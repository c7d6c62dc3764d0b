"""The list of uncovered villages as a table: who, where, why."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import geopandas as gpd
import pandas as pd
import shapely

from coverage.model import NO_PLACE, Verdict
from coverage.transformers import to_system
from geodata.columns import plain
from geodata.errors import CallError
from geodata.export.standing import kind_text
from geodata.export.words import HEADINGS, VERDICTS, Language
from geodata.followup import FIELDS, shown
from geodata.followup import HEADINGS as FOLLOW_UP
from geodata.study.model import Study
from geodata.study.places import PLACE_COLUMNS, Structure, structure_on, structures_of
from geodata.study.results import Run
from geodata.systems import WGS84
from geodata.units import Units, assign_units

LISTED = ("weak", "none")
WORST_FIRST: Mapping[str, int] = MappingProxyType(
    {"none": 0, "weak": 1, "unknown": 2, "covered": 3}
)
SHOWN = 8
"""So many units an error names."""


def uncovered_list(
    run: Run,
    *,
    district: str | None = None,
    commune: str | None = None,
    verdicts: Sequence[str] = LISTED,
    units: Structure | Units | None = None,
    language: Language = "vi",
) -> gpd.GeoDataFrame:
    """Villages with the asked verdicts, one row each, headed in the reader's language.

    ``district`` and ``commune`` are codes or names, marks ignored, of ``units``, the structure
    to group by (the one in force on the study's day where none is given); the units of the
    study's other structures stand in columns of their own. Geometry: the village's centre
    (else a point inside it), WGS 84; none, and no coordinates, for one without a place, whose
    missing filings are its place. Coordinates stand in WGS 84 degrees and in the study's
    system, where X is north and Y east. Raises `CallError` for a unit or a verdict nobody knows.
    """
    _check_verdicts(verdicts)
    study = run.study
    table = study.villages.join(run.assessment.verdicts)
    structures = structures_of(study)
    if units is not None:
        table[list(PLACE_COLUMNS)] = _places(study, units)
    day = structure_on(structures, study.as_of).valid_from if units is None else units.valid_from
    others = [structure for structure in structures if structure.valid_from != day]
    if district is not None:
        code = find_unit(table, "district", district, others=others)
        table = table[table["district_code"] == code]
    if commune is not None:
        code = find_unit(table, "commune", commune, others=others)
        table = table[table["commune_code"] == code]
    table = table[table["verdict"].isin(verdicts)]
    table = table.assign(_order=table["verdict"].map(WORST_FIRST))
    table = table.sort_values(["district", "commune", "_order", "village"], kind="stable")
    return _headed(table, run, language, day, others)


def listed(
    run: Run,
    ids: Sequence[str],
    *,
    structures: Sequence[Structure] = (),
    units: Structure | None = None,
    follow_up: pd.DataFrame | None = None,
    language: Language = "vi",
) -> gpd.GeoDataFrame:
    """Exactly these villages in this order, whatever their verdicts, as `uncovered_list`.

    ``units`` is the structure to group by, of the study's ``structures``; ``follow_up`` adds
    its columns.
    """
    study = run.study
    table = study.villages.join(run.assessment.verdicts).loc[list(ids)]
    structures = structures or structures_of(study)
    chosen = units or structure_on(structures, study.as_of)
    if units is not None:
        table[list(PLACE_COLUMNS)] = _places(study, units).loc[table.index]
    others = [structure for structure in structures if structure is not chosen]
    out = _headed(table, run, language, chosen.valid_from, others)
    if follow_up is None or follow_up.empty:
        return out
    held = follow_up.reindex(table.index).fillna("")
    for name in FIELDS:
        words = [shown(name, str(value), language) for value in held[name]]
        out.insert(len(out.columns) - 1, FOLLOW_UP[language][name], words)
    return out


def _places(study: Study, units: Structure | Units) -> pd.DataFrame:
    """Commune and district of each village in a structure, NA where not known."""
    if isinstance(units, Units):
        return assign_units(study.villages, units)
    return units.places[list(PLACE_COLUMNS)].astype("string").replace("", pd.NA)


def _check_verdicts(verdicts: Sequence[str]) -> None:
    for verdict in verdicts:
        if verdict not in list(Verdict):
            raise CallError(
                "verdict {found} is not known; expected {known}",
                found=verdict,
                known=", ".join(Verdict),
            )


def find_unit(
    table: pd.DataFrame, level: str, asked: str, *, others: Sequence[Structure] = ()
) -> str:
    """Code of a unit from its code or name. Raises `CallError` with what comes near.

    A code of ``others``, structures that are not looked at, is never taken for one of these:
    the error names the structure it is of.
    """
    rows = table.dropna(subset=f"{level}_code").drop_duplicates(f"{level}_code")
    codes = rows[f"{level}_code"].astype(str).tolist()
    if not codes:
        raise CallError(
            "district {asked} is not found: these units have no districts; name a commune"
            if level == "district"
            else "commune {asked} is not found: the villages have no communes; leave it out",
            asked=asked,
        )
    if asked in codes:
        return asked
    names = [plain(name) for name in rows[level].fillna("")]
    wanted = plain(asked)
    exact = [c for c, n in zip(codes, names, strict=True) if n == wanted]
    found = exact or [c for c, n in zip(codes, names, strict=True) if n.endswith(f" {wanted}")]
    if len(found) == 1:
        return found[0]
    for other in others if not found else ():
        if (other.places[f"{level}_code"] == asked).any():
            raise CallError(
                "district {asked} is none of these units; it is one of those from {day}: add "
                "--units {day}"
                if level == "district"
                else "commune {asked} is none of these units; it is one of those from {day}: add "
                "--units {day}",
                asked=asked,
                day=other.valid_from.isoformat(),
            )
    near = difflib.get_close_matches(wanted, names, n=SHOWN, cutoff=0.5)
    close = found or [
        c for n in dict.fromkeys(near) for c, m in zip(codes, names, strict=True) if m == n
    ]
    titles = dict(zip(codes, _titles(rows, level), strict=True))
    known = ", ".join(titles[c] for c in (close or sorted(codes))[:SHOWN])
    more = ", …" if not close and len(codes) > SHOWN else ""
    raise CallError(
        "district {asked} is not one unit of the study; write the code of one: {known}"
        if level == "district"
        else "commune {asked} is not one unit of the study; write the code of one: {known}",
        asked=asked,
        known=known + more,
    )


def _titles(rows: pd.DataFrame, level: str) -> list[str]:
    """Code and name of each unit; a commune's district too, for names repeat."""
    titles = rows[f"{level}_code"].astype(str) + " " + rows[level].fillna("").astype(str)
    if level == "commune":
        titles += (" (" + rows["district"].astype("string") + ")").fillna("")
    return [str(title) for title in titles]


def _headed(
    table: gpd.GeoDataFrame,
    run: Run,
    language: Language,
    day: date,
    others: Sequence[Structure],
) -> gpd.GeoDataFrame:
    """The rows under the headings of one language, with both kinds of coordinates."""
    shapes = table.geometry.to_numpy()
    centres = table["centre"].to_numpy()
    lost = shapely.is_missing(centres)
    centres = centres.copy()
    centres[lost] = shapely.point_on_surface(shapes[lost])
    study_points = gpd.GeoSeries(centres, index=table.index, crs=run.study.crs)
    points = to_system(study_points, WGS84)
    head, words = HEADINGS[language], VERDICTS[language]
    system = run.study.crs.to_string()
    yes, no = words["yes"], words["no"]
    columns: dict[str, object] = {
        head["number"]: range(1, len(table) + 1),
        head["village_id"]: table.index.astype(str),
        head["village"]: table["village"],
        head["commune_code"]: table["commune_code"],
        head["commune"]: table["commune"],
        head["district_code"]: table["district_code"],
        head["district"]: table["district"],
        **_of_structures(table, run, language, day, others),
        head["verdict"]: table["verdict"].map(words),
        head["best_operator"]: table["best_operator"],
        head["best_share"]: table["best_share"].round(4),
        head["any_share"]: table["any_share"].round(4),
        head["margin"]: table["margin"].round(4),
        head["sure"]: _sure(run, table, language),
        head["missing"]: table["missing"].where(table["decided_by"] != NO_PLACE, words["no_place"]),
        **_by_others(table, language),
        head["population"]: table["population"].astype("Float64").round().astype("Int64"),
        head["households"]: table["households"].astype("Float64").round().astype("Int64"),
        head["electrified"]: table["electrified"].map({True: yes, False: no}),
        head["fund_eligible"]: table["fund_eligible"].map({True: yes, False: no}),
        head["lat"]: points.y.round(6),
        head["lon"]: points.x.round(6),
        head["north"].format(system=system): study_points.y.round(2),
        head["east"].format(system=system): study_points.x.round(2),
        head["as_of"]: run.study.as_of.isoformat(),
        head["rule"]: run.assessment.rule.name,
        head["run"]: run.run_id,
        head["data"]: kind_text(
            run, words["made" if run.study.reconstruction else "observed"], language
        ),
    }
    if "served_by_others" in table:  # one operator's own share stands there already
        del columns[head["any_share"]]
    data = {name: _values(values) for name, values in columns.items()}
    return gpd.GeoDataFrame(data, geometry=points.to_numpy(), crs=WGS84, index=table.index)


def _sure(run: Run, table: gpd.GeoDataFrame, language: Language) -> pd.Series:
    """Whether each verdict stands in every scenario, in words; "" without a place."""
    words = VERDICTS[language]
    told = {True: words["firm"], False: words["borderline"]}
    firm: pd.Series = run.sureness.villages["firm"].loc[table.index]
    return firm.map(told).where(table["decided_by"] != NO_PLACE, "")


def _by_others(table: gpd.GeoDataFrame, language: Language) -> dict[str, object]:
    """Whether others serve each village, where their layers are kept back."""
    if "served_by_others" not in table:
        return {}
    words = VERDICTS[language]
    told = table["served_by_others"].map({True: words["yes"], False: words["no"]})
    return {HEADINGS[language]["others"]: told}


def _of_structures(
    table: gpd.GeoDataFrame,
    run: Run,
    language: Language,
    day: date,
    others: Sequence[Structure],
) -> dict[str, object]:
    """From when the units hold that a row's codes are of, and the units of other structures.

    A code without its day is no key: the same one is another area in another structure.
    """
    head = HEADINGS[language]
    if not others and not run.study.units:
        return {}
    columns: dict[str, object] = {head["units_from"]: day.isoformat()}
    for other in others:
        places = other.places.loc[table.index].replace("", pd.NA)
        told = f"{other.valid_from:%d/%m/%Y}" if language == "vi" else other.valid_from.isoformat()
        for level in reversed(other.levels):
            for field in (f"{level}_code", level):
                heading = head[f"other_{field}"].format(day=told)
                columns[heading] = places[field].astype("string")
    return columns


def _values(values: object) -> object:
    """A column without its index, so that nothing is aligned behind our back."""
    return values.array if isinstance(values, pd.Series | pd.Index) else values

"""Mobile coverage as Giga (UNICEF and ITU) exchanges it: ``mobile_coverage_id`` and its kin."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geodata.columns import numbers, plain, text
from geodata.convention import Candidate, Convention
from geodata.days import days_of
from geodata.errors import DataError, phrase
from geodata.filing import Filing, Rows
from geodata.words import placed_by_wkt

GRADES = ("strong", "variable", "weak")
EVIDENCE = {"measured": "measured", "modeled": "modelled", "modelled": "modelled",
            "predicted": "modelled"}  # fmt: skip
"""Word of ``coverage_type`` → our kind of evidence."""


def recognises(candidate: Candidate) -> bool:
    """A column ``mobile_coverage_id``."""
    return "mobile_coverage_id" in candidate.find("mobile_coverage_id")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row an area of one operator and technology, with its grade and kind of evidence."""
    del filing
    found = candidate.find("radio_type", "coverage_type", "signal_strength", "operator_name",
                           "average_rsrp_dbm", "measurement_date", "geometry", "wkt")  # fmt: skip
    table = candidate.table
    told = {field: text(table[column]) for field, column in found.items() if field != "geometry"}
    signal = None
    if "average_rsrp_dbm" in found:
        column = found["average_rsrp_dbm"]
        signal = numbers(table[column], field="average_rsrp_dbm", file=candidate.file)
    days = days_of(table[found["measurement_date"]]) if "measurement_date" in found else None
    return Rows(
        table=_placed(table, found),
        operator=told.get("operator_name"),
        technology=told.get("radio_type"),
        as_of=days,
        evidence=_evidence(told.get("coverage_type"), candidate.file),
        grade=told["signal_strength"].str.lower() if "signal_strength" in told else None,
        grades=GRADES,
        signal_dbm=signal,
        stamped=True,
    )


def _placed(table: pd.DataFrame, found: dict[str, str]) -> pd.DataFrame:
    column = found.get("geometry", found.get("wkt"))
    if isinstance(table, gpd.GeoDataFrame) or column is None:
        return table
    placed: pd.DataFrame = placed_by_wkt(table, column)
    return placed


def _evidence(words: pd.Series[str] | None, file: str) -> pd.Series[str]:
    if words is None:
        raise DataError(
            "{file} does not say its coverage_type (measured, modeled or predicted); put the "
            "column back",
            file=file,
        )
    kinds = words.astype(object).map(lambda word: EVIDENCE.get(plain(word), ""), na_action="ignore")
    strange = words[kinds.fillna("") == ""]
    if len(strange):
        raise DataError(
            "{file}: coverage_type is {found}; expected measured, modeled or predicted",
            file=file,
            found=repr(strange.iloc[0]),
        )
    return kinds.astype("string")


CONVENTION = Convention(
    name="giga",
    title=phrase("mobile coverage as Giga exchanges it"),
    kind="footprint",
    recognises=recognises,
    means=means,
)

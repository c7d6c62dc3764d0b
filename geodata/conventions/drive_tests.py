"""Drive tests as handset applications write them, under many names, or as the study maps them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.model import Technology
from geodata.angles import coordinate, says_nothing
from geodata.columns import columns_told, find_columns, numbers, plain, row_number, text, truths
from geodata.convention import Candidate, Convention
from geodata.errors import DataError, phrase
from geodata.filing import Filing, Measurements
from geodata.findings import ROWS_KEPT, Finding
from geodata.layers import technology_in
from geodata.operators import operator_in
from geodata.systems import WGS84

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rsrp": ("rsrp", "rsrp_dbm", "lte_rsrp", "lte_rsrp_dbm", "4g_rsrp", "ltersrp"),
        "rscp": ("rscp", "rscp_dbm", "wcdma_rscp", "umts_rscp", "3g_rscp"),
        "ss_rsrp": ("ss_rsrp", "ssrsrp", "nr_rsrp", "nr_ssrsrp", "ss_rsrp_dbm", "5g_rsrp"),
        "time": ("time", "timestamp", "date_time", "datetime", "date", "thoi_gian", "gio"),
        "operator": ("operator", "operator_name", "carrier", "network_operator", "nha_mang",
                     "plmn", "mccmnc", "mcc_mnc", "operatorname"),
        "technology": ("technology", "network_type", "rat", "networktech", "networkmode",
                       "network_tech", "radio", "cong_nghe", "tech"),
        "signal": ("signal", "signal_dbm", "signal_strength", "level_dbm", "dbm"),
        "served": ("served", "in_service", "co_song"),
    }
)  # fmt: skip
"""Our field → columns it is known under."""

SIGNALS: Mapping[str, Technology] = MappingProxyType({"ss_rsrp": "5G", "rsrp": "4G", "rscp": "3G"})
NO_SERVICE = frozenset(
    {"no service", "noservice", "out of service", "oos", "no coverage", "no signal", "no network",
     "emergency only", "khong co song", "mat song", "khong co dich vu", "khong co tin hieu"}
)  # fmt: skip
"""Words in place of a technology, in `plain` form, of a handset that finds no network."""

LOW_DBM, HIGH_DBM = -156.0, -20.0
"""From the least that NR reports (3GPP TS 38.133, 10.1.6) to more than any antenna gives."""


def recognises(candidate: Candidate) -> bool:
    """A signal in dBm at places, and no cells or areas."""
    if candidate.part.is_raster:
        return False
    found = _found(candidate, {})
    other = candidate.find("mobile_coverage_id", "quadkey", "providerid")
    return is_placed(candidate) and not other and bool(found.keys() & SIGNALS.keys())


def is_placed(candidate: Candidate) -> bool:
    """Whether a file is a table at points."""
    if candidate.part.is_raster:
        return False
    columns = candidate.find("lon", "lat")
    return candidate.shape == "point" or {"lon", "lat"} <= columns.keys()


def _found(candidate: Candidate, given: Mapping[str, str]) -> dict[str, str]:
    """Our fields and the columns they have, those given first."""
    known = {
        field: next(iter(candidate.find(*names).values()), None) for field, names in ALIASES.items()
    }
    own = {field: column for field, column in known.items() if column is not None}
    asked = {k: v for k, v in given.items() if k not in ("lon", "lat")}
    return {**own, **find_columns(candidate.table.columns, (), given=asked, file=candidate.file)}


def means(candidate: Candidate, filing: Filing) -> Measurements:
    """One row a sample, of the strongest technology that it measured.

    A sample without a level is kept where it says that there was no service.
    """
    found = _found(candidate, filing.columns)
    table, file = candidate.table, candidate.file
    signal, technology = _signal(table, found, filing.columns, file)
    served = _served(table, found, file)
    if filing.technology:
        technology = technology.mask(technology.isna() & signal.notna(), filing.technology)
    said = filing.operator
    operator = pd.Series(said if said else pd.NA, index=table.index, dtype="string")
    if not said and "operator" in found:
        operator = text(table[found["operator"]]).map(_operator, na_action="ignore")
    out = pd.DataFrame(
        {
            "time": text(table[found["time"]]) if "time" in found else pd.NA,
            "operator": operator.astype("string"),
            "technology": technology,
            "signal_dbm": signal,
            "served": served,
        },
        index=table.index,
    )
    points = _points(candidate, filing.columns)
    bad = (points.isna() | points.is_empty).to_numpy()
    silent = ~signal.between(LOW_DBM, HIGH_DBM) & served.ne(other=False).fillna(value=True)
    bad = bad | silent.to_numpy(bool)
    if bad.all():
        raise DataError("{file} holds no sample with a place and a signal in dBm", file=file)
    placed = gpd.GeoDataFrame(out[~bad], geometry=points[~bad])
    return Measurements(table=placed, as_of=filing.as_of, source=filing.source,
                        findings=_left_out(table.index, bad, file))  # fmt: skip


def _operator(cell: str) -> str:
    """The operator of a name or of a network's code, else the cell as it stands."""
    return operator_in(cell) or cell


def _served(table: pd.DataFrame, found: Mapping[str, str], file: str) -> pd.Series[bool]:
    """Whether there was service: by a column of its own, or no technology but "no service"."""
    served = pd.Series(pd.NA, index=table.index, dtype="boolean")
    if "served" in found:
        served = truths(table[found["served"]], field="served", file=file)
    if "technology" in found:
        words = text(table[found["technology"]]).fillna("").map(plain)
        served = served.mask(words.isin(NO_SERVICE) & served.isna(), other=False)
    return served


def _signal(
    table: pd.DataFrame, found: Mapping[str, str], given: Mapping[str, str], file: str
) -> tuple[pd.Series[float], pd.Series[str]]:
    """The level of each sample and its technology: told by a column, else by which level it is.

    A column of levels that is ``given`` goes before those that are found.
    """
    signal = pd.Series(np.nan, index=table.index)
    technology = pd.Series(pd.NA, index=table.index, dtype="string")
    columns = {name: found[name] for name in SIGNALS if name in found and "signal" not in given}
    if not columns and "signal" in found:
        columns = {"signal": found["signal"]}
    if not columns:
        raise DataError(
            "{file} has no column of signal strength; name it with columns = {columns}",
            file=file,
            columns='{ signal = "…" }',
        )
    for name, column in columns.items():
        cells = table[column].mask(table[column].map(_says_nothing))
        levels = numbers(cells, field=column, file=file)
        mine = signal.isna() & levels.between(LOW_DBM, HIGH_DBM)
        signal = signal.mask(mine, levels)
        technology = technology.mask(mine, SIGNALS.get(name, pd.NA))
    if "technology" in found:
        words = text(table[found["technology"]])
        known = words.map(lambda word: technology_in(word, {}), na_action="ignore")
        technology = known.astype("string").fillna(technology)
    return signal, technology


def _says_nothing(cell: object) -> bool:
    """Whether a cell is text that tells no level: empty, or an error of a spreadsheet."""
    return isinstance(cell, str) and (not cell.strip() or says_nothing(cell))


def _points(candidate: Candidate, columns: Mapping[str, str]) -> gpd.GeoSeries:
    table = candidate.table
    if isinstance(table, gpd.GeoDataFrame):
        return table.geometry
    given = {k: v for k, v in columns.items() if k in ("lon", "lat")}
    found = find_columns(table.columns, ("lon", "lat"), given=given, file=candidate.file)
    if len(found) < 2:
        raise DataError(
            "{file} has no geometry and no coordinate columns; expected lon and lat, or x and y "
            "(found {names})",
            file=candidate.file,
            names=columns_told(table.columns),
        )
    lon, lat = (
        coordinate(table[found[k]], field=k, file=candidate.file).values for k in ("lon", "lat")
    )
    known = (lon.abs() <= 180) & (lat.abs() <= 90) & ~((lon == 0) & (lat == 0))
    points = gpd.GeoSeries.from_xy(lon, lat, index=table.index, crs=WGS84)
    return points.where(known.to_numpy(bool), None)


def _left_out(index: pd.Index, bad: np.ndarray, file: str) -> tuple[Finding, ...]:
    places = np.flatnonzero(bad)
    if not len(places):
        return ()
    sentence = phrase(
        "{file}: {count} samples have no place or no level from {low} to {high} dBm and are left "
        "out",
        file=file,
        count=len(places),
        low=f"{LOW_DBM:g}",
        high=f"{HIGH_DBM:g}",
    )
    rows = tuple(row_number(index, int(at)) for at in places[:ROWS_KEPT])
    note = Finding(kind="bad-samples", severity="warning", sentence=sentence, file=file,
                   rows=rows, count=len(places))  # fmt: skip
    return (note,)


CONVENTION = Convention(
    name="drive_tests",
    title=phrase("drive tests"),
    kind="measurements",
    recognises=recognises,
    means=means,
)

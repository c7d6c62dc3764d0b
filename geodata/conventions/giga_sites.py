"""Sites as Giga (UNICEF and ITU) exchanges them from 0.9.8 on: WirelessSite and its services.

A WirelessSite has a place and sums up what stands there; a WirelessAccessService is one access
that a network delivers from it, and has a place only where somebody has joined the two tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from geodata.columns import numbers, plain, row_number, text
from geodata.convention import Candidate, Convention
from geodata.days import days_of
from geodata.errors import DataError, phrase
from geodata.filing import Filing, Rows
from geodata.findings import ROWS_KEPT, Finding, Severity
from geodata.words import each_technology

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "technology": ("access_technologies", "radio_types"),
        "operator": ("network_provider", "network_providers"),
        "status": ("service_status", "site_status"),
        "service": ("access_service_type", "access_service_types"),
        "height": ("antenna_height_agl_meters", "highest_antenna_height_agl_meters"),
        "verified": ("last_verified_date",),
    }
)
"""Our field → its columns, that of a service before that of a site."""

RUNS = frozenset({"operational", "active", "in service", "live", "1", "true", "yes"})
FIXED = "fixed wireless"
"""An access that no telephone uses."""

NO_MOBILE = frozenset({"wifi", "wi fi", "wimax", "wi max", "proprietary", "other"})


def recognises(candidate: Candidate) -> bool:
    """A column ``wireless_site_id``."""
    return "wireless_site_id" in candidate.find("wireless_site_id")


def means(candidate: Candidate, filing: Filing) -> Rows:
    """One row a site, network and technology in operation; what is no mobile access is left out."""
    del filing
    _require_places(candidate)
    found = {
        field: next(iter(candidate.find(*names).values()), None) for field, names in COLUMNS.items()
    }
    told = {field: _listed(candidate.table[column]) for field, column in found.items() if column}
    if "technology" not in told:
        raise DataError(
            "{file} does not say the technologies of its sites (access_technologies or "
            "radio_types); put the column back",
            file=candidate.file,
        )
    table, left_out = _kept(candidate, told)
    own = {field: column.loc[table.index] for field, column in told.items()}
    by_technology, words = each_technology(table, own["technology"])
    operator = None
    if "operator" in own:
        names = own["operator"].loc[by_technology.index]
        place = by_technology.assign(_technology=words.to_numpy())
        by_technology, operator = each_technology(place, names)
        words = by_technology.pop("_technology").astype("string")
    mobile = ~words.fillna("").map(plain).isin(NO_MOBILE).to_numpy()
    rows = by_technology[mobile]
    return Rows(
        table=rows,
        operator=None if operator is None else operator[mobile],
        technology=words[mobile],
        as_of=days_of(rows[found["verified"]]) if found["verified"] else None,
        evidence="modelled",
        height_m=numbers(rows[found["height"]], field="height", file=candidate.file)
        if found["height"]
        else None,
        stamped=True,
        points=True,
        findings=left_out,
    )


def _require_places(candidate: Candidate) -> None:
    columns = candidate.find("lon", "lat")
    if candidate.shape == "" and not {"lon", "lat"} <= columns.keys():
        raise DataError(
            "{file} lists services of wireless sites without their places; join it with the table "
            "of sites by wireless_site_id, and send latitude and longitude with it",
            file=candidate.file,
        )


def _listed(column: pd.Series) -> pd.Series[str]:
    """Cells as lists that commas part, whatever signs a list was written with."""
    bare = text(column).str.replace(r"[\[\]{}'\"]", "", regex=True)
    return bare.str.replace(r"\s*[;|]\s*", ", ", regex=True).str.strip()


def _kept(
    candidate: Candidate, told: Mapping[str, pd.Series[str]]
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The rows that are mobile access in operation and say whose it is, and what was left out."""
    table, file = candidate.table, candidate.file
    silent = pd.Series("", index=table.index, dtype="string")
    status = told.get("status", silent).fillna("").map(plain)
    service = told.get("service", silent).fillna("").map(plain)
    idle = ((status != "") & ~status.isin(RUNS)).to_numpy(bool)
    fixed = ((service == FIXED) & ~idle).to_numpy(bool)
    several = [
        told[field].fillna("").map(lambda cell: len(re.findall(r",", cell)) > 0).to_numpy(bool)
        if field in told
        else np.zeros(len(table), bool)
        for field in ("operator", "technology")
    ]
    mixed = several[0] & several[1] & ~idle & ~fixed
    notes = (
        *_note("sites-idle", phrase("they are not in operation"), table.index, idle, file),
        *_note("sites-fixed", phrase("they are fixed access"), table.index, fixed, file),
        *_note(
            "sites-mixed",
            phrase(
                "they name several networks and several technologies, and not which has which "
                "(their services do)"
            ),
            table.index,
            mixed,
            file,
        ),
    )
    kept = ~(idle | fixed | mixed)
    if not kept.any():
        raise DataError("{file} holds no mobile site in operation that says whose it is", file=file)
    return table[kept], notes


def _note(
    kind: str, why: object, index: pd.Index, gone: np.ndarray, file: str
) -> tuple[Finding, ...]:
    at = np.flatnonzero(gone)
    if not len(at):
        return ()
    sentence = phrase(
        "{file}: {count} sites are left out: {why}", file=file, count=len(at), why=why
    )
    rows = tuple(row_number(index, int(k)) for k in at[:ROWS_KEPT])
    severity: Severity = "warning" if kind == "sites-mixed" else "note"
    return (
        Finding(
            kind=kind, severity=severity, sentence=sentence, file=file, rows=rows, count=len(at)
        ),
    )


CONVENTION = Convention(
    name="giga_sites",
    title=phrase("wireless sites as Giga exchanges them"),
    kind="sites",
    recognises=recognises,
    means=means,
)

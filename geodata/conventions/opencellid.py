"""Cells as OpenCelliD exports them, with a header or, as its downloads come, without."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.columns import plain, row_number
from geodata.convention import Candidate, Convention
from geodata.days import unix_days
from geodata.errors import DataError, UnreadableError, phrase
from geodata.filing import Filing, Rows
from geodata.findings import ROWS_KEPT, Finding
from geodata.operators import operator_of_network
from geodata.systems import WGS84

COLUMNS = (
    "radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples",
    "changeable", "created", "updated", "averageSignal",
)  # fmt: skip
"""The order of an export without a header."""

USED = ("radio", "mcc", "net", "lon", "lat", "range", "updated")
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "radio": ("radio", "radio type", "rat"),
        "mcc": ("mcc",),
        "net": ("net", "mnc"),
        "lon": ("lon", "long", "lng", "longitude"),
        "lat": ("lat", "latitude"),
        "range": ("range", "range m"),
        "updated": ("updated",),
        "network": ("network", "operator", "carrier", "operator name"),
    }
)
"""Our field → names of its column in headers of OpenCelliD, Mozilla and those who share them."""

RADIO = r"(GSM|UMTS|LTE|NR|CDMA|NBIOT)"
REFUSALS = re.compile(r"\b(RATE_LIMITED|INVALID_TOKEN|[A-Z]+_(?:LIMITED|TOKEN|LIMIT|EXCEEDED))\b")
"""What the service answers in place of a file."""


def by_head(head: str) -> bool:
    """A header of its columns, a line of its kind, or one of the service's refusals."""
    return _refusal(head) is not None or _has_header(head) or bool(_bare(head))


def _refusal(head: str) -> str | None:
    """The word with which the service refused, where the text is nothing but that."""
    lines = head.strip().splitlines()
    if len(lines) > 3 or len(head) > 500:
        return None
    found = REFUSALS.search(head)
    return found[1] if found else None


def _has_header(head: str) -> bool:
    first = [plain(cell) for cell in head.partition("\n")[0].split(",")]
    return {"radio", "mcc", "net", "lon", "lat"} <= _fields(first).keys()


def _fields(header: Sequence[str]) -> dict[str, str]:
    """Our field → the name in a header, both in `plain` form, for those that are there."""
    found = {
        field: next((name for name in names if name in header), "")
        for field, names in NAMES.items()
    }
    return {field: name for field, name in found.items() if name}


def _bare(head: str) -> re.Match[str] | None:
    return re.match(rf'\s*"?{RADIO}"?,\d{{3}},\d{{1,3}},\d+,\d+,-?\d*,-?\d+(\.\d+)?,-?\d', head)


def means(candidate: Candidate, filing: Filing) -> Rows:
    """Each row a cell at an estimated place, reaching as far as its samples lay apart."""
    del filing
    refusal = _refusal(candidate.head)
    if refusal is not None:
        raise DataError(
            "{file} holds no cells: OpenCelliD answered {found} in place of a file; download it "
            "again, later or with a valid token",
            file=candidate.file,
            found=refusal,
        )
    table = _read(candidate)
    numbers = {name: pd.to_numeric(table[name], errors="coerce") for name in USED[1:]}
    lost = ~((numbers["lon"].abs() <= 180) & (numbers["lat"].abs() <= 90)).to_numpy()
    lost |= ((numbers["lon"] == 0) & (numbers["lat"] == 0)).to_numpy()
    points = gpd.GeoSeries.from_xy(
        numbers["lon"].mask(lost), numbers["lat"].mask(lost), index=table.index, crs=WGS84
    )
    operator = pd.Series(
        [operator_of_network(mcc, net) for mcc, net in
         zip(numbers["mcc"], numbers["net"], strict=True)],
        index=table.index, dtype="string",
    )  # fmt: skip
    operator = operator.fillna(table["network"])
    return Rows(
        table=gpd.GeoDataFrame(geometry=points.where(~lost, None)),
        operator=operator.fillna("?"),
        technology=table["radio"].fillna("?"),
        as_of=unix_days(numbers["updated"]),
        evidence="modelled",
        reach_m=numbers["range"],
        stamped=True,
        points=True,
        findings=_unknown_network(candidate.file, operator),
    )


def _unknown_network(file: str, operator: pd.Series[str]) -> tuple[Finding, ...]:
    places = np.flatnonzero(operator.isna())
    if not len(places):
        return ()
    sentence = phrase(
        "{file}: {count} cells do not say their network; their operator is “?”",
        file=file,
        count=len(places),
    )
    rows = tuple(row_number(operator.index, int(at)) for at in places[:ROWS_KEPT])
    note = Finding(kind="unknown-network", severity="warning", sentence=sentence, file=file,
                   rows=rows, count=len(places))  # fmt: skip
    return (note,)


def _read(candidate: Candidate) -> pd.DataFrame:
    """The columns used, as text; indexed by the line of the file."""
    header = _has_header(candidate.head)
    first = [plain(cell) for cell in candidate.head.partition("\n")[0].split(",")]
    known = {name: field for field, name in _fields(first).items()}
    try:
        table: pd.DataFrame = pd.read_csv(
            candidate.part.path,
            header=0 if header else None,
            names=None if header else list(COLUMNS),
            usecols=(lambda name: plain(name) in known) if header else list(USED),
            index_col=False,
            dtype=str,
            encoding="utf-8-sig",
            encoding_errors="replace",
            on_bad_lines="error",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise UnreadableError(
            "{file} cannot be read as OpenCelliD's cells: {reason}; download it again",
            file=candidate.file,
            reason=" ".join(str(error).split())[:200],
        ) from error
    table.columns = [known.get(plain(name), plain(name)) for name in table.columns]
    if table.empty:
        raise DataError(
            "{file} holds no rows; a table with at least one is needed", file=candidate.file
        )
    wanted = (*USED, "network")
    missing = pd.DataFrame({n: pd.NA for n in wanted if n not in table.columns}, index=table.index)
    table = pd.concat([table, missing.astype("string")], axis=1)
    table.index = pd.RangeIndex(1 + header, len(table) + 1 + header, name="row")
    return table


CONVENTION = Convention(
    name="opencellid",
    title=phrase("OpenCelliD cells"),
    kind="sites",
    recognises=lambda candidate: by_head(candidate.head),
    means=means,
    by_head=by_head,
)

"""Sites as the ITU Connectivity Planning Platform has them: a point, a ``radio_type``, a height."""

from __future__ import annotations

import pandas as pd

from geodata.columns import numbers, text
from geodata.convention import Candidate, Convention
from geodata.errors import phrase
from geodata.filing import Filing, Rows
from geodata.findings import finding
from geodata.words import each_technology

HEIGHT_M = 25.0
"""Antenna height where none is told (the platform's own default)."""


def recognises(candidate: Candidate) -> bool:
    """``radio_type`` with ``ict_id`` or ``antenna_height``."""
    found = candidate.find("radio_type", "ict_id", "antenna_height", "mobile_coverage_id")
    known = found.keys() & {"ict_id", "antenna_height"}
    return bool(known) and "radio_type" in found and "mobile_coverage_id" not in found


def means(candidate: Candidate, filing: Filing) -> Rows:
    """One row a site and technology, as high as told, else 25 m."""
    del filing
    candidate.need("radio_type")
    found = candidate.find("radio_type", "antenna_height", "operator")
    table, words = each_technology(candidate.table, text(candidate.table[found["radio_type"]]))
    told = pd.Series(float("nan"), index=table.index)
    if "antenna_height" in found:
        told = numbers(table[found["antenna_height"]], field="height", file=candidate.file)
    unknown = ~(told > 0)
    note = finding(
        "height-assumed", "note",
        "{file}: {count} sites do not say how high their antenna is; {height} m is taken",
        file=candidate.file, count=int(unknown.sum()), height=f"{HEIGHT_M:g}",
    )  # fmt: skip
    return Rows(
        table=table,
        operator=text(table[found["operator"]]) if "operator" in found else None,
        technology=words,
        evidence="modelled",
        height_m=told.mask(unknown, HEIGHT_M),
        points=True,
        findings=(note,) if unknown.any() else (),
    )


CONVENTION = Convention(
    name="itu_sites",
    title=phrase("sites of the ITU Connectivity Planning Platform"),
    kind="sites",
    recognises=recognises,
    means=means,
)

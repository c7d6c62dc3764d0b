"""Columns of codes that their file itself explains, read as what the codes mean."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from geodata.columns import ALIASES, find_columns, text
from geodata.findings import Finding, finding
from geodata.layers import technology_in

KEPT = ("village_id", "commune_code", "district_code", "code", "population", "households", "weight")
"""Fields whose codes and numbers are what they are, whatever a file explains beside them."""

SHOWN = 6


def decoded(
    table: pd.DataFrame, codes: Mapping[str, Mapping[str, str]], *, file: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The table with the meaning in place of each code, and a note on each such column.

    ``codes``: column → code as text → meaning. A code of a technology that is understood by
    itself (300 of the FCC's) stays where its meaning is not.
    """
    findings = []
    kept = set(find_columns(table.columns, [field for field in KEPT if field in ALIASES]).values())
    technology = find_columns(table.columns, ("technology",)).get("technology")
    out = table
    for column, told in codes.items():
        if column not in table.columns or column in kept:
            continue
        meanings = {
            code: meaning
            for code, meaning in told.items()
            if column != technology or _is_better(code, meaning)
        }
        held = text(table[column])
        used = {code: meanings[code] for code in held.dropna().unique() if code in meanings}
        if not used:
            continue
        out = table.copy(deep=False) if out is table else out
        out[column] = held.map(lambda code, used=used: used.get(code, code), na_action="ignore")
        listed = [f"{code} = {meaning}" for code, meaning in sorted(used.items())]
        findings.append(
            finding(
                "coded",
                "note",
                "{file}: {column} holds codes, read as the file explains them: {codes}",
                file=file,
                column=column,
                codes=", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else ""),
            )
        )
    return out, tuple(findings)


def _is_better(code: str, told: str) -> bool:
    """Whether a meaning is to stand for a code of a technology."""
    return technology_in(told, {}) is not None or technology_in(code, {}) is not None

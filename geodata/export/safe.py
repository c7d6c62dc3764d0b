"""Text made harmless for the programs that will open it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pandas as pd

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML, and so Excel and KML, cannot hold."""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula, full-width signs included."""
    if text[:1] in ("\t", "\r"):
        return True
    start = unicodedata.normalize("NFKC", text.lstrip())
    return start[:1] in ("=", "+", "-", "@")


def for_csv(cell: object) -> object:
    """A text cell that no spreadsheet runs: an apostrophe before what looks like a formula."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def without_controls(cell: object) -> object:
    """A text cell without characters that XML cannot hold."""
    return CONTROLS.sub("", cell) if isinstance(cell, str) else cell


def cells(table: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """The table with ``change`` done to every text cell; numbers stay numbers."""
    out = table.copy()
    for name in out.columns:
        if not pd.api.types.is_numeric_dtype(out[name]):
            out[name] = out[name].astype(object).map(change)
    return out

"""Text made harmless for the programs that will open it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pandas as pd

CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""Characters no file may hold: what XML forbids, and what turns the direction of a text."""

AFTER_SEPARATOR = re.compile(r"(?<=[;\t])(?=\s*[=+\-@＝＋－＠])")
"""Where a formula would begin for a spreadsheet that splits cells at semicolons or tabs."""


TAG = re.compile(r"<(?=[A-Za-z/!?])")
"""Where HTML would begin."""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula.

    Signs of full width count, and signs behind spaces or characters that are not seen.
    """
    if text[:1] in ("\t", "\r"):
        return True
    seen = next((c for c in text if not _is_unseen(c)), "")
    return unicodedata.normalize("NFKC", seen)[:1] in ("=", "+", "-", "@")


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zs")


def for_csv(cell: object) -> object:
    """A text cell that no spreadsheet runs: an apostrophe before what looks like a formula."""
    if not isinstance(cell, str):
        return cell
    text = AFTER_SEPARATOR.sub("'", str(without_controls(cell)))
    return f"'{text}" if is_formula(text) else text


def without_tags(cell: object) -> object:
    """A text cell that no map program shows as HTML: ‹ stands where a tag would begin.

    Google Earth shows names and columns of KML as HTML and fetches its pictures, and so do some
    programs on phones with the descriptions of GPX. Escaping is undone by reading the XML.
    """
    return TAG.sub("\u2039", str(without_controls(cell))) if isinstance(cell, str) else cell


def without_controls(cell: object) -> object:
    """A text cell without the characters that no file may hold."""
    return CONTROLS.sub("", cell) if isinstance(cell, str) else cell


def cells(table: pd.DataFrame, change: Callable[[Any], Any]) -> pd.DataFrame:
    """The table with ``change`` done to every text cell; numbers stay numbers.

    Each text is changed once: most stand in many rows.
    """
    changed = lru_cache(maxsize=None, typed=True)(change)
    out = table.copy()
    for name in out.columns:
        if not pd.api.types.is_numeric_dtype(out[name]):
            out[name] = out[name].astype(object).map(changed)
    return out

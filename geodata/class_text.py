"""Classes that stand in a description: what a KML shows in its balloon, as columns of their own."""

from __future__ import annotations

import html
import re

import pandas as pd

from geodata.class_words import kind_of_column

DESCRIPTIONS = frozenset({"description", "desc", "descriptio", "popupinfo"})
"""Columns, without case, in which other programs write the attributes of a shape as text."""

MOST_LETTERS = 4000
"""A description is looked at as far as this."""

TAG = re.compile(r"<[^<>]*>")
CELL_ENDS = re.compile(r"(?i)</t[dh]\s*>\s*<t[dh][^<>]*>")
ROW_ENDS = re.compile(r"(?i)<br\s*/?>|</(?:tr|li|p|div)\s*>")
PAIR = re.compile(r"\s*([^=:\n]{1,40}?)\s*[=:]\s*([^\n]{1,100}?)\s*")


def with_described(table: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of classes that descriptions hold as "DN = 0", or as a row of a table.

    Only names that `kind_of_column` knows, and that no column has yet, become columns; a row
    whose description lacks one says nothing there.
    """
    known = {str(name).casefold() for name in table.columns}
    added: dict[str, pd.Series] = {}
    for column in table.columns:
        if str(column).casefold() not in DESCRIPTIONS:
            continue
        rows = [pairs(cell) if isinstance(cell, str) else {} for cell in table[column]]
        for name in dict.fromkeys(name for row in rows for name in row):
            if name.casefold() not in known:
                cells = [row.get(name) for row in rows]
                added[name] = pd.Series(cells, index=table.index, dtype=object)
                known.add(name.casefold())
    return table.assign(**added) if added else table


def pairs(text: str) -> dict[str, str]:
    """The classes that a description tells, by the names it gives them.

    >>> pairs("DN=0"), pairs("<table><tr><td>gridcode</td><td>1</td></tr></table>")
    ({'DN': '0'}, {'gridcode': '1'})
    >>> pairs("<b>RSRP</b>: -95 dBm<br>Tỉnh: Nghệ An"), pairs("No. 4: see below")
    ({'RSRP': '-95 dBm'}, {})
    """
    parted = ROW_ENDS.sub("\n", CELL_ENDS.sub("=", text[:MOST_LETTERS]))
    found: dict[str, str] = {}
    for line in html.unescape(TAG.sub("", parted)).splitlines():
        pair = PAIR.fullmatch(line)
        if pair is not None and kind_of_column(pair[1]) is not None:
            found.setdefault(pair[1], pair[2])
    return found

"""Codes whose leading zeros a spreadsheet took away, as the file beside it writes them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

import pandas as pd


def by_number(codes: Iterable[str]) -> Mapping[str, str]:
    """Codes of digits by what is left of each without its zeros, where that is one code's alone.

    >>> by_number(["001", "002", "2", "A3"])
    {'1': '001'}
    """
    found: dict[str, set[str]] = {}
    for code in codes:
        if code.isdecimal() and code.isascii():
            found.setdefault(code.lstrip("0"), set()).add(code)
    return {bare: held.pop() for bare, held in found.items() if len(held) == 1}


def with_zeros(codes: pd.Series[str], known: Iterable[str]) -> pd.Series[str]:
    """Each code as ``known`` writes it, where that only has more zeros before it.

    >>> with_zeros(pd.Series(["1", "3", None], dtype="string"), ["001", "002"]).fillna("-").tolist()
    ['001', '3', '-']
    """
    told = known.to_numpy() if isinstance(known, pd.Index) else known
    known = [str(code) for code in told if isinstance(code, str) or not pd.isna(code)]
    longer, there = by_number(dict.fromkeys(known)), set(known)
    return codes.map(lambda code: whole(code, there, longer), na_action="ignore").astype("string")


def whole(code: str, known: Container[str], longer: Mapping[str, str]) -> str:
    """One code as ``known`` writes it; ``longer`` are those of `by_number`.

    >>> whole("1", {"001", "002"}, by_number(["001", "002"]))
    '001'
    """
    if code in known or not code.isdecimal():
        return code
    found = longer.get(code.lstrip("0"), code)
    return found if len(found) > len(code) else code

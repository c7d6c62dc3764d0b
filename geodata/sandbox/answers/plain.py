"""Values of Python's own that msgpack does not know: tuples, sets, days, paths."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

from geodata.sandbox.answers.base import Codec, below, exactly

LONGEST_INT = 4_000
"""Digits, in base 16, of a whole number that does not fit into 64 bits."""


LONGEST_DECIMAL = 1_000
"""Digits of a decimal number, before and behind its point."""


def _simple(kind: type, pack: Callable[[Any], object], unpack: Callable[[Any], object]) -> Codec:
    return Codec(
        takes=exactly(kind),
        pack=lambda value, _: pack(value),
        unpack=lambda packed, _: unpack(packed),
    )


def _large_int(packed: str) -> int:
    if len(packed) > LONGEST_INT:
        raise ValueError("a number without end")
    return int(packed, 16)


def _decimal(packed: str) -> Decimal:
    """A decimal number that does not fill the memory when a sentence writes it out."""
    if len(packed) > LONGEST_DECIMAL:
        raise ValueError("a number without end")
    value = Decimal(packed)
    if value.is_finite() and abs(value.adjusted()) > LONGEST_DECIMAL:
        raise ValueError("a number without end")
    return value


def _items(packed: object) -> list[Any]:
    if not isinstance(packed, list):
        raise TypeError("no list")
    return packed


def _mapping(packed: object) -> MappingProxyType[Any, Any]:
    if not isinstance(packed, dict):
        raise TypeError("no mapping")
    return MappingProxyType(packed)


CODECS = (
    _simple(tuple, list, lambda packed: tuple(_items(packed))),
    _simple(set, list, lambda packed: set(_items(packed))),
    _simple(frozenset, list, lambda packed: frozenset(_items(packed))),
    _simple(int, hex, _large_int),
    _simple(date, date.isoformat, date.fromisoformat),
    _simple(datetime, datetime.isoformat, datetime.fromisoformat),
    _simple(time, time.isoformat, time.fromisoformat),
    _simple(
        timedelta,
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda packed: timedelta(*packed),
    ),
    _simple(Decimal, str, _decimal),
    _simple(complex, lambda value: [value.real, value.imag], lambda packed: complex(*packed)),
    _simple(
        range, lambda value: [value.start, value.stop, value.step], lambda packed: range(*packed)
    ),
    _simple(
        slice, lambda value: [value.start, value.stop, value.step], lambda packed: slice(*packed)
    ),
    _simple(MappingProxyType, dict, _mapping),
    Codec(takes=below(PurePath), pack=lambda path, _: str(path), unpack=lambda text, _: Path(text)),
)

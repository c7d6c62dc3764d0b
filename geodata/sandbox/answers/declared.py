"""Which classes of ours a function says it answers with, by the types it declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Any, get_args, get_type_hints


@lru_cache(maxsize=256)
def declared_classes(function: Callable[..., Any]) -> frozenset[type]:
    """Dataclasses, named tuples and enumerations in the type of an answer, and in their fields.

    A function that declares nothing may answer with plain values and tables alone.
    """
    if not getattr(function, "__annotations__", None):
        return frozenset()
    found: set[type] = set()
    _collect(get_type_hints(function).get("return"), found)
    return frozenset(found)


def _collect(hint: Any, found: set[type]) -> None:
    for part in get_args(hint):
        _collect(part, found)
    if not isinstance(hint, type) or hint in found:
        return
    if issubclass(hint, Enum):
        found.add(hint)
    elif dataclasses.is_dataclass(hint) or hasattr(hint, "_fields"):
        found.add(hint)
        for field in get_type_hints(hint).values():
            _collect(field, found)

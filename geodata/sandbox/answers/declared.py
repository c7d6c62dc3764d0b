"""Which classes of ours a function says it answers with, by the types it declares."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints


@lru_cache(maxsize=256)
def declared_classes(function: Callable[..., Any]) -> frozenset[type]:
    """Dataclasses, named tuples and enumerations in the type of an answer, and in their fields.

    A function that declares nothing may answer with plain values and tables alone.
    """
    answer = getattr(function, "__annotations__", {}).get("return")
    if answer is None:
        return frozenset()
    found: set[type] = set()
    names = vars(sys.modules[function.__module__])
    # its arguments are not looked at: pd.Series[bool] is for type checkers alone
    alone = SimpleNamespace(__annotations__={"return": answer})
    _collect(get_type_hints(alone, globalns=names).get("return"), found)
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

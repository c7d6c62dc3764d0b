"""Which villages are covered: exact measures, rules, verdicts and summaries.

Pure analysis: tables and arrays in, new objects out. This folder shares its name with
coverage.py, which numba looks for while it loads; see ``_OutOfSight``. numba itself, which takes
a third of a second to load, is loaded by whoever measures first.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

ASKS = "numba.misc.coverage_support"
"""The module of numba that imports ``coverage``; told ImportError, it does without."""


def _numba_is_asking() -> bool:
    """Whether numba, still loading, is the one importing this package."""
    asking = sys.modules.get(ASKS)
    return bool(asking and getattr(asking.__spec__, "_initializing", False))


if _numba_is_asking():
    raise ImportError("this is not coverage.py", name=__name__)


class _OutOfSight(MetaPathFinder):
    """Has numba, which may load at any time after this package, load as if it were not there."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where the one module that asks is, to be loaded by `_Unseen`; None of all others."""
        if fullname != ASKS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Unseen(spec.loader)
        return spec


class _Unseen(Loader):
    """Loads a module that cannot import this package; everybody else can meanwhile."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does it."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module with an ``import`` of its own."""
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _import_of_others}
        self._loader.exec_module(module)


def _import_of_others(name: str, *words: Any, **more: Any) -> ModuleType:
    if name == __name__:
        raise ImportError("this is not coverage.py", name=name)
    return builtins.__import__(name, *words, **more)


sys.meta_path.insert(0, _OutOfSight())

from coverage.area import area_share
from coverage.errors import CoverageError
from coverage.judge import judge
from coverage.measure import measure
from coverage.rules import RULES
from coverage.summarise import summarise
from coverage.sure import how_sure

__all__ = ["RULES", "CoverageError", "area_share", "how_sure", "judge", "measure", "summarise"]

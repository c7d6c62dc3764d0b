"""Which villages are covered: exact measures, rules, verdicts and summaries.

Pure analysis: tables and arrays in, new objects out. This folder shares its name
with coverage.py, which numba looks for while it loads; see ``_numba_is_asking``.
"""

from __future__ import annotations

import sys


def _numba_is_asking() -> bool:
    """Whether numba, still loading, is the one importing ``coverage``.

    It wants coverage.py, which this is not; told ImportError, it does without.
    """
    asking = sys.modules.get("numba.misc.coverage_support")
    return bool(asking and getattr(asking.__spec__, "_initializing", False))


if _numba_is_asking():
    raise ImportError("this is not coverage.py", name=__name__)


def _load_numba() -> None:
    """Import numba while this package is out of its sight."""
    this = sys.modules.pop(__name__)
    sys.modules[__name__] = None  # type: ignore[assignment]  # None is how an import is blocked
    try:
        import numba  # noqa: F401, PLC0415  # loaded here for its effect, before anything needs it
    finally:
        sys.modules[__name__] = this


if "numba" not in sys.modules:
    _load_numba()

from coverage.area import area_share
from coverage.errors import CoverageError
from coverage.judge import judge
from coverage.measure import measure
from coverage.rules import RULES
from coverage.summarise import summarise
from coverage.sure import how_sure

__all__ = ["RULES", "CoverageError", "area_share", "how_sure", "judge", "measure", "summarise"]

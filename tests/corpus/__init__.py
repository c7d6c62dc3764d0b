"""Small files as the field really sends them, each with the reading or the sentence expected.

``python -m tests.corpus DIR`` writes them all. A module of this folder holds the cases of one
subject in its ``CASES``; `tests.test_corpus` runs every case of every module.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file (or folder) and what must come of it.

    ``make`` writes into an empty folder and gives the path that a user would hand over.
    ``check`` reads it with the project's own functions and asserts what was understood; where
    the file is to be refused, it raises one of our errors, whose sentence holds ``refused``.
    """

    name: str
    make: Callable[[Path], Path]
    check: Callable[[Path], None]
    refused: str = ""


def all_cases() -> tuple[Case, ...]:
    """The cases of every module of this folder, by module and place."""
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__))
    held = [import_module(f"{__name__}.{name}") for name in modules if not name.startswith("_")]
    return tuple(case for module in held for case in module.CASES)

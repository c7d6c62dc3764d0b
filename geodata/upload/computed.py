"""What a study's pages ask for beside its run, from this process or from a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from coverage.model import Measures, Rule
from geodata.export.report_words import Language
from geodata.report import Report
from geodata.rights import Rights
from geodata.study.changes import Changes
from geodata.study.conflicts import FoundConflicts
from geodata.study.cut import CutShapes
from geodata.study.model import Study
from geodata.study.places import Structure
from geodata.study.results import Run

P = ParamSpec("P")
T = TypeVar("T")


class Compute(Protocol):
    """Calls a function that computes with shapes or draws them, here or in a sandbox."""

    def __call__(self, function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """What it gives."""


def compute_here(function: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
    """Compute in this process."""
    return function(*args, **named)


@dataclass(frozen=True, kw_only=True)
class MeasuredStudy:
    """What a study's pages ask for beside its run."""

    publish: Callable[[Rule], Run]
    hexed: Callable[[Run], Measures]
    """The measures of a run, or of a part of it, with those of its hexagons."""
    changes: Callable[[], Changes | None]
    conflicts: Callable[[Rights], FoundConflicts]
    report: Callable[[], Report]
    repaired: Callable[[Language], bytes]
    """The repaired copy of the whole study, as a ZIP."""
    cut: Callable[[Study, tuple[Structure, ...], npt.NDArray[np.bool_]], CutShapes]
    """The shapes of the study, or of a part of it, inside the area of some villages."""
    compute: Compute

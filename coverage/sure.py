"""How sure: every verdict again with the thresholds moved, and with the outlines moved.

Each scenario changes one thing for all villages at once. A village is *firm* where it is
covered, uncovered or unknown in every scenario as it is by the rule itself, else *borderline*.
The range of the headline is what the data leave open: the least and the greatest number of
uncovered villages among the rule itself and the scenarios of `DATA`. Another share of a village
is another definition and no part of it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.judge import COVERED, NOBODY, UNKNOWN, Decided, decide
from coverage.model import Areas, Expected, LayerInfo, Measures, Rule
from coverage.moved import DEFAULT_ACCURACY_M
from coverage.pixels import LOW_DBM, LOWEST_LEVEL
from coverage.shares import Floats, basis_of
from coverage.unplaced import is_placed

SIGNAL_DB = 5
"""Thresholds of signals are moved by so much: ours, about what a prediction and a measurement
in one place differ by."""

SHARES = (0.1, 0.5, 0.9)
"""Shares that are asked for in turn."""


class Scenario(StrEnum):
    """One thing changed: the rule itself, its thresholds, or the outlines of footprints."""

    BASE = "base"
    DBM_PLUS = "dbm_plus"
    DBM_MINUS = "dbm_minus"
    SHARE_10 = "share_10"
    SHARE_50 = "share_50"
    SHARE_90 = "share_90"
    INWARD = "inward"
    OUTWARD = "outward"


DATA = (
    Scenario.BASE,
    Scenario.DBM_PLUS,
    Scenario.DBM_MINUS,
    Scenario.INWARD,
    Scenario.OUTWARD,
)
"""What the data leave open under one rule, itself the first."""

DEFINITIONS = (Scenario.SHARE_10, Scenario.SHARE_50, Scenario.SHARE_90)
"""What other definitions of covered would say of the same data."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """Least and greatest number of uncovered villages, and the scenarios of `DATA` that say so.

    ``low_by`` and ``high_by`` are `Scenario.BASE` where no scenario goes beyond the rule itself.
    ``is_computed`` is False where footprints count and were not moved: there is no range then.
    """

    low: int
    high: int
    low_by: Scenario
    high_by: Scenario
    is_computed: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Sureness:
    """Whether each verdict stands firm, and between what the data leave the headline.

    ``villages`` is indexed by ``village_id``, with ``firm`` (bool), ``turned_by`` (scenarios, by
    their values, in which the village is another, comma-separated), ``share_margin`` (share of
    the operator that decides less the covered threshold), ``dbm_margin`` (dB by which the best
    admitted signal at the centre is above what its technology must have; NaN where no signal
    tells) and ``moved_m`` (metres that footprints were moved by where that turns the village,
    NaN where it does not). ``uncovered`` has the count of every scenario that applied,
    ``marked`` the villages it counts.
    """

    villages: pd.DataFrame
    uncovered: Mapping[Scenario, int]
    between: Between
    marked: Mapping[Scenario, npt.NDArray[np.bool_]]

    def among(self, keep: npt.NDArray[np.bool_]) -> Between:
        """The range of some villages alone, those marked in ``keep``."""
        return data_range(self.counts(keep), is_computed=self.between.is_computed)

    def counts(self, keep: npt.NDArray[np.bool_]) -> dict[Scenario, int]:
        """Uncovered among the villages marked in ``keep``, by scenario."""
        return {scenario: int((yes & keep).sum()) for scenario, yes in self.marked.items()}

    def part(self, keep: npt.NDArray[np.bool_]) -> Sureness:
        """The same of some villages alone, those marked in ``keep``."""
        marked = {scenario: yes[keep] for scenario, yes in self.marked.items()}
        counts = {scenario: int(yes.sum()) for scenario, yes in marked.items()}
        return Sureness(
            villages=self.villages[keep],
            uncovered=counts,
            between=data_range(counts, is_computed=self.between.is_computed),
            marked=marked,
        )

    @property
    def borderline(self) -> int:
        """Villages that are not firm."""
        return int((~self.villages["firm"]).sum())


def how_sure(measures: Measures, rule: Rule, *, expected: Expected = NOBODY) -> Sureness:
    """Judge again in every scenario that applies; see the module. Some times as long as judging.

    Thresholds of signals move by `SIGNAL_DB` where the rule has one for some signal layer;
    shares are asked for as `SHARES` says, the weak one capped; footprints move where they were
    measured moved. Raises `CoverageError` as `coverage.judge` does.
    """
    base = decide(measures, rule, expected=expected)
    status = _status(base)
    turned: dict[Scenario, npt.NDArray[np.bool_]] = {}
    marked = {Scenario.BASE: status == 1}
    for scenario, m, changed in _scenarios(measures, rule):
        if m is measures and changed == rule:
            marked[scenario] = marked[Scenario.BASE]
            continue
        other = _status(decide(m, changed, expected=expected))
        marked[scenario], turned[scenario] = other == 1, other != status
    counts = {scenario: int(yes.sum()) for scenario, yes in marked.items()}
    return Sureness(
        villages=_villages(measures, rule, base, turned),
        uncovered=counts,
        between=data_range(counts, is_computed=_is_computed(measures, rule, marked)),
        marked=marked,
    )


def _is_computed(measures: Measures, rule: Rule, marked: Container[Scenario]) -> bool:
    """Whether footprints were moved, where any count."""
    return Scenario.INWARD in marked or not _outlined(measures.layers, rule)


def _outlined(layers: Iterable[LayerInfo], rule: Rule) -> bool:
    """Whether any footprint, or disc around a site, counts."""
    return any(x.kind != "signal" and rule.admits(x) for x in layers)


def _scenarios(measures: Measures, rule: Rule) -> Iterator[tuple[Scenario, Measures, Rule]]:
    """Every scenario that applies, with the measures and the rule it is judged by."""
    if any(_level_asked(measures, rule)):
        yield Scenario.DBM_PLUS, measures, replace(rule, loss_db=rule.loss_db + SIGNAL_DB)
        yield Scenario.DBM_MINUS, measures, replace(rule, loss_db=rule.loss_db - SIGNAL_DB)
    named = (Scenario.SHARE_10, Scenario.SHARE_50, Scenario.SHARE_90)
    for scenario, share in zip(named, SHARES, strict=True):
        weak = min(rule.weak_share, share)
        yield scenario, measures, replace(rule, covered_share=share, weak_share=weak)
    moved = measures.moved
    if moved is not None and _told(measures, rule, moved.inward):
        yield Scenario.INWARD, _with(measures, moved.inward), rule
        yield Scenario.OUTWARD, _with(measures, moved.outward), rule


def _level_asked(measures: Measures, rule: Rule) -> list[bool]:
    """Whether each layer is a signal layer that serves by the rule from some level on."""
    return [
        x.kind == "signal" and rule.admits(x) and rule.min_dbm(x.technology) is not None
        for x in measures.layers
    ]


def _told(measures: Measures, rule: Rule, areas: Areas) -> bool:
    """Whether what the rule counts was measured with moved footprints too."""
    basis = basis_of(measures, rule)
    return _outlined(measures.layers, rule) and (
        basis not in measures.amounts or basis in areas.amounts
    )


def _with(measures: Measures, areas: Areas) -> Measures:
    """The measures as they are with moved footprints."""
    return replace(
        measures,
        village=areas.village,
        combination=areas.combination,
        area_m2=areas.area_m2,
        centre=areas.centre,
        amounts={**measures.amounts, **areas.amounts},
    )


def _status(found: Decided) -> npt.NDArray[np.int8]:
    """0 covered, 1 uncovered, 2 unknown."""
    return np.select([found.code == COVERED, found.code == UNKNOWN], [0, 2], 1).astype(np.int8)


def data_range(counts: Mapping[Scenario, int], *, is_computed: bool) -> Between:
    """The ends of the range, of `DATA`; of scenarios that are alike the first one."""
    own = {scenario: counts[scenario] for scenario in DATA if scenario in counts}
    low_by = min(own, key=lambda scenario: own[scenario])
    high_by = max(own, key=lambda scenario: own[scenario])
    return Between(
        low=own[low_by],
        high=own[high_by],
        low_by=low_by,
        high_by=high_by,
        is_computed=is_computed,
    )


def _villages(
    measures: Measures,
    rule: Rule,
    base: Decided,
    turned: Mapping[Scenario, npt.NDArray[np.bool_]],
) -> pd.DataFrame:
    never = np.zeros(len(base.code), bool)
    by_moving = turned.get(Scenario.INWARD, never) | turned.get(Scenario.OUTWARD, never)
    any_turn = np.any([never, *turned.values()], axis=0)
    text = np.full(len(base.code), "", dtype=object)
    for row in np.flatnonzero(any_turn):
        text[row] = ", ".join(scenario for scenario, yes in turned.items() if yes[row])
    return pd.DataFrame(
        {
            "firm": ~any_turn,
            "turned_by": text,
            "share_margin": np.where(
                is_placed(measures), _share(rule, base) - rule.covered_share, np.nan
            ),
            "dbm_margin": _dbm_margin(measures, rule),
            "moved_m": np.where(by_moving, _moved_m(measures, rule), np.nan),
        },
        index=measures.villages.index,
    )


def _share(rule: Rule, base: Decided) -> Floats:
    """The share that decides: of the union, or of the last operator that is asked for."""
    if rule.unite:
        return base.union
    if base.share.shape[1] < rule.min_operators:
        return np.zeros(len(base.code))
    return np.sort(base.share, axis=1)[:, -rule.min_operators]


def _dbm_margin(measures: Measures, rule: Rule) -> Floats:
    """Best signal at each centre over what its technology must have, in dB; NaN without one."""
    best = np.full(len(measures.villages), -np.inf)
    asked = [x for x, yes in zip(measures.layers, _level_asked(measures, rule), strict=True) if yes]
    for levels in measures.levels:
        for k, technology in enumerate(levels.technologies):
            wanted = (levels.operator, levels.evidence, technology)
            least = rule.min_dbm(technology)
            if least is None or wanted not in {
                (x.operator, x.evidence, x.technology) for x in asked
            }:
                continue
            level = levels.centre[:, k].astype(np.float64)
            margin = np.where(
                level >= LOWEST_LEVEL, level - LOWEST_LEVEL + LOW_DBM - least, -np.inf
            )
            best = np.maximum(best, margin)
    return np.where(np.isfinite(best), best, np.nan)


def _moved_m(measures: Measures, rule: Rule) -> float:
    """The farthest that any footprint which counts was moved, in metres."""
    return max(
        (
            DEFAULT_ACCURACY_M if x.accuracy_m is None else x.accuracy_m
            for x in measures.layers
            if x.kind != "signal" and rule.admits(x)
        ),
        default=np.nan,
    )

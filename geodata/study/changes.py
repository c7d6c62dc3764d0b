"""What changed since an earlier kept result, by village id."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

import pandas as pd

from coverage.select import UNCOVERED
from geodata.errors import GeodataError
from geodata.study.reopen import kept_runs, open_run
from geodata.study.results import Run, published_before


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """Villages (their ids) whose standing changed since an earlier run."""

    since_run: str
    since_day: date
    made_at: datetime
    rule: str
    newly_covered: tuple[str, ...]
    newly_uncovered: tuple[str, ...]
    newly_unknown: tuple[str, ...]
    appeared: tuple[str, ...]
    disappeared: tuple[str, ...]

    def cut(self, ids: Collection[str]) -> Changes:
        """Only what concerns some villages; those that are gone concern nobody."""
        wanted = set(ids)

        def kept(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(name for name in names if name in wanted)

        return replace(
            self,
            newly_covered=kept(self.newly_covered),
            newly_uncovered=kept(self.newly_uncovered),
            newly_unknown=kept(self.newly_unknown),
            appeared=kept(self.appeared),
            disappeared=(),
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not (
            self.newly_covered
            or self.newly_uncovered
            or self.newly_unknown
            or self.appeared
            or self.disappeared
        )


def changes_since(run: Run) -> Changes | None:
    """The changes since the result published before this one; None where there is none.

    Where nothing else was ever published, the newest earlier run by the same rule counts.
    """
    earlier = _earlier(run)
    if earlier is None:
        return None
    old = earlier.assessment.verdicts["verdict"]
    new = run.assessment.verdicts["verdict"]
    both = new.index.intersection(old.index)
    before, now = old.loc[both], new.loc[both]
    return Changes(
        since_run=earlier.run_id,
        since_day=earlier.study.as_of,
        made_at=earlier.made_at,
        rule=earlier.assessment.rule.title,
        newly_covered=_ids((now == "covered") & (before != "covered")),
        newly_uncovered=_ids(now.isin(UNCOVERED) & ~before.isin(UNCOVERED)),
        newly_unknown=_ids((now == "unknown") & (before != "unknown")),
        appeared=tuple(map(str, new.index.difference(old.index))),
        disappeared=tuple(map(str, old.index.difference(new.index))),
    )


def _earlier(run: Run) -> Run | None:
    """The run to compare with, opened; one that cannot be read any more is passed over."""
    names = published_before(run.study, run.run_id)
    if names is None:
        names = tuple(
            folder.name for folder in reversed(kept_runs(run.study)) if folder.name != run.run_id
        )
        same_rule = True
    else:
        same_rule = False
    for name in names:
        try:
            found = open_run(run.study, name)
        except GeodataError:
            continue
        if found.made_at <= run.made_at and (
            not same_rule or found.assessment.rule == run.assessment.rule
        ):
            return found
    return None


def _ids(which: pd.Series[bool]) -> tuple[str, ...]:
    return tuple(str(key) for key in which.index[which])

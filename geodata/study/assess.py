"""Assessing a study: measure what is not measured yet, judge, summarise, keep."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from coverage.model import Rule
from coverage.rules import RULES
from geodata.errors import CallError
from geodata.study.cache import limit_bytes, limit_kept
from geodata.study.kept import measures_of, plan_of, store_of
from geodata.study.model import Study
from geodata.study.results import Run, keep_run, make_run, now

Progress = Callable[[float], None]


def assess_study(
    study: Study,
    *,
    rule: str | Rule | None = None,
    publish: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Assess a study by its own rule, or another, and keep the run under its id.

    Nothing is measured where kept measures fit the inputs. ``publish`` makes the run the
    study's current one. Raises `CallError` for a rule nobody knows. Measures kept beyond
    their limit are removed (see `geodata.study.cache`).
    """
    chosen = study.rule if rule is None else named_rule(rule)
    limit_bytes()  # a wrong setting is told before anything is measured
    study = study.judged_by(chosen)
    plan = plan_of(study)
    with store_of(study).locked(plan.entries):  # two that start together measure once
        found = measures_of(study, plan, progress=progress)
        run = make_run(study, found, chosen, plan=plan, made_at=now())
        run = keep_run(run, publish=publish)
        limit_kept(study.folder, mine=plan.entries)
        return run


def named_rule(rule: str | Rule) -> Rule:
    """A rule by its name. Raises `CallError` with the nearest names."""
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        near = difflib.get_close_matches(rule, RULES, n=1)
        raise CallError(
            "rule {rule} is not known; expected {known}{hint}",
            rule=rule,
            known=", ".join(sorted(RULES)),
            hint=f" — {near[0]}?" if near else "",
        )
    return RULES[rule]

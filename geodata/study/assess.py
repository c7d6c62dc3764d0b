"""Assessing a study: measure what is not measured yet, judge, summarise, keep."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from coverage.model import Rule
from coverage.rules import RULES
from geodata.errors import CallError
from geodata.study.cache import limit_bytes, limit_kept
from geodata.study.engine import HERE, Engine
from geodata.study.kept import Found, measures_of, plan_of, store_of
from geodata.study.manifests import require_folders
from geodata.study.model import Study
from geodata.study.reopen import (
    difference_since,
    latest_run,
    shown_as_kept,
    shown_before,
    unmeasured_rule,
)
from geodata.study.results import Run, keep_run, make_run, now
from geodata.study.superseded import with_older_told

Progress = Callable[[float], None]

ENGINES = ("local", "dask")

CLUSTER_PACKAGES = ("dask", "distributed")
"""Those of the optional extra ``cluster``, which a cluster needs."""


def assess_study(
    study: Study,
    *,
    rule: str | Rule | None = None,
    publish: bool = False,
    engine: str = "local",
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Assess a study by its own rule, or another, and keep the run under its id.

    Nothing is measured where kept measures fit the inputs. ``publish`` makes the run the
    study's current one. With the ``engine`` "dask" a cluster measures: the one at the
    address ``scheduler``, else one of so many ``workers`` on this machine
    (`geodata.study.cluster`); the same measures come of it, and are kept under the same keys.
    Measures kept beyond their limit are removed (see `geodata.study.cache`). Where another run was
    published (or kept, without any) before, the run says what has changed since (`Run.since`),
    unless another rule is tried out. Raises `CallError`
    for a rule or an engine nobody knows, for a cluster that cannot be used and for its packages
    where they are missing.
    """
    chosen = study.rule if rule is None else named_rule(rule)
    limit_bytes()  # a wrong setting is told before anything is measured
    require_folders(study.folder / "results")
    before = shown_before(study) if chosen == study.rule else None
    study = study.judged_by(chosen)
    plan = plan_of(study)
    with (
        _engine(engine, scheduler, workers, folder=study.folder / "results") as means,
        store_of(study).locked(plan.entries),  # two that start together measure once
    ):
        found = measures_of(study, plan, engine=means, progress=progress)
        run = make_run(study, found, chosen, plan=plan, made_at=now())
        run = keep_run(run, publish=publish)
        run = replace(run, study=with_older_told(run.study, run.assessment))
        limit_kept(study.folder, mine=plan.entries)
    if before is None or before == run.run_id:
        return run
    return replace(run, since=difference_since(study, before, run))


def run_to_show(
    study: Study, *, kept: bool = True, publish: bool = False, progress: Progress | None = None
) -> Run:
    """The run to show of a study (`latest_run`, else `shown_as_kept`), assessed if it never was.

    One that was published, or with ``kept`` one that is kept, stays what is shown, whatever has
    changed since: to assess anew is for somebody to ask for. Where only the measures of the
    published one are gone, they are measured again, with the same figures. ``publish`` publishes
    a first run. Raises `UnreadableError` where what is published cannot be read.
    """
    found = latest_run(study)
    rule = unmeasured_rule(study) if found is None else None
    if rule is not None:
        mended = _measured_again(study, rule, progress).mended
        found = latest_run(study)
        found = None if found is None else replace(found, mended=(*found.mended, *mended))
    return (
        found
        or shown_as_kept(study, kept=kept)
        or assess_study(study, publish=publish, progress=progress)
    )


def _measured_again(study: Study, rule: Rule, progress: Progress | None) -> Found:
    """Measures that a rule needs and that are not kept any more, or not believed."""
    study = study.judged_by(rule)
    plan = plan_of(study)
    with store_of(study).locked(plan.entries):
        return measures_of(study, plan, progress=progress)


def _engine(
    name: str, scheduler: str | None, workers: int | None, *, folder: Path
) -> AbstractContextManager[Engine]:
    """What measures, by its name, for as long as it is needed."""
    if name not in ENGINES:
        raise CallError(
            "engine {engine} is not known; expected {known}",
            engine=name,
            known=", ".join(ENGINES),
        )
    if name == "local":
        if scheduler is not None or workers is not None:
            raise CallError("a scheduler and workers go with the engine dask; add --engine dask")
        return nullcontext(HERE)
    if scheduler is not None and workers is not None:
        raise CallError(
            "--workers starts workers on this machine, and the cluster at {address} has its own; "
            "leave one of the two out",
            address=scheduler,
        )
    if workers is not None and workers < 1:
        raise CallError("--workers is {found}; at least one is needed", found=workers)
    missing = [package for package in CLUSTER_PACKAGES if find_spec(package) is None]
    if missing:
        raise CallError(
            "--engine dask needs {packages}, not installed here; install the extra cluster: "
            "{command}",
            packages=", ".join(missing),
            command="uv sync --extra cluster",
        )
    from geodata.study.cluster import Cluster  # noqa: PLC0415  # takes a second

    return Cluster(scheduler, workers=workers, folder=folder)


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

"""Kept runs opened again: the latest, one by its id, and the one to show of a study.

A run that another version of reading or of judging made (`geodata.study.run_ids.VERSIONS`) opens
with the verdicts that were stored with it; all others are judged from their kept measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd

import coverage
from coverage.model import VILLAGE_COLUMNS, Measures, Rule
from geodata.errors import CallError, GeodataError, KeptResultError, UnreadableError, phrase
from geodata.study.difference import (
    Difference,
    difference,
    is_of_this_version,
    stored_verdicts,
    turned,
)
from geodata.study.kept import Found, Plan, load_measures, load_named, plan_of
from geodata.study.manifests import (
    expected_told,
    history_in,
    layers_told,
    parts_named,
    published_if_told,
    published_in,
    read_manifest,
    require_whole,
    rule_told,
)
from geodata.study.model import Study
from geodata.study.results import Run, are_areas_of, make_run
from geodata.study.run_ids import is_id_of
from geodata.study.stored import OF_FILES, PLACE, read_stored, unreadable

Manifest = dict[str, Any]


def published_id(study: Study) -> str | None:
    """The run that is published, or None."""
    return published_in(study.folder / "results")


def kept_runs(study: Study) -> tuple[Path, ...]:
    """Folders of the kept runs, the newest last; those whose manifest cannot be read are not."""
    dated = [(manifest["made_at"], folder) for folder, manifest in _kept(study)[0].items()]
    return tuple(folder for _, folder in sorted(dated))


def _kept(study: Study) -> tuple[dict[Path, Manifest], dict[str, UnreadableError]]:
    """Manifests of the kept runs by folder; by run, why those that cannot be read cannot."""
    found: dict[Path, Manifest] = {}
    broken: dict[str, UnreadableError] = {}
    for path in sorted((study.folder / "results").glob("[!.]*/manifest.json")):
        try:
            found[path.parent] = read_manifest(path.parent)
        except UnreadableError as error:
            broken[path.parent.name] = error
    return found, broken


def kept_manifests(study: Study) -> tuple[tuple[str, str], ...]:
    """Ids of the kept runs with the key of their measures: what was published, then the newest.

    A run whose manifest cannot be read is passed over.
    """
    found = {
        folder.name: (str(manifest["made_at"]), str(manifest["measures"]))
        for folder, manifest in _kept(study)[0].items()
    }
    results = study.folder / "results"
    published = [published_if_told(results) or "", *reversed(history_in(results))]
    newest = sorted(found, key=lambda name: found[name][0], reverse=True)
    order = dict.fromkeys(name for name in (*published, *newest) if name in found)
    return tuple((name, found[name][1]) for name in order)


def _require_published(
    published: str | None, found: Iterable[Path], broken: Mapping[str, UnreadableError]
) -> None:
    """Raise `KeptResultError` where a run is published that cannot be read."""
    if published is not None and published in broken:
        raise broken[published]
    if published and all(folder.name != published for folder in found):
        raise KeptResultError(
            "{file} names run {run}, which is not kept; assess and publish the study again",
            file="results/current",
            run=published,
        )


def latest_run(study: Study) -> Run | None:
    """The published run, else the study's own, else the newest what-if; None where none fits.

    A run made of other inputs, or by a rule that the study file no longer names, is history:
    `open_run` opens it, and it is not shown as current. One that another version made of the
    same inputs has its stored verdicts, and says so (`Run.outdated`). Raises `KeptResultError`
    where the published run cannot be read, or nothing is published and no run can.
    """
    plan = plan_of(study)
    measures = load_measures(study, plan)
    if measures is None:
        return None
    fitting = _fitting(study, plan)
    if fitting is None:
        return None
    folder, manifest, rule = fitting
    if study.judged_by(rule).hexes != study.hexes:  # a what-if of another rule, which needs more
        study = study.judged_by(rule)
        plan = plan_of(study)
        measures = load_measures(study, plan)
        if measures is None:
            return None
    if not is_of_this_version(manifest):
        run = _stored_run(study, folder, manifest, measures, rule)
        return replace(run, outdated=_looked_at(study, run, manifest))
    kept = Found(measures=measures, measured_layers=0, measured=False)
    made = datetime.fromisoformat(manifest["made_at"])
    run = make_run(study, kept, rule, plan=plan, made_at=made)
    if rule == study.rule or manifest.get("what_if"):
        return run
    return replace(run, outdated=difference(study, run.run_id, manifest))


def _fitting(study: Study, plan: Plan) -> tuple[Path, Manifest, Rule] | None:
    """The kept run of a study's measures that `latest_run` opens, with its manifest and rule."""
    published = published_id(study)
    best: tuple[bool, Path, Rule] | None = None
    found, broken = _kept(study)
    _require_published(published, found, broken)
    for folder, manifest in sorted(found.items(), key=lambda one: (one[1]["made_at"], one[0])):
        rule = rule_told(manifest)
        if rule is None or not is_id_of(folder.name, study, rule, key=plan.key):
            continue
        own = rule == study.rule
        shown = published == folder.name if published else own or bool(manifest.get("what_if"))
        if shown and (best is None or own >= best[0]):
            best = own, folder, rule
    if best is None:
        if broken and not found:
            raise next(iter(broken.values()))
        return None
    _, folder, rule = best
    return folder, found[folder], rule


def open_run(study: Study, run_id: str) -> Run:
    """A kept run as it was made, whatever the study's inputs are by now. Measures nothing.

    Its ``study`` has the villages of then. One that another version made has its stored
    verdicts, and says so (`Run.outdated`). Raises `CallError` for a run that is not kept, and
    `KeptResultError` where a part of it is gone.
    """
    found, broken = _kept(study)
    if run_id in broken:
        raise broken[run_id]
    kept = {folder.name: folder for folder in found}
    if run_id not in kept:
        raise CallError(
            "run {asked} is not kept; the study has {known}",
            asked=run_id,
            known=", ".join(sorted(kept)) or phrase("no run at all"),
        )
    folder, manifest = kept[run_id], found[kept[run_id]]
    require_whole(folder, manifest)
    then = _study_then(study, folder, manifest)
    rule = rule_told(manifest)
    measures = _measures_then(then, folder, manifest)
    if measures is None or rule is None:
        raise KeptResultError(
            "the measures of run {run} are gone or of another version; assess its study again",
            run=run_id,
        )
    if not is_of_this_version(manifest):
        run = _stored_run(then, folder, manifest, measures, rule)
        return replace(run, outdated=_looked_at(study, run, manifest))
    assessment = coverage.judge(measures, rule, expected=expected_told(manifest))
    return Run(
        run_id=run_id,
        study=then,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=study.published),
        made_at=datetime.fromisoformat(manifest["made_at"]),
        measured=False,
        folder=folder,
        measures=str(manifest["measures"]),
        parts=parts_named(manifest),
    )


def shown_as_kept(study: Study, *, kept: bool = True) -> Run | None:
    """The run that a study showed before its inputs, or the program, were changed, as it was.

    It is the published one; without any the newest that is kept, unless ``kept`` is False. It
    says what is another by now (`Run.outdated`): nothing is measured or judged anew. None where
    nothing was published, and nothing is kept that can be opened. Raises `KeptResultError` where
    what is published cannot be read.
    """
    published = published_id(study)
    if published is not None:
        return _outdated(study, open_run(study, published))
    for name in _own_first(study) if kept else ():
        try:
            return _outdated(study, open_run(study, name))
        except GeodataError:
            continue
    return None


def shown_before(study: Study) -> str | None:
    """The id of the run that is published, else of the newest that is kept; None without any."""
    published = published_if_told(study.folder / "results")
    return published or next(iter(_own_first(study)), None)


def unmeasured_rule(study: Study) -> Rule | None:
    """The rule of the published run where it fits the inputs and only its measures are gone.

    Then the same can be measured again. None where that is not so.
    """
    published = published_if_told(study.folder / "results")
    if published is None:
        return None
    try:
        rule = rule_told(read_manifest(study.folder / "results" / published))
    except UnreadableError:
        return None
    if rule is None:
        return None
    study = study.judged_by(rule)
    plan = plan_of(study)
    fits = is_id_of(published, study, rule, key=plan.key)
    return rule if fits and load_measures(study, plan) is None else None


def difference_since(study: Study, name: str, run: Run) -> Difference | None:
    """What is another in a run than in a kept one; None where that cannot be read any more."""
    folder = study.folder / "results" / name
    try:
        manifest = read_manifest(folder)
    except UnreadableError:
        return None
    before = stored_verdicts(folder)
    found = difference(study, name, manifest)
    if "rule" not in found.settings and rule_told(manifest) != run.assessment.rule:
        found = replace(found, settings=(*found.settings, "tried"), inputs=True)
    if before is None:
        return found
    return replace(found, turned=turned(before, run.assessment.verdicts["verdict"]))


def _own_first(study: Study) -> tuple[str, ...]:
    """Ids of the kept runs, the newest first; those that tried another rule out come last."""
    found = _kept(study)[0]
    order = sorted(
        found,
        key=lambda folder: (not found[folder].get("what_if"), found[folder]["made_at"]),
        reverse=True,
    )
    return tuple(folder.name for folder in order)


def _outdated(study: Study, run: Run) -> Run:
    """A run that does not fit its study as it stands, with what is another by now."""
    if run.outdated is not None:
        return run
    return replace(run, outdated=difference(study, run.run_id, read_manifest(run.folder)))


def _study_then(study: Study, folder: Path, manifest: Manifest) -> Study:
    """The study with the villages and the day that a kept run is of."""
    try:
        table = gpd.read_parquet(folder / "villages.parquet")
        if PLACE in table:  # an older run's rows are in their order
            table = table.sort_values(PLACE)
    except OF_FILES as error:
        raise unreadable(folder, "villages") from error
    day = date.fromisoformat(manifest.get("as_of") or study.as_of.isoformat())
    settings = study.settings.model_copy(update={"as_of": day})
    villages = table[[*VILLAGE_COLUMNS, "geometry", "centre"]]
    told = None if study.told is None else study.told.reindex(villages.index)
    return replace(study, settings=settings, villages=villages, told=told)


def _measures_then(then: Study, folder: Path, manifest: Manifest) -> Measures | None:
    """The kept measures that a manifest names, None where they are gone.

    Entries of earlier versions bear no proof of what they are: they are taken where the areas are
    those of the run's own table.
    """
    named, layers = parts_named(manifest), layers_told(manifest)
    found = load_named(then, named, layers)
    if found is not None:
        return found
    found = load_named(then, named, layers, proven=False)
    return found if found is not None and are_areas_of(found, folder) else None


def _stored_run(
    study: Study, folder: Path, manifest: Manifest, measures: Measures, rule: Rule
) -> Run:
    """A kept run with its stored verdicts, of the villages of ``study``."""
    require_whole(folder, manifest)
    stored = read_stored(folder, manifest, measures.villages.index)
    try:
        found = stored.assessment(measures, rule, expected_told(manifest))
    except ValueError as error:
        raise unreadable(folder, "villages") from error
    return Run(
        run_id=folder.name,
        study=study,
        assessment=found,
        summary=stored.summary(found, study.published),
        made_at=datetime.fromisoformat(manifest["made_at"]),
        measured=False,
        folder=folder,
        measures=str(manifest["measures"]),
        parts=parts_named(manifest),
        stored_sureness=stored.sureness,
    )


def _looked_at(study: Study, run: Run, manifest: Manifest) -> Difference:
    """What is another, with how many villages this version judges otherwise by the same measures.

    Nobody looks where the inputs are others too: verdicts would differ for either reason.
    """
    found = difference(study, run.run_id, manifest)
    if found.inputs or found.other_measures:
        return found
    theirs = run.assessment
    now = coverage.judge(theirs.measures, theirs.rule, expected=theirs.expected)
    return replace(found, turned=turned(theirs.verdicts["verdict"], now.verdicts["verdict"]))

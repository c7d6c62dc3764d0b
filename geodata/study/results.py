"""Runs: what one assessment found, kept whole in the study's ``results`` folder."""

from __future__ import annotations

import json
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import geopandas as gpd
import numpy as np
import pandas as pd

import coverage
from coverage.model import Assessment, Measures, Rule, Summary
from coverage.sure import Sureness
from geodata.errors import Phrase, UnreadableError, phrase
from geodata.files import whole_file, whole_folder
from geodata.staging import UNFINISHED
from geodata.study.difference import VERSIONS_TOLD, Difference
from geodata.study.inputs import digests_of, require_unchanged
from geodata.study.kept import Found, Named, Plan
from geodata.study.manifests import (
    DIGEST,
    damaged_file,
    digest_of,
    file_digest,
    history_in,
    is_history_damaged,
    published_if_told,
    read_manifest,
    require_no_folders,
    require_whole,
)
from geodata.study.model import Study
from geodata.study.run_ids import run_id, versions
from geodata.study.stored import PLACE
from geodata.written import write_bytes, write_parquet

PACKAGES = ("geopandas", "numba", "numpy", "pandas", "phusong", "pyogrio", "pyproj", "shapely")

HISTORY_MENDED = phrase(
    "{file} was damaged: what named no run is left out, and what did is kept",
    file="results/history",
)
HISTORY_DAMAGED = phrase(
    "{file} is damaged; the next publication writes it anew, with what of it names runs",
    file="results/history",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One assessment of a study. ``measured`` is False where kept measures were used.

    ``measured_layers``: how many of its layers were measured for it. ``measures`` is the key of
    its measures, and ``parts`` the kind and key of each part of them, as they are kept.
    ``what_if`` marks one seen through a rule that is not the published one: it is on no disk.
    ``alone`` names the operator of whose layers alone it is ("" where it is of all), as
    `geodata.access.restrict` makes it for that operator's people. ``mended`` names what was kept
    of it, or with it, was damaged, and what was done about that.

    ``outdated`` says what is another by now where it is not what its study would give as it
    stands; ``since`` what is another than when the run was kept that was shown before it.
    ``stored_sureness`` is of a run that another version judged, as it was kept with it.
    """

    run_id: str
    study: Study
    assessment: Assessment
    summary: Summary
    made_at: datetime
    measured: bool
    folder: Path
    measures: str
    parts: tuple[Named, ...]
    measured_layers: int = 0
    what_if: bool = False
    alone: str = ""
    mended: tuple[Phrase, ...] = ()
    outdated: Difference | None = None
    since: Difference | None = None
    stored_sureness: Sureness | None = field(default=None, repr=False)

    @property
    def has_other_measures(self) -> bool:
        """Whether its measures are of other layers or villages than its study has by now."""
        return self.outdated is not None and self.outdated.other_measures

    @cached_property
    def sureness(self) -> Sureness:
        """How sure its verdicts are, and between what its headline lies; found when first asked.

        Of a run cut down to what somebody may see, it is of the villages and layers they see.
        """
        if self.stored_sureness is not None:
            return self.stored_sureness
        found = self.assessment
        return coverage.how_sure(found.measures, found.rule, expected=found.expected)


def make_run(study: Study, found: Found, rule: Rule, *, plan: Plan, made_at: datetime) -> Run:
    """Judge and summarise measures of a study, found by its ``plan``. Writes nothing."""
    assessment = coverage.judge(found.measures, rule, expected=study.expected)
    name = run_id(study, rule, key=plan.key)
    return Run(
        run_id=name,
        study=study,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=study.published),
        made_at=made_at,
        measured=found.measured,
        measured_layers=found.measured_layers,
        folder=study.folder / "results" / name,
        measures=plan.key,
        parts=plan.named,
        mended=found.mended,
    )


def keep_run(run: Run, *, publish: bool) -> Run:
    """Write a run whole, unless it is there already; ``publish`` moves ``results/current``.

    Returns the run, with the time it was first made where it was there. One that is damaged is
    written anew, and a damaged ``history`` is told.
    """
    if publish:
        require_no_folders(run.study.folder / "results")
    damage = _damage(run.folder)
    if damage is None:
        made = datetime.fromisoformat(read_manifest(run.folder)["made_at"])
        run = replace(run, made_at=made)
    else:
        require_unchanged(run.study.seen)
        with whole_folder(run.folder) as folder:
            _write(run, folder)
            _put_away(run.folder)
        if damage:
            mended = phrase("{file} was damaged, and has been made anew", file=damage)
            run = replace(run, mended=(*run.mended, mended))
    if is_history_damaged(run.study.folder / "results"):
        told = HISTORY_MENDED if publish else HISTORY_DAMAGED
        run = replace(run, mended=(*run.mended, told))
    if publish:
        _remember(run)
        with whole_file(run.study.folder / "results" / "current") as path:
            path.write_text(run.run_id + "\n", encoding="utf-8")
    return run


def _damage(folder: Path) -> str | None:
    """What of a kept run is damaged: None for nothing, "" where it was never kept."""
    if not folder.exists():
        return ""
    try:
        name = damaged_file(folder, read_manifest(folder))
    except UnreadableError:
        name = "manifest.json"
    return f"results/{folder.name}/{name}" if name else None


def _put_away(folder: Path) -> None:
    """Make room for a run that was damaged."""
    if folder.is_dir():
        gone = folder.parent / f"{UNFINISHED}{uuid4().hex}"
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _remember(run: Run) -> None:
    """Add a run to the history of what was published; what stood there first comes first.

    The same run twice is one publication, and what of it names no run is left out.
    """
    lines = _history(run.study)
    is_whole = not is_history_damaged(run.study.folder / "results")
    if is_whole and lines[-1:] == [run.run_id]:
        return
    current = published_if_told(run.study.folder / "results")  # it is written anew in a moment
    if current and not lines:
        lines.append(current)
    lines += [] if lines[-1:] == [run.run_id] else [run.run_id]
    with whole_file(run.study.folder / "results" / "history") as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def published_before(study: Study, name: str) -> tuple[str, ...] | None:
    """Runs published before this one, the latest first; None where it never was, or nothing was."""
    lines = _history(study)
    if name not in lines:
        return None
    last = len(lines) - 1 - lines[::-1].index(name)
    before = [line for line in reversed(lines[:last]) if line != name]
    return tuple(dict.fromkeys(before)) or None


def _write(run: Run, folder: Path) -> None:
    found = run.assessment
    sure = run.sureness.villages
    table = run.study.villages.join(found.verdicts).join(sure.drop(columns="share_margin"))
    table[PLACE] = np.arange(len(table))
    villages = gpd.GeoDataFrame(table, geometry="geometry", crs=run.study.crs)
    summary = run.summary
    others = {
        "measures": _measured_areas(found.measures),
        "operator_shares": found.operator_shares,
        "served_by": found.served_by,
        "by_district": summary.by_district,
        "by_commune": summary.by_commune,
        "by_operator": summary.by_operator,
        "by_technology": summary.by_technology,
        "by_layer": summary.by_layer,
        "by_number_of_operators": summary.by_number_of_operators.to_frame(),
    }
    with ThreadPoolExecutor(1) as beside:
        largest = beside.submit(write_parquet, villages, folder / "villages.parquet")
        for name, written in others.items():
            write_parquet(written, folder / f"{name}.parquet")
        largest.result()
    files = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
    told = json.loads(json.dumps({**_described(run), "files": files}, default=_plain))
    text = json.dumps({**told, DIGEST: digest_of(told)}, ensure_ascii=False, indent=2)
    write_bytes((text + "\n").encode(), folder / "manifest.json")


def _measured_areas(measures: Measures) -> pd.DataFrame:
    """The measures for people: the area of each village that exactly these layers serve."""
    sets, of = np.unique(measures.combination, return_inverse=True)
    titles = [
        ", ".join(x.title for k, x in enumerate(measures.layers) if int(bits) >> k & 1)
        for bits in sets
    ]
    return pd.DataFrame(
        {
            "village_id": measures.villages.index.to_numpy()[measures.village],
            "layers": np.array(titles, dtype=object)[of],
            "area_m2": measures.area_m2,
        }
    )


def are_areas_of(measures: Measures, folder: Path) -> bool:
    """Whether measures have the areas that are kept in a run's folder for people."""
    try:
        kept = pd.read_parquet(folder / "measures.parquet")
        own = _measured_areas(measures)
        same_rows = all(list(kept[name]) == list(own[name]) for name in ("village_id", "layers"))
        return same_rows and bool(np.array_equal(kept["area_m2"], own["area_m2"]))
    except (LookupError, OSError, TypeError, ValueError):
        return False


def _described(run: Run) -> dict[str, Any]:
    """The manifest: how to tell this run from another, and to make it again."""
    study, headline = run.study, run.summary.headline
    return {
        "run_id": run.run_id,
        VERSIONS_TOLD: versions(),
        "study": study.name,
        "as_of": study.as_of,
        "made_at": run.made_at,
        "measures": run.measures,
        "parts": [{"kind": kind, "key": key} for kind, key in run.parts],
        "rule": asdict(run.assessment.rule),
        "what_if": run.assessment.rule != study.rule,
        "expected": asdict(study.expected),
        "headline": {
            **asdict(headline),
            "uncovered": headline.uncovered,
            "share": headline.share,
        },
        "sureness": _sureness(run.sureness),
        "reconstruction": asdict(study.reconstruction) if study.reconstruction else None,
        "inputs": digests_of(study.inputs, study.folder, seen=study.seen),
        "tables": [asdict(table) for table in study.tables],
        "layers": [asdict(layer.info) for layer in study.layers],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _sureness(found: Sureness) -> dict[str, Any]:
    """The range of the headline, whose scenario each end is, and how many are borderline.

    ``uncovered_between`` is None where no range was computed.
    """
    between = found.between
    return {
        "uncovered_between": [between.low, between.high] if between.is_computed else None,
        "low_by": between.low_by,
        "high_by": between.high_by,
        "borderline": found.borderline,
        "uncovered_by_scenario": dict(found.uncovered),
    }


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value))


def manifest_of(run: Run) -> dict[str, Any]:
    """The manifest a run was kept with.

    Raises `UnreadableError` where it or a file of the run is gone, or another's.
    """
    manifest = read_manifest(run.folder)
    require_whole(run.folder, manifest)
    return manifest


def _history(study: Study) -> list[str]:
    """Ids of what was published, the latest last."""
    return history_in(study.folder / "results")


def now() -> datetime:
    """The time a run is made at."""
    return datetime.now(UTC).replace(microsecond=0)

"""Runs: what one assessment found, kept whole in the study's ``results`` folder."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd

import coverage
from coverage.model import Assessment, Expected, Measures, Rule, Summary
from geodata.errors import UnreadableError
from geodata.files import whole_file, whole_folder
from geodata.study.kept import load_measures, measures_key
from geodata.study.model import Study

PACKAGES = ("geopandas", "numba", "numpy", "pandas", "phusong", "pyogrio", "pyproj", "shapely")


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One assessment of a study. ``measured`` is False where kept measures were used."""

    run_id: str
    study: Study
    assessment: Assessment
    summary: Summary
    made_at: datetime
    measured: bool
    folder: Path


def make_run(
    study: Study, measures: Measures, rule: Rule, *, made_at: datetime, measured: bool
) -> Run:
    """Judge and summarise measures of a study. Writes nothing."""
    assessment = coverage.judge(measures, rule, expected=study.expected)
    run_id = _run_id(study, rule)
    return Run(
        run_id=run_id,
        study=study,
        assessment=assessment,
        summary=coverage.summarise(assessment, published=study.published),
        made_at=made_at,
        measured=measured,
        folder=study.folder / "results" / run_id,
    )


def _run_id(study: Study, rule: Rule) -> str:
    """The study's day and a digest of all that the result depends on."""
    digest = hashlib.sha256(measures_key(study).encode())
    digest.update(repr((rule, study.expected, study.published, study.name)).encode())
    attributes = study.villages.drop(columns=["geometry", "centre"])
    digest.update(attributes.to_csv().encode())
    return f"{study.as_of:%Y%m%d}-{digest.hexdigest()[:10]}"


def keep_run(run: Run, *, publish: bool) -> Run:
    """Write a run whole, unless it is there already; ``publish`` moves ``results/current``.

    Returns the run, with the time it was first made where it was there.
    """
    if (run.folder / "manifest.json").exists():
        made = datetime.fromisoformat(_manifest(run.folder)["made_at"])
        run = replace(run, made_at=made)
    else:
        with whole_folder(run.folder) as folder:
            _write(run, folder)
    if publish:
        with whole_file(run.study.folder / "results" / "current") as path:
            path.write_text(run.run_id + "\n", encoding="utf-8")
    return run


def _write(run: Run, folder: Path) -> None:
    table = run.study.villages.join(run.assessment.verdicts)
    gpd.GeoDataFrame(table, geometry="geometry", crs=run.study.crs).to_parquet(
        folder / "villages.parquet"
    )
    summary = run.summary
    summary.by_district.to_parquet(folder / "by_district.parquet")
    summary.by_commune.to_parquet(folder / "by_commune.parquet")
    summary.by_operator.to_parquet(folder / "by_operator.parquet")
    summary.by_technology.to_parquet(folder / "by_technology.parquet")
    summary.by_layer.to_parquet(folder / "by_layer.parquet")
    summary.by_number_of_operators.to_frame().to_parquet(folder / "by_number_of_operators.parquet")
    text = json.dumps(_described(run), ensure_ascii=False, indent=2, default=_plain)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _described(run: Run) -> dict[str, Any]:
    """The manifest: how to tell this run from another, and to make it again."""
    study, headline = run.study, run.summary.headline
    return {
        "run_id": run.run_id,
        "study": study.name,
        "as_of": study.as_of,
        "made_at": run.made_at,
        "measures": measures_key(study),
        "rule": asdict(run.assessment.rule),
        "expected": asdict(study.expected),
        "headline": {
            **asdict(headline),
            "uncovered": headline.uncovered,
            "share": headline.share,
        },
        "reconstruction": asdict(study.reconstruction) if study.reconstruction else None,
        "inputs": {_relative(path, study.folder): _sha256(path) for path in study.inputs},
        "layers": [asdict(layer.info) for layer in study.layers],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value))


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if folder in path.parents else path.name


def _sha256(path: Path) -> str:
    """Digest of a file, with the files that belong to it (a shapefile's, a table's)."""
    digest = hashlib.sha256()
    for part in sorted(path.parent.glob(f"{_escaped(path.stem)}.*")) or [path]:
        if part == path or part.suffix.lower() in (".dbf", ".shx", ".prj", ".dat", ".map", ".id"):
            digest.update(part.read_bytes())
    return digest.hexdigest()


def _escaped(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        text = (folder / "manifest.json").read_text(encoding="utf-8")
        return dict(json.loads(text))
    except (OSError, ValueError) as error:
        raise UnreadableError(
            "{file} cannot be read: {reason}; remove the folder and assess the study again",
            file=f"results/{folder.name}/manifest.json",
            reason=str(error),
        ) from error


def published_id(study: Study) -> str | None:
    """The run that is published, or None."""
    path = study.folder / "results" / "current"
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def kept_runs(study: Study) -> tuple[Path, ...]:
    """Folders of the kept runs, the newest last."""
    found = (study.folder / "results").glob("*/manifest.json")
    dated = [(_manifest(path.parent)["made_at"], path.parent) for path in found]
    return tuple(folder for _, folder in sorted(dated))


def latest_run(study: Study) -> Run | None:
    """The published run, else the newest kept one; None where nothing fits the study as it is.

    A run made of other inputs than the study has now is history: it is not shown as current.
    """
    measures = load_measures(study, measures_key(study))
    if measures is None:
        return None
    wanted = published_id(study)
    folders = [folder for folder in kept_runs(study) if wanted in (None, folder.name)]
    for folder in reversed(folders):
        manifest = _manifest(folder)
        rule = _rule(manifest["rule"])
        if folder.name == _run_id(study, rule) and _expected(manifest) == study.expected:
            made = datetime.fromisoformat(manifest["made_at"])
            return make_run(study, measures, rule, made_at=made, measured=False)
    return None


def _rule(table: dict[str, Any]) -> Rule:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return Rule(**values)


def _expected(manifest: dict[str, Any]) -> Expected:
    table: dict[str, Sequence[Any]] = manifest["expected"]
    return Expected(operators=tuple(table["operators"]), technologies=tuple(table["technologies"]))


def now() -> datetime:
    """The time a run is made at."""
    return datetime.now(UTC).replace(microsecond=0)

"""What has changed since a run was kept: input files, settings, versions of the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from coverage.model import Rule
from geodata.study.inputs import digests_of
from geodata.study.kept import plan_of
from geodata.study.manifests import expected_told, layers_told, rule_told
from geodata.study.model import Study
from geodata.study.run_ids import is_id_of, versions

Setting = Literal["rule", "expected", "layers", "as_of", "tried"]
Version = Literal["reading", "judging", "untold"]

KINDS: tuple[Version, ...] = ("reading", "judging")
VERSIONS_TOLD = "versions"
"""Where a manifest has the versions its run was made by; versions to December 2026 wrote none."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a kept run was made of that is another by now.

    ``run_id`` and ``made_at`` are of the kept run. ``versions``: what other version of the
    program made it otherwise, "untold" where its manifest has no versions. ``files``: inputs that
    were changed, added or removed, by their paths from the study's folder. ``settings``: what the
    study file says otherwise, "tried" where the run tried another rule out. ``inputs``: some of
    the two are not the same, also where neither is named. ``other_measures``: what was measured
    for it is not what would be now. ``turned``: how many villages have another verdict, None where
    nobody looked. ``rule``: by which the study is to be assessed anew.
    """

    run_id: str
    made_at: datetime
    rule: Rule
    versions: tuple[Version, ...] = ()
    files: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    inputs: bool = False
    other_measures: bool = False
    turned: int | None = None

    def unnamed(self) -> Difference:
        """Without what names files and settings, for who may not see all of the study."""
        return replace(self, files=(), settings=(), turned=None)


def is_of_this_version(manifest: Mapping[str, Any]) -> bool:
    """Whether a run was read and judged as this version of the program would."""
    return not _versions(manifest)


def difference(study: Study, name: str, manifest: Mapping[str, Any]) -> Difference:
    """What is another in the study as it stands, and in this program, than when a run was kept.

    ``name`` is the run's id. Inputs on which no figure depends are left out, as far as can be
    told: not where other files are read as the same, or the same as others.
    """
    tried = rule_told(dict(manifest))
    key = plan_of(study.judged_by(tried or study.rule)).key
    same = tried is not None and is_id_of(name, study, tried, key=key, of=_told(manifest))
    files = () if same else _files(study, manifest)
    settings = _settings(study, manifest, same=same)
    if settings and not same:
        own = study.inputs[0].name if study.inputs else ""  # what the study file says is told
        files = tuple(file for file in files if file != own)
    return Difference(
        run_id=name,
        made_at=datetime.fromisoformat(manifest["made_at"]),
        rule=tried if tried and manifest.get("what_if") is True else study.rule,
        versions=_versions(manifest),
        files=files,
        settings=settings,
        inputs=bool(files or settings),
        other_measures=manifest["measures"] != key,
    )


def turned(before: pd.Series[str], now: pd.Series[str]) -> int:
    """How many villages have another verdict, or are in one of the two alone."""
    both = now.index.intersection(before.index)
    alone = len(now) + len(before) - 2 * len(both)
    return alone + int((now.loc[both].astype(str) != before.loc[both].astype(str)).sum())


def stored_verdicts(folder: Path) -> pd.Series[str] | None:
    """The verdicts in a run's folder, None where they cannot be read."""
    try:
        table = pd.read_parquet(folder / "villages.parquet", columns=["verdict"])
    except (OSError, ValueError, KeyError):
        return None
    return table["verdict"]


def _told(manifest: Mapping[str, Any]) -> dict[str, int] | None:
    """The versions of a manifest, None where it has none."""
    told = manifest.get(VERSIONS_TOLD)
    if not isinstance(told, dict) or not all(isinstance(told.get(kind), int) for kind in KINDS):
        return None
    return {kind: told[kind] for kind in KINDS}


def _versions(manifest: Mapping[str, Any]) -> tuple[Version, ...]:
    told, now = _told(manifest), versions()
    if told is None:
        return ("untold",)
    return tuple(kind for kind in KINDS if told[kind] != now[kind])


def _files(study: Study, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Inputs and tables of databases whose digests differ; () where the manifest tells none."""
    told = manifest.get("inputs")
    if not isinstance(told, dict):
        return ()
    now: dict[str, Any] = digests_of(study.inputs, study.folder, seen=study.seen)
    return (*_changed(told, now), *_changed(_tables(manifest), _tables_now(study)))


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys((*before, *now))
    return [str(name) for name in names if before.get(name) != now.get(name)]


def _tables(manifest: Mapping[str, Any]) -> dict[str, Any]:
    tables = manifest.get("tables")
    found = [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []
    return {str(one.get("label")): one for one in found}


def _tables_now(study: Study) -> dict[str, Any]:
    return {table.label: asdict(table) for table in study.tables}


def _settings(study: Study, manifest: Mapping[str, Any], *, same: bool) -> tuple[Setting, ...]:
    """What the study file says otherwise; a rule that was tried out is not of the study file.

    With the ``same`` inputs that may be the rule alone.
    """
    told = dict(manifest)
    rule: dict[Setting, bool] = {
        "rule": told.get("what_if") is True or rule_told(told) == study.rule,
    }
    others: dict[Setting, bool] = {
        "expected": expected_told(told) == study.expected,
        "layers": layers_told(told) == tuple(layer.info for layer in study.layers),
        "as_of": told.get("as_of") in (None, study.as_of.isoformat()),
    }
    found = rule if same else {**rule, **others}
    return tuple(name for name, is_same in found.items() if not is_same)

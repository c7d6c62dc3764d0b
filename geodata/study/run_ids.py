"""Ids of runs: a digest of all that a result depends on, in a form that new fields leave alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from typing import Any

import pandas as pd

from coverage.judge import JUDGING
from coverage.model import Rule
from geodata.study.digests import READING
from geodata.study.model import Study

VERSIONS: Mapping[str, int] = {"reading": READING, "judging": JUDGING}
"""What a result depends on beside its inputs: how files are read, and how measures are judged."""


def versions() -> dict[str, int]:
    """The versions of reading and of judging of this program, as a manifest has them."""
    return dict(VERSIONS)


def run_id(study: Study, rule: Rule, *, key: str, of: Mapping[str, int] | None = None) -> str:
    """The study's day and a digest of measures (their ``key``), rule, filings and villages.

    ``of`` are the versions of another program, this one's where none are given. A field that has
    its default, and a column that says nothing, are no part of it: a version that has more of
    them makes the same id of the same study.
    """
    told = {
        **(versions() if of is None else of),
        "measures": key,
        "rule": canonical(rule),
        "expected": canonical(study.expected),
        "layers": [canonical(layer.info) for layer in study.layers],
        "villages": _attributes_digest(study),
    }
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return _named(study, hashlib.sha256(text.encode()).hexdigest())


def earlier_run_id(study: Study, rule: Rule, *, key: str) -> str:
    """The id under which versions to December 2026 kept a run of the same."""
    digest = hashlib.sha256(key.encode())
    layers = [layer.info for layer in study.layers]
    digest.update(repr((rule, study.expected, layers)).encode())
    digest.update(_attributes(study).to_csv().encode())
    return _named(study, digest.hexdigest())


def is_id_of(
    name: str, study: Study, rule: Rule, *, key: str, of: Mapping[str, int] | None = None
) -> bool:
    """Whether a run's folder of this name is of this study, rule and measures.

    ``of`` are the versions that it tells, this program's where none are given.
    """
    return name in (run_id(study, rule, key=key, of=of), earlier_run_id(study, rule, key=key))


def canonical(value: object) -> object:
    """A value as JSON has it: of a dataclass the fields that differ from their default.

    >>> from coverage.model import LayerInfo
    >>> canonical(LayerInfo(operator="A", technology="4G"))
    {'operator': 'A', 'technology': '4G'}
    """
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: getattr(value, one.name) for one in fields(value)}
        return {
            one.name: canonical(told[one.name])
            for one in fields(value)
            if told[one.name] != _default(one)
        }
    if isinstance(value, tuple | list):
        return [canonical(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def _default(one: Field[Any]) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default


def _attributes(study: Study) -> pd.DataFrame:
    return pd.DataFrame(study.villages.drop(columns=["geometry", "centre"]))


def _attributes_digest(study: Study) -> str:
    """A digest of what the villages' columns say, whatever their order."""
    table = _attributes(study)
    columns = sorted(name for name in table.columns if table[name].notna().any())
    return hashlib.sha256(table[columns].to_csv().encode()).hexdigest()


def _named(study: Study, digest: str) -> str:
    return f"{study.as_of:%Y%m%d}-{digest[:10]}"

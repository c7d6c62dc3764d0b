"""The verdicts of a run as they were stored with it, for runs that another version judged."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import coverage
from coverage.model import Assessment, Expected, Measures, Published, Rule, Summary, Verdict
from coverage.sure import Scenario, Sureness, data_range
from geodata.errors import KeptResultError
from geodata.study.manifests import rule_told

PLACE = "place"
"""A village's place among those of its study, from 0: kept measures name it by this, and the rows
of a file of them are in another order."""

VERDICT_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "verdict": "str", "decided_by": "str", "best_operator": "str", "best_share": "float64",
        "margin": "float64", "centre_served": "bool", "n_operators": "int64", "missing": "str",
        "any_share": "float64", "operators": "str", "technologies": "str",
    }
)  # fmt: skip
"""Columns of `coverage.model.Assessment.verdicts`, with their types."""

SURE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"firm": "bool", "turned_by": "str", "dbm_margin": "float64", "moved_m": "float64"}
)
"""Columns of `coverage.sure.Sureness.villages` that are stored beside the verdicts."""

SUMMARIES = ("by_district", "by_commune", "by_operator", "by_technology", "by_layer")
"""Tables of `coverage.model.Summary` that are stored."""

OF_FILES = (
    ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What pandas and Arrow raise where a file holds something else."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """The tables stored with a run, one row a village but for ``summaries`` (by their names).

    ``sureness`` is None where its version stored none.
    """

    verdicts: pd.DataFrame
    operator_shares: pd.DataFrame
    served_by: pd.DataFrame
    summaries: Mapping[str, pd.DataFrame]
    sureness: Sureness | None

    def assessment(self, measures: Measures, rule: Rule, expected: Expected) -> Assessment:
        """The stored verdicts as those of some measures.

        Raises `ValueError` where they are not of the measures' villages, or no verdicts.
        """
        tables = (self.verdicts, self.operator_shares, self.served_by)
        of_them = all(table.index.equals(measures.villages.index) for table in tables)
        are_all = list(self.verdicts) == list(VERDICT_COLUMNS)
        if not (of_them and are_all and set(self.verdicts["verdict"]) <= set(Verdict)):
            raise ValueError(rule.name)
        return Assessment(
            measures=measures,
            rule=rule,
            expected=expected,
            verdicts=self.verdicts,
            operator_shares=self.operator_shares,
            served_by=self.served_by,
        )

    def summary(self, found: Assessment, published: tuple[Published, ...]) -> Summary:
        """The summary of an assessment with the tables that are stored.

        Only those with all of its rows and columns; people within reach, which no table has, are
        summed up of the measures.
        """
        made = coverage.summarise(found, published=published)
        tables: dict[str, Any] = {}
        for name in SUMMARIES:
            own: pd.DataFrame = getattr(made, name)
            table = self.summaries[name]
            if set(own.columns) <= set(table.columns) and list(table.index) == list(own.index):
                tables[name] = table[list(own.columns)].set_axis(own.index)
        return replace(made, **tables)


def read_stored(folder: Path, manifest: Mapping[str, Any], ids: pd.Index) -> Stored:
    """What is stored in a run's folder of the villages ``ids``.

    Raises `KeptResultError` where a table is gone, is none, or contradicts the manifest's
    headline.
    """
    table = _table(folder, "villages", ids)
    verdicts = _cast(table, VERDICT_COLUMNS, folder)
    _require_headline(verdicts["verdict"], manifest, folder)
    shares = _table(folder, "operator_shares", ids)
    return Stored(
        verdicts=verdicts,
        operator_shares=shares,
        served_by=_table(folder, "served_by", ids),
        summaries={name: _read(folder, name) for name in SUMMARIES},
        sureness=_sureness(table, manifest, verdicts, shares),
    )


def unreadable(folder: Path, name: str) -> KeptResultError:
    """That a table of stored results is not what it should be."""
    return KeptResultError(
        "{file} cannot be read, so that the results stored with the run cannot be shown; assess "
        "the study again",
        file=f"results/{folder.name}/{name}.parquet",
    )


def _read(folder: Path, name: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(folder / f"{name}.parquet")
    except OF_FILES as error:
        raise unreadable(folder, name) from error


def _table(folder: Path, name: str, ids: pd.Index) -> pd.DataFrame:
    """A table of one row a village, in the order of the measures."""
    table = _read(folder, name)
    if PLACE in table:
        table = table.sort_values(PLACE)
    if not table.index.astype(str).equals(ids.astype(str)):
        raise unreadable(folder, name)
    return table.set_axis(ids)


def _cast(table: pd.DataFrame, columns: Mapping[str, str], folder: Path) -> pd.DataFrame:
    try:
        return table[list(columns)].astype(dict(columns))
    except OF_FILES as error:
        raise unreadable(folder, "villages") from error


def _require_headline(verdicts: pd.Series[str], manifest: Mapping[str, Any], folder: Path) -> None:
    """Raise `KeptResultError` where the verdicts are not those that the manifest counted."""
    told = manifest.get("headline")
    if not isinstance(told, dict):
        return
    counts = {verdict.value: int((verdicts == verdict.value).sum()) for verdict in Verdict}
    counts["villages"] = sum(counts.values())
    if counts["villages"] != len(verdicts) or any(told.get(k) != n for k, n in counts.items()):
        raise unreadable(folder, "villages")


def _sureness(
    table: pd.DataFrame,
    manifest: Mapping[str, Any],
    verdicts: pd.DataFrame,
    shares: pd.DataFrame,
) -> Sureness | None:
    """How sure the verdicts are as it was stored, None where it was not."""
    try:
        told = dict(manifest["sureness"])
        villages = table[list(SURE_COLUMNS)].astype(dict(SURE_COLUMNS))
        counts = {Scenario(k): int(v) for k, v in told["uncovered_by_scenario"].items()}
        is_computed = told["uncovered_between"] is not None and _has_moved(manifest, counts)
        between = data_range(counts, is_computed=is_computed)
    except OF_FILES:
        return None
    rule = rule_told(dict(manifest))
    if rule is None:
        return None
    margin = _share_margin(rule, verdicts, shares)
    return Sureness(
        villages=villages.assign(share_margin=margin),
        uncovered=counts,
        between=between,
        marked=_marked(verdicts, villages["turned_by"], counts),
    )


def _has_moved(manifest: Mapping[str, Any], counts: Container[Scenario]) -> bool:
    """Whether footprints were moved, where there are any: older manifests name a range anyway."""
    outlined = any(layer.get("kind") != "signal" for layer in manifest["layers"])
    return Scenario.INWARD in counts or not outlined


def _marked(
    verdicts: pd.DataFrame, turned_by: pd.Series[str], counts: Mapping[Scenario, int]
) -> dict[Scenario, npt.NDArray[np.bool_]]:
    """The villages that each scenario counts as uncovered.

    One that a scenario turns was covered and is then uncovered (unknown, where a filing is
    missing), or the other way about; what is unknown can turn to covered alone.
    """
    uncovered = verdicts["verdict"].isin([Verdict.WEAK.value, Verdict.NONE.value]).to_numpy()
    complete = (verdicts["missing"] == "").to_numpy()
    loses = (verdicts["verdict"] == Verdict.COVERED.value).to_numpy() & complete
    out: dict[Scenario, npt.NDArray[np.bool_]] = {}
    for scenario in counts:
        turned = np.array([scenario in one.split(", ") for one in turned_by], bool)
        out[scenario] = (uncovered & ~turned) | (loses & turned)
    return out


def _share_margin(
    rule: Rule, verdicts: pd.DataFrame, operator_shares: pd.DataFrame
) -> npt.NDArray[np.float64]:
    """Share of the operator that decides less the covered threshold, from what is stored."""
    shares = operator_shares.to_numpy(float)
    if rule.unite or rule.min_operators == 1:
        return verdicts["margin"].to_numpy(float)
    if shares.shape[1] < rule.min_operators:
        return np.zeros(len(shares)) - rule.covered_share
    last: npt.NDArray[np.float64] = np.sort(shares, axis=1)[:, -rule.min_operators]
    return last - rule.covered_share

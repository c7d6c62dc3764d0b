"""Where measurements contradict what layers claim: counted, ranked, and never averaged away.

Samples (drive tests, tiles of speed tests) are no layer: no verdict is changed by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from coverage.area import require_projected
from coverage.claims import claims_at
from coverage.errors import CoverageError
from coverage.heard import LIMITS, Limits, heard_of
from coverage.judge import COVERED, admitted_operators, decide
from coverage.model import Assessment, Layer, LayerInfo
from coverage.pixels import SignalLayer
from coverage.sides import sides_of
from coverage.wilson import wilson

Bools = npt.NDArray[np.bool_]
ConflictKind = Literal["overclaims", "underclaims", "agrees", "too_few"]
KINDS: tuple[ConflictKind, ...] = get_args(ConflictKind)

BANDS = 10
"""Conflicts are ranked by tenths of how sure they are; within one, verdicts that hang first."""

PLACE_M = 50.0
"""Samples in one square of this side count as one place."""

PLACES_ACROSS = 1 << 31
"""More squares than any system in metres has from south to north."""

GONE = "\0"
"""A name that no operator has."""

KEY = ["village", "operator", "technology", "evidence", "claimed"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Conflicts:
    """Measurements held against layers, and what became of every sample.

    ``table`` has a row for each village, operator ("" where the samples tell none: it stands
    for all of them), technology ("": any), evidence and claim (``claimed``: whether the layers
    say served where the samples are). ``samples`` and ``below`` are counts, ``share_below``
    their quotient with its Wilson interval ``low`` … ``high``; ``sure`` is the lower bound of
    the share that contradicts the claim. ``tests`` is how many tests the samples stand for,
    ``places`` in how many squares of 50 m they lie, ``first`` and ``last`` their days, ``filed``
    the day of the newest layer. ``kind`` is "overclaims", "underclaims", "agrees" or
    "too_few"; ``hangs`` whether the village is covered and would not be without these layers.
    ``rank`` (1, 2 …; NA where there is no conflict) is the table's order.

    Of ``given`` samples ``outside`` lie in no village, ``old`` are older than wanted,
    ``unheard`` tell nothing that can be compared, ``unlayered`` are of an operator or a
    technology without a layer that counts, and ``unclaimed`` lie where the layers are silent or
    do not agree; ``used`` are the rest.
    """

    table: pd.DataFrame
    given: int
    outside: int
    old: int
    unheard: int
    unlayered: int
    unclaimed: int
    used: int
    without_operator: int


def find_conflicts(
    assessment: Assessment,
    layers: Sequence[Layer | SignalLayer],
    samples: gpd.GeoDataFrame,
    *,
    limits: Limits = LIMITS,
) -> Conflicts:
    """Hold samples against the declared and modelled layers that the rule counts.

    ``samples``: points or tiles in the villages' system, with any of the columns ``operator``,
    ``technology``, ``dbm``, ``served`` (bool), ``down_kbps``, ``tests`` and ``day``
    (datetime64); what is missing or NA is not told. A tile counts as one sample, in the village
    that holds its middle. Layers of measured evidence are left out. Raises `CoverageError` for
    systems that differ and for limits that are none.
    """
    villages, rule = assessment.measures.villages, assessment.rule
    require_projected(villages.geometry, samples.geometry)
    require_limits(limits)
    counted = [x for x in layers if rule.admits(x.info) and x.info.evidence != "measured"]
    heard = heard_of(samples, villages.geometry, rule, limits)
    table = heard.table
    claims = claims_at(counted, samples.geometry.iloc[table["sample"].to_numpy()], rule)
    sides = sides_of(table, [x.info for x in counted], claims)
    rows = _rows(sides.rows, limits)
    rows = _beside(rows, assessment, [x.info for x in counted])
    ids = villages.index.to_numpy()[rows["village"].to_numpy(np.int64)]
    ranked = _ranked(rows.assign(village_id=ids))
    used = int(sides.rows["sample"].nunique())
    return Conflicts(
        table=ranked.drop(columns="village"),
        given=len(samples),
        outside=heard.outside,
        old=heard.old,
        unheard=heard.unheard,
        unlayered=sides.unlayered,
        unclaimed=len(table) - sides.unlayered - used,
        used=used,
        without_operator=int((table["operator"] == "").sum()),
    )


def require_limits(limits: Limits) -> None:
    """Raise `CoverageError` for limits that cannot be met or compared with."""
    shares = (limits.confidence, limits.allowed_below, limits.least_good)
    if not all(0.0 <= share < 1.0 for share in shares) or limits.confidence <= 0.0:
        raise CoverageError(
            "limits of a conflict are shares from 0 to below 1: confidence {confidence}, "
            "allowed_below {below}, least_good {good}",
            confidence=limits.confidence,
            below=limits.allowed_below,
            good=limits.least_good,
        )
    if limits.least_samples < 1:
        raise CoverageError(
            "least_samples is {found}; it must be 1 or more", found=limits.least_samples
        )


def _rows(sides: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Samples counted by village, subject and claim, with their interval and kind."""
    square = np.floor(sides[["x", "y"]].to_numpy() / PLACE_M).astype(np.int64)
    place = square[:, 0] * PLACES_ACROSS + square[:, 1]
    groups = sides.assign(place=place).groupby(KEY, sort=True, observed=True)
    rows = groups.agg(
        samples=("below", "size"),
        below=("below", "sum"),
        tests=("tests", "sum"),
        places=("place", "nunique"),
        first=("day", "min"),
        last=("day", "max"),
    ).reset_index()
    n, below = rows["samples"].to_numpy(), rows["below"].to_numpy()
    low, high = wilson(below, n, confidence=limits.confidence)
    claimed = rows["claimed"].to_numpy(bool)
    sure = np.where(claimed, low, 1.0 - high)
    few = n < limits.least_samples
    over, under = claimed & (sure > limits.allowed_below), ~claimed & (sure > limits.least_good)
    kind = np.select([few, over, under], ["too_few", "overclaims", "underclaims"], "agrees")
    share = below / np.maximum(n, 1)
    return rows.assign(share_below=share, low=low, high=high, sure=sure, kind=kind)


def _beside(
    rows: pd.DataFrame, assessment: Assessment, layers: Sequence[LayerInfo]
) -> pd.DataFrame:
    """The rows with the day of their layers, and whether the village's verdict hangs on them."""
    hangs = np.zeros(len(rows), bool)
    filed = np.full(len(rows), None, dtype=object)
    village = rows["village"].to_numpy(np.int64)
    subjects = rows[["operator", "technology", "evidence"]]
    for subject in subjects.drop_duplicates().to_numpy(object):
        at = np.flatnonzero((subjects == subject).all(axis=1))
        days = [x.as_of for x in layers if _is_of(x, *subject) and x.as_of is not None]
        filed[at] = max(days, default=None)
        claimed = at[rows["claimed"].to_numpy(bool)[at]]
        if len(claimed):
            gone = [_is_of(x, *subject) for x in assessment.measures.layers]
            hangs[claimed] = _hanging(assessment, gone)[village[claimed]]
    verdict = assessment.verdicts["verdict"].to_numpy(object)[village]
    return rows.assign(filed=pd.to_datetime(pd.Series(filed)), hangs=hangs, verdict=verdict)


def _is_of(layer: LayerInfo, operator: str, technology: str, evidence: str) -> bool:
    """Whether a layer is one of those a row speaks of; "" stands for any."""
    return (
        layer.evidence == evidence
        and operator in ("", layer.operator)
        and technology in ("", layer.technology)
    )


def _hanging(assessment: Assessment, gone: Sequence[bool]) -> Bools:
    """Which villages are covered, and are not without the layers marked."""
    covered: Bools = (assessment.verdicts["verdict"] == "covered").to_numpy(bool)
    m, rule = assessment.measures, assessment.rule
    left = tuple(
        replace(layer, operator=GONE) if away else layer
        for layer, away in zip(m.layers, gone, strict=True)
    )
    m = replace(m, layers=left)
    there = {layer.operator for layer in left}
    operators = tuple(o for o in admitted_operators(m, rule) if o != GONE and o in there)
    if not operators:
        return covered
    return covered & (decide(m, replace(rule, operators=operators)).code != COVERED)


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Conflicts first: claims of service before others, then the surest, to a tenth.

    Within a tenth those on which a verdict hangs, then again the surest, then those of more
    samples, then those whose village id comes first as text. After them, without a rank, what
    agrees and what has too few samples.
    """
    order = rows["kind"].map({kind: place for place, kind in enumerate(KINDS)})
    ids = rows["village_id"].astype(str)
    told = rows.assign(order=order, band=np.floor(rows["sure"] * BANDS), id=ids)
    ranked = told.sort_values(
        ["order", "band", "hangs", "sure", "samples", "id", *KEY[1:]],
        ascending=[True, False, False, False, False, *[True] * len(KEY)],
        kind="stable",
        ignore_index=True,
    )
    conflict = ranked["kind"].isin(["overclaims", "underclaims"])
    rank = pd.Series(np.arange(1, len(ranked) + 1), dtype="Int64").where(conflict)
    return ranked.drop(columns=["order", "band", "id"]).assign(rank=rank)

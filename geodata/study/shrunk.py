"""Coverage that was filed last time and is not any more, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

import coverage
from coverage.model import Assessment, Measures
from geodata.errors import GeodataError
from geodata.findings import ROWS_KEPT, Finding, finding
from geodata.study.kept import measures_of, plan_of
from geodata.study.model import Study
from geodata.study.reopen import kept_manifests, open_run
from geodata.study.results import Run

LOST_SHARE = 0.01
"""A layer that lost less of its area inside villages is drawn a little otherwise."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layer:
    """One layer inside the villages: its area, and the villages it serves."""

    area_m2: float
    served: pd.Index


def shrunk_layers(study: Study) -> tuple[Finding, ...]:
    """Layers that cover less, or serve fewer villages, than in the result before.

    Compared with the published result, or the newest kept one, that was made of other
    inputs; nothing where there is none. Measures the study where that was not done yet.
    """
    plan = plan_of(study)
    before = _before(study, plan.key)
    if before is None:
        return ()
    measures = measures_of(study, plan, keep=False).measures
    now = coverage.judge(measures, before.assessment.rule, expected=study.expected)
    return tuple(_compared(before, _layers(before.assessment), _layers(now), study))


def _before(study: Study, key: str) -> Run | None:
    """The result to compare with: the published one first, then the newest."""
    for name, measured in kept_manifests(study):
        if measured == key:
            continue
        try:
            return open_run(study, name)
        except GeodataError:
            continue
    return None


def _layers(found: Assessment) -> dict[str, _Layer]:
    """Every layer of a result by its title; filings of several days are one."""
    measures = found.measures
    out: dict[str, _Layer] = {}
    for title in dict.fromkeys(layer.title for layer in measures.layers):
        bits = [k for k, layer in enumerate(measures.layers) if layer.title == title]
        served = found.served_by.index[found.served_by[title].to_numpy(bool)]
        out[title] = _Layer(area_m2=_area(measures, bits), served=served)
    return out


def _area(measures: Measures, bits: list[int]) -> float:
    """Square metres inside villages that any of some layers cover."""
    mask = np.uint64(0)
    for bit in bits:
        mask |= np.uint64(1) << np.uint64(bit)
    held = (measures.combination & mask) != 0
    return float(measures.area_m2[held].sum())


def _compared(
    before: Run, old: dict[str, _Layer], new: dict[str, _Layer], study: Study
) -> Iterator[Finding]:
    for title, was in old.items():
        now = new.get(title)
        if now is None:
            yield finding(
                "layer-gone",
                "warning",
                "{layer} was filed for {day} and is not any more: {villages} villages had it; "
                "ask whether the file was forgotten",
                layer=title,
                day=before.study.as_of,
                villages=len(was.served),
            )
            continue
        lost = was.served.difference(now.served).intersection(study.villages.index)
        share = 1 - now.area_m2 / was.area_m2 if was.area_m2 > 0 else 0.0
        if share > LOST_SHARE or len(lost):
            yield _shrunk(title, before, study, lost=lost, share=max(share, 0.0))


def _shrunk(title: str, before: Run, study: Study, *, lost: pd.Index, share: float) -> Finding:
    rows = np.flatnonzero(study.villages.index.isin(lost)) + 1
    shapes = study.villages.geometry.loc[lost].dropna()
    made = finding(
        "layer-shrank",
        "warning",
        "{layer} covers less than on {day}: {percent} % of its area inside villages is gone, and "
        "{villages} villages it served; signal rarely goes away, so ask the operator",
        layer=title,
        day=before.study.as_of,
        percent=round(100 * share, 1),
        villages=len(lost),
    )
    places = gpd.GeoSeries(shapes.representative_point(), crs=study.crs) if len(shapes) else None
    return Finding(
        kind=made.kind,
        severity=made.severity,
        sentence=made.sentence,
        rows=tuple(int(row) for row in rows[:ROWS_KEPT]),
        count=len(lost),
        places=places,
    )

"""Older filings of one operator and technology, which count only where no newer one speaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

import coverage
from coverage.judge import serves
from coverage.model import Assessment, Layer, LayerInfo
from coverage.pixels import AnyLayer, SignalLayer
from coverage.unplaced import measured_where_placed
from geodata.areas import polygons_of, valid_polygons
from geodata.days import day_in_name
from geodata.errors import phrase
from geodata.findings import Finding, finding
from geodata.signals import limited, outline_of
from geodata.study.in_files import LayerInFile
from geodata.study.model import Study
from geodata.without_effect import NO_EFFECT

LISTED = 20
"""So many villages are named in a sentence."""

SLIVER_M2 = 1.0
"""What is left of an older filing and is smaller comes of rounding."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """A layer as one entry of the study file made it; ``extent`` is where the entry speaks.

    ``name`` is what its file, and its layer there, is called.
    """

    layer: AnyLayer
    keep_older: bool = False
    extent: gpd.GeoSeries | None = None
    name: str = ""

    @property
    def info(self) -> LayerInfo:
        """What its layer is."""
        return self.layer.info

    @cached_property
    def day(self) -> date | None:
        """Its day; where nobody told it, the one its name tells."""
        return self.info.as_of or day_in_name(self.name)


@dataclass(frozen=True, kw_only=True, eq=False)
class Superseding:
    """The ``layers`` that count, the ``older`` ones that do not, wholly or in part."""

    layers: tuple[AnyLayer, ...]
    older: tuple[AnyLayer, ...]
    findings: tuple[Finding, ...]


def without_superseded(entries: Sequence[Entry], crs: pyproj.CRS) -> Superseding:
    """Leave out of each dated filing what a newer one of the same operator speaks of.

    Only filings of one technology, evidence and kind supersede each other, the newer within its
    extent; undated ones never, and none that ``keep_older`` is said of, or of its newer one.
    """
    layers: list[AnyLayer] = []
    older: list[AnyLayer] = []
    findings: list[Finding] = []
    kept: set[int] = set()
    for one in entries:
        newer = [other for other in entries if _is_newer(other, one)]
        asked = [other for other in (one, *newer) if other.keep_older]
        if newer and asked:
            kept |= {id(other) for other in asked}
        if not newer or asked:
            layers.append(one.layer)
            continue
        left = _outside(one.layer, newer, crs)
        layers += [] if left is None else [left]
        older.append(one.layer)
        findings.append(_superseded(one.info, newer))
    findings += [
        _in_vain(one.info)
        for one in entries
        if one.keep_older and id(one) not in kept and not _is_named_otherwise(one, entries)
    ]
    findings += _dated_by_names(entries)
    each = {str(found.sentence): found for found in findings}
    return Superseding(layers=tuple(layers), older=tuple(older), findings=tuple(each.values()))


def _is_newer(other: Entry, one: Entry) -> bool:
    day, since = other.info.as_of, one.info.as_of
    return _is_alike(other, one) and day is not None and since is not None and day > since


def _is_alike(other: Entry, one: Entry) -> bool:
    return all(
        getattr(other.info, field) == getattr(one.info, field)
        for field in ("operator", "technology", "evidence", "kind")
    )


def _is_named_otherwise(one: Entry, entries: Sequence[Entry]) -> bool:
    """Whether a name tells another day than that of a filing of the same sort."""
    days = {other.day for other in entries if _is_alike(other, one)} - {None}
    return len(days) > 1


def _dated_by_names(entries: Sequence[Entry]) -> Iterator[Finding]:
    """A warning for each filing that its name, or that of another, tells to be the older one."""
    for one in entries:
        since = one.day
        if since is None:
            continue
        newer = [
            (day, other)
            for other in entries
            if _is_alike(other, one)
            and not (one.keep_older or other.keep_older)
            and (one.info.as_of is None or other.info.as_of is None)
            and (day := other.day) is not None
            and day > since
        ]
        if newer:
            day, last = max(newer, key=lambda pair: pair[0])
            yield finding(
                "filings-undated", "warning",
                "{file} and {newer} are of the same operator and technology, and seem to be of "
                "{old} and {new}, as their names say; both count until each entry says as_of = …, "
                "or keep_older = true to count both",
                file=one.name or one.info.title, newer=last.name or last.info.title,
                old=since, new=day,
            )  # fmt: skip


def _superseded(info: LayerInfo, newer: Sequence[Entry]) -> Finding:
    return finding(
        "filing-superseded",
        "note",
        "{layer}: the filing of {old} does not count where that of {new} speaks; write keep_older "
        "= true in its entry to count it too",
        layer=info.title,
        old=info.as_of,
        new=max(one.info.as_of for one in newer if one.info.as_of is not None),
    )


def _in_vain(info: LayerInfo) -> Finding:
    return finding(
        "key-without-effect",
        "warning",
        NO_EFFECT,
        file=info.title,
        key="keep_older",
        why=phrase("no filing of another day, of the same operator, technology, kind and evidence"),
    )


def _outside(layer: AnyLayer, newer: Sequence[Entry], crs: pyproj.CRS) -> AnyLayer | None:
    """What of a layer lies where no newer filing speaks; None where nothing does."""
    areas = [_speaks_in(one, crs) for one in newer]
    if any(area is None for area in areas):
        return None
    spoken = shapely.union_all(np.array(areas, dtype=object))
    if isinstance(layer, SignalLayer):
        left = shapely.difference(outline_of(layer, crs), spoken)
        if shapely.area(left) < SLIVER_M2:
            return None
        return limited(layer, gpd.GeoSeries([left], crs=crs))
    rows = valid_polygons(layer.footprint).dropna()
    cut = polygons_of(gpd.GeoSeries(shapely.difference(rows.to_numpy(), spoken), crs=rows.crs))
    cut = cut.dropna().reset_index(drop=True)
    if cut.area.sum() < SLIVER_M2:
        return None
    return Layer(info=layer.info, footprint=cut, extent=layer.extent)


def _speaks_in(one: Entry, crs: pyproj.CRS) -> shapely.Geometry | None:
    """Where a filing says something, None for everywhere."""
    extent = one.extent if isinstance(one.layer, SignalLayer) else one.layer.extent
    area = None
    if extent is not None:
        area = shapely.union_all(valid_polygons(extent).dropna().to_numpy())
    if not isinstance(one.layer, SignalLayer):
        return area
    outline = outline_of(one.layer, crs)
    return outline if area is None else shapely.intersection(outline, area)


def only_older(study: Study, assessment: Assessment) -> pd.Index:
    """Ids of the villages that are not covered, and that an older filing alone would cover."""
    ids = assessment.verdicts.index
    if not study.superseded:
        return ids[:0]
    rule = assessment.rule
    measures = measured_where_placed(
        study.villages,
        lambda some: coverage.measure(
            some, study.superseded, amounts=study.amounts, hexes=rule.basis == "hexes"
        ),
    )
    layers = measures.layers
    served = np.zeros(len(ids), dtype=bool)
    for title in dict.fromkeys(layer.title for layer in layers):
        chosen = [
            x.title == title and rule.admits(x) and rule.worth(x) == "covered" for x in layers
        ]
        served |= serves(measures, rule, chosen)
    return ids[served & (assessment.verdicts["verdict"] != "covered").to_numpy()]


def older_told(study: Study, assessment: Assessment | None = None) -> Iterator[Finding]:
    """A warning that lists the villages which only older filings cover; nothing where none is.

    Without an ``assessment`` by the study's own rule it is made here, unless layers are so large
    that they stay in their files.
    """
    if not study.superseded:
        return
    if assessment is None:
        if any(isinstance(layer, LayerInFile) for layer in (*study.layers, *study.superseded)):
            return
        measures = measured_where_placed(
            study.villages,
            lambda some: coverage.measure(
                some, study.layers, amounts=study.amounts, hexes=study.hexes
            ),
        )
        assessment = coverage.judge(measures, study.rule, expected=study.expected)
    found = only_older(study, assessment)
    if not len(found):
        return
    names = study.villages.loc[found[:LISTED], "village"]
    told = [f"{name} ({key})" if isinstance(name, str) else str(key) for key, name in names.items()]
    yield finding(
        "only-older",
        "warning",
        "{layers}: {count} villages are served by the older filing alone, which no longer counts: "
        "{villages}. Was service taken away there? keep_older = true in its entry counts it too",
        layers=", ".join(dict.fromkeys(layer.info.title for layer in study.superseded)),
        count=len(found),
        villages=", ".join(told) + (", …" if len(found) > LISTED else ""),
    )


def with_older_told(study: Study, assessment: Assessment) -> Study:
    """The study, whose doubts name the villages that only older filings cover."""
    return replace(study, doubts=(*study.doubts, *older_told(study, assessment)))

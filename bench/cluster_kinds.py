"""A province on a cluster, kind by kind: areas, people, hexagons, signals, moved outlines.

Part of `bench.cluster`. The reconstruction's villages and footprints, four signal rasters and one
of people made up (`bench.rasters`); this machine alone against one and two workers, and two of
which one is killed while outlines are moved. Every share of every way is compared.
"""

from __future__ import annotations

import os
import signal as signals
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

import geodata
from bench.rasters import TITLES, grid_over, layers_of, people, signal
from coverage.model import Amounts, Areas, Basis, Levels, Measures, Moved
from coverage.pixels import AmountRaster, AnyLayer, Window
from geodata.study.cluster import Cluster
from geodata.study.engine import HERE, Engine

STEP_M = 100.0
WITHIN = 1e-12
"""No share may differ by more."""

Shares = Iterator[tuple[str, pd.Series]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Province:
    """What is measured of a province: its villages, layers of both kinds and people."""

    study: geodata.Study
    layers: tuple[AnyLayer, ...]
    amounts: Mapping[Basis, AmountRaster]

    @classmethod
    def of(cls, study: geodata.Study) -> Province:
        """The study's footprints with four signal rasters and one of people."""
        grid = grid_over(study.villages, STEP_M)
        made = layers_of(grid, [signal(grid, k) for k in range(len(TITLES))], TITLES)
        heads = people(grid, 9)

        def amounts(w: Window) -> npt.NDArray[np.float64]:
            return heads[w[0] : w[0] + w[2], w[1] : w[1] + w[3]].astype(np.float64)

        source = AmountRaster(grid=grid, amounts=amounts, key="people")
        return cls(study=study, layers=(*study.footprints, *made), amounts={"people": source})


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """One kind of measures: how it is measured, and the shares that it holds."""

    name: str
    measure: Callable[[Engine, Province, Callable[[float], None]], object]
    shares: Callable[[object, Measures], Shares]


@dataclass(frozen=True, kw_only=True, eq=False)
class Took:
    """What one kind came to and took, in seconds."""

    found: object
    seconds: float
    own_cpu: float
    workers_cpu: float | None


def _by(village: npt.NDArray[np.int32], key: Sequence[object], share: object) -> pd.Series:
    return pd.Series(share, [village, key])


def _areas(found: object, bare: Measures) -> Shares:
    assert isinstance(found, Measures)
    whole = bare.village_area_m2[found.village]
    yield "area", _by(found.village, found.combination, found.area_m2 / whole)


def _counted(found: Mapping[Basis, Amounts]) -> Shares:
    for basis, of in found.items():
        whole = np.maximum(of.total, np.finfo(float).tiny)[of.village]
        yield basis, _by(of.village, of.combination, of.amount / whole)


def _levels(found: object, _: Measures) -> Shares:
    assert isinstance(found, Measures)
    tables: tuple[Levels, ...] = found.levels
    for k, table in enumerate(tables):
        key = np.zeros(len(table.village), np.int64)
        for column in table.level.T:
            key = key * 256 + column
        for basis, part in table.parts.items():
            yield f"{k} {basis}", _by(table.village, key, part)


def _moved(found: object, bare: Measures) -> Shares:
    assert isinstance(found, Moved)
    for areas in (found.inward, found.outward):
        assert isinstance(areas, Areas)
        whole = bare.village_area_m2[areas.village]
        yield "area", _by(areas.village, areas.combination, areas.area_m2 / whole)
        yield from _counted(areas.amounts)


KINDS = (
    Kind(
        name="areas, centres, extents",
        measure=lambda engine, p, tell: engine.areas(
            p.study.villages, p.study.footprints, progress=tell
        ),
        shares=_areas,
    ),
    Kind(
        name="people",
        measure=lambda engine, p, tell: engine.amounts(
            p.study.villages, p.layers, p.amounts, progress=tell
        ),
        shares=lambda found, _: _counted(found),  # type: ignore[arg-type]  # by its kind
    ),
    Kind(
        name="hexagons",
        measure=lambda engine, p, tell: engine.amounts(
            p.study.villages, p.layers, {}, hexes=True, progress=tell
        ),
        shares=lambda found, _: _counted(found),  # type: ignore[arg-type]  # by its kind
    ),
    Kind(
        name="signal levels, with people",
        measure=lambda engine, p, tell: engine.levels(
            _bare(p), p.layers, amounts=p.amounts, progress=tell
        ),
        shares=_levels,
    ),
    Kind(
        name="moved outlines, with people",
        measure=lambda engine, p, tell: engine.moved(
            p.study.villages, p.layers, amounts=p.amounts, progress=tell
        ),
        shares=_moved,
    ),
)


def _bare(p: Province) -> Measures:
    """Measures of which only the villages and the shape of what signals say are looked at."""
    villages, layers = len(p.study.villages), len(p.layers)
    none = np.empty(0)
    return Measures(
        villages=p.study.villages,
        layers=tuple(layer.info for layer in p.layers),
        village_area_m2=p.study.villages.area.to_numpy(),
        village=none.astype(np.int32),
        combination=none.astype(np.uint64),
        area_m2=none,
        centre=np.zeros(villages, np.uint64),
        has_centre=np.ones(villages, bool),
        extent_share=np.ones((villages, layers)),
        extent_centre=np.ones((villages, layers), bool),
    )


def _took(engine: Engine, kind: Kind, p: Province, *, kill: bool = False) -> Took:
    tell = _killing(engine) if kill and isinstance(engine, Cluster) else _nothing
    before = None if kill else _workers_cpu(engine)
    began, cpu = time.perf_counter(), time.process_time()
    found = kind.measure(engine, p, tell)
    seconds, own = time.perf_counter() - began, time.process_time() - cpu
    theirs = None if before is None else (_workers_cpu(engine) or 0.0) - before
    return Took(found=found, seconds=seconds, own_cpu=own, workers_cpu=theirs)


def _workers_cpu(engine: Engine) -> float | None:
    if not isinstance(engine, Cluster):
        return None
    return float(sum(engine.client.run(time.process_time).values()))


def _nothing(done: float) -> None:
    del done


def _killing(engine: Cluster) -> Callable[[float], None]:
    """Kills one worker as soon as a third is done, as the system would for its memory."""
    pids = list(engine.client.run(os.getpid).values())

    def tell(done: float) -> None:
        if done >= 1 / 3 and pids:
            os.kill(pids.pop(), signals.SIGKILL)
            pids.clear()
            sys.stderr.write(f"a worker was killed with {done:.0%} done\n")

    return tell


def difference(kind: Kind, one: object, other: object, bare: Measures) -> float:
    """The most by which, of any village, the shares of one kind differ, added up.

    Raises `AssertionError` where that is more than `WITHIN`.
    """
    most = 0.0
    for (name, mine), (same, theirs) in zip(
        kind.shares(one, bare), kind.shares(other, bare), strict=True
    ):
        assert name == same
        off = pd.concat([mine, -theirs]).groupby(level=[0, 1]).sum().abs()
        most = max(most, float(off.groupby(level=0).sum().max()))
    if most > WITHIN:
        raise AssertionError(f"{kind.name}: a share differs by {most}")
    return most


def table(study: geodata.Study) -> str:
    """The figures as Markdown."""
    p = Province.of(study)
    for kind in KINDS:
        kind.measure(HERE, p, _nothing)  # compiled
    load = os.getloadavg()[0]
    bare = _bare(p)
    own = {kind.name: _took(HERE, kind, p) for kind in KINDS}
    lines = [_about(p, load), "", *HEAD]
    lines += [_row("this machine alone", kind, own[kind.name], "") for kind in KINDS]
    for name, workers, kill in (
        ("1 worker", 1, False),
        ("2 workers", 2, False),
        ("2 workers, one killed a third of the way", 2, True),
    ):
        with Cluster(workers=workers) as engine:
            engine.areas(p.study.villages.iloc[:50], p.study.footprints)  # the workers are up
            for kind in KINDS:
                if kill and kind is not KINDS[-1]:
                    continue
                took = _took(engine, kind, p, kill=kill)
                off = difference(kind, took.found, own[kind.name].found, bare)
                lines.append(_row(name, kind, took, f"{off:.1e}"))
                sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines)


HEAD = (
    (
        "| | | seconds | caller's processor s | workers' processor s "
        "| largest difference of a share |"
    ),
    "| --- | --- | ---: | ---: | ---: | ---: |",
)


def _row(name: str, kind: Kind, took: Took, off: str) -> str:
    theirs = "" if took.workers_cpu is None else f"{took.workers_cpu:.1f}"
    return f"| {kind.name} | {name} | {took.seconds:.1f} | {took.own_cpu:.1f} | {theirs} | {off} |"


def _about(p: Province, load: float) -> str:
    vertices = sum(int(one.footprint.count_coordinates().sum()) for one in p.study.footprints)
    return (
        f"The reconstruction: {len(p.study.villages):,} villages, {len(p.study.footprints)} "
        f"footprints of {vertices:,} vertices in all, {len(TITLES)} signal rasters and one of "
        f"people with pixels of {STEP_M:.0f} m, made up. The machine's load was {load:.1f} when "
        "this began; one run of each. The difference is, of the village where it is largest, the "
        "sum over all combinations of layers, or of levels."
    )

"""A country on a cluster: this machine alone against one and two workers, and one that is killed.

    uv run python -m bench.cluster [--times 25] [--study DIR] [--write bench/CLUSTER.md]

The reconstruction's villages and its own layers, laid side by side so many times, each time moved
and mirrored (`bench.country.moved`). Every way starts from the same tables in memory; what starting
the workers takes is told apart. The shares of every way are compared with this machine's own. Then
a province kind by kind (`bench.cluster_kinds`).
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from distributed import Client

import geodata
from bench import cluster_kinds
from bench.country import CRS, moved
from coverage.measure import cells_for
from coverage.model import Layer, LayerInfo, Measures
from geodata.study.cluster import connected, measured_on
from geodata.study.cluster.parts import Tasks, parts_for
from geodata.study.regional import measure_areas

WITHIN = 1e-12
"""No share may differ by more."""

FITTED = (1, 2)
PREDICTED = (4, 8, 16)


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """One way: what it measured and what it took, in seconds."""

    name: str
    measures: Measures
    seconds: float
    own_cpu: float
    workers_cpu: float | None = None
    start: float = 0.0
    ending: float = 0.0


def country(study: geodata.Study, times: int) -> tuple[gpd.GeoDataFrame, list[Layer]]:
    """The study's villages and footprints so many times; a layer's polygons as one column."""
    columns = int(np.ceil(np.sqrt(times)))
    middle = np.array(study.villages.total_bounds).reshape(2, 2).mean(axis=0)

    def tiled(shapes: gpd.GeoSeries) -> list[np.ndarray]:
        each = shapely.get_parts(shapes.to_numpy())
        return [moved(each, t, columns, middle) for t in range(times)]

    villages = []
    for t in range(times):
        shapes = moved(study.villages.geometry.to_numpy(), t, columns, middle)
        halls = moved(study.villages["centre"].to_numpy(), t, columns, middle)
        index = [f"{t}-{name}" for name in study.villages.index]
        villages.append(gpd.GeoDataFrame({"centre": halls}, geometry=shapes, index=index))
    table = pd.concat(villages).set_crs(CRS)
    layers = [
        Layer(
            info=layer.info,
            footprint=gpd.GeoSeries(np.concatenate(tiled(layer.footprint)), crs=CRS),
        )
        for layer in study.footprints
    ]
    return table, layers


def here(villages: gpd.GeoDataFrame, layers: Sequence[Layer]) -> Done:
    """As `phusong assess` measures without a cluster, on all cores."""
    began, cpu = time.perf_counter(), time.process_time()
    measures = measure_areas(villages, layers)
    return Done(
        name="this machine alone",
        measures=measures,
        seconds=time.perf_counter() - began,
        own_cpu=time.process_time() - cpu,
    )


def on_workers(
    villages: gpd.GeoDataFrame, layers: Sequence[Layer], workers: int, *, kill: bool = False
) -> Done:
    """On so many workers of this machine; one of them killed half-way where asked."""
    began = time.perf_counter()
    with connected(workers=workers) as client:
        client.run(_ready)
        start, ended = time.perf_counter() - began, [0.0]
        tell = _killing(client) if kill else _nothing

        def progress(done: float) -> None:
            ended[0] = time.perf_counter()
            tell(done)

        before = sum(client.run(time.process_time).values())
        began, cpu = time.perf_counter(), time.process_time()
        parts = parts_for(len(villages), FITTED[-1])
        measures = measured_on(client, villages, layers, parts=parts, progress=progress)
        seconds, own = time.perf_counter() - began, time.process_time() - cpu
        after = sum(client.run(time.process_time).values())
    name = f"{workers} worker{'s' if workers > 1 else ''}{', one killed half-way' if kill else ''}"
    return Done(
        name=name,
        measures=measures,
        seconds=seconds,
        own_cpu=own,
        workers_cpu=None if kill else after - before,
        start=start,
        ending=began + seconds - ended[0],
    )


def _ready() -> None:
    """A worker's compiled code loaded from the disk."""
    square = gpd.GeoDataFrame(
        {"centre": [shapely.Point(5e5, 2e6)]},
        geometry=[shapely.box(5e5, 2e6, 5e5 + 9, 2e6 + 9)],
        crs=CRS,
    )
    edge = gpd.GeoSeries([shapely.Point(5e5, 2e6).buffer(5)], crs=CRS)
    layer = Layer(info=LayerInfo(operator="A", technology="4G"), footprint=edge, extent=edge)
    measure_areas(square, [layer])


def _nothing(done: float) -> None:
    del done


def _killing(client: Client) -> Callable[[float], None]:
    """Kills one worker as soon as half is done, as the system would for its memory."""
    pids = list(client.run(os.getpid).values())

    def tell(done: float) -> None:
        if done >= 0.5 and pids:
            os.kill(pids.pop(), signal.SIGKILL)
            pids.clear()
            sys.stderr.write(f"a worker was killed with {done:.0%} done\n")

    return tell


def difference(one: Measures, other: Measures) -> float:
    """The most by which the share of any union of layers differs, of any village; or more.

    Of each village, what the shares of all combinations differ by is summed. Raises
    `AssertionError` where the sums differ by more than `WITHIN`, or a centre or id does.
    """
    shares = []
    for sign, m in ((1.0, one), (-1.0, other)):
        share = sign * m.area_m2 / m.village_area_m2[m.village]
        shares.append(pd.Series(share, [m.village, m.combination]))
    off = pd.concat(shares).groupby(level=[0, 1]).sum().abs()
    most = float(off.groupby(level=0).sum().max())
    if most > WITHIN or not (
        one.villages.index.equals(other.villages.index)
        and np.array_equal(one.centre, other.centre)
        and np.array_equal(one.has_centre, other.has_centre)
        and np.array_equal(one.extent_centre, other.extent_centre)
    ):
        raise AssertionError(f"a share differs by {most}, or a centre does")
    return most


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a run takes, in seconds, where every process has a core of its own.

    ``alone``: the caller's own before the first part and after the last. ``each``: the caller's
    for a part, its making, sending and taking back. ``work``: the workers' for all parts.
    Processor seconds of the runs with one and two workers, which do not count what others do.
    """

    villages: int
    alone: float
    each: float
    work: float

    @classmethod
    def of(cls, villages: int, *, alone: float, runs: Sequence[Done]) -> Model:
        """The means of some runs."""
        parts = parts_for(villages, FITTED[-1])
        return cls(
            villages=villages,
            alone=alone,
            each=sum(run.own_cpu - alone for run in runs) / len(runs) / parts,
            work=sum(run.workers_cpu or 0.0 for run in runs) / len(runs),
        )

    def seconds(self, workers: int) -> tuple[float, float]:
        """With so many workers: where caller and workers never wait for each other; always."""
        own = self.each * parts_for(self.villages, workers)
        theirs = self.work / workers
        return self.alone + max(own, theirs), self.alone + own + theirs


def table(times: int, study: geodata.Study) -> str:
    """The figures as Markdown."""
    villages, layers = country(study, times)
    _ready()
    load = os.getloadavg()[0]
    began = time.perf_counter()
    cells = cells_for(villages, layers)
    tasks = Tasks(villages, layers, parts=parts_for(len(villages), FITTED[-1]), cells=cells)
    before = time.perf_counter() - began
    parts = len(tasks)
    del tasks
    lines = [_about(times, villages, layers, parts=parts, load=load), "", *HEAD]
    found: list[Done] = []
    for way in (
        lambda: here(villages, layers),
        lambda: on_workers(villages, layers, 1),
        lambda: on_workers(villages, layers, 2),
        lambda: on_workers(villages, layers, 2, kill=True),
    ):
        done = way()
        lines.append(_row(done, found[0] if found else done))
        sys.stderr.write(lines[-1] + "\n")
        # only this machine's own measures are needed again
        found.append(done if not found else replace(done, measures=found[0].measures))
    alone = before + min(found[1].ending, found[2].ending)
    model = Model.of(len(villages), alone=alone, runs=found[1:3])
    return "\n".join([*lines, "", *_predicted(model, found[:3])])


HEAD = (
    (
        "| | seconds | of this machine alone | caller's processor s | workers' processor s "
        "| largest difference of a share | starting, s |"
    ),
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def _about(
    times: int, villages: gpd.GeoDataFrame, layers: Sequence[Layer], *, parts: int, load: float
) -> str:
    vertices = sum(int(one.footprint.count_coordinates().sum()) for one in layers)
    return (
        f"The reconstruction × {times}: {len(villages):,} villages, {len(layers)} layers of "
        f"{vertices:,} vertices in all, {parts} parts with one or two workers. "
        f"{platform.machine()}, {os.cpu_count()} cores for caller and workers together, Python "
        f"{platform.python_version()}; the machine's load was {load:.1f} when this began. One run "
        "of each. Seconds are from tables in memory to measures; the difference is, of the "
        "village where it is largest, the sum over all combinations of layers, so that no union "
        "of layers differs by more."
    )


def _row(done: Done, own: Done) -> str:
    off = "" if done is own else f"{difference(done.measures, own.measures):.1e}"
    workers = "" if done.workers_cpu is None else f"{done.workers_cpu:.1f}"
    start = "" if done is own else f"{done.start:.1f}"
    return (
        f"| {done.name} | {done.seconds:.1f} | {done.seconds / own.seconds:.2f} "
        f"| {done.own_cpu:.1f} | {workers} | {off} | {start} |"
    )


def _predicted(model: Model, found: Sequence[Done]) -> list[str]:
    """What the model says, in words and figures."""
    own, *fitted = found
    taken = {n: f"{done.seconds:.1f}" for n, done in zip(FITTED, fitted, strict=True)}
    rows = []
    for n in (*FITTED, *PREDICTED):
        low, high = model.seconds(n)
        parts = parts_for(model.villages, n)
        rows.append(f"| {n} | {parts} | {low:.1f} to {high:.1f} | {taken.get(n, '')} |")
    return [
        (
            "### Beyond two: a model, not a measurement\n\n"
            f"Seconds = {model.alone:.2f} + {model.each:.3f} × parts + {model.work:.1f} / workers "
            "where caller and workers always wait for each other; where they never do, the larger "
            "of the last two counts alone. The first is what the caller does before the first part "
            "and after the last; the second what a part costs it; the third what workers do. All "
            "are processor seconds, of the runs with one and two workers: they hold for workers "
            "with a core each and a network that takes no time. What was taken here is the "
            "seconds of above, with all processes and all else that the machine did on its cores."
        ),
        "",
        "| workers | parts | seconds, model | seconds taken here |",
        "| ---: | ---: | ---: | ---: |",
        *rows,
        "",
        (
            f"This machine alone took {own.own_cpu:.1f} processor seconds on {os.cpu_count()} "
            f"cores: {own.own_cpu / (os.cpu_count() or 1):.1f} s where it has them to itself."
        ),
    ]


def main() -> None:
    """Make the country, measure it every way, and print the table or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = geodata.open_study(asked.study or geodata.reconstruct(Path(folder) / "study"))
        found = table(asked.times, study)
        kinds = cluster_kinds.table(study)
    text = (
        f"# On a cluster\n\n`uv run python -m bench.cluster --times {asked.times}`\n\n"
        f"## A country: areas, centres and extents\n\n{found}\n\n"
        f"## A province: all of its measures\n\n{kinds}\n"
    )
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()

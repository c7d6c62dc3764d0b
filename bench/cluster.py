"""A country on a cluster: this machine alone against workers that read its files themselves.

    uv run python -m bench.cluster [--times 25] [--folder DIR] [--write bench/CLUSTER.md]

The country of `bench.country`: the reconstruction's villages and twelve ragged layers, so many
times, in GeoParquet files. Every way starts from the files and ends with the merged table; what
starting the workers takes is told apart. The shares of every way are compared with this machine's
own. Then a province kind by kind (`bench.cluster_kinds`).
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from distributed import Client
from pyarrow import parquet

import geodata
from bench import cluster_kinds
from bench.country import VERTICES_A_PROVINCE, country, layers_of, ready, villages_of
from coverage.model import Measures
from coverage.regions import RegionLayer, measure_in_regions
from geodata.study.cluster import connected, measured_on
from geodata.study.cluster.files import working_files
from geodata.study.cluster.regions import regions_for

WITHIN = 1e-12
"""No share may differ by more."""

THREADS = 2
EACH = 3
"""So often this machine alone and two workers are measured, by turns: others work on it too."""

PREDICTED = (2, 4, 16, 64)
PAYS = 0.8
"""Twice the workers pay where they take no more than this of the time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """One way: what it measured and what it took, in seconds of the clock and of processors.

    ``opening_cpu`` is the caller's until villages are in memory and files are known, ``own_cpu``
    what it takes from there to the merged table. ``read_mb``: what workers read from files.
    """

    name: str
    regions: int
    measures: Measures
    seconds: float
    opening_cpu: float
    own_cpu: float
    workers_cpu: float = 0.0
    read_mb: float = 0.0
    start: float = 0.0

    @property
    def caller_share(self) -> float:
        """The caller's part of all processor time."""
        return self.own_cpu / (self.opening_cpu + self.own_cpu + self.workers_cpu)


def opened(folder: Path) -> tuple[gpd.GeoDataFrame, list[RegionLayer]]:
    """The villages in memory, and the layers left in their files."""
    return villages_of(parquet.read_table(folder / "villages.parquet")), layers_of(folder)


def here(folder: Path) -> Done:
    """As `phusong assess` measures without a cluster, on two threads."""
    began, cpu = time.perf_counter(), time.process_time()
    villages, layers = opened(folder)
    opening = time.process_time() - cpu
    regions = regions_for(len(villages), THREADS)
    measures = measure_in_regions(villages, layers, regions=regions, threads=THREADS)
    return Done(
        name=f"this machine alone, {THREADS} threads",
        regions=regions,
        measures=measures,
        seconds=time.perf_counter() - began,
        opening_cpu=opening,
        own_cpu=time.process_time() - cpu - opening,
    )


def on_workers(
    folder: Path, workers: int, *, regions: int | None = None, kill: bool = False
) -> Done:
    """On so many workers of this machine; one of them killed half-way where asked."""
    started = time.perf_counter()
    with connected(workers=workers) as client, working_files(folder) as files:
        client.run(ready)
        start = time.perf_counter() - started
        before = _used(client)
        began, cpu = time.perf_counter(), time.process_time()
        villages, layers = opened(folder)
        opening = time.process_time() - cpu
        regions = regions or regions_for(len(villages), workers)
        measures = measured_on(
            client,
            villages,
            layers,
            files,
            regions=regions,
            progress=_killing(client) if kill else None,
        )
        seconds, own = time.perf_counter() - began, time.process_time() - cpu - opening
        used = _used(client)
    plural = "s" if workers > 1 else ""
    return Done(
        name=f"{workers} worker{plural}{', one killed half-way' if kill else ''}",
        regions=regions,
        measures=measures,
        seconds=seconds,
        opening_cpu=opening,
        own_cpu=own,
        workers_cpu=np.nan if kill else used[0] - before[0],
        read_mb=np.nan if kill else used[1] - before[1],
        start=start,
    )


def _used(client: Client) -> tuple[float, float]:
    """Processor seconds of all workers, and megabytes that they have read from files."""
    each = client.run(used_here).values()
    return sum(cpu for cpu, _ in each), sum(mb for _, mb in each)


def used_here() -> tuple[float, float]:
    """Processor seconds of this process, and megabytes that it has read from files."""
    told = Path("/proc/self/io")
    read = told.read_text(encoding="ascii").split()[1] if told.exists() else "nan"
    return time.process_time(), float(read) / 1e6


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
class Line:
    """What grows with the number of regions: ``alone`` and ``each`` more."""

    alone: float
    each: float

    @classmethod
    def through(cls, few: tuple[int, float], many: tuple[int, float]) -> Line:
        """The line through what was measured with few and with many regions."""
        each = max(0.0, (many[1] - few[1]) / (many[0] - few[0]))
        return cls(alone=few[1] - each * few[0], each=each)

    def at(self, regions: int) -> float:
        """With so many regions."""
        return self.alone + self.each * regions


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a run takes where every process has a core of its own, from two runs here."""

    villages: int
    opening: float
    own: Line
    work: Line
    read_mb: Line

    @classmethod
    def of(cls, villages: int, few: Done, many: Done) -> Model:
        """From runs with few and with many regions."""

        def line(value: Callable[[Done], float]) -> Line:
            return Line.through((few.regions, value(few)), (many.regions, value(many)))

        return cls(
            villages=villages,
            opening=few.opening_cpu,
            own=line(lambda done: done.own_cpu),
            work=line(lambda done: done.workers_cpu),
            read_mb=line(lambda done: done.read_mb),
        )

    def seconds(self, workers: int) -> tuple[float, float]:
        """With so many workers: where caller and workers never wait for each other; always."""
        regions = regions_for(self.villages, workers)
        own, theirs = self.own.at(regions), self.work.at(regions) / workers
        return self.opening + max(own, theirs), self.opening + own + theirs

    def store_mb_s(self, workers: int) -> float:
        """What the files must come at, in MB/s, so that workers do not wait for them."""
        regions = regions_for(self.villages, workers)
        return self.read_mb.at(regions) / (self.work.at(regions) / workers)

    def pays_to(self) -> int:
        """The most workers, doubled from one on, that still save a fifth of the time."""
        workers = 1
        while self.seconds(2 * workers)[1] <= PAYS * self.seconds(workers)[1]:
            workers *= 2
        return workers


def table(folder: Path) -> str:
    """The figures as Markdown."""
    ready()
    load = os.getloadavg()[0]
    villages = len(parquet.read_table(folder / "villages.parquet", columns=["village_id"]))
    most = regions_for(villages, PREDICTED[-1])
    pairs = [(here(folder), on_workers(folder, 2)) for _ in range(EACH)]
    alone, two = (min(runs, key=lambda done: done.seconds) for runs in zip(*pairs, strict=True))
    ways: list[Callable[[], Done]] = [
        lambda: alone,
        lambda: on_workers(folder, 1),
        lambda: two,
        lambda: on_workers(folder, 2, kill=True),
        lambda: on_workers(folder, 2, regions=most),
    ]
    found: list[Done] = []
    lines = [_about(villages, load=load), "", *HEAD]
    for way in ways:
        done = way()
        lines.append(_row(done, found[0] if found else done))
        sys.stderr.write(lines[-1] + "\n")
        # only this machine's own measures are needed again
        found.append(done if not found else replace(done, measures=found[0].measures))
    model = Model.of(villages, found[2], found[4])
    return "\n".join([*lines, "", *_predicted(model, found[0], found[2])])


HEAD = (
    (
        "| | regions | seconds | of this machine alone | caller's processor s, opening "
        "| caller's processor s, from there | of all | workers' processor s | read by workers, MB "
        "| largest difference of a share | starting, s |"
    ),
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def _about(villages: int, *, load: float) -> str:
    return (
        f"The country of `bench.country`: {villages:,} villages, twelve layers of "
        f"{villages / 3806 * VERTICES_A_PROVINCE / 1e6:.0f} million vertices in all, in GeoParquet "
        f"files. {platform.machine()}, {os.cpu_count()} cores for caller and workers together, "
        f"Python {platform.python_version()}; the machine's load was {load:.1f} when this began. "
        f"This machine alone and two workers: the fastest of {EACH} runs each, by turns; others: "
        "one run; workers warm. Seconds are from files to the merged table: *opening* is "
        "reading the villages and the layers' boxes, as one machine does too; *from there* is "
        "splitting, writing the villages for the workers, asking them, and merging. The difference "
        "is, of the village where it is largest, the sum over all combinations of layers, so that "
        "no union of layers differs by more."
    )


def _row(done: Done, own: Done) -> str:
    alone = done is own
    told = [
        "" if alone else f"{done.caller_share:.1%}" if np.isfinite(done.workers_cpu) else "",
        "" if alone or not np.isfinite(done.workers_cpu) else f"{done.workers_cpu:.1f}",
        "" if alone or not np.isfinite(done.read_mb) else f"{done.read_mb:,.0f}",
        "" if alone else f"{difference(done.measures, own.measures):.1e}",
        "" if alone else f"{done.start:.1f}",
    ]
    return (
        f"| {done.name} | {done.regions} | {done.seconds:.1f} | {done.seconds / own.seconds:.2f} "
        f"| {done.opening_cpu:.1f} | {done.own_cpu:.1f} | {' | '.join(told)} |"
    )


def _predicted(model: Model, own: Done, fitted: Done) -> list[str]:
    """What the model says, in words and figures."""
    rows = []
    for n in PREDICTED:
        low, high = model.seconds(n)
        regions = regions_for(model.villages, n)
        cores = (own.opening_cpu + own.own_cpu) / n
        taken = f"{fitted.seconds:.1f}" if n == THREADS else ""
        rows.append(
            f"| {n} | {regions} | {low:.1f} to {high:.1f} | {taken} | {model.store_mb_s(n):,.0f} "
            f"| {cores:.1f} |"
        )
    pays = model.pays_to()
    stays = model.opening + model.own.at(regions_for(model.villages, pays))
    return [
        (
            "### Beyond two: a model, not a measurement\n\n"
            f"Seconds = {model.opening:.2f} + own + work / workers where caller and workers always "
            "wait for each other; where they never do, the larger of the last two counts alone. "
            f"For so many regions the caller's own is {model.own.alone:.2f} + {model.own.each:.4f} "
            f"× regions, the work {model.work.alone:.1f} + {model.work.each:.4f} × regions, and "
            f"what is read {model.read_mb.alone:,.0f} + {model.read_mb.each:.2f} × regions MB. All "
            "are processor seconds of the runs above with two workers, few and many regions: they "
            "hold for workers with a core each. *Store*: what the shared files must come at, for "
            "all workers together, that none waits for them. *One machine*: its processor seconds "
            "by as many cores, if it has them and they lose nothing."
        ),
        "",
        "| workers | regions | seconds, model | taken here | store, MB/s | one machine, s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        (
            f"It stops paying at {pays} workers: twice as many save less than a fifth of the time, "
            f"for the caller's own {stays:.1f} s stay. A store that gives "
            "less than the MB/s above is the limit before that."
        ),
    ]


def main() -> None:
    """Make the country, measure it every way, and print the table or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--folder", type=Path, help="where countries are kept and found again")
    parser.add_argument("--study", type=Path)
    parser.add_argument("--no-kinds", action="store_true", help="leave the province out")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = asked.folder or Path(scratch)
        text = (
            f"# On a cluster\n\n`uv run python -m bench.cluster --times {asked.times}`\n\n"
            "## A country: areas, centres and extents\n\n"
            f"{table(country(base, asked.times, asked.study))}\n"
        )
        if not asked.no_kinds:
            of = geodata.open_study(asked.study or geodata.reconstruct(Path(scratch) / "province"))
            text += f"\n## A province: all of its measures\n\n{cluster_kinds.table(of)}\n"
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()

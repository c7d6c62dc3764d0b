r"""A country's shares and pixel weights: ours against others', from the same files, in one run.

    uv run --isolated --python 3.12 --with sedonadb==0.5.0 --with duckdb==1.4.4 \
        --with duckdb-ext-spatial==1.4.4.20260205 --with geohalo==2.2.0 \
        python -m bench.country_peers [--folder DIR] [--write bench/COUNTRY_PEERS.md]

None of these is a dependency; one that is not there is left out, with a word. Every way reads the
GeoParquet of `bench.country` and ends with the share of every village that each of the twelve
layers serves, parts of a layer that overlap counted once. The others are given the files as they
are, and again in pieces of at most 512 vertices, since they do not cut by themselves; the cutting
counts. Where a way would take longer than ``--seconds`` it gets a part of the country, as many
villages as it should manage in that time, and ours is measured on the same part. Each runs in a
process of its own, and is ended where it takes twice its time. `exactextract` and `geohalo` find
the pixel weights of one province.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow import parquet

from bench import pixel_peers
from bench.country import INFOS, country, layers_of, ready, villages_of
from bench.country_parts import Part, part_of, villages_in
from bench.spatial_sql import ENGINES, Shares, is_there, written_in_pieces
from coverage.regions import measure_in_regions
from coverage.shares import union_share
from geodata.study.regional import VILLAGES_A_REGION

PROBED = 50
"""So many villages tell how many a way can do in its time."""

MORE = 1.5
"""A part that is larger by less is not worth a second run."""

WITHIN = 0.8
"""What of its time a way is given villages for: a larger part costs a little more a village."""

THREADS = 2
REPEATS = 3
LONG_S = 5.0
"""What takes longer is measured once."""


@dataclass(frozen=True, kw_only=True)
class Took:
    """Seconds from files to shares, those of them for cutting, and processor seconds."""

    seconds: float
    cutting: float
    cpu: float


def ours(part: Path) -> tuple[Shares, float]:
    """As `phusong assess` measures, unions of layers too, in the order of ids; it cuts nothing."""
    villages = villages_of(parquet.read_table(part / "villages.parquet"))
    regions = math.ceil(len(villages) / VILLAGES_A_REGION)
    measures = measure_in_regions(villages, layers_of(part), regions=regions, threads=THREADS)
    shares = np.stack([union_share(measures, 1 << k) for k in range(len(INFOS))])
    return np.asarray(shares[:, np.argsort(villages.index.to_numpy().astype(str))]), 0.0


def run(way: str, part: Path, found: Path) -> Took:
    """Measure a part in this process, and leave the shares in a file."""
    engine, _, cut = way.partition(", ")
    villages, layers = part / "villages.parquet", _layers_in(part)
    if engine == "ours":
        ready()
        runs = [_timed(lambda: ours(part))]
        while len(runs) < REPEATS and runs[0][0].seconds < LONG_S:
            runs.append(_timed(lambda: ours(part)))
        took, shares = sorted(runs, key=lambda one: one[0].seconds)[len(runs) // 2]
    elif cut:
        took, shares = _timed(lambda: _in_pieces(engine, villages, layers))
    else:
        took, shares = _timed(lambda: (ENGINES[engine](villages, layers), 0.0))
    np.save(found, shares)
    return took


def _layers_in(part: Path) -> list[Path]:
    return [part / f"layer{k}.parquet" for k in range(len(INFOS))]


def _timed(measure: Callable[[], tuple[Shares, float]]) -> tuple[Took, Shares]:
    began, cpu = time.perf_counter(), time.process_time()
    shares, cutting = measure()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return Took(seconds=seconds, cutting=cutting, cpu=used), shares


def _in_pieces(engine: str, villages: Path, layers: list[Path]) -> tuple[Shares, float]:
    """The shares from pieces cut now, and the seconds of cutting."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pieces = [Path(folder) / layer.name for layer in layers]
        for layer, target in zip(layers, pieces, strict=True):
            written_in_pieces(layer, target)
        cutting = time.perf_counter() - began
        return ENGINES[engine](villages, pieces), cutting


def apart(way: str, part: Part, *, seconds: float) -> tuple[Took, Shares] | None:
    """`run` in a process of its own; None where it takes longer than ``seconds``."""
    found = part.folder / "shares.npy"
    command = [
        sys.executable,
        "-m",
        "bench.country_peers",
        "--run",
        way,
        str(part.folder),
        str(found),
    ]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
            command, check=True, stdout=subprocess.PIPE, text=True, env=env, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return None
    return Took(**json.loads(done.stdout.splitlines()[-1])), np.load(found)


class Comparison:
    """Parts of a country, made when they are asked for, and ours on each."""

    def __init__(self, whole: Path, scratch: Path, seconds: float) -> None:
        self.whole, self.scratch, self.seconds = whole, scratch, seconds
        self.villages, self.province = villages_in(whole)
        self._parts: dict[int, Part] = {}
        self._own: dict[int, tuple[Took, Shares]] = {}

    def part(self, villages: int) -> Part:
        """The files of about so many villages."""
        count = min(villages, self.villages)
        if count >= self.province:
            count -= count % self.province
        if count not in self._parts:
            self._parts[count] = part_of(self.whole, self.scratch / str(count), count)
        return self._parts[count]

    def own(self, part: Part) -> tuple[Took, Shares]:
        """Ours; its code is compiled by the first."""
        if part.villages not in self._own:
            done = apart("ours", part, seconds=600)
            assert done is not None
            self._own[part.villages] = done
        return self._own[part.villages]

    def row(self, way: str) -> str:
        """What a way takes on as large a part as it can do in its time.

        A first part tells how many villages these are: of pieces a province, since a polygon that
        spans it is cut whole for however few villages.
        """
        part = self.part(self.province if ", " in way else PROBED)
        done = apart(way, part, seconds=2 * self.seconds)
        if done is None:
            return f"| {way} | {part.villages:,} | | more than {2 * self.seconds:.0f} | | | | | | |"
        able = int(part.villages * WITHIN * self.seconds / done[0].seconds)
        if self.part(able).villages >= MORE * part.villages:
            larger = self.part(able)
            again = apart(way, larger, seconds=2 * self.seconds)
            if again is not None:  # else it costs more a village the more there are
                part, done = larger, again
        return self._row(way, part, done[0], np.abs(done[1] - self.own(part)[1]).max())

    def _row(self, way: str, part: Part, took: Took, off: float) -> str:
        mine = self.own(part)[0]
        times = f"{took.seconds / mine.seconds:.0f}"
        of_province = times
        if part.villages < self.province:
            seconds = took.seconds / part.villages * self.province
            whole = self.own(self.part(self.province))[0].seconds
            of_province = f"about {seconds / whole:.0f}"
        return (
            f"| {way} | {part.villages:,} | {part.vertices:,} | {took.seconds:.1f} "
            f"| {took.cutting:.1f} | {mine.seconds:.2f} | {times} | {took.cpu / mine.cpu:.0f} "
            f"| {of_province} | {off:.0e} |"
        )

    def about(self) -> str:
        """What is compared, on what."""
        every = self.part(self.villages)
        country_took, province_took = (
            self.own(part)[0] for part in (every, self.part(self.province))
        )
        return (
            f"The country of `bench.country`: {every.villages:,} villages, twelve layers of "
            f"{every.vertices:,} vertices in all, of which ours takes {country_took.seconds:.1f} s "
            f"({country_took.cpu:.1f} processor s), and of one province "
            f"{province_took.seconds:.2f} s. {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, {THREADS} threads or partitions for every way. Ours: "
            f"the median of {REPEATS} runs, one where it takes more than {LONG_S:.0f} s; of the "
            f"others one. A way that would need more than {self.seconds:.0f} s for the country "
            "has a part of it, and ours the same. A polygon that reaches beyond the villages of a "
            "part is whole in it, which is most of our time where these are few: *a province* is "
            f"therefore what {self.province:,} villages would take at the same rate a village, by "
            "what they take us; *about*, where less was measured. *In pieces*: of at most 512 "
            "vertices, cut with GEOS on two threads, which is in the seconds and told beside them."
        )


HEAD = (
    (
        "| way | villages | vertices | seconds | of them cutting | ours, same part | times ours "
        "| processor time, times ours | a province, times ours | largest difference of a share |"
    ),
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
)


def table(whole: Path, scratch: Path, seconds: float) -> str:
    """The comparison of shares as Markdown."""
    load = os.getloadavg()[0]
    compared = Comparison(whole, scratch, seconds)
    told = f"{compared.about()} The machine's load was {load:.1f} when this began."
    lines = [told, "", *HEAD]
    for engine in ENGINES:
        if not is_there(engine):
            lines.append(f"| {engine} | not installed | | | | | | | | |")
            continue
        for way in (engine, f"{engine}, in pieces"):
            lines.append(compared.row(way))
            sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines)


def main() -> None:
    """Make the country, measure it every way, and print the tables or write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=25)
    parser.add_argument("--folder", type=Path, help="where countries are kept and found again")
    parser.add_argument("--study", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0, help="what each way may take")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        way, part, found = asked.run
        print(json.dumps(run(way, Path(part), Path(found)).__dict__))
        return
    with tempfile.TemporaryDirectory() as scratch:
        whole = country(asked.folder or Path(scratch) / "made", asked.times, asked.study)
        shares = table(whole, Path(scratch), asked.seconds)
        with parquet.ParquetFile(whole / "villages.parquet") as file:
            weights = pixel_peers.table(villages_of(file.read_row_group(0)))
    text = (
        f"# A country, by others\n\n{_command()}\n\n## Shares of area\n\n{shares}\n\n"
        f"## Pixel weights\n\n{weights}\n"
    )
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    print(text)


def _command() -> str:
    """The command of this module's docstring, as Markdown."""
    lines = (__doc__ or "").split("\n\n")[1].splitlines()
    return "```\n" + "\n".join(line.strip() for line in lines) + "\n```"


if __name__ == "__main__":
    main()

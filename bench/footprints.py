"""Shares of area: ours against the usual ways, on the reconstruction, in one run.

    uv run python -m bench.footprints [--study DIR] [--repeats 3] [--output bench/RESULTS.md]

Twelve layers of together at least a million vertices: the study's own, their edges broken
into ragged ones, and as many of them moved a little as are needed to make twelve. Every way
starts from the same tables in memory and counts all that it must do, preparing included.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

import coverage
import geodata
from bench.peers import PEERS, THREADS
from coverage.model import Layer, LayerInfo
from coverage.shares import union_share

LAYERS, VERTICES = 12, 1_000_000
FIRST_CALL = (
    "import time, geopandas as g, shapely, coverage\n"
    "s = g.GeoSeries([shapely.box(0, 0, 1, 1)], crs='EPSG:9208')\n"
    "t = time.perf_counter(); coverage.area_share(s, s); print(time.perf_counter() - t)"
)

Shares = npt.NDArray[np.float64]


def ragged(shapes: npt.NDArray[np.object_], step_m: float) -> npt.NDArray[np.object_]:
    """The same footprints with edges broken every ``step_m`` and moved a little, then united."""
    rng = np.random.default_rng(586)
    fine = shapely.segmentize(shapes, step_m)
    rough = shapely.transform(fine, lambda xy: xy + _noise(xy, rng, step_m))
    whole = shapely.union_all(shapely.make_valid(rough))
    parts = shapely.get_parts(whole)
    return np.asarray(parts[shapely.get_type_id(parts) == 3])


def _noise(xy: Shares, rng: np.random.Generator, step_m: float) -> Shares:
    """A move for each place, the same wherever the place recurs (a ring ends where it began)."""
    angle = rng.uniform(0, 2 * np.pi, 8)
    phase = (xy @ np.stack([np.cos(angle), np.sin(angle)])) / step_m * 2.3 + angle
    return np.stack([np.sin(phase).mean(axis=1), np.cos(phase).mean(axis=1)], axis=1) * step_m * 0.4


def twelve(layers: Sequence[Layer]) -> list[gpd.GeoDataFrame]:
    """Twelve layers of at least a million vertices together."""
    crs = layers[0].footprint.crs
    step_m = 120.0
    while True:
        made = twelve_ragged(layers, step_m)
        if sum(int(shapely.get_num_coordinates(m).sum()) for m in made) >= VERTICES:
            return [gpd.GeoDataFrame(geometry=m, crs=crs) for m in made]
        step_m *= 0.7


def twelve_ragged(layers: Sequence[Layer], step_m: float) -> list[npt.NDArray[np.object_]]:
    """The layers made `ragged`, and the first of them moved a little to make twelve."""
    made = [ragged(layer.footprint.to_numpy(), step_m) for layer in layers]
    made = sorted(made, key=lambda m: -shapely.get_num_coordinates(m).sum())
    while len(made) < LAYERS:
        copy = made[len(made) - len(layers)]
        made.append(shapely.transform(copy, lambda xy: xy + (371.0, -243.0)))  # noqa: RUF005  # a move, not a tuple
    return made[:LAYERS]


def ours(villages: gpd.GeoDataFrame, layers: Sequence[gpd.GeoDataFrame]) -> Shares:
    """`coverage.measure`: one call for all layers, which also finds every union of them."""
    told = [
        Layer(info=LayerInfo(operator=f"O{k}", technology="4G"), footprint=layer.geometry)
        for k, layer in enumerate(layers)
    ]
    measures = coverage.measure(villages, told, threads=THREADS)
    return np.stack([union_share(measures, 1 << k) for k in range(len(layers))])


def timed(work: Callable[[], Shares], repeats: int) -> tuple[float, Shares]:
    """Median seconds of some runs, and what the last one found."""
    seconds, found = [], np.empty(0)
    for _ in range(repeats):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), found


def first_call(cache: Path) -> float:
    """Seconds of the first call in a fresh process with this compiler cache."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", FIRST_CALL],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def table(study: Path, repeats: int) -> str:
    """The whole comparison as a Markdown table."""
    opened = geodata.open_study(study)
    villages = opened.villages.assign(row=range(len(opened.villages)))
    layers = twelve(opened.layers)
    vertices = sum(int(layer.count_coordinates().sum()) for layer in layers)
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = first_call(Path(cache)), first_call(Path(cache))
    ours(villages.iloc[:10], layers)
    seconds, shares = timed(lambda: ours(villages, layers), max(repeats, 5))
    about = (
        f"{len(villages):,} villages × {len(layers)} layers of {vertices:,} vertices in all; "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{THREADS} threads where a way can use them; medians of {repeats} runs "
        f"(ours {max(repeats, 5)})."
    )
    lines = [
        about,
        "",
        "| way | seconds | times ours | largest difference of a share | verdicts that differ |",
        "| --- | ---: | ---: | ---: | ---: |",
        f"| **coverage.measure** (and every union of layers) | {seconds:.2f} | 1 | – | – |",
    ]
    for name, peer in PEERS.items():
        took, found = timed(
            lambda peer=peer: np.stack([peer(villages, layer) for layer in layers]), repeats
        )
        off = np.abs(found - shares).max()
        flips = int(((found >= 0.5 - 1e-6) != (shares >= 0.5 - 1e-6)).sum())
        lines.append(f"| {name} | {took:.1f} | {took / seconds:.0f} | {off:.1e} | {flips} |")
        sys.stderr.write(lines[-1] + "\n")
    lines += [
        "",
        f"First call, compiling: {cold:.1f} s, paid once; with the kept code {warm:.2f} s.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the comparison and print it, or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = asked.study or geodata.reconstruct(Path(folder) / "study")
        text = "# Footprints\n\n`uv run python -m bench.footprints`\n\n" + table(
            study, asked.repeats
        )
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

"""Judging from stored measures: how long a choice on the page *Rule* takes.

    uv run python -m bench.judging [--study DIR] [--repeats 21] [--write bench/JUDGING.md]

The villages of the reconstruction under its own footprints, and under twelve made-up signal
layers: four operators, three technologies each, smooth with noise, 100 m, and people. Each rule
is judged with thresholds that were not asked for before: what is kept of those is dropped first.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

import coverage
import geodata
from bench.rasters import grid_over, people, signal
from coverage.model import LayerInfo, Measures, Rule, Technology
from coverage.pixels import AmountRaster, Layer, SignalLayer
from coverage.sure import how_sure

OPERATORS = ("A", "B", "C", "D")
TECHNOLOGIES: tuple[Technology, ...] = ("3G", "4G", "5G")
PLAIN = coverage.RULES["vn-village"]
DBM = replace(PLAIN, min_dbm_3g=-100, min_dbm_4g=-105, min_dbm_5g=-105)

RULES: dict[str, Rule] = {
    "as it is": PLAIN,
    "two operators": replace(PLAIN, min_operators=2),
    "4G alone": replace(PLAIN, technologies=("4G",)),
    "all operators as one": replace(PLAIN, unite=True),
}
SIGNAL_RULES: dict[str, Rule] = {
    "a new dBm threshold": DBM,
    "two operators": replace(DBM, min_operators=2),
    "4G and 5G": replace(DBM, technologies=("4G", "5G")),
    "4G alone": replace(DBM, technologies=("4G",)),
    "two operators of four": replace(DBM, operators=OPERATORS[:2]),
    "of people": replace(DBM, basis="people"),
}


def signal_layers(villages: gpd.GeoDataFrame) -> tuple[list[SignalLayer], AmountRaster]:
    """Twelve signal layers, and people."""
    grid = grid_over(villages, 100.0)
    named = [(operator, technology) for operator in OPERATORS for technology in TECHNOLOGIES]
    layers = [
        SignalLayer(
            info=LayerInfo(operator=o, technology=t, kind="signal", evidence="modelled"),
            grid=grid,
            levels=_cut(signal(grid, seed)),
            key=f"{o} {t}",
        )
        for seed, (o, t) in enumerate(named)
    ]
    heads = people(grid, 99).astype(np.float64)
    return layers, AmountRaster(grid=grid, amounts=_cut(heads), key="people")


def _cut(array: Any) -> Callable[[tuple[int, int, int, int]], Any]:
    return lambda w: array[w[0] : w[0] + w[2], w[1] : w[1] + w[3]]


def forget(measures: Measures) -> None:
    """Drop the shares of thresholds that were asked for; what is added up once for all stays."""
    for levels in measures.levels:
        for key in [key for key in levels.sums if isinstance(key, tuple) and key[0] == "share"]:
            del levels.sums[key]


def medians(measures: Measures, rule: Rule, repeats: int) -> list[float]:
    """Milliseconds and processor milliseconds of judging, and the same of how sure."""
    works: tuple[Callable[[Measures, Rule], object], ...] = (coverage.judge, how_sure)
    found = []
    for work in works:
        work(measures, rule)
        seconds, used = [], []
        for _ in range(repeats):
            forget(measures)
            began, before = time.perf_counter(), time.process_time()
            work(measures, rule)
            seconds.append(time.perf_counter() - began)
            used.append(time.process_time() - before)
        found += [1000 * statistics.median(seconds), 1000 * statistics.median(used)]
    return found


def lines(title: str, measures: Measures, rules: dict[str, Rule], repeats: int) -> list[str]:
    """A row for every rule."""
    found = []
    for name, rule in rules.items():
        told = " | ".join(f"{ms:.1f}" for ms in medians(measures, rule, repeats))
        found.append(f"| {title} | {name} | {told} |")
    return found


def table(study: Path, repeats: int) -> str:
    """The whole table as Markdown."""
    opened = geodata.open_study(study)
    villages = opened.villages
    drawn = [layer for layer in opened.layers if isinstance(layer, Layer)]
    footprints = coverage.measure(villages, drawn)
    layers, heads = signal_layers(villages)
    signals = coverage.measure(villages, layers, amounts={"people": heads})
    rows = sum(len(x.village) for x in signals.levels)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    about = (
        f"{len(villages):,} villages; {platform.machine()}, {os.cpu_count()} cores at a load of "
        f"{load:.1f}, Python {platform.python_version()}; medians of {repeats} runs, of which each "
        f"asks for dBm not asked for before. The signal layers have {rows / 1e6:.1f} million rows "
        f"of joint levels. Where others use the processors too, processor time tells better."
    )
    head = [
        about,
        "",
        "| layers | rule | judging, ms | processor, ms | how sure, ms | processor, ms |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    body = lines(f"{len(drawn)} footprints", footprints, RULES, repeats)
    body += lines(f"{len(layers)} signal rasters", signals, SIGNAL_RULES, repeats)
    return "\n".join([*head, *body])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, or write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        study = asked.study or geodata.reconstruct(Path(folder) / "study")
        text = "# Judging\n\n`uv run python -m bench.judging`\n\n" + table(study, asked.repeats)
    if asked.write:
        asked.write.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

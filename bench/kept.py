"""One layer of twelve changed: what measuring it alone saves, on the reconstruction, in one run.

    uv run python -m bench.kept [--study DIR] [--repeats 3] [--write bench/KEPT.md]

The twelve layers are those of `bench.footprints`. Each way ends with the measures in memory and
kept on disk; the keys of all inputs are made anew each time, as they are in an assessment. A
changed layer is tried in two ways: one that differs everywhere (moved by some hundred metres) and
one that has thirty new sites. The layers are a few polygons of up to 100,000 vertices each, the
worst there is for taking only what lies near the villages that are cut again.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import coverage
import geodata
from bench.footprints import twelve
from coverage.combinations import default_threads
from coverage.model import Layer, LayerInfo, Measures
from geodata.study.kept import measures_of, store_of
from geodata.study.model import Study

CHANGED = (0, 5, 11)
"""Places of the layers that change, one after the other: two rich ones and one between."""

EVERYWHERE, SITES = "one changed everywhere", "one with thirty new sites"


def told(layers: Sequence[gpd.GeoDataFrame]) -> tuple[Layer, ...]:
    """The twelve as layers of a study."""
    return tuple(
        Layer(info=LayerInfo(operator=f"O{k}", technology="4G"), footprint=layer.geometry)
        for k, layer in enumerate(layers)
    )


def moved(study: Study, place: int, metres: float) -> Study:
    """The study with one layer moved."""
    layers = list(study.layers)
    there = layers[place].footprint.translate(metres, -metres).set_crs(study.crs)
    layers[place] = replace(layers[place], footprint=there)
    return replace(study, layers=tuple(layers))


def grown(study: Study, place: int) -> Study:
    """The study with one layer larger by thirty discs of 3 km, as after a quarter's new sites."""
    layers = list(study.layers)
    centres = study.villages.geometry.iloc[:: len(study.villages) // 30].centroid
    more = np.concatenate([layers[place].footprint.to_numpy(), centres.buffer(3000).to_numpy()])
    layers[place] = replace(layers[place], footprint=gpd.GeoSeries(more, crs=study.crs))
    return replace(study, layers=tuple(layers))


@dataclass(frozen=True, kw_only=True)
class Way:
    """One thing to measure, and how many layers must be measured for it."""

    title: str
    study: Study
    layers: int
    empty: bool = False


def ways(study: Study) -> list[Way]:
    """All twelve, one changed (in two ways, three layers each), one taken out, nothing."""
    fewer = replace(study, layers=study.layers[1:])
    return [
        Way(title="all twelve measured", study=study, layers=len(study.layers), empty=True),
        *(Way(title=EVERYWHERE, study=moved(study, k, 371.0), layers=1) for k in CHANGED),
        *(Way(title=SITES, study=grown(study, k), layers=1) for k in CHANGED),
        Way(title="one taken out", study=fewer, layers=0),
        Way(title="nothing changed", study=study, layers=0),
    ]


def timed(way: Way, kept: Path) -> tuple[float, float, Measures]:
    """Seconds, and processor seconds, until a study's measures are there; and the measures."""
    store = store_of(way.study).folder
    shutil.rmtree(store, ignore_errors=True)
    if not way.empty:
        shutil.copytree(kept, store)
    began, worked = time.perf_counter(), time.process_time()
    found = measures_of(way.study)
    took = time.perf_counter() - began, time.process_time() - worked
    assert found.measured_layers == way.layers
    return *took, found.measures


def differs(one: Measures, other: Measures) -> float:
    """The largest difference of a share, over all villages and combinations."""
    keys = [m.village.astype(np.uint64) << np.uint64(16) | m.combination for m in (one, other)]
    every, place = np.unique(np.concatenate(keys), return_inverse=True)
    areas = np.zeros((2, len(every)))
    areas[0, place[: len(keys[0])]] = one.area_m2
    areas[1, place[len(keys[0]) :]] = other.area_m2
    size = one.village_area_m2[(every >> np.uint64(16)).astype(np.int64)]
    return float((np.abs(areas[0] - areas[1]) / size).max())


def table(folder: Path, repeats: int) -> str:
    """The whole comparison as a Markdown table; every round goes through all ways in turn."""
    opened = geodata.open_study(folder)
    study = replace(opened, layers=told(twelve(opened.layers)))
    measures_of(study)  # compiled, and kept to begin with
    kept = folder / "kept"
    shutil.copytree(store_of(study).folder, kept)
    tried = ways(study)
    rounds = [[timed(way, kept) for way in tried] for _ in range(repeats)]
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for k, way in enumerate(tried):
        off = 0.0
        if way.layers == 1:
            full = coverage.measure(way.study.villages, way.study.layers)
            off = differs(rounds[-1][k][2], full)
        seconds = statistics.median(one[k][0] for one in rounds)
        worked = statistics.median(one[k][1] for one in rounds)
        rows.setdefault(way.title, []).append((seconds, worked, off))
    vertices = sum(int(shapely.get_num_coordinates(x.footprint).sum()) for x in study.layers)
    lines = [
        (
            f"{len(study.villages):,} villages × {len(study.layers)} layers of {vertices:,} "
            f"vertices in all; {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, {default_threads()} threads; medians of {repeats} runs, "
            f"and of the layers at places {', '.join(map(str, CHANGED))} where one changed. "
            "Making the keys, reading and writing what is kept are counted. Processor seconds are "
            "those of all threads together: other work on the machine does not change them much. "
            "Differences are of shares, from a full measurement."
        ),
        "",
        "| what changed | seconds | processor seconds | times less of these | largest difference |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    first = None
    for title, found in rows.items():
        seconds, worked, _ = (statistics.median(one) for one in zip(*found, strict=True))
        off = max(one[2] for one in found)
        first = first or worked
        told_off = f"{off:.0e}" if off else "–"
        lines.append(
            f"| {title} | {seconds:.2f} | {worked:.2f} | {first / worked:.1f} | {told_off} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the comparison and print it, or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        if asked.study:
            shutil.copytree(asked.study, study, ignore=shutil.ignore_patterns("results"))
        else:
            geodata.reconstruct(study)
        text = "# Kept measures\n\n`uv run python -m bench.kept`\n\n" + table(study, asked.repeats)
    if asked.write:
        asked.write.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

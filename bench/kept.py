"""One layer of twelve changed: what measuring it alone saves, on the reconstruction, in one run.

    uv run python -m bench.kept [--study DIR] [--repeats 5] [--write bench/KEPT.md]

The twelve layers are those of `bench.footprints`. Each way ends with the measures in memory and
kept on disk; the keys of all inputs are made anew each time, as they are in an assessment. A
changed layer is tried in two ways: one that differs everywhere (another filing altogether, moved
by some hundred metres) and one that differs in one district's worth of its area.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import geodata
from bench.footprints import twelve
from coverage.combinations import default_threads
from coverage.model import Layer, LayerInfo, Measures
from geodata.study.kept import Found, measures_of, store_of
from geodata.study.model import Study

CHANGED = (0, 5, 11)
"""Places of the layers that change, one after the other: a rich one, a middling one, a poor one."""


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


def timed(study: Study, prepare: Callable[[], None], repeats: int) -> tuple[float, Found]:
    """Median seconds until a study's measures are there, and what was found."""
    seconds, found = [], None
    for _ in range(repeats):
        prepare()
        began = time.perf_counter()
        found = measures_of(study)
        seconds.append(time.perf_counter() - began)
    assert found is not None
    return statistics.median(seconds), found


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
    """The whole comparison as a Markdown table."""
    opened = geodata.open_study(folder)
    study = replace(opened, layers=told(twelve(opened.layers)))
    store = store_of(study).folder

    def empty() -> None:
        shutil.rmtree(store, ignore_errors=True)

    def only_before() -> None:
        empty()
        measures_of(study)

    measures_of(study)  # compiled
    full, found = timed(study, empty, repeats)
    assert found.measured_layers == len(study.layers)
    nothing, found = timed(study, lambda: None, repeats)
    assert found.measured_layers == 0
    fewer, found = timed(replace(study, layers=study.layers[1:]), only_before, repeats)
    assert found.measured_layers == 0
    rows = [
        ("all twelve measured", full, "–"),
        ("one taken out", fewer, "–"),
        ("nothing changed", nothing, "–"),
    ]
    for title, changed in (
        ("one changed everywhere", lambda k: moved(study, k, 371.0)),
        ("one with thirty new sites", lambda k: grown(study, k)),
    ):
        took, off = [], 0.0
        for place in CHANGED:
            other = changed(place)
            seconds, found = timed(other, only_before, repeats)
            assert found.measured_layers == 1
            empty()
            off = max(off, differs(found.measures, measures_of(other).measures))
            took.append(seconds)
        rows.insert(-2, (title, statistics.median(took), f"{off:.0e}"))
    vertices = sum(int(shapely.get_num_coordinates(x.footprint).sum()) for x in study.layers)
    lines = [
        (
            f"{len(study.villages):,} villages × {len(study.layers)} layers of {vertices:,} "
            f"vertices in all; {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}, {default_threads()} threads; medians of {repeats} runs, "
            f"and of the layers at places {', '.join(map(str, CHANGED))} where one changed. "
            "Making the keys, reading and writing what is kept are counted."
        ),
        "",
        "| what changed | seconds | times faster than all twelve | largest difference of a share |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {name} | {s:.2f} | {full / s:.1f} | {off} |" for name, s, off in rows]
    return "\n".join(lines)


def main() -> None:
    """Run the comparison and print it, or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
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

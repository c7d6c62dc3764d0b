"""A country on one machine: from files to verdicts, read in regions, and how the cost grows.

    uv run python -m bench.country [--provinces 25 75] [--output bench/COUNTRY.md]

The reconstruction's villages and the twelve ragged layers of `bench.footprints` are laid side by
side, each time moved and mirrored, with the layers in another order, and written once as
GeoParquet with boxes. A process of its own then reads, measures and judges; its wall time, its
processor time and its peak memory are what is told.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import parquet

import coverage
import geodata
from bench.footprints import twelve_ragged
from coverage.model import Layer, LayerInfo
from coverage.regions import measure_in_regions
from geodata.study.regional import layer_in_file

CRS = "EPSG:9208"
SIDE_M = 250_000.0
"""From one province to the next."""

VERTICES_A_PROVINCE = 1_000_000
"""Of all twelve layers together, to within 3 %."""

Shapes = np.ndarray


def ragged_to(layers: Sequence[Layer], vertices: int) -> list[Shapes]:
    """The twelve layers of `bench.footprints`, as ragged as gives so many vertices."""
    step_m = 100.0
    while True:
        made = twelve_ragged(layers, step_m)
        found = sum(int(shapely.get_num_coordinates(one).sum()) for one in made)
        if abs(found / vertices - 1) < 0.03:
            return made
        step_m *= found / vertices


def moved(shapes: Shapes, tile: int, columns: int, middle: Shapes) -> Shapes:
    """A province's shapes in the place of another, every other one mirrored."""
    shift = np.array([tile % columns, tile // columns]) * SIDE_M
    mirror = np.array([-1.0 if tile % 2 else 1.0, -1.0 if tile % 4 > 1 else 1.0])
    return shapely.transform(shapes, lambda xy: (xy - middle) * mirror + shift)


def written(path: Path, tiles: Iterator[Shapes]) -> None:
    """Shapes of each tile as one row group of GeoParquet with boxes."""
    first = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
    with tempfile.TemporaryDirectory() as folder:
        first.to_parquet(Path(folder) / "one.parquet", index=False, write_covering_bbox=True)
        schema = parquet.read_schema(Path(folder) / "one.parquet")
    with parquet.ParquetWriter(path, schema, compression="zstd", compression_level=1) as out:
        for shapes in tiles:
            bounds = shapely.bounds(shapes)
            names = ("xmin", "ymin", "xmax", "ymax")
            boxes = pa.StructArray.from_arrays(
                [pa.array(bounds[:, k]) for k in range(4)], names=names
            )
            wkb = pa.array(shapely.to_wkb(shapes), type=schema.field("geometry").type)
            columns = {"geometry": wkb, "bbox": boxes.cast(schema.field("bbox").type)}
            out.write_table(pa.table([columns[n] for n in schema.names], schema=schema))


def make(folder: Path, villages: gpd.GeoDataFrame, layers: list[Shapes], provinces: int) -> None:
    """The files of a country of so many provinces."""
    folder.mkdir(parents=True)
    columns = int(np.ceil(np.sqrt(provinces)))
    middle = np.array(villages.total_bounds).reshape(2, 2).mean(axis=0)
    for k in range(len(layers)):
        source = (
            moved(layers[(k + t) % len(layers)], t, columns, middle) for t in range(provinces)
        )
        written(folder / f"layer{k}.parquet", source)
    tables = []
    for t in range(provinces):
        shapes = moved(villages.geometry.to_numpy(), t, columns, middle)
        halls = moved(villages["centre"].to_numpy(), t, columns, middle)
        ids = [f"{t}-{name}" for name in villages.index]
        tables.append(gpd.GeoDataFrame({"village_id": ids, "centre": halls}, geometry=shapes))
    country = pd.concat(tables, ignore_index=True).set_crs(CRS)
    country["centre"] = gpd.GeoSeries(country["centre"], crs=CRS)
    country.to_parquet(folder / "villages.parquet", index=False)


def run(folder: Path, regions: int) -> dict[str, float]:
    """Read, measure and judge; seconds and memory of this process."""
    began, cpu = time.perf_counter(), time.process_time()
    table = parquet.read_table(folder / "villages.parquet")
    shapes = {
        name: gpd.GeoSeries(shapely.from_wkb(table[name].to_numpy(zero_copy_only=False)), crs=CRS)
        for name in ("geometry", "centre")
    }
    villages = gpd.GeoDataFrame(
        {"centre": shapes["centre"]}, geometry=shapes["geometry"]
    ).set_index(table["village_id"].to_pandas())
    del table, shapes
    layers = [
        layer_in_file(
            folder / f"layer{k}.parquet",
            info=LayerInfo(operator=f"O{k // 3}", technology=("3G", "4G", "5G")[k % 3]),
            crs=villages.crs,
        )
        for k in range(12)
    ]
    measures = measure_in_regions(villages, layers, regions=regions)
    assessment = coverage.judge(measures, coverage.RULES["vn-village"])
    return {
        "villages": len(villages),
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "uncovered": int(assessment.verdicts["verdict"].isin(["weak", "none"]).sum()),
    }


def measured(folder: Path, regions: int) -> dict[str, float]:
    """`run` in a process of its own, whose compiled code is there already."""
    command = [sys.executable, "-m", "bench.country", "--run", str(folder), str(regions)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own interpreter, our own text
    return dict(json.loads(done.stdout))


def table(base: Path, study: Path | None, provinces: list[int]) -> str:
    """The figures as Markdown."""
    opened = geodata.open_study(study or geodata.reconstruct(base / "study"))
    layers = ragged_to(opened.layers, VERTICES_A_PROVINCE)
    vertices = sum(int(shapely.get_num_coordinates(one).sum()) for one in layers)
    lines = [
        (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
            "As many regions as provinces; seconds are from files to verdicts, in a process of "
            "its own; "
            "loading Python and its packages is left out."
        ),
        "",
        (
            "| provinces | villages | vertices | seconds | processor s | seconds per province "
            "| peak memory, MB | uncovered |"
        ),
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for many in provinces:
        make(base / f"country{many}", opened.villages, layers, many)
        got = measured(base / f"country{many}", many)
        lines.append(
            f"| {many} | {got['villages']:,} | {vertices * many:,} | {got['seconds']:.1f} "
            f"| {got['cpu']:.1f} | {got['seconds'] / many:.2f} | {got['peak_mb']:,.0f} "
            f"| {got['uncovered']:,} |"
        )
        sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines)


def main() -> None:
    """Make the countries, measure each, and print the table or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provinces", type=int, nargs="+", default=[25, 75])
    parser.add_argument("--study", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(Path(asked.run[0]), int(asked.run[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = table(Path(folder), asked.study, asked.provinces)
    text = "# A country\n\n`uv run python -m bench.country`\n\n" + found
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

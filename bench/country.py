"""A country on one machine: from files to verdicts, read in regions, and how the cost grows.

    uv run python -m bench.country [--provinces 25 75] [--write bench/COUNTRY.md]

The reconstruction's villages and the twelve ragged layers of `bench.footprints` are laid side by
side, each time moved and mirrored, with the layers in another order, and written once as
GeoParquet with boxes. A process of its own then reads, measures and judges; its wall time, its
processor time and its peak memory are what is told.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import resource
import shutil
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
import pyproj
import shapely
from pyarrow import compute, parquet

import coverage
import geodata
from bench.footprints import twelve_ragged
from coverage.combinations import default_threads
from coverage.grid import spread
from coverage.model import Layer, LayerInfo
from coverage.regions import RegionLayer, measure_in_regions
from coverage.split import split_boxes
from geodata.study.regional import layer_in_file, measure_areas

CRS = "EPSG:9208"
SIDE_M = 250_000.0
"""From one province to the next."""

VERTICES_A_PROVINCE = 1_000_000
"""Of all twelve layers together, to within 3 %."""

INFOS = [
    LayerInfo(operator=f"O{k // 3}", technology=technology)
    for k, technology in enumerate(("3G", "4G", "5G") * 4)
]

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
        schema = without_bounds(parquet.read_schema(Path(folder) / "one.parquet"))
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


def without_bounds(schema: pa.Schema) -> pa.Schema:
    """The same, but for the bounds of the whole file, where these are of other rows."""
    geo = json.loads(schema.metadata[b"geo"])
    for column in geo["columns"].values():
        column.pop("bbox", None)
    return schema.with_metadata({**schema.metadata, b"geo": json.dumps(geo).encode()})


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
    country.to_parquet(
        folder / "villages.parquet",
        index=False,
        write_covering_bbox=True,
        row_group_size=len(villages),
    )


def country(base: Path, times: int, study: Path | None) -> Path:
    """The files of a country, made where they are not there yet."""
    folder = base / f"country{times}"
    if not folder.exists():
        of = geodata.open_study(study or geodata.reconstruct(base / "study"))
        make(folder, of.villages, ragged_to(of.layers, VERTICES_A_PROVINCE), times)
    return folder


def run(folder: Path, regions: int, way: str) -> dict[str, float]:
    """Read, measure and judge; seconds and memory of this process."""
    began, cpu = time.perf_counter(), time.process_time()
    verdicts = WAYS[way](folder, regions)
    return {
        "villages": len(verdicts),
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak_mb": peak_mb(),
        "uncovered": int(verdicts.isin(["weak", "none"]).sum()),
    }


def peak_mb() -> float:
    """The most memory that this process has held, in MB.

    Linux's own figure is asked first: that of `getrusage` begins at what the parent held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        told = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(told.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def whole(folder: Path, regions: int) -> pd.Series:
    """All villages and all their measures in memory, the layers in their files."""
    villages = villages_of(parquet.read_table(folder / "villages.parquet"))
    measures = measure_in_regions(villages, layers_of(folder), regions=regions)
    return coverage.judge(measures, coverage.RULES["vn-village"]).verdicts["verdict"]


def apart(folder: Path, regions: int) -> pd.Series:
    """Villages in their file too: each region is read, measured, judged and forgotten."""
    path, layers = folder / "villages.parquet", layers_of(folder)
    with parquet.ParquetFile(path) as file:
        sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
        known = [boxes_and_vertices(file, k) for k in range(file.num_row_groups)]
    boxes, vertices = (np.concatenate(each) for each in zip(*known, strict=True))
    ends = np.cumsum(sizes)

    def region(rows: np.ndarray) -> pd.Series:
        groups = np.unique(np.searchsorted(ends, rows, side="right"))
        held = np.concatenate([np.arange(ends[k] - sizes[k], ends[k]) for k in groups])
        with parquet.ParquetFile(path) as file:
            table = file.read_row_groups(groups.tolist()).take(np.searchsorted(held, rows))
        measures = measure_in_regions(villages_of(table), layers, regions=1, threads=1)
        return coverage.judge(measures, coverage.RULES["vn-village"]).verdicts["verdict"]

    parts = split_boxes(boxes, vertices, regions)
    del known, boxes, vertices  # of all villages; from here on only a region's are held
    return pd.concat(spread(region, parts, threads=default_threads()))


def product(folder: Path, _regions: int) -> pd.Series:
    """What `phusong assess` does with a study of these files: checked, kept and summarised too.

    It chooses its own regions, and leaves what is large in its file.
    """
    return geodata.assess_study(geodata.open_study(folder)).assessment.verdicts["verdict"]


WAYS = {"whole": whole, "apart": apart, "product": product}


def write_study(folder: Path) -> None:
    """A study file for the files of a country."""
    lines = [
        'schema = 1\nname = "A country"\nas_of = 2023-08-30',
        f'crs = "{CRS}"\nrule = "vn-village"\n',
        '[villages]\npath = "villages.parquet"\ncentres = "centres.parquet"\n',
    ]
    lines += [
        f'[[layers]]\noperator = "{info.operator}"\ntechnology = "{info.technology}"\n'
        f'path = "layer{k}.parquet"\n'
        for k, info in enumerate(INFOS)
    ]
    (folder / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    table = parquet.read_table(folder / "villages.parquet", columns=["village_id", "centre"])
    points = gpd.GeoSeries(shapely.from_wkb(table["centre"].to_numpy()), crs=CRS)
    centres = gpd.GeoDataFrame({"village_id": table["village_id"].to_pandas()}, geometry=points)
    centres.to_parquet(folder / "centres.parquet", index=False)


def boxes_and_vertices(file: parquet.ParquetFile, group: int) -> tuple[Shapes, Shapes]:
    """Boxes and, near enough, vertices (16 bytes each) of the villages of a row group."""
    table = file.read_row_group(group, columns=["geometry", "bbox"]).flatten()
    sides = [f"bbox.{side}" for side in ("xmin", "ymin", "xmax", "ymax")]
    lengths = compute.binary_length(table["geometry"]).to_numpy()
    return np.stack([table[side].to_numpy() for side in sides], axis=1), lengths // 16


def villages_of(table: pa.Table) -> gpd.GeoDataFrame:
    """Villages as `coverage.measure` takes them."""
    shapes = {
        name: gpd.GeoSeries(shapely.from_wkb(table[name].to_numpy(zero_copy_only=False)), crs=CRS)
        for name in ("geometry", "centre")
    }
    return gpd.GeoDataFrame({"centre": shapes["centre"]}, geometry=shapes["geometry"]).set_index(
        table["village_id"].to_pandas()
    )


def layers_of(folder: Path) -> list[RegionLayer]:
    """The twelve layers, left in their files."""
    return [
        layer_in_file(
            folder / f"layer{k}.parquet",
            info=info,
            crs=pyproj.CRS.from_user_input(CRS),
        )
        for k, info in enumerate(INFOS)
    ]


def ready() -> None:
    """A worker's compiled code loaded from the disk."""
    square = gpd.GeoDataFrame(
        {"centre": [shapely.Point(5e5, 2e6)]},
        geometry=[shapely.box(5e5, 2e6, 5e5 + 9, 2e6 + 9)],
        crs=CRS,
    )
    edge = gpd.GeoSeries([shapely.Point(5e5, 2e6).buffer(5)], crs=CRS)
    layer = Layer(info=LayerInfo(operator="A", technology="4G"), footprint=edge, extent=edge)
    measure_areas(square, [layer])


def measured(folder: Path, regions: int, way: str) -> dict[str, float]:
    """`run` in a process of its own, whose compiled code is there already."""
    command = [sys.executable, "-m", "bench.country", "--run", str(folder), str(regions), way]
    # where Python is told to keep no bytecode it compiles numba's own modules at the first call
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)  # noqa: S603  # our own interpreter, our own text
    return dict(json.loads(done.stdout))


def table(base: Path, study: Path | None, provinces: list[int], ways: list[str], each: int) -> str:
    """The figures as Markdown, of ``each`` regions a province."""
    opened = geodata.open_study(study or geodata.reconstruct(base / "study"))
    layers = ragged_to(opened.layers, VERTICES_A_PROVINCE)
    vertices = sum(int(shapely.get_num_coordinates(one).sum()) for one in layers)
    lines = [
        (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
            f"Regions a province: {each}; seconds are from files to verdicts, in a process of "
            "its own; "
            "loading Python and its packages is left out. Villages in memory: *whole*, or *apart*, "
            "a region at a time; *product* is what `phusong assess` does, which also checks, keeps "
            "and summarises, and chooses its regions itself. Processor seconds are of both cores "
            "together; *load before* is what else the machine had to do (1-minute load average "
            "when a run began)."
        ),
        "",
        (
            "| provinces | villages in memory | villages | vertices | seconds | processor s "
            "| processor s per province | peak memory, MB | uncovered | load before |"
        ),
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for many, way in itertools.product(provinces, ways):
        folder = base / f"country{many}"
        if not folder.exists():
            make(folder, opened.villages, layers, many)
        if way == "product":
            write_study(folder)
            shutil.rmtree(folder / "results", ignore_errors=True)
        load = os.getloadavg()[0]
        got = measured(folder, many * each, way)
        lines.append(
            f"| {many} | {way} | {got['villages']:,} | {vertices * many:,} | {got['seconds']:.1f} "
            f"| {got['cpu']:.1f} | {got['cpu'] / many:.2f} | {got['peak_mb']:,.0f} "
            f"| {got['uncovered']:,} | {load:.1f} |"
        )
        sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines)


def main() -> None:
    """Make the countries, measure each, and print the table or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--provinces", type=int, nargs="+", default=[25, 75])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--each", type=int, default=1, help="regions a province")
    parser.add_argument("--study", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--folder", type=Path, help="where countries are kept and found again")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(run(Path(asked.run[0]), int(asked.run[1]), asked.run[2])))
        return
    with tempfile.TemporaryDirectory() as folder:
        base = asked.folder or Path(folder)
        found = table(base, asked.study, asked.provinces, asked.ways, asked.each)
    text = "# A country\n\n`uv run python -m bench.country`\n\n" + found
    if asked.write:
        asked.write.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

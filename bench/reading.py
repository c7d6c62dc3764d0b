"""Reading a village layer of 100,000 polygons: ours against pyogrio alone, in one run.

    uv run python -m bench.reading [--rows 100000] [--repeats 7] [--output bench/READING.md]

The layer has eight columns, Vietnamese names among them, and polygons of some twenty vertices.
Each way reads the same file in the same warmed process, by turns, and seconds of the processor
are counted, so that what else the machine does meets neither; the ratio is that of the medians.
The first reading of a file is told apart: it alone looks whether what the file says twice is alike.
Pyogrio alone is ``pyogrio.read_dataframe``, and for GeoParquet, which it does not read,
``geopandas.read_parquet``.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

from geodata.read import read_table

ROWS, VERTICES = 100_000, 20
MOST = 1.2
"""Ours may take so many times what pyogrio alone takes."""

FORMATS = {
    "GeoPackage": ("villages.gpkg", {}),
    "Shapefile": ("villages.shp", {"encoding": "UTF-8"}),
    "GeoJSON": ("villages.geojson", {}),
    "FlatGeobuf": ("villages.fgb", {}),
    "GeoParquet": ("villages.parquet", {}),
}
KINDS = ("Thôn", "Bản", "Xóm", "Khối")
NAMES = ("Đồng Văn", "Ngọc Sơn", "Mường Lống", "Quỳnh Thắng", "Nghĩa Hòa", "Tân Hợp", "Yên Khê")


def villages(rows: int) -> gpd.GeoDataFrame:
    """Rough discs on a grid, with the columns that a list of villages has."""
    dice = np.random.default_rng(586)
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = 200 + 80 * dice.random((rows, VERTICES))
    side = int(np.ceil(np.sqrt(rows)))
    x = 400_000 + 700.0 * (np.arange(rows) % side)
    y = 2_000_000 + 700.0 * (np.arange(rows) // side)
    rings = np.stack(
        [x[:, None] + radius * np.cos(angle), y[:, None] + radius * np.sin(angle)], axis=-1
    )
    number = np.arange(rows)
    names = [f"{KINDS[k % 4]} {NAMES[k % len(NAMES)]} {k // 28 + 1}" for k in range(rows)]
    return gpd.GeoDataFrame(
        {
            "MA_THON": [f"V{k:06d}" for k in number],
            "TEN_THON": names,
            "TEN_XA": [f"Xã {NAMES[k % len(NAMES)]}" for k in number // 9],
            "MA_XA": 16_000 + number // 9,
            "TEN_HUYEN": [f"Huyện {NAMES[k % len(NAMES)]}" for k in number // 180],
            "SO_HO": dice.integers(20, 400, rows),
            "DAN_SO": dice.integers(80, 1600, rows),
            "DIEN": dice.choice(["có", "không"], rows),
        },
        geometry=shapely.polygons(rings),
        crs="EPSG:9208",
    )


def alone(path: Path) -> gpd.GeoDataFrame:
    """What the library does by itself."""
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    return pyogrio.read_dataframe(path)


def timed(work: Callable[[Path], object], path: Path) -> float:
    """Seconds of the processor for one reading; clearing away is not counted."""
    gc.collect()
    began = time.process_time()
    made = work(path)
    took = time.process_time() - began
    del made
    return took


def compared(path: Path, repeats: int) -> tuple[float, list[float], list[float]]:
    """Seconds of our first reading, then of ours and of the library's own, by turns."""
    other = alone(path)
    began = time.process_time()
    mine = read_table(path)
    first = time.process_time() - began
    assert len(mine) == len(other)
    assert mine.geometry.geom_equals(other.geometry.set_axis(mine.index)).all()
    assert mine["TEN_THON"].tolist() == other["TEN_THON"].tolist()
    del mine, other
    ours, theirs = [], []
    for turn in range(repeats):
        for way in (0, 1) if turn % 2 else (1, 0):
            if way:
                ours.append(timed(read_table, path))
            else:
                theirs.append(timed(alone, path))
    return first, ours, theirs


def table(rows: int, repeats: int) -> tuple[str, bool]:
    """The comparison as Markdown, and whether all of it is within `MOST`."""
    about = (
        f"{rows:,} polygons of {VERTICES} vertices, eight columns; {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, pyogrio "
        f"{pyogrio.__version__}, GDAL {pyogrio.__gdal_version_string__}; medians of {repeats} "
        "readings each, by turns, in seconds of the processor. The first reading alone looks "
        "whether what the file says twice (counts, boxes, lengths, numbers) is alike."
    )
    lines = [
        about,
        "",
        "| format | ours, s | pyogrio alone, s | ratio | ours the first time, s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    within = True
    made = villages(rows)
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, options) in FORMATS.items():
            path = Path(folder) / file
            if path.suffix == ".parquet":
                made.to_parquet(path)
            else:
                written = made.to_crs("EPSG:4326") if path.suffix == ".geojson" else made
                written.to_file(path, **options)
            first, *taken = compared(path, repeats)
            ours, theirs = map(statistics.median, taken)
            within = within and ours <= MOST * theirs
            who = " (geopandas)" if path.suffix == ".parquet" else ""
            lines.append(
                f"| {name} | {ours:.2f} | {theirs:.2f}{who} | {ours / theirs:.2f} | {first:.2f} |"
            )
            sys.stderr.write(lines[-1] + "\n")
    return "\n".join(lines), within


def main() -> int:
    """Run the comparison and print it, or write it where asked; 1 where ours takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    told, within = table(asked.rows, asked.repeats)
    text = f"# Reading\n\n`uv run python -m bench.reading`\n\n{told}"
    if asked.output:
        asked.output.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())

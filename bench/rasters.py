"""Signal rasters: ours against `exactextract` and `rasterstats`, on the reconstruction.

    uv run python -m bench.rasters [--study DIR] [--repeats 5] [--write bench/RASTERS.md]

Four signal rasters and one of people over every village, made up: smooth, with noise, pixels of
100 m in the study's system, and again of 20 m. Every way starts from the same arrays in memory
and gives the same: from each signal raster the share of every village's area at −105 dBm or
more, and of people in all. Ours gives the levels of every operator besides, where one has two
technologies joint ones. What others do at the time slows all ways, and those of several threads
most; processor seconds are told too.
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
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import psutil
import rasterio
import rasterstats
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from scipy.ndimage import gaussian_filter, zoom

import geodata
from coverage.model import LayerInfo, Technology
from coverage.pixels import LOW_DBM, LOWEST_LEVEL, AmountRaster, PixelGrid, SignalLayer, Window
from coverage.shares import signal_share
from coverage.signal import Spoken, measure_levels
from coverage.weights import PixelWeights
from geodata.population import people_near
from geodata.rasters import opened
from geodata.signals import signal_layer

Titles = tuple[tuple[str, Technology], ...]
FOUR: Titles = (("A", "4G"), ("B", "4G"), ("C", "4G"), ("D", "4G"))
TITLES: Titles = (("A", "3G"), ("A", "4G"), ("B", "3G"), ("B", "4G"))
LEAST = np.uint8(-105 - LOW_DBM + LOWEST_LEVEL)
ROOM_M = 2000.0

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def grid_over(villages: gpd.GeoDataFrame, step_m: float) -> PixelGrid:
    """Pixels of some size over all villages and 2 km around."""
    x0, y0, x1, y1 = villages.total_bounds
    return PixelGrid(
        crs=villages.crs.to_wkt(),
        x=float(x0 - ROOM_M),
        y=float(y1 + ROOM_M),
        step_x=step_m,
        step_y=step_m,
        width=int((x1 - x0 + 2 * ROOM_M) // step_m) + 1,
        height=int((y1 - y0 + 2 * ROOM_M) // step_m) + 1,
    )


def signal(grid: PixelGrid, seed: int) -> Bytes:
    """Levels from −130 to −60 dBm, smooth over kilometres with 4 dB of noise."""
    rng = np.random.default_rng(seed)
    coarse = gaussian_filter(rng.normal(size=(grid.height // 10 + 2, grid.width // 10 + 2)), 3.0)
    smooth = zoom(coarse / coarse.std(), 10, order=1)[: grid.height, : grid.width]
    out = np.empty((grid.height, grid.width), np.uint8)
    for row in range(0, grid.height, 1024):
        noise = rng.normal(size=(min(1024, grid.height - row), grid.width))
        dbm = np.clip(-98 + 12 * smooth[row : row + 1024] + 4 * noise, -130, -60)
        out[row : row + 1024] = np.floor(dbm) - LOW_DBM + LOWEST_LEVEL
    return out


def people(grid: PixelGrid, seed: int) -> npt.NDArray[np.float32]:
    """People by pixel: few in most, many in some."""
    rng = np.random.default_rng(seed)
    out = np.empty((grid.height, grid.width), np.float32)
    for row in range(0, grid.height, 1024):
        out[row : row + 1024] = rng.gamma(0.3, 8.0, size=(min(1024, grid.height - row), grid.width))
    return out


class Kept(dict[str, PixelWeights]):
    """Pixel weights kept in memory."""

    def load(self, key: str) -> PixelWeights | None:
        """Those of a key."""
        return self.get(key)

    def keep(self, key: str, weights: PixelWeights) -> None:
        """Keep those of a key."""
        self[key] = weights


def layers_of(grid: PixelGrid, levels: Sequence[Bytes], titles: Titles) -> list[SignalLayer]:
    """Arrays as signal layers."""
    return [
        SignalLayer(
            info=LayerInfo(operator=o, technology=t, kind="signal", evidence="modelled"),
            grid=grid,
            levels=_cut(array),
            key=f"{o} {t}",
        )
        for (o, t), array in zip(titles, levels, strict=True)
    ]


def _cut(array: npt.NDArray[np.generic]) -> Callable[[Window], npt.NDArray[np.generic]]:
    return lambda w: array[w[0] : w[0] + w[2], w[1] : w[1] + w[3]]


def ours(
    villages: gpd.GeoDataFrame,
    grid: PixelGrid,
    levels: Sequence[Bytes],
    heads: npt.NDArray[np.float32],
    kept: Kept | None = None,
    titles: Titles = FOUR,
) -> Spoken:
    """Everything from one call."""
    source = AmountRaster(grid=grid, amounts=_cut(heads), key="people")
    return measure_levels(
        villages,
        layers_of(grid, levels, titles),
        amounts={"people": source},
        threads=2,
        weights_cache=kept,
    )


def shares_of(spoken: Spoken, villages: int, titles: Titles = FOUR) -> Floats:
    """Share of the area of each village (titles × villages) that each raster serves."""
    found = []
    for operator, technology in titles:
        table = next(x for x in spoken.levels if x.operator == operator)
        least = np.array([LEAST if t == technology else 255 for t in table.technologies], np.uint8)
        found.append(signal_share(table, least, "area", villages))
    return np.stack(found)


@dataclass(frozen=True, kw_only=True)
class Took:
    """Median seconds of some runs, and seconds of all processors together."""

    wall: float
    used: float


def timed(work: Callable[[], object], repeats: int) -> Took:
    """What a way takes."""
    wall, used = [], []
    for _ in range(repeats):
        began, before = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
    return Took(wall=statistics.median(wall), used=statistics.median(used))


def by_exactextract(
    villages: gpd.GeoDataFrame, grid: PixelGrid, levels: Sequence[Bytes],
    heads: npt.NDArray[np.float32],
) -> Floats:  # fmt: skip
    """One call for each raster: mean of served (0 or 1), sum of people."""
    x1, y0 = grid.x + grid.step_x * grid.width, grid.y - grid.step_y * grid.height
    found = []
    for array, op in [*((x >= LEAST, "mean") for x in levels), (heads, "sum")]:
        source = NumPyRasterSource(
            array.astype(np.float32), grid.x, y0, x1, grid.y, srs_wkt=grid.crs
        )
        table = exact_extract(source, villages[["geometry"]], [op], output="pandas")
        found.append(table[op].to_numpy())
    return np.stack(found)


def by_rasterstats(
    villages: gpd.GeoDataFrame, grid: PixelGrid, levels: Sequence[Bytes],
    heads: npt.NDArray[np.float32],
) -> Floats:  # fmt: skip
    """One call for each raster; it counts pixel centres, so its shares are not the same."""
    place = rasterio.Affine(grid.step_x, 0, grid.x, 0, -grid.step_y, grid.y)
    found = []
    for array, op in [*((x >= LEAST, "mean") for x in levels), (heads, "sum")]:
        table = rasterstats.zonal_stats(
            villages.geometry, array.astype(np.float32), affine=place, stats=[op], nodata=-1
        )
        found.append([row[op] for row in table])
    return np.array(found, dtype=np.float64)


def written(folder: Path, grid: PixelGrid) -> None:
    """Four GeoTIFFs of dBm and one of people, tiled and packed, as they are sent."""
    profile = {
        "driver": "GTiff", "width": grid.width, "height": grid.height, "count": 1,
        "crs": grid.crs, "tiled": True, "compress": "deflate", "zlevel": 1,
        "transform": rasterio.Affine(grid.step_x, 0, grid.x, 0, -grid.step_y, grid.y),
    }  # fmt: skip
    for k in range(len(TITLES)):
        dbm = signal(grid, k).astype(np.int16) + np.int16(LOW_DBM - LOWEST_LEVEL)
        with rasterio.open(folder / f"{k}.tif", "w", dtype="int16", nodata=-9999, **profile) as out:
            out.write(dbm, 1)
    with rasterio.open(folder / "people.tif", "w", dtype="float32", **profile) as out:
        out.write(people(grid, 9), 1)


def read(folder: Path, villages: gpd.GeoDataFrame) -> Spoken:
    """Everything from the files, which are read in windows, as those of a study are."""
    layers = [
        signal_layer(
            opened(folder / f"{k}.tif", file=f"{k}.tif", whole=False),
            LayerInfo(operator=o, technology=t, kind="signal", evidence="modelled"),
            lasting=True,
        )
        for k, (o, t) in enumerate(TITLES)
    ]
    near = people_near(opened(folder / "people.tif", file="people.tif"), villages.geometry)
    source = near.source("count", "people")
    return measure_levels(villages, layers, amounts={"people": source}, threads=2)


MAIN = """
import sys, time
from pathlib import Path
import geodata
from bench import rasters as r
villages = geodata.open_study(Path(sys.argv[1])).villages
r.read(Path(sys.argv[2]), villages.iloc[:9])
began, before = time.perf_counter(), time.process_time()
found = r.read(Path(sys.argv[2]), villages)
print(time.perf_counter() - began, time.process_time() - before, r.peak_kb(),
      sum(len(x.village) for x in found.levels))
"""


def peak_kb() -> int:
    """Most memory this process ever held, without what its parent held; where not told, now."""
    status = Path("/proc/self/status")
    told = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in told if line.startswith("VmHWM")]
    if found:
        return found[0]
    held = psutil.Process().memory_info()
    return int(getattr(held, "peak_wset", held.rss)) // 1024


def large(study: Path, villages: gpd.GeoDataFrame) -> str:
    """What 20 m pixels cost from files, in a process of its own."""
    grid = grid_over(villages, 20.0)
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), grid)
        done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
            [sys.executable, "-c", MAIN, str(study), folder],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    took, used, peak, rows = done.stdout.split()
    return (
        f"Pixels of 20 m ({grid.width * grid.height / 1e6:.0f} million, 25 times as many) from "
        f"GeoTIFFs read in windows, pixel weights found too: {float(took):.1f} s "
        f"({float(used):.1f} s of the processors), {int(rows) / 1e6:.1f} million rows of levels, "
        f"peak memory of the process {int(peak) / 2**20:.2f} GB, the study "
        "itself among it."
    )


def worst(villages: gpd.GeoDataFrame, grid: PixelGrid, level: Bytes, k: int) -> float:
    """The share of one village by GEOS, pixel by pixel."""
    shape = villages.geometry.iloc[k]
    x0, y0, x1, y1 = shape.bounds
    left, right = int((x0 - grid.x) // grid.step_x), int((x1 - grid.x) // grid.step_x) + 1
    top, low = int((grid.y - y1) // grid.step_y), int((grid.y - y0) // grid.step_y) + 1
    row, column = np.mgrid[top:low, left:right]
    x, y = grid.x + column * grid.step_x, grid.y - row * grid.step_y
    pixels = shapely.box(x, y - grid.step_y, x + grid.step_x, y)
    area = shapely.area(shapely.intersection(pixels, shape))
    return float(area[level[top:low, left:right] >= LEAST].sum() / shape.area)


def row(name: str, took: Took, whole: Took, kept: Took | None) -> str:
    """A line of the table: a way, its seconds, and how many times ours they are."""
    told = [f"{took.wall:.2f}", f"{took.used:.2f}"]
    for ours_took in (whole, kept):
        wall = f"{took.wall / ours_took.wall:.1f}" if ours_took else ""
        told += [wall, f"{took.used / ours_took.used:.1f}" if ours_took else ""]
    return f"| {name} | {' | '.join(told)} |"


def table(study: Path, repeats: int) -> str:
    """The whole comparison as Markdown."""
    villages = geodata.open_study(study).villages
    grid = grid_over(villages, 100.0)
    levels, heads = [signal(grid, k) for k in range(len(FOUR))], people(grid, 9)
    given = (villages, grid, levels, heads)
    ours(villages.iloc[:9], grid, levels, heads)
    ours(villages.iloc[:9], grid, levels, heads, titles=TITLES)
    kept = Kept()
    spoken = ours(*given, kept)
    whole = timed(lambda: ours(*given), repeats)
    again = timed(lambda: ours(*given, kept), 3 * repeats)
    joint = timed(lambda: ours(*given, kept, TITLES), 3 * repeats)
    mine = shares_of(spoken, len(villages))
    extract = by_exactextract(*given)
    off = np.abs(extract[:-1] - mine)
    worst_of = np.argsort(off, axis=None)[-20:]
    exact = np.array([
        worst(villages, grid, levels[which], int(village))
        for which, village in zip(*np.unravel_index(worst_of, off.shape), strict=True)
    ])  # fmt: skip
    ee = timed(lambda: by_exactextract(*given), repeats)
    stats: list[Floats] = []
    rs = timed(lambda: stats.append(by_rasterstats(*given)), 1)
    rough = np.nanmax(np.abs(stats[0][:-1] - mine))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    about = (
        f"{len(villages):,} villages, four signal rasters and one of people, {grid.width} × "
        f"{grid.height} pixels of 100 m; {platform.machine()}, {os.cpu_count()} cores at a load "
        f"of {load:.1f} by others too, Python {platform.python_version()}, two threads for ours "
        f"(the others offer none); medians of {repeats} runs ({3 * repeats} with weights kept, "
        "`rasterstats` one). Processor seconds are of both processors together; where others "
        "use them too, their ratios tell more than those of seconds."
    )
    same = (
        f"Largest difference of a share from `exactextract`: {off.max():.1e}, since it keeps parts "
        f"of pixels in 32 bits. In the 20 shares that differ most, GEOS, pixel by pixel, differs "
        f"from ours by {np.abs(exact - mine.ravel()[worst_of]).max():.0e} at most, and from "
        f"`exactextract` by {np.abs(exact - extract[:-1].ravel()[worst_of]).max():.0e}. "
        f"`rasterstats` counts pixel centres, and is off by up to {rough:.3f}."
    )
    more = (
        "Ours gives the levels of every operator and the best of all operators, of area and of "
        "people, for every threshold; where an operator has two technologies the joint levels of "
        "both. The others give one number a raster."
    )
    head = "| way | seconds | processor | × ours, all included | processor | × ours, weights kept |"
    lines = [
        about,
        "",
        head + " processor |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        row("**ours**, pixel weights found too", whole, whole, None),
        row("**ours**, weights kept, four operators", again, whole, again),
        row("**ours**, weights kept, two operators of two technologies", joint, whole, again),
        row("`exactextract`, one call a raster", ee, whole, again),
        row("`rasterstats`, one call a raster", rs, whole, again),
        "",
        same,
        "",
        more,
        "",
        large(study, villages),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the comparison and print it, or write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = asked.study or geodata.reconstruct(Path(folder) / "study")
        text = "# Rasters\n\n`uv run python -m bench.rasters`\n\n" + table(study, asked.repeats)
    if asked.write:
        asked.write.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

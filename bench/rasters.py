"""Signal rasters: ours against `exactextract` and `rasterstats`, on the reconstruction.

    uv run python -m bench.rasters [--study DIR] [--repeats 5] [--write bench/RASTERS.md]

Four signal rasters and one of people over every village, made up: smooth, with noise, pixels of
100 m in the study's system, and again of 20 m. Every way starts from the same arrays in memory
and gives the same: from each signal raster the share of every village's area at −105 dBm or
more, and of people in all. Ours gives the joint levels of every operator besides.
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

TITLES: tuple[tuple[str, Technology], ...] = (
    ("A", "3G"), ("A", "4G"), ("B", "3G"), ("B", "4G"),
)  # fmt: skip
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


def layers_of(grid: PixelGrid, levels: Sequence[Bytes]) -> list[SignalLayer]:
    """Arrays as signal layers."""
    return [
        SignalLayer(
            info=LayerInfo(operator=o, technology=t, kind="signal", evidence="modelled"),
            grid=grid,
            levels=_cut(array),
            key=f"{o} {t}",
        )
        for (o, t), array in zip(TITLES, levels, strict=True)
    ]


def _cut(array: npt.NDArray[np.generic]) -> Callable[[Window], npt.NDArray[np.generic]]:
    return lambda w: array[w[0] : w[0] + w[2], w[1] : w[1] + w[3]]


def ours(
    villages: gpd.GeoDataFrame,
    grid: PixelGrid,
    levels: Sequence[Bytes],
    heads: npt.NDArray[np.float32],
    kept: Kept | None = None,
) -> Spoken:
    """Everything from one call."""
    cut = _cut(heads)
    source = AmountRaster(grid=grid, amounts=lambda w: cut(w).astype(np.float64), key="people")
    return measure_levels(
        villages,
        layers_of(grid, levels),
        amounts={"people": source},
        threads=2,
        weights_cache=kept,
    )


def shares_of(spoken: Spoken, villages: int) -> Floats:
    """Share of the area of each village (titles × villages) that each raster serves."""
    found = []
    for operator, technology in TITLES:
        table = next(x for x in spoken.levels if x.operator == operator)
        least = np.array([LEAST if t == technology else 255 for t in table.technologies], np.uint8)
        found.append(signal_share(table, least, "area", villages))
    return np.stack(found)


def timed(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of some runs."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


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


MAIN = """
import sys, resource
from pathlib import Path
import geodata
from bench import rasters as r
villages = geodata.open_study(Path(sys.argv[1])).villages
grid = r.grid_over(villages, 20.0)
levels, heads = [r.signal(grid, k) for k in range(4)], r.people(grid, 9)
import time
began = time.perf_counter()
found = r.ours(villages, grid, levels, heads)
took = time.perf_counter() - began
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, grid.width * grid.height,
      sum(len(x.village) for x in found.levels))
"""


def large(study: Path) -> str:
    """What 20 m pixels cost, in a process of its own; the made-up arrays are counted too."""
    done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", MAIN, str(study)], check=True, capture_output=True, text=True
    )
    took, peak, pixels, rows = done.stdout.split()
    return (
        f"Pixels of 20 m ({int(pixels) / 1e6:.0f} million, 25 times as many): {float(took):.1f} s, "
        f"{int(rows) / 1e6:.1f} million rows of levels, peak memory of the process "
        f"{int(peak) / 2**20:.2f} GB, the arrays of the rasters themselves among it."
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


def table(study: Path, repeats: int) -> str:
    """The whole comparison as Markdown."""
    villages = geodata.open_study(study).villages
    grid = grid_over(villages, 100.0)
    levels, heads = [signal(grid, k) for k in range(len(TITLES))], people(grid, 9)
    given = (villages, grid, levels, heads)
    ours(villages.iloc[:9], grid, levels, heads)
    kept = Kept()
    spoken = ours(*given, kept)
    whole, again = timed(lambda: ours(*given), repeats), timed(lambda: ours(*given, kept), repeats)
    mine = shares_of(spoken, len(villages))
    extract = by_exactextract(*given)
    off = np.abs(extract[:-1] - mine)
    which, village = np.unravel_index(off.argmax(), off.shape)
    exact = worst(villages, grid, levels[which], int(village))
    ee = timed(lambda: by_exactextract(*given), repeats)
    stats = by_rasterstats(*given)
    rs = timed(lambda: by_rasterstats(*given), 1)
    rough = np.nanmax(np.abs(stats[:-1] - mine))
    about = (
        f"{len(villages):,} villages, four signal rasters and one of people, {grid.width} × "
        f"{grid.height} pixels of 100 m; {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, two threads for ours (the others offer none); medians of "
        f"{repeats} runs (`rasterstats` one)."
    )
    same = (
        f"Largest difference of a share from `exactextract`: {off.max():.1e}; in that village "
        f"GEOS, pixel by pixel, differs from ours by {abs(exact - mine[which, village]):.0e} and "
        f"from `exactextract` by {abs(exact - extract[which, village]):.0e} (it keeps parts of "
        f"pixels in 32 bits). `rasterstats` counts pixel centres, and is off by up to {rough:.3f}."
    )
    more = (
        "Ours gives the joint levels of every operator's technologies and of all operators, of "
        "area and of people; the others one number a raster."
    )
    lines = [
        about,
        "",
        "| way | seconds | times ours, weights included | times ours, weights kept |",
        "| --- | ---: | ---: | ---: |",
        f"| **ours**, pixel weights found too | {whole:.2f} | 1 | |",
        f"| **ours**, weights kept | {again:.2f} | | 1 |",
        f"| `exactextract`, one call a raster | {ee:.2f} | {ee / whole:.1f} | {ee / again:.0f} |",
        f"| `rasterstats`, one call a raster | {rs:.2f} | {rs / whole:.1f} | {rs / again:.0f} |",
        "",
        same,
        "",
        more,
        "",
        large(study),
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

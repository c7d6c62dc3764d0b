"""A part of the country of `bench.country`, in files of its own: what a slow way can measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet

from bench.country import INFOS, without_bounds
from geodata.geoparquet import hilbert_order

SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Files of some villages and of what is near them of each layer, and how much they hold."""

    folder: Path
    villages: int
    vertices: int

    @property
    def layers(self) -> list[Path]:
        """The files of the twelve layers."""
        return [self.folder / f"layer{k}.parquet" for k in range(len(INFOS))]


def villages_in(country: Path) -> tuple[int, int]:
    """Villages of a country, and of its first province."""
    about = parquet.read_metadata(country / "villages.parquet")
    return about.num_rows, about.row_group(0).num_rows


def part_of(country: Path, folder: Path, villages: int) -> Part:
    """Whole provinces with at most so many villages, or that many of the first, near each other."""
    folder.mkdir()
    every, each = villages_in(country)
    groups = range(max(1, min(villages, every) // each))
    with parquet.ParquetFile(country / "villages.parquet") as file:
        table = file.read_row_groups(list(groups))
    if villages < each:
        order = hilbert_order(shapely.from_wkb(table["geometry"].to_numpy()))
        table = table.take(pa.array(np.sort(order[: max(villages, 1)])))
    table = table.cast(without_bounds(table.schema))
    parquet.write_table(table, folder / "villages.parquet", row_group_size=each)
    boxes = _boxes(table)
    bounds = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    vertices = 0
    for k in range(len(INFOS)):
        vertices += _write_near(country / f"layer{k}.parquet", folder, list(groups), bounds)
    return Part(folder=folder, villages=len(table), vertices=vertices)


def _write_near(source: Path, folder: Path, groups: list[int], bounds: np.ndarray) -> int:
    """What of a layer meets some bounds, in a file of the same name; its vertices."""
    vertices = 0
    with parquet.ParquetFile(source) as file:
        schema = without_bounds(file.schema_arrow)
        with parquet.ParquetWriter(folder / source.name, schema, compression="zstd") as out:
            for group in groups:
                table = file.read_row_group(group).cast(schema)
                boxes = _boxes(table)
                near = (boxes[:, :2] <= bounds[2:]) & (boxes[:, 2:] >= bounds[:2])
                table = table.filter(pa.array(near.all(axis=1)))
                out.write_table(table)
                shapes = shapely.from_wkb(table["geometry"].to_numpy())
                vertices += int(shapely.get_num_coordinates(shapes).sum())
    return vertices


def _boxes(table: pa.Table) -> np.ndarray:
    flat = table.select(["bbox"]).flatten()
    return np.stack([flat[f"bbox.{side}"].to_numpy() for side in SIDES], axis=1)

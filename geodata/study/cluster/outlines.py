"""Outlines moved by the workers: the tiles of one machine, so the outlines of one machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from distributed import Client

from coverage.apart import MoveTask, move_part
from coverage.model import Layer, LayerInfo
from coverage.moved import MOST_VERTICES, Tile
from coverage.packed import Packed
from coverage.rings import Geometries
from geodata.errors import Phrase, phrase
from geodata.study.cluster.parts import PARTS_A_THREAD
from geodata.study.cluster.run import Progress, spread_on, threads_of

MOST_SENT = 16 * MOST_VERTICES
"""A tile that is sent has no more vertices than this; the worker halves it on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OnWorkers:
    """A `coverage.moved.Mover` whose tiles are moved on a cluster."""

    client: Client
    layers: Sequence[LayerInfo]

    def most_vertices(self, layers: Iterable[Layer]) -> int:
        """Several tiles for each thread, large enough that most of the halving is the workers'."""
        vertices = sum(int(layer.footprint.count_coordinates().sum()) for layer in layers)
        even = vertices // (PARTS_A_THREAD * threads_of(self.client))
        return min(max(even, MOST_VERTICES), MOST_SENT)

    def moved(
        self, tiles: Sequence[Tile], seen: shapely.STRtree, progress: Progress | None
    ) -> list[tuple[Geometries, Geometries]]:
        """What `coverage.moved.move_tile` makes of each tile."""
        sent = _Tiles(tiles=tiles, seen=seen, layers=self.layers)
        found = spread_on(self.client, sent, move_part, progress)
        return [(inward.geometries(), outward.geometries()) for inward, outward in found]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tiles:
    """Tiles, each sent with the boxes near it."""

    tiles: Sequence[Tile]
    seen: shapely.STRtree
    layers: Sequence[LayerInfo]

    def __len__(self) -> int:
        return len(self.tiles)

    def task(self, part: int) -> MoveTask:
        """What is sent out for a tile."""
        tile = self.tiles[part]
        near = self.seen.query(shapely.box(*tile.box))
        return MoveTask(
            distance_m=tile.distance_m,
            box=tile.box,
            polygons=Packed.of(tile.polygons),
            seen=shapely.bounds(np.asarray(self.seen.geometries)[near]),
        )

    def named(self, part: int) -> Phrase:
        """A tile, as an error names it."""
        return phrase(
            "piece {part} of {parts} of the outlines that are moved, of {layer},",
            part=part + 1,
            parts=len(self),
            layer=self.layers[self.tiles[part].layer].title,
        )

"""Outlines moved by the workers: the tiles of one machine, so the outlines of one machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from distributed import Client

from coverage.model import Layer
from coverage.moved import (
    MOST_VERTICES,
    Chain,
    Pair,
    distance_of,
    pieces_of,
    together,
    valid_polygons,
    with_reach,
)
from geodata.errors import Phrase, phrase
from geodata.study.cluster.files import WorkingFiles, WrittenPolygons
from geodata.study.cluster.run import Progress, spread_on, threads_of
from geodata.study.cluster.tasks import MoveTask, move_task

PIECES_A_THREAD = 6
"""Pieces for every thread of the cluster: many enough to even out."""

LEAST_VERTICES, MOST_AT_ONCE = 2 * MOST_VERTICES, 16 * MOST_VERTICES
"""So many vertices a piece of an outline has at least and at most, where it can be halved on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OnWorkers:
    """A `coverage.moved.Mover` whose outlines are moved on a cluster."""

    client: Client
    files: WorkingFiles

    def moved(
        self, layers: Mapping[int, Layer], seen: shapely.STRtree, progress: Progress | None
    ) -> Mapping[int, Pair]:
        """Each layer, by its place, drawn in and let out."""
        valid = {k: valid_polygons(x.footprint.to_numpy()) for k, x in layers.items()}
        vertices = sum(int(shapely.get_num_coordinates(x).sum()) for x in valid.values())
        even = vertices // (PIECES_A_THREAD * threads_of(self.client))
        most = min(max(even, LEAST_VERTICES), MOST_AT_ONCE)
        pieces = [
            _Piece(place=k, layer=layer, polygons=written, chain=chain)
            for k, layer in layers.items()
            for written in [self.files.polygons(gpd.GeoSeries(valid[k], crs=layer.crs))]
            for chain in _chains(valid[k], layer, seen, most)
            if written.select(with_reach(chain[-1], distance_of(layer.info))).rows.groups
        ]
        sent = _Pieces(pieces=pieces, seen=seen)
        found = spread_on(self.client, sent, move_task, progress) if pieces else []
        pairs = [(_polygons(inward), _polygons(outward)) for inward, outward in found]
        return together(layers, [piece.place for piece in pieces], pairs)


def _chains(valid: np.ndarray, layer: Layer, seen: shapely.STRtree, most: int) -> Iterator[Chain]:
    corners = shapely.get_coordinates(valid)
    yield from pieces_of(corners, distance_of(layer.info), seen, most_vertices=most)


def _polygons(wkb: list[bytes]) -> np.ndarray:
    out = np.empty(len(wkb), dtype=object)
    out[:] = wkb
    return np.asarray(shapely.from_wkb(out), dtype=object)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """A piece of a layer's outlines: the boxes that it lies in, from the largest on."""

    place: int
    layer: Layer
    polygons: WrittenPolygons
    chain: Chain


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pieces:
    """Pieces of outlines as tasks, each with the boxes near it."""

    pieces: list[_Piece]
    seen: shapely.STRtree

    def __len__(self) -> int:
        return len(self.pieces)

    def task(self, part: int) -> MoveTask:
        """What a worker is asked of a piece."""
        piece = self.pieces[part]
        distance_m, box = distance_of(piece.layer.info), piece.chain[-1]
        near = self.seen.query(shapely.box(*box))
        return MoveTask(
            chain=piece.chain,
            distance_m=distance_m,
            polygons=piece.polygons.select(with_reach(box, distance_m)),
            seen=shapely.bounds(np.asarray(self.seen.geometries)[near]),
        )

    def named(self, part: int) -> Phrase:
        """A piece, as an error names it."""
        return phrase(
            "piece {part} of {parts} of the outlines that are moved, of {layer},",
            part=part + 1,
            parts=len(self),
            layer=self.pieces[part].layer.info.title,
        )

"""Footprints drawn in and let out by what their outlines may be off, and measured again.

A point is served by the footprint let out by d if it lies within d of the footprint, and by the
one drawn in if all within d of it is served: the two Minkowski operations with a disc. Both look
no farther than d, so each footprint is cut into tiles that see d beyond themselves, and what
they make of it is cut back to the tile. Discs are polygons of `QUADRANT_SEGMENTS` sides in a
quadrant, and GEOS leaves out what changes an outline by less than a hundredth of d: an outline
is moved by d to 2 % less, whatever the tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import geopandas as gpd
import numpy as np
import shapely

from coverage.combinations import default_threads
from coverage.errors import CoverageError
from coverage.grid import spread
from coverage.mending import BROKEN, MendError, make_valid
from coverage.model import Layer, LayerInfo
from coverage.pixels import AnyLayer, SignalLayer
from coverage.rings import Floats, Geometries, polygonal

DEFAULT_ACCURACY_M = 100.0
"""How far off an outline may be where its filing does not say. Ours: a pixel of 100 m, the
coarsest that the FCC's Broadband Data Collection lets maps of coverage be computed on."""

QUADRANT_SEGMENTS = 8
"""Sides of a quarter of the disc; its polygon is nowhere more than 0.5 % inside the circle."""

MOST_VERTICES = 4_000
"""A tile with more vertices is halved, unless it is small for the distance."""

SEAM_M = 1e-3
"""Gaps up to twice as wide between parts that should touch are closed before drawing in."""

ROOT_M = 2.0**20
"""Side of the squares that tiles come from."""

ROOM_M = 300.0
"""A village's hexagons are told by their centres, which may lie so far outside it."""

TILES_AT_A_TIME = 8

Box = tuple[float, float, float, float]
Progress = Callable[[float], None]


class Outlines(Protocol):
    """Moved outlines that were kept, by the places of their layers."""

    def load(self, place: int) -> tuple[Geometries, Geometries] | None:
        """A layer's polygons drawn in and let out, None where they are not kept."""
        ...

    def keep(self, place: int, inward: Geometries, outward: Geometries) -> None:
        """Keep a layer's polygons."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """Part of one layer: its polygons in ``box`` and as far around it as they matter."""

    layer: int
    distance_m: float
    box: Box
    polygons: Geometries


Pair = tuple[Geometries, Geometries]
"""Polygons drawn in, and let out."""


class Mover(Protocol):
    """What moves footprints: the threads of this process, or others elsewhere."""

    def moved(
        self, layers: Mapping[int, Layer], seen: shapely.STRtree, progress: Progress | None
    ) -> Mapping[int, Pair]:
        """Each layer, by its place, drawn in and let out: what `move_tile` makes of its tiles."""
        ...


@dataclass(frozen=True)
class _Threads:
    """Tiles moved on so many threads of this process."""

    threads: int

    def moved(
        self, layers: Mapping[int, Layer], seen: shapely.STRtree, progress: Progress | None
    ) -> Mapping[int, Pair]:
        """What `move_tile` makes of each layer's tiles."""
        tiles = _all_tiles(layers, seen, threads=self.threads)

        def work(first: int) -> list[Pair]:
            last = min(first + TILES_AT_A_TIME, len(tiles))
            done = [move_tile(tile, seen) for tile in tiles[first:last]]
            if progress:
                progress(last / len(tiles))
            return done

        made = spread(work, range(0, len(tiles), TILES_AT_A_TIME), threads=self.threads)
        pairs = [pair for some in made for pair in some]
        return together(layers, [tile.layer for tile in tiles], pairs)


def together(layers: Iterable[int], of: Sequence[int], pairs: Sequence[Pair]) -> dict[int, Pair]:
    """The polygons of each layer, by its place, from those of pieces: ``of`` says whose each is."""
    found = {}
    for k in layers:
        own = [pair for place, pair in zip(of, pairs, strict=True) if place == k]
        found[k] = _together([a for a, _ in own]), _together([b for _, b in own])
    return found


def move_layers(
    villages: Geometries,
    layers: Sequence[AnyLayer],
    *,
    centres: Floats,
    outlines: Outlines | None = None,
    mover: Mover | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[list[AnyLayer], list[AnyLayer]]:
    """Every layer with its footprint drawn in, and let out, by its accuracy; signals as they are.

    What ``outlines`` has is not moved again, and what is moved is handed to it; ``mover`` does the
    work, the same to the last bit whoever it is, else ``threads`` of this process. Only where
    something is measured: around ``villages`` (polygons) and ``centres`` (points × 2). The parts
    of a footprint do not overlap. Drawn in, it lies in the footprint as it is, and that in the
    one let out.
    """
    threads = threads or default_threads()
    seen = where_seen(villages, centres)
    had = {k: outlines.load(k) for k in range(len(layers))} if outlines else {}
    known = {k: pair for k, pair in had.items() if pair is not None}
    mover = mover or _Threads(threads)
    fresh = {k: x for k, x in enumerate(layers) if k not in known and isinstance(x, Layer)}
    try:
        moved = mover.moved(fresh, seen, between(progress, 0.2, 1.0))
    except shapely.errors.GEOSException as error:
        raise _row_of(error, fresh, seen) from error
    for k, pair in moved.items():
        known[k] = pair
        if outlines:
            outlines.keep(k, *pair)
    inward, outward = (
        [_with(layer, known[k][way]) if k in known else layer for k, layer in enumerate(layers)]
        for way in (0, 1)
    )
    return inward, outward


def _row_of(
    error: shapely.errors.GEOSException, layers: Mapping[int, Layer], seen: shapely.STRtree
) -> CoverageError:
    """What GEOS could not move, by layer and row: found by moving the rows one at a time."""
    for layer in layers.values():
        distance_m = distance_of(layer.info)
        for row, shape in enumerate(layer.footprint.to_numpy()):
            alone = np.array([shape], dtype=object)
            try:
                moved_footprint(alone, distance_m, seen=seen, most_vertices=MOST_VERTICES)
            except shapely.errors.GEOSException:
                return MendError(BROKEN, row=row, what=layer.info.title)
    return CoverageError(
        "the outlines of {layers} cannot be drawn in and let out by their accuracy ({reason}); set "
        "accuracy_m to another value, or draw them again",
        layers=", ".join(layer.info.title for layer in layers.values()),
        reason=str(error),
    )


def _with(layer: AnyLayer, parts: Geometries) -> AnyLayer:
    if isinstance(layer, SignalLayer):
        return layer
    moved = gpd.GeoSeries(parts, crs=layer.crs)
    return Layer(info=layer.info, footprint=moved, extent=layer.extent)


def moved_footprint(
    footprint: Geometries, distance_m: float, *, seen: shapely.STRtree, most_vertices: int
) -> tuple[Geometries, Geometries]:
    """One footprint drawn in and let out by ``distance_m``: parts of each that do not overlap.

    Only where boxes of ``seen`` are. ``most_vertices`` sets the tiles, and changes the outlines
    by no more than the module says.
    """
    tiles = list(_tiles(0, footprint, distance_m, seen, most_vertices))
    pairs = [move_tile(tile, seen, most_vertices=most_vertices) for tile in tiles]
    return _together([a for a, _ in pairs]), _together([b for _, b in pairs])


def move_tile(
    tile: Tile, seen: shapely.STRtree, *, most_vertices: int = MOST_VERTICES
) -> tuple[Geometries, Geometries]:
    """What lies in a tile drawn in, and let out; the tile is halved first while it is too large.

    ``seen`` has all boxes of the whole that meet the tile's, and may have others.
    """
    pairs = [_both(small) for small in _small(tile, seen, most_vertices)]
    return _present([a for a, _ in pairs]), _present([b for _, b in pairs])


def _all_tiles(layers: Mapping[int, Layer], seen: shapely.STRtree, *, threads: int) -> list[Tile]:
    """The tiles of layers, each by its place, layer by layer."""

    def split(k: int) -> list[Tile]:
        footprint, d = layers[k].footprint.to_numpy(), distance_of(layers[k].info)
        return list(_tiles(k, footprint, d, seen, MOST_VERTICES))

    return [t for some in spread(split, list(layers), threads=threads) for t in some]


def distance_of(info: LayerInfo) -> float:
    """How far a layer's outline is moved, in metres."""
    return DEFAULT_ACCURACY_M if info.accuracy_m is None else info.accuracy_m


def _tiles(
    layer: int,
    footprint: Geometries,
    distance_m: float,
    seen: shapely.STRtree,
    most_vertices: int,
) -> Iterator[Tile]:
    """The tiles of one footprint that hold some of it, and something of ``seen``.

    They halve squares of `ROOT_M` that stand still, so that villages measured apart have the
    tiles they have among all.
    """
    polygons = valid_polygons(footprint)
    for box in _roots(seen):
        root = Tile(layer=layer, distance_m=distance_m, box=box, polygons=polygons)
        yield from _halved(root, seen, most_vertices)


def _roots(seen: shapely.STRtree) -> Iterator[Box]:
    """The squares of `ROOT_M` that something of ``seen`` may be in."""
    x0, y0, x1, y1 = np.floor(shapely.total_bounds(seen.geometries) / ROOT_M).astype(int).tolist()
    for column in range(x0, x1 + 1):
        for row in range(y0, y1 + 1):
            x, y = column * ROOT_M, row * ROOT_M
            yield (x, y, x + ROOT_M, y + ROOT_M)


Chain = tuple[Box, ...]
"""A square of `ROOT_M`, half of it, half of that, and so on."""


def pieces_of(
    corners: Floats, distance_m: float, seen: shapely.STRtree, *, most_vertices: int
) -> list[Chain]:
    """Where one footprint may be taken apart, and be moved as if it were whole: see `move_piece`.

    ``corners`` (n × 2) are those of its `valid_polygons`. Only what `move_layers` halves too is
    halved: what holds more than ``most_vertices`` of them, which is above `MOST_VERTICES`.
    """

    def down(chain: Chain, inside: Floats) -> Iterator[Chain]:
        box = chain[-1]
        if len(seen.query(shapely.box(*box))) == 0:
            return
        x0, y0, x1, y1 = with_reach(box, distance_m)
        x, y = inside.T
        inside = inside[(x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)]
        if len(inside) <= most_vertices or not _is_halved(box, distance_m):
            yield chain
            return
        for half in _halves(box):
            yield from down((*chain, half), inside)

    return [chain for root in _roots(seen) for chain in down((root,), corners)]


def move_piece(
    chain: Chain, polygons: Geometries, distance_m: float, seen: shapely.STRtree
) -> Pair:
    """What lies in the last box of a chain drawn in and let out, as `move_layers` does it.

    ``polygons`` are all valid ones that lie in it or within reach (`with_reach`), in their order;
    ``seen`` has all boxes of the whole that meet it. Cut from box to box, as the whole is, so that
    outlines are those of the whole to the last bit.
    """
    for box in chain[:-1]:
        polygons = _present(_cut(polygons, with_reach(box, distance_m)))
    tile = Tile(layer=0, distance_m=distance_m, box=chain[-1], polygons=polygons)
    pairs = [move_tile(small, seen) for small in _halved(tile, seen, MOST_VERTICES)]
    return _together([a for a, _ in pairs]), _together([b for _, b in pairs])


def with_reach(box: Box, distance_m: float) -> Box:
    """A box and what around it matters to an outline that is moved by a distance."""
    x0, y0, x1, y1 = box
    reach = 1.02 * distance_m + 1.0
    return x0 - reach, y0 - reach, x1 + reach, y1 + reach


def where_seen(villages: Geometries, centres: Floats) -> shapely.STRtree:
    """Where anything is measured: boxes around the villages and around their centres."""
    corners = np.hstack([centres, centres])
    boxes = np.concatenate([shapely.bounds(villages), corners]) + ROOM_M * np.array([-1, -1, 1, 1])
    return shapely.STRtree(np.asarray(shapely.box(*boxes.T), dtype=object))


def valid_polygons(footprint: Geometries) -> Geometries:
    """The polygons of a footprint, those that are invalid made valid, none missing or empty."""
    rows = polygonal(_present(footprint))
    bad = ~shapely.is_valid(rows)
    if bad.any():
        rows = rows.copy()
        rows[bad] = make_valid(rows[bad])
    return rows[~shapely.is_empty(rows)]


def _present(geometries: Sequence[shapely.Geometry] | Geometries) -> Geometries:
    rows = np.empty(len(geometries), dtype=object)
    rows[:] = geometries
    return rows[~(shapely.is_missing(rows) | shapely.is_empty(rows))]


def _halved(tile: Tile, seen: shapely.STRtree, most_vertices: int) -> Iterator[Tile]:
    """The tile cut to its box and halved until its parts are small; nothing where it is empty."""
    if len(seen.query(shapely.box(*tile.box))) == 0:
        return
    cut = _present(_cut(tile.polygons, with_reach(tile.box, tile.distance_m)))
    if len(cut):
        yield from _small(replace(tile, polygons=cut), seen, most_vertices)


def _small(tile: Tile, seen: shapely.STRtree, most_vertices: int) -> Iterator[Tile]:
    """A tile that is cut to its box already, or the small ones it falls into."""
    vertices = int(shapely.get_num_coordinates(tile.polygons).sum())
    if vertices <= most_vertices or not _is_halved(tile.box, tile.distance_m):
        yield tile
        return
    for box in _halves(tile.box):
        yield from _halved(replace(tile, box=box), seen, most_vertices)


def _is_halved(box: Box, distance_m: float) -> bool:
    """Whether a box is large enough, for the distance, to be halved."""
    x0, y0, x1, y1 = box
    return max(x1 - x0, y1 - y0) >= 8 * distance_m


def _halves(box: Box) -> tuple[Box, Box]:
    """The halves of a box, across its longer side."""
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if x1 - x0 >= y1 - y0:
        return (x0, y0, x, y1), (x, y0, x1, y1)
    return (x0, y0, x1, y), (x0, y, x1, y1)


def _together(parts: Sequence[Geometries]) -> Geometries:
    return np.concatenate([np.empty(0, dtype=object), *parts])


def _cut(polygons: Geometries, box: Box) -> Geometries:
    """The polygons inside a box.

    GEOS's quick way fails for one with a spike out and back, which rounding makes valid: such
    a one is cut as any other shape is.
    """
    try:
        return np.asarray(shapely.clip_by_rect(polygons, *box), dtype=object)
    except shapely.errors.GEOSException:
        return np.array([_cut_one(shape, box) for shape in polygons], dtype=object)


def _cut_one(shape: shapely.Geometry, box: Box) -> shapely.Geometry:
    try:
        return shapely.clip_by_rect(shape, *box)
    except shapely.errors.GEOSException:
        whole = make_valid(np.array([shape], dtype=object))
        common = shapely.intersection(whole, shapely.box(*box))
        return polygonal(np.asarray(common, dtype=object))[0]


def _both(tile: Tile) -> tuple[shapely.Geometry, shapely.Geometry]:
    """The tile's footprint drawn in and let out, cut to its box."""
    d, whole = tile.distance_m, _united(tile.polygons)
    closed, back = whole, d
    if shapely.get_num_geometries(whole) > 1:
        closed, back = shapely.buffer(whole, SEAM_M, join_style="mitre"), d + SEAM_M
    inward = shapely.buffer(closed, -back, quad_segs=QUADRANT_SEGMENTS)
    outward = shapely.buffer(whole, d, quad_segs=QUADRANT_SEGMENTS)
    inside, around = _cut(np.array([inward, outward], dtype=object), tile.box)
    return inside, around


def _united(polygons: Geometries) -> shapely.Geometry:
    """The union of the polygons of one tile; cutting may have left one that touches itself."""
    bad = ~shapely.is_valid(polygons)
    if bad.any():
        polygons = polygons.copy()
        polygons[bad] = make_valid(polygons[bad])
    return shapely.union_all(polygons) if len(polygons) > 1 else polygons[0]


def between(progress: Progress | None, low: float, high: float) -> Progress | None:
    """Progress for a part of the work that goes from ``low`` to ``high`` of the whole."""
    if progress is None:
        return None
    return lambda done: progress(low + (high - low) * done)

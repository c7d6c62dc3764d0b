"""What layers claim at places where something was measured: served, not served, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from coverage.combinations import MOST_LAYERS, combine, default_threads
from coverage.grid import cell_over, grid_over, index_layers
from coverage.model import SHARE_TOLERANCE, Layer, Rule
from coverage.pixels import UNSAID, PixelGrid, SignalLayer
from coverage.rings import Floats, Geometries, polygonal
from coverage.shares import level_from
from coverage.transformers import to_system

SILENT, NOT_SERVED, PARTLY, SERVED = range(4)
"""What a layer claims at a place. Of several layers of one operator the greatest counts."""

POINTS_A_CELL = 64
"""Points for a quarter of the grid's cells: laying out the grid costs more than looking up."""

BLOCK = 256
"""Side, in pixels, of the windows in which a raster is read."""

ACROSS = 5
"""Points across a tile, and down it, at which a raster is looked up."""

AREAL = (3, 6)
"""Polygons and multipolygons, by `shapely.get_type_id`."""

Claims = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]


def is_area(shapes: Geometries) -> Bools:
    """Which of some geometries are polygons: tiles, not points."""
    return np.isin(shapely.get_type_id(shapes), AREAL)


def claims_at(layers: Sequence[Layer | SignalLayer], places: gpd.GeoSeries, rule: Rule) -> Claims:
    """What each layer claims at each place (places × layers).

    ``places``: points, or polygons that stand for all of their area, none empty, in the study's
    system. A footprint serves a point that lies in it, a polygon that lies in it wholly, and
    partly one of which it holds a part; outside its extent it is silent. A signal layer serves
    where its level does by the rule: at the pixel of a point, at all of 25 points of a polygon.
    """
    out = np.full((len(places), len(layers)), SILENT, np.int8)
    shapes = places.to_numpy()
    drawn = [k for k, layer in enumerate(layers) if isinstance(layer, Layer)]
    for look, some in ((_at_points, ~is_area(shapes)), (_over_tiles, is_area(shapes))):
        if some.any() and drawn:
            cells = np.ix_(np.flatnonzero(some), np.array(drawn))
            out[cells] = _footprints(look, [layers[k] for k in drawn], shapes[some])
    for k, layer in enumerate(layers):
        if isinstance(layer, SignalLayer):
            out[:, k] = _signal(layer, places, level_from(rule, layer.info))
    return out


def _footprints(
    look: Callable[[Sequence[Geometries], Geometries], Floats],
    layers: Sequence[Layer | SignalLayer],
    shapes: Geometries,
) -> Claims:
    """Claims of footprints: what they hold, less what lies outside all that they speak of."""
    footprints = [layer for layer in layers if isinstance(layer, Layer)]
    held = look([layer.footprint.to_numpy() for layer in footprints], shapes)
    out = _claimed(held)
    extents = [(k, x.extent) for k, x in enumerate(footprints) if x.extent is not None]
    if extents:
        spoken = look([extent.to_numpy() for _, extent in extents], shapes) >= 1.0 - SHARE_TOLERANCE
        for column, (k, _) in enumerate(extents):
            out[~spoken[:, column] & (out[:, k] == NOT_SERVED), k] = SILENT
    return out


def _claimed(share: Floats) -> Claims:
    """Claims from the share of each place that is served: all of it, none, or something between."""
    whole, none = share >= 1.0 - SHARE_TOLERANCE, share <= SHARE_TOLERANCE
    return np.select([whole, none], [SERVED, NOT_SERVED], PARTLY).astype(np.int8)


def _at_points(areas: Sequence[Geometries], points: Geometries) -> Floats:
    """1 where a point lies in an area, else 0 (points × areas)."""
    from coverage import kernel

    xy = shapely.get_coordinates(points)
    kept = [_kept(area) for area in areas]
    edges = max((int(shapely.get_num_coordinates(area).sum()) for area in kept), default=0)
    bounds = np.concatenate([xy.min(axis=0) - 1.0, xy.max(axis=0) + 1.0])
    cell_m = cell_over(bounds, villages=len(xy) // POINTS_A_CELL, edges=edges)
    grid = grid_over(bounds, cell_m=cell_m)
    out = np.zeros((len(points), len(areas)))
    for first in range(0, len(areas), MOST_LAYERS):
        some = kept[first : first + MOST_LAYERS]
        index = index_layers(some, grid, threads=default_threads())
        bits = kernel.points_in(xy, grid.frame, grid.size, index.arrays)
        for k in range(len(some)):
            out[:, first + k] = (bits >> np.uint64(k)) & np.uint64(1)
    return out


def _kept(shapes: Geometries) -> Geometries:
    found = polygonal(np.asarray(shapes, dtype=object))
    return found[~(shapely.is_missing(found) | shapely.is_empty(found))]


def _over_tiles(areas: Sequence[Geometries], tiles: Geometries) -> Floats:
    """The exact share of each tile that each area holds (tiles × areas)."""
    out = np.zeros((len(tiles), len(areas)))
    for first in range(0, len(areas), MOST_LAYERS):
        some = areas[first : first + MOST_LAYERS]
        found = combine(tiles, some)
        for k in range(len(some)):
            out[:, first + k] = found.union_m2(1 << k) / found.village_area_m2
    return out


def _signal(layer: SignalLayer, places: gpd.GeoSeries, least: int) -> Claims:
    """Claims of a signal layer, by the levels at the points that stand for each place."""
    x, y, of = _points(places)
    there = to_system(gpd.GeoSeries(gpd.points_from_xy(x, y), crs=places.crs), layer.grid.crs)
    levels = _levels(layer, there.x.to_numpy(), there.y.to_numpy())
    served = np.bincount(of, levels >= least, len(places))
    unsaid = np.bincount(of, levels == UNSAID, len(places))
    every = np.bincount(of, minlength=len(places))
    told = [served == every, served > 0, unsaid > 0]
    return np.select(told, [SERVED, PARTLY, SILENT], NOT_SERVED).astype(np.int8)


def _points(places: gpd.GeoSeries) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """Points that stand for places, and the place of each: of a tile the middles of 5 × 5 parts."""
    shapes = places.to_numpy()
    tiles = np.flatnonzero(is_area(shapes))
    points = np.flatnonzero(~is_area(shapes))
    xy = shapely.get_coordinates(shapes[points])
    x0, y0, x1, y1 = shapely.bounds(shapes[tiles]).T
    steps = (np.arange(ACROSS) + 0.5) / ACROSS
    right, up = (part.ravel() for part in np.meshgrid(steps, steps))
    x = (x0[:, None] + (x1 - x0)[:, None] * right).ravel()
    y = (y0[:, None] + (y1 - y0)[:, None] * up).ravel()
    of = np.concatenate([points, np.repeat(tiles, ACROSS * ACROSS)])
    return np.concatenate([xy[:, 0], x]), np.concatenate([xy[:, 1], y]), of


def _levels(layer: SignalLayer, x: Floats, y: Floats) -> npt.NDArray[np.uint8]:
    """The level at each point; `UNSAID` off the grid. Only blocks that hold points are read."""
    g: PixelGrid = layer.grid
    column, row = np.floor((x - g.x) / g.step_x), np.floor((g.y - y) / g.step_y)
    inside = (column >= 0) & (column < g.width) & (row >= 0) & (row < g.height)  # not where NaN
    out = np.full(len(x), UNSAID, np.uint8)
    at = np.flatnonzero(inside)
    column, row = column[at].astype(np.int64), row[at].astype(np.int64)
    block = row // BLOCK * (g.width // BLOCK + 1) + column // BLOCK
    order = np.argsort(block, kind="stable")
    starts = np.flatnonzero(np.diff(block[order], prepend=-1))
    for of in np.split(order, starts[1:]) if len(order) else []:
        top, left = row[of[0]] // BLOCK * BLOCK, column[of[0]] // BLOCK * BLOCK
        size = (min(BLOCK, g.height - top), min(BLOCK, g.width - left))
        levels = layer.levels((int(top), int(left), int(size[0]), int(size[1])))
        out[at[of]] = levels[row[of] - top, column[of] - left]
    return out

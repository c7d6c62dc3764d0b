"""The usual ways to find the share of each village inside a layer, each as its users write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Shares = npt.NDArray[np.float64]
Peer = Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], Shares]

THREADS = 2
MOST_VERTICES = 512


def _summed(villages: gpd.GeoDataFrame, row: npt.NDArray[np.int64], area: Shares) -> Shares:
    total = np.bincount(row, weights=area, minlength=len(villages))
    return np.asarray(total / villages.area.to_numpy())


def overlay(villages: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> Shares:
    """`geopandas.overlay`, one thread: it offers no more."""
    pieces = gpd.overlay(villages[["row", "geometry"]], layer, how="intersection")
    return _summed(villages, pieces["row"].to_numpy(), pieces.area.to_numpy())


def sjoin(villages: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> Shares:
    """`geopandas.sjoin` of villages and parts, then intersection pair by pair, two threads."""
    parts = layer.explode(ignore_index=True)
    pairs = gpd.sjoin(villages[["row", "geometry"]], parts, predicate="intersects")
    other = parts.geometry.to_numpy()[pairs["index_right"].to_numpy()]
    area = _areas(pairs.geometry.to_numpy(), other)
    return _summed(villages, pairs["row"].to_numpy(), area)


def tree(villages: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> Shares:
    """`shapely.STRtree` on the layer's parts, then intersection, two threads."""
    return _by_tree(villages, shapely.get_parts(layer.geometry.to_numpy()))


def subdivided(villages: gpd.GeoDataFrame, layer: gpd.GeoDataFrame) -> Shares:
    """`shapely.STRtree` on pieces of at most 512 vertices; cutting them counts. Two threads."""
    parts = shapely.get_parts(layer.geometry.to_numpy())
    with ThreadPoolExecutor(THREADS) as pool:
        cut = list(pool.map(cut_to_pieces, parts))
    return _by_tree(villages, np.array([piece for pieces in cut for piece in pieces]))


def _by_tree(villages: gpd.GeoDataFrame, pieces: npt.NDArray[np.object_]) -> Shares:
    shapes = villages.geometry.to_numpy()
    row, other = shapely.STRtree(pieces).query(shapes)
    return _summed(villages, row, _areas(shapes[row], pieces[other]))


def _areas(one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]) -> Shares:
    """Areas of the intersections, pair by pair, on two threads."""
    slices = [slice(k * len(one) // 64, (k + 1) * len(one) // 64) for k in range(64)]
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(lambda s: shapely.area(shapely.intersection(one[s], other[s])), slices)
        return np.concatenate(list(found))


def cut_to_pieces(shape: shapely.Geometry) -> list[shapely.Geometry]:
    """Halve a polygon along its longer side until no piece has more than 512 vertices."""
    waiting, done = [shape], []
    while waiting:
        polygon = waiting.pop()
        if shapely.get_num_coordinates(polygon) <= MOST_VERTICES:
            done.append(polygon)
            continue
        x0, y0, x1, y1 = polygon.bounds
        if x1 - x0 >= y1 - y0:
            middle = (x0 + x1) / 2
            halves = [(x0, y0, middle, y1), (middle, y0, x1, y1)]
        else:
            middle = (y0 + y1) / 2
            halves = [(x0, y0, x1, middle), (x0, middle, x1, y1)]
        for half in halves:
            clipped = shapely.intersection(polygon, shapely.box(*half))
            parts = shapely.get_parts(clipped)
            waiting += [part for part in parts if part.area > 0]
    return done


PEERS: Mapping[str, Peer] = {
    "geopandas.overlay": overlay,
    "sjoin + intersection": sjoin,
    "STRtree, exploded parts": tree,
    "STRtree, pieces ≤ 512 vertices": subdivided,
}
"""Name → peer."""

"""From labels on a raster to polygons that share their borders exactly."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes
from scipy import ndimage
from shapely.geometry import shape

from geodata.reconstruction.gazetteer import CRS
from geodata.reconstruction.grid import Grid, Labels

Geometries = npt.NDArray[np.object_]

SMOOTH = 1.3
"""Corners are cut up to about this many pixels."""

EMPTY = shapely.MultiPolygon()
OVERLAP_PIXELS = 5
"""So far villages are drawn past a real border before they are cut at it."""


def outlined(labels: Labels, count: int, grid: Grid) -> gpd.GeoSeries:
    """Polygons of labels 1 … ``count``: a coverage, its steps smoothed away."""
    found: list[list[shapely.Geometry]] = [[] for _ in range(count)]
    for geometry, value in shapes(labels, mask=labels > 0, transform=grid.transform):
        found[int(value) - 1].append(shape(geometry))
    # every pixel corner becomes a vertex, so that neighbours share them where three meet
    whole = [shapely.multipolygons(np.array(p, object)) if p else EMPTY for p in found]
    dense = shapely.transform(shapely.segmentize(np.array(whole), grid.step_m), np.rint)
    some = ~shapely.is_empty(dense)
    dense[some] = shapely.coverage_simplify(dense[some], SMOOTH * grid.step_m)
    return gpd.GeoSeries(dense, crs=CRS)


def fitted(
    labels: Labels, holder: npt.NDArray[np.intp], holders: gpd.GeoSeries, grid: Grid
) -> gpd.GeoSeries:
    """Polygons of labels that fill real shapes exactly.

    ``holder``: for each label (from 1) the position of the real shape it lies in. All lines
    are cut where they meet and faces put together again, so neighbours share every vertex.
    """
    lines: list[shapely.Geometry] = [shapely.union_all(shapely.boundary(holders.to_numpy()))]
    drawn: list[tuple[Geometries, npt.NDArray[np.intp]]] = []
    for k, real in enumerate(holders):
        mine = np.flatnonzero(holder == k)
        polygons, kept = _drawn_past(labels, mine, real, len(holder), grid)
        drawn.append((polygons, mine[kept]))
        lines.append(shapely.intersection(_inner_lines(polygons), real))
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))
    owner = _owners(faces, drawn, holders)
    groups = [np.flatnonzero(owner == i) for i in range(len(holder))]
    whole = [shapely.coverage_union_all(faces[rows]) for rows in groups]
    return gpd.GeoSeries(np.array(whole), crs=CRS)


def _drawn_past(
    labels: Labels, mine: npt.NDArray[np.intp], real: shapely.Geometry, count: int, grid: Grid
) -> tuple[Geometries, npt.NDArray[np.intp]]:
    """Polygons of some labels, drawn on until they cover the real shape; and which are there."""
    west, south, east, north = shapely.bounds(real)
    rows, columns = grid.pixel(np.array([west, east]), np.array([north, south]))
    pad = 2 * OVERLAP_PIXELS
    top, left = max(rows[0] - pad, 0), max(columns[0] - pad, 0)
    part = labels[top : rows[1] + pad, left : columns[1] + pad]
    local = np.zeros(count + 1, np.int32)
    local[mine + 1] = np.arange(len(mine)) + 1
    own = local[part]
    away, near = ndimage.distance_transform_edt(own == 0, return_indices=True)
    grown = np.where(away <= OVERLAP_PIXELS, own[tuple(near)], 0).astype(np.int32)
    window = Grid(
        left_m=grid.left_m + left * grid.step_m,
        top_m=grid.top_m - top * grid.step_m,
        step_m=grid.step_m,
        width=grown.shape[1],
        height=grown.shape[0],
    )
    polygons = outlined(grown, len(mine), window).to_numpy()
    kept = np.flatnonzero(~shapely.is_empty(polygons))
    return polygons[kept], kept


def _inner_lines(polygons: Geometries) -> shapely.Geometry:
    """The lines between polygons of a coverage."""
    outer = shapely.boundary(shapely.coverage_union_all(polygons))
    return shapely.difference(shapely.union_all(shapely.boundary(polygons)), outer)


def _owners(
    faces: Geometries,
    drawn: list[tuple[Geometries, npt.NDArray[np.intp]]],
    holders: gpd.GeoSeries,
) -> npt.NDArray[np.intp]:
    """The label (from 0) each face belongs to, -1 outside all real shapes."""
    points = shapely.point_on_surface(faces)
    owner = np.full(len(faces), -1)
    face, holder = shapely.STRtree(holders.to_numpy()).query(points, predicate="intersects")
    for k in np.unique(holder):
        mine = face[holder == k]
        polygons, labels = drawn[k]
        if not len(polygons):
            continue
        at, nearest = shapely.STRtree(polygons).query_nearest(points[mine], all_matches=False)
        owner[mine[at]] = labels[nearest]
    return owner

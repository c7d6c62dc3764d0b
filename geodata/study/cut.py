"""The shapes of a study inside the area that some of its villages make up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from coverage.model import Layer
from coverage.pixels import AnyLayer, SignalLayer
from geodata.areas import polygons_of, valid_polygons
from geodata.signals import limited
from geodata.study.model import Study
from geodata.study.places import Structure

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CutShapes:
    """Layers, sites and 5G zones of a study inside an area; None for a table that it lacks."""

    layers: tuple[AnyLayer, ...]
    sites: gpd.GeoDataFrame | None
    zones_5g: gpd.GeoDataFrame | None


def cut_shapes(study: Study, structures: Sequence[Structure], keep: Bools) -> CutShapes:
    """Intersect a study's shapes with the area of the villages that ``keep`` marks.

    The area is their polygons and the units all of whose villages are kept.
    """
    area = _area(study, structures, keep)
    return CutShapes(
        layers=tuple(_cut_layer(layer, area, study.crs) for layer in study.layers),
        sites=_cut_table(study.sites, area),
        zones_5g=_cut_table(study.zones_5g, area),
    )


def _area(study: Study, structures: Sequence[Structure], keep: Bools) -> BaseGeometry:
    """The kept villages, and the units all of whose villages are kept."""
    shapes = [valid_polygons(study.villages.geometry[keep])]
    for structure in structures:
        for level in structure.levels:
            codes = structure.places[f"{level}_code"]
            whole = set(codes[keep]) - set(codes[~keep]) - {""}
            boundaries = structure.boundaries[level]
            shapes.append(valid_polygons(boundaries[boundaries.index.isin(whole)]))
    found = pd.concat([one.dropna() for one in shapes if len(one)]) if keep.any() else []
    return shapely.union_all(np.asarray(found, dtype=object))


def _cut_layer(layer: AnyLayer, area: BaseGeometry, crs: pyproj.CRS) -> AnyLayer:
    """The layer inside the area; of a raster the pixels that have some part in it."""
    if isinstance(layer, SignalLayer):
        return limited(layer, gpd.GeoSeries([area], crs=crs), touched=True)
    extent = None if layer.extent is None else _cut(layer.extent, area)
    return Layer(info=layer.info, footprint=_cut(layer.footprint, area), extent=extent)


def _cut(shapes: gpd.GeoSeries, area: BaseGeometry) -> gpd.GeoSeries:
    """The polygons inside ``area``; one empty polygon where none is, so that none is missing."""
    shapely.prepare(area)
    near = valid_polygons(shapes[shapely.intersects(area, shapes.to_numpy())]).dropna()
    inside = shapely.covers(area, near.to_numpy())
    crossing = shapely.intersection(near.to_numpy()[~inside], area)
    found = polygons_of(gpd.GeoSeries([*near.to_numpy()[inside], *crossing], crs=shapes.crs))
    found = found.dropna().reset_index(drop=True)
    return found if len(found) else gpd.GeoSeries([shapely.MultiPolygon()], crs=shapes.crs)


def _cut_table(table: gpd.GeoDataFrame | None, area: BaseGeometry) -> gpd.GeoDataFrame | None:
    """The sites or zones inside the area."""
    if table is None:
        return None
    table = table[shapely.intersects(area, table.geometry.to_numpy())]
    return table.set_geometry(table.geometry.intersection(area))

"""Measuring region by region, so that memory holds one region and not a country."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Protocol, runtime_checkable

import geopandas as gpd
import numpy as np
import shapely

from coverage.amounts import NO_AMOUNTS, Places
from coverage.combinations import default_threads
from coverage.errors import CoverageError
from coverage.grid import spread
from coverage.joined import joined
from coverage.measure import Progress, measure
from coverage.model import CENTRE_TOLERANCE_M, Basis, Layer, LayerInfo, Measures
from coverage.pixels import AmountSource
from coverage.rings import Floats, Geometries, Ints
from coverage.split import split

Bounds = tuple[float, float, float, float]
"""Least x, least y, greatest x, greatest y, in the study's metres."""


Polygons = Callable[[], gpd.GeoSeries]
"""Reads polygons, in the villages' system."""


@runtime_checkable
class Selects(Protocol):
    """A reader of polygons near bounds that can name those of one region without reading them."""

    def select(self, bounds: Bounds) -> Polygons:
        """A reader of the polygons near ``bounds``, light enough to be sent to another machine."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class NearLayer:
    """A footprint layer near one region; its polygons are read when `layer` is called."""

    info: LayerInfo
    footprint: Polygons
    extent: Polygons | None = None

    def layer(self) -> Layer:
        """The layer, read."""
        extent = None if self.extent is None else self.extent()
        return Layer(info=self.info, footprint=self.footprint(), extent=extent)


@dataclass(frozen=True, kw_only=True, eq=False)
class RegionLayer:
    """A footprint layer that gives what it has near a place, and need never be whole in memory.

    ``footprint_in`` gives polygons in the villages' system: at least all whose box meets the
    bounds; more do no harm. ``extent`` is the area the filing speaks of, as in `Layer`.
    """

    info: LayerInfo
    footprint_in: Callable[[Bounds], gpd.GeoSeries]
    extent: gpd.GeoSeries | None = None

    def near(self, bounds: Bounds) -> NearLayer:
        """The layer near some bounds; nothing is read yet."""
        source, extent = self.footprint_in, self.extent
        return NearLayer(
            info=self.info,
            footprint=source.select(bounds)
            if isinstance(source, Selects)
            else partial(source, bounds),
            extent=None if extent is None else lambda: extent,
        )


def measure_in_regions(
    villages: gpd.GeoDataFrame,
    layers: Sequence[RegionLayer],
    *,
    regions: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Measures:
    """What `coverage.measure` says of the areas, measured in ``regions`` compact regions.

    Each region (`coverage.split`) takes of each layer what lies within the box of its villages
    and their centres. As many regions at a time as there are ``threads``, each on one, or on more
    where fewer are left: memory holds so many. The same to 1e-12 of a share. Raises what
    `coverage.measure` does.
    """
    if not villages.index.is_unique:
        twice = villages.index[villages.index.duplicated()][0]
        raise CoverageError("village id {village} occurs twice; ids must be unique", village=twice)
    parts = split(villages, regions)
    threads = threads or default_threads()
    told = _Told(progress, len(parts))
    last = len(parts) % threads  # these are fewer than threads, so each gets several

    def region(k: int) -> tuple[Ints, Measures]:
        own = threads // last if k >= len(parts) - last else 1
        some = villages.iloc[parts[k]]
        bounds = bounds_around(some)
        made = measure_region(
            some,
            [layer.near(bounds) for layer in layers],
            threads=own,
            progress=progress if len(parts) == 1 else None,
        )
        told.one_more()
        return parts[k], made

    return joined(spread(region, range(len(parts)), threads=threads), villages)


class _Told:
    """Progress of regions that end in several threads."""

    def __init__(self, progress: Progress | None, parts: int) -> None:
        self._progress, self._parts = progress, parts
        self._done, self._lock = 0, Lock()

    def one_more(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress:
                self._progress(self._done / self._parts)


def measure_region(
    villages: gpd.GeoDataFrame,
    layers: Sequence[NearLayer],
    *,
    amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
    hexes: bool | Places = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Measures:
    """`coverage.measure` of one region: reads what lies near its villages, and measures them.

    What it read is gone when it returns. The threads of one machine and the workers of a cluster
    both measure by it.
    """
    near = [layer.layer() for layer in layers]
    return measure(villages, near, amounts=amounts, hexes=hexes, threads=threads, progress=progress)


def in_memory(layer: Layer) -> RegionLayer:
    """A layer that is in memory anyway: what is laid out on a grid is still one region's."""
    shapes = layer.footprint.to_numpy()
    boxes = boxes_of(shapes)

    def footprint_in(bounds: Bounds) -> gpd.GeoSeries:
        x0, y0, x1, y1 = bounds
        meets = (boxes[:, 0] <= x1) & (boxes[:, 2] >= x0) & (boxes[:, 1] <= y1)
        return layer.footprint[meets & (boxes[:, 3] >= y0)]

    return RegionLayer(info=layer.info, footprint_in=footprint_in, extent=layer.extent)


def bounds_around(villages: gpd.GeoDataFrame) -> Bounds:
    """The box of some villages and their centres, with room for the tolerance."""
    boxes = [shapely.bounds(villages.geometry.to_numpy())]
    if "centre" in villages:
        boxes.append(shapely.bounds(villages["centre"].to_numpy()))
    every = np.concatenate(boxes)
    low, high = np.nanmin(every[:, :2], axis=0), np.nanmax(every[:, 2:], axis=0)
    room = 10 * CENTRE_TOLERANCE_M
    return (
        float(low[0] - room),
        float(low[1] - room),
        float(high[0] + room),
        float(high[1] + room),
    )


def boxes_of(shapes: Geometries) -> Floats:
    """Bounds of each, NaN where it has none; holes that lie outside their shells included."""
    boxes = np.full((len(shapes), 4), np.nan)
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    if len(xy):
        begin = np.flatnonzero(np.diff(of, prepend=-1))
        boxes[of[begin], :2] = np.minimum.reduceat(xy, begin)
        boxes[of[begin], 2:] = np.maximum.reduceat(xy, begin)
    return boxes

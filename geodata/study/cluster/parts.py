"""Villages in compact parts, each with what it is measured with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from coverage.amounts import NO_AMOUNTS, Places, village_of
from coverage.apart import Task
from coverage.measure import Cells, require_measurable
from coverage.model import Basis
from coverage.packed import Packed, PackedLayer, PackedPoints, PackedSignal
from coverage.pixels import (
    AmountRaster,
    AmountSource,
    AnyLayer,
    PixelGrid,
    SignalLayer,
    Window,
)
from coverage.rings import Floats, Ints
from coverage.split import split
from geodata.errors import Phrase, phrase
from geodata.study.cluster.near import Box, Polygons, box_of
from geodata.study.cluster.pixels import Windows, raster_near, signal_near

PARTS_A_THREAD = 6
"""Parts for every thread of the cluster: few enough to cost little, many enough to even out."""

VILLAGES_A_PART = 2_000
"""A part has no more villages than this."""

PIXEL_BYTES_A_PART = 2**25
"""A part has about as many bytes of pixels, where the villages are spread evenly over them."""

Near = Callable[[Box, dict[PixelGrid, Window]], PackedLayer | PackedSignal]


def parts_for(villages: int, threads: int, pixel_bytes: int = 0) -> int:
    """Into how many parts so many villages are split for a cluster of so many threads."""
    wanted = max(
        PARTS_A_THREAD * threads,
        -(-villages // VILLAGES_A_PART),
        -(-pixel_bytes // PIXEL_BYTES_A_PART),
    )
    return max(1, min(villages, wanted))


class Tasks:
    """The parts of a study, made one by one: only those under way take memory twice.

    ``layers`` are near the villages, ``amounts`` what is counted besides, ``hexes`` all hexagons.
    Whose a point or a hexagon is was decided by all villages together, before they are parted.
    """

    def __init__(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[AnyLayer],
        *,
        threads: int = 1,
        parts: int | None = None,
        cells: Cells | None = None,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        hexes: Places | None = None,
    ) -> None:
        require_measurable(villages, layers)  # a worker that is sent a part cannot see the whole
        sources = list({id(source): source for source in amounts.values()}.values())
        grids = [x.grid for x in (*layers, *sources) if isinstance(x, SignalLayer | AmountRaster)]
        self._windows = Windows(grids, pyproj.CRS.from_user_input(villages.crs))
        whole = self._windows.around(box_of(villages, np.empty((0, 2))))
        pixels = sum(_bytes(x, whole) for x in (*layers, *sources))
        self.villages = villages
        self.rows = split(villages, parts or parts_for(len(villages), threads, pixels))
        self._cells = cells
        self._layers = [_near(layer, sources) for layer in layers]
        part_of = _part_of(self.rows, len(villages))
        self._sources = [_source(source, villages, part_of) for source in sources]
        places = {id(source): k for k, source in enumerate(sources)}
        self._bases = tuple((basis, places[id(source)]) for basis, source in amounts.items())
        self._hexes = None if hexes is None else _Parted(hexes, part_of)

    def __len__(self) -> int:
        return len(self.rows)

    def task(self, part: int) -> Task:
        """What is sent out for a part."""
        rows = self.rows[part]
        villages = self.villages.iloc[rows]
        hexes = None if self._hexes is None else self._hexes.of(part, rows)
        box = box_of(villages, np.empty((0, 2)) if hexes is None else hexes.points)
        windows = self._windows.around(box)
        bare = np.full(len(villages), None, dtype=object)
        return Task(
            crs=self.villages.crs.to_wkt(),
            ids=villages.index.to_numpy(),
            villages=Packed.of(villages.geometry.to_numpy()),
            centres=Packed.of(villages["centre"].to_numpy() if "centre" in villages else bare),
            layers=tuple(near(box, windows) for near in self._layers),
            cells=self._cells,
            sources=tuple(
                raster_near(source, windows)
                if isinstance(source, AmountRaster)
                else source.packed(part, rows)
                for source in self._sources
            ),
            bases=self._bases,
            hexes=hexes,
        )

    def named(self, part: int) -> Phrase:
        """A part, as an error names it."""
        return phrase(
            "part {part} of {parts} ({villages} villages, the first is {first})",
            part=part + 1,
            parts=len(self),
            villages=len(self.rows[part]),
            first=self.villages.index[self.rows[part][0]],
        )


def _bytes(one: AnyLayer | AmountSource, windows: dict[PixelGrid, Window]) -> int:
    """Bytes of the pixels around all villages, of a raster."""
    if not isinstance(one, SignalLayer | AmountRaster):
        return 0
    _, _, rows, columns = windows[one.grid]
    return rows * columns * (1 if isinstance(one, SignalLayer) else 8)


def _near(layer: AnyLayer, sources: Sequence[AmountSource]) -> Near:
    """How what lies near a box is taken of a layer."""
    if isinstance(layer, SignalLayer):
        return lambda _, windows: signal_near(layer, windows)
    # an invalid polygon is mended in the raster's system where pixels are cut by it: see `Polygons`
    mend = not any(isinstance(source, AmountRaster) for source in sources)
    footprint = Polygons(layer.footprint, mend=mend)
    extent = None if layer.extent is None else Polygons(layer.extent)
    return lambda box, _: PackedLayer(
        info=layer.info,
        footprint=Packed.of(footprint.near(box)),
        extent=None if extent is None else Packed.of(extent.near(box)),
    )


def _part_of(rows: Sequence[Ints], villages: int) -> Ints:
    """The part of each village."""
    out = np.empty(villages, np.int64)
    for part, some in enumerate(rows):
        out[some] = part
    return out


class _Parted:
    """Points that each count for a village, found by its part."""

    def __init__(self, places: Places, part_of: Ints) -> None:
        here = np.flatnonzero(places.village >= 0)
        part = part_of[places.village[here]]
        order = np.argsort(part, kind="stable")
        self._places, self._order = places, here[order]
        self._ends = np.searchsorted(part[order], np.arange(len(part_of) + 1))

    def of(self, part: int, rows: Ints) -> Places:
        """Those of a part, their villages counted among its own ``rows``, in their order."""
        chosen = self._order[self._ends[part] : self._ends[part + 1]]
        village = np.searchsorted(rows, self._places.village[chosen])
        return Places(
            points=self._places.points[chosen],
            village=village.astype(np.int32),
            weight=self._places.weight[chosen],
        )

    def packed(self, part: int, rows: Ints) -> PackedPoints:
        """Those of a part as settled places."""
        found = self.of(part, rows)
        return PackedPoints(points=found.points, weight=found.weight)


def _source(
    source: AmountSource, villages: gpd.GeoDataFrame, part_of: Ints
) -> AmountRaster | _Parted:
    """A source, ready to be parted."""
    if isinstance(source, AmountRaster):
        return source
    points: Floats = shapely.get_coordinates(source.points.to_numpy())
    owner = village_of(villages, points)
    return _Parted(Places(points=points, village=owner, weight=source.weight), part_of)

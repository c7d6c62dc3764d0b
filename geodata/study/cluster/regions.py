"""A study's villages in regions, and for each the task that names its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd

from coverage.amounts import NO_AMOUNTS
from coverage.measure import require_measurable
from coverage.model import Basis, Layer
from coverage.pixels import AmountRaster, AmountSource, SignalLayer
from coverage.regions import Bounds, NearLayer, RegionLayer, bounds_around
from coverage.rings import Ints
from geodata.errors import Phrase, phrase
from geodata.study.cluster.files import WorkingFiles, WrittenPoints, WrittenPolygons
from geodata.study.cluster.tasks import Task
from geodata.study.in_files import LayerInFile
from geodata.study.regional import VILLAGES_A_REGION

REGIONS_A_THREAD = 2
"""Regions for every thread of the cluster: few, for what lies on their borders is read twice."""


def regions_for(villages: int, threads: int) -> int:
    """Into how many regions so many villages are split for a cluster of so many threads."""
    return max(1, min(villages, max(REGIONS_A_THREAD * threads, -(-villages // VILLAGES_A_REGION))))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Limited:
    """A layer that is read region by region, its extent too."""

    layer: RegionLayer
    extent: WrittenPolygons | None

    def near(self, bounds: Bounds) -> NearLayer:
        found = replace(self.layer, extent=None).near(bounds)
        extent = None if self.extent is None else self.extent.select(bounds)
        return replace(found, extent=extent)


class Regions:
    """The regions of a study as tasks, made one by one.

    What is not in files yet is written to ``files``. ``layers``: footprints and signals.
    ``limited``: whether extents matter.
    """

    def __init__(
        self,
        villages: gpd.GeoDataFrame,
        layers: Sequence[Layer | RegionLayer | SignalLayer],
        files: WorkingFiles,
        *,
        regions: int,
        amounts: Mapping[Basis, AmountSource] = NO_AMOUNTS,
        hexes: bool = False,
        limited: bool = True,
    ) -> None:
        held = [x for x in layers if isinstance(x, Layer) and not isinstance(x, LayerInFile)]
        require_measurable(villages, held)  # a worker that reads a region cannot see the whole
        self.villages = villages
        self.rows: list[Ints] = files.rows(villages, regions)
        self._table = files.villages(villages, self.rows)
        self._layers = [
            _limited(files, x, limited=limited) for x in layers if not isinstance(x, SignalLayer)
        ]
        self._signals = tuple(files.signal(x) for x in layers if isinstance(x, SignalLayer))
        sources = list({id(source): source for source in amounts.values()}.values())
        self._sources = [files.source(source) for source in sources]
        places = {id(source): k for k, source in enumerate(sources)}
        self._bases = tuple((basis, places[id(source)]) for basis, source in amounts.items())
        self._hexes = hexes
        self._shares_points = hexes or any(isinstance(x, WrittenPoints) for x in self._sources)

    def __len__(self) -> int:
        return len(self.rows)

    def task(self, part: int) -> Task:
        """What a worker is asked of a region."""
        bounds = bounds_around(self.villages.iloc[self.rows[part]])
        return Task(
            villages=self._table.region(part),
            among=self._table.around(bounds) if self._shares_points else None,
            layers=tuple(layer.near(bounds) for layer in self._layers),
            signals=self._signals,
            sources=tuple(
                source if isinstance(source, AmountRaster) else source.select(bounds)
                for source in self._sources
            ),
            bases=self._bases,
            hexes=self._hexes,
        )

    def named(self, part: int) -> Phrase:
        """A region, as an error names it."""
        return phrase(
            "part {part} of {parts} ({villages} villages, the first is {first})",
            part=part + 1,
            parts=len(self),
            villages=len(self.rows[part]),
            first=self.villages.index[self.rows[part][0]],
        )


def _limited(files: WorkingFiles, layer: Layer | RegionLayer, *, limited: bool) -> _Limited:
    extent = None if layer.extent is None or not limited else files.polygons(layer.extent)
    return _Limited(layer=files.layer(layer), extent=extent)

"""People, settled places and hexagons of every village, by the combination of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS

from coverage.combinations import default_threads, layers_at, sums
from coverage.model import Amounts, Basis, Layer
from coverage.pixels import AmountPoints, AmountSource, SignalLayer
from coverage.rings import Floats, Geometries
from coverage.spread import Spread, added_up, spread_amounts, valid_villages

NO_AMOUNTS: Mapping[Basis, AmountSource] = MappingProxyType({})
Progress = Callable[[float], None]
Owner = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Points (n × 2, study metres), the row of the village each counts for, and its weight."""

    points: Floats
    village: Owner
    weight: Floats


def village_of(villages: gpd.GeoDataFrame, points: Floats | npt.NDArray[np.object_]) -> Owner:
    """The row of the village each point lies in, -1 for none.

    ``points``: x and y (n × 2), or geometries, None for what has no place.

    A point on a border belongs to the village whose id comes first as text, so that the order
    of the rows does not matter.
    """
    shapes = valid_villages(villages.geometry.to_numpy())
    places = points if points.dtype == object else shapely.points(points)
    at, row = shapely.STRtree(shapes).query(places, predicate="intersects")
    rank = np.argsort(np.argsort(villages.index.astype(str).to_numpy(), kind="stable"))
    order = np.lexsort((rank[row], at))
    at, row = at[order], row[order]
    first = np.diff(at, prepend=-1) != 0
    out = np.full(len(points), -1, np.int32)
    out[at[first]] = row[first]
    return out


def owned_by(
    villages: gpd.GeoDataFrame, points: Floats, *, among: gpd.GeoDataFrame | None = None
) -> Owner:
    """`village_of`, and -1 where that is one of ``among`` which is none of ``villages``.

    ``among``: these villages and their neighbours, at least all that meet the box around them.
    So a point on the border of two villages that are measured apart counts for one of them.
    """
    if among is None:
        return village_of(villages, points)
    owner = village_of(among, points)
    own = villages.index.get_indexer(among.index)
    return np.where(owner >= 0, own[owner], -1).astype(np.int32)


def hexagons(villages: gpd.GeoDataFrame, *, among: gpd.GeoDataFrame | None = None) -> Places:
    """The H3 hexagons of resolution 9 of every village, each by its centre, of weight 1.

    A village that holds the centre of none counts by the one that holds its own centre (where
    that is not known, a point inside it); the hexagon's centre may lie outside the village.
    ``among`` as in `owned_by`.
    """
    from coverage.hexes import hexagon_of, hexagons_near  # noqa: PLC0415  # few studies ask for H3

    crs = CRS.from_user_input(villages.crs)
    points = hexagons_near(villages.geometry.to_numpy(), crs)
    owner = owned_by(villages, points, among=among)
    points, owner = points[owner >= 0], owner[owner >= 0]
    bare = np.setdiff1d(np.arange(len(villages)), owner)
    if len(bare):
        points = np.concatenate([points, hexagon_of(_middles(villages.iloc[bare]), crs)])
        owner = np.concatenate([owner, bare.astype(np.int32)])
    return Places(points=points, village=owner, weight=np.ones(len(points)))


def _middles(villages: gpd.GeoDataFrame) -> Floats:
    """The centre of each village, else a point inside it."""
    middles = shapely.point_on_surface(valid_villages(villages.geometry.to_numpy()))
    if "centre" in villages:
        centres = villages["centre"].to_numpy()
        known = ~(shapely.is_missing(centres) | shapely.is_empty(centres))
        middles[known] = centres[known]
    return shapely.get_coordinates(middles)


def measure_amounts(
    villages: gpd.GeoDataFrame,
    layers: Sequence[Layer | SignalLayer],
    sources: Mapping[Basis, AmountSource],
    *,
    hexes: bool | Places = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Mapping[Basis, Amounts]:
    """What ``sources`` hold, by village and combination of the footprints among the layers.

    Bit ``k`` stands for ``layers[k]``; that of a signal layer is never set. A source that stands
    for two bases is measured once. ``hexes``: whether hexagons are measured, or those that
    `hexagons` found. Points in a footprint are those within a millimetre of it, as village
    centres are; pixels are cut exactly (`coverage.spread`). Villages and layers as
    `coverage.measure` takes them.
    """
    nothing = np.empty(0, dtype=object)
    areas = [x.footprint.to_numpy() if isinstance(x, Layer) else nothing for x in layers]
    ground = _Ground(villages=villages, areas=areas, threads=threads or default_threads())
    made: dict[int, Amounts] = {}
    for k, source in enumerate(sources.values()):
        if id(source) not in made:
            tell = None if progress is None else _part(progress, k, len(sources))
            made[id(source)] = ground.amounts(source, tell)
    out: dict[Basis, Amounts] = {basis: made[id(source)] for basis, source in sources.items()}
    if hexes is not False:
        out["hexes"] = ground.at(hexagons(villages) if hexes is True else hexes)
    return MappingProxyType(out)


def _part(progress: Progress, k: int, of: int) -> Progress:
    return lambda done: progress((k + done) / of)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """What amounts are measured on: villages, and the footprints of each layer."""

    villages: gpd.GeoDataFrame
    areas: Sequence[Geometries]
    threads: int

    def amounts(self, source: AmountSource, progress: Progress | None) -> Amounts:
        """By village and combination, of pixels or of points."""
        if isinstance(source, AmountPoints):
            return self.at(_settled(self.villages, source))
        table = spread_amounts(
            valid_villages(self.villages.geometry.to_numpy()),
            self.areas,
            source,
            crs=CRS.from_user_input(self.villages.crs),
            threads=self.threads,
            progress=progress,
        )
        return self._told(table)

    def at(self, places: Places) -> Amounts:
        """By village and combination, of points that each count for a village."""
        bits = layers_at(self.areas, places.points, threads=self.threads)
        return self._told(added_up([(places.village, bits, places.weight)]))

    def _told(self, table: Spread) -> Amounts:
        return Amounts(
            village=table.village,
            combination=table.combination,
            amount=table.amount,
            total=sums(table.village, table.amount, len(self.villages)),
        )


def _settled(villages: gpd.GeoDataFrame, source: AmountPoints) -> Places:
    points = shapely.get_coordinates(source.points.to_numpy())
    owner = village_of(villages, points)
    here = owner >= 0
    return Places(points=points[here], village=owner[here], weight=source.weight[here])

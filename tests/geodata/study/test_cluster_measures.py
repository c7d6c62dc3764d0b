"""People, signals and moved outlines over a cluster: those of one machine to 1e-12."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from distributed import LocalCluster
from shapely import Point, box

import coverage
import coverage.pixels
from coverage import moved as outlining
from coverage.amounts import hexagons, measure_amounts
from coverage.apart import amounts_part, levels_part, move_part
from coverage.joined import joined_amounts, joined_levels
from coverage.measure import measure_moved
from coverage.model import Amounts, Areas, Basis, Layer, LayerInfo, Levels
from coverage.moved import Tile, move_layers
from coverage.packed import Held
from coverage.pixels import AmountPoints, AmountSource, PixelGrid, SignalLayer
from coverage.rings import Geometries
from coverage.signal import measure_levels
from geodata.study.cluster import Cluster, outlines
from geodata.study.cluster.parts import Tasks, parts_for
from geodata.study.cluster.pixels import Windows
from tests import tiny, tiny_signal

pytestmark = pytest.mark.heavy

RNG = np.random.default_rng(23)
DEGREES = PixelGrid(
    crs=pyproj.CRS.from_epsg(4326).to_wkt(),
    x=105.92,
    y=18.71,
    step_x=0.0007,
    step_y=0.0006,
    width=70,
    height=60,
)
FINE = replace(tiny_signal.GRID, x=tiny.X0 - 333.0, step_x=37.0, step_y=41.0, width=93, height=87)


def levels_on(grid: PixelGrid) -> np.ndarray:
    return RNG.integers(0, coverage.pixels.LEVELS, (grid.height, grid.width)).astype(np.uint8)


def signals() -> list[SignalLayer]:
    """Layers on three grids, one of them in degrees; one operator has two of them."""
    asked = (("Gamma", "4G", tiny_signal.GRID), ("Gamma", "3G", FINE), ("Delta", "4G", DEGREES))
    return [tiny_signal.layer(o, t, levels_on(grid), grid=grid) for o, t, grid in asked]


def sources() -> dict[Basis, AmountSource]:
    """People in degrees; settled places, many of them on the borders between villages."""
    heads = tiny_signal.people(RNG.uniform(0, 9, (60, 70)), grid=DEGREES)
    steps = np.arange(-250.0, 3251.0, 125.0)
    x, y = (side.ravel() for side in np.meshgrid(tiny.X0 + steps, tiny.Y0 + steps))
    places = AmountPoints(
        points=gpd.GeoSeries(shapely.points(x, y), crs=tiny.CRS),
        weight=RNG.uniform(1, 9, len(x)),
        key="places",
    )
    return {"people": heads, "settled": places, "households": places}


def footprints() -> list[Layer]:
    """The tiny layers, and one large polygon that crosses itself."""
    angle = np.linspace(0, 4 * np.pi, 2500, endpoint=False)  # twice around, each time elsewhere
    far = 1100 * (1 + 0.4 * np.sin(3.5 * angle))
    ring = np.c_[far * np.cos(angle), far * np.sin(angle)] + (tiny.X0 + 1500, tiny.Y0 + 1500)
    twisted = gpd.GeoSeries([shapely.Polygon(ring)], crs=tiny.CRS)
    info = LayerInfo(operator="Gamma", technology="5G", accuracy_m=30.0)
    return [*tiny.layers(), Layer(info=info, footprint=twisted)]


@dataclass(frozen=True)
class Case:
    """A study's villages and all that is measured of them."""

    villages: gpd.GeoDataFrame
    layers: list[Layer | SignalLayer]
    amounts: Mapping[Basis, AmountSource]


@pytest.fixture(scope="module")
def case() -> Case:
    villages = tiny.villages()
    villages.loc["v5", "centre"] = None
    villages.loc["v7", "centre"] = Point(tiny.X0 - 300, tiny.Y0 + 2900)  # outside its village
    villages.loc["v3", "geometry"] = box(tiny.X0 + 1900, tiny.Y0, tiny.X0 + 3000, tiny.Y0 + 1000)
    return Case(villages=villages, layers=[*footprints(), *signals()], amounts=sources())


@pytest.fixture(scope="module")
def engine() -> Iterator[Cluster]:
    """A cluster whose two workers are threads, reached as any other."""
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            protocol="tcp://",
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=60,
        ) as made,
        Cluster(made.scheduler_address) as cluster,
    ):
        yield cluster


def table(of: Amounts, villages: int) -> np.ndarray:
    """Amounts as villages × combinations of six layers."""
    out = np.zeros((villages, 64))
    np.add.at(out, (of.village, of.combination.astype(int)), of.amount)
    return out


def same_amounts(one: Mapping[Basis, Amounts], other: Mapping[Basis, Amounts]) -> None:
    assert list(one) == list(other)
    for basis, amounts in one.items():
        theirs = other[basis]
        whole = np.maximum(theirs.total, 1e-300)
        np.testing.assert_allclose(amounts.total, theirs.total, rtol=1e-12)
        off = table(amounts, len(whole)) - table(theirs, len(whole))
        assert np.abs(off / whole[:, None]).max() <= 1e-12


def same_levels(one: Sequence[Levels], other: Sequence[Levels]) -> None:
    for mine, theirs in zip(one, other, strict=True):
        assert (mine.operator, mine.technologies, mine.grid) == (
            theirs.operator, theirs.technologies, theirs.grid,
        )  # fmt: skip
        np.testing.assert_array_equal(mine.centre, theirs.centre)
        assert list(mine.parts) == list(theirs.parts)
        for basis, parts in mine.parts.items():
            sums: dict[tuple[int, ...], float] = {}
            for sign, of, part in ((1, mine, parts), (-1, theirs, theirs.parts[basis])):
                for village, level, share in zip(of.village, of.level, part, strict=True):
                    key = (int(village), *map(int, level))
                    sums[key] = sums.get(key, 0.0) + sign * float(share)
            assert max(map(abs, sums.values())) <= 1e-12


def same_areas(one: Areas, other: Areas) -> None:
    shares = np.zeros((2, 9, 64))
    for k, of in enumerate((one, other)):
        np.add.at(shares[k], (of.village, of.combination.astype(int)), of.area_m2 / 1e6)
    assert np.abs(shares[0] - shares[1]).max() <= 1e-12
    np.testing.assert_array_equal(one.centre, other.centre)
    same_amounts(one.amounts, other.amounts)


@pytest.mark.heavy
def test_people_places_and_hexagons_are_those_of_one_machine(case: Case, engine: Cluster) -> None:
    alone = measure_amounts(case.villages, case.layers, case.amounts, hexes=True)
    told: list[float] = []
    found = engine.amounts(
        case.villages, case.layers, case.amounts, hexes=True, progress=told.append
    )
    same_amounts(found, alone)
    assert found["settled"].total.sum() > 0
    assert told[-1] == 1.0
    assert len(told) == 9


@pytest.mark.heavy
def test_levels_are_those_of_one_machine(case: Case, engine: Cluster) -> None:
    bare = coverage.measure(case.villages, case.layers[:3])
    layers = case.layers[3:]
    alone = measure_levels(case.villages, signals_of(layers), amounts=case.amounts)
    measures = replace(
        bare,
        layers=tuple(layer.info for layer in layers),
        extent_share=np.ones((9, 3)),
        extent_centre=np.ones((9, 3), bool),
    )
    found = engine.levels(measures, layers, amounts=case.amounts)
    same_levels(found.levels, alone.levels)
    np.testing.assert_allclose(found.extent_share, alone.extent_share, atol=1e-12)
    np.testing.assert_array_equal(found.extent_centre, alone.extent_centre)


def signals_of(layers: Sequence[Layer | SignalLayer]) -> list[SignalLayer]:
    return [layer for layer in layers if isinstance(layer, SignalLayer)]


@pytest.mark.heavy
def test_moved_footprints_are_those_of_one_machine(case: Case, engine: Cluster) -> None:
    kept: dict[int, tuple[Geometries, Geometries]] = {}

    @dataclass(frozen=True)
    class Kept:
        """Outlines kept in memory."""

        def load(self, place: int) -> tuple[Geometries, Geometries] | None:
            return kept.get(place)

        def keep(self, place: int, inward: Geometries, outward: Geometries) -> None:
            kept[place] = inward, outward

    alone = measure_moved(
        case.villages, case.layers, amounts=case.amounts, hexes=True, outlines=Kept()
    )
    mine = dict(kept)
    kept.clear()
    told: list[float] = []
    found = engine.moved(
        case.villages, case.layers, amounts=case.amounts, hexes=True, outlines=Kept(),
        progress=told.append,
    )  # fmt: skip
    for one, other in ((found.inward, alone.inward), (found.outward, alone.outward)):
        same_areas(one, other)
    assert kept.keys() == mine.keys() == {0, 1, 2}
    for place, pair in kept.items():
        for way, polygons in enumerate(pair):
            assert shapely.to_wkb(polygons).tolist() == shapely.to_wkb(mine[place][way]).tolist()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_tiles_that_a_worker_halves_on_are_those_of_one_machine() -> None:
    """Few large tiles are sent; what comes of them is what comes of many small ones."""
    spots = RNG.uniform((tiny.X0, tiny.Y0), (tiny.X0 + 3000, tiny.Y0 + 3000), (400, 2))
    discs = gpd.GeoSeries([Point(*xy).buffer(150, quad_segs=9) for xy in spots], crs=tiny.CRS)
    layers = [Layer(info=tiny.layers()[0].info, footprint=discs)]
    sent: list[Tile] = []

    class Sent:
        """Tiles moved as a worker would."""

        def most_vertices(self, layers: Iterable[Layer]) -> int:
            return sum(int(x.footprint.count_coordinates().sum()) for x in layers) // 3

        def moved(
            self, tiles: Sequence[Tile], seen: shapely.STRtree, progress: object
        ) -> list[tuple[Geometries, Geometries]]:
            assert progress is None
            sent.extend(tiles)
            parts = outlines._Tiles(tiles=tiles, seen=seen, layers=[layers[0].info])
            tasks = [parts.task(part) for part in range(len(parts))]
            done = [move_part(pickle.loads(pickle.dumps(task))) for task in tasks]  # noqa: S301
            return [(a.geometries(), b.geometries()) for a, b in done]

    villages = tiny.villages()
    given = (villages.geometry.to_numpy(), layers)
    centres = shapely.get_coordinates(villages["centre"].to_numpy())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlining.move_tile, "__kwdefaults__", {"most_vertices": 500})
        found = move_layers(*given, centres=centres, mover=Sent())
        patch.setattr(outlining, "MOST_VERTICES", 500)
        alone = move_layers(*given, centres=centres)
    assert 3 <= len(sent) < 20
    for mine, theirs in zip(found, alone, strict=True):
        one, other = (x[0].footprint.to_numpy() for x in (mine, theirs))
        assert shapely.to_wkb(one).tolist() == shapely.to_wkb(other).tolist()
        assert len(one) > len(sent)


@pytest.mark.heavy
def test_a_part_has_no_more_pixels_and_places_than_it_needs(case: Case) -> None:
    layers = signals_of(case.layers)
    hexes = hexagons(case.villages)
    tasks = Tasks(case.villages, layers, parts=9, amounts=case.amounts, hexes=hexes)
    sent = [pickle.loads(pickle.dumps(tasks.task(part))) for part in range(9)]  # noqa: S301
    whole = sum(layer.grid.width * layer.grid.height for layer in layers)
    assert max(sum(x.size for x in task.layers) for task in sent) < 0.6 * whole
    assert sum(len(task.hexes.points) for task in sent) == len(hexes.points)
    amounts = [(rows, amounts_part(task)) for rows, task in zip(tasks.rows, sent, strict=True)]
    alone = measure_amounts(case.villages, layers, case.amounts, hexes=True)
    same_amounts(joined_amounts(amounts, 9), alone)
    levels = [(rows, levels_part(task)) for rows, task in zip(tasks.rows, sent, strict=True)]
    same_levels(
        joined_levels(levels, 9).levels,
        measure_levels(case.villages, layers, amounts=case.amounts).levels,
    )


def test_rasters_that_lie_elsewhere_are_sent_empty() -> None:
    east = replace(tiny_signal.GRID, x=tiny.X0 + 2500)
    layer = tiny_signal.layer("Gamma", "4G", levels_on(east), grid=east)
    heads = tiny_signal.people(np.ones((40, 40)), grid=replace(east, y=tiny.Y0 - 50_000.0))
    villages, amounts = tiny.villages(), {"people": heads}
    tasks = Tasks(villages, [layer], parts=9, amounts=amounts)  # type: ignore[arg-type]
    levels = [(rows, levels_part(tasks.task(k))) for k, rows in enumerate(tasks.rows)]
    alone = measure_levels(villages, [layer], amounts=amounts)  # type: ignore[arg-type]
    same_levels(joined_levels(levels, 9).levels, alone.levels)
    assert tasks.task(0).sources[0].size == 0


def test_windows_hold_what_other_grids_ask_for(case: Case) -> None:
    grids = [layer.grid for layer in signals_of(case.layers)]
    around = Windows(grids, case.villages.crs).around((tiny.X0, tiny.Y0, tiny.X0 + 9, tiny.Y0 + 9))
    alone = Windows(grids[:1], case.villages.crs).around(
        (tiny.X0, tiny.Y0, tiny.X0 + 9, tiny.Y0 + 9)
    )
    top, left, rows, columns = alone[grids[0]]
    assert (rows, columns) == (5, 5)
    wide = around[grids[0]]
    assert wide[0] <= top
    assert wide[1] <= left
    assert wide[0] + wide[2] >= top + rows
    assert wide[1] + wide[3] >= left + columns


def test_pixels_that_were_not_sent_are_no_guess() -> None:
    held = Held(window=(2, 3, 2, 2), values=np.array([[1, 2], [3, 4]], np.uint8))
    assert held.part((3, 3, 1, 2)).tolist() == [[3, 4]]
    with pytest.raises(ValueError, match=r"\(2, 3, 3, 2\) were asked for, and .* were sent"):
        held.part((2, 3, 3, 2))
    assert held.padded((1, 2, 3, 2)).tolist() == [[0, 0], [0, 1], [0, 3]]
    assert held.padded((9, 9, 1, 2)).tolist() == [[0, 0]]


@pytest.mark.parametrize(("pixel_bytes", "parts"), [(0, 12), (10**9, 30), (10**12, 3806)])
def test_parts_grow_with_pixels(pixel_bytes: int, parts: int) -> None:
    assert parts_for(3806, 2, pixel_bytes) == parts

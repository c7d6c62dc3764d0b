"""People, signals and moved outlines over a cluster: those of one machine to 1e-12."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from distributed import LocalCluster
from shapely import Point, box

import coverage
import coverage.pixels
import geodata
from coverage import moved as outlining
from coverage.amounts import hexagons, measure_amounts
from coverage.joined import joined_amounts, joined_levels
from coverage.measure import measure_moved
from coverage.model import Amounts, Areas, Basis, Layer, LayerInfo, Levels
from coverage.moved import move_layers, pieces_of, where_seen
from coverage.pixels import AmountPoints, AmountRaster, AmountSource, PixelGrid, SignalLayer, Window
from coverage.rings import Geometries
from coverage.signal import measure_levels
from geodata.signals import files_read_by, limited
from geodata.study.cluster import Cluster, outlines
from geodata.study.cluster.files import PixelsFile, WorkingFiles, working_files
from geodata.study.cluster.regions import Regions
from geodata.study.cluster.tasks import amounts_task, levels_task
from geodata.study.engine import HERE
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
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose two workers are threads, reached as any other."""
    shared = tmp_path_factory.mktemp("shared")
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
        Cluster(made.scheduler_address, folder=shared) as cluster,
    ):
        yield cluster


@pytest.fixture
def written(tmp_path: Path) -> Iterator[WorkingFiles]:
    with working_files(tmp_path) as made:
        yield made


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
    assert len(told) == 4


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


def there_and_back(
    _: object, sent: Sequence[object], work: Callable[[object], object], progress: object
) -> list[object]:
    """Tasks done as workers would, after the way there."""
    assert progress is None
    tasks = [sent.task(part) for part in range(len(sent))]  # type: ignore[attr-defined]
    return [work(pickle.loads(pickle.dumps(task))) for task in tasks]  # noqa: S301


@pytest.mark.parametrize("apart", [True, False], ids=["polygons", "one multipolygon"])
def test_pieces_that_a_worker_halves_on_are_those_of_one_machine(
    written: WorkingFiles, *, apart: bool
) -> None:
    """Few large pieces are sent; what comes of them is what comes of many small tiles."""
    spots = RNG.uniform((tiny.X0, tiny.Y0), (tiny.X0 + 3000, tiny.Y0 + 3000), (400, 2))
    discs = gpd.GeoSeries([Point(*xy).buffer(150, quad_segs=9) for xy in spots], crs=tiny.CRS)
    if not apart:
        some = [disc.buffer(-140) for disc in discs[:200]]  # so small that they are valid together
        discs = gpd.GeoSeries([shapely.union_all(some), *discs[200:]], crs=tiny.CRS)
    layers = [Layer(info=tiny.layers()[0].info, footprint=discs)]
    villages = tiny.villages()
    given = (villages.geometry.to_numpy(), layers)
    centres = shapely.get_coordinates(villages["centre"].to_numpy())
    sent: list[int] = []

    def noted(*given: object) -> list[object]:
        sent.append(len(given[1]))  # type: ignore[arg-type]
        return there_and_back(*given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outlining.move_tile, "__kwdefaults__", {"most_vertices": 500})
        patch.setattr(outlining, "MOST_VERTICES", 500)
        patch.setattr(outlines, "LEAST_VERTICES", 1000)
        patch.setattr(outlines, "threads_of", lambda _: 1)
        patch.setattr(outlines, "spread_on", noted)
        mover = outlines.OnWorkers(client=None, files=written)
        found = move_layers(*given, centres=centres, mover=mover)
        alone = move_layers(*given, centres=centres)
    assert 3 <= sent[0] < 20
    for mine, theirs in zip(found, alone, strict=True):
        one, other = (x[0].footprint.to_numpy() for x in (mine, theirs))
        assert shapely.to_wkb(one).tolist() == shapely.to_wkb(other).tolist()
        assert len(one) > sent[0]


def test_pieces_are_halves_of_halves_and_only_where_something_is_measured() -> None:
    seen = where_seen(tiny.villages().geometry.to_numpy(), np.empty((0, 2)))
    corners = RNG.uniform((tiny.X0, tiny.Y0), (tiny.X0 + 30_000, tiny.Y0 + 3000), (9000, 2))
    chains = pieces_of(corners, 100.0, seen, most_vertices=300)
    assert len(chains) > 3
    for chain in chains:
        assert len(seen.query(box(*chain[-1]))) > 0
        sides = [max(b[2] - b[0], b[3] - b[1]) for b in chain]
        assert sides[0] == outlining.ROOT_M
        for (x0, y0, x1, y1), (u0, v0, u1, v1) in itertools.pairwise(chain):
            assert (x1 - x0) * (y1 - y0) == 2 * (u1 - u0) * (v1 - v0)
            assert (u0 >= x0, v0 >= y0, u1 <= x1, v1 <= y1) == (True,) * 4
    assert len({chain[-1] for chain in chains}) == len(chains)


@pytest.mark.heavy
def test_a_task_names_files_and_reads_pixels_and_places_near_it(
    case: Case, written: WorkingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = signals_of(case.layers)
    tasks = Regions(
        case.villages, layers, written, regions=9, amounts=case.amounts, hexes=True
    )  # fmt: skip
    sent = [pickle.loads(pickle.dumps(tasks.task(part))) for part in range(9)]  # noqa: S301
    assert max(len(pickle.dumps(task)) for task in sent) < 20_000
    read: list[tuple[Path, Window]] = []
    whole = PixelsFile.__call__

    def noted(self: PixelsFile, window: Window) -> np.ndarray:
        read.append((self.file, window))
        return whole(self, window)

    monkeypatch.setattr(PixelsFile, "__call__", noted)
    fine = next(task.levels.file for task in sent[0].signals if task.grid == FINE)
    levels = []
    for rows, task in zip(tasks.rows, sent, strict=True):
        read.clear()
        levels.append((rows, levels_task(task)))
        most = max(w[2] * w[3] for file, w in read if file == fine)
        assert most < 0.6 * FINE.width * FINE.height
    amounts = [(rows, amounts_task(task)) for rows, task in zip(tasks.rows, sent, strict=True)]
    alone = measure_amounts(case.villages, layers, case.amounts, hexes=True)
    same_amounts(joined_amounts(amounts, 9), alone)
    assert sum(found["hexes"].total.sum() for _, found in amounts) == (
        len(hexagons(case.villages).points)
    )
    same_levels(
        joined_levels(levels, 9).levels,
        measure_levels(case.villages, layers, amounts=case.amounts).levels,
    )


def test_rasters_that_lie_elsewhere_say_nothing(written: WorkingFiles) -> None:
    east = replace(tiny_signal.GRID, x=tiny.X0 + 2500)
    layer = tiny_signal.layer("Gamma", "4G", levels_on(east), grid=east)
    heads = tiny_signal.people(np.ones((40, 40)), grid=replace(east, y=tiny.Y0 - 50_000.0))
    villages, amounts = tiny.villages(), {"people": heads}
    tasks = Regions(villages, [layer], written, regions=9, amounts=amounts)  # type: ignore[arg-type]
    levels = [(rows, levels_task(tasks.task(k))) for k, rows in enumerate(tasks.rows)]
    alone = measure_levels(villages, [layer], amounts=amounts)  # type: ignore[arg-type]
    same_levels(joined_levels(levels, 9).levels, alone.levels)


def test_pixels_held_in_memory_are_written_once_and_read_in_windows(written: WorkingFiles) -> None:
    levels = levels_on(FINE)
    layer = tiny_signal.layer("Gamma", "4G", levels, grid=FINE)
    read = written.signal(layer)
    assert written.signal(layer) is read
    assert files_read_by(read.levels) is not None
    assert read.levels((3, 5, 7, 9)).tolist() == levels[3:10, 5:14].tolist()
    heads = tiny_signal.people(RNG.uniform(0, 9, (60, 70)), grid=DEGREES)
    amounts = written.source(heads)
    assert isinstance(amounts, AmountRaster)
    window = (0, 0, 60, 70)
    np.testing.assert_array_equal(amounts.amounts(window), heads.amounts(window))


@pytest.mark.heavy
def test_a_study_of_all_kinds_of_files_is_that_of_one_machine(
    tmp_path: Path, engine: Cluster
) -> None:
    """Rasters of files are read by the workers, limited ones too; nothing of them is written."""
    file = tiny_signal.write_signal_study(tmp_path)
    table = gpd.GeoDataFrame(
        {"so_ho": [30, 10]},
        geometry=[Point(tiny.X0 + 500, tiny.Y0 + 500), Point(tiny.X0 + 1000, tiny.Y0 + 500)],
        crs=tiny.CRS,
    )
    table.to_file(tmp_path / "settled.gpkg")
    tiny_signal.write_raster(tmp_path / "people.tif", RNG.uniform(0, 9, (40, 40)), nodata=-1)
    told = file.read_text(encoding="utf-8")
    told += '\n[settled]\npath = "settled.gpkg"\n'
    told += '\n[population]\npath = "people.tif"\nunit = "count"\n'
    file.write_text(told, encoding="utf-8")
    study = geodata.open_study(file)
    *others, last = study.layers
    assert isinstance(last, SignalLayer)
    area = gpd.GeoSeries([box(tiny.X0, tiny.Y0, tiny.X0 + 1700, tiny.Y0 + 1700)], crs=tiny.CRS)
    layers = [*others, limited(last, area)]
    for layer in signals_of(layers):
        assert engine.files.signal(layer) is layer
    alone = HERE.amounts(study.villages, layers, study.amounts, hexes=True)
    same_amounts(engine.amounts(study.villages, layers, study.amounts, hexes=True), alone)
    measures = coverage.measure(study.villages, [x for x in layers if isinstance(x, Layer)])
    measures = replace(
        measures,
        layers=tuple(x.info for x in layers),
        extent_share=np.ones((9, len(layers))),
        extent_centre=np.ones((9, len(layers)), bool),
    )
    mine = engine.levels(measures, layers, amounts=study.amounts)
    theirs = HERE.levels(measures, layers, amounts=study.amounts)
    same_levels(mine.levels, theirs.levels)
    np.testing.assert_allclose(mine.extent_share, theirs.extent_share, atol=1e-12)

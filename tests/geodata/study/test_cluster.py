"""Measuring on a cluster: what goes out, what comes back, and what is told when it fails."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from distributed import Client, LocalCluster
from distributed.comm.core import CommClosedError
from hypothesis import given, settings
from hypothesis import strategies as st

import coverage
import geodata
from coverage import CoverageError
from coverage.apart import Task, measure_part
from coverage.joined import joined
from coverage.measure import cells_for
from coverage.model import Layer, Measures
from coverage.packed import Packed
from coverage.shares import union_share
from geodata.study.cluster import ClusterError, connect, connected, measured_on, near
from geodata.study.cluster.near import Polygons, cut
from geodata.study.cluster.parts import Tasks, parts_for
from tests import folder, tiny
from tests.coverage.shapes import X, Y, polygons
from tests.laws import examples
from tests.ui.test_command import call


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Two workers for all tests: to start one takes seconds.

    What is compiled is kept on the disk, for workers to load: else each would compile it too.
    """
    coverage.measure(tiny.villages(), limited())
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=60,
    ) as made:
        yield made


@pytest.fixture
def client(cluster: LocalCluster) -> Iterator[Client]:
    with connected(cluster.scheduler_address) as made:
        yield made


def same(one: Measures, other: Measures) -> None:
    """Every share within 1e-12, every centre and id alike."""
    assert one.layers == other.layers
    assert one.villages.index.equals(other.villages.index)
    for bits in range(1, 1 << len(one.layers)):
        difference = union_share(one, bits) - union_share(other, bits)
        assert np.abs(difference).max() <= 1e-12
    np.testing.assert_allclose(one.village_area_m2, other.village_area_m2, rtol=1e-12)
    np.testing.assert_array_equal(one.centre, other.centre)
    np.testing.assert_array_equal(one.has_centre, other.has_centre)
    np.testing.assert_allclose(one.extent_share, other.extent_share, atol=1e-12)
    np.testing.assert_array_equal(one.extent_centre, other.extent_centre)


def limited() -> list[Layer]:
    """The tiny layers, one of which speaks of the two southern rows of villages alone."""
    alpha, beta = tiny.layers()
    south = shapely.box(tiny.X0 - 9, tiny.Y0 - 9, tiny.X0 + 3009, tiny.Y0 + 1800)
    return [alpha, replace(beta, extent=gpd.GeoSeries([south], crs=tiny.CRS))]


def slow(task: Task) -> Measures:
    time.sleep(0.3)
    return measure_part(task)


def deadly(task: Task) -> Measures:
    os._exit(len(task.ids))


def hungry(task: Task) -> Measures:
    raise MemoryError(f"no room for {len(task.ids)}")


def by_process() -> dict[str, str]:
    return {"numpy": str(os.getpid()), "distributed": "1"}


def not_there() -> dict[str, str]:
    if multiprocessing.parent_process() is None:
        return {}
    raise ModuleNotFoundError("No module named 'coverage.measure'")


@pytest.mark.heavy
def test_a_cluster_measures_what_one_machine_does(client: Client) -> None:
    told: list[float] = []
    found = measured_on(client, tiny.villages(), limited(), parts=4, progress=told.append)
    same(found, coverage.measure(tiny.villages(), limited()))
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.heavy
@pytest.mark.heavy
def test_a_worker_killed_half_way_changes_nothing(client: Client) -> None:
    killed: list[str] = []

    def kill(done: float) -> None:
        if done > 0.2 and not killed:
            worker, pid = next(iter(client.run(os.getpid).items()))
            os.kill(pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            killed.append(worker)

    found = measured_on(client, tiny.villages(), limited(), parts=9, work=slow, progress=kill)
    same(found, coverage.measure(tiny.villages(), limited()))
    assert killed
    assert killed[0] not in client.nthreads()


@pytest.mark.heavy
@pytest.mark.heavy
def test_a_part_that_cannot_be_measured_is_named(client: Client) -> None:
    with pytest.raises(ClusterError, match=r"^part 1 of 1 \(9 villages, .*no room for 9$"):
        measured_on(client, tiny.villages(), limited(), parts=1, work=hungry)


@pytest.mark.heavy
def test_bad_data_is_told_as_on_one_machine(client: Client) -> None:
    villages = tiny.villages()
    villages.loc["v5", "centre"] = shapely.Point(np.inf, 0)
    with pytest.raises(CoverageError) as alone:
        coverage.measure(villages, limited())
    with pytest.raises(CoverageError) as told:
        measured_on(client, villages, limited())
    assert str(told.value) == str(alone.value)
    again = pickle.loads(pickle.dumps(CoverageError("{a} of {b}", a=1, b="{x}")))  # noqa: S301
    assert (again.template, again.parts) == ("{a} of {b}", {"a": 1, "b": "{x}"})


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (by_process, "has numpy .*, and this machine .*; bring both to the same checkout"),
        (not_there, r"cannot load phusong \(No module named 'coverage.measure'\); start it from"),
    ],
    ids=["another version", "no checkout"],
)
def test_a_worker_that_is_not_ours_is_named(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, versions: object, expected: str
) -> None:
    monkeypatch.setattr(connect, "versions", versions)
    with pytest.raises(ClusterError, match=expected), connected(cluster.scheduler_address):
        pass


def impatient(dask_scheduler: object) -> None:
    """From now on a part that ended one worker is given to no other."""
    dask_scheduler.allowed_failures = 0  # type: ignore[attr-defined]


@pytest.mark.heavy
def test_a_part_that_ends_its_workers_is_named(client: Client) -> None:
    client.run_on_scheduler(impatient)
    with pytest.raises(ClusterError) as told:
        measured_on(client, tiny.villages(), limited(), parts=1, work=deadly)
    assert str(told.value) == (
        "part 1 of 1 (9 villages, the first is v1) ended every worker it was given to, 1 in all; "
        "give the workers more memory"
    )


def test_a_worker_killed_while_it_is_started_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(connect, "LocalCluster", fails)
    done = call("assess", folder.write(tmp_path), "--engine", "dask")
    assert done.exit_code == 2
    assert done.stderr.startswith("a worker ended while it was started on this machine")


def test_a_worker_lost_before_it_measured_is_not_called_another_version() -> None:
    class Lost:
        def wait_for_workers(self, *_: object, **__: object) -> None: ...

        def run(self, *_: object, **__: object) -> dict[str, object]:
            return {"tcp://10.0.0.5:1": CommClosedError("Stream is closed")}

    with pytest.raises(ClusterError, match="was lost before it had measured anything"):
        connect._require_workers(Lost(), "tcp://10.0.0.5:8786")  # type: ignore[arg-type]  # stands for a client


def test_an_empty_address_is_told_as_such() -> None:
    with pytest.raises(ClusterError, match="--scheduler is empty; write it as"), connected(" "):
        pass


@pytest.mark.parametrize("address", ["here", "tcp://127.0.0.1", "http://a:1", "tcp://a:port"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ClusterError, match="is no address of a scheduler"), connected(address):
        pass


def test_a_server_that_is_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect, "REACHED_WITHIN_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ClusterError, match="is no Dask scheduler"), connected(address):
            pass


@pytest.mark.heavy
@pytest.mark.heavy
def test_the_command_measures_on_workers_of_its_own_and_keeps_the_same(tmp_path: Path) -> None:
    study = folder.write(tmp_path / "study").parent
    done = call("assess", study, "--json", "--engine", "dask", "--workers", 1)
    assert (done.exit_code, done.stderr) == (0, "")
    run = geodata.assess_study(geodata.open_study(study))
    assert not run.measured
    assert run.run_id in done.stdout


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--engine", "spark"], "engine spark is not known; expected local, dask"),
        (["--workers", 2], "a scheduler and workers go with the engine dask"),
        (["--engine", "dask", "--workers", 2, "--scheduler", "tcp://a:1"], "leave one of the two"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler can be"),
    ],
)
def test_a_wrong_call_is_one_sentence(tmp_path: Path, options: list[object], sentence: str) -> None:
    done = call("assess", folder.write(tmp_path / "study").parent, *options)
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("villages", "threads", "parts"), [(9, 2, 9), (3806, 2, 12), (95_000, 2, 48), (10**6, 16, 500)]
)
def test_parts_grow_with_villages_and_threads(villages: int, threads: int, parts: int) -> None:
    assert parts_for(villages, threads) == parts


def star(vertices: int, reach_m: float) -> shapely.Polygon:
    """One polygon of many short edges around the tiny villages' middle."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    far = reach_m * (1 + 0.3 * np.random.default_rng(3).random(vertices))
    ring = np.c_[far * np.cos(angle), far * np.sin(angle)] + (tiny.X0 + 1500, tiny.Y0 + 1500)
    return shapely.Polygon(ring)


@pytest.mark.heavy
def test_no_layer_goes_whole_to_a_part() -> None:
    """One row of many polygons, and one polygon of many vertices, over all the villages."""
    x, y = tiny.X0, tiny.Y0
    spots = [(x + k, y + j) for k in range(0, 3000, 100) for j in range(0, 3000, 100)]
    many = shapely.MultiPolygon([shapely.box(a, b, a + 7, b + 7) for a, b in spots])
    giant = star(20_000, 1200).difference(many)
    layers = [
        replace(one, footprint=gpd.GeoSeries([shape], crs=tiny.CRS))
        for one, shape in zip(tiny.layers(), (many, giant), strict=True)
    ]
    tasks = Tasks(tiny.villages(), layers, parts=9, cells=cells_for(tiny.villages(), layers))
    sent = [tasks.task(part) for part in range(9)]
    for k, layer in enumerate(layers):
        whole = layer.footprint.count_coordinates().sum()
        parts = [int(t.parted()[k].footprint.count_coordinates().sum()) for t in sent]
        assert max(parts) < 0.3 * whole
        assert min(parts) > 0
    measured = [measure_part(pickle.loads(pickle.dumps(task))) for task in sent]  # noqa: S301
    found = joined(list(zip(tasks.rows, measured, strict=True)), tiny.villages())
    same(found, coverage.measure(tiny.villages(), layers))


@pytest.mark.heavy
@settings(max_examples=examples(25), deadline=None)
@given(footprints=st.lists(st.lists(polygons(), max_size=4), min_size=2, max_size=2))
def test_polygons_cut_to_a_part_measure_as_whole_ones(
    footprints: list[list[shapely.Geometry]],
) -> None:
    squares = [
        shapely.box(X + x, Y + y, X + x + 100, Y + y + 100)
        for x in (0, 350, 900) for y in (100, 750)
    ]  # fmt: skip
    villages = gpd.GeoDataFrame(geometry=squares, crs=tiny.CRS)
    layers = [
        replace(one, footprint=gpd.GeoSeries(shapes, crs=tiny.CRS))
        for one, shapes in zip(tiny.layers(), footprints, strict=True)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "LARGE", 3)  # every polygon is large
        tasks = Tasks(villages, layers, parts=6, cells=cells_for(villages, layers))
        measured = [measure_part(tasks.task(part)) for part in range(6)]
    found = joined(list(zip(tasks.rows, measured, strict=True)), villages)
    same(found, coverage.measure(villages, layers))


def test_an_edge_that_meets_the_box_is_not_cut() -> None:
    far = shapely.Polygon([(-1e5, 3), (1e5, 7), (1e5, 1e5), (0, 2e5), (-1e5, 1e5)])
    found = cut(far, (0.0, 0.0, 10.0, 10.0))
    assert shapely.get_num_coordinates(found).sum() <= 6
    corners = {tuple(xy) for xy in shapely.get_coordinates(found).tolist()}
    assert {(-1e5, 3.0), (1e5, 7.0)} <= corners
    assert len(cut(far, (0.0, -90.0, 10.0, -80.0))) == 0


def test_a_coordinate_that_is_not_a_number_is_told_wherever_it_lies() -> None:
    bad = shapely.polygons([[(9e6, 0), (9e6, 1), (np.nan, 1), (9e6, 0)]])
    with pytest.raises(CoverageError, match="not a number"):
        Polygons(gpd.GeoSeries(bad, crs=tiny.CRS))


@pytest.mark.heavy
def test_geometries_travel_to_the_last_bit() -> None:
    shapes = np.array([None, shapely.Polygon(), *tiny.villages().geometry], dtype=object)
    again = Packed.of(shapes).geometries()
    assert again[0] is None
    assert shapely.to_wkb(again[1:]).tolist() == shapely.to_wkb(shapes[1:]).tolist()
    assert len(Packed.of(np.empty(0, dtype=object)).geometries()) == 0

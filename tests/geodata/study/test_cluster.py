"""Measuring on a cluster: what goes out, what comes back, and what is told when it fails."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import re
import shutil
import signal
import socket
import tempfile
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
from coverage.joined import joined
from coverage.model import Layer, Measures
from coverage.regions import RegionLayer
from coverage.shares import union_share
from geodata.errors import UnwrittenError
from geodata.study import assess
from geodata.study.cluster import ClusterError, connect, connected, files, measured_on
from geodata.study.cluster.files import WorkingFiles, single_polygons, working_files
from geodata.study.cluster.regions import Regions, regions_for
from geodata.study.cluster.tasks import Task, measure_task
from geodata.study.regional import layer_in_file
from tests import folder, tiny
from tests.coverage.shapes import X, Y, polygons
from tests.laws import examples
from tests.ui.test_command import call

STARTED_S = 30
"""A worker that was ended is there again within this, or its nanny has given up."""


class TwoWorkers:
    """A cluster for all tests, since to start one takes seconds; made anew where one is lost.

    Tests end workers, and on a busy machine a nanny may give up one that did not start in time.
    """

    def __init__(self) -> None:
        self.cluster = self.started()

    @staticmethod
    def started() -> LocalCluster:
        return LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=60,
        )

    def ready(self) -> LocalCluster:
        try:
            self.cluster.wait_for_workers(2, timeout=STARTED_S)
        except TimeoutError:
            self.cluster.close()
            self.cluster = self.started()
            self.cluster.wait_for_workers(2, timeout=3 * STARTED_S)
        return self.cluster


@pytest.fixture(scope="module")
def two_workers() -> Iterator[TwoWorkers]:
    """What is compiled is kept on the disk, for workers to load: else each would compile it too."""
    coverage.measure(tiny.villages(), limited())
    made = TwoWorkers()
    yield made
    made.cluster.close()


@pytest.fixture
def cluster(two_workers: TwoWorkers) -> LocalCluster:
    return two_workers.ready()


@pytest.fixture
def written(tmp_path: Path) -> Iterator[WorkingFiles]:
    with working_files(tmp_path) as made:
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
    return measure_task(task)


def deadly(task: Task) -> Measures:
    os._exit(len(task.files))


def hungry(task: Task) -> Measures:
    raise MemoryError(f"no room for {len(task.files)} files")


def by_process() -> dict[str, str]:
    return {"numpy": str(os.getpid()), "distributed": "1"}


def not_there() -> dict[str, str]:
    if multiprocessing.parent_process() is None:
        return {}
    raise ModuleNotFoundError("No module named 'coverage.measure'")


@pytest.mark.heavy
def test_a_cluster_measures_what_one_machine_does(client: Client, written: WorkingFiles) -> None:
    told: list[float] = []
    found = measured_on(
        client, tiny.villages(), limited(), written, regions=4, progress=told.append
    )
    same(found, coverage.measure(tiny.villages(), limited()))
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.heavy
def test_a_worker_killed_half_way_changes_nothing(client: Client, written: WorkingFiles) -> None:
    killed: list[str] = []

    def kill(done: float) -> None:
        if done > 0.2 and not killed:
            worker, pid = next(iter(client.run(os.getpid).items()))
            os.kill(pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
            killed.append(worker)

    found = measured_on(
        client, tiny.villages(), limited(), written, regions=9, work=slow, progress=kill
    )
    same(found, coverage.measure(tiny.villages(), limited()))
    assert killed
    assert killed[0] not in client.nthreads()


@pytest.mark.heavy
def test_a_part_that_cannot_be_measured_is_named(client: Client, written: WorkingFiles) -> None:
    with pytest.raises(ClusterError, match=r"^part 1 of 1 \(9 villages, .*no room for 4 files$"):
        measured_on(client, tiny.villages(), limited(), written, regions=1, work=hungry)


@pytest.mark.heavy
def test_bad_data_is_told_as_on_one_machine(client: Client, written: WorkingFiles) -> None:
    villages = tiny.villages()
    villages.loc["v5", "centre"] = shapely.Point(np.inf, 0)
    with pytest.raises(CoverageError) as alone:
        coverage.measure(villages, limited())
    with pytest.raises(CoverageError) as told:
        measured_on(client, villages, limited(), written)
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
def test_a_part_that_ends_its_workers_is_named(client: Client, written: WorkingFiles) -> None:
    client.run_on_scheduler(impatient)
    with pytest.raises(ClusterError) as told:
        measured_on(client, tiny.villages(), limited(), written, regions=1, work=deadly)
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


def trims() -> bool:
    return "MALLOC_TRIM_THRESHOLD_" in os.environ


@pytest.mark.heavy
def test_workers_of_this_machine_keep_freed_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    with connected(workers=1) as client:
        assert list(client.run(trims).values()) == [False]


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


@pytest.mark.heavy
def test_a_worker_that_cannot_read_a_file_is_named_with_it(
    client: Client, tmp_path: Path, written: WorkingFiles
) -> None:
    alpha = tiny.layers()[0]
    path = tmp_path / "alpha.parquet"
    alpha.footprint.to_frame("geometry").to_parquet(path, write_covering_bbox=True)
    layer = layer_in_file(path, info=alpha.info, crs=alpha.footprint.crs)
    path.unlink()  # as where the folder is not shared
    with pytest.raises(ClusterError) as told:
        measured_on(client, tiny.villages(), [layer], written)
    assert re.fullmatch(
        rf"the worker at tcp://127\.0\.0\.1:\d+ cannot read {re.escape(str(path))} "
        r"\(No such file or directory\); workers read a study's files themselves: .*same path",
        str(told.value),
    )


def test_a_cluster_without_its_packages_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assess, "find_spec", lambda name: name == "dask" or None)
    done = call("assess", folder.write(tmp_path), "--engine", "dask")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        (
            "--engine dask needs distributed, not installed here; install the extra cluster: "
            "uv sync --extra cluster"
        )
    ]


@pytest.mark.parametrize(
    ("villages", "threads", "regions"),
    [(3, 2, 3), (3806, 2, 4), (95_150, 2, 20), (95_150, 64, 128), (10**6, 16, 200)],
)
def test_regions_grow_with_villages_and_threads(villages: int, threads: int, regions: int) -> None:
    assert regions_for(villages, threads) == regions


def here(tasks: Regions) -> list[Measures]:
    """What workers would measure, after the way there."""
    sent = [pickle.dumps(tasks.task(part)) for part in range(len(tasks))]
    return [measure_task(pickle.loads(task)) for task in sent]  # noqa: S301


def star(vertices: int, reach_m: float) -> shapely.Polygon:
    """One polygon of many short edges around the tiny villages' middle."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    far = reach_m * (1 + 0.3 * np.random.default_rng(3).random(vertices))
    ring = np.c_[far * np.cos(angle), far * np.sin(angle)] + (tiny.X0 + 1500, tiny.Y0 + 1500)
    return shapely.Polygon(ring)


@pytest.mark.heavy
def test_a_task_names_files_and_reads_what_is_near(
    written: WorkingFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row of many polygons, and one polygon of many vertices, over all the villages."""
    monkeypatch.setattr(files, "VERTICES_A_GROUP", 500)
    x, y = tiny.X0, tiny.Y0
    spots = [(x + k, y + j) for k in range(0, 3000, 100) for j in range(0, 3000, 100)]
    many = shapely.MultiPolygon([shapely.box(a, b, a + 7, b + 7) for a, b in spots])
    giant = star(20_000, 1200).difference(many)
    layers = [
        replace(one, footprint=gpd.GeoSeries([shape], crs=tiny.CRS))
        for one, shape in zip(tiny.layers(), (many, giant), strict=True)
    ]
    tasks = Regions(tiny.villages(), layers, written, regions=9)
    sent = [tasks.task(part) for part in range(9)]
    assert max(len(pickle.dumps(task)) for task in sent) < 30_000 < len(shapely.to_wkb(giant))
    groups = [{k for k, _ in task.layers[0].footprint.rows.groups} for task in sent]
    assert len(set.union(*groups)) > 5
    assert max(map(len, groups)) < len(set.union(*groups))
    near = [task.layers[0].layer().footprint.count_coordinates().sum() for task in sent]
    assert 0 < min(near) <= max(near) < 0.3 * shapely.get_num_coordinates(many)
    found = joined(list(zip(tasks.rows, here(tasks), strict=True)), tiny.villages())
    same(found, coverage.measure(tiny.villages(), layers))


@pytest.mark.heavy
@settings(max_examples=examples(25), deadline=None)
@given(footprints=st.lists(st.lists(polygons(), max_size=4), min_size=3, max_size=3))
def test_regions_read_from_files_measure_as_the_whole(
    footprints: list[list[shapely.Geometry]],
) -> None:
    squares = [
        shapely.box(X + x, Y + y, X + x + 100, Y + y + 100)
        for x in (0, 350, 900) for y in (100, 750)
    ]  # fmt: skip
    villages = gpd.GeoDataFrame(geometry=squares, crs=tiny.CRS)
    *shapes, extent = (gpd.GeoSeries(some, crs=tiny.CRS) for some in footprints)
    layers = [
        replace(one, footprint=footprint, extent=extent)
        for one, footprint in zip(tiny.layers(), shapes, strict=True)
    ]
    with tempfile.TemporaryDirectory() as base, working_files(Path(base)) as made:
        tasks = Regions(villages, layers, made, regions=6)
        measured = here(tasks)
    found = joined(list(zip(tasks.rows, measured, strict=True)), villages)
    same(found, coverage.measure(villages, layers))


@pytest.mark.parametrize(
    "options",
    [{"write_covering_bbox": True}, {}, {"schema_version": "2.0.0"}],
    ids=["with boxes", "without", "2.0"],
)
def test_a_layer_in_a_file_is_not_written_again(
    tmp_path: Path, written: WorkingFiles, options: dict[str, object]
) -> None:
    alpha = tiny.layers()[0]
    path = tmp_path / "alpha.parquet"
    alpha.footprint.to_frame("geometry").to_parquet(path, **options)
    layer = layer_in_file(path, info=alpha.info, crs=alpha.footprint.crs)
    assert isinstance(layer, RegionLayer)
    tasks = Regions(tiny.villages(), [layer, tiny.layers()[1]], written, regions=4)
    task = tasks.task(0)
    assert path in task.files
    assert len(task.files) == 3  # villages, the file, and the layer that is in memory
    again = Regions(tiny.villages(), [layer], written, regions=4).task(0)
    assert len(again.files) == 2
    found = joined(list(zip(tasks.rows, here(tasks), strict=True)), tiny.villages())
    same(found, coverage.measure(tiny.villages(), tiny.layers()))


def test_working_files_are_gone_afterwards(tmp_path: Path) -> None:
    with working_files(tmp_path) as made:
        Regions(tiny.villages(), tiny.layers(), made, regions=2)
        assert list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_to_is_one_sentence(written: WorkingFiles) -> None:
    shutil.rmtree(written._folder)  # as where a share goes away
    with pytest.raises(UnwrittenError, match=r"1\.parquet"):
        written.polygons(tiny.layers()[0].footprint)


def test_a_coordinate_that_is_not_a_number_is_told_wherever_it_lies(written: WorkingFiles) -> None:
    bad = shapely.polygons([[(9e6, 0), (9e6, 1), (np.nan, 1), (9e6, 0)]])
    with pytest.raises(CoverageError, match="not a number"):
        written.polygons(gpd.GeoSeries(bad, crs=tiny.CRS))


def test_geometries_are_read_again_to_the_last_bit(written: WorkingFiles) -> None:
    squares = list(tiny.villages().geometry)
    deep = shapely.GeometryCollection([shapely.MultiPolygon(squares[3:6]), shapely.Point(0, 0)])
    shapes = np.array([None, shapely.Polygon(), squares[8], deep, *squares[:3]], dtype=object)
    apart, row = single_polygons(shapes)
    assert row.tolist() == [2, 3, 3, 3, 4, 5, 6]
    everywhere = (-np.inf, -np.inf, np.inf, np.inf)
    again = written.polygons(gpd.GeoSeries(shapes, crs=tiny.CRS))(everywhere)
    assert shapely.to_wkb(again.to_numpy()).tolist() == shapely.to_wkb(apart).tolist()
    assert len(written.polygons(gpd.GeoSeries([], crs=tiny.CRS))(everywhere)) == 0
    villages = tiny.villages()
    villages.loc["v5", "centre"] = None
    table = written.villages(villages, [np.array([4, 7]), np.array([0])])
    read = table.region(0)()
    assert read.index.tolist() == ["v5", "v8"]
    assert read["centre"].isna().tolist() == [True, False]
    assert shapely.to_wkb(read.geometry.to_numpy()).tolist() == (
        shapely.to_wkb(villages.geometry.to_numpy()[[4, 7]]).tolist()
    )

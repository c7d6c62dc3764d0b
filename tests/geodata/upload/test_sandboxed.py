"""Studies of strangers' files: opened, measured, published and drawn in a sandbox, each time."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pytest
import shapely

import geodata
from coverage.rules import RULES
from geodata.access import EVERYTHING, Rights
from geodata.errors import UnreadableError
from geodata.map_files import outlines_file, shape_file
from geodata.sandbox import Granted, Limits, LostError, Sandbox
from geodata.study.assess import assess_study
from geodata.study.places import structures_of
from geodata.study.results import Run
from geodata.study.zones import zone_figures
from geodata.upload import SandboxedStudy
from geodata.upload.measured import is_levels_of
from geodata.upload.sandboxed import StoppedError
from geodata.upload.stopped import STOPPED
from tests import irregular, tiny
from tests.tiny_signal import write_signal_study
from ui.choices import Choices
from ui.opened import measured_here, opened_run
from ui.sheets import sheet_of
from ui.studies import PRELOAD
from ui.view import make_view

pytestmark = pytest.mark.heavy

LIMITS = Limits(seconds=120, megabytes=2_000)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS, preload=PRELOAD) as made:
        yield made


def test_compiled_code_is_loaded_before_a_process_is_shut_in(sandbox: Sandbox) -> None:
    """Inside, it could not be kept, and would be compiled anew at each call."""
    for module in ("numba", "coverage.kernel", "coverage.direct", "coverage.tally"):
        assert sandbox.call(eval, f"__import__('sys').modules.get({module!r}) is not None")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with footprints, signals, units, zones and sites."""
    return write_signal_study(tmp_path_factory.mktemp("received") / "study").parent


@pytest.fixture(scope="module")
def received(sandbox: Sandbox, folder: Path) -> SandboxedStudy:
    return SandboxedStudy(folder=folder, sandbox=sandbox, limits=LIMITS)


@pytest.fixture(scope="module")
def run(received: SandboxedStudy) -> Run:
    return received.run()


def test_it_is_the_run_that_this_process_would_have_made(run: Run, folder: Path) -> None:
    here = assess_study(geodata.open_study(folder))
    assert (run.run_id, run.parts, run.measures) == (here.run_id, here.parts, here.measures)
    assert run.assessment.verdicts.equals(here.assessment.verdicts)
    assert run.summary.headline == here.summary.headline
    assert run.sureness.between == here.sureness.between
    assert run.study.settings == here.study.settings
    assert run.study.inputs == here.study.inputs
    assert run.study.notes == here.study.notes
    assert [x.info for x in run.study.layers] == [x.info for x in here.study.layers]
    for one, other in zip(run.study.signals, here.study.signals, strict=True):
        assert one.grid == other.grid
        np.testing.assert_array_equal(one.levels((3, 5, 20, 30)), other.levels((3, 5, 20, 30)))


def test_twelve_irregular_villages_come_back_as_they_are(sandbox: Sandbox, tmp_path: Path) -> None:
    home = irregular.write(tmp_path / "study").parent
    found = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS).run()
    here = assess_study(geodata.open_study(home))
    assert found.run_id == here.run_id
    assert found.assessment.verdicts.equals(here.assessment.verdicts)
    assert found.study.villages.drop(columns="centre").equals(
        here.study.villages.drop(columns="centre")
    )


def test_what_pages_ask_for_beside_is_the_same_too(
    received: SandboxedStudy, run: Run, folder: Path
) -> None:
    here = measured_here(assess_study(geodata.open_study(folder)))
    there = received.beside(run)
    with ZipFile(BytesIO(there.repaired("en"))) as copy:
        assert {"study.toml", "villages.gpkg"} <= set(copy.namelist())
    assert there.changes() == here.changes()
    assert there.conflicts(EVERYTHING).table.equals(here.conflicts(EVERYTHING).table)
    kinds = [[(f.kind, f.count) for f in one.report().everything] for one in (here, there)]
    assert kinds[0] == kinds[1]
    assert kinds[0]
    hexed = there.hexed(run).amounts["hexes"]
    np.testing.assert_array_equal(hexed.total, here.hexed(run).amounts["hexes"].total)


def test_another_rule_is_published_there(sandbox: Sandbox, tmp_path: Path) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    rule = replace(RULES["vn-village"], name="stricter", covered_share=0.9)
    made = received.beside(received.run()).publish(rule)
    assert (home / "results" / "current").read_text().strip() == made.run_id
    assert received.run().run_id == made.run_id
    assert made.assessment.rule == rule


def test_what_is_published_outlives_another_version_and_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    with Sandbox(LIMITS, preload=PRELOAD) as sandbox:
        received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
        old = received.beside(received.run()).publish(RULES["vn-village"])
    path = home / "results" / old.run_id / "manifest.json"
    told = json.loads(path.read_text("utf-8"))
    del told["sha256"], told["versions"]  # as an earlier version kept it
    path.write_text(json.dumps(told), "utf-8")
    monkeypatch.setattr("geodata.upload.sandboxed.coverage.judge", pytest.fail)
    with Sandbox(LIMITS, preload=PRELOAD) as sandbox:
        received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
        shown = received.run()
        assert shown.outdated is not None
        assert (shown.outdated.versions, shown.outdated.turned) == (("untold",), 0)
        assert (shown.run_id, shown.summary.headline) == (old.run_id, old.summary.headline)
        assert shown.assessment.verdicts.equals(old.assessment.verdicts)
        assert shown.sureness.between == old.sureness.between
        assert shown.summary.by_layer["as_of"].tolist() == old.summary.by_layer["as_of"].tolist()
        monkeypatch.undo()
        beta = gpd.read_file(home / "Beta.gpkg")
        beta.geometry = beta.translate(300, 0)
        beta.to_file(home / "Beta.gpkg")
        shown = received.run()
        assert shown.outdated is not None
        assert shown.outdated.files == ("Beta.gpkg",)
        assert (shown.run_id, shown.summary.headline) == (old.run_id, old.summary.headline)
        received.assess_anew()
        assert received.run().outdated is None


def test_levels_under_anothers_name_are_written_anew(sandbox: Sandbox, tmp_path: Path) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    one, other, *_ = received.run().study.signals
    right = one.levels((0, 0, 40, 40)).copy()
    assert not np.array_equal(right, other.levels((0, 0, 40, 40)))
    assert is_levels_of(one.levels.file, one.key)
    shutil.copyfile(other.levels.file, one.levels.file)
    assert not is_levels_of(one.levels.file, one.key)
    again = received.run().study.signals[0]
    np.testing.assert_array_equal(again.levels((0, 0, 40, 40)), right)
    content = bytearray(one.levels.file.read_bytes())
    content[-40] ^= 1
    one.levels.file.write_bytes(content)
    assert not is_levels_of(one.levels.file, one.key)


def test_shapes_are_drawn_there(received: SandboxedStudy) -> None:
    shapes = tiny.villages().geometry
    assert received.compute(outlines_file, shapes, 10.0) == outlines_file(shapes, 10.0)


HILLS = Rights(districts=frozenset({"417"}))

ON_SHAPES = (
    "STRtree", "area", "buffer", "coverage_is_valid", "coverage_simplify", "covers", "difference",
    "distance", "get_parts", "intersection", "intersects", "is_valid", "make_valid",
    "multipolygons", "prepare", "segmentize", "shortest_line", "simplify", "unary_union",
    "union_all",
)  # fmt: skip
"""What of shapely takes longer the more a shape's edges cross, or leads there."""


@pytest.fixture
def no_geometry_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may not compute with shapes; those of the sandbox come of another program."""
    for name in ON_SHAPES:
        monkeypatch.setattr(shapely, name, lambda *_, name=name, **__: pytest.fail(name))


@pytest.mark.usefixtures("no_geometry_here")
@pytest.mark.parametrize("rights", [EVERYTHING, HILLS, Rights(operator="Beta")], ids=str)
def test_pages_compute_with_shapes_there_alone(
    received: SandboxedStudy, run: Run, rights: Rights
) -> None:
    opened = opened_run(run, rights=rights, beside=received.beside(run))
    rule = RULES["vn-village"]
    assert opened.nearby(rule).tables
    opened.zones(rule, 0)
    opened.follow_up()
    assert opened.stills().coarse.areas
    for asset in (*opened.feed.areas.values(), *(one.asset for one in opened.feed.chunks)):
        assert asset.body
    view = make_view(opened, Choices(district="417"))
    assert sheet_of(view).svg.startswith("<svg")


def test_a_part_of_it_is_the_part_that_this_process_would_have_made(
    received: SandboxedStudy, run: Run
) -> None:
    there = opened_run(run, rights=HILLS, beside=received.beside(run))
    here = opened_run(run, rights=HILLS)
    one, other = there.run.study, here.run.study
    assert there.run.assessment.verdicts.equals(here.run.assessment.verdicts)
    for a, b in zip(one.footprints, other.footprints, strict=True):
        assert a.info == b.info
        assert a.footprint.geom_equals(b.footprint).all()
    assert one.signals
    for c, d in zip(one.signals, other.signals, strict=True):
        assert (c.key, c.grid) == (d.key, d.grid)
        whole = (0, 0, c.grid.height, c.grid.width)
        np.testing.assert_array_equal(c.levels(whole), d.levels(whole))
    for name in ("sites", "zones_5g"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        assert a is None or a.equals(b)
    rule = run.assessment.rule
    for kind, table in there.nearby(rule).tables.items():
        assert table.equals(here.nearby(rule).tables[kind])
    stills = (there.stills(), here.stills())
    assert len({tuple(one.fine.areas[0, "district"].paths) for one in stills}) == 1
    found, expected = there.zones(rule, 0), here.zones(rule, 0)
    assert (found is None) == (expected is None)
    assert found is None or expected is None or found.zones.equals(expected.zones)


def knotted(corners: int = 20_000) -> gpd.GeoDataFrame:
    """The nine villages, the first of which crosses itself some 10⁸ times."""
    villages = tiny.villages()
    places = np.random.default_rng(7).random((corners, 2)) * 1000
    villages.loc[villages.index[0], "geometry"] = shapely.Polygon(
        np.array([tiny.X0, tiny.Y0]) + places
    )
    return villages


def _shape(received: SandboxedStudy, villages: gpd.GeoDataFrame, _: Run) -> None:
    received.compute(shape_file, villages.geometry)


def _structures(received: SandboxedStudy, villages: gpd.GeoDataFrame, run: Run) -> None:
    received.compute(structures_of, replace(run.study, villages=villages, units=()))


def _part(received: SandboxedStudy, villages: gpd.GeoDataFrame, run: Run) -> None:
    study = replace(run.study, villages=villages)
    given = structures_of(run.study)
    keep = np.arange(len(villages)) < 3
    received.beside(run).cut(study, given, keep)


def _zones(received: SandboxedStudy, villages: gpd.GeoDataFrame, run: Run) -> None:
    columns = ("zone", "operator", "phase", "status", "start", "source")
    told = {name: ["x"] for name in columns}
    zones = gpd.GeoDataFrame(told, geometry=villages.geometry.to_list()[:1], crs=villages.crs)
    study = replace(run.study, zones_5g=zones)
    received.compute(zone_figures, study, run.assessment, structures_of(run.study)[0])


@pytest.mark.parametrize("ask", [_shape, _structures])
def test_a_knotted_shape_ends_in_a_sentence_once_and_the_server_goes_on(
    sandbox: Sandbox,
    run: Run,
    tmp_path: Path,
    ask: Callable[[SandboxedStudy, gpd.GeoDataFrame, Run], None],
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    limits = Limits(seconds=6, cpu_seconds=3, megabytes=500)
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=limits)
    villages, began = knotted(), time.monotonic()
    with pytest.raises(LostError, match=r"Nine .*could not be read"):
        ask(received, villages, run)
    assert time.monotonic() - began < 60
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Granted, "call", pytest.fail)
        with pytest.raises(StoppedError, match="is not computed again by itself"):
            ask(received, villages, run)
    assert sandbox.call(sorted, [2, 1]) == [1, 2]
    (home / "Beta.gpkg").touch()
    with pytest.raises(LostError):
        ask(received, villages, run)


@pytest.mark.parametrize("ask", [_part, _zones])
def test_a_knotted_shape_that_is_to_be_mended_is_refused_by_its_row(
    sandbox: Sandbox,
    run: Run,
    tmp_path: Path,
    ask: Callable[[SandboxedStudy, gpd.GeoDataFrame, Run], None],
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(
        folder=home, sandbox=sandbox, limits=Limits(seconds=60, megabytes=1000)
    )
    with pytest.raises(geodata.DataError, match=r"row 1: the polygon crosses itself more than"):
        ask(received, knotted(), run)


def test_nothing_but_the_study_is_opened(received: SandboxedStudy, tmp_path: Path) -> None:
    canary = tmp_path / "canary.gpkg"
    tiny.villages().drop(columns="centre").to_file(canary)
    with pytest.raises(geodata.GeodataError):
        received._call(geodata.read_table, canary)


def tangled(folder: Path) -> SandboxedStudy:
    """A study one village of which has 640 corners at random places: to mend it takes seconds."""
    rng = np.random.default_rng(5)
    home = write_signal_study(folder / "study").parent
    table = gpd.read_file(home / "villages.gpkg")
    corners = np.array([tiny.X0, tiny.Y0]) + rng.random((640, 2)) * 1000
    table.loc[0, "geometry"] = shapely.Polygon(corners)
    table.to_file(home / "villages.gpkg")
    limits = Limits(seconds=0.4, megabytes=500)
    return SandboxedStudy(folder=home, sandbox=Sandbox(limits), limits=limits)


def test_a_study_whose_measuring_was_ended_says_why_and_is_left_alone(tmp_path: Path) -> None:
    received = tangled(tmp_path)
    with received.sandbox, pytest.raises(LostError, match="Nine"):
        received.run()
    marks = json.loads((received.folder / STOPPED).read_text("utf-8"))
    mark = marks["geodata.upload.measured.measured_run"]
    assert mark["template"].startswith("{file} could not be read")
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Granted, "call", lambda *given: asked.append(given))
        with pytest.raises(StoppedError, match=r"is not computed again by itself: .* could not be"):
            received.run()
    assert not asked


def test_another_file_or_results_of_somebody_else_end_that(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    _stop(received)
    with pytest.raises(StoppedError):
        received.run()
    (home / "Beta.gpkg").touch()
    assert received.run().summary.headline.villages == 9
    _stop(received)
    with pytest.raises(StoppedError):
        received.run()
    assess_study(geodata.open_study(home), publish=True)
    assert received.run().summary.headline.villages == 9  # somebody has assessed it


def _stop(received: SandboxedStudy) -> None:
    """Have its measuring end as if it took too long."""
    error = LostError("{file} could not be read", file="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Granted, "call", Mock(side_effect=error))
        with pytest.raises(LostError):
            received.run()


def test_what_is_ended_is_one_operation_and_not_what_was_stopped_by_the_server(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    stopped = LostError("{file} was stopped", file="x")
    stopped.reason = "stopped"
    shapes = tiny.villages().geometry
    for error, again in (
        (stopped, LostError),
        (LostError("{file} is odd", file="x"), StoppedError),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Granted, "call", Mock(side_effect=error))
            with pytest.raises(LostError):
                received.compute(outlines_file, shapes, 10.0)
            with pytest.raises(again):
                received.compute(outlines_file, shapes, 20.0)
    assert received.compute(shape_file, shapes)


@pytest.mark.parametrize("content", ["", "{}", "[", '{"template": 1, "parts": 2, "files": 3}'])
def test_a_damaged_mark_is_none(received: SandboxedStudy, content: str) -> None:
    mark = received.folder / STOPPED
    mark.write_text(content)
    try:
        received._require_not_stopped("geodata.upload.measured.measured_run")
    finally:
        mark.unlink()


def test_an_archive_in_place_of_levels_is_refused(run: Run) -> None:
    file = run.study.signals[0].levels.file
    kept = file.read_bytes()
    with file.open("wb") as stream:
        np.savez(stream, levels=np.zeros((40, 40), np.uint8))
    try:
        with pytest.raises(geodata.GeodataError, match="has changed since the study was opened"):
            run.study.signals[0].levels((0, 0, 1, 1))
    finally:
        file.write_bytes(kept)


@pytest.mark.parametrize(
    "other", [np.zeros((2, 2), np.uint8), np.zeros((40, 40)), np.array([{"a": 1}], dtype=object)]
)
def test_levels_of_another_shape_or_kind_are_refused(run: Run, other: np.ndarray) -> None:
    file = run.study.signals[0].levels.file
    kept = file.read_bytes()
    np.save(file, other, allow_pickle=True)
    try:
        with pytest.raises(geodata.GeodataError, match="has changed since the study was opened"):
            run.study.signals[0].levels((0, 0, 1, 1))
    finally:
        file.write_bytes(kept)


def test_a_geodatabase_without_its_ending_is_read_there(sandbox: Sandbox, tmp_path: Path) -> None:
    tiny.villages().drop(columns="centre").to_file(tmp_path / "v.gdb", driver="OpenFileGDB")
    (tmp_path / "v.gdb").rename(tmp_path / "v")
    granted = sandbox.granting(readable=[tmp_path])
    assert len(granted.call(geodata.read_table, tmp_path / "v")) == 9


def test_a_link_in_a_study_is_not_followed_into_its_repaired_copy(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    (home / "more").mkdir()
    (home / "more" / "there").symlink_to("/etc/passwd")
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    with pytest.raises(UnreadableError, match=r"more holds 'there', which is a link"):
        received.beside(Mock()).repaired("en")


def test_a_geopackage_with_a_log_is_read_whole_where_nobody_may_write_beside_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "sent" / "v.gpkg"
    file.parent.mkdir()
    source = tmp_path / "source.gpkg"
    tiny.villages().drop(columns="centre").to_file(source)
    with closing(sqlite3.connect(source)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("UPDATE source SET village = 'Bản trong nhật ký' WHERE fid = 2")
        base.commit()
        shutil.copy(source, file)
        shutil.copy(f"{source}-wal", f"{file}-wal")
    table = sandbox.granting(readable=[file.parent]).call(geodata.read_table, file)
    assert table["village"].tolist()[1:3] == [
        "Bản trong nhật ký",
        tiny.villages()["village"].iloc[2],
    ]
    assert {one.name for one in file.parent.iterdir()} == {"v.gpkg", "v.gpkg-wal"}

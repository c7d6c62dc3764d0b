"""Studies of strangers' files: opened, measured, published and drawn in a sandbox, each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import numpy as np
import pytest
import shapely

import geodata
from coverage.rules import RULES
from geodata.access import EVERYTHING
from geodata.map_files import outlines_file
from geodata.sandbox import Limits, LostError, Sandbox
from geodata.study.assess import assess_study
from geodata.study.results import Run
from geodata.upload import SandboxedStudy
from geodata.upload.sandboxed import STOPPED, StoppedError
from tests import irregular, tiny
from tests.tiny_signal import write_signal_study
from ui.opened import measured_here

LIMITS = Limits(seconds=120, megabytes=2_000)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS, preload=("geodata.upload", "geodata.map_files")) as made:
        yield made


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


def test_shapes_are_drawn_there(received: SandboxedStudy) -> None:
    shapes = tiny.villages().geometry
    assert received.draw(outlines_file, shapes, 10.0) == outlines_file(shapes, 10.0)


def test_nothing_but_the_study_is_opened(received: SandboxedStudy, tmp_path: Path) -> None:
    canary = tmp_path / "canary.gpkg"
    tiny.villages().drop(columns="centre").to_file(canary)
    with pytest.raises(geodata.GeodataError):
        received._call(geodata.read_table, canary)


def tangled(folder: Path) -> SandboxedStudy:
    """A study one village of which has 2,500 corners at random places."""
    rng = np.random.default_rng(5)
    home = write_signal_study(folder / "study").parent
    table = gpd.read_file(home / "villages.gpkg")
    corners = np.array([tiny.X0, tiny.Y0]) + rng.random((2_500, 2)) * 1000
    table.loc[0, "geometry"] = shapely.Polygon(corners)
    table.to_file(home / "villages.gpkg")
    limits = Limits(seconds=1.5, megabytes=500)
    return SandboxedStudy(folder=home, sandbox=Sandbox(limits), limits=limits)


def test_a_study_whose_measuring_was_ended_says_why_and_is_left_alone(tmp_path: Path) -> None:
    received = tangled(tmp_path)
    with received.sandbox, pytest.raises(LostError, match="Nine"):
        received.run()
    mark = json.loads((received.folder / STOPPED).read_text("utf-8"))
    assert mark["template"].startswith("{file} could not be read")
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SandboxedStudy, "_call", lambda *given: asked.append(given))
        with pytest.raises(StoppedError, match=r"is not measured again by itself: .* could not be"):
            received.run()
    assert not asked


def test_another_file_or_results_of_somebody_else_end_that(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    home = write_signal_study(tmp_path / "study").parent
    received = SandboxedStudy(folder=home, sandbox=sandbox, limits=LIMITS)
    received._mark(LostError("{file} could not be read", file="x"))
    with pytest.raises(StoppedError):
        received.run()
    (home / "Beta.gpkg").touch()
    assert received.run().summary.headline.villages == 9
    received._mark(LostError("{file} could not be read", file="x"))
    assert received.run().summary.headline.villages == 9  # its results are there


@pytest.mark.parametrize("content", ["", "{}", "[", '{"template": 1, "parts": 2, "files": 3}'])
def test_a_damaged_mark_is_none(received: SandboxedStudy, content: str) -> None:
    mark = received.folder / STOPPED
    mark.write_text(content)
    try:
        received._require_not_stopped()
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

"""Where the disk takes no more, what stood there stays and one sentence says so."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point

import geodata
from geodata import written
from geodata.errors import CallError, UnwrittenError
from geodata.export.listing import uncovered_list
from geodata.export.words import HEADINGS
from geodata.export.write import ENDINGS, export_list
from geodata.files import whole_file
from geodata.followup import Reading, keep_follow_up, load_follow_up
from geodata.staging import locked, measure_leftovers, sweep
from geodata.study.results import Run
from geodata.study.variants import save_variant
from tests import tiny_study
from tests.robustness.disk import END_BYTES, small_disk, writes, written_whole


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    file = tiny_study.write_study(tmp_path_factory.mktemp("s") / "study")
    return geodata.assess_study(geodata.open_study(file))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("room", END_BYTES)
def test_at_the_end_of_a_disk_the_good_file_stays(
    run: Run, tmp_path: Path, ending: str, room: float
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        outcome = written_whole(run, disk, ending, room)
    assert outcome in ("written", "refused")


@pytest.mark.parametrize("ending", ["kml", "gpx", "geojson", "shp", "tab", "gpkg"])
def test_a_driver_that_loses_its_last_rows_is_not_believed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = writes(run, tmp_path / f"list.{ending}")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    keep = written.pyogrio.write_dataframe

    def lose(table: gpd.GeoDataFrame, *rest: object, **options: object) -> None:
        keep(table.iloc[:-1], *rest, **options)

    monkeypatch.setattr(written.pyogrio, "write_dataframe", lose)
    with pytest.raises(UnwrittenError, match=r"list\.\w+ cannot be written: not all of it"):
        writes(run, path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize("ending", ["shp", "tab"])
@pytest.mark.parametrize(
    ("name", "other"),
    [("TEN_THON", "Bản khác"), ("VIDO", 18.5), ("geometry", Point(104.5, 18.5))],
)
def test_one_cell_that_arrives_changed_is_noticed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, name: str, other: object
) -> None:
    keep = written.pyogrio.write_dataframe

    def change(table: gpd.GeoDataFrame, *rest: object, **options: object) -> None:
        changed = table.copy()
        changed[name] = [other, *table[name].tolist()[1:]]
        keep(changed.set_geometry("geometry", crs=table.crs), *rest, **options)

    writes(run, tmp_path / f"list.{ending}")
    monkeypatch.setattr(written.pyogrio, "write_dataframe", change)
    with pytest.raises(UnwrittenError, match="not all of it"):
        writes(run, tmp_path / f"list.{ending}")


@pytest.mark.parametrize("ending", ["shp", "tab"])
def test_cells_that_such_files_do_not_keep_as_they_are_may_be_missing(
    run: Run, tmp_path: Path, ending: str
) -> None:
    table = uncovered_list(run, verdicts=("covered", "weak", "none", "unknown"))
    head = HEADINGS["vi"]
    for key, cell in (("population", pd.NA), ("village", None), ("commune", "  Xã Một ")):
        table[head[key]] = [cell, *table[head[key]].tolist()[1:]]
    table[head["population"]] = table[head["population"]].astype("Int64")
    path = export_list(table, tmp_path / f"list.{ending}", run=run)
    kept = gpd.read_file(path)
    assert len(kept) == len(table)
    assert pd.isna(kept["DAN_SO"].iloc[0]) if ending == "shp" else kept["DAN_SO"].iloc[0] == 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_in_capitals_is_the_same_format(run: Run, tmp_path: Path, ending: str) -> None:
    path = writes(run, tmp_path / f"list.{ending.upper()}")
    assert path.is_file()
    assert path.read_bytes()
    if ending in ("shp", "tab"):
        assert len(gpd.read_file(path)) == 9


def test_an_index_of_the_earlier_places_does_not_hide_the_new_ones(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "list.shp"
    far = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[Point(1, 1), Point(2, 2)], crs="EPSG:4326")
    far.to_file(path, SPATIAL_INDEX="YES")
    assert (tmp_path / "list.qix").exists()
    writes(run, path)
    place = gpd.read_file(path).geometry.iloc[0]
    assert len(gpd.read_file(path, bbox=place.buffer(1e-5).bounds))
    assert not (tmp_path / "list.qix").exists()


LEFT_OPEN = dedent(
    """
    import os, sqlite3, sys
    file = sqlite3.connect(sys.argv[1])
    file.execute("pragma journal_mode = wal")
    file.execute("update villages set a = 7")
    file.commit()
    os._exit(0)
    """
)


def test_the_log_of_an_earlier_database_is_not_read_into_the_new_one(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "list.gpkg"
    far = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(1, 1)], crs="EPSG:4326")
    far.to_file(path, layer="villages", SPATIAL_INDEX="NO")
    subprocess.run([sys.executable, "-c", LEFT_OPEN, path], check=True)  # noqa: S603  # our own code
    assert {one.name for one in tmp_path.iterdir()} > {"list.gpkg", "list.gpkg-wal"}
    writes(run, path)
    assert len(gpd.read_file(path)) == 9
    assert {one.name for one in tmp_path.iterdir()} == {"list.gpkg"}


KILLED = dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from geodata import replacing
    from geodata.files import whole_file
    folder, at = Path(sys.argv[1]), int(sys.argv[2])
    keep, done = Path.replace, []
    def replace(self, target):
        if len(done) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(self)
        return keep(self, target)
    Path.replace = replace
    with whole_file(folder / "a.tab") as path:
        for ending in ("tab", "dat", "map", "id"):
            path.with_suffix("." + ending).write_text("new")
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("at", range(9))
def test_a_set_whose_change_was_killed_is_finished_by_the_next_call(
    tmp_path: Path, at: int
) -> None:
    names = [f"a.{ending}" for ending in ("tab", "dat", "map", "id")]
    for name in names:
        (tmp_path / name).write_text("old", "utf-8")
    made = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at)], check=False)  # noqa: S603  # this Python
    assert made.returncode == (0 if at == 8 else -signal.SIGKILL)
    if (tmp_path / "a.tab").exists():  # else nobody opens a part of them
        assert len({(tmp_path / name).read_text("utf-8") for name in names}) == 1
    with whole_file(tmp_path / "other.csv") as path:
        path.write_text("x", "utf-8")
    assert {(tmp_path / name).read_text("utf-8") for name in names} == {"new"}
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*names, "other.csv"])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("at", range(10))
def test_an_earlier_index_leaves_also_where_the_change_was_killed(tmp_path: Path, at: int) -> None:
    names = [f"a.{ending}" for ending in ("tab", "dat", "map", "id")]
    for name in (*names, "a.ind"):
        (tmp_path / name).write_text("old", "utf-8")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(at)], check=False)  # noqa: S603  # this Python
    with whole_file(tmp_path / "other.csv") as path:
        path.write_text("x", "utf-8")
    assert {(tmp_path / name).read_text("utf-8") for name in names} == {"new"}
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*names, "other.csv"])


def test_a_set_of_which_one_file_is_held_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.shp", "a.dbf"):
        (tmp_path / name).write_text("old", "utf-8")
    keep = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target == tmp_path / "a.shp" and self.parent.name != ".former":
            raise PermissionError(errno.EACCES, "in use", str(self), None, str(target))
        return keep(self, target)

    monkeypatch.setattr(Path, "replace", replace)

    def write() -> None:
        with whole_file(tmp_path / "a.shp") as path:
            for name in ("a.shp", "a.dbf"):
                path.with_name(name).write_text("new", "utf-8")

    with pytest.raises(UnwrittenError, match=r"a\.shp cannot be written"):
        write()
    assert {one.name: one.read_text("utf-8") for one in tmp_path.iterdir()} == {
        "a.shp": "old",
        "a.dbf": "old",
    }


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "this account"),
        (errno.ESTALE, "does not answer"),
        (errno.EIO, "does not answer"),
        (errno.EROFS, "nothing may be written"),
        (errno.EACCES, "nothing may be written"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "kml", "tab", "xlsx", "gpkg", "parquet"])
def test_what_the_system_refuses_is_one_sentence_with_the_path_and_what_is_free(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str, ending: str
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("geodata.flushing.os.fsync", refuse)
    path = tmp_path / f"list.{ending}"
    with pytest.raises(UnwrittenError) as caught:
        writes(run, path)
    said = str(caught.value)
    assert said.startswith(f"{path} cannot be written: ")
    assert words in said
    assert "MB are free there" in said
    assert ".unfinished-" not in said
    assert not list(tmp_path.iterdir())


def test_what_is_no_file_is_never_replaced_by_one(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with (
        pytest.raises(UnwrittenError, match="a folder has this name"),
        whole_file(tmp_path / "folder.csv"),
    ):
        raise AssertionError
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(CallError, match="no ordinary file"), whole_file(tmp_path / "pipe.csv"):
            raise AssertionError
        assert (tmp_path / "pipe.csv").is_fifo()


def test_leftovers_are_swept_after_a_day_unless_somebody_is_at_work(tmp_path: Path) -> None:
    for name in ("old", "new", "locked"):
        (tmp_path / f".unfinished-{name}").mkdir()
    (tmp_path / ".unfinished-new" / "x").write_bytes(b"1234")
    day_ago = time.time() - 90_000
    for name in ("old", "locked"):
        os.utime(tmp_path / f".unfinished-{name}", (day_ago, day_ago))
    assert measure_leftovers([tmp_path]).count == 3
    assert measure_leftovers([tmp_path]).size_bytes == 4
    with locked(tmp_path / ".unfinished-locked"):
        sweep(tmp_path)
        left = {one.name for one in tmp_path.iterdir()}
    expected = {".unfinished-new", ".unfinished-locked"}
    assert left == (expected if sys.platform != "win32" else {".unfinished-new"})


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights of their own there")
def test_a_leftover_with_a_link_to_nowhere_is_swept_too(tmp_path: Path) -> None:
    left = tmp_path / ".unfinished-old"
    left.mkdir()
    (left / "link").symlink_to(tmp_path / "nowhere")
    day_ago = time.time() - 90_000
    for one in (left / "link", left):
        os.utime(one, (day_ago, day_ago), follow_symlinks=False)
    sweep(tmp_path)
    assert not left.exists()


def test_what_people_keep_on_a_full_disk_is_told_by_the_file_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded", str(path))

    reading = Reading(rows=load_follow_up(run.study.folder), rejected=())
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(UnwrittenError, match=r"variants/seventy\.json cannot be written"):
        save_variant(run.study, "Seventy", run.assessment.rule)
    with pytest.raises(UnwrittenError, match=r"followup\.csv cannot be written"):
        keep_follow_up(run.study.folder, reading, at=datetime.now(UTC))

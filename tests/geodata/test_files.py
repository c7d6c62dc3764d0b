"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import geodata
from geodata.errors import UnreadableError
from geodata.files import whole_file, whole_folder
from geodata.study.assess import run_to_show
from tests import folder


def test_a_file_takes_its_place_only_when_done(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", encoding="utf-8")
    with whole_file(target) as path:
        path.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["list.csv"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "list.csv"
    target.write_text("old", encoding="utf-8")

    def fail() -> None:
        with whole_file(target) as path:
            path.write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["list.csv"]


def test_a_folder_that_is_there_by_then_stays(tmp_path: Path) -> None:
    target = tmp_path / "run"
    with whole_folder(target) as folder:
        (folder / "a").write_text("second", encoding="utf-8")
        target.mkdir()
        (target / "a").write_text("first", encoding="utf-8")
    assert (target / "a").read_text(encoding="utf-8") == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with whole_folder(tmp_path / "run") as folder:
            (folder / "a").write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes in folders")
@pytest.mark.parametrize("name", ["study.toml", "results/current"])
def test_a_pipe_in_the_place_of_a_file_is_told_and_never_waited_for(
    tmp_path: Path, name: str
) -> None:
    home = folder.write(tmp_path / "study").parent
    place = home / name
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    with pytest.raises(UnreadableError, match="is a pipe, a device or a socket"):
        run_to_show(geodata.open_study(home))

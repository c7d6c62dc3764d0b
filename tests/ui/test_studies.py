"""A study is opened once, and again when anything that it was read from is another."""

from __future__ import annotations

import os
import time
from pathlib import Path
from unittest.mock import Mock

import pytest

import geodata
from coverage.rules import RULES
from geodata.errors import UnreadableError
from geodata.sandbox import LostError
from geodata.study.reopen import published_id
from tests.tiny_study import write_study
from ui import studies
from ui.ahead import open_ahead
from ui.opened import Opened
from ui.variables import STUDY_VARIABLE


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = write_study(tmp_path / "study")
    monkeypatch.setenv(STUDY_VARIABLE, str(made))
    studies.open_study()  # writes what it measured, so that it is another study to open
    return made


def _soon_at_hand() -> Opened | None:
    """The study once its pictures are made, which goes on beside."""
    for _ in range(300):
        found = studies.at_hand()
        if found is not None:
            return found
        time.sleep(0.1)
    return None


def test_it_is_opened_once(study: Path) -> None:
    assert studies.open_study() is studies.open_study()
    assert _soon_at_hand() is studies.open_study()
    assert study.is_file()


def test_the_server_opens_it_ahead(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(study, ns=(1, 1))
    assert studies.at_hand() is None
    open_ahead()
    assert _soon_at_hand() is studies.open_study()
    os.utime(study, ns=(2, 2))
    monkeypatch.setattr(studies, "open_study", pytest.fail)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.ahead.access", object)
        open_ahead()  # where access is limited each reader's part is opened when they come
    assert studies.at_hand() is None


def test_one_that_cannot_be_opened_is_left_to_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "study.toml").write_text("schema = 99")
    monkeypatch.setenv(STUDY_VARIABLE, str(tmp_path))
    open_ahead()
    assert studies.at_hand() is None


def test_one_whose_pictures_are_lost_is_never_at_hand_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened = Mock()
    opened.stills.side_effect = LostError("{file} could not be read", file="Nine")
    held = studies._Open()
    held.make_ready("path", "stamp", "everybody", opened)
    assert not held._at_hand
    assert "Nine could not be read" in caplog.text


@pytest.mark.heavy
def test_a_file_replaced_is_read_again(study: Path) -> None:
    before = studies.open_study()
    _rewrite(study.parent / "centres.csv")
    assert studies.at_hand() is None
    after = studies.open_study()
    assert after is not before
    assert after is studies.open_study()


def _rewrite(path: Path) -> None:
    """Other content of the same size under the same time of writing."""
    was, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


@pytest.mark.heavy
def test_a_layer_changed_under_its_old_size_and_time_is_read_again(study: Path) -> None:
    before = studies.open_study()
    layer, other = study.parent / "Alpha.gpkg", study.parent / "Beta.gpkg"
    was, size = layer.stat(), layer.stat().st_size
    layer.write_bytes(other.read_bytes()[:size].ljust(size, b"\0"))
    os.utime(layer, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert layer.stat().st_size == size
    after = studies.open_study()
    assert after is not before
    assert after.run.outdated is not None
    assert after.run.outdated.files == ("Alpha.gpkg",)
    assert after.run.summary.headline == before.run.summary.headline, "nothing changes by itself"
    after.publish(after.run.outdated.rule)
    anew = studies.open_study()
    assert (anew.run.outdated, anew.run.run_id) == (None, published_id(anew.run.study))
    assert anew.run.summary.headline != before.run.summary.headline
    assert anew.run.summary.headline == (
        geodata.assess_study(geodata.open_study(study)).summary.headline
    )


@pytest.mark.heavy
def test_a_file_dated_ahead_is_read_once(study: Path) -> None:
    ahead = time.time_ns() + 10**9 * 86400
    os.utime(study.parent / "Alpha.gpkg", ns=(ahead, ahead))
    once = studies.open_study()
    assert studies.open_study() is once
    os.utime(study.parent / "Alpha.gpkg", ns=(ahead + 1, ahead + 1))
    assert studies.open_study() is once, "the same content under another time is the same file"


def test_a_page_publishes_nothing_of_a_file_that_has_changed(study: Path) -> None:
    opened = studies.open_study()
    _rewrite(study.parent / "centres.csv")
    with pytest.raises(UnreadableError, match=r"centres\.csv has changed since"):
        opened.publish(RULES["vn-without-3g"])
    assert not (study.parent / "results" / "current").exists()


@pytest.mark.heavy
def test_a_file_that_is_gone_changes_nothing(study: Path) -> None:
    before = studies.open_study()
    layer = before.run.study.inputs[-1]
    layer.rename(layer.with_suffix(".away"))
    assert studies.open_study() is before
    layer.with_suffix(".away").rename(layer)
    assert studies.open_study() is before
    assert study.is_file()


def test_one_that_has_yet_to_be_made_is_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STUDY_VARIABLE, raising=False)
    monkeypatch.setattr(studies, "built_in_folder", lambda: tmp_path / "none")
    assert studies.at_hand() is None
    assert not studies.is_there()


@pytest.mark.usefixtures("study")
def test_the_folder_above_is_no_study_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "above" / "studies"
    home.mkdir(parents=True)
    write_study(home.parent)
    monkeypatch.setenv(studies.STUDIES_VARIABLE, str(home))
    assert studies.study_path("..") != home / ".."

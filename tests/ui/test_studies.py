"""A study is opened once, and again when anything that it was read from is another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tiny_study import write_study
from ui import studies


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = write_study(tmp_path / "study")
    monkeypatch.setenv(studies.STUDY_VARIABLE, str(made))
    studies.open_study()  # writes what it measured, so that it is another study to open
    return made


def test_it_is_opened_once(study: Path) -> None:
    assert studies.open_study() is studies.open_study()
    assert studies.at_hand() is studies.open_study()
    assert study.is_file()


def test_a_file_replaced_is_read_again(study: Path) -> None:
    before = studies.open_study()
    layer = before.run.study.inputs[-1]
    assert layer.is_relative_to(study.parent)
    os.utime(layer, ns=(1, 1))
    assert studies.at_hand() is None
    after = studies.open_study()
    assert after is not before
    assert after is studies.open_study()


def test_one_that_has_yet_to_be_made_is_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(studies.STUDY_VARIABLE, raising=False)
    monkeypatch.setattr(studies, "built_in_folder", lambda: tmp_path / "none")
    assert studies.at_hand() is None
    assert not studies.is_there()

"""The settings file is read when it may be another, and at least each second."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from geodata.errors import MissingFileError, UnreadableError
from ui import settings_file
from ui.settings_file import SettingsFile

SETTINGS = '[access]\nsecret = "{}"\n'
ONE, OTHER = (SETTINGS.format(letter * 40) for letter in "ab")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "settings.toml"
    file.write_text(ONE, "utf-8")
    return file


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The readings of a file from now on; no file is too young to be taken as it was read."""
    found: list[Path] = []
    read = settings_file.access_bytes

    def reading(path: Path) -> bytes:
        found.append(path)
        return read(path)

    monkeypatch.setattr(settings_file, "access_bytes", reading)
    monkeypatch.setattr(settings_file, "CLOCK_TICK_NS", -(10**12))
    return found


def _secret(file: SettingsFile, path: Path) -> str:
    found = file.read(path)
    assert found is not None
    return found.secret


def test_a_file_that_did_not_change_is_read_once_a_second(
    path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile()
    assert {_secret(file, path) for _ in range(20)} == {"a" * 40}
    assert len(reads) == 1
    monkeypatch.setattr(settings_file.time, "monotonic", lambda: time.perf_counter() + 10**9)
    assert _secret(file, path) == "a" * 40
    assert len(reads) == 2


def test_a_change_is_noticed_at_once(path: Path, reads: list[Path]) -> None:
    file = SettingsFile()
    state = path.stat()
    assert _secret(file, path) == "a" * 40
    time.sleep(0.02)  # a tick of the file system's clock
    path.write_text(OTHER, "utf-8")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert _secret(file, path) == "b" * 40
    assert len(reads) == 2
    path.write_text("[access", "utf-8")
    with pytest.raises(UnreadableError):
        file.read(path)
    path.unlink()
    with pytest.raises(MissingFileError):
        file.read(path)


def test_other_content_of_the_same_time_and_size_is_noticed_within_a_second(
    path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_file, "_mark_of", lambda _: (1, 2, 3, 4))
    file = SettingsFile()
    assert _secret(file, path) == "a" * 40
    path.write_text(OTHER, "utf-8")
    until = time.monotonic() + 5
    began = time.monotonic()
    while _secret(file, path) != "b" * 40:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert time.monotonic() - began < 2
    assert len(reads) == 2


def test_a_file_written_this_moment_is_read_again(path: Path) -> None:
    file = SettingsFile()
    for letter in "abababab":
        path.write_text(SETTINGS.format(letter * 40), "utf-8")
        assert _secret(file, path) == letter * 40

"""Logs beside a GeoPackage: what stands in them is read, and nothing is written beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geodata.containers import opened
from geodata.errors import UnreadableError
from geodata.read import read
from tests.hostile import villages


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def open_elsewhere(folder: Path, statement: str) -> Path:
    """Nine villages as they lie on the disk while a program has changed them, and goes on."""
    made = folder / "made"
    made.mkdir(parents=True)
    villages().to_file(made / "v.gpkg", layer="v")
    place = folder / "sent"
    place.mkdir()
    with closing(sqlite3.connect(made / "v.gpkg", isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{name}"')
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        base.execute(statement)
        for one in made.iterdir():
            (place / one.name).write_bytes(one.read_bytes())
    return place / "v.gpkg"


def test_what_stands_in_a_log_is_read_and_the_folder_stays_as_it_was(tmp_path: Path) -> None:
    path = open_elsewhere(tmp_path, "DELETE FROM v WHERE fid > 7")
    before = files(path.parent)
    assert "v.gpkg-wal" in before
    assert len(read(path).table) == 7
    with opened(path) as parts:
        assert [part.layer for part in parts] == ["v"]
    assert files(path.parent) == before


def test_a_change_broken_off_in_the_middle_is_refused_beside_a_log_too(tmp_path: Path) -> None:
    path = open_elsewhere(tmp_path, "DELETE FROM v WHERE fid > 7")
    path.with_name("v.gpkg-journal").write_bytes(bytes.fromhex("d9d505f920a163d7").ljust(600))
    with pytest.raises(UnreadableError, match="broke off while writing"):
        read(path)


def test_a_log_of_a_broken_file_is_a_sentence(tmp_path: Path) -> None:
    path = open_elsewhere(tmp_path, "DELETE FROM v WHERE fid > 7")
    path.write_bytes(path.read_bytes()[:100] + bytes(5000))
    with pytest.raises(UnreadableError):
        read(path)

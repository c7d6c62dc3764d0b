from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from geodata import DataError
from geodata.archives import unpacked_zip
from geodata.kinds import recognise
from geodata.readers.zip_directory import MOST_ENTRIES, require_few_entries

HEADER = struct.Struct("<4s6H3I5H2I")


def of_empty_names(path: Path, count: int, *, said: int | None = None) -> Path:
    """An archive of ``count`` entries without name and content, in 46 bytes each."""
    entry = HEADER.pack(b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    told = min(count if said is None else said, 0xFFFF)
    size = len(entry) * count
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, told, told, size, len(local), 0)
    path.write_bytes(local + entry * count + end)
    return path


def test_an_archive_of_too_many_names_is_refused_before_a_list_is_made_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of_empty_names(tmp_path / "v.zip", 300_000)

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(zipfile, "ZipFile", never)
    for reads in (recognise, lambda one: unpacked_zip(one, tmp_path)):
        with pytest.raises(DataError, match="more than 10000 entries"):
            reads(path)


def test_what_an_archive_says_of_its_count_is_not_believed(tmp_path: Path) -> None:
    path = of_empty_names(tmp_path / "v.zip", MOST_ENTRIES + 1, said=1)
    with pytest.raises(DataError, match="more than 10000 entries"):
        require_few_entries(path, name="v.zip")
    require_few_entries(of_empty_names(path, MOST_ENTRIES), name="v.zip")


def test_the_directory_of_a_large_archive_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)  # writes ZIP64 from so many on
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.comment = b"eight villages"
        for k in range(8):
            archive.writestr(f"{k}.csv", "a,b\n1,2\n")
    assert b"PK\x06\x06" in (tmp_path / "v.zip").read_bytes()
    require_few_entries(tmp_path / "v.zip", name="v.zip", most=8)
    with pytest.raises(DataError, match="more than 7 entries"):
        require_few_entries(tmp_path / "v.zip", name="v.zip", most=7)


def test_an_end_record_that_looks_like_another_is_found(tmp_path: Path) -> None:
    path = of_empty_names(tmp_path / "v.zip", 20)
    body = path.read_bytes()
    path.write_bytes(body[:-6] + b"PK\x05\x06" + body[-2:])  # where the directory is said to lie
    with pytest.raises(DataError, match="more than 19 entries"):
        require_few_entries(path, name="v.zip", most=19)


def test_something_before_an_archive_hides_no_entry(tmp_path: Path) -> None:
    path = of_empty_names(tmp_path / "v.zip", 20)
    path.write_bytes(b"#!/bin/sh\n" * 50 + path.read_bytes())
    with pytest.raises(DataError, match="more than 19 entries"):
        require_few_entries(path, name="v.zip", most=19)

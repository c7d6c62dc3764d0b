"""Uploaded files are read in the sandbox: what would end the server ends a process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import streamlit as st
from openpyxl import Workbook

from geodata.errors import GeodataError
from geodata.followup import Reading
from geodata.sandbox import LostError, Sandbox
from ui import studies, uploads


@dataclass
class Sent:
    """As Streamlit hands an uploaded file over."""

    name: str
    file_id: str
    body: bytes

    def getvalue(self) -> bytes:
        return self.body


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(studies.STUDIES_VARIABLE, str(tmp_path / "studies"))
    yield
    st.session_state.clear()


@pytest.fixture(scope="module", autouse=True)
def sandbox() -> Iterator[None]:
    """One for all tests here, with time enough for a machine that is busy."""
    with pytest.MonkeyPatch.context() as patch:
        limits = replace(studies.READ, seconds=30)
        with Sandbox(limits, preload=(*studies.PRELOAD, __name__)) as made:
            patch.setattr(studies, "sandbox", lambda: made)
            yield


def _sheet(*rows: tuple[object, ...], **cells: str) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, text in cells.items():
        sheet[place] = text
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_follow_up_sheet_is_read_once_for_as_long_as_it_is_there() -> None:
    body = _sheet(("Mã thôn", "Ghi chú"), ("v1", "đã đến"), ("v9", "?"))
    reading = uploads.sheet_read(Sent("sheet.xlsx", "a", body), ["v1"])
    assert isinstance(reading, Reading)
    assert reading.rows.loc["v1", "note"] == "đã đến"
    assert [one.village_id for one in reading.rejected] == ["v9"]
    assert uploads.sheet_read(Sent("sheet.xlsx", "a", b""), ["v1"]) is reading
    other = uploads.sheet_read(Sent("sheet.xlsx", "a", body), ["v1", "v9"])
    assert isinstance(other, Reading)
    assert len(other.rows) == 2


def test_a_follow_up_sheet_with_one_far_cell_is_a_sentence_and_does_not_end_the_server() -> None:
    body = _sheet(("Mã thôn", "Ghi chú"), XFD1048576="x")
    assert len(body) < 10_000
    told = uploads.sheet_read(Sent("far.xlsx", "b", body), ["v1"])
    assert isinstance(told, LostError)
    assert str(told).startswith("far.xlsx could not be read")
    good = _sheet(("Mã thôn", "Ghi chú"), ("v1", "x"))
    assert isinstance(uploads.sheet_read(Sent("good.xlsx", "c", good), ["v1"]), Reading)


def test_dropped_files_are_told_with_the_paths_that_they_were_written_to() -> None:
    seen = uploads.received([("v.csv", b"thon,dan so\nA,1\n"), ("w.csv", b"")])
    assert [(one.name, found.trouble is None) for one, found in seen] == [
        ("v.csv", True),
        ("w.csv", False),
    ]
    home = studies.studies_home()
    assert all(one.path.is_relative_to(home / ".dropped") for one, _ in seen)


def test_a_path_that_a_process_tells_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "look_into", _look_elsewhere)
    ((one, _),) = uploads.received([("v.csv", b"a,b\n1,2\n")])
    assert one.path.name == "v.csv"
    assert one.layer == "elsewhere"


def _look_elsewhere(
    received: uploads.Received,
) -> tuple[tuple[uploads.Received, uploads.Understood], ...]:
    elsewhere = replace(received, path=Path("/etc/passwd"), layer="elsewhere")
    return ((elsewhere, uploads.Understood(role="aside")),)


def test_a_function_that_reads_a_study_raises_what_the_sandbox_raises(tmp_path: Path) -> None:
    with pytest.raises(GeodataError, match="x could not be read"):
        uploads.read_apart("x", Path.write_text, [], [tmp_path], tmp_path / "a", "b")  # type: ignore[arg-type]  # gives a number

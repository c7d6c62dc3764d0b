"""Marks of work that had to be ended, where the disk is full."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.sandbox import LostError
from geodata.upload import SandboxedStudy
from geodata.upload.sandboxed import LASTING
from geodata.upload.stopped import STOPPED, StoppedWork
from tests.full_disk import full_disk
from tests.tiny_study import write_study
from ui.studies import MAKE


class Ending:
    """In the place of a sandbox: every call is ended for taking too much."""

    def granting(self, *_: object, **__: object) -> Ending:
        return self

    def turn(self, _: str) -> Ending:
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, *_: object, **__: object) -> None:
        error = LostError("{file} took too long", file="x")
        error.reason = LASTING[0]
        raise error


def test_on_a_full_disk_the_reason_is_told_and_earlier_marks_stay(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study").parent
    work = StoppedWork(folder=folder)
    work.add("other", LostError("{file} is odd", file="y"), work.files())
    (folder / "results").mkdir(exist_ok=True)
    before = (folder / STOPPED).read_bytes()
    names = sorted(one.name for one in folder.iterdir())
    received = SandboxedStudy(folder=folder, sandbox=Ending(), limits=MAKE)  # type: ignore[arg-type]  # in its place
    with full_disk(), pytest.raises(LostError, match="took too long"):
        received.run()
    assert (folder / STOPPED).read_bytes() == before
    assert sorted(one.name for one in folder.iterdir()) == names
    with pytest.raises(LostError, match="took too long"):
        received.run()
    assert (folder / STOPPED).read_bytes() != before

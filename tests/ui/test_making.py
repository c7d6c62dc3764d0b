"""The reconstruction is made beside the server, once, and pages say how far it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

import geodata
from tests import folder
from tests.ui.asgi import get, ran
from ui import ahead, frame, making, studies
from ui.making import Making, make_and_measure
from ui.text_page import text_routes
from ui.variables import STUDY_VARIABLE

WAIT_S = 60.0


@pytest.fixture
def built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the built-in study is to be; it is not there yet."""
    monkeypatch.delenv(STUDY_VARIABLE, raising=False)
    monkeypatch.setattr(studies, "built_in_folder", lambda: tmp_path / "built in")
    return tmp_path / "built in"


def being_made(monkeypatch: pytest.MonkeyPatch, code: str) -> Making:
    """What this server makes: by a process that runs ``code``."""
    made = Making()
    monkeypatch.setattr(making, "COMMAND", code)
    for module in (ahead, frame, studies):
        monkeypatch.setattr(module, "making", lambda: made)
    return made


def until_part(made: Making, part: float) -> None:
    deadline = time.monotonic() + WAIT_S
    while made.part != part:
        assert time.monotonic() < deadline, made.part
        time.sleep(0.02)


@pytest.mark.heavy
def test_it_is_made_and_measured_once(built_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def reconstruct(into: Path, **_: object) -> Path:
        made.append(into)
        shutil.copytree(folder.write(built_in.parent / "source").parent, into, dirs_exist_ok=True)
        return into / "study.toml"

    monkeypatch.setattr(geodata, "reconstruct", reconstruct)
    assert studies.is_unmade()
    told: list[float] = []
    make_and_measure(told.append)
    assert (told[0], told[-1]) == (0.01, 1.0)
    assert told == sorted(told)
    assert not studies.is_unmade()
    (built_in / "results" / "current").unlink()
    assert studies.is_unmade(), "it is there, and has no run that is shown"
    (built_in / "results").rename(built_in / "old results")
    make_and_measure(told.append)
    assert len(made) == 1
    assert not studies.is_unmade()


def test_of_a_study_that_was_named_nothing_is_made(
    built_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not built_in.exists()
    monkeypatch.setenv(STUDY_VARIABLE, str(built_in.parent / "named"))
    assert not studies.is_unmade()


def test_how_far_it_is_comes_from_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    made = being_made(
        monkeypatch, "import sys\nprint('no number', 0.25, sep='\\n', flush=True)\nsys.stdin.read()"
    )
    assert made.part is None
    made.wait()  # for nothing
    made.start()
    until_part(made, 0.25)
    made.start()  # one is at it


def test_a_process_that_fails_leaves_it_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    made = being_made(monkeypatch, "import sys; print(0.5); sys.exit(1)")
    made.start()
    made.wait()
    assert made.part is None


def test_the_process_ends_with_the_server_that_started_it() -> None:
    code = (
        "from ui import making\n"
        "making.make_and_measure = lambda tell: (tell(0.5), __import__('time').sleep(600))\n"
        "making.make()"
    )
    with subprocess.Popen(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as maker:
        assert maker.stdout is not None
        assert maker.stdin is not None
        assert float(maker.stdout.readline()) == 0.5
        maker.stdin.close()
        assert maker.wait(WAIT_S) == 1


PAGE = """
from ui.frame import _while_made
from ui.texts import translator
_while_made(translator("en"))
import streamlit as st
st.write("shown")
"""


def test_a_page_says_how_far_it_is_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [0.254, 0.254, None]
    seen: list[str] = []

    class Told:
        """Stands for what is being made: each look takes the next part."""

        @property
        def part(self) -> float | None:
            return parts.pop(0)

    monkeypatch.setattr(frame, "making", Told)
    monkeypatch.setattr(frame, "TOLD_EVERY_S", 0)
    progress = frame.st.delta_generator.DeltaGenerator.progress

    def noted(self: object, value: float, text: str) -> object:
        seen.append(text)
        return progress(self, value, text)  # type: ignore[arg-type]  # the place on the page

    monkeypatch.setattr(frame.st.delta_generator.DeltaGenerator, "progress", noted)
    app = AppTest.from_string(PAGE, default_timeout=30).run()
    assert not app.exception
    assert seen == ["The province is being reconstructed and measured on this machine, once: 25 %"]
    assert [one.value for one in app.markdown] == ["shown"]


def test_who_cannot_wait_is_told(built_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = being_made(monkeypatch, "import sys; print(0.4, flush=True); sys.stdin.read()")
    monkeypatch.setattr("ui.text_page.making", lambda: made)
    made.start()
    until_part(made, 0.4)
    (built_in / "study.toml").parent.mkdir()
    (built_in / "study.toml").touch()  # made, and not measured yet
    assert studies.at_hand() is None
    answer = get(Starlette(routes=text_routes(base_path=str)), "/text", query="lang=en")
    assert answer.status == 503
    assert "40 % is done; ask again in a minute" in answer.content.decode()


@pytest.mark.heavy
def test_the_server_makes_what_is_not_there_when_it_starts(
    built_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder.write(built_in.parent / "source").parent
    made = being_made(
        monkeypatch,
        f"import shutil; shutil.copytree({str(source)!r}, {str(built_in)!r})",
    )
    opened: list[Path] = []
    monkeypatch.setattr(studies, "open_study", lambda: opened.append(studies.study_path()))

    async def start() -> None:
        async with ahead.opening_ahead(None):  # type: ignore[arg-type]  # the server is not asked
            made.wait()

    ran(start())
    deadline = time.monotonic() + WAIT_S
    while len(opened) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert opened == [built_in, built_in]

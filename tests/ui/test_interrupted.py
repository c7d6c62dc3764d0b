"""Ctrl-C: one sentence that says what was and was not changed, status 130, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import geodata
from geodata.postgis import publish
from geodata.study import assess
from tests import folder
from ui import cached, checking, command_studies, matched, printed_studies, start
from ui.command import command
from ui.interrupted import file_of, folder_of, results_of
from ui.texts import translator

EN = translator("en")


def call(*words: object, language: str = "en") -> Result:
    environment = {"PHUSONG_LANGUAGE": language, "COLUMNS": "200"}
    return CliRunner().invoke(command, [str(word) for word in words], env=environment)


def stop(*_: object, **__: object) -> None:
    """Ctrl-C, as Python hands it on."""
    raise KeyboardInterrupt


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study").parent


def told(done: Result, sentence: str) -> None:
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr.splitlines() == [sentence]


def test_assess_says_that_no_result_was_kept(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geodata, "assess_study", stop)
    monkeypatch.setattr(assess, "assess_study", stop)
    told(
        call("assess", study),
        "Stopped; no result was kept, and earlier ones are as they were",
    )
    told(
        call("app", study, "--port", 65_001, language="vi"),
        "Đã dừng; chưa lưu kết quả nào, các kết quả trước vẫn như cũ",
    )


def test_assess_that_had_kept_its_result_says_so(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("")
    sentence = results_of(tmp_path / "study.toml")
    run = tmp_path / "results" / "20230830-1"
    run.mkdir(parents=True)
    (run.parent / "measures").mkdir()
    assert sentence(EN).startswith("Stopped; no result was kept")
    (run / "manifest.json").write_text("{}")
    assert sentence(EN) == "Stopped, but the result had been kept; it is not published"
    (run.parent / "current").write_text("20230830-1")
    assert sentence(EN) == "Stopped, but the result had been kept and published"


@pytest.mark.parametrize(
    "words",
    [
        ("export", "{study}", "-o"),
        ("export", "{study}", "--zones", "district", "-o"),
        ("conflicts", "{study}", "-o"),
        ("units", "{study}", "-o"),
        ("check", "{study}", "-o"),
        ("match", "{study}/list.csv", "{study}", "-o"),
    ],
)
def test_what_writes_a_file_says_whether_it_did(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    for module, name in ((geodata, "open_study"), (checking, "run_check"), (matched, "matched")):
        monkeypatch.setattr(module, name, stop)
    asked = [word.format(study=study) for word in words]
    path = tmp_path / "out.xlsx"
    told(call(*asked, path), f"Stopped; {path} was not written")
    path.write_text("before")
    told(call(*asked, path), f"Stopped; {path} is as it was before")


def test_a_file_that_was_written_and_files_half_replaced_are_told(tmp_path: Path) -> None:
    sentence = file_of(tmp_path / "out.shp")
    (tmp_path / "out.shp").write_text("1")
    assert sentence(EN) == f"Stopped, but {tmp_path / 'out.shp'} had been written"
    (tmp_path / "out.dbf").write_text("1")
    assert sentence(EN).startswith("Stopped while the files of")


def test_what_writes_nothing_says_so(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geodata, "open_study", stop)
    monkeypatch.setattr(checking, "run_check", stop)
    monkeypatch.setattr(cached, "cached", stop)
    monkeypatch.setattr(printed_studies, "printed_studies", stop)
    for words in (("units", study), ("conflicts", study), ("check", study), ("cache", study)):
        told(call(*words), "Stopped; nothing was changed")
    told(call("studies"), "Stopped; nothing was changed")
    assert call("cache", study, "--clear").stderr.startswith("Stopped; some kept measures may be")


def test_studies_of_the_browser_a_database_and_a_new_folder(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printed_studies, "deleted", stop)
    assert "phusong studies says" in call("studies", "--delete", "x").stderr
    monkeypatch.setattr(geodata, "open_study", stop)
    monkeypatch.setattr(publish, "publish", stop)
    done = call("publish", study, "postgresql://gis/gis")
    assert done.stderr.startswith("Stopped; the database is as it was, or has the run whole")
    monkeypatch.setattr("geodata.reconstruction.reconstruct", stop)
    told(call("demo", tmp_path / "new"), f"Stopped; {tmp_path / 'new'} was not written")
    sentence = folder_of(tmp_path / "new")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "x").write_text("")
    assert "may hold a part only" in sentence(EN)


def test_ctrl_c_while_a_command_begins_or_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_studies, "translator_of", stop)
    told(call("studies"), "Stopped; nothing is half done")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of processes are not there")
def test_a_real_signal_is_heard(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(*_: object, progress: Callable[[float], object], **__: object) -> None:
        progress(0.5)
        signal.raise_signal(signal.SIGINT)
        progress(1.0)

    monkeypatch.setattr(geodata, "assess_study", measure)
    # a job in the background of a script is told to ignore it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert call("assess", study).exit_code == 130
    finally:
        signal.signal(signal.SIGINT, before)


WHILE_LOADING = """
import os, signal, sys
class Loads:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[0]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Loads())
signal.signal(signal.SIGINT, signal.default_int_handler)
from ui.start import main
main()
"""
"""Ctrl-C comes as soon as a module of this name is asked for."""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of processes are not there")
@pytest.mark.parametrize("module", ["typer", "numpy.linalg", "pyogrio._io"])
@pytest.mark.parametrize("language", ["en", "vi"])
def test_ctrl_c_while_the_program_is_loaded_is_one_sentence(module: str, language: str) -> None:
    words = ["import sys; sys.argv = sys.argv[1:]" + WHILE_LOADING, module]
    done = subprocess.run(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", *words, "--language", language, "studies"],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    sentence = translator(language)("Stopped; nothing was changed")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", f"{sentence}\n")


def test_the_command_hears_ctrl_c_itself_once_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is ignored, as in the background of a script, stays so."""
    seen = list[object]()
    monkeypatch.setattr(
        printed_studies, "printed_studies", lambda *_: seen.append(signal.getsignal(signal.SIGINT))
    )
    before = signal.getsignal(signal.SIGINT)
    try:
        for handler in (start._stop, signal.SIG_IGN):
            signal.signal(signal.SIGINT, handler)
            call("studies")
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.default_int_handler, signal.SIG_IGN]

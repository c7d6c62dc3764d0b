"""How a command ends: at once, with everything delivered and done that Python does at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEFORE = """
import atexit, sys, threading, time
atexit.register(lambda: print("cleared away"))
sys.argv = ["phusong", *sys.argv[1:]]
"""
BEGUN = """
def work():
    time.sleep(0.5)
    print("worked to its end")
threading.Thread(target=work).start()
"""
RUN = "from ui.start import main; main()"


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our own interpreter and words
        [sys.executable, "-c", code, *words],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "status"), [(["--version"], 0), (["check", "not-there.gpkg"], 2), (["--no-such"], 2)]
)
def test_what_was_said_is_delivered_and_what_is_to_be_cleared_is(
    words: list[str], status: int
) -> None:
    done = run(BEFORE + RUN, *words)
    assert done.returncode == status
    assert done.stdout.endswith("cleared away\n")
    assert len(done.stdout + done.stderr) > len("cleared away\n")


def test_who_is_still_at_work_is_waited_for() -> None:
    done = run(BEFORE + BEGUN + RUN, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["worked to its end", "cleared away"]


@pytest.mark.skipif(sys.platform == "win32", reason="its shell closes no streams")
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_streams_that_the_caller_closed_are_no_fault(closed: tuple[int, ...]) -> None:
    close = f"import os; [os.close(number) for number in {closed}]; "
    again = f"os.execv({sys.executable!r}, [{sys.executable!r}, '-c', {RUN!r}, '--version'])"
    done = run(close + again)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("error", ["MemoryError()", 'RuntimeError("can\'t start new thread")'])
@pytest.mark.parametrize(
    ("language", "begins"), [("en", "memory ran out, or"), ("vi", "hết bộ nhớ, hoặc")]
)
def test_memory_that_runs_out_is_one_sentence(error: str, language: str, begins: str) -> None:
    code = f"""
import sys
from ui import command
sys.argv = ["phusong", *sys.argv[1:]]
def fail(): raise {error}
command.main = fail
"""
    done = run(code + RUN, "--language", language)
    assert done.returncode == 1
    assert done.stderr.startswith(begins)
    assert done.stderr.count("\n") == 1

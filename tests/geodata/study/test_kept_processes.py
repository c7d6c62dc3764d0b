"""Two processes at one study: measured once, and nothing broken is ever loaded."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import coverage
import geodata
from coverage.model import Measures
from geodata.study.kept import plan_of, store_of
from tests import folder

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120
MEASURE = coverage.measure

ASSESS = """
import sys, time
from pathlib import Path
import coverage, geodata
here = Path(sys.argv[1])
study = geodata.open_study(here)
measure = coverage.measure
def slowly(*given, **named):
    time.sleep(1)
    return measure(*given, **named)
coverage.measure = slowly
(here / "ready").touch()
while not (here / "go").exists():
    time.sleep(0.01)
run = geodata.assess_study(study, publish=True)
print(run.run_id, run.measured, run.summary.headline.covered)
"""

DIE = """
import sys, time
from pathlib import Path
import numpy, geodata
here = Path(sys.argv[1])
def half(file, **arrays):
    file.write_bytes(b"PK\\x03\\x04 half of it")
    (here / "ready").touch()
    time.sleep(600)
numpy.savez_compressed = half
geodata.assess_study(geodata.open_study(here))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return folder.write(tmp_path / "study")


def started(text: str, study: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", text, str(study)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(study: Path, process: subprocess.Popen[str]) -> None:
    """Until the process has come to the place that it tells."""
    end = time.monotonic() + PATIENCE_S
    while not (study / "ready").exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)


def slowly(*given: Any, **named: Any) -> Measures:
    time.sleep(1)
    return MEASURE(*given, **named)


def test_two_processes_that_start_together_measure_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them is the test's own."""
    monkeypatch.setattr(coverage, "measure", slowly)
    study = geodata.open_study(file)
    other = started(ASSESS, file.parent)
    wait_for(file.parent, other)
    (file.parent / "go").touch()
    run = geodata.assess_study(study, publish=True)
    theirs, measured, covered = other.communicate(timeout=PATIENCE_S)[0].split()
    assert other.returncode == 0
    assert sorted([measured, str(run.measured)]) == ["False", "True"]
    assert theirs == run.run_id
    assert (covered, run.summary.headline.covered) == ("6", 6)
    entries = store_of(geodata.open_study(file)).entries()
    assert [entry.kind for entry in entries].count("areas") == 1


def test_a_process_killed_while_it_keeps_measures_leaves_nothing_to_load(file: Path) -> None:
    study = geodata.open_study(file)
    dying = started(DIE, file.parent)
    try:
        wait_for(file.parent, dying)
    finally:
        dying.kill()
        dying.communicate(timeout=PATIENCE_S)
    left = list(store_of(study).folder.glob(".unfinished-*/measures.npz"))
    assert [path.read_bytes() for path in left] == [b"PK\x03\x04 half of it"]
    assert geodata.latest_run(study) is None
    began = time.monotonic()
    run = geodata.assess_study(study)
    assert time.monotonic() - began < PATIENCE_S  # its lock died with it
    assert (run.measured, run.summary.headline.covered) == (True, 6)
    kept, named = store_of(study).entries(), set(plan_of(study).entries)
    assert named <= {entry.key for entry in kept}
    assert {entry.kind for entry in kept if entry.key not in named} == {"outline"}

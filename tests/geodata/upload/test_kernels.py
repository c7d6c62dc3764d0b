"""Kernels are in numba's cache before a sandbox, which may not write it, needs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny_signal import write_signal_study

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[3]

NEW_SIGNATURES = """
import sys
from pathlib import Path
from numba.core.dispatcher import Dispatcher
import geodata
from coverage import direct, kernel, tally
from geodata.study.assess import assess_study
from geodata.upload.kernels import prepare_kernels

def signatures():
    found = [(m.__name__, n, f) for m in (direct, kernel, tally) for n, f in vars(m).items()
             if isinstance(f, Dispatcher)]
    return {(m, n, s) for m, n, f in found for s in f.signatures}

prepare_kernels()
before = signatures()
assess_study(geodata.open_study(Path(sys.argv[1])))
print(len(before), len(signatures() - before), sorted(map(str, signatures() - before)))
"""


@pytest.mark.heavy
def test_preparing_compiles_all_that_a_study_of_dropped_files_needs(tmp_path: Path) -> None:
    file = write_signal_study(tmp_path / "study")
    done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", NEW_SIGNATURES, str(file)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    compiled, missing, names = done.stdout.split(" ", 2)
    assert int(compiled) > 5
    assert int(missing) == 0, names

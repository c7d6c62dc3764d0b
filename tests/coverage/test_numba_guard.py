"""The name ``coverage`` and numba: both orders of import, from the repository root."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USE = f"numba.njit(lambda x: x + 1)(1); assert coverage.__file__.startswith({str(ROOT)!r})"


@pytest.mark.heavy
@pytest.mark.parametrize("order", ["import numba, coverage", "import coverage, numba"])
def test_numba_loads_and_compiles_in_either_order(order: str) -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        f"{order}\n{USE}\n"
        "import numba.misc.coverage_support as s\n"
        "assert s.coverage_available is False\n"
        "assert sys.modules['coverage'] is coverage\n"
        "print('both there')\n"
    )
    done = subprocess.run(  # noqa: S603  # our own interpreter, our own text
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "both there\n", done.stderr

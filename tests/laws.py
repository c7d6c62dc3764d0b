"""How many examples a law is tried on."""

from __future__ import annotations

import os

VARIABLE = "PHUSONG_TEST_LAWS"
FEW = 12
"""In a run of CI that goes over everything once more, and without compiled kernels."""


def examples(wanted: int) -> int:
    """So many examples, or fewer where ``PHUSONG_TEST_LAWS`` says "few"."""
    return min(wanted, FEW) if os.environ.get(VARIABLE) == "few" else wanted

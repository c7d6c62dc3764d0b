"""The twelve irregular villages, measured and judged once a session."""

from __future__ import annotations

import pytest

import coverage
from coverage.model import Assessment
from tests import irregular


@pytest.fixture(scope="session")
def twelve() -> Assessment:
    """By the rule vn-village, with those expected to file (see `tests.irregular`)."""
    measures = coverage.measure(irregular.villages(), irregular.layers())
    return coverage.judge(measures, coverage.RULES["vn-village"], expected=irregular.EXPECTED)

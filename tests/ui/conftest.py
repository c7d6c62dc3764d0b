"""What the tests of the faces share."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ui.tiny_run import tiny_run


@pytest.fixture(scope="session")
def run() -> Any:
    return tiny_run()

"""What the tests of the faces share."""

from __future__ import annotations

import pytest

from geodata.study.results import Run
from tests.ui.irregular import irregular_run
from tests.ui.tiny_run import tiny_run
from ui.opened import Opened, opened_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny_run(tmp_path_factory.mktemp("tiny") / "study")


@pytest.fixture(scope="session")
def opened(run: Run) -> Opened:
    return opened_run(run)


@pytest.fixture(scope="session")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """The study of `tests.ui.irregular`."""
    return opened_run(irregular_run(tmp_path_factory.mktemp("uneven") / "study"))

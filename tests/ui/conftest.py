"""What the tests of the faces share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from geodata.study.results import Run
from tests.ui.irregular import irregular_run
from tests.ui.tiny_run import tiny_run
from ui.opened import Opened, opened_run


@pytest.fixture(scope="session", autouse=True)
def _packages_looked_through_once() -> Iterator[None]:
    """Streamlit looks for components in every package that is installed, here for each page."""
    with pytest.MonkeyPatch.context() as patch:
        found = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


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

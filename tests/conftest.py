"""What several tests share: the whole province, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.reconstruction import reconstruct


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard reconstruction, as a study folder. Only for tests marked `province`."""
    folder = tmp_path_factory.mktemp("province") / "study"
    reconstruct(folder)
    return folder

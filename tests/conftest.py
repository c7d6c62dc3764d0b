"""What several tests share: the whole province, made once a session."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from typer.testing import CliRunner

from tests import gis as databases
from tests import irregular as twelve
from tests import postgis_server
from tests.gis import Gis
from tests.laws import FEW, VARIABLE
from ui.command import command

# a busy machine is no defect: times are measured in bench/
settings.register_profile("untimed", deadline=None)
# for the runs of CI that go over everything a second and third time
settings.register_profile("few", deadline=None, max_examples=FEW)
settings.load_profile(os.environ.get(VARIABLE, "untimed"))


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard reconstruction, as the command line writes it: for tests marked `province`."""
    folder = tmp_path_factory.mktemp("province") / "study"
    done = CliRunner().invoke(command, ["demo", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="session")
def irregular(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study file of twelve villages none like another: copy its folder before a change."""
    return twelve.write(tmp_path_factory.mktemp("irregular") / "study")


@pytest.fixture(scope="session")
def postgis() -> Iterator[str]:
    """The address of a server with PostGIS: the one given, or one started for this session.

    Where there is none the tests are skipped, and where everything must hold they fail.
    """
    given = os.environ.get(postgis_server.VARIABLE)
    if given:
        yield given
        return
    if postgis_server.binaries() is None:
        told = f"no PostgreSQL with PostGIS here, and no {postgis_server.VARIABLE}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    # not pytest's own folder: PostgreSQL's user may not enter it, and its path is too long
    folder = Path(tempfile.mkdtemp(prefix="phusong-"))
    try:
        yield postgis_server.start(folder)
    except subprocess.CalledProcessError as error:
        told = f"PostgreSQL does not start here: {error}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    finally:
        postgis_server.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def gis(postgis: str) -> Iterator[Gis]:
    """A database of this session's own."""
    made = databases.make(postgis)
    yield made
    databases.drop(made, postgis)

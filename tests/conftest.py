"""What several tests share: the whole province, made once; how tests are spread over the cores.

What takes seconds to load is loaded where it is used: the process that hands tests out needs
none of it.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import laws, parallel, postgis_server
from tests.kept import Kept

if TYPE_CHECKING:
    from tests.gis import Gis


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--laws", choices=list(laws.SHARES), help="how many examples laws are tried on"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Settle how many examples there are, before any law is read.

    Of some hundred processes each would compile every module anew where Python is told to keep
    none of what it compiled, as in many containers: here it keeps it.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    os.environ[laws.VARIABLE] = config.option.laws or laws.asked()
    # a busy machine is no defect: times are measured in bench/
    settings.register_profile("phusong", deadline=None, max_examples=laws.examples(100))
    settings.load_profile("phusong")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(parallel.Seconds(config), "phusong-seconds")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return parallel.workers(config.args)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return parallel.ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is for the whole province is heavy."""
    for item in items:
        if item.get_closest_marker("province"):
            item.add_marker(pytest.mark.heavy)
    if hasattr(config, "workerinput"):
        parallel.longest_first(items, config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """See to it that one of several processes compiles the kernels, and the others wait for it.

    Each would compile all of them, and so would every server that they start.
    """
    if not hasattr(session.config, "workerinput") or os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return

    def make(folder: Path) -> None:
        from geodata.upload.kernels import prepare_kernels  # noqa: PLC0415  # see above

        prepare_kernels()
        folder.mkdir()

    assert session.config.cache is not None
    Kept(session.config.cache.mkdir("phusong")).folder("kernels", make)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage took a twentieth of all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def kept(pytestconfig: pytest.Config) -> Kept:
    """What is built once and kept between runs."""
    assert pytestconfig.cache is not None
    return Kept(pytestconfig.cache.mkdir("phusong"))


def demo(folder: Path) -> None:
    """Reconstruct the province and measure it, which no other test then does again."""
    from typer.testing import CliRunner  # noqa: PLC0415  # see above

    from ui.command import command  # noqa: PLC0415  # see above

    for words in (["demo", str(folder)], ["assess", str(folder)]):
        done = CliRunner().invoke(command, words)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="session")
def province(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard reconstruction, as the command line writes it: for tests marked `province`."""
    return kept.copy("province", demo, tmp_path_factory.mktemp("province") / "study")


@pytest.fixture(scope="session")
def small_province(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reconstruction of 60 villages."""
    return kept.copy("small", _small, tmp_path_factory.mktemp("small") / "study")


@pytest.fixture(scope="session")
def small_progress(kept: Kept) -> list[float]:
    """What was told of the progress while `small_province` was made."""
    told = kept.folder("small", _small).with_name("progress.json").read_text("ascii")
    parts: list[float] = json.loads(told)
    return parts


def _small(folder: Path) -> None:
    from geodata.reconstruction import reconstruct  # noqa: PLC0415  # see above

    parts: list[float] = []
    reconstruct(folder, village_count=60, progress=parts.append)
    folder.with_name("progress.json").write_text(json.dumps(parts), "ascii")


@pytest.fixture(scope="session")
def irregular(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study file of twelve villages none like another: copy its folder before a change."""
    from tests import irregular as twelve  # noqa: PLC0415  # see above

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
    from tests import gis as databases  # noqa: PLC0415  # see above

    made = databases.make(postgis)
    yield made
    databases.drop(made, postgis)

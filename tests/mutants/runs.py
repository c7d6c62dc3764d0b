"""Runs of pytest in a copy of the checkout, so that the checkout itself is never touched."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns(
    ".venv", ".git", ".mutants", ".hypothesis", ".pytest_cache", ".*_cache", "dist", "build"
)
PARALLEL = ["-n0"] if importlib.util.find_spec("xdist") else []
MTIME_STEP_S = 10
MEMORY_BYTES = 8 * 10**9
"""A change may make a program ask for memory without end; it fails then, and the machine lives."""


class Ended(IntEnum):
    """Exit codes of pytest that are no notice of anything."""

    PASSED = 0
    NOTHING_RAN = 5
    LATE = -1


@dataclass(frozen=True, kw_only=True)
class Tier:
    """Some of the tests, by their markers, and whether their kernels are compiled."""

    name: str
    markers: str
    compiled: bool


FAST = Tier(name="fast", markers="not browser and not heavy and not province", compiled=False)
SLOW = Tier(name="slow", markers="browser or heavy or province", compiled=True)


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a run ended."""

    status: int
    failing: list[str]
    output: str
    hung: bool

    @property
    def noticed(self) -> bool:
        return self.status not in {Ended.PASSED, Ended.NOTHING_RAN}


class Copy:
    """A copy of the checkout, with its compiled kernels: their times are kept, so numba finds them.

    Modules are found here before the installed ones, in processes that tests start too.
    """

    def __init__(self, checkout: Path, home: Path) -> None:
        self.home = home
        self.root = home / "checkout"
        shutil.copytree(checkout, self.root, ignore=LEFT_OUT)

    def emptied(self, name: str) -> Path:
        """An empty folder beside the copy."""
        folder = self.home / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    @contextmanager
    def changed(self, file: str, text: str) -> Iterator[None]:
        """The copy with one file changed, whose time tells Python that it is another."""
        path = self.root / file
        before, times = path.read_bytes(), path.stat()
        path.write_text(text, encoding="utf-8")
        os.utime(path, (times.st_atime, times.st_mtime + MTIME_STEP_S))
        try:
            yield
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def pytest(
        self,
        tests: Sequence[str],
        tier: Tier,
        *,
        options: Sequence[str],
        variables: Mapping[str, str],
        seconds: float,
        path: Sequence[str] = (),
    ) -> Done:
        """Run test files of a tier in their order, and end all they started."""
        command = [
            sys.executable, "-m", "pytest", "-q", "--tb=line", "--no-header", *PARALLEL,
            "--hypothesis-seed=0", f"--basetemp={self.home / 'pytest'}", "-m", tier.markers,
            *options, *tests,
        ]  # fmt: skip
        for kept in (".hypothesis", "tests/.hypothesis"):  # examples of the mutant before
            shutil.rmtree(self.root / kept, ignore_errors=True)
        environment = {
            **os.environ,
            **variables,
            "PYTHONPATH": os.pathsep.join([*path, str(self.root)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        log = self.home / "log"
        status = _run(command, self.root, environment, log, seconds)
        output = log.read_text(encoding="utf-8", errors="replace")
        failing = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", output, re.MULTILINE)
        hung = status == Ended.LATE or "Timeout (0:" in output
        return Done(status=status, failing=failing, output=output, hung=hung)


def _run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, seconds: float
) -> int:
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603  # our own interpreter and words
            command, cwd=folder, env=environment, stdout=out, stderr=out,
            stdin=subprocess.DEVNULL, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return Ended.LATE
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the session's processes, those too that a stopped test left behind."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.2)

"""Runs test files side by side on the cores there are, those that take longest first.

`pytest -n auto` stands in ``addopts``. A run of one file or one test starts no workers, which
cost more than they would save; ``-n0`` starts none ever. How long each file took is kept in
pytest's own cache, so that the next run begins with the longest and no core waits at the end.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

SECONDS = "phusong/seconds"
"""Where pytest's cache has them: file → seconds."""

GUESSED_S = {"browser": 6.0, "province": 10.0, "heavy": 0.7}
"""What a test of a file that has not run yet is taken for, by its mark."""

TOGETHER = {
    "tests/test_notebooks.py": "tests/test_province.py",
    "tests/e2e/test_first_view.py": "tests/e2e/test_pages.py",
    "tests/e2e/test_signal.py": "tests/e2e/test_pages.py",
    "tests/e2e/test_lists.py": "tests/e2e/test_map.py",
    "tests/e2e/test_access.py": "tests/e2e/test_map.py",
}
"""Files that one process runs along with another: what they begin with is made once.

Of the browser's there are two parts, so that a process is left for what waits for nothing.
"""

WAITING = 1
"""So many processes more than cores: tests of pages and of processes wait for others."""


def workers(arguments: Iterable[str]) -> int:
    """How many processes run tests: one a core and one more, or none for a single file."""
    paths = [Path(one.split("::")[0]) for one in arguments]
    if len(paths) == 1 and paths[0].suffix == ".py":
        return 0
    try:
        return len(os.sched_getaffinity(0)) + WAITING
    except AttributeError:  # macOS and Windows do not tell
        return (os.cpu_count() or 1) + WAITING


class ByFile(LoadScopeScheduling):
    """Hands out files in the order in which their tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return file_of(nodeid)


def file_of(nodeid: str) -> str:
    """The file that a test stands in, or the one it goes along with."""
    file = nodeid.split("::", 1)[0]
    return TOGETHER.get(file, file)


def longest_first(items: list[pytest.Item], config: pytest.Config) -> None:
    """Order tests by how long their files took last time; each file's own order stays.

    Every worker does so alike: they read the same cache, which is written after all.
    """
    kept: dict[str, float] = config.cache.get(SECONDS, {}) if config.cache else {}
    guessed: defaultdict[str, float] = defaultdict(float)
    for item in items:
        guessed[file_of(item.nodeid)] += _guess(item)
    items.sort(
        key=lambda item: -kept.get(file_of(item.nodeid), guessed[file_of(item.nodeid)]),
    )


def _guess(item: pytest.Item) -> float:
    marked = [seconds for name, seconds in GUESSED_S.items() if item.get_closest_marker(name)]
    return max(marked, default=0.1)


class Seconds:
    """Adds up what each file takes, and keeps it for the next run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._taken: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test's making ready, run and clearing away."""
        self._taken[file_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write down the files that ran; of others what is known stays."""
        if self._config.cache and len(self._taken) > 1:
            known: dict[str, float] = self._config.cache.get(SECONDS, {})
            rounded = {file: round(taken, 1) for file, taken in self._taken.items()}
            self._config.cache.set(SECONDS, known | rounded)

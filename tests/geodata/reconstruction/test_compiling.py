"""Kernels are compiled beside other work, by processes that end with it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from coverage import compiled_code
from coverage.precompile import PROCESSES, SIGNATURES
from geodata.reconstruction import compiling

WAIT_S = 60.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def _sleeping(_: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(SLEEP)  # noqa: S603  # our own interpreter


def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started from now on."""
    found: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*words: Any, **more: Any) -> subprocess.Popen[bytes]:
        found.append(popen(*words, **more))
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    return found


@pytest.mark.heavy
def test_each_process_compiles_its_own_and_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = started(monkeypatch)
    with compiling.compiling_beside() as wait:
        wait()
        assert [one.returncode for one in processes] == [0, 0]
    assert sorted(sum(PROCESSES, ())) == sorted(SIGNATURES)


def test_the_processes_end_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_compiler", _sleeping)
    before = time.monotonic()
    processes = started(monkeypatch)
    with pytest.raises(KeyError), compiling.compiling_beside():
        raise KeyError
    assert time.monotonic() - before < WAIT_S
    assert all(one.returncode for one in processes)
    assert len(processes) == len(PROCESSES)


def test_where_no_code_is_kept_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_code, "CACHES", False)  # a setting's value
    processes = started(monkeypatch)
    with compiling.compiling_beside() as wait:
        wait()
    assert not processes

"""Kernels are compiled beside other work, for the very arguments that measuring calls them with."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numba
import pytest

import coverage
from coverage import kernel, precompile
from tests import tiny

WAIT_S = 60.0
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled without the JIT")
def test_measuring_calls_them_with_what_was_compiled() -> None:
    coverage.measure(tiny.villages(), tiny.layers())
    for name, signature in precompile.SIGNATURES.items():
        compiled: Any = getattr(kernel, name)
        assert compiled.signatures == [signature], name


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled without the JIT")
def test_compiling_finds_what_is_kept() -> None:
    precompile.compile_kernels()
    hits: Any = kernel.combine
    assert sum(hits.stats.cache_hits.values()) + sum(hits.stats.cache_misses.values()) > 0


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
    with precompile.compiling_beside() as wait:
        wait()
        assert [one.returncode for one in processes] == [0, 0]
    assert sorted(sum(precompile.PROCESSES, ())) == sorted(precompile.SIGNATURES)


def test_the_processes_end_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompile, "_compiler", _sleeping)
    before = time.monotonic()
    processes = started(monkeypatch)
    with pytest.raises(KeyError), precompile.compiling_beside():
        raise KeyError
    assert time.monotonic() - before < WAIT_S
    assert all(one.returncode for one in processes)
    assert len(processes) == len(precompile.PROCESSES)


def test_where_no_code_is_kept_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precompile, "CACHES", False)  # a setting's value
    processes = started(monkeypatch)
    with precompile.compiling_beside() as wait:
        wait()
    assert not processes

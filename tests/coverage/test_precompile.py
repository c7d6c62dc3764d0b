"""Kernels are compiled for the very arguments that measuring calls them with."""

from __future__ import annotations

from typing import Any

import pytest

import coverage
from coverage import kernel, precompile
from tests import tiny


@pytest.mark.heavy
def test_measuring_calls_them_with_what_was_compiled() -> None:
    coverage.measure(tiny.villages(), tiny.layers())
    for name, signature in precompile.SIGNATURES.items():
        if name == "add_cell":
            continue  # called by kernels alone, which may have been compiled long ago
        compiled: Any = getattr(kernel, name)
        assert compiled.signatures == [signature], name


@pytest.mark.heavy
def test_compiling_finds_what_is_kept() -> None:
    precompile.compile_kernels()
    hits: Any = kernel.combine
    assert sum(hits.stats.cache_hits.values()) + sum(hits.stats.cache_misses.values()) > 0

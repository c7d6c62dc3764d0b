"""A small run of the ten thousand damaged files: nothing escapes, crashes or hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate import BAD, SEED, report, run

pytestmark = pytest.mark.heavy


def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    results = run(150, SEED, tmp_path)
    assert len(results) == 150
    assert not [one for one in results if one.outcome in BAD]
    assert {one.outcome for one in results} == {"read", "refused"}
    assert "| **all** | **150** |" in report(results, SEED)


def test_a_number_and_a_seed_make_the_same_input_again(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (one,) = run(0, SEED, tmp_path / "a", only=7)
    (again,) = run(0, SEED, tmp_path / "b", only=7)
    assert (one.case, one.change, one.outcome) == (again.case, again.change, again.outcome)

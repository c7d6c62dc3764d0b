"""A small run of the ten thousand damaged files: nothing escapes, crashes or hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutate import BAD, SEED, Result, report, run

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    return run(150, SEED, tmp_path_factory.mktemp("damaged"))


def test_damaged_files_are_read_or_refused_and_nothing_else(results: list[Result]) -> None:
    assert len(results) == 150
    assert not [one for one in results if one.outcome in BAD]
    assert {one.outcome for one in results} == {"read", "refused"}
    assert "| **all** | **150** |" in report(results, SEED)


def test_a_number_and_a_seed_make_the_same_input_again(
    results: list[Result], tmp_path: Path
) -> None:
    """Also from a corpus that is made anew."""
    (again,) = run(0, SEED, tmp_path, only=7)
    one = results[7]
    assert (one.number, one.case, one.change, one.outcome) == (
        again.number, again.case, again.change, again.outcome
    )  # fmt: skip

"""A small run of the ten thousand damaged files: nothing escapes, crashes or hangs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import Kept
from tests.laws import examples
from tests.mutate import BAD, SEED, Result, report, run, write_corpus

pytestmark = pytest.mark.heavy


COUNT = examples(150)


@pytest.fixture(scope="module")
def corpus(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files to damage, made by another process or an earlier run."""
    files = sorted(Path(__file__).parent.glob("corpus/*.py"))
    made_by = "".join(file.read_text(encoding="utf-8") for file in files)
    return kept.copy(
        "corpus", write_corpus, tmp_path_factory.mktemp("damaged") / "corpus", more=made_by
    )


@pytest.fixture(scope="module")
def results(corpus: Path) -> list[Result]:
    return run(COUNT, SEED, corpus)


def test_damaged_files_are_read_or_refused_and_nothing_else(results: list[Result]) -> None:
    assert len(results) == COUNT
    assert not [one for one in results if one.outcome in BAD]
    assert {one.outcome for one in results} == {"read", "refused"}
    assert f"| **all** | **{COUNT}** |" in report(results, SEED)


def test_a_number_and_a_seed_make_the_same_input_again(results: list[Result], corpus: Path) -> None:
    (again,) = run(0, SEED, corpus, only=7)
    one = results[7]
    assert (one.number, one.case, one.change, one.outcome) == (
        again.number, again.case, again.change, again.outcome
    )  # fmt: skip

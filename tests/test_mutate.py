"""A small run of the ten thousand damaged files: nothing escapes, crashes, hangs or lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kept import Kept
from tests.laws import examples
from tests.mutate import BAD, SEED, Result, report, run, write_corpus
from tests.redundancy import breach
from tests.silent import changed, outcome_of

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


def test_what_breaks_a_format_never_changes_what_is_read_without_a_word(
    results: list[Result],
) -> None:
    assert [(one.number, one.figures, one.broken) for one in results if one.broken] == []


def test_a_silent_change_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("thôn,lon,lat\nXóm 1,105.61,18.61\nXóm 2,105.62,18.62\n", encoding="utf-8")
    sound, body = outcome_of(path), path.read_bytes()
    assert changed(sound, outcome_of(path)) == ()
    path.write_bytes(body.replace(b"105.62", b"105.72"))
    assert changed(sound, outcome_of(path)) == ("values",)
    assert breach(".csv", body, path.read_bytes()) == ""
    path.write_bytes(body.replace(b"105.62,", b"105.62"))
    assert changed(sound, outcome_of(path)) == ()
    assert breach(".csv", body, path.read_bytes()) == "cells a row"


def test_a_number_and_a_seed_make_the_same_input_again(results: list[Result], corpus: Path) -> None:
    (again,) = run(0, SEED, corpus, only=7)
    one = results[7]
    assert (one.number, one.case, one.change, one.outcome) == (
        again.number, again.case, again.change, again.outcome
    )  # fmt: skip

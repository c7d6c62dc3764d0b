"""The table of rights in docs/security.md: as the server answers, and without a leak."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.rights_table.asking import ANEW, FILES
from tests.rights_table.states import (
    AS_PUBLISHED,
    CUT_DOWN,
    KINDS,
    NOBODY,
    OF_THE_SHARED,
    STATES,
)
from tests.rights_table.table import END, START, TOO_MUCH, leaks, markdown, read

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")


@pytest.mark.heavy
def test_the_table_of_rights_is_what_the_server_answers() -> None:
    command = [sys.executable, "-m", "tests.rights_table"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)  # noqa: S603  # our own command
    assert done.returncode == 0, done.stderr
    assert read(f"{START}\n{done.stdout}{END}") == read(DOCUMENT)


def test_nobody_has_data_after_the_end_of_the_rights() -> None:
    cells = read(DOCUMENT)
    assert leaks(cells) == []
    assert {kind for kind, _, _ in cells} == set(KINDS)
    assert {state for _, state, _ in cells} == set(STATES)
    assert {way for _, _, way in cells} > set(FILES)


def test_the_table_has_every_file_that_a_planner_may_have() -> None:
    cells = read(DOCUMENT)
    assert {cells["planner", AS_PUBLISHED, way] for way in FILES} == {"whole"}


@pytest.mark.parametrize(
    ("kind", "state", "word", "is_leak"),
    [
        (NOBODY, AS_PUBLISHED, "own part", True),
        (NOBODY, AS_PUBLISHED, "refused 403", False),
        ("planner", AS_PUBLISHED, "whole", False),
        ("planner", AS_PUBLISHED, TOO_MUCH, True),
        ("planner", CUT_DOWN, "own part", False),
        ("planner", "removed", "own part", True),
        ("planner", "signed out", "whole", True),
        ("planner", "settings deleted", "status 200", True),
    ],
)
def test_a_leak_is_data_without_a_right(kind: str, state: str, word: str, is_leak: bool) -> None:
    cells = {(kind, state, "map data"): word}
    assert bool(leaks(cells)) is is_leak


@pytest.mark.parametrize("state", OF_THE_SHARED)
def test_of_a_study_taken_away_all_but_what_is_asked_for_anew_is_a_leak(state: str) -> None:
    for kind in KINDS:
        assert leaks({(kind, state, "map data"): "whole"})
        assert leaks({(kind, state, ANEW[0]): TOO_MUCH})
        assert bool(leaks({(kind, state, ANEW[0]): "whole"})) is (kind == NOBODY)


def test_a_table_is_read_as_it_was_written() -> None:
    cells = {("planner", state, "map data"): f"word {k}" for k, state in enumerate(STATES)}
    assert read(f"before {START}\n{markdown(cells)}{END}") == cells

"""Small samples of the campaigns of `tests.robustness`."""

from __future__ import annotations

import os
import sys

import pytest

from tests.robustness import accounts, kills, state

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked from a warm one")
ROOT = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="accounts are made by root"
)


@pytest.mark.heavy
def test_damage_to_what_is_kept_changes_no_figure_and_is_told_or_made_anew() -> None:
    found = list(state.outcomes(6))
    assert found
    assert not [one for one in found if not one.is_good]


@pytest.mark.heavy
@LINUX
def test_what_is_killed_leaves_the_old_or_the_new() -> None:
    found = list(kills.outcomes(3, names=("export, shp",)))
    assert sum(is_killed for *_, is_killed in found) == 3
    assert [outcome for _, outcome, _ in found if outcome not in kills.GOOD] == []


@pytest.mark.heavy
@LINUX
@ROOT
def test_an_account_that_may_not_write_is_told_and_loses_nothing() -> None:
    calls = (("export", "STUDY", "-o", "OUT/list.csv"),)
    found = list(accounts.outcomes(kinds=("folders without rights",), calls=calls, seconds=600))
    assert [outcome for *_, outcome in found] == [accounts.TOLD]

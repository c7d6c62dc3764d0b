"""A small sample of `tests.robustness.state`."""

from __future__ import annotations

import pytest

from tests.robustness.state import outcomes


@pytest.mark.heavy
def test_damage_to_what_is_kept_changes_no_figure_and_is_told_or_made_anew() -> None:
    found = list(outcomes(6))
    assert found
    assert not [one for one in found if not one.is_good]

"""What is looked up once leaves nothing behind where it fails."""

from __future__ import annotations

import inspect

import pytest

from ui.opened import _kept


def test_what_fails_is_asked_for_again_and_leaves_nothing_behind() -> None:
    asked: list[str] = []

    @_kept(2)
    def found(name: str) -> str:
        asked.append(name)
        if name.startswith("no"):
            raise ValueError(name)
        return name

    for k in range(50):
        with pytest.raises(ValueError, match="no"):
            found(f"no {k}")
    assert found("a") == found("a") == "a"
    assert asked.count("a") == 1
    working = inspect.getclosurevars(found).nonlocals["working"]
    assert not working

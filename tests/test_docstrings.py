"""The examples in docstrings are run, so that none of them tells what is not so."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def modules_with_examples() -> dict[str, int]:
    """How often ``>>>`` stands in each module of the program that has it."""
    found = {}
    for path in sorted(
        p for name in ("coverage", "geodata", "ui") for p in (ROOT / name).rglob("*.py")
    ):
        lines = path.read_text(encoding="utf-8").count(">>>")
        if lines:
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(p for p in parts if p != "__init__")] = lines
    return found


MODULES = modules_with_examples()


def test_examples_are_looked_for_in_all_three_packages() -> None:
    assert {name.partition(".")[0] for name in MODULES} == {"coverage", "geodata", "ui"}


@pytest.mark.parametrize(("name", "lines"), MODULES.items(), ids=list(MODULES))
def test_every_example_in_a_docstring_is_run_and_gives_what_it_says(name: str, lines: int) -> None:
    module = importlib.import_module(name)
    assert Path(str(module.__file__)).is_relative_to(ROOT)
    done = doctest.testmod(module)
    assert done.failed == 0
    assert done.attempted == lines > 0

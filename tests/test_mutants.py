"""Mutation testing, its parts that run no tests: the changes, the sample and the report."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.changes import Defaults, Source, changes
from tests.mutants.reach import callers, frozen_in_kernels, kernels
from tests.mutants.report import Verdict, asked_for, report, verdicts
from tests.mutants.sample import Mutant, executable, sample
from tests.mutants.trial import Outcome

ROOT = Path(__file__).resolve().parents[1]

CHANGED = {
    "a = b < c": {"a = b <= c", "a = b >= c"},
    "a = b != c": {"a = b == c"},
    "a = b is not c": {"a = b is c"},
    "a = b  not in (c)": {"a = b  in (c)"},
    "a = b < c == d": {"a = b <= c == d", "a = b >= c == d", "a = b < c != d"},
    "a = b and c or d": {"a = b or c or d", "a = b and c and d"},
    "a = not b": {"a = b"},
    "a = ~b & c": {"a = b & c", "a = ~b | c"},
    "a = (b +  # why\n  c) * d": {"a = (b -  # why\n  c) * d", "a = (b +  # why\n  c) / d"},
    "a = b // c": {"a = b / c"},
    "a = 'Độ' + b": {"a = 'Độ~' + b"},
    'a = """b"""': {'a = """b~"""'},
    "a = f'{b + 1} km'": {"a = f'{b + 1} km~'"},
    "a = ''": {"a = '~'"},
    "a = True": {"a = False"},
    "a = 0": {"a = 1", "a = (-1)"},
    "a = 2.5": {"a = 1.5", "a = 3.5"},
    "a = b if c else d": {"a = b if not (c) else d"},
    "a = [b for b in c if d]": {"a = [b for b in c if not (d)]"},
    "a = b[c:]": {"a = b[c + 1:]", "a = b[c:-1]"},
    "a = b[: c + d]": {"a = b[1: c + d]", "a = b[: (c + d) + 1]", "a = b[: c - d]"},
    "a = np.minimum(b, c)": {"a = np.maximum(b, c)"},
    "a = min(b)": {"a = max(b)"},
    "return a": {"return None"},
    "if a: b()": {"if not (a): b()"},
    "if not a: b()": {"if a: b()"},
    "a += b": {"pass"},
    "a[b] = c": {"pass"},
    "a(b)": {"pass"},
    "raise a": {"pass"},
    "continue": {"pass"},
    "a = b(c=d, e=f)": {"a = b(e=f)", "a = b(c=d)"},
    "a: dict[str, int] = b": set(),
    "a = cast('b', c)": set(),
    "a = zip(b, c, strict=True)": set(),
    "def a(b=1, *, c=None): d = 2": {
        "def a(b=0, *, c=None): d = 2", "def a(b=2, *, c=None): d = 2",
    },
}  # fmt: skip


def changed(text: str, *, known: str = "") -> set[str]:
    source = Source(text)
    defaults = Defaults([ast.parse(known)])
    return {source.edited(edit) for edit in changes(source, source.tree.body[0], defaults)}


@pytest.mark.parametrize("text", CHANGED, ids=list(CHANGED))
def test_a_statement_is_changed_in_these_ways_and_no_other(text: str) -> None:
    assert changed(text) == CHANGED[text]
    assert all(ast.dump(ast.parse(one)) != ast.dump(ast.parse(text)) for one in CHANGED[text])


def test_an_argument_is_dropped_only_where_the_program_gives_it_a_default() -> None:
    known = "def a(b, c=1, *, d, e=2): pass\nclass F:\n    g: int\n    h: int = 1"
    assert changed("x = a(b=p, c=q, d=r, e=s)", known=known) == {
        "x = a(b=p, d=r, e=s)",
        "x = a(b=p, c=q, d=r)",
    }
    assert changed("x = F(g=p, h=q)", known=known) == {"x = F(g=p)"}


def test_imports_docstrings_logs_types_and_assertions_are_left_alone() -> None:
    text = '''"""Docstring."""
from typing import TYPE_CHECKING, Literal, TypeVar
if TYPE_CHECKING:
    a = 1
__all__ = ["b"]
T = TypeVar("T")
Kind = Literal["a", "b"]
Both = A | B
assert a
class C:
    """Docstring."""
    d: int
    def e(self):
        log.warning("text")
        return 1
'''
    left = [ast.unparse(one) for one in executable(ast.parse(text))]
    assert left == ["d: int", "def e(self):\n    log.warning('text')\n    return 1", "return 1"]


@pytest.fixture(scope="module")
def chosen() -> list[Mutant]:
    return sample(ROOT, count=40, seed=14)


@pytest.mark.heavy
def test_each_change_of_the_program_parses_to_another_program(chosen: list[Mutant]) -> None:
    assert len({one.key for one in chosen}) == 40
    for one in chosen:
        before = (ROOT / one.file).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(one.text)) != ast.dump(ast.parse(before)), one.key
        assert 1 <= one.first <= one.last <= before.count("\n") + 1


@pytest.mark.heavy
def test_a_seed_gives_the_same_sample_and_a_small_one_is_the_start_of_a_larger(
    chosen: list[Mutant],
) -> None:
    assert sample(ROOT, count=10, seed=14) == chosen[:10]
    assert sample(ROOT, count=10, seed=15) != chosen[:10]
    alone = sample(ROOT, count=3, seed=14, package="ui")
    assert [one.key for one in alone] == [one.key for one in chosen if one.package == "ui"][:3]


@pytest.mark.heavy
def test_what_numba_compiles_and_who_calls_it_are_found() -> None:
    """Inside compiled functions no line is seen to run: their callers stand for them."""
    assert kernels(ROOT) == {"coverage/kernel.py", "coverage/direct.py", "coverage/tally.py"}
    assert kernels(ROOT) <= frozen_in_kernels(ROOT)
    for kernel in kernels(ROOT):
        assert callers(ROOT, kernel), kernel
        assert not callers(ROOT, kernel) & kernels(ROOT)
    assert "coverage/weights.py" in callers(ROOT, "coverage/kernel.py")


def outcome(mutant: Mutant, ending: str) -> Outcome:
    return Outcome(key=mutant.key, ending=ending, tier="fast", by="", seconds=1.0)


def test_changes_said_to_be_equivalent_do_not_count_in_the_share(chosen: list[Mutant]) -> None:
    three = chosen[:3]
    endings = ("noticed", "survived", "survived")
    outcomes = [outcome(m, ending) for m, ending in zip(three, endings, strict=True)]
    said = {three[1].key: Verdict(equivalent=True, why="nobody sees it")}
    text = report(three, outcomes, said, [], "-n 3")
    assert "| **all** | 3 | 1 | 1 | 1 | 0 | 1 | 50 % |" in text
    assert "yes: nobody sees it" in text
    assert "not yet judged" in text


def test_an_entry_to_fill_in_is_read_as_the_verdict_of_that_change(
    chosen: list[Mutant], tmp_path: Path
) -> None:
    path = tmp_path / "verdicts.toml"
    path.write_text(asked_for(chosen), encoding="utf-8")
    assert set(verdicts(path)) == {one.key for one in chosen}

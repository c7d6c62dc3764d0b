"""Which statements are changed, and how: drawn at random, the same for the same seed.

A statement's turn hangs on the seed, its file and its own text alone, so that lines changed
elsewhere leave the rest of a sample as it was, and a small sample is the start of a larger one.
"""

from __future__ import annotations

import ast
import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.changes import (
    Defaults,
    Edit,
    Source,
    changes,
    is_another_program,
    own_expressions,
)

PACKAGES = ("coverage", "geodata", "ui")
TYPE_MAKERS = {"TypeVar", "ParamSpec", "NewType", "NamedTuple", "TypedDict"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one line. ``old`` and ``new`` are the lines it touches, as one."""

    number: int
    file: str
    first: int
    last: int
    kind: str
    old: str
    new: str
    text: str
    """All of the changed file."""

    @property
    def package(self) -> str:
        return self.file.partition("/")[0]

    @property
    def diff(self) -> str:
        return f"{self.old} → {self.new}"

    @property
    def key(self) -> str:
        return f"{self.file}: {self.diff}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A statement, and the turn it has."""

    file: str
    statement: ast.stmt
    turn: str


def files(root: Path) -> list[str]:
    """The program's own modules."""
    found = [p for name in PACKAGES for p in (root / name).rglob("*.py")]
    return sorted(p.relative_to(root).as_posix() for p in found)


@cache
def _program(root: Path) -> tuple[dict[str, Source], Defaults]:
    sources = {file: Source((root / file).read_text("utf-8")) for file in files(root)}
    return sources, Defaults([source.tree for source in sources.values()])


def sample(root: Path, *, count: int, seed: int, package: str = "") -> list[Mutant]:
    """One change of each of ``count`` statements, all alike likely, numbered from 0."""
    sources, defaults = _program(root)
    places = [place for file, source in sources.items() for place in _places(file, source, seed)]
    chosen: list[Mutant] = []
    for place in sorted(places, key=lambda one: one.turn):
        if package and not place.file.startswith(f"{package}/"):
            continue
        if len(chosen) == count:
            break
        source = sources[place.file]
        edit = _drawn(source, changes(source, place.statement, defaults), place.turn)
        if edit is not None:
            chosen.append(_mutant(len(chosen), place, source, edit))
    return chosen


def _places(file: str, source: Source, seed: int) -> Iterator[Place]:
    seen: Counter[str] = Counter()
    for statement in executable(source.tree):
        parts = own_expressions(statement) if hasattr(statement, "body") else [statement]
        text = "\n".join(source.text(source.start(one), source.end(one)) for one in parts)
        seen[text] += 1
        told = f"{seed}\n{file}\n{text}\n{seen[text]}"
        turn = hashlib.sha256(told.encode()).hexdigest()
        yield Place(file=file, statement=statement, turn=turn)


def _drawn(source: Source, edits: list[Edit], turn: str) -> Edit | None:
    """One edit: its kind first, so that a line of many texts is not always changed in a text."""
    dice = random.Random(turn)  # noqa: S311  # a sample, no secret
    while edits:
        kind = dice.choice(sorted({edit.kind for edit in edits}))
        edit = dice.choice([edit for edit in edits if edit.kind == kind])
        if is_another_program(source, edit):
            return edit
        edits = [one for one in edits if one != edit]
    return None


def _mutant(number: int, place: Place, source: Source, edit: Edit) -> Mutant:
    text = source.edited(edit)
    changed = Source(text)
    last = getattr(place.statement, "end_lineno", 0)
    below = getattr(place.statement, "body", [])
    if below:
        last = max(place.statement.lineno, below[0].lineno - 1)
    return Mutant(
        number=number,
        file=place.file,
        first=place.statement.lineno,
        last=last,
        kind=edit.kind,
        old=source.lines(edit.start, edit.end),
        new=changed.lines(edit.start, edit.start + len(edit.text.encode())),
        text=text,
    )


def executable(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that do something: no docstrings, imports, log texts, assertions or types."""
    yield from _executable(tree.body)


def _executable(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        if not _is_idle(statement):
            yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from _executable(getattr(statement, block, []))
        for below in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            yield from _executable(below.body)


def _is_idle(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Pass() | ast.ClassDef():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=attr, value=ast.Name(id=name)))):
            return attr in LOGS and name.lower() in {"log", "logger", "logging"}
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Assign(value=value):
            return _is_type(value)
        case _:
            return False


def _is_type(value: ast.expr) -> bool:
    """Whether this names a type: ``Literal["4G"]``, ``A | B``, ``TypeVar("T")``."""
    match value:
        case ast.Call(func=ast.Name(id=name)):
            return name in TYPE_MAKERS
        case ast.Subscript(value=ast.Name(id=name)):
            return name in {
                "Literal",
                "Callable",
                "Annotated",
                "dict",
                "list",
                "tuple",
                "type",
            } or (name in {"Mapping", "Sequence", "Union", "Optional"})
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return all(
                (isinstance(one, ast.Name) and one.id[:1].isupper()) or _is_type(one)
                for one in (left, right)
            )
        case _:
            return False

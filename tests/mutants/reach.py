"""Which test files reach which lines, found once by running each under a line tracer.

What is found is kept under a key of the program, of what tests share and of the test file, so
that a test file changed is the only one to be run again.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from tests.mutants.runs import Copy, Ended, Tier
from tests.mutants.sample import Mutant, files

TRACE = "tests/mutants/trace"
RECORDS_S = 3600


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What one test file does on the unchanged program."""

    test: str
    seconds: float
    ran: bool
    failing: list[str] = field(default_factory=list)
    """Tests that fail here without any change: they can notice nothing."""
    lines: dict[str, list[int]] = field(default_factory=dict)

    def reaches(self, file: str, first: int, last: int) -> bool:
        """Whether one of these lines runs, or a test reads the file's text (line 0)."""
        return any(line == 0 or first <= line <= last for line in self.lines.get(file, ()))


def files_of_tests(root: Path, only: Iterable[str]) -> list[str]:
    """All test files, or those below the folders named."""
    found = sorted(p.relative_to(root).as_posix() for p in (root / "tests").rglob("test_*.py"))
    wanted = tuple(only)
    return [one for one in found if one.startswith(wanted)] if wanted else found


def key_of(root: Path, test: str = "") -> str:
    """A digest of the program, of what tests share, and of one test file (or of all)."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update((root / "requirements.txt").read_bytes())
    shared = [
        p.relative_to(root).as_posix()
        for p in sorted((root / "tests").rglob("*.py"))
        if "mutants" not in p.as_posix()
    ]
    helpers = [one for one in shared if not Path(one).name.startswith("test_")]
    for one in ["app.py", *files(root), *helpers, *([test] if test else shared)]:
        digest.update(one.encode())
        digest.update((root / one).read_bytes())
    return digest.hexdigest()[:20]


def recorded(copy: Copy, test: str, tier: Tier, kept: Path) -> Reached:
    """What a test file reaches in a tier: read from ``kept``, or run now and kept there."""
    kept.mkdir(parents=True, exist_ok=True)
    file = kept / f"{tier.name}-{key_of(copy.root, test)}.json"
    if file.is_file():
        return Reached(**json.loads(file.read_text("utf-8")))
    target = copy.emptied("lines")
    started = time.monotonic()
    # what is kept between runs is cleared, or its making would be reached by the first test alone
    done = copy.pytest(
        [test],
        tier,
        options=["--cache-clear"],
        variables={
            "NUMBA_DISABLE_JIT": "0" if tier.compiled else "1",
            "PHUSONG_MUTANTS_LINES": str(target),
            "PHUSONG_MUTANTS_ROOT": str(copy.root),
        },
        path=[str(copy.root / TRACE)],
        seconds=RECORDS_S,
    )
    found = Reached(
        test=test,
        seconds=round(time.monotonic() - started, 1),
        ran=done.status != Ended.NOTHING_RAN,
        failing=done.failing or ([test] if done.noticed else []),
        lines=_lines_in(target),
    )
    file.write_text(json.dumps(asdict(found)), encoding="utf-8")
    return found


def _lines_in(folder: Path) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for part in folder.iterdir():
        for told in re.findall(r"^(\S+\.py):(\d+)$", part.read_text("utf-8"), re.MULTILINE):
            found.setdefault(told[0], set()).add(int(told[1]))
    return {file: sorted(lines) for file, lines in sorted(found.items())}


def reaching(mutant: Mutant, known: Iterable[Reached], tier: Tier, root: Path) -> list[Reached]:
    """The test files that run what a mutant changed, quickest first."""
    compiled = tier.compiled and mutant.file in kernels(root)
    found = [
        one
        for one in known
        if one.ran
        and (
            one.reaches(mutant.file, mutant.first, mutant.last)
            or (compiled and _calls_a_kernel(one, mutant.file, root))
        )
    ]
    return sorted(found, key=lambda one: (one.seconds, one.test))


def _calls_a_kernel(reached: Reached, file: str, root: Path) -> bool:
    """Whether functions that may call the compiled ones of ``file`` run: those show no lines."""
    return any(
        reached.reaches(caller, first, last)
        for caller in callers(root, file)
        for first, last in _bodies(root, caller)
    )


@cache
def kernels(root: Path) -> frozenset[str]:
    """Modules with functions that numba compiles."""
    return frozenset(f for f in files(root) if re.search(r"(?m)^\S.*\bn?jit\(", _text(root, f)))


@cache
def frozen_in_kernels(root: Path) -> frozenset[str]:
    """Those, and the modules whose constants they compile in."""
    return kernels(root).union(*(_imported(root, file) for file in kernels(root)))


@cache
def callers(root: Path, file: str) -> frozenset[str]:
    """Modules that import from a kernel, through other kernels too."""
    direct = {one for one in files(root) if file in _imported(root, one)}
    found = direct - kernels(root)
    return found.union(*(callers(root, one) for one in direct & kernels(root) - {file}))


@cache
def _imported(root: Path, file: str) -> frozenset[str]:
    """Modules of the program that one imports: ``from coverage import kernel`` names one too."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(_text(root, file))):
        if isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            named |= {one.name for one in node.names}
    return frozenset(name.replace(".", "/") + ".py" for name in named).intersection(files(root))


@cache
def _bodies(root: Path, file: str) -> list[tuple[int, int]]:
    """First and last line of each function's block."""
    tree = ast.parse(_text(root, file))
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    return [(one.body[0].lineno, one.end_lineno or one.lineno) for one in functions]


def _text(root: Path, file: str) -> str:
    return (root / file).read_text(encoding="utf-8")

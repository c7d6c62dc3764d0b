"""Whether the tests notice a mutant: those that reach it are run until one fails."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from threading import Lock
from typing import TypeVar

from tests.mutants.reach import (
    Reached,
    files_of_tests,
    frozen_in_kernels,
    key_of,
    reaching,
    recorded,
)
from tests.mutants.runs import FAST, SLOW, Copy, Done, Tier
from tests.mutants.sample import Mutant

T = TypeVar("T")
R = TypeVar("R")
COMPILES_S = 900
SPARE_S = 120


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one mutant: noticed, timeout, survived, or reached by no test."""

    key: str
    ending: str
    tier: str
    by: str
    seconds: float

    @property
    def noticed(self) -> bool:
        return self.ending in {"noticed", "timeout"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run is to do."""

    checkout: Path
    kept: Path
    workers: int
    tests: Sequence[str]
    fast_alone: bool
    say: Callable[[str], object]


class Trials:
    """Copies of the checkout, one a worker, and what is known of the tests."""

    def __init__(self, asked: Asked, home: Path) -> None:
        self.asked = asked
        self._copies: Queue[Copy] = Queue()
        for k in range(asked.workers):
            (home / str(k)).mkdir()
            self._copies.put(Copy(asked.checkout, home / str(k)))
        self._lock = Lock()

    def each(self, work: Callable[[Copy, T], R], things: Iterable[T]) -> list[R]:
        """Do ``work`` for each thing, on as many at a time as there are copies."""

        def one(thing: T) -> R:
            copy = self._copies.get()
            try:
                return work(copy, thing)
            finally:
                self._copies.put(copy)

        with ThreadPoolExecutor(self.asked.workers) as pool:
            return list(pool.map(one, things))

    def reach(self, tier: Tier) -> list[Reached]:
        """What each test file reaches; those that fail as they are are told."""

        def record(copy: Copy, test: str) -> Reached:
            found = recorded(copy, test, tier, self.asked.kept / "reach")
            failing = f", fails unchanged: {found.failing}" if found.failing else ""
            self._say(f"{tier.name}: {test} {found.seconds} s{failing}")
            return found

        return self.each(record, files_of_tests(self.asked.checkout, self.asked.tests))

    def tried(self, mutants: Sequence[Mutant], known: list[Reached], tier: Tier) -> list[Outcome]:
        """What the tests of a tier say to each mutant; kept, so that a stopped run goes on."""
        file = self.asked.kept / f"{tier.name}-{self._key()}.jsonl"
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
        before = {one.key: one for one in (Outcome(**json.loads(line)) for line in lines)}

        def attempt(copy: Copy, mutant: Mutant) -> Outcome:
            found = before.get(mutant.key) or tried(copy, mutant, known, tier)
            if mutant.key not in before:
                with self._lock, file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
            self._say(f"{mutant.number} {found.ending} {found.seconds} s {mutant.key} {found.by}")
            return found

        return self.each(attempt, mutants)

    def _key(self) -> str:
        some = hashlib.sha256(" ".join(sorted(self.asked.tests)).encode()).hexdigest()[:8]
        return f"{key_of(self.asked.checkout)}-{some}"

    def _say(self, line: str) -> None:
        with self._lock:
            self.asked.say(line)


def run(mutants: Sequence[Mutant], asked: Asked) -> tuple[list[Outcome], list[str]]:
    """Try each mutant on the fast tests, and what those let pass on the others.

    The second list is of tests that fail on the unchanged program, and so notice nothing.
    """
    asked.kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as home:
        trials = Trials(asked, Path(home))
        known = trials.reach(FAST)
        found = dict(zip(mutants, trials.tried(mutants, known, FAST), strict=True))
        left = [mutant for mutant in mutants if not found[mutant].noticed]
        if left and not asked.fast_alone:
            slow = trials.reach(SLOW)
            known += slow
            for mutant, outcome in zip(left, trials.tried(left, slow, SLOW), strict=True):
                missed = outcome.ending == "not reached" and found[mutant].ending == "survived"
                found[mutant] = found[mutant] if missed else outcome
    failing = sorted({test for one in known for test in one.failing})
    return list(found.values()), failing


def tried(copy: Copy, mutant: Mutant, known: list[Reached], tier: Tier) -> Outcome:
    """Run the tests that reach a mutant, quickest first, until one fails or hangs."""
    started = time.monotonic()
    wanted = reaching(mutant, known, tier, copy.root)
    ending, by = "not reached", ""
    if wanted:
        frozen = mutant.file in frozen_in_kernels(copy.root)
        with copy.changed(mutant.file, mutant.text):
            done = _run(copy, wanted, tier, compiles=frozen and tier.compiled)
        if tier is SLOW and done.failing and _fails_unchanged(copy, done.failing[0], tier):
            done = _again(copy, mutant, wanted, tier, done.failing[0])
        ending = "timeout" if done.hung else "noticed" if done.noticed else "survived"
        by = next(iter(done.failing), "") if done.noticed else ""
    seconds = round(time.monotonic() - started, 1)
    return Outcome(key=mutant.key, ending=ending, tier=tier.name, by=by, seconds=seconds)


def _again(copy: Copy, mutant: Mutant, wanted: list[Reached], tier: Tier, without: str) -> Done:
    """The same without a test that failed by chance: a browser on a busy machine."""
    with copy.changed(mutant.file, mutant.text):
        compiles = tier.compiled and mutant.file in frozen_in_kernels(copy.root)
        return _run(copy, wanted, tier, compiles=compiles, without=[without])


def _fails_unchanged(copy: Copy, test: str, tier: Tier) -> bool:
    options = {"options": ["-x"], "variables": {"NUMBA_DISABLE_JIT": "0"}}
    return copy.pytest([test], tier, **options, seconds=COMPILES_S).noticed  # type: ignore[arg-type]


def _run(
    copy: Copy,
    wanted: list[Reached],
    tier: Tier,
    *,
    compiles: bool,
    without: Sequence[str] = (),
) -> Done:
    """Each test may take several times what its whole file took, traced, and all of them too.

    Kernels that a change is compiled into are compiled anew, and kept from other mutants: numba
    does not see what a kernel takes from another file.
    """
    spare = SPARE_S + (COMPILES_S if compiles else 0)
    limit = int(spare + 3 * max(one.seconds for one in wanted))
    deselected = [f"--deselect={t}" for one in wanted for t in (*one.failing, *without)]
    variables = {"NUMBA_DISABLE_JIT": "0" if tier.compiled else "1"}
    if compiles:
        variables["NUMBA_CACHE_DIR"] = str(copy.emptied("numba"))
    return copy.pytest(
        [one.test for one in wanted],
        tier,
        options=[
            "-x",
            f"--override-ini=faulthandler_timeout={limit}",
            "--override-ini=faulthandler_exit_on_timeout=true",
            *dict.fromkeys(deselected),
        ],
        variables=variables,
        seconds=spare + 3 * sum(one.seconds for one in wanted),
    )

"""Mutation testing: changes lines of the program at random and sees whether tests notice.

    uv run python -m tests.mutants -n 150 --seed 14 [--only K ...] [--package ui]
        [--tests tests/ui ...] [--fast] [--workers 2] [-o docs/mutants.md]

A change of one statement, drawn by the seed, is made in a copy of the checkout, and the tests
that reach its line run until one fails. Which tests reach which lines is found once (some
twenty minutes a core for the fast tests, more for the heavy ones, which run only for what the
fast ones let pass) and kept in ``.mutants/`` with all outcomes, so that a stopped run goes on;
without that folder all is done anew. Set ``PHUSONG_TEST_POSTGIS`` to spare each run a server of
its own (see `tests.postgis_server`).

Ours and not a kept tool: mutmut needs coverage.py, whose name our package bears, and passes over
decorated functions, so all kernels; cosmic-ray runs one command, here the whole suite, a mutant.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.mutants.report import asked_for, report, verdicts
from tests.mutants.sample import PACKAGES, sample
from tests.mutants.trial import Asked, run

ROOT = Path(__file__).resolve().parents[2]
SEED = 14


def main() -> int:
    """Run, print and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=150)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", type=int, nargs="+", help="these numbers of the sample alone")
    parser.add_argument("--package", choices=PACKAGES, default="")
    parser.add_argument("--tests", nargs="+", default=[], help="these test folders or files alone")
    parser.add_argument("--fast", action="store_true", help="the fast tests alone")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    mutants = sample(ROOT, count=given.n, seed=given.seed, package=given.package)
    if given.only:
        mutants = [one for one in mutants if one.number in given.only]
    if given.list:
        for one in mutants:
            _say(f"{one.number} {one.file}:{one.first} {one.kind}: {one.diff}")
        return 0
    asked = Asked(
        checkout=ROOT,
        kept=ROOT / ".mutants",
        workers=given.workers,
        tests=given.tests,
        fast_alone=given.fast,
        say=_say,
    )
    outcomes, failing = run(mutants, asked)
    words = " ".join(word for word in sys.argv[1:] if not word.endswith(".md") and word != "-o")
    said = verdicts()
    text = report(mutants, outcomes, said, failing, words)
    pairs = zip(mutants, outcomes, strict=True)
    unsaid = [m for m, outcome in pairs if not outcome.noticed and m.key not in said]
    _say(text + "\n" + asked_for(unsaid))
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

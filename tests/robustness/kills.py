"""Kills what writes, at any moment, and counts what becomes of what was there.

    uv run python -m tests.robustness kills [-n 200] [--seed 17] [--seconds 1200]

`tests.robustness.works` has what is killed: ``assess``, ``export`` in each format over an old
file, ``publish`` (where PostgreSQL with PostGIS is), what is dropped into the page, and *make the
study*. Each runs in a process of its own and is killed by SIGKILL: every other one just before one
of its own changes to the disk, drawn by the seed, the rest at a moment drawn likewise. Then the
next call is made, and what is there is compared with what was there before and what should be.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from geodata.export.write import ENDINGS
from tests import gis, postgis_server
from tests.robustness import works
from tests.robustness.works import GOOD, Work

SEED = 17
WAIT_S = 300.0
CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"})
"""Events of Python's own that change the disk; opening to write is one too."""

NEVER = -1

AGAIN = 5
"""So often a work is begun that ended before it was killed."""

PRELOAD = ["ui.command", "geodata.incoming", "tests.robustness.works"]


@dataclass
class Pace:
    """How many changes to the disk a work makes, and how long it takes, whole."""

    changes: int
    seconds: float


@dataclass
class Killer:
    """Starts works in processes of their own, forked from one that has loaded the program."""

    context: ForkServerContext = field(
        default_factory=lambda: multiprocessing.get_context("forkserver")
    )

    def __post_init__(self) -> None:
        self.context.set_forkserver_preload(PRELOAD)

    def whole(self, work: Work, home: Path) -> Pace:
        """Run a work to its end."""
        count = self.context.Value("i", 0, lock=False)
        start = time.monotonic()
        process = self._started(work, home, NEVER, count)
        process.join(WAIT_S)
        assert process.exitcode == 0, f"{work.name}: {(home / 'output').read_text('utf-8')}"
        return Pace(changes=count.value, seconds=time.monotonic() - start)

    def killed(self, work: Work, home: Path, pace: Pace, chance: random.Random) -> bool:
        """Kill a work in the middle; False where it ended before."""
        at_change = bool(pace.changes) and chance.random() < 0.5
        place = chance.randrange(pace.changes) if at_change else NEVER
        count = self.context.Value("i", 0, lock=False)
        process = self._started(work, home, place, count)
        if not at_change:
            process.join(chance.uniform(0, pace.seconds))
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, signal.SIGKILL)
        process.join(WAIT_S)
        return process.exitcode == -signal.SIGKILL

    def _started(self, work: Work, home: Path, place: int, count: Any) -> Any:
        process = self.context.Process(target=_run, args=(work.begin, home, place, count))
        process.start()
        return process


def _run(begin: Any, home: Path, place: int, count: Any) -> None:
    """In the process that is killed: do the work, up to a change to the disk."""
    output = os.open(home / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ["PHUSONG_LANGUAGE"] = "en"

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not _is_change(event, args, str(home)):
            return
        if count.value == place:
            os.kill(os.getpid(), signal.SIGKILL)
        count.value += 1

    sys.addaudithook(hook)
    begin(home)


def _is_change(event: str, args: tuple[Any, ...], home: str) -> bool:
    if event == "open":
        writes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        return bool(writes) and str(args[0]).startswith(home)
    return event in CHANGES and any(str(arg).startswith(home) for arg in args[:2])


@contextmanager
def works_in(home: Path, names: Sequence[str]) -> Iterator[list[Work]]:
    """The works of these names, made ready in a folder; all of them where none is named.

    Without ``publish`` where there is no PostgreSQL.
    """
    with ExitStack() as stack:

        def published() -> Work:
            at = Path(tempfile.mkdtemp(prefix="phusong-"))
            stack.callback(postgis_server.stop, at)
            server = postgis_server.start(at)
            made = gis.make(server)
            stack.callback(gis.drop, made, server)
            return works.publish_work(home, made)

        makers: dict[str, Callable[[], Work]] = {
            "assess": partial(works.assess_work, home),
            **{f"export, {one}": partial(works.export_work, home, one) for one in ENDINGS},
            **({"publish": published} if postgis_server.binaries() else {}),
            "upload": partial(works.upload_work, home),
            "make the study": partial(works.make_work, home),
        }
        yield [makers[name]() for name in names or makers]


def outcomes(
    count: int, *, names: Sequence[str] = (), seed: int = SEED, seconds: float = 1200
) -> Iterator[tuple[Work, str, bool]]:
    """Kill ``count`` works, each as often as its share, for so long at most.

    Gives each with what became of it, and whether it was killed or had ended before: then it is
    begun again.
    """
    chance, until = random.Random(seed), time.monotonic() + seconds  # noqa: S311  # no secret
    with tempfile.TemporaryDirectory() as folder, works_in(Path(folder), names) as found:
        killer, paces = Killer(), dict[str, Pace]()
        total = sum(work.share for work in found)
        order = [work for work in found for _ in range(work.share)]
        for work in (order[k * total // count] for k in range(count)):
            if time.monotonic() > until:
                return
            if work.name not in paces:
                paces[work.name] = _whole(killer, work, Path(folder))
            for _ in range(AGAIN):
                outcome, killed = tried(killer, work, Path(folder), paces[work.name], chance)
                yield work, outcome, killed
                if killed:
                    break


def _copied(work: Work, home: Path) -> Path:
    copy = home / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(work.template, copy)
    work.prepare(copy)
    return copy


def _whole(killer: Killer, work: Work, home: Path) -> Pace:
    """How long a work takes; the first time loads what the second has."""
    killer.whole(work, _copied(work, home))
    return killer.whole(work, _copied(work, home))


def tried(
    killer: Killer, work: Work, home: Path, pace: Pace, chance: random.Random
) -> tuple[str, bool]:
    """What becomes of one kill, and whether it was one."""
    copy = _copied(work, home)
    killed = killer.killed(work, copy, pace, chance)
    return work.judge(copy), killed


def main(words: Sequence[str]) -> int:
    """Print the counts; 1 where anything was lost, changed or not told."""
    parser = argparse.ArgumentParser(prog="python -m tests.robustness kills")
    parser.add_argument("-n", "--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--only", nargs="*", default=(), help='such as "export, shp"')
    asked = parser.parse_args(words)
    counts, killed, tries = Counter[tuple[str, str]](), Counter[str](), Counter[str]()
    for work, outcome, is_killed in outcomes(
        asked.count, names=asked.only, seed=asked.seed, seconds=asked.seconds
    ):
        counts[work.name, outcome] += 1
        killed[work.name] += is_killed
        tries[work.name] += 1
        if outcome not in GOOD:
            print(f"{work.name}: {outcome}", flush=True)  # noqa: T201  # what it is for
    for name, number in tries.items():
        told = ", ".join(f"{counts[name, one]} {one}" for one in GOOD)
        print(f"{name:16} {number:4} tried, {killed[name]} killed: {told}")  # noqa: T201  # the same
    bad = sum(number for (_, outcome), number in counts.items() if outcome not in GOOD)
    told = f"{killed.total()} of {asked.count} killed, {tries.total()} tried"
    print(f"{told}, {bad} lost, changed or not told")  # noqa: T201  # the same
    return 1 if bad or killed.total() < asked.count else 0

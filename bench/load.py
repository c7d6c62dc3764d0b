"""A server among those who misbehave: ten minutes, and what memory it holds when all have gone.

``python -m bench.load`` opens 50 sessions for half of the time and 150 for the other half, while
200 sockets are half open, slow readers take a kilobyte a second and files are sent that never
become whole (`bench.strangers`). For one minute the processor is kept busy by others. Then all
go, and the server's memory is compared with what it held before. ``--write docs/sessions.md``
keeps the table.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import psutil
from websockets.exceptions import ConnectionClosed

from bench import strangers
from bench.sessions import (
    LANGUAGES,
    MEBI,
    Plan,
    Tally,
    changed_choice,
    dice_of,
    opened_socket,
    plan_for,
    rerun,
    run_of,
    server_process,
    write_section,
)
from tests.e2e.browsing import serving

HALF_OPEN, SLOW, UPLOADS = 200, 20, 10
STAGES = (50, 150)
BUSY_PROCESSES = 10
ANSWER_S = 300.0
"""So long a session waits for a page: longer than any is kept waiting."""

FIRST = 10
"""So many sessions come and go before the memory of a server that has done little is read."""

WARM_S = 60
"""So long as many come at once as ever will, before the memory is read that it should come back to.

What Python and the C library once had of the system for so many they keep in part, in pieces: of a
second time nothing more stays.
"""

GONE_S = 165
"""After this all is freed of sessions that have gone: they may come back for two minutes."""

WITHIN = 1.10


@dataclass
class Stage:
    """What the sessions of one number have seen.

    ``late``: not opened within `WAIT_S`, or not answered within `ANSWER_S`; they try again, as
    the page does. ``dropped``: open, and closed by the server.
    """

    count: int
    tally: Tally = field(default_factory=Tally)
    late: int = 0
    dropped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    text_s: list[float] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """How many sessions were opened, dropped and late, and how many errors there were."""
        errors = len(self.tally.errors)
        return len(self.tally.opened_s), self.dropped, self.late, errors


@dataclass
class Found:
    """What was seen in all: memory in MiB, at first, before, at most and after all had gone."""

    stages: list[Stage] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    dropped_while_busy: int = 0
    load: float = 0.0
    first: float = 0.0
    before: float = 0.0
    most: float = 0.0
    after: float = 0.0

    @property
    def is_back(self) -> bool:
        """Whether memory is within a tenth of what it was before many had come at all."""
        return self.after <= WITHIN * self.first


def main() -> None:
    """Measure and say it; 1 where memory does not come back or a session was dropped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--busy", type=float, default=60, help="seconds of a busy processor")
    parser.add_argument("--after", type=float, default=240, help="seconds after all have gone")
    parser.add_argument("--think", type=float, default=5, help="seconds between choices, about")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    run = run_of(asked.study)
    with serving(asked.study) as address:
        plan = plan_for(run, address, seconds=asked.seconds, think_s=asked.think)
        found = asyncio.run(_all(plan, busy_s=asked.busy, after_s=asked.after))
    table = _table(found, plan, busy_s=asked.busy, after_s=asked.after)
    sys.stdout.write(table)
    if asked.write:
        write_section(asked.write, table)
    dropped = sum(stage.dropped for stage in found.stages)
    errors = [error for stage in found.stages for error in stage.tally.errors]
    reasons = [str(stage.reasons.most_common(5)) for stage in found.stages if stage.reasons]
    sys.stdout.write("".join(f"{error}\n" for error in (*reasons, *errors[:5])))
    sys.exit(0 if found.is_back and not dropped and not errors else 1)


async def _all(plan: Plan, *, busy_s: float, after_s: float) -> Found:
    """The sessions in their stages, beside those who misbehave; then wait until all is quiet."""
    found, server = Found(), server_process()
    found.first = await _settled(plan, server, counts=(FIRST,), after_s=after_s)
    found.before = found.most = await _settled(plan, server, counts=STAGES, after_s=after_s)
    watch = asyncio.create_task(_watch(server, found))
    until = time.monotonic() + plan.seconds
    others = [
        asyncio.create_task(begin(plan, k, found.seen, until=until))
        for count, begin in (
            (HALF_OPEN, strangers.half_open),
            (SLOW, strangers.slow_reader),
            (UPLOADS, strangers.broken_upload),
        )
        for k in range(count)
    ]
    for count in STAGES:
        stage = Stage(count)
        found.stages.append(stage)
        busy = asyncio.create_task(_busy(found, stage, busy_s if count == STAGES[-1] else 0))
        await _stage(plan, stage, seconds=plan.seconds / len(STAGES))
        await busy
    await asyncio.gather(*others)
    await asyncio.sleep(after_s)
    watch.cancel()
    found.after = _memory(server)
    return found


async def _settled(
    plan: Plan, server: psutil.Process, *, counts: Sequence[int], after_s: float
) -> float:
    """The memory once so many sessions, and somebody whose file broke, have come and gone."""
    await strangers.broken_upload(plan, 0, Counter(), until=time.monotonic() + 1)
    for count in counts:
        await _stage(plan, Stage(count), seconds=WARM_S)
    await asyncio.sleep(min(after_s, GONE_S))
    return _memory(server)


async def _stage(plan: Plan, stage: Stage, *, seconds: float) -> None:
    """So many sessions side by side for so long, and somebody who opens the text page."""
    until = time.monotonic() + seconds
    text = asyncio.create_task(_text(plan, stage, until=until))
    sessions = [
        asyncio.create_task(_session(plan, stage, k, until=until)) for k in range(stage.count)
    ]
    await asyncio.gather(text, *sessions)


async def _session(plan: Plan, stage: Stage, number: int, *, until: float) -> None:
    """One reader, who comes again where the connection is lost, as the page does."""
    dice = dice_of(number)
    choice = {"lang": dice.choice(LANGUAGES)}
    await asyncio.sleep(number / stage.count * plan.think_s)
    while time.monotonic() < until:
        try:
            async with opened_socket(plan) as connection:
                taken, body = await rerun(connection, choice, stage.tally, wait_s=ANSWER_S)
                stage.tally.opened_s.append(taken)
                while time.monotonic() < until:
                    await asyncio.sleep(dice.uniform(0.5, 1.5) * plan.think_s)
                    changed = changed_choice(plan, dice)
                    choice |= changed
                    alone = "" if "district" in changed else body
                    taken, body = await rerun(
                        connection, choice, stage.tally, alone=alone, wait_s=ANSWER_S
                    )
                    stage.tally.taken_s.append(taken)
        except TimeoutError:
            stage.late += 1
        except (ConnectionClosed, OSError) as error:
            stage.dropped += 1
            stage.reasons[f"{type(error).__name__}: {error}"] += 1
        except RuntimeError as error:
            stage.tally.errors.append(f"{type(error).__name__}: {error}")


async def _text(plan: Plan, stage: Stage, *, until: float) -> None:
    """Open the text page every five seconds."""
    while time.monotonic() < until:
        start = time.perf_counter()
        try:
            await asyncio.to_thread(_fetched, f"{plan.address}text?lang=en")
            stage.text_s.append(time.perf_counter() - start)
        except OSError as error:
            stage.tally.errors.append(f"text page: {error}")
        await asyncio.sleep(5)


def _fetched(address: str) -> bytes:
    with urlopen(address, timeout=ANSWER_S) as answer:  # noqa: S310  # our own address
        body: bytes = answer.read()
        return body


async def _busy(found: Found, stage: Stage, seconds: float) -> None:
    """Keep the processor busy with something else, a while after a stage has begun."""
    if not seconds:
        return
    await asyncio.sleep(30)
    dropped = stage.dropped
    words = [sys.executable, "-c", "while True: pass"]
    spinning = [subprocess.Popen(words) for _ in range(BUSY_PROCESSES)]  # noqa: S603
    try:
        await asyncio.sleep(seconds)
        found.load = os.getloadavg()[0]
    finally:
        for one in spinning:
            one.kill()
            one.wait()
    await asyncio.sleep(5)
    found.dropped_while_busy = stage.dropped - dropped


async def _watch(server: psutil.Process, found: Found) -> None:
    while True:
        await asyncio.sleep(5)
        found.most = max(found.most, _memory(server))


def _memory(server: psutil.Process) -> float:
    """What the server holds with the processes that read files for it, in MiB.

    Pages are counted that each has for itself alone (USS), where the system tells: others come and
    go with other programs.
    """
    total = 0
    for one in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            told = one.memory_full_info()
            total += getattr(told, "uss", told.rss)
    return total / MEBI


def _table(found: Found, plan: Plan, *, busy_s: float, after_s: float) -> str:
    rows: list[tuple[str, str]] = []
    for stage in found.stages:
        taken = sorted(stage.tally.taken_s) or [float("nan")]
        rows += [
            (f"{stage.count} sessions: choices made", f"{len(stage.tally.taken_s):,}"),
            (
                "… sessions opened, dropped, late, errors",
                ", ".join(map(str, stage.counts)),
            ),
            (
                "… choice to finished page, median and 95th percentile",
                f"{statistics.median(taken):.2f} s, {taken[int(len(taken) * 0.95)]:.2f} s",
            ),
            (
                "… the text page, median and slowest",
                f"{statistics.median(stage.text_s):.2f} s, {max(stage.text_s):.2f} s",
            ),
        ]
    rows += [
        ("dropped in the minute of a busy processor", str(found.dropped_while_busy)),
        *((name + ", begun", f"{count:,}") for name, count in sorted(found.seen.items())),
        (f"memory after {FIRST} sessions", f"{found.first:.0f} MiB"),
        (f"… before: after {' and '.join(map(str, STAGES))} more", f"{found.before:.0f} MiB"),
        ("… at most", f"{found.most:.0f} MiB"),
        (
            f"… {after_s:.0f} s after all had gone",
            (
                f"{found.after:.0f} MiB ({found.after / found.first - 1:+.0%} since {FIRST} "
                f"sessions, {found.after / found.before - 1:+.0%} since before)"
            ),
        ),
    ]
    about = (
        f"{STAGES[0]} sessions for {plan.seconds / 2:.0f} s, then {STAGES[1]} for as long, as "
        f"above, beside {HALF_OPEN} half-open sockets, {SLOW} readers who take a kilobyte a second "
        f"and {UPLOADS} who send files that never become whole. For {busy_s:.0f} s "
        f"{BUSY_PROCESSES} other processes keep the processor busy (machine load "
        f"{found.load:.0f}). Memory is the server's with its children, each time when all have "
        "gone: when it had served few, and when it had served as many once."
    )
    made = (
        f"on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, all on one machine, the reconstruction of 3,806 villages."
    )
    lines = [
        "# Among those who misbehave",
        "",
        *textwrap.wrap(about, 100),
        "",
        "Made by `uv run python -m bench.load --study STUDY --write docs/sessions.md`",
        *textwrap.wrap(made, 100),
        "",
        "| what | found |",
        "| --- | --- |",
        *(f"| {what} | {text} |" for what, text in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

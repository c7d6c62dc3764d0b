"""Many readers at once: sessions that filter for two minutes, over Streamlit's own socket.

``python -m bench.sessions`` starts a server, opens the sessions one after another, lets each
choose an area, a verdict or a village every few seconds, and prints how long the server took
to answer and how much memory it held. ``--write docs/sessions.md`` keeps the table.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

import geodata
from tests.e2e.browsing import serving

LANGUAGES = ("vi", "en")
VERDICTS = ("none", "weak", "none,weak", "all")
WAIT_S = 60.0
MEBI = 2**20


@dataclass
class Tally:
    """What all sessions together have seen."""

    opened_s: list[float] = field(default_factory=list)
    taken_s: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What the sessions choose from, and for how long."""

    address: str
    districts: tuple[str, ...]
    villages: tuple[str, ...]
    seconds: float
    think_s: float


def main() -> None:
    """Measure and say it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--think", type=float, default=5, help="seconds between choices, about")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    run = geodata.latest_run(geodata.open_study(asked.study))
    if run is None:
        sys.exit(f"{asked.study} has no published run: assess it first")
    uncovered = run.assessment.verdicts["verdict"].isin(("none", "weak"))
    with serving(asked.study) as address:
        plan = Plan(
            address=address,
            districts=tuple(run.study.villages["district_code"].dropna().unique()),
            villages=tuple(map(str, uncovered.index[uncovered])),
            seconds=asked.seconds,
            think_s=asked.think,
        )
        tally = asyncio.run(_all(plan, asked.sessions))
    if not tally.taken_s:
        sys.exit("\n".join(["no session got an answer", *tally.errors[:5]]))
    table = _table(tally, asked.sessions, plan)
    sys.stdout.write(table)
    if asked.write:
        asked.write.write_text(table, encoding="utf-8")
    if tally.errors:
        sys.exit("\n".join(tally.errors[:5]))


async def _all(plan: Plan, count: int) -> Tally:
    """Open the sessions one after another, then let them work side by side."""
    tally = Tally()
    server = _server()
    await _session(plan, tally, _dice(0), until=0.0)  # the study is opened once for all
    tally.opened_s.clear()
    tally.memory.append(server.memory_info().rss / MEBI)
    end = time.monotonic() + plan.seconds
    watch = asyncio.create_task(_watch(server, tally))
    sessions = []
    for k in range(count):
        sessions.append(asyncio.create_task(_session(plan, tally, _dice(k), until=end)))
        await asyncio.sleep(plan.think_s / count)
    await asyncio.gather(*sessions)
    watch.cancel()
    return tally


async def _watch(server: psutil.Process, tally: Tally) -> None:
    while True:
        await asyncio.sleep(5)
        tally.memory.append(server.memory_info().rss / MEBI)


def _server() -> psutil.Process:
    """The server that `serving` started."""
    return next(
        child for child in psutil.Process().children() if "streamlit" in " ".join(child.cmdline())
    )


async def _session(plan: Plan, tally: Tally, dice: random.Random, *, until: float) -> None:
    """One reader: opens the page, then chooses again and again until the end."""
    socket = f"ws://{urlsplit(plan.address).netloc}/_stcore/stream"
    language = dice.choice(LANGUAGES)
    try:
        async with connect(
            socket, subprotocols=["streamlit"], max_size=None, origin=plan.address.rstrip("/")
        ) as connection:
            choice = {"lang": language}
            taken, body = await _rerun(connection, choice, tally)
            tally.opened_s.append(taken)
            while time.monotonic() < until:
                await asyncio.sleep(dice.uniform(0.5, 1.5) * plan.think_s)
                changed = _changed(plan, dice)
                choice |= changed
                alone = "" if "district" in changed else body
                taken, body = await _rerun(connection, choice, tally, alone=alone)
                tally.taken_s.append(taken)
    except (OSError, TimeoutError, RuntimeError) as error:
        tally.errors.append(f"{type(error).__name__}: {error}")


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # choices of made-up readers


def _changed(plan: Plan, dice: random.Random) -> dict[str, str]:
    """An area, a verdict or a village, each as often."""
    made: dict[str, Callable[[], str]] = {
        "district": lambda: dice.choice(plan.districts),
        "verdict": lambda: dice.choice(VERDICTS),
        "village": lambda: dice.choice(plan.villages),
    }
    name = dice.choice(list(made))
    return {name: made[name](), **({"village": ""} if name == "district" else {})}


async def _rerun(
    connection: ClientConnection, query: dict[str, str], tally: Tally, *, alone: str = ""
) -> tuple[float, str]:
    """Ask for the page of villages with some choices, or for its body ``alone``.

    Gives the seconds until the script is done, and by what name its body is asked for.
    """
    message = BackMsg()
    message.rerun_script.query_string = urlencode(query)
    message.rerun_script.page_name = "gaps"
    message.rerun_script.fragment_id = alone
    start = time.perf_counter()
    await connection.send(message.SerializeToString())
    size, shown, body = 0, False, alone
    while True:
        received = await asyncio.wait_for(connection.recv(), WAIT_S)
        assert isinstance(received, bytes)
        size += len(received)
        answer = ForwardMsg.FromString(received)
        element = answer.delta.new_element
        shown |= element.WhichOneof("type") == "bidi_component"
        body = answer.delta.fragment_id or body
        if element.WhichOneof("type") == "exception":
            raise RuntimeError(element.exception.message)
        if answer.WhichOneof("type") == "script_finished":
            break
    if not shown:
        raise RuntimeError(f"no map for {query}")
    tally.sizes.append(size)
    return time.perf_counter() - start, body


def _table(tally: Tally, count: int, plan: Plan) -> str:
    taken = sorted(tally.taken_s)
    late = taken[int(len(taken) * 0.95)] if taken else float("nan")
    memory = tally.memory
    half = len(memory) // 2
    rows = [
        ("choices made", f"{len(taken):,}"),
        ("errors", str(len(tally.errors))),
        ("first page of a session, median", f"{statistics.median(tally.opened_s):.2f} s"),
        ("choice to finished page, median", f"{statistics.median(taken):.2f} s"),
        ("choice to finished page, 95th percentile", f"{late:.2f} s"),
        ("sent for a choice, median", f"{statistics.median(tally.sizes) / 1000:.0f} kB"),
        ("server's memory with the study open", f"{memory[0]:.0f} MiB"),
        ("… at most in the first half", f"{max(memory[: half + 1]):.0f} MiB"),
        ("… at most in the second half", f"{max(memory[half:]):.0f} MiB"),
    ]
    lines = [
        "# Many sessions at once",
        "",
        f"{count} sessions on the page of villages for {plan.seconds:.0f} s, each choosing about",
        f"every {plan.think_s:.0f} s (an area, a verdict or a village, each as often). Made by",
        "`uv run python -m bench.sessions --study STUDY --write docs/sessions.md`",
        f"on {datetime.now(UTC):%Y-%m-%d}:",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, sessions and server on one",
        "machine, the reconstruction of 3,806 villages.",
        "",
        "| what | found |",
        "| --- | --- |",
        *(f"| {what} | {found} |" for what, found in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()

"""Many readers at once: sessions that filter for two minutes, over Streamlit's own socket.

``python -m bench.sessions`` starts a server, opens the sessions one after another, lets each
choose an area, a verdict or a village every few seconds, and prints how long the server took
to answer and how much memory it held. ``--write docs/sessions.md`` keeps the table.
`bench.load` has those who misbehave beside them.
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
from websockets import Origin, Subprotocol
from websockets.asyncio.client import ClientConnection, connect

import geodata
from geodata.study.results import Run
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
    run = run_of(asked.study)
    with serving(asked.study) as address:
        plan = plan_for(run, address, seconds=asked.seconds, think_s=asked.think)
        tally = asyncio.run(_all(plan, asked.sessions))
    if not tally.taken_s:
        sys.exit("\n".join(["no session got an answer", *tally.errors[:5]]))
    table = _table(tally, asked.sessions, plan)
    sys.stdout.write(table)
    if asked.write:
        write_section(asked.write, table)
    if tally.errors:
        sys.exit("\n".join(tally.errors[:5]))


def run_of(study: Path) -> Run:
    """The published run of a study; ends the program where there is none."""
    run = geodata.latest_run(geodata.open_study(study))
    if run is None:
        sys.exit(f"{study} has no published run: assess it first")
    return run


def plan_for(run: Run, address: str, *, seconds: float, think_s: float) -> Plan:
    """What sessions on this run choose from."""
    uncovered = run.assessment.verdicts["verdict"].isin(("none", "weak"))
    return Plan(
        address=address,
        districts=tuple(run.study.villages["district_code"].dropna().unique()),
        villages=tuple(map(str, uncovered.index[uncovered])),
        seconds=seconds,
        think_s=think_s,
    )


def write_section(path: Path, text: str) -> None:
    """Put ``text`` in the place of what stands under the same heading, else at the end."""
    heading = text.partition("\n")[0]
    parts = path.read_text(encoding="utf-8").split("\n# ") if path.exists() else []
    sections = [part if k == 0 else f"# {part}" for k, part in enumerate(parts)]
    same = [k for k, part in enumerate(sections) if part.partition("\n")[0] == heading]
    if same:
        sections[same[0]] = text
    else:
        sections.append(text)
    whole = "\n\n".join(part.strip("\n") for part in sections)
    path.write_text(whole + "\n", encoding="utf-8")


async def _all(plan: Plan, count: int) -> Tally:
    """Open the sessions one after another, then let them work side by side."""
    tally = Tally()
    server = server_process()
    await _session(plan, tally, dice_of(0), until=0.0)  # the study is opened once for all
    tally.opened_s.clear()
    tally.memory.append(server.memory_info().rss / MEBI)
    end = time.monotonic() + plan.seconds
    watch = asyncio.create_task(_watch(server, tally))
    sessions = []
    for k in range(count):
        sessions.append(asyncio.create_task(_session(plan, tally, dice_of(k), until=end)))
        await asyncio.sleep(plan.think_s / count)
    await asyncio.gather(*sessions)
    watch.cancel()
    return tally


async def _watch(server: psutil.Process, tally: Tally) -> None:
    while True:
        await asyncio.sleep(5)
        tally.memory.append(server.memory_info().rss / MEBI)


def server_process() -> psutil.Process:
    """The server that `serving` started."""
    return next(
        child for child in psutil.Process().children() if "streamlit" in " ".join(child.cmdline())
    )


async def _session(plan: Plan, tally: Tally, dice: random.Random, *, until: float) -> None:
    """One reader: opens the page, then chooses again and again until the end."""
    language = dice.choice(LANGUAGES)
    try:
        async with opened_socket(plan) as connection:
            choice = {"lang": language}
            taken, body = await rerun(connection, choice, tally)
            tally.opened_s.append(taken)
            while time.monotonic() < until:
                await asyncio.sleep(dice.uniform(0.5, 1.5) * plan.think_s)
                changed = changed_choice(plan, dice)
                choice |= changed
                alone = "" if "district" in changed else body
                taken, body = await rerun(connection, choice, tally, alone=alone)
                tally.taken_s.append(taken)
    except (OSError, TimeoutError, RuntimeError) as error:
        tally.errors.append(f"{type(error).__name__}: {error}")


def opened_socket(plan: Plan, *, cookie: str = "") -> connect:
    """A socket as a browser opens it: it answers pings, and sends none."""
    return connect(
        f"ws://{urlsplit(plan.address).netloc}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        origin=Origin(plan.address.rstrip("/")),
        additional_headers={"Cookie": cookie} if cookie else None,
        max_size=None,
        ping_interval=None,
        open_timeout=WAIT_S,
    )


def dice_of(seed: int) -> random.Random:
    """What one of the sessions throws, the same each time."""
    return random.Random(seed)  # noqa: S311  # choices of made-up readers


def changed_choice(plan: Plan, dice: random.Random) -> dict[str, str]:
    """An area, a verdict or a village, each as often."""
    made: dict[str, Callable[[], str]] = {
        "district": lambda: dice.choice(plan.districts),
        "verdict": lambda: dice.choice(VERDICTS),
        "village": lambda: dice.choice(plan.villages),
    }
    name = dice.choice(list(made))
    return {name: made[name](), **({"village": ""} if name == "district" else {})}


async def rerun(
    connection: ClientConnection,
    query: dict[str, str],
    tally: Tally,
    *,
    alone: str = "",
    wait_s: float = WAIT_S,
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
        received = await asyncio.wait_for(connection.recv(), wait_s)
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
